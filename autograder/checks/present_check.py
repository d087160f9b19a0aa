"""Hold what belongs to one check: its functions and folder, its handles, how it sees what the student's code does."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.checks.check_folder import CheckFolder
from autograder.checks.check_functions import CheckFunctions
from autograder.sandbox.outside.process import StudentProcess
from autograder.sandbox.shared.protocol import ImportPath, RemoteObject

__all__ = ["PresentCheck"]


class PresentCheck:
    """What one check has handed over and got, until the next begins."""

    def __init__(
        self,
        *,
        shows_printed: bool = False,
        in_place: bool = False,
        folder: Path | None = None,
        checks: Path | None = None,
    ) -> None:
        """Begin a check.

        What the student's code prints is printed here too where `shows_printed`, or once the check has put something
        else in the place of `sys.stdout`; with `in_place` the check's arguments are changed as the student's code
        changes them; `folder` is one whose files the student's process has too; `checks` is where the check is written.
        """
        self.in_place = in_place
        self.functions = CheckFunctions(checks)
        self.handles: dict[RemoteObject, Any] = {}
        """What stands for objects of the student's."""
        self._shows_printed, self._stdout = shows_printed, sys.stdout
        self._folder = CheckFolder(folder) if folder is not None else None
        self._seeds: list[tuple[str, int]] = []
        self._waiting: list[tuple[str, tuple[object, ...]]] = []

    def begin_with(self, waiting: list[tuple[str, tuple[object, ...]]]) -> None:
        """Ask these first: what fixtures have patched before the check."""
        self._waiting = waiting

    def tell_seed(self, path: str, seed: int) -> None:
        """Have the function at that import path called with this seed, before anything else is asked."""
        self._seeds.append((path, seed))

    def prepare(self, ask: Callable[..., Any]) -> None:
        """Give the student's process what the check has done meanwhile: patches, seeds, files that it wrote."""
        for operation, arguments in self._waiting:
            ask(operation, *arguments)
        self._waiting = []
        for path, seed in self._seeds:
            ask("call", ImportPath(path), (seed,), {})
        self._seeds.clear()
        if self._folder is not None:
            self._folder.send(ask)

    def take_over(self, ask: Callable[..., Any]) -> None:
        """Take over the files that the student's process has written."""
        if self._folder is not None:
            self._folder.fetch(ask)

    def show_printed(self, process: StudentProcess) -> None:
        """Print what the student's process has printed, for a check that looks at that."""
        if self._shows_printed or sys.stdout is not self._stdout:
            sys.stdout.write(process.take_printed())

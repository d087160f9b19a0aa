"""Have pytest's `monkeypatch` work in the student's process too: on modules, the environment, the working folder.

On names of the notebook it works as on any object: `monkeypatch.setattr(student, "roll", fake)`. In the student's
process all of it is undone before the next check.
"""

import os
from types import ModuleType
from typing import Any

import pytest

from autograder.checks.handles import Handle, Library, Line
from autograder.checks.notebook_run import NotebookRun

__all__ = ["StudentsMonkeyPatch"]

_ABSENT: Any = object()


class StudentsMonkeyPatch(pytest.MonkeyPatch):  # type: ignore[misc]  # final, and nothing else is taken for one
    """pytest's own, which does in the student's process what it does here."""

    def __init__(self, run: NotebookRun) -> None:
        super().__init__()
        self._run = run
        self._made_in = run.epoch

    def setattr(self, target: Any, name: Any, value: Any = _ABSENT, raising: bool = True) -> None:  # noqa: FBT001, FBT002 - pytest's signature
        """Set an attribute of a module, which may be named by its import path, or of any other object."""
        if isinstance(target, str) and value is _ABSENT:
            super().setattr(target, name, raising=raising)
            path, _, attribute = target.rpartition(".")
            self._set(path, attribute, name)
            return
        if isinstance(target, Handle):  # a class of the notebook's, say, which is not here
            if raising:
                getattr(target, name)
            self._do("set_attribute", target, name, value)
            return
        super().setattr(target, name, value, raising=raising)
        if isinstance(target, ModuleType):
            self._set(target.__name__, name, value)

    def setenv(self, name: str, value: str, prepend: str | None = None) -> None:
        """Set an environment variable."""
        super().setenv(name, value, prepend)
        self._do("set_variable", name, os.environ[name])

    def delenv(self, name: str, raising: bool = True) -> None:  # noqa: FBT001, FBT002 - pytest's signature
        """Delete an environment variable."""
        super().delenv(name, raising)
        self._do("set_variable", name, None)

    def chdir(self, path: Any) -> None:
        """Change the working folder."""
        super().chdir(path)
        self._do("change_folder", str(path))

    def undo(self) -> None:
        """Undo all of it; after the check nothing is left to undo in the student's process."""
        super().undo()
        self._do("put_back")

    def _set(self, path: str, name: str, value: Any) -> None:
        if name not in ("stdin", "stdout", "stderr"):  # what is read and printed is brought here
            self._do("set_attribute", Library(self._run, path), name, value)

    def _do(self, operation: str, *arguments: Any) -> None:
        if self._run.in_check:
            Line(self._run).ask(operation, *arguments)
        elif self._run.epoch == self._made_in:  # in a fixture, before the check; after it all is undone there
            self._run.waiting.append((operation, arguments))

"""Run the public checks on answers as a student does, with otter in the notebook's own process.

    python -I -m autograder.validate.in_notebook < REQUEST

REQUEST is JSON: the `notebook` of the solutions, the `student` whose ID is in it, the `libraries` to load, how many
`workers` there are, and `answers`: each with its `id`, the `cells` that take the place of the solution's, the
`questions` to check, the `seconds` after which it is given up, and as `files_in` the folder of the files beside the
notebook that it changes, "" for none. Prints a line of JSON for each answer: its `id`,
and as `passed`, by question and check, whether the check passes. The notebook is run without the cells that grading
leaves out, in its own folder, without isolation: it is for answers of our own.
"""

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.notebooks import Tag, read_cells
from autograder.sandbox.shared.calling_process import die_with_parent

__all__ = ["main"]

_FORK = multiprocessing.get_context("fork")
_ANSWERS = os.fdopen(os.dup(1), "w")
"""What is printed to, out of the reach of the answers' own prints."""


def main() -> None:
    """Run the solution's notebook cell by cell, and each answer in a fork from the cell on where it differs."""
    request = json.load(sys.stdin)
    path = Path(request["notebook"])
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the answers' prints; ours go to a line of their own
    with contextlib.redirect_stdout(io.StringIO()):
        for library in ("otter", *request["libraries"]):
            importlib.import_module(library)
        notebook = _Notebook(path, request["student"])
        running = _Running(notebook, request["workers"])
        for place in range(len(notebook.cells) + 1):
            for answer in request["answers"]:
                if notebook.first_changed(answer) == place:
                    running.start(answer)
            notebook.run_next({})
        running.wait_for(0)


class _Notebook:
    """The solution's notebook in this process, as far as it has been run."""

    def __init__(self, path: Path, student: str) -> None:
        self.cells = [cell for cell in read_cells(path) if Tag.SKIP_GRADING not in cell.tags]
        self._path = path
        self._student = student
        self._next = 0
        config = Config()
        config.HistoryManager.enabled = False  # it has a thread, which no fork would have
        self._shell: Any = InteractiveShell.instance(config=config)

    def first_changed(self, answer: Mapping[str, Any]) -> int:
        """Return the place of the first cell that the answer changes; the end where it changes none."""
        if answer["files_in"]:
            return 0  # whichever cell imports them
        places = [place for place, cell in enumerate(self.cells) if cell.solution and cell.grade_id in answer["cells"]]
        return min(places, default=len(self.cells))

    def run_next(self, answers: Mapping[str, str]) -> bool:
        """Run one more cell, with the answer to it where there is one; return whether there was a cell left."""
        if self._next == len(self.cells):
            return False
        cell = self.cells[self._next]
        source = answers.get(cell.grade_id, cell.source) if cell.solution else cell.source
        if Tag.STUDENT_ID in cell.tags:
            source = f"STUDENT_ID = {self._student!r}"
        self._shell.run_cell(source, store_history=False)
        self._next += 1
        return True

    def passed(self, question: str) -> dict[str, bool]:
        """Return by check whether otter passes it."""
        import otter  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to load

        results = otter.Notebook(self._path.name, tests_dir="tests").check(question, global_env=self._shell.user_ns)
        return {case.test_case.body.test_func.__name__: bool(case.passed) for case in results.test_case_results}


@dataclass(frozen=True, kw_only=True)
class _Fork:
    """A process that runs one answer."""

    answer: Mapping[str, Any]
    process: BaseProcess
    ends_at: float
    """On the monotonic clock: when it is given up."""


class _Running:
    """The answers that are being run, each in a fork of the notebook."""

    def __init__(self, notebook: _Notebook, most: int) -> None:
        self._notebook = notebook
        self._most = most
        self._forks: dict[Connection, _Fork] = {}

    def start(self, answer: Mapping[str, Any]) -> None:
        """Run an answer from here on, as soon as there is room."""
        self.wait_for(self._most - 1)
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=self._work, args=(answer, theirs), daemon=True)
        process.start()
        theirs.close()
        self._forks[ours] = _Fork(answer=answer, process=process, ends_at=time.monotonic() + answer["seconds"])

    def wait_for(self, most: int) -> None:
        """Wait until no more are left than `most`; print what passed, which is nothing of one that dies or hangs."""
        while len(self._forks) > most:
            left = min(fork.ends_at for fork in self._forks.values()) - time.monotonic()
            ready = wait(list(self._forks), timeout=max(0.0, left))
            late = [line for line, fork in self._forks.items() if fork.ends_at <= time.monotonic()]
            for line in [line for line in self._forks if line in ready or line in late]:
                fork = self._forks.pop(line)
                if line not in ready:
                    fork.process.kill()
                _print({"id": fork.answer["id"], "passed": _received(line)})
                line.close()
                fork.process.join()

    def _work(self, answer: Mapping[str, Any], line: Connection) -> None:
        """Go on as the notebook's process in the forked child."""
        die_with_parent()
        if answer["files_in"]:
            sys.path.insert(0, answer["files_in"])
        while self._notebook.run_next(answer["cells"]):
            pass
        line.send({question: self._notebook.passed(question) for question in answer["questions"]})
        os._exit(0)  # without whatever the answer has left running


def _received(line: Connection) -> Mapping[str, Mapping[str, bool]]:
    try:
        passed: Mapping[str, Mapping[str, bool]] = line.recv()
    except (EOFError, OSError):
        return {}
    return passed


def _print(document: Mapping[str, Any]) -> None:
    _ANSWERS.write(json.dumps(document) + "\n")
    _ANSWERS.flush()


if __name__ == "__main__":
    main()

"""List an assignment's checks without running them: what pytest collects, with its marks."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.marks import check_id, read_marks
from autograder.checks.passed_over import passed_over, unknown_names
from autograder.errors import BuildError

__all__ = ["Check", "collect_checks", "run_pytest"]

_PYTEST_OPTIONS = (
    *("--disable-plugin-autoload", "-p", "autograder.checks.plugin", "-p", "no:cacheprovider"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    *("-c", "/dev/null", "--import-mode=importlib", "-q"),
)
"""How checks are collected and run for a grade: our plugin alone, no cache, nobody's configuration."""

_MARKS_ARE_OURS = ("-W", "ignore::pytest.PytestUnknownMarkWarning")
"""Of an unknown mark we say more than pytest's warning does."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check, as its author marked it."""

    id: str
    """`<test file>::<function>`."""
    question: str
    points: float
    public: bool
    docstring: str
    function: Callable[..., Any]
    path: Path
    deadline: float | None = None
    """Seconds for the student's code; None: the budget's `check_seconds`."""
    look_at: str = ""
    """Why its author has to look at it first."""


class _Collector:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.checks: list[Check] = []
        self.problems: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            try:
                self.checks.append(_read_check(item))
            except BuildError as error:
                self.problems.append(str(error))
            self.problems += unknown_names(item)
        self.problems += passed_over(self._folder, items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            cause = str(report.longrepr).strip().splitlines()[-1].removeprefix("E").strip().rstrip(".")
            self.problems.append(f"{report.nodeid} cannot be collected: {cause}.")


def collect_checks(folder: Path) -> Sequence[Check]:
    """Return the checks in `folder`; raise BuildError that names the first one whose marks are wrong."""
    collector = _Collector(folder)
    code, printed = run_pytest(folder, collector, "--collect-only", *_MARKS_ARE_OURS)
    _forget_modules(folder)
    if collector.problems:
        raise BuildError(f"{folder}: {collector.problems[0]}")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise BuildError(
            f"{folder} holds no checks; write functions test_…(student), with @pytest.mark.question, into a file "
            "test_….py there."
        )
    if not collector.checks:
        raise BuildError(f"{folder} holds no checks (pytest ended with {code}): {printed.strip()[-300:]}")
    return collector.checks


def run_pytest(folder: Path, plugin: object, *options: str) -> tuple[int, str]:
    """Let pytest collect what lies in `folder`, and nothing else; return its exit code and what it printed.

    Neither a configuration, a `conftest.py` above the folder, an installed plugin nor a variable has a say.
    """
    arguments = [*_PYTEST_OPTIONS, *options, "--rootdir", str(folder), "--confcutdir", str(folder), str(folder)]
    with _without_pytest_variables(), contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main(arguments, plugins=[plugin])
    return int(code), printed.getvalue()


@contextlib.contextmanager
def _without_pytest_variables() -> Iterator[None]:
    """Take away what pytest would read options and plugins from: PYTEST_ADDOPTS, PYTEST_PLUGINS and their like."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    try:
        yield
    finally:
        os.environ.update(taken)


def _forget_modules(folder: Path) -> None:
    """Drop the modules that pytest imported from `folder`: it would take them for another folder's of the same name."""
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").parent == folder:
            del sys.modules[name]


def _read_check(item: pytest.Item) -> Check:
    marks = read_marks(item)
    function = getattr(item, "function", None)
    docstring = (getattr(function, "__doc__", None) or "").strip()
    if function is None or not docstring:
        raise BuildError(
            f"{check_id(item)} needs a docstring: it is what students read where the check has no other hint."
        )
    return Check(
        id=check_id(item),
        question=marks.question,
        points=marks.points,
        public=marks.public,
        docstring=docstring,
        function=function,
        path=item.path,
        deadline=marks.deadline,
        look_at=marks.look_at,
    )

"""List an assignment's checks without running them: what pytest collects, with its marks."""

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.check_source import problems_of_check, syntax_errors, undefined_names
from autograder.checks.marks import check_id, read_marks
from autograder.checks.passed_over import passed_over, unknown_names
from autograder.errors import BuildError

__all__ = ["Check", "collect_checks", "run_pytest"]

_PYTEST_OPTIONS = (
    *("--disable-plugin-autoload", "-p", "autograder.checks.plugin", "-p", "no:cacheprovider"),
    *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    *(
        "-p",
        "no:logging",
        "-p",
        "no:subtests",
    ),  # a check has one verdict, and what is logged elsewhere is not seen here
    *("-c", "/dev/null", "--import-mode=importlib", "-q"),
)
"""How checks are collected and run for a grade: our plugin alone, no cache, nobody's configuration."""

_SAID_BY_US = (
    *("--collect-only", "--assert=plain"),
    *("-W", "ignore::pytest.PytestUnknownMarkWarning"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning", "-W", "ignore::SyntaxWarning"),
)
"""How checks are collected to be looked at: of an unknown mark, or an assert that always holds, we say more."""


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
    pointed: bool = True
    """Whether it is marked with points, be they 0."""


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
            self.problems += problems_of_check(item)
        self.problems += passed_over(self._folder, items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}{_cannot_be_run(str(report.longrepr), self._folder)}")


def collect_checks(folder: Path) -> Sequence[Check]:
    """Return the checks in `folder`; raise BuildError that names the first one whose marks are wrong."""
    where = f"{folder.parent.name}/{folder.name}"
    for problem in syntax_errors(folder):
        raise BuildError(f"{where}/{problem}")
    collector = _Collector(folder)
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            code, printed = run_pytest(folder, collector, *_SAID_BY_US)
    except SystemExit as error:
        raise BuildError(f"{where}/conftest.py ends Python (sys.exit); take that out.") from error
    finally:
        _forget_modules(folder)
    if "SystemExit" in printed:
        raise BuildError(f"{where}: a file of checks ends Python (sys.exit); take that out.")
    if "conftest" in said.getvalue():
        raise BuildError(f"{where}/conftest.py{_cannot_be_run(said.getvalue(), folder)}")
    for problem in (*collector.problems, *undefined_names(folder)):
        raise BuildError(f"{where}/{problem}")
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise BuildError(
            f"{where} holds no checks; write functions test_…(student), with @pytest.mark.question, into a file "
            "test_….py there."
        )
    if code != pytest.ExitCode.OK or not collector.checks:
        last = printed.strip().splitlines()[-1:] or ["it says nothing"]
        raise BuildError(f"{where}: pytest cannot collect the checks (it ended with {code}: {last[0]}); mend them.")
    return collector.checks


def run_pytest(folder: Path, plugin: object, *options: str) -> tuple[int, str]:
    """Let pytest collect what lies in `folder`, and nothing else; return its exit code and what it printed.

    Neither a configuration, a `conftest.py` above the folder, an installed plugin nor a variable has a say.
    """
    arguments = [*_PYTEST_OPTIONS, *options, "--rootdir", str(folder), "--confcutdir", str(folder), str(folder)]
    with _without_pytest_variables(), contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main(arguments, plugins=[plugin])
    return int(code), printed.getvalue()


def _cannot_be_run(printed: str, folder: Path) -> str:
    """Return what pytest says of a file that it could not import: where, why and what to do."""
    cause = printed.strip().splitlines()[-1].removeprefix("E").strip().rstrip(".")
    lines = re.findall(rf"(?:{re.escape(str(folder))}/|^)[\w./-]+\.py:(\d+): in ", printed, re.MULTILINE)
    missing = re.search(r"No module named '([\w.]+)'", cause)
    cure = "import it at the top, or define it." if cause.startswith("NameError") else "mend it."
    if missing:
        name = missing[1].partition(".")[0]
        ours = name in {"source", "release", "submitted", "solutions"} or _is_beside_notebook(folder, name)
        cure = "install it, or take the import out."
        if (folder / f"{name}.py").exists():
            cure = (
                f"files of checks do not import each other: move what {name}.py gives into conftest.py, as a fixture."
            )
        if ours:
            cure = "ask the fixture `student`, or `reference`, for what an assignment's own code defines."
    return f"{f', line {lines[-1]}' if lines else ''} cannot be run: {cause}; {cure}"


def _is_beside_notebook(folder: Path, module: str) -> bool:
    """Return whether a module is the notebook of the checks in `folder`, or a file beside it."""
    beside = folder.parent.parent / "source" / folder.name
    return module == folder.name or any((beside / f"{module}{end}").exists() for end in ("", ".py", ".ipynb"))


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
        raise BuildError(f"{check_id(item)} needs a docstring: write what students read where it has no other hint.")
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
        pointed=item.get_closest_marker("points") is not None,
    )

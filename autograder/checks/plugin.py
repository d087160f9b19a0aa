"""Let pytest run an assignment's checks: marks, the fixtures of the two worlds, points and hints.

`pytest tests/mlp` examines the solution, `pytest tests/mlp --submission FILE` a student's notebook. Tests without a
`question` mark are none of this plugin's business: torch and what needs it are imported only when a check runs, since
pytest loads this module wherever the package is installed.
"""

# ruff: noqa: PLC0415 - imports inside functions, for the reason above

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from autograder.checks.marks import DECLARATIONS, check_id, is_check, read_marks
from autograder.course import Course, find_course, load_course
from autograder.errors import AutograderError, ConfigError, GraderError
from autograder.results import CheckRecord, Curve

if TYPE_CHECKING:
    import numpy as np
    import torch

    from autograder.checks.context import CheckContext
    from autograder.checks.handles import Library, Student
    from autograder.checks.preparation import Preparation
    from autograder.sandbox.outside.zygote_process import ZygoteProcess

__all__ = ["DATA_FIXTURES"]

CHECK_CONTEXTS = pytest.StashKey["dict[str, CheckContext]"]()
ZYGOTES = pytest.StashKey["list[ZygoteProcess]"]()
WORKING_FOLDERS = pytest.StashKey[contextlib.ExitStack]()
WORKING_FOLDER = pytest.StashKey[dict[str, Path]]()
"""By assignment: where the reference finds what its notebook finds beside it, where no worker sees to that."""
SETUP_SECONDS = pytest.StashKey[float]()
"""What starting the student's process took in the check that happened to be first."""
_PRINTED = frozenset({"capsys", "capfd"})
"""Fixtures of pytest's that a check asks for what was printed."""
DATA_FIXTURES = "autograder-data"
"""The name of the plugin that holds the fixtures of the course's datasets."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for grading by hand."""
    group = parser.getgroup("autograder")
    group.addoption("--submission", type=Path, help="a student's notebook; without it the solution is examined")
    group.addoption("--student", default="", help="the student's ID (default: the name of the submission's folder)")
    group.addoption("--attempt", type=int, default=1, help="which of the student's it is (default: 1)")
    group.addoption("--sandbox", choices=["auto", "none"], default="auto", help="none: run student code unprotected")
    group.addoption("--course", type=Path, help="the folder with course_config.py (default: at or above the checks)")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks and fixtures, and start with no context unless the worker brought one."""
    for mark in DECLARATIONS:
        config.addinivalue_line("markers", mark)
    if CHECK_CONTEXTS not in config.stash:
        config.stash[CHECK_CONTEXTS] = {}
    config.stash[ZYGOTES] = []
    config.stash[WORKING_FOLDERS], config.stash[WORKING_FOLDER] = contextlib.ExitStack(), {}
    for place in [config.getoption("course")] if config.getoption("course") else config.args:
        with contextlib.suppress(ConfigError):  # who has checks to run is told when the first of them runs
            add_data_fixtures(config, load_course(find_course(Path(str(place).partition("::")[0]))))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every student's process."""
    for check_context in config.stash[CHECK_CONTEXTS].values():
        check_context.run.close()
    for process in config.stash[ZYGOTES]:
        process.close()
    config.stash[WORKING_FOLDERS].close()


def _check_context(item: pytest.Item) -> "CheckContext":
    """Return the context that the check belongs to, by the folder that it lies in."""
    from autograder.checks.context import open_check_context
    from autograder.checks.preparation import Preparation

    check_contexts = item.config.stash[CHECK_CONTEXTS]
    name = item.path.parent.name
    if name not in check_contexts:
        option = item.config.getoption
        course = load_course(option("course") or find_course(item.path.parent))
        submission: Path | None = option("submission")
        student = option("student") or (submission.resolve().parent.parent.name if submission else "reference")
        try:
            preparation = Preparation(course, course.assignment(name))
            zygote = _zygote_process(preparation, solution=submission is None, unprotected=option("sandbox") == "none")
            item.config.stash[ZYGOTES].append(zygote)
            folder = item.config.stash[WORKING_FOLDERS].enter_context(preparation.working_folder())
            item.config.stash[WORKING_FOLDER][name] = folder
            check_contexts[name] = open_check_context(
                *(preparation, submission, student), sandbox=zygote.sandbox(), attempt=option("attempt")
            )
        except AutograderError as error:
            pytest.exit(str(error), returncode=2)
    if name in item.config.stash[WORKING_FOLDER]:
        os.chdir(item.config.stash[WORKING_FOLDER][name])
    return check_contexts[name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Go back to where pytest was started, from the folder that a check runs in."""
    if not is_check(item):
        return (yield)
    before = Path.cwd()
    try:
        return (yield)
    finally:
        os.chdir(before)


def _zygote_process(preparation: "Preparation", *, solution: bool, unprotected: bool) -> "ZygoteProcess":
    """Start what the notebook's process is forked from; our own solution needs no protection where there is none."""
    from autograder.datasets import prepare_data
    from autograder.sandbox.outside.zygote_process import SandboxError, ZygoteProcess
    from autograder.sandbox.shared.libraries import load_libraries

    prepare_data(preparation.course)
    load_libraries(preparation.libraries)

    def start(*, isolated: bool) -> ZygoteProcess:
        zygote = ZygoteProcess(preparation.sandbox_config(isolated=isolated, solution=solution))
        zygote.wait_until_ready()
        return zygote

    if not unprotected:
        try:
            return start(isolated=True)
        except SandboxError as error:
            if not solution:
                raise GraderError(str(error)) from error
    return start(isolated=False)


@pytest.fixture
def student(request: pytest.FixtureRequest) -> "Student":
    """Give the student's notebook; what is asked of it happens in the student's process."""
    from autograder.checks.handles import Student

    return Student(_check_context(request.node).run)


@pytest.fixture
def monkeypatch(request: pytest.FixtureRequest) -> Generator[pytest.MonkeyPatch, None, None]:
    """Give pytest's monkeypatch; in a check, one that does the same in the student's process."""
    patch = pytest.MonkeyPatch()
    if is_check(request.node):
        from autograder.checks.patching import StudentsMonkeyPatch

        patch = StudentsMonkeyPatch(_check_context(request.node).run)
    yield patch
    patch.undo()


@pytest.fixture
def library(request: pytest.FixtureRequest) -> "Library":
    """Give library objects in the student's process, by import path."""
    from autograder.checks.handles import Library

    return Library(_check_context(request.node).run)


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> SimpleNamespace:
    """Give the solution notebook's names, in this process."""
    return _check_context(request.node).reference


@pytest.fixture
def student_id(request: pytest.FixtureRequest) -> str:
    """Give the ID that the submission came under."""
    return _check_context(request.node).student_id


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """Give the name of the device that student code computes on: `cpu` or `cuda`."""
    return _check_context(request.node).device


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> "torch.Generator | np.random.Generator":
    """Give the generator that all hidden inputs of this check derive from: torch's where the course has torch."""
    from autograder.checks.context import make_generator

    check_context = _check_context(request.node)
    return make_generator(check_context.preparation.course, check_context.hidden_seed(check_id(request.node)))


def add_data_fixtures(config: pytest.Config, course: Course) -> None:
    """Have a fixture for each loader of the course's datasets, unless there are some already."""
    if not config.pluginmanager.has_plugin(DATA_FIXTURES):
        fixtures = ModuleType(DATA_FIXTURES)
        for name in course.loaders():
            setattr(fixtures, name, _data_fixture(name))
        config.pluginmanager.register(fixtures, DATA_FIXTURES)


def _data_fixture(name: str) -> object:
    @pytest.fixture(name=name)
    def loaded(request: pytest.FixtureRequest) -> object:
        return _check_context(request.node).preparation.data(name)

    return loaded


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Open the line to the student's process for the length of the check."""
    if not is_check(item):
        return (yield)
    from autograder.checks.present_check import PresentCheck
    from autograder.checks.told_seeds import telling_seeds

    check_context = _check_context(item)
    run = check_context.run
    before = run.setup_seconds
    marks = read_marks(item)
    check = PresentCheck(
        shows_printed=not _PRINTED.isdisjoint(getattr(item, "fixturenames", ())),
        in_place=marks.in_place,
        folder=getattr(item, "funcargs", {}).get("tmp_path"),
        checks=item.path.parent,
    )
    run.begin_check(marks.deadline, check_context.student_seed(check_id(item)), check)
    try:
        with telling_seeds(item.path.parent, check.tell_seed):
            return (yield)
    finally:
        run.end_check()
        item.stash[SETUP_SECONDS] = run.setup_seconds - before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn how a check ended into its record."""
    report = yield
    if not is_check(item) or call.when == "teardown":
        return report
    error = call.excinfo.value if call.excinfo else None
    if call.when == "setup":
        if error is not None:
            _check_context(item).grader_errors.append(f"{check_id(item)}: {error!r}")
        return report
    check_context = _check_context(item)
    if isinstance(error, GraderError):
        check_context.grader_errors.append(f"{check_id(item)}: {error}")
    record = _record(item, call, error)
    check_context.records.append(record)
    if report.failed:
        report.sections.append(("For the student", record.message))
    return report


def _record(item: pytest.Item, call: pytest.CallInfo[None], error: BaseException | None) -> CheckRecord:
    from autograder.checks.measurements import take_measurements
    from autograder.checks.verdict import judge

    marks = read_marks(item)
    docstring = (getattr(item, "function", item).__doc__ or "").strip()
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    verdict = judge(error, public=marks.public, rule=docstring, checks=item.path.parent, folder=folder)
    if verdict.flag:
        _check_context(item).flags.add(verdict.flag)
    return CheckRecord(
        id=check_id(item),
        question=marks.question,
        points=marks.points,
        score=round(marks.points * verdict.fraction, 6),
        status=verdict.status,
        public=marks.public,
        message=verdict.student_text,
        staff_message=verdict.staff_text,
        cause=verdict.cause,
        seconds=round(max(0.0, call.duration - item.stash.get(SETUP_SECONDS, 0.0)), 3),
        memory_mb=round(_check_context(item).run.peak_mb, 1),
        measured=take_measurements(),
        curves=_curves(item),
    )


def _curves(item: pytest.Item) -> tuple[Curve, ...]:
    """Return what the check saw of a training; a file of ours that cannot be read is the grader's fault."""
    from autograder.checks.learning_curves import beside_reference
    from autograder.checks.measurements import take_curves

    try:
        return beside_reference(take_curves(), item.path.parent, check_id(item))
    except GraderError as error:
        _check_context(item).grader_errors.append(str(error))
        return ()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the score of what was examined."""
    for name, check_context in config.stash[CHECK_CONTEXTS].items():
        score = sum(record.score for record in check_context.records)
        points = sum(record.points for record in check_context.records)
        terminalreporter.write_line(f"{name}, {check_context.student_id}: {score:g} of {points:g} points")

"""Collect an assignment's checks with pytest once, and run them against one submission after the other's fork."""

import contextlib
import io
from collections.abc import Callable, Collection

import pytest

from autograder.checks.catalogue import PYTEST_OPTIONS
from autograder.checks.context import CheckContext
from autograder.checks.marks import question_of
from autograder.checks.plugin import CHECK_CONTEXTS, add_data_fixtures
from autograder.course import Course
from autograder.errors import AutograderError

__all__ = ["fixtures_of", "run_checks", "with_collected_checks"]

_OPTIONS = (
    *PYTEST_OPTIONS,
    *("--assert=plain", "--tb=no", "-s", "-p", "no:logging", "-p", "no:faulthandler", "-p", "no:warnings"),
)
_PYTEST_RAN = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}


class _Loop:
    """Stand in for pytest's own loop over the tests."""

    def __init__(self, course: Course, work: Callable[[pytest.Session], None]) -> None:
        self._course = course
        self._work = work
        self.reached = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the fixtures of a course that may lie where there is no configuration beside it."""
        add_data_fixtures(config, self._course)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.testsfailed:
            self.reached = True
            self._work(session)
        return True


def with_collected_checks(course: Course, assignment: str, work: Callable[[pytest.Session], None]) -> None:
    """Collect an assignment's checks and call `work` with the session; raise AutograderError where that fails."""
    folder, loop = course.checks_folder(assignment), _Loop(course, work)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main([*_OPTIONS, "--rootdir", str(folder), str(folder)], plugins=[loop])
    if code not in _PYTEST_RAN or not loop.reached:
        raise AutograderError(f"pytest ended with {code}: {printed.getvalue().strip()[-2000:]}")


def fixtures_of(session: pytest.Session) -> frozenset[str]:
    """Return the names of all fixtures that the collected checks ask for."""
    return frozenset(name for item in session.items for name in getattr(item, "fixturenames", ()))


def run_checks(session: pytest.Session, check_context: CheckContext, questions: Collection[str] | None = None) -> None:
    """Run every check, or those of some questions; what they find is recorded in its context.

    For once in a process: pytest keeps state.
    """
    session.config.stash[CHECK_CONTEXTS] = {check_context.preparation.assignment.name: check_context}
    items = [item for item in session.items if questions is None or question_of(item) in questions]
    try:
        for item, next_item in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
    finally:
        check_context.run.close()
    if check_context.grader_errors:
        raise AutograderError(check_context.grader_errors[0])

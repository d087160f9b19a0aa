"""Collect an assignment's checks with pytest once, and run them against one submission after the other's fork."""

import sys
from collections.abc import Callable, Collection, Sequence

import pytest

from autograder.checks.carried_errors import carry_errors_forward
from autograder.checks.catalogue import run_pytest
from autograder.checks.context import CheckContext
from autograder.checks.marks import check_id, code_id, is_check, question_of, read_marks
from autograder.checks.plugin import CHECK_CONTEXTS, add_data_fixtures
from autograder.course import Course
from autograder.errors import AutograderError, GraderError

__all__ = ["fixtures_of", "run_checks", "with_collected_checks"]

_OPTIONS = ("--assert=plain", "--tb=no", "-s", "-p", "no:logging", "-p", "no:faulthandler", "-p", "no:warnings")
_PYTEST_RAN = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}


class _Loop:
    """Stand in for pytest's own loop over the tests."""

    def __init__(self, course: Course, work: Callable[[pytest.Session], None]) -> None:
        self._course = course
        self._work = work
        self.reached = False
        self.error: AutograderError | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the fixtures of a course that may lie where there is no configuration beside it."""
        add_data_fixtures(config, self._course)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.testsfailed:
            self.reached = True
            try:
                self._work(session)
            except AutograderError as error:  # pytest would take it for an internal error of its own
                self.error = error
        return True


def with_collected_checks(course: Course, assignment: str, work: Callable[[pytest.Session], None]) -> None:
    """Collect an assignment's checks and call `work` with the session; raise AutograderError where that fails."""
    if sys.flags.optimize:
        raise GraderError("Python runs without assertions here (-O), and every check would pass; run it without -O.")
    loop = _Loop(course, work)
    code, printed = run_pytest(course.checks_folder(assignment), loop, *_OPTIONS)
    if loop.error is not None:
        raise loop.error
    if code not in _PYTEST_RAN or not loop.reached:
        raise AutograderError(f"pytest ended with {code}: {printed.strip()[-2000:]}")


def fixtures_of(session: pytest.Session) -> frozenset[str]:
    """Return the names of all fixtures that the collected checks ask for."""
    return frozenset(name for item in session.items for name in getattr(item, "fixturenames", ()))


def run_checks(
    session: pytest.Session,
    check_context: CheckContext,
    questions: Collection[str] | None = None,
    *,
    public_only: bool = False,
    alone: Collection[str] | None = None,
) -> None:
    """Run every check, or those of some questions; what they find is recorded in its context.

    With `alone` only the checks that are written in these (see `code_id`) run, each as it is.

    What builds on a wrong answer is judged again, with the reference's in its place; where only public checks run it
    is not, for they say what they say in the student's notebook.
    """
    if alone is not None:
        _run(
            [item for item in session.items if is_check(item) and code_id(item) in alone],
            check_context,
        )
        return
    items = [item for item in session.items if questions is None or question_of(item) in questions]
    if public_only:
        _run([item for item in items if read_marks(item).public], check_context)
        return
    _run(items, check_context)
    checks = {check_id(item): item for item in items if is_check(item)}

    def judge(again: CheckContext, ids: Collection[str]) -> None:
        _run([checks[name] for name in checks if name in ids], again)

    rules = {name: (getattr(item, "function", item).__doc__ or "").strip() for name, item in checks.items()}
    carry_errors_forward(check_context, judge, rules)


def _run(items: Sequence[pytest.Item], check_context: CheckContext) -> None:
    """Run some checks, each of which may have run before, for another run of the notebook.

    pytest makes an item's fixtures anew each time, and forgets those of modules and of the session at the last one.
    """
    if not items:
        return
    items[0].config.stash[CHECK_CONTEXTS] = {check_context.preparation.assignment.name: check_context}
    try:
        for item, next_item in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=next_item)
    finally:
        check_context.run.close()
    if check_context.grader_errors:
        raise GraderError(check_context.grader_errors[0])
    planned = sorted(check_id(item) for item in items if is_check(item))
    ran = sorted(record.id for record in check_context.records)
    if ran != planned:
        different = sorted({*planned} ^ {*ran}) or [name for name in planned if ran.count(name) != 1]
        raise GraderError(
            f"{len(ran)} checks ran and {len(planned)} were planned ({', '.join(different[:5])}); something else than "
            "the grader runs them: look at the conftest.py beside the checks."
        )

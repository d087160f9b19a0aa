"""A student is shown one cause for each question."""

from autograder.first_cause import with_first_causes
from autograder.results import CheckRecord, CheckStatus


def record(name: str, status: CheckStatus, cause: str = "", question: str = "q") -> CheckRecord:
    message = cause or ("" if status == CheckStatus.PASSED else f"The rule of {name}.")
    return CheckRecord(
        id=f"test_a.py::{name}",
        question=question,
        points=1,
        score=0,
        status=status,
        public=False,
        message=message,
        staff_message=f"AssertionError: {name}",
        cause=cause,
    )


PASSED, FAILED, ERROR = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR


def messages(*records: CheckRecord) -> list[str]:
    return [one.message for one in with_first_causes(records)]


def behind(name: str) -> str:
    return f"Not judged by itself, since `{name}` has found something in this answer already: see there first."


def test_the_first_cause_of_a_question_is_shown_alone():
    found = messages(record("a", FAILED, "First."), record("b", PASSED), record("c", FAILED, "Second."))
    assert found == ["First.", "", behind("a")]


def test_a_check_that_names_a_cause_is_shown_before_one_that_names_none():
    assert messages(record("a", FAILED), record("b", FAILED, "Cause.")) == [behind("b"), "Cause."]
    assert messages(record("a", FAILED), record("b", ERROR)) == [behind("b"), "The rule of b."]


def test_where_no_check_names_a_cause_the_first_rule_is_shown():
    assert messages(record("a", FAILED), record("b", FAILED)) == ["The rule of a.", behind("a")]


def test_each_question_is_for_itself():
    assert messages(record("a", FAILED, "A."), record("b", FAILED, "B.", question="other")) == ["A.", "B."]


def test_staff_read_what_a_check_would_have_said():
    second = with_first_causes([record("a", FAILED, "First."), record("b", FAILED, "Second.")])[1]
    assert second.staff_message == "Second. AssertionError: b"
    assert second.cause == "Second."


def test_points_and_status_stay():
    before = [record("a", FAILED, "A."), record("b", CheckStatus.PARTIAL, "B.")]
    assert [(r.status, r.score) for r in with_first_causes(before)] == [(r.status, r.score) for r in before]

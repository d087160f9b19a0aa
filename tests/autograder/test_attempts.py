"""Every submission of a student's is kept, and the one counts that the policy says."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.errors import ConfigError
from autograder.grading.attempts import Attempts
from autograder.grading.submissions import Submission, earlier_submissions
from autograder.results import Flag, Result, Status, read_result


def hand_in(folder: Path, text: str, hour: int = 10) -> Submission:
    place = folder / "submitted" / "ada" / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    (place / "tiny.ipynb").write_text(text)
    (place / "timestamp.txt").write_text(f"2027-01-15 {hour}:00:00 UTC")
    at = datetime(2027, 1, 15, hour, tzinfo=UTC)
    return Submission(student="ada", notebook=place / "tiny.ipynb", submitted_at=at)


def result(attempt: int, score: float, status: Status = Status.GRADED) -> Result:
    return Result(assignment="tiny", student="ada", status=status, attempt=attempt, score=score, max_score=6.0)


def counting(folder: Path) -> Result:
    return read_result(folder / "results" / "tiny" / "ada.json")


@pytest.fixture
def last(tmp_path):
    return Attempts(tmp_path / "results", "tiny", "last")


@pytest.fixture
def best(tmp_path):
    return Attempts(tmp_path / "results", "tiny", "best")


def test_the_same_submission_is_the_same_attempt(last, tmp_path):
    for _ in range(3):
        (attempt,) = last.record(hand_in(tmp_path, "one"))
        assert attempt.number == 1


@pytest.mark.parametrize(("text", "hour"), [("two", 10), ("one", 11)])
def test_another_notebook_or_another_time_is_another_attempt(last, tmp_path, text, hour):
    last.record(hand_in(tmp_path, "one"))
    (attempt,) = last.record(hand_in(tmp_path, text, hour))
    assert attempt.number == 2
    kept = tmp_path / "results" / "tiny" / "attempts" / "ada" / "1" / "ada" / "tiny" / "tiny.ipynb"
    assert kept.read_text() == "one"


def test_with_best_all_attempts_are_wanted_as_they_were_handed_in(best, tmp_path):
    best.record(hand_in(tmp_path, "one", 10))
    first, second = best.record(hand_in(tmp_path, "two", 11))
    assert (first.number, second.number) == (1, 2)
    assert first.submission.notebook.read_text() == "one"
    assert first.submission.submitted_at == datetime(2027, 1, 15, 10, tzinfo=UTC)


def test_the_last_counts_and_the_one_before_is_kept(last, tmp_path):
    last.record(hand_in(tmp_path, "one"))
    last.write(result(1, 5.0))
    last.record(hand_in(tmp_path, "two"))
    last.write(result(2, 1.0))
    assert counting(tmp_path).score == 1.0
    assert last.known("ada", 1).score == 5.0
    assert last.known("ada", 2).score == 1.0


def test_the_best_counts_in_whichever_order_they_are_graded(best, tmp_path):
    for number, text in enumerate(("one", "two", "three"), start=1):
        assert best.record(hand_in(tmp_path, text))[-1].number == number
    for number, score in ((2, 5.0), (3, 1.0), (1, 5.0)):
        best.write(result(number, score))
    assert counting(tmp_path).attempt == 1, "of equal ones the earliest"
    assert {number: best.known("ada", number).score for number in (1, 2, 3)} == {1: 5.0, 2: 5.0, 3: 1.0}


def test_what_the_grader_could_not_grade_never_counts_over_a_score(best, tmp_path):
    best.record(hand_in(tmp_path, "one"))
    best.write(result(1, 0.0))
    best.record(hand_in(tmp_path, "two"))
    best.write(result(2, 6.0, Status.FAILED))
    assert counting(tmp_path).attempt == 1


def test_a_changed_policy_changes_what_counts(last, best, tmp_path):
    last.record(hand_in(tmp_path, "one"))
    last.write(result(1, 5.0))
    last.record(hand_in(tmp_path, "two"))
    last.write(result(2, 1.0))
    best.settle("ada")
    assert counting(tmp_path).attempt == 1
    last.settle("ada")
    assert counting(tmp_path).attempt == 2


def test_a_submission_that_is_gone_is_the_last_attempt_and_loses_no_other(last, best, tmp_path):
    last.record(hand_in(tmp_path, "one"))
    last.write(result(1, 5.0))
    gone = hand_in(tmp_path, "two")
    gone.notebook.unlink()
    (attempt,) = last.record(gone)
    assert attempt.number == 2
    last.write(result(2, 0.0, Status.INVALID))
    last.settle("ada")
    assert counting(tmp_path).status == Status.INVALID
    best.settle("ada")
    assert counting(tmp_path).score == 5.0


def test_what_is_no_ordinary_file_is_not_copied(last, tmp_path):
    submission = hand_in(tmp_path, "one")
    submission.notebook.unlink()
    submission.notebook.symlink_to("/etc/passwd")
    last.record(submission)
    assert not list((tmp_path / "results").rglob("*.ipynb"))


def test_the_flags_of_what_was_handed_in_are_kept_with_it(best, tmp_path):
    flags = (Flag.RENAMED, Flag.COPY_GRADED, Flag.TIMESTAMP_UNREADABLE)
    best.record(replace(hand_in(tmp_path, "one"), flags=flags))
    first, _ = best.record(hand_in(tmp_path, "two"))
    assert first.submission.flags == flags


def test_a_copy_has_the_right_name_whatever_the_students_is(best, tmp_path):
    submission = hand_in(tmp_path, "one")
    strange = submission.notebook.rename(submission.notebook.with_name("x" * 244 + ".ipynb.txt"))
    best.record(replace(submission, notebook=strange))
    assert [path.name for path in (tmp_path / "results").rglob("*.ipynb*")] == ["tiny.ipynb"]


def test_what_has_a_problem_is_not_copied_and_is_the_same_attempt_again(last, tmp_path):
    submission = replace(hand_in(tmp_path, "one"), problem="The folder is a link.")
    assert [attempt.number for _ in range(2) for attempt in last.record(submission)] == [1, 1]
    assert not list((tmp_path / "results").rglob("*.ipynb"))


def test_an_earlier_attempt_whose_copy_cannot_be_read_keeps_its_result(best, tmp_path):
    best.record(hand_in(tmp_path, "one", 10))
    (tmp_path / "results/tiny/attempts/ada/1/ada/tiny/tiny.ipynb").unlink()
    (attempt,) = best.record(hand_in(tmp_path, "two", 11))
    assert attempt.number == 2


def test_a_copy_that_was_cut_short_is_made_again(last, tmp_path):
    draft = tmp_path / "results" / "tiny" / "attempts" / "ada" / ".1.part"
    draft.mkdir(parents=True)
    (draft / "half").write_text("")
    (attempt,) = last.record(hand_in(tmp_path, "one"))
    assert attempt.number == 1
    assert [path.name for path in draft.parent.iterdir()] == ["1"]


def test_the_policy_stands_in_the_configuration(course_root):
    from autograder.course import load_course

    config = course_root / "course_config.py"
    text = config.read_text()
    assert load_course(course_root).attempt_policy_of(load_course(course_root).assignment("tiny")) == "last"
    config.write_text(text.replace('name="Tiny",', 'name="Tiny", attempt_policy="best",'))
    course = load_course(course_root)
    assert course.attempt_policy_of(course.assignment("tiny")) == "best"
    config.write_text(text.replace("points=6,", 'points=6, attempt_policy="first",'))
    with pytest.raises(ConfigError, match="attempt_policy is 'first'; it must be 'last' or 'best'"):
        load_course(course_root)


def test_a_result_says_which_attempt_it_is():
    assert json.loads(result(2, 1.0).to_json())["attempt"] == 2


def before(folder: Path, number: int, text: str, hour: int) -> Submission:
    """Lay what was handed in before where `collect` keeps it."""
    place = folder / "submitted" / ".attempts" / str(number) / "ada" / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    (place / "tiny.ipynb").write_text(text)
    (place / "timestamp.txt").write_text(f"2027-01-15 {hour}:00:00 UTC")
    [*_, newest] = earlier_submissions(folder / "submitted", "tiny", "ada")
    return newest


def recorded(attempts: Attempts, folder: Path, text: str, hour: int) -> list[tuple[int, str]]:
    earlier = earlier_submissions(folder / "submitted", "tiny", "ada")
    wanted = attempts.record(hand_in(folder, text, hour), earlier)
    return [(attempt.number, attempt.submission.notebook.read_text()) for attempt in wanted]


def test_with_best_what_was_collected_from_before_is_graded_too_and_recorded_once(best, tmp_path):
    before(tmp_path, 1, "one", 9)
    before(tmp_path, 2, "two", 10)
    for _ in range(3):
        assert recorded(best, tmp_path, "three", 11) == [(1, "one"), (2, "two"), (3, "three")]
    before(tmp_path, 3, "three", 11)
    before(tmp_path, 10, "between", 10)
    assert recorded(best, tmp_path, "four", 12) == [(1, "one"), (2, "two"), (3, "three"), (4, "between"), (5, "four")]
    assert recorded(best, tmp_path, "four", 12)[-1] == (5, "four")


def test_with_last_the_newest_alone_is_graded_and_nothing_that_turns_up_later_takes_its_place(last, tmp_path):
    before(tmp_path, 1, "one", 9)
    assert recorded(last, tmp_path, "two", 10) == [(2, "two")]
    before(tmp_path, 2, "in between", 9)
    assert recorded(last, tmp_path, "two", 10) == [(2, "two")]


def test_where_the_newest_is_not_accepted_the_one_before_is_graded_too(tmp_path):
    on_time = Attempts(tmp_path / "results", "tiny", "last", accepts=lambda one: one.submitted_at.hour <= 10)
    before(tmp_path, 1, "one", 9)
    before(tmp_path, 2, "two", 10)
    assert recorded(on_time, tmp_path, "late", 12) == [(2, "two"), (3, "late")]
    assert recorded(on_time, tmp_path, "later", 13) == [(2, "two"), (3, "late"), (4, "later")]

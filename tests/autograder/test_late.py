"""Lateness is reckoned in one place, after grading: grace, penalty, cap, last day, free late days, extensions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes import ScriptedEngine
from tiny_course import RIGHT, answers, submit

from autograder.cli import main
from autograder.course import Assignment, Course, LatePolicy, load_course
from autograder.errors import AutograderError, ConfigError
from autograder.extensions import Extension, read_extensions
from autograder.grading.batch import BatchRequest, plan_batch, run_batch
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.submissions import find_submissions
from autograder.lateness import Terms, reckon
from autograder.results import CheckRecord, CheckStatus, Flag, Result, Status, read_result, result_path, write_result
from autograder.settlement import open_settlement, read_settled

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2027, 1, 15, 23, 59, tzinfo=UTC)
POLICY = LatePolicy(grace_minutes=15, penalty_per_day=0.1, max_penalty=0.5)


def terms(policy: LatePolicy = POLICY, **values: object) -> Terms:
    return Terms(**{"points": 20.0, "policy": policy, "due": DUE, **values})


def late(days: float, of: Terms, earned: float = 18.0):
    return reckon(of, DUE + timedelta(days=days - 0.5), earned)


# The arithmetic


def test_late_days_cost_their_part_of_the_assignments_points():
    found = reckon(terms(), datetime(2027, 1, 17, 10, tzinfo=UTC), 18)
    assert (found.days, found.free, found.penalty) == (2, 0, 4.0)
    assert found.words == (
        "Due 15 January 2027, 23:59 and 15 minutes of grace, handed in 17 January 2027, 10:00: 2 late days begun. "
        "2 late days × 10% of 20 points, is 4 off: 18 - 4 = 14."
    )


def test_a_penalty_has_its_caps():
    found = late(9, terms(), earned=6)
    assert found.penalty == 6
    assert "at most 50%, is 10 off; no more than the 6 that were earned: 6 - 6 = 0." in found.words


@pytest.mark.parametrize("submitted_at", [None, DUE, DUE + timedelta(minutes=15)])
def test_who_is_on_time_reads_nothing_of_lateness(submitted_at):
    assert reckon(terms(), submitted_at, 18) == reckon(terms(due=None), DUE, 18)
    assert reckon(terms(), submitted_at, 18).words == ""
    assert reckon(terms(), DUE + timedelta(minutes=16), 18).days == 1


def test_free_late_days_come_first_and_what_is_left_is_penalised():
    found = late(3, terms(free_days=5, free_days_left=2))
    assert (found.days, found.free, found.penalty) == (3, 2, 2.0)
    assert "3 late days begun, 2 of them free (2 of the course's 5 free late days were left). 1 late day × 10%" in (
        found.words
    )


def test_where_all_late_days_are_free_nothing_comes_off():
    found = late(2, terms(free_days=5, free_days_left=5))
    assert (found.free, found.penalty) == (2, 0)
    assert found.words.endswith("all of them free (5 of the course's 5 free late days were left): nothing off.")


def test_an_assignment_takes_at_most_so_many_free_days():
    found = late(3, terms(replace(POLICY, free_days_each=1), free_days=5, free_days_left=5))
    assert (found.free, found.penalty) == (1, 4.0)


@pytest.mark.parametrize("said", ["worth 0", "not accepted"])
def test_after_the_last_day_it_is_worth_nothing_and_that_is_said(said):
    of = terms(replace(POLICY, last_day=3, after_last_day=said), free_days=5, free_days_left=5)
    assert not late(3, of).too_late
    found = late(4, of)
    assert (found.too_late, found.penalty, found.free) == (True, 18, 0)
    assert found.words.endswith(f"4 late days begun, and the last one is day 3 after the due date: {said}.")


def test_an_extension_moves_the_due_date_and_says_so():
    found = late(5, terms(extension=Extension(more=timedelta(days=3))))
    assert (found.days, found.penalty) == (2, 4.0)
    assert found.words.startswith("Due 15 January 2027, 23:59, extended to 18 January 2027, 23:59 and 15 minutes")
    in_time = late(3, terms(extension=Extension(more=timedelta(days=3))))
    assert (in_time.days, in_time.penalty) == (0, 0)
    assert in_time.words.endswith(": on time.")


def test_an_exempt_student_loses_nothing_even_after_the_last_day():
    found = late(9, terms(replace(POLICY, last_day=3), extension=Extension(exempt=True)))
    assert (found.days, found.penalty, found.too_late) == (9, 0, False)
    assert found.words.endswith("9 late days begun, exempt from the late penalty.")


def test_days_keep_the_hour_where_the_clocks_change():
    due = datetime(2027, 3, 27, 23, 59, tzinfo=BERLIN)
    extended = Extension(more=timedelta(days=1)).due(due)
    assert (extended.hour, extended.utcoffset()) == (23, timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"free_days": -1}, "free_days is -1"),
        ({"free_days": None}, "free_days is None"),
        ({"free_days_each": 1.5}, "free_days_each is 1.5"),
        ({"last_day": True}, "last_day is True"),
        ({"after_last_day": "lost"}, "after_last_day is 'lost'; it must be 'worth 0' or 'not accepted'"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(values, said):
    with pytest.raises(ConfigError, match=said):
        LatePolicy(**values)


def test_free_days_are_the_courses():
    with pytest.raises(ConfigError, match=r"free_days, which are for the whole course"):
        Assignment(name="a", title="A", points=1, late_policy=LatePolicy(free_days=2))


# Where extensions come from


@pytest.fixture
def course(course_root: Path) -> Course:
    loaded = load_course(course_root)
    tiny = replace(loaded.assignment("tiny"), due=DUE)
    first = replace(tiny, name="first", due=DUE - timedelta(days=7))
    last = replace(tiny, name="last", due=DUE + timedelta(days=7))
    return replace(loaded, assignments=[last, tiny, first], late_policy=replace(POLICY, free_days=3))


def extensions(course: Course, text: str, roster: str = ""):
    (course.root / "extensions.csv").write_text(text)
    if roster:
        (course.root / "roster.csv").write_text(roster)
    return read_extensions(course)


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("ada,tiny,,3,,", DUE + timedelta(days=3)),
        ("ada,tiny,,,36,", DUE + timedelta(hours=36)),
        ("ada,*,,0.5,,", DUE + timedelta(hours=12)),
        ("ada,tiny,2027-01-20,,,", datetime(2027, 1, 20, 23, 59, tzinfo=UTC)),
        ("ada,tiny,2027-01-20 18:00,,,", datetime(2027, 1, 20, 18, tzinfo=UTC)),
        ("ada,tiny,2027-01-20T18:00+02:00,,,", datetime(2027, 1, 20, 16, tzinfo=UTC)),
    ],
)
def test_a_file_grants_extensions(course, line, due):
    granted = extensions(course, f"student,assignment,until,days,hours,exempt\n{line}\n")
    assert granted.of("ada", "tiny").due(DUE) == due
    assert granted.of("bob", "tiny") is None


def test_the_roster_grants_extensions_and_the_file_counts_before_it(course):
    roster = "id,extension,extension tiny\nada,1 day,2 days\nbob,exempt,\ncid,,12 hours\n"
    granted = extensions(course, "student;assignment;days;why\ncid;tiny;5;ill\nbob;first;1;\n", roster)
    assert granted.of("ada", "tiny").more == timedelta(days=2)
    assert granted.of("ada", "first").more == timedelta(days=1)
    assert granted.of("bob", "tiny").exempt
    assert granted.of("bob", "first").more == timedelta(days=1)
    assert granted.of("cid", "tiny").more == timedelta(days=5)


def test_an_assignments_own_extension_counts_before_that_for_all(course):
    granted = extensions(course, "student,assignment,days\nada,*,1\nada,tiny,2\n")
    assert [granted.of("ada", name).more.days for name in ("tiny", "first")] == [2, 1]


def test_a_date_for_all_moves_those_that_are_due_before(course):
    until = extensions(course, "student,assignment,until\nada,*,2027-01-10\n").of("ada", "first")
    assert until.due(DUE - timedelta(days=7)).day == 10
    assert until.due(DUE) == DUE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"extensions\.csv is empty; its first line names the columns"),
        ("student,days\nada,3\n", r"line 1: there is no column 'assignment'"),
        ("student,assignment,dayz\n", r"line 1: nothing here knows the column 'dayz'"),
        ("student,assignment,days\n\nada,tiny,three\n", r"line 3: 'three days' is no extension; write 3 days"),
        ("student,assignment,days\nada,tiny,-3\n", r"line 2: '-3 days' is no extension"),
        ("student,assignment,days\nada,tiny,1e9\n", r"line 2: '1e9 days' is no extension"),
        ("student,assignment,days\nada,tiny,99999999\n", r"line 2: '99999999 days' is no extension"),
        ("student,assignment,until\nada,tiny,20.01.2027\n", r"line 2: '20.01.2027' is no extension"),
        ("student,assignment,until\nada,tiny,2027-01-10\n", r"line 2: 2027-01-10 is not after the due date of tiny"),
        ("student,assignment,days\nada,tinny,3\n", r"line 2: there is no assignment 'tinny'; write one of last, tiny"),
        ("student,assignment,days\nada,,3\n", r"line 2: there is no assignment ''"),
        ("student,assignment,days\n,tiny,3\n", r"line 2: there is no student; write the student's id"),
        ("student,assignment,days,hours\nada,tiny,3,3\n", r"line 2: fill in exactly one of .*, not 2"),
        ("student,assignment,days\nada,tiny,\n", r"line 2: fill in exactly one of .*, not 0"),
        ("student,assignment,exempt\nada,tiny,maybe\n", r"line 2: exempt is 'maybe'; write yes"),
        ("student,assignment,days\nada,tiny,3\nada,tiny,4\n", r"line 3: ada has an extension for tiny already"),
        ("student,assignment,days\nada,tiny,3,x\n", r"line 2: 4 cells for 3 columns"),
        ('student,assignment,days\n"ada,tiny,3\n', r"line 2: this is no line of a CSV file"),
    ],
)
def test_what_is_no_extension_is_one_sentence_with_its_line(course, text, said):
    with pytest.raises(AutograderError, match=said):
        extensions(course, text)


def test_who_is_not_in_the_roster_is_told(course):
    with pytest.raises(AutograderError, match=r"line 2: 'eve' is not in roster.csv"):
        extensions(course, "student,assignment,days\neve,tiny,3\n", "id\nada\n")


def test_what_the_roster_cannot_mean_is_told(course):
    with pytest.raises(AutograderError, match=r"'extension tiny' of ada: 'soon' is no extension"):
        extensions(course, "student,assignment,days\n", "id,extension tiny\nada,soon\n")


def test_an_assignment_without_a_due_date_has_none_to_extend(course):
    undated = replace(course, assignments=[replace(one, due=None) for one in course.assignments])
    with pytest.raises(AutograderError, match=r"line 2: tiny has no due date"):
        extensions(undated, "student,assignment,days\nada,tiny,3\n")


# Over the course


def handed_in(course: Course, name: str, days: float, **values: object) -> None:
    """Write a result of 6 points, handed in so many days after the due date."""
    at = course.assignment(name).due + timedelta(days=days - 0.5)
    check = CheckRecord(
        id="test_a.py::test_a", question="double", points=6, score=6, status=CheckStatus.PASSED, public=False
    )
    fields = {"status": Status.GRADED, "score": 6.0, "max_score": 6.0, "checks": (check,), **values}
    write_result(
        course.root / "results",
        Result(assignment=name, student="ada", submitted_at=at.astimezone(UTC).isoformat(), **fields),
    )


def settled(course: Course, name: str) -> Result:
    (result,) = read_settled(course, course.assignment(name), course.root / "results")
    return result


def test_the_budget_is_used_up_in_the_order_of_due_dates(course):
    for name, days in (("last", 2), ("tiny", 2), ("first", 1)):
        handed_in(course, name, days)
    found = {name: settled(course, name) for name in ("first", "tiny", "last")}
    assert [(r.late_days, r.free_days, r.penalty) for r in found.values()] == [(1, 1, 0), (2, 2, 0), (2, 0, 1.2)]
    assert found["last"].score == 4.8
    assert "(0 of" not in found["last"].lateness


@pytest.mark.parametrize(
    ("values", "grant"),
    [
        ({"status": Status.INVALID, "checks": (), "score": 0.0}, ""),
        ({}, "student,assignment,exempt\nada,first,yes\n"),
        ({}, "student,assignment,days\nada,first,3\n"),
    ],
    ids=["unreadable", "exempt", "extended"],
)
def test_what_costs_nothing_uses_no_free_days(course, values, grant):
    handed_in(course, "first", 3, **values)
    handed_in(course, "tiny", 3)
    if grant:
        (course.root / "extensions.csv").write_text(grant)
    assert settled(course, "tiny").free_days == 3


def test_too_late_uses_no_free_days(course):
    course = replace(course, late_policy=replace(course.late_policy, last_day=2))
    handed_in(course, "first", 3)
    handed_in(course, "tiny", 2)
    assert settled(course, "first").flags == (Flag.TOO_LATE,)
    assert (settled(course, "first").score, settled(course, "tiny").free_days) == (0, 2)


def test_a_damaged_result_of_another_assignment_harms_nobody(course):
    handed_in(course, "first", 3)
    handed_in(course, "tiny", 3)
    assert settled(course, "tiny").free_days == 0
    result_path(course.root / "results", "first", "ada").write_text("{")
    assert settled(course, "tiny").free_days == 3


def test_settling_twice_changes_nothing(course):
    handed_in(course, "tiny", 5, score=0.0, penalty=6.0, flags=(Flag.RENAMED,))
    settle = open_settlement(course, course.assignment("tiny"), course.root / "results").of
    once = settled(course, "tiny")
    assert settle(once) is once
    assert (once.score, once.flags) == (6 - 1.2, (Flag.RENAMED,))


def test_a_grading_that_failed_is_left_alone(course):
    handed_in(course, "tiny", 5, status=Status.FAILED, score=0.0, reason="lost")
    assert (settled(course, "tiny").late_days, settled(course, "tiny").lateness) == (0, "")


# In a batch


@pytest.fixture
def graded(course_root: Path) -> Path:
    """A course in which ada handed in two days late."""
    config = course_root / "course_config.py"
    dated = "points=6, due=datetime(2027, 1, 15, 12, tzinfo=UTC), late_policy=LatePolicy(penalty_per_day=0.1),"
    text = config.read_text().replace("points=6,", dated).replace("Course\n", "Course, LatePolicy\n")
    config.write_text(f"from datetime import UTC, datetime\n{text}")
    hand_in(course_root, "2027-01-17 10:00:00 UTC")
    return course_root


def hand_in(root: Path, time: str, answer: str = "answer = 42") -> None:
    path = submit(root, "ada", *answers(RIGHT, answer))
    path.with_name("timestamp.txt").write_text(time)


def request(root: Path) -> BatchRequest:
    course = load_course(root)
    assignment = course.assignment("tiny")
    return BatchRequest(
        course=course,
        assignment=assignment,
        submissions=find_submissions(root / "submitted", "tiny"),
        submitted=root / "submitted",
        results=root / "results",
        fingerprints=Fingerprints(course, assignment, "secret", "auto"),
        device="cpu",
    )


def refuse_after_day_3(root: Path) -> None:
    config = root / "course_config.py"
    last = 'penalty_per_day=0.1, last_day=3, after_last_day="not accepted"'
    config.write_text(config.read_text().replace("penalty_per_day=0.1", last))


def grade(root: Path, script: dict | None = None) -> tuple[int, Result]:
    """Run a batch; return how many were graded, and ada's result."""
    engine = ScriptedEngine(script or {})
    told = []
    run_batch(plan_batch(request(root)), engine, told.append)
    result = read_result(result_path(root / "results", "tiny", "ada"))
    assert [event.result for event in told if hasattr(event, "result")] in ([], [result])
    return len(engine.runs), result


def test_a_batch_writes_what_lateness_comes_to(graded):
    runs, result = grade(graded)
    assert (runs, result.late_days, result.penalty, result.score) == (1, 2, 1.2, 4.8)
    assert result.lateness.endswith("2 late days × 10% of 6 points, is 1.2 off: 6 - 1.2 = 4.8.")


def test_a_new_extension_or_policy_grades_nobody_again_and_changes_the_score(graded):
    grade(graded)
    (graded / "extensions.csv").write_text("student,assignment,days\nada,tiny,1\n")
    runs, result = grade(graded)
    assert (runs, result.late_days, result.score) == (0, 1, 5.4)
    config = graded / "course_config.py"
    config.write_text(config.read_text().replace("penalty_per_day=0.1", "penalty_per_day=0.5"))
    runs, result = grade(graded)
    assert (runs, result.score) == (0, 3.0)
    hand_in(graded, "2027-01-17 10:00:00 UTC", "answer = 43")
    assert grade(graded)[0] == 1


def test_what_is_not_accepted_leaves_the_attempt_before_it_in_force(graded):
    refuse_after_day_3(graded)
    grade(graded)
    hand_in(graded, "2027-01-20 10:00:00 UTC", "answer = 43")
    batch = request(graded)
    assert batch.submissions[0].submitted_at.day == 20
    run_batch(plan_batch(batch), ScriptedEngine(), lambda _: None)
    counting = read_result(result_path(graded / "results", "tiny", "ada"))
    assert (counting.attempt, counting.score) == (1, 4.8)
    refused = read_result(graded / "results" / "tiny" / "attempts" / "ada" / "2" / "result.json")
    assert (refused.score, refused.flags) == (0, (Flag.NOT_ACCEPTED,))
    assert refused.lateness.endswith("the last one is day 3 after the due date: not accepted.")


def test_who_handed_in_twice_before_the_first_grading_keeps_what_came_in_time(graded, capsys):
    refuse_after_day_3(graded)
    hand_in(graded, "2027-01-17 10:00:00 UTC")
    earlier = graded / "submitted" / ".attempts" / "1" / "ada"
    earlier.parent.mkdir(parents=True)
    (graded / "submitted" / "ada").rename(earlier)
    hand_in(graded, "2027-01-20 10:00:00 UTC", "answer = 43")
    assert main(["build", "--course", str(graded)]) == 0
    assert main(["grade", "tiny", "--course", str(graded), "--dry-run"]) == 0
    assert "2 to grade, 0 reused" in capsys.readouterr().out
    run_batch(plan_batch(request(graded)), ScriptedEngine(), lambda _: None)
    counting = read_result(result_path(graded / "results", "tiny", "ada"))
    assert (counting.attempt, counting.score) == (1, 4.8)


def test_report_and_feedback_say_the_score_of_today(graded, capsys):
    grade(graded)
    (graded / "extensions.csv").write_text("student,assignment,days\nada,tiny,1\n")
    for command in ("report", "feedback"):
        assert main([command, "tiny", "--course", str(graded)]) == 0
    folder = graded / "results" / "tiny"
    for path in (folder / "report.html", folder / "feedback" / "ada.html", folder / "feedback" / "ada.md"):
        assert "is 0.6 off: 6 - 0.6 = 5.4." in path.read_text()
        assert not any(old in path.read_text() for old in ("= 4.8", ">4.8<", "4.8 of 6"))  # seconds may be 4.8


def test_a_broken_extension_ends_the_command_with_one_sentence(graded, capsys):
    grade(graded)
    (graded / "extensions.csv").write_text("student,assignment,days\nada,tiny,soon\n")
    assert main(["report", "tiny", "--course", str(graded)]) == 2
    assert "extensions.csv, line 2: 'soon days' is no extension" in capsys.readouterr().err

"""What people give is data of its own: added, never lost by a regrade, asked for again only where the answer changed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import ScriptedEngine
from tiny_course import RIGHT, answers, submit

from autograder.adjustments import Adjustment, Kind, adjustments_path, append, hand_record, read_adjustments
from autograder.cli import main
from autograder.course import load_course
from autograder.errors import AutograderError
from autograder.grading.batch import BatchRequest, plan_batch, run_batch
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.submissions import find_submissions
from autograder.question_scores import question_scores
from autograder.results import CheckRecord, CheckStatus, HandStatus, Result, read_result, result_path
from autograder.settlement import read_settled

ONE = Adjustment(kind=Kind.POINTS, student="ada", question="double", points=2, who="Tom")


def record(*given: Adjustment, answer: str = "", points: float = 3, checks: float | None = 1):
    return hand_record("double", given, answer=answer, points=points, checks=checks)


# What several adjustments come to


def test_points_replace_what_checks_gave():
    found = record(ONE)
    assert (found.score, found.by_hand, found.status) == (2, 1, HandStatus.COUNTED)


def test_corrections_add_up_on_what_there_was():
    more, less = (replace(ONE, kind=Kind.CORRECTION, points=p) for p in (1.5, -0.5))
    assert record(more, less).score == 2
    assert record(less).by_hand == -0.5
    assert record(more, ONE, less).score == 1.5


def test_a_score_stays_between_nothing_and_what_the_question_is_worth():
    more, less = (replace(ONE, kind=Kind.CORRECTION, points=p) for p in (2, -2))
    assert record(more, checks=3).score == 3
    assert record(less, checks=1).score == 0


def test_a_comment_alone_changes_no_points():
    found = record(replace(ONE, kind=Kind.COMMENT, comment="Well said."))
    assert (found.score, found.by_hand, found.comments) == (1, 0, ("Well said.",))


def test_a_question_without_checks_waits_until_somebody_gives_points():
    assert record(checks=None).status == HandStatus.WAITING
    assert record(replace(ONE, kind=Kind.COMMENT), checks=None).status == HandStatus.WAITING
    assert record(ONE, checks=None).status == HandStatus.COUNTED


def test_what_was_given_for_another_answer_does_not_count_until_somebody_judges_the_new_one():
    old = replace(ONE, answer="old", comment="Nice.", line=1)
    found = record(old, answer="new")
    assert (found.score, found.status, found.comments) == (1, HandStatus.LOOK_AGAIN, ())
    new = replace(ONE, answer="new", points=3, line=2)
    assert (record(old, new, answer="new").score, record(old, new, answer="new").status) == (3, HandStatus.COUNTED)


# The file


def test_what_was_withdrawn_counts_no_more_and_what_was_confirmed_counts_for_the_new_answer(tmp_path):
    path = tmp_path / "a.jsonl"
    append(path, lambda _: [replace(ONE, answer="old"), replace(ONE, question="answer")])
    append(path, lambda _: [replace(ONE, kind=Kind.CONFIRMED, of=1, answer="new")])
    append(path, lambda _: [replace(ONE, kind=Kind.WITHDRAWN, of=2)])
    assert read_adjustments(path).in_force() == {("ada", "double"): [replace(ONE, answer="new", line=1)]}


@pytest.mark.parametrize("torn", [b'{"kind":"points","stu', b"\xff\xfe\n", b"[]\n", b'{"kind":"gift"}\n', b"[" * 99999])
def test_a_line_that_cannot_be_read_is_said_and_the_next_is_whole(tmp_path, torn):
    path = tmp_path / "a.jsonl"
    append(path, lambda _: [ONE])
    with path.open("ab") as file:
        file.write(torn)
    assert read_adjustments(path).unreadable == (2,)
    (added,) = append(path, lambda known: [replace(ONE, question="answer")] if known.lines else [])
    found = read_adjustments(path)
    assert [one.line for one in found.lines] == [1, 3] == [1, added.line]
    assert "a.jsonl: line 2 is no adjustment (cut off" in found.warning


def test_a_file_without_such_a_line_warns_of_nothing(tmp_path):
    append(tmp_path / "a.jsonl", lambda _: [ONE])
    assert read_adjustments(tmp_path / "a.jsonl").warning == ""


WRITER = """
import sys
from pathlib import Path
from autograder.adjustments import Adjustment, Kind, append
for n in range(40):
    one = Adjustment(kind=Kind.CORRECTION, student=sys.argv[2], question="q" * 3000, points=n)
    append(Path(sys.argv[1]), lambda known: [one])
"""


def test_several_writers_lose_nothing(tmp_path):
    path = tmp_path / "new" / "a.jsonl"
    names = ["ada", "bob", "cid"]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in names]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    found = read_adjustments(path)
    assert found.unreadable == ()
    assert [one.line for one in found.lines] == list(range(1, 121))
    for name in names:
        assert [one.points for one in found.lines if one.student == name] == list(range(40))


def test_what_is_refused_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.jsonl"
    append(path, lambda _: [ONE])
    before = path.read_bytes()

    def refuse(known):
        raise AutograderError("no")

    with pytest.raises(AutograderError, match="no"):
        append(path, refuse)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path):
    (tmp_path / "adjustments").write_text("in the way")
    with pytest.raises(AutograderError, match=r"cannot be written to .* nothing was added"):
        append(adjustments_path(tmp_path, "tiny"), lambda _: [ONE])


# The command, on a class that was graded


CHECKS = (("double", 3.0), ("answer", 3.0))


def checks(double: float, answer: float) -> tuple[CheckRecord, ...]:
    return tuple(
        CheckRecord(
            id=f"test_tiny.py::test_{question}",
            question=question,
            points=points,
            score=score,
            status=CheckStatus.PASSED if score == points else CheckStatus.FAILED,
            public=False,
        )
        for (question, points), score in zip(CHECKS, (double, answer), strict=True)
    )


def grade(root: Path, *, double: float = 1.0, answer: float = 3.0, force: bool = False) -> int:
    """Grade ada and bob, and return how many batches had something to do."""
    course = load_course(root)
    assignment = course.assignment("tiny")
    script = {name: [{"checks": checks(double, answer), "score": double + answer}] for name in ("ada", "bob")}
    engine = ScriptedEngine(script)
    request = BatchRequest(
        course=course,
        assignment=assignment,
        submissions=find_submissions(root / "submitted", "tiny"),
        results=root / "results",
        fingerprints=Fingerprints(course, assignment, "secret", "auto"),
        device="cpu",
        force=force,
    )
    run_batch(plan_batch(request), engine, lambda _: None)
    return len(engine.runs)


@pytest.fixture
def course(course_root: Path) -> Path:
    for student in ("ada", "bob"):
        submit(course_root, student, *answers(RIGHT))
    grade(course_root)
    return course_root


def adjust(root: Path, *arguments: str) -> int:
    return main(["adjust", "tiny", *arguments, "--who", "Tom", "--course", str(root)])


def result(root: Path, student: str = "ada") -> Result:
    return read_result(result_path(root / "results", "tiny", student))


def double(root: Path, student: str = "ada"):
    return question_scores(result(root, student))["double"]


def test_points_by_hand_count_everywhere_and_stand_apart(course, capsys):
    assert adjust(course, "ada", "double", "--points", "3", "--comment", "As the book has it.") == 0
    assert "1: ada, double: points; 6 of 6 in tiny now" in capsys.readouterr().out
    assert (result(course).score, double(course).by_hand, result(course, "bob").score) == (6, 2, 4)
    for command in ("report", "feedback"):
        assert main([command, "tiny", "--course", str(course)]) == 0
    folder = course / "results" / "tiny"
    assert "3 (+2)" in (folder / "report.html").read_text()
    for suffix in ("html", "md", "json"):
        text = (folder / "feedback" / f"ada.{suffix}").read_text()
        assert "+2 by hand" in text
        assert "As the book has it." in text
        assert "by hand" not in (folder / "feedback" / f"bob.{suffix}").read_text()


def test_a_regrade_keeps_what_people_gave(course):
    adjust(course, "ada", "double", "--correction=-1", "--comment", "Copied.")
    assert result(course).score == 3
    assert grade(course, double=3, force=True) == 1
    assert (result(course).score, double(course).score, double(course).comments) == (5, 2, ("Copied.",))
    assert result(course, "bob").score == 6


def test_it_costs_no_grading(course):
    adjust(course, "ada", "double", "--points", "3")
    assert grade(course) == 0
    assert result(course).score == 6


def test_where_the_answer_changed_it_is_to_be_looked_at_again(course, capsys):
    adjust(course, "ada", "double", "--points", "3")
    adjust(course, "ada", "answer", "--points", "2")
    submit(course, "ada", *answers("def double(x):\n    return 2 * x"))
    assert grade(course) == 1
    assert (result(course).score, double(course).score, double(course).look_again) == (3, 1, True)
    capsys.readouterr()
    assert adjust(course, "--list") == 1
    out = capsys.readouterr().out
    assert "1: ada, double: = 3, the answer has changed: --confirm, --undo or give others (Tom, 2" in out
    assert "2: ada, answer: = 2, counts (Tom, 2" in out
    assert "tiny: 2 by hand; 1 need a person." in out
    assert main(["report", "tiny", "--course", str(course)]) == 0
    assert "To be looked at again" in (course / "results" / "tiny" / "report.html").read_text()
    assert adjust(course, "--confirm", "1") == 0
    assert (result(course).score, adjust(course, "--list")) == (5, 0)


def test_white_space_is_no_other_answer_and_a_comment_is_one(course):
    adjust(course, "ada", "double", "--points", "3")
    submit(course, "ada", *answers("def double(x):   \n    return x + x\n\n"))
    grade(course)
    assert double(course).score == 3
    submit(course, "ada", *answers("def double(x):\n    return x + x  # twice"))
    grade(course)
    assert (double(course).score, double(course).look_again) == (1, True)


def test_undo_is_a_line_more(course, capsys):
    adjust(course, "ada", "double", "--points", "3")
    before = adjustments_path(course, "tiny").read_text()
    assert adjust(course, "--undo", "1") == 0
    assert result(course).score == 4
    assert adjustments_path(course, "tiny").read_text().startswith(before)
    assert adjust(course, "--undo", "1") == 2
    assert "there is no number 1 that counts" in capsys.readouterr().err


def test_a_line_says_who_when_and_what_checks_gave(course):
    adjust(course, "ada", "double", "--points", "3", "--comment", "ok")
    (line,) = map(json.loads, adjustments_path(course, "tiny").read_text().splitlines())
    assert (line["who"], line["checks"], line["points"], line["comment"]) == ("Tom", 1.0, 3.0, "ok")
    assert len(line["answer"]) == 16
    assert line["when"][10] == "T"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["eve", "double", "--points", "1"], "holds no result of 'eve'"),
        (["../ada", "double", "--points", "1"], "holds no result of '../ada'"),
        (["ada", "triple", "--points", "1"], "tiny has no question 'triple'; there are: double, answer."),
        (["ada", "double", "--points", "4"], "4 points for a question that is worth 3; give 0 to 3."),
        (["ada", "double", "--points=-1"], "-1 points for a question that is worth 3"),
        (["ada", "double", "--points", "nan"], "nan is no number of points"),
        (["ada", "double", "--correction", "2.5"], "+2.5 to 1 is not between 0 and the 3 points"),
        (["ada", "double", "--correction=-2"], "-2 to 1 is not between 0 and the 3 points"),
        (["ada", "double", "--points", "1", "--correction", "1"], "not both"),
        (["ada", "double", "--comment", "x" * 5000], "the comment has 5000 characters"),
        (["ada", "--points", "1"], "say whose answer to which question"),
        (["ada", "double"], "Give STUDENT and QUESTION with --points"),
        (["--list", "--undo", "1"], "Give STUDENT and QUESTION with --points"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_added(course, capsys, arguments, said):
    assert adjust(course, *arguments) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    path = adjustments_path(course, "tiny")
    assert not path.exists() or path.read_bytes() == b""


def test_several_corrections_cannot_go_beyond_the_maximum_together(course, capsys):
    assert adjust(course, "ada", "double", "--correction", "1.5") == 0
    assert adjust(course, "ada", "double", "--correction", "1") == 2
    assert "+1 to 2.5 is not between" in " ".join(capsys.readouterr().err.split())


def test_a_file_is_imported_whole_or_not_at_all_and_twice_is_once(course, tmp_path, capsys):
    table = tmp_path / "points.csv"
    table.write_text(
        'student,question,points,correction,comment,who\nada,double,3,,"Right, after all",Eva\nbob,double,,-1,,\n'
    )
    assert adjust(course, "--import", str(table)) == 0
    assert (result(course).score, result(course, "bob").score) == (6, 3)
    assert double(course).comments == ("Right, after all",)
    capsys.readouterr()
    assert adjust(course, "--import", str(table)) == 0
    assert "Nothing to add" in capsys.readouterr().out
    before = adjustments_path(course, "tiny").read_bytes()
    table.write_text("student,question,points\nada,answer,1\neve,double,1\n")
    assert adjust(course, "--import", str(table)) == 2
    assert adjustments_path(course, "tiny").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,points\nada,1\n", "line 1: there is no column 'question'"),
        ("student,question,points\nada,double,two\n", "line 2: 'two' is no number"),
        ("student,question,points\nada,double,1\nada,double,2\n", "line 3: the same answer is in"),
        ("student,question,points\nada,double,\n", "line 2: give points, a correction or a comment"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence_with_its_line(course, tmp_path, capsys, text, said):
    (tmp_path / "points.csv").write_text(text)
    assert adjust(course, "--import", str(tmp_path / "points.csv")) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_an_imported_file_does_not_undo_what_was_decided_since(course, tmp_path):
    (tmp_path / "points.csv").write_text("student,question,points\nada,double,2\n")
    adjust(course, "--import", str(tmp_path / "points.csv"))
    adjust(course, "ada", "double", "--points", "3")
    adjust(course, "--import", str(tmp_path / "points.csv"))
    assert double(course).score == 3
    adjust(course, "ada", "double", "--points", "2")
    assert double(course).score == 2


def test_a_submission_that_cannot_be_read_can_be_given_points(course):
    (course / "submitted" / "bob" / "tiny" / "tiny.ipynb").unlink()
    grade(course)
    assert result(course, "bob").score == 0
    assert adjust(course, "bob", "double", "--points", "2") == 0
    assert result(course, "bob").score == 2


def test_a_penalty_is_reckoned_on_the_adjusted_points(course):
    config = course / "course_config.py"
    dated = "points=6, due=datetime(2027, 1, 15, 12, tzinfo=UTC), late_policy=LatePolicy(penalty_per_day=0.5),"
    text = config.read_text().replace("points=6,", dated).replace("Course\n", "Course, LatePolicy\n")
    config.write_text(f"from datetime import UTC, datetime\n{text}")
    path = course / "submitted" / "ada" / "tiny" / "timestamp.txt"
    path.write_text("2027-01-15 13:00:00 UTC")
    grade(course, double=0, answer=0)
    assert (result(course).score, result(course).penalty) == (0, 0)
    assert adjust(course, "ada", "double", "--points", "2") == 0
    assert (result(course).score, result(course).penalty) == (0, 2)
    assert adjust(course, "ada", "answer", "--points", "3") == 0
    assert (result(course).score, result(course).penalty) == (2, 3)
    assert result(course).lateness.endswith("is 3 off: 5 - 3 = 2.")


def test_while_a_batch_holds_the_results_it_is_noted_and_counts_in_what_is_shown(course, capsys):
    from autograder.grading.lock import locked

    with locked(course / "results"):
        assert adjust(course, "ada", "double", "--points", "3") == 0
    assert "Noted; the result files follow with the next" in " ".join(capsys.readouterr().err.split())
    assert result(course).score == 4
    loaded = load_course(course)
    shown = read_settled(loaded, loaded.assignment("tiny"), course / "results")
    assert [one.score for one in shown] == [6, 4]


def test_a_torn_line_is_said_by_every_command_that_scores(course, capsys):
    adjust(course, "ada", "double", "--points", "3")
    with adjustments_path(course, "tiny").open("ab") as file:
        file.write(b'{"kind":"poi')
    for command in (["adjust", "tiny", "--list"], ["report", "tiny"], ["feedback", "tiny"]):
        assert main([*command, "--course", str(course)]) == 0
        assert "line 2 is no adjustment" in " ".join(capsys.readouterr().err.split()), command


def test_terminal_codes_in_comments_and_names_do_nothing(course, capsys):
    adjust(course, "ada", "double", "--comment", "\x1b[31mred <b>bold</b>")
    capsys.readouterr()
    adjust(course, "--list")
    assert "\x1b[31mred" not in capsys.readouterr().out
    main(["feedback", "tiny", "--course", str(course)])
    page = (course / "results" / "tiny" / "feedback" / "ada.html").read_text()
    assert "&lt;b&gt;bold" in page
    assert "\x1b" not in page


def test_a_list_of_one_student_shows_no_other(course, capsys):
    adjust(course, "ada", "double", "--points", "3")
    adjust(course, "bob", "double", "--points", "2")
    capsys.readouterr()
    assert adjust(course, "bob", "--list") == 0
    out = capsys.readouterr().out
    assert "bob" in out
    assert "ada" not in out


def test_what_checks_give_now_stands_beside_what_they_gave(course, capsys):
    adjust(course, "ada", "double", "--correction", "1")
    grade(course, double=2, force=True)
    capsys.readouterr()
    adjust(course, "--list")
    assert "checks gave 1 then, 2 now" in capsys.readouterr().out

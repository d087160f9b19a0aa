"""A student's feedback says what was right, what was not and why, and nothing that is not theirs to know."""

import base64
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tiny_course

from autograder.cli import main
from autograder.course import Assignment
from autograder.feedback.answer_cells import Picture, ShownCell, read_shown_cells
from autograder.feedback.as_text import as_json, as_markdown
from autograder.feedback.feedback import Graded, gather, in_words
from autograder.feedback.page import feedback_page
from autograder.grading.attempts import Attempts
from autograder.results import (
    CellRecord,
    CellStatus,
    CheckRecord,
    CheckStatus,
    Measurement,
    Result,
    Status,
    result_path,
    write_result,
)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ASSIGNMENT = Assignment(name="mlp", title="Train an MLP", points=20, due=datetime(2027, 1, 15, 23, 59, tzinfo=UTC))


def check(name: str, score: float = 1, points: float = 1, **values: object) -> CheckRecord:
    status = CheckStatus.PASSED if score == points else CheckStatus.FAILED
    fields = {"question": "MLP", "status": status, "public": False, **values}
    return CheckRecord(id=f"test_network.py::test_{name}", points=points, score=score, **fields)


def result(*checks: CheckRecord, **values: object) -> Result:
    score = sum(one.score for one in checks)
    fields = {"assignment": "mlp", "student": "ada", "status": Status.GRADED, "score": score, "max_score": 20.0}
    return Result(**{**fields, "checks": checks, **values})


WRONG = check("forward", 0, 3, message="The second ReLU is missing: see `nn.ReLU`.", cause="The second ReLU is missing")
MIXED = result(
    check("the_sizes_are_parameters", 2, 2),
    WRONG,
    check("mode", 0, message="Not judged by itself, since `test_forward` …", staff_message="AssertionError"),
    check("accuracy", 1, 1, question="train", measured=(Measurement(of="accuracy", value=0.97, at_least=0.96),)),
)


def graded(of: Result = MIXED, **values: object) -> Graded:
    return Graded(assignment=ASSIGNMENT, result=of, **values)


# What is said


def test_a_check_is_named_in_words():
    assert in_words("test_training.py::test_the_loss_is_a_mean_per_sample") == "The loss is a mean per sample"


def test_a_question_says_its_one_hint():
    mlp, train = gather(graded(), "hints").questions
    assert (mlp.score, mlp.points, mlp.hint) == (2, 6, WRONG.message)
    assert [one.text for one in mlp.checks] == ["", WRONG.message, ""]
    assert train.is_right


def test_what_was_right_is_said():
    assert gather(graded(), "hints").right == ["train"]


@pytest.mark.parametrize(("level", "checks", "cells"), [("scores", 0, 0), ("hints", 3, 0), ("full", 3, 1)])
def test_a_level_shows_so_much(level, checks, cells):
    shown = [ShownCell(number=3, question="MLP", source="class MLP: pass")]
    question = gather(graded(cells=shown), level).questions[0]
    assert (len(question.checks), len(question.cells)) == (checks, cells)


def test_late_days_are_reckoned_before_the_students_eyes():
    late = result(check("a", 18, 18), late_days=2, penalty=4.0, score=14.0, lateness="2 late days … 18 - 4 = 14.")
    feedback = gather(graded(late), "scores")
    assert feedback.lateness == "2 late days … 18 - 4 = 14."
    assert all("18 - 4 = 14." in text for text in (feedback_page(feedback), as_markdown(feedback), as_json(feedback)))


def test_who_is_on_time_reads_nothing_of_lateness():
    assert gather(graded(), "full").lateness == ""


def test_several_attempts_are_listed():
    first = replace(MIXED, attempt=1)
    second = replace(MIXED, attempt=2, score=5.0)
    assert gather(graded(second, attempts=[first, second]), "hints").attempts == [
        "Attempt 1: 3 of 20",
        "Attempt 2: 5 of 20 (this one counts)",
    ]
    assert gather(graded(attempts=[first]), "hints").attempts == ()


def test_what_changed_since_the_last_grading_is_said_with_its_reason():
    before = replace(MIXED, score=0.0, checks=(check("the_sizes_are_parameters", 0, 2),), depends_on={"check a": "1"})
    after = replace(MIXED, depends_on={"check a": "2", "secret": "x"})
    changes = gather(graded(after, earlier=before), "hints").changes
    assert changes[0] == "Your score was 0 and is 3 now."
    assert "“The sizes are parameters” gave 0 of 2 and gives 2 of 2 now." in changes
    assert changes[-1] == "Why: the checks were changed."


def test_an_unreadable_submission_is_told_why():
    invalid = result(status=Status.INVALID, reason="mlp.ipynb is cut off; save it again, and hand it in.")
    page = feedback_page(gather(graded(invalid), "full"))
    assert "mlp.ipynb is cut off" in page


# What is shown of the notebook


def notebook(path: Path, *cells: dict) -> Path:
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}))
    return path


def cell(source: str, *outputs: dict) -> dict:
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def display(**data: str) -> dict:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/"): v for name, v in data.items()},
    }


def test_the_line_that_failed_is_marked(tmp_path):
    record = CellRecord(
        index=0,
        id="a",
        grade_id="MLP",
        status=CellStatus.ERROR,
        error="NameError: no line 9 in cell 1 (`MLP`), line 2: `y = z`",
    )
    (shown,) = read_shown_cells(notebook(tmp_path / "a.ipynb", cell("x = 1\ny = z\n")), replace(MIXED, cells=(record,)))
    assert (shown.question, shown.failed_lines) == ("MLP", (2,))
    assert '<span class="hll">' in feedback_page(gather(graded(cells=[shown]), "full"))


def test_figures_and_output_are_the_students_own(tmp_path):
    stream = {"output_type": "stream", "name": "stdout", "text": ["epoch 1\n", "epoch 2\n"]}
    path = notebook(tmp_path / "a.ipynb", cell("plot()", stream, display(image_png=PIXEL, text_plain="<Figure>")))
    (shown,) = read_shown_cells(path, MIXED)
    assert shown.outputs == ("epoch 1\nepoch 2", Picture(kind="image/png", base64=PIXEL))


@pytest.mark.parametrize(
    "output",
    [
        display(text_html="<script>alert(1)</script>"),
        display(application_javascript="alert(1)"),
        display(image_png=base64.b64encode(b"<svg onload=alert(1)>").decode()),
        display(image_png="no base64"),
        {"output_type": "display_data", "data": [1]},
        "text",
        {"output_type": "stream", "text": 5},
    ],
)
def test_what_is_no_plain_text_and_no_picture_is_left_out(tmp_path, output):
    assert [one.outputs for one in read_shown_cells(notebook(tmp_path / "a.ipynb", cell("x", output)), MIXED)] == [()]


def test_a_page_stays_small_whatever_the_notebook_holds(tmp_path):
    big = base64.b64encode(base64.b64decode(PIXEL) + bytes(140_000)).decode()
    cells = [
        cell(
            "x = '" + "y" * 50_000 + "'\n" * 500,
            *[display(image_png=big)] * 3,
            {"output_type": "stream", "text": "z" * 90_000},
        )
    ]
    shown = read_shown_cells(notebook(tmp_path / "a.ipynb", *cells * 20), MIXED)
    page = feedback_page(gather(graded(cells=shown), "full"))
    assert len(page.encode()) < 1_000_000
    assert "A figure is left out here" in page


def test_a_notebook_that_is_gone_leaves_the_rest(tmp_path):
    assert read_shown_cells(tmp_path / "none.ipynb", MIXED) == []


# What is not


CANARY = "CANARY-a8f3"


def test_nothing_of_staffs_is_in_any_form():
    secretive = replace(
        MIXED,
        checks=tuple(replace(one, staff_message=CANARY, cause=f"{one.cause} {CANARY}") for one in MIXED.checks),
        output=CANARY,
        depends_on={"secret": CANARY, f"check {CANARY}": "1"},
    )
    earlier = replace(secretive, score=1.0, checks=(), depends_on={"secret": "x"})
    feedback = gather(graded(secretive, earlier=earlier), "full")
    for text in (feedback_page(feedback), as_markdown(feedback), as_json(feedback)):
        assert CANARY not in text
        assert "The second ReLU is missing" in text  # the positive control: what is theirs is there


def test_markup_in_names_hints_and_code_stays_text():
    evil = "<script>alert(1)</script>"
    of = result(check("a", 0, message=f"Look at `{evil}` {evil}", cause="x"), student=evil)
    shown = [ShownCell(number=1, question="MLP", source=evil, error=evil, outputs=(evil,))]
    page = feedback_page(gather(graded(of, cells=shown), "full"))
    assert "<script" not in page
    assert page.count("alert(1)") >= 5


# The command


@pytest.fixture(scope="module")
def graded_course(built_numpy_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("feedback") / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    for student, answer in (("ada", "answer = 43"), ("zoe", "answer = 42")):
        tiny_course.submit(root, student, *tiny_course.numpy_answers("def double(x):\n    return 2 * x", answer))
    assert main(["grade", "tiny", "--course", str(root), "--workers", "1"]) == 0
    return root


@pytest.fixture
def course(graded_course: Path, tmp_path: Path) -> Path:
    """A copy of the course, graded, that a test may change."""
    return shutil.copytree(graded_course, tmp_path / "course")


def test_each_student_gets_a_page_a_text_and_data(course, capsys):
    assert main(["feedback", "tiny", "--course", str(course)]) == 0
    folder = course / "results" / "tiny" / "feedback"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("ada.html", "ada.json", "ada.md", "ready.json", "zoe.html", "zoe.json", "zoe.md"),
    ]
    page = (folder / "ada.html").read_text()
    assert "Off by one" in page
    assert "zoe" not in page
    assert "answer" in json.loads((folder / "ada.json").read_text())["questions"][1]["name"]
    assert json.loads((folder / "ready.json").read_text())["students"] == ["ada", "zoe"]
    assert "Feedback for 2 students (full)" in capsys.readouterr().out


def test_the_command_line_says_how_much_is_shown(course):
    assert main(["feedback", "tiny", "--course", str(course), "--level", "scores"]) == 0
    assert "Off by one" not in (course / "results" / "tiny" / "feedback" / "ada.html").read_text()


def test_a_regrade_that_changes_something_is_told(course):
    checks = course / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(checks.read_text().replace("partial(0.5, ", "return  # "))
    assert main(["grade", "tiny", "--course", str(course), "--workers", "1"]) == 0
    assert main(["feedback", "tiny", "--course", str(course), "--student", "ada"]) == 0
    text = (course / "results" / "tiny" / "feedback" / "ada.md").read_text()
    assert "Your score was 4.5 and is 6 now." in text
    assert "Why: the checks were changed." in text


def test_feedback_waits_for_its_date(course, capsys):
    config = course / "course_config.py"
    text = config.read_text().replace(
        "points=6", 'points=6, feedback_level="scores", feedback_at=datetime(2999, 1, 1, tzinfo=UTC)'
    )
    config.write_text(f"from datetime import UTC, datetime\n{text}")
    assert main(["feedback", "tiny", "--course", str(course)]) == 2
    assert "kept until 2999-01-01 00:00 UTC" in capsys.readouterr().err
    look = course / "look"
    assert main(["feedback", "tiny", "--course", str(course), "--output", str(look)]) == 0
    assert "Off by one" not in (look / "ada.html").read_text()


def test_a_student_without_a_result_is_named(course, capsys):
    assert main(["feedback", "tiny", "--course", str(course), "--student", "bob"]) == 2
    assert "holds no result of 'bob'" in capsys.readouterr().err


def test_a_grading_that_failed_is_no_feedback(course, capsys):
    path = result_path(course / "results", "tiny", "ada")
    failed = replace(Result.from_json(path.read_bytes()), status=Status.FAILED, reason="lost")
    write_result(course / "results", failed)
    assert main(["feedback", "tiny", "--course", str(course)]) == 1
    assert "ada" in capsys.readouterr().out
    assert not (course / "results" / "tiny" / "feedback" / "ada.html").exists()


def test_the_last_result_that_said_otherwise_is_kept(tmp_path):
    attempts = Attempts(tmp_path, "mlp", "last")
    (tmp_path / "mlp" / "attempts" / "ada" / "1").mkdir(parents=True)
    attempts.write(replace(MIXED, score=1.0))
    assert attempts.earlier("ada", 1) is None
    attempts.write(replace(MIXED, score=2.0))
    attempts.write(replace(MIXED, score=2.0, seconds=9.0))
    attempts.write(replace(MIXED, score=0.0, status=Status.FAILED, reason="lost"))
    kept = attempts.earlier("ada", 1)
    assert kept is not None
    assert kept.score == 1.0


# Questions that are worth nothing: extras


def test_a_slip_in_an_extra_is_told_with_its_hint_and_a_blank_one_asks_for_nothing():
    hint = "The mean's own gradient is missing."
    slip = check("back", 0, 0, question="extra", status=CheckStatus.FAILED, message=hint, cause="slip")
    feedback = gather(graded(result(check("a", 2, 2), slip)), "hints")
    assert [question.name for _, question in feedback.to_look_at] == ["extra"]
    assert feedback.right == ["MLP"]
    for text in (feedback_page(feedback), as_markdown(feedback)):
        assert hint in text.replace("&#39;", "'")
    assert "extra</code></a>." in feedback_page(feedback)
    passed = check("back", 0, 0, question="extra", status=CheckStatus.PASSED)
    blank = replace(slip, status=CheckStatus.MISSING)
    for one in (passed, blank):
        assert gather(graded(result(check("a", 2, 2), one)), "hints").to_look_at == []
    assert gather(graded(result(check("a", 2, 2), slip)), "scores").to_look_at == []

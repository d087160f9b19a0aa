"""The gradebook for nbgrader: what it shows is ours, what is typed there comes back, and nothing of a student's runs."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import gradebook_course
import pytest
from gradebook_course import graded, make, run
from test_by_hand import by_hand, text
from tiny_course import RIGHT, answers, notebook

from autograder.adjustments import read_adjustments
from autograder.cli import main
from autograder.course import load_course
from autograder.results import Result, kept_notebook_path
from autograder.settlement import read_settled

STUDENTS = ("ada", "bob", "cid")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    root = make(tmp_path_factory.mktemp("gradebook") / "course")
    graded(root, "ada")
    graded(root, "bob", late=True, hidden=1.5)
    graded(root, "cid", words="Since 2x = x + x.")
    (root / "roster.csv").write_text('id,name,email\nada,"Lovelace, Ada",ada@example.org\nbob,Bob Builder,\n')
    assert run(root) == 0
    return root


@pytest.fixture
def root(pristine, tmp_path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "course"))


def book(root: Path) -> Path:
    return root / "gradebook" / "tiny"


def settled(root: Path) -> dict[str, Result]:
    course = load_course(root)
    return {one.student: one for one in read_settled(course, course.assignment("tiny"), root / "results")}


def type_in(root: Path, student: str, question: str, *, score: float | None = None, comment: str | None = None) -> None:
    """Write into the database what formgrader's handlers do."""
    cell = question if question == "words" else f"check-{question}"
    where = """ where notebook_id = (select n.id from submitted_notebook n join submitted_assignment a
        on n.assignment_id = a.id where a.student_id = ?) and cell_id in (select id from base_cell where name = ?)"""
    with sqlite3.connect(book(root) / "gradebook.db") as db:
        if score is not None:
            db.execute(f"update grade set manual_score = ?, needs_manual_grade = 0 {where}", (score, student, cell))
        if comment is not None:
            db.execute(f"update comment set manual_comment = ? {where}", (comment, student, question))
    db.close()


def nbgrader(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=book(root), capture_output=True, text=True, env=environment, check=False)


def lines(root: Path) -> int:
    return len(read_adjustments(root / "adjustments" / "tiny.jsonl").lines)


def err(capsys) -> str:
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())


def test_the_command_says_how_to_go_on(root, capsys):
    assert run(root) == 0
    said = err(capsys)
    assert "The gradebook of 3 students is in" in said
    assert "jupyter lab" in said
    assert f"autograder gradebook tiny --read --course {root}" in said


def test_nbgraders_export_and_feedback_agree(root):
    assert main(["adjust", "tiny", "bob", "words", "--points", "2", "--course", str(root)]) == 0
    assert run(root) == 0
    done = nbgrader(root, "export")
    assert done.returncode == 0, done.stderr
    ours = settled(root)
    with (book(root) / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {who: float(row["score"]) for who, row in rows.items()} == {who: one.score for who, one in ours.items()}
    assert {float(row["max_score"]) for row in rows.values()} == {8.0}
    assert float(rows["bob"]["late_submission_penalty"]) == ours["bob"].penalty > 0
    assert (rows["ada"]["first_name"], rows["ada"]["last_name"], rows["ada"]["email"]) == (
        "Ada",
        "Lovelace",
        "ada@example.org",
    )
    done = nbgrader(root, "generate_feedback", "tiny")
    assert done.returncode == 0, done.stderr
    for who in STUDENTS:
        page = (book(root) / "feedback" / who / "tiny" / "tiny.html").read_text()
        assert f"(Score: {ours[who].score} / 8.0)" in page.replace("\n", " ")
        assert "<script>document.title" not in page
        assert "<img src=x" not in page
        assert "Read the book again." in page


def test_no_output_text_or_markdown_of_a_students_can_hold_a_script(root):
    copy = json.loads((book(root) / "autograded" / "ada" / "tiny" / "tiny.ipynb").read_text())
    kinds = {kind for cell in copy["cells"] for one in cell.get("outputs", []) for kind in one.get("data", {})}
    assert kinds <= {"image/png", "image/jpeg"}
    assert {cell["source"] for cell in copy["cells"] if cell["id"] == "double"} == {RIGHT}
    [words] = [cell["source"] for cell in copy["cells"] if cell["id"] == "words"]
    assert words == "```\nIt is doubled.\n```"
    assert not list((book(root) / "submitted").rglob("*.ipynb"))


def test_points_and_words_typed_there_are_found_here_once(root, capsys):
    type_in(root, "ada", "words", score=1.5, comment="Right, but say why.")
    type_in(root, "bob", "answer", score=3)
    assert run(root, "--read", "--who", "Eva") == 0
    ours = settled(root)
    assert (ours["ada"].score, ours["bob"].score) == (4.5, 5.2)
    [given] = [one for one in ours["ada"].by_hand if one.question == "words"]
    assert (given.score, given.comments) == (1.5, ("Right, but say why.",))
    first = lines(root)
    assert {one.who for one in read_adjustments(root / "adjustments" / "tiny.jsonl").lines} == {"Eva"}
    capsys.readouterr()
    assert run(root, "--read") == 0
    assert "Nothing to take" in err(capsys)
    assert run(root) == 0
    assert run(root, "--read") == 0
    assert lines(root) == first == 2


def test_writing_it_again_loses_nothing_that_was_typed(root):
    type_in(root, "ada", "words", score=2)
    assert run(root) == 0
    assert settled(root)["ada"].score == 5
    with sqlite3.connect(book(root) / "gradebook.db") as db:
        assert (2.0,) in db.execute("select manual_score from grade").fetchall()
    db.close()


def test_lateness_is_reckoned_with_what_was_typed(root):
    type_in(root, "bob", "words", score=2)
    assert run(root, "--read") == 0
    with sqlite3.connect(book(root) / "gradebook.db") as db:
        penalties = [row[0] for row in db.execute("select late_submission_penalty from submitted_notebook")]
    db.close()
    assert max(penalties) == settled(root)["bob"].penalty


def test_what_was_decided_since_is_not_overwritten(root, capsys):
    assert main(["adjust", "tiny", "ada", "words", "--points", "1", "--course", str(root)]) == 0
    type_in(root, "ada", "words", score=2)
    capsys.readouterr()
    assert run(root, "--read") == 1
    assert "ada, words: it was changed here and in formgrader" in err(capsys)
    assert settled(root)["ada"].score == 4
    assert run(root) == 2
    assert "was not written anew, since this would be lost" in err(capsys)
    type_in(root, "ada", "words", score=1)
    assert run(root) == 0


def test_what_was_read_is_not_read_again_after_somebody_has_decided_otherwise(root):
    type_in(root, "ada", "words", score=2)
    assert run(root, "--read") == 0
    assert main(["adjust", "tiny", "ada", "words", "--points", "1", "--course", str(root)]) == 0
    assert run(root, "--read") == 0
    assert settled(root)["ada"].score == 4


def test_another_comment_takes_the_place_of_the_first(root):
    type_in(root, "ada", "words", score=2, comment="Good.")
    assert run(root, "--read") == 0
    type_in(root, "ada", "words", comment="Very good.")
    assert run(root, "--read") == 0
    [given] = [one for one in settled(root)["ada"].by_hand if one.question == "words"]
    assert (given.score, given.comments) == (2, ("Very good.",))


def test_points_for_an_answer_that_has_changed_since_are_asked_for_again(root):
    type_in(root, "ada", "words", score=2)
    kept = kept_notebook_path(root / "results", "tiny", "ada", 1)
    kept.write_text(json.dumps(notebook(*answers(RIGHT), text("words", "Something else.", by_hand("words")))))
    assert run(root, "--read") == 0
    [given] = [one for one in settled(root)["ada"].by_hand if one.question == "words"]
    assert (str(given.status), given.score) == ("look-again", 0)
    assert main(["adjust", "tiny", "--confirm", "1", "--course", str(root)]) == 0
    assert settled(root)["ada"].score == 5


@pytest.mark.parametrize(
    ("score", "said"),
    [(50, "50 for a question that is worth 2; type 0 to 2"), (-1, "-1 for a question that is worth 2")],
)
def test_points_that_cannot_be_are_said_and_the_others_taken(root, capsys, score, said):
    type_in(root, "ada", "words", score=score)
    type_in(root, "bob", "words", score=1)
    assert run(root, "--read") == 1
    assert said in err(capsys)
    assert lines(root) == 1


def test_what_is_no_gradebook_of_ours_is_left_alone(root, capsys):
    (root / "mine").mkdir()
    (root / "mine" / "thesis.txt").write_text("x")
    assert run(root, "--output", str(root / "mine")) == 2
    assert "is there and no gradebook of ours" in err(capsys)
    assert run(root, "--read", "--output", str(root / "mine")) == 2
    assert "is no gradebook that `autograder gradebook` wrote" in err(capsys)
    assert [path.name for path in (root / "mine").iterdir()] == ["thesis.txt"]


def test_one_student_who_is_not_there_is_a_sentence(root, capsys):
    assert run(root, "--student", "nobody") == 2
    assert "holds no result of 'nobody'" in err(capsys)
    assert not list((root / "gradebook").glob(".*"))


def test_nbgraders_autograde_runs_nothing(root):
    done = nbgrader(root, "autograde", "tiny")
    assert done.returncode != 0
    assert "Switched off in a gradebook" in done.stderr


def test_a_comment_that_is_taken_for_html_holds_none():
    from autograder.gradebook.entries import harmless, unharmed

    said = f"{gradebook_course.SCRIPT} [x](javascript:alert(1)) a < b"
    assert "<s" not in harmless(said)
    assert "](" not in harmless(said)
    assert unharmed(harmless(said)) == said

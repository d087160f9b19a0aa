"""The gradebook for nbgrader: what it shows is ours, what is typed there comes back, and nothing of a student's runs."""

import contextlib
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gradebook_course
import pytest
from gradebook_course import graded, make, run
from nbgrader.api import Gradebook
from test_by_hand import by_hand, task, text
from tiny_course import RIGHT, answers, notebook, source_cells

from autograder.adjustments import read_adjustments
from autograder.cli import main
from autograder.course import load_course
from autograder.gradebook.entries import read_written
from autograder.gradebook.folder import WRITTEN
from autograder.results import Result, Status, kept_notebook_path, write_result
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


def tables(path: Path) -> tuple[list, list]:
    """Return how the tables of a database were made, and nbgrader's version of them."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        made = [
            (name, str(sql).lower()) for name, sql in db.execute("select name, sql from sqlite_master order by name")
        ]
        return made, db.execute("select * from alembic_version").fetchall()


def test_the_tables_are_nbgraders_own_though_no_program_is_asked_for_their_version(root, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    Gradebook(f"sqlite:///{tmp_path / 'own.db'}").close()
    monkeypatch.delattr("nbgrader.api.get_alembic_version")
    assert run(root) == 0
    ours, version = tables(book(root) / "gradebook.db")
    assert (ours, version) == tables(tmp_path / "own.db")
    assert {"grade", "alembic_version"} <= {name for name, _ in ours}
    assert version


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


def give_extra(root: Path, student: str, question: str, extra: float) -> None:
    with sqlite3.connect(book(root) / "gradebook.db") as db:
        db.execute(
            """update grade set extra_credit = ? where notebook_id = (select n.id from submitted_notebook n
            join submitted_assignment a on n.assignment_id = a.id where a.student_id = ?)
            and cell_id in (select id from base_cell where name = ?)""",
            (extra, student, f"check-{question}"),
        )
    db.close()


def test_extra_credit_is_points_of_the_question_and_no_more_than_it_is_worth(root, capsys):
    give_extra(root, "ada", "answer", 1)
    give_extra(root, "bob", "answer", 2)  # 1.5 of 3 he has
    assert run(root, "--read") == 1
    assert "bob, answer: 3.5 for a question that is worth 3" in err(capsys)
    [given] = [one for one in settled(root)["ada"].by_hand if one.question == "answer"]
    assert (given.score, given.by_hand) == (1, 1)
    assert not [one for one in settled(root)["bob"].by_hand if one.question == "answer"]


def test_who_has_no_score_is_in_the_gradebook_with_none_and_who_handed_in_no_notebook_with_0(root, capsys):
    for student, status, reason in (("dan", Status.INVALID, "It is a PDF."), ("eva", Status.FAILED, "lost")):
        result = replace(settled(root)["ada"], student=student, status=status, reason=reason, score=0.0)
        write_result(root / "results", replace(result, checks=(), cells=(), by_hand=()))
    assert run(root) == 1
    said = err(capsys)
    assert "eva" in said
    done = nbgrader(root, "export")
    assert done.returncode == 0, done.stderr
    with (book(root) / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(rows["dan"]["score"]) == 0
    assert rows.get("eva", {}).get("timestamp", "") == "", "nothing that is no score looks like one"
    type_in(root, "dan", "words", score=2, comment="Handed in on paper.")
    assert run(root, "--read") == 0
    assert settled(root)["dan"].score == 2


def test_where_feedback_shows_scores_alone_formgrader_shows_no_hint_either(root):
    config = root / "course_config.py"
    hints = [entry.auto_comment for entry in written(root)["ada"].values()]
    assert any(hint and "Read the book again." in hint for hint in hints)
    config.write_text(config.read_text().replace("points=8,", 'points=8, feedback_level="scores",'))
    assert run(root) == 0
    assert {entry.auto_comment for entry in written(root)["ada"].values()} == {None}


def written(root: Path):
    return read_written(book(root) / WRITTEN, "tiny").students


def test_a_task_is_judged_in_formgrader_too(tmp_path):
    root = make(tmp_path / "course")
    cells = [*source_cells(), text("words", "Since.", by_hand("words")), text("own", "Your own idea.", task("own"))]
    (root / "source" / "tiny" / "tiny.ipynb").write_text(json.dumps(notebook(*cells)))
    config = root / "course_config.py"
    config.write_text(config.read_text().replace("points=8,", "points=9,"))
    assert main(["build", "--course", str(root)]) == 0
    result = graded(root, "ada")
    kept = kept_notebook_path(root / "results", "tiny", "ada", 1)
    content = json.loads(kept.read_text())
    content["cells"] += [text("own", "Your own idea.", task("own")), text("below", "Halve it again.")]
    kept.write_text(json.dumps(content))
    write_result(root / "results", replace(result, max_score=9.0))
    assert run(root) == 0
    assert written(root)["ada"]["own"].needs_person
    copy = json.loads((book(root) / "autograded" / "ada" / "tiny" / "tiny.ipynb").read_text())
    assert "Halve it again." in str([cell["source"] for cell in copy["cells"]])
    with sqlite3.connect(book(root) / "gradebook.db") as db:
        [(cell,)] = db.execute("select id from base_cell where name = 'own'").fetchall()
        db.execute("update grade set manual_score = 0.5, needs_manual_grade = 0 where cell_id = ?", (cell,))
        db.execute("update comment set manual_comment = 'How?' where cell_id = ?", (cell,))
    db.close()
    assert run(root, "--read") == 0
    [given] = [one for one in settled(root)["ada"].by_hand if one.question == "own"]
    assert (given.score, given.comments) == (0.5, ("How?",))
    done = nbgrader(root, "generate_feedback", "tiny")
    assert done.returncode == 0, done.stderr
    assert "How?" in (book(root) / "feedback" / "ada" / "tiny" / "tiny.html").read_text()

"""`autograder check` says of one notebook what its public checks say in it, and nothing of hidden ones."""

import json
from pathlib import Path

import pytest
from tiny_course import RIGHT, notebook
from tiny_course import numpy_answers as answers

from autograder.cli import main
from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.grading.public_run import (
    PublicRun,
    State,
    _questions_with_id,
    _student_id,
    assignment_of,
    states_of,
)
from autograder.notebooks import Cell
from autograder.results import CheckRecord, CheckStatus, Result, Status


def check(course: Path, path: Path, *options: str) -> int:
    return main(["check", str(path), "--course", str(course), *options])


def save(path: Path, double: str, answer: str) -> Path:
    path.write_text(json.dumps(notebook(*answers(double, answer))))
    return path


def rows(out: str) -> dict[str, str]:
    """Return by question what stands in its row."""
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    return {question: ", ".join(rest) for question, *rest in cells}


def test_right_answers_are_green_and_end_with_0(built_numpy_course, tmp_path, capsys):
    assert check(built_numpy_course, save(tmp_path / "tiny (1).ipynb", RIGHT, "answer = 42")) == 0
    out = capsys.readouterr().out
    assert rows(out) == {"double": "green, 3, 1 of 3", "answer": "green, 3, 0 of 3"}
    assert "Everything is green." in out


def test_a_wrong_answer_is_red_with_its_hint_and_ends_with_1_and_hidden_checks_say_nothing(
    built_numpy_course, tmp_path, capsys
):
    assert check(built_numpy_course, save(tmp_path / "tiny.ipynb", "def double(x): return x", "answer = 43")) == 1
    out = capsys.readouterr().out
    assert rows(out) == {"double": "red, 3, 1 of 3", "answer": "green, 3, 0 of 3"}
    assert "double: Every element must be doubled; did you return x itself?" in out
    assert "Not green: double." in out
    assert "Off by one" not in out


def test_an_untouched_release_under_any_name_is_named_question_by_question(built_numpy_course, tmp_path, capsys):
    path = tmp_path / "mine.ipynb"
    path.write_bytes((built_numpy_course / "release" / "tiny" / "tiny.ipynb").read_bytes())
    assert check(built_numpy_course, path, "--assignment", "tiny") == 1
    assert "Not green: double, answer." in (out := capsys.readouterr().out)
    assert rows(out)["double"] == "not written yet, 3, 1 of 3"


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (("mine.ipynb", "{}"), "mine.ipynb does not say which assignment it is; give --assignment, one of: tiny."),
        (("tiny.ipynb", "%PDF-1.4"), "tiny.ipynb "),
        (("tiny.ipynb", None), "tiny.ipynb is not there"),
        (("mine.ipynb", None), "mine.ipynb is not there"),
    ],
)
def test_what_cannot_be_checked_ends_with_2_and_one_sentence(built_numpy_course, tmp_path, capsys, file, says):
    name, content = file
    if content is not None:
        (tmp_path / name).write_text(content)
    assert check(built_numpy_course, tmp_path / name) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "found"),
    [("mlp.ipynb", "mlp"), ("mlp-Copy1.ipynb", "mlp"), ("mlp_2.ipynb", "mlp_2"), ("mlp2.ipynb", None)],
)
def test_the_name_says_which_assignment_it_is(file, found):
    course = Course(name="c", assignments=[Assignment(name=name, title="", points=1) for name in ("mlp", "mlp_2")])
    if found:
        assert assignment_of(course, Path(file)).name == found
    else:
        with pytest.raises(AutograderError, match="give --assignment"):
            assignment_of(course, Path(file))


def test_the_id_is_the_one_that_the_notebook_sets_last():
    cells = [Cell(index=0, id="", source='STUDENT_ID = "your-id"'), Cell(index=1, id="", source="STUDENT_ID = 'ada'")]
    assert _student_id(cells) == "ada"
    assert _student_id([]) is None
    assert _student_id([Cell(index=0, id="", source="STUDENT_ID = input()")]) is None


def test_an_answer_behind_an_id_that_is_not_set_needs_it():
    ask = Cell(index=1, id="", source='STUDENT_ID = "your-id"', tags=frozenset({"student-id"}))
    first, second = (Cell(index=n, id="", source="", grade_id=f"q{n}", solution=True) for n in (0, 2))
    assert _questions_with_id([first, ask, second]) == {"q2"}
    record = CheckRecord(id="t::c", question="q2", points=1, score=1, status=CheckStatus.PASSED, public=True)
    result = Result(assignment="a", student="s", status=Status.GRADED, score=1, max_score=1, checks=(record,))

    class Mine:
        question, points, public = "q2", 1.0, True

    for without, state in ((frozenset({"q2"}), State.NEEDS_ID), (frozenset(), State.GREEN)):
        [found] = states_of(PublicRun(result=result, without_id=without), [Mine()])
        assert found.state == state

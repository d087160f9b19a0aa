"""Written answers and plots wait for a person: from the source through the release and a batch to what is shown."""

import json
import re
from pathlib import Path

import pytest
import tiny_course
from tiny_course import RIGHT, code, in_numpy, marks, notebook, numpy_answers, submit

from autograder.adjustments import read_adjustments
from autograder.answer_digests import answer_digests
from autograder.cli import main
from autograder.notebooks import questions_by_hand, read_notebook
from autograder.own_notebooks import solution_cells
from autograder.results import HandStatus, Result, read_result, result_path


def text(cell_id: str, source: str, metadata: dict | None = None) -> dict:
    return {"cell_type": "markdown", "id": cell_id, "metadata": metadata or {}, "source": source}


def by_hand(grade_id: str, points: float = 2, **values: bool) -> dict:
    metadata = marks(grade_id, solution=True)
    metadata["nbgrader"] |= {"grade": True, "points": points, **values}
    return metadata


def task(grade_id: str, points: float = 1) -> dict:
    return by_hand(grade_id, points, task=True, grade=False, solution=False, locked=True)


PLOT = "### BEGIN SOLUTION\nshown = double(np.ones(2))\n### END SOLUTION"
WRITTEN = text("words", "It is twice as much, since each element is added to itself.", by_hand("words"))


def write_source(root: Path, *more: dict, points: float) -> None:
    """Add cells to the tiny course's source, and say what it is worth."""
    path = root / "source" / "tiny" / "tiny.ipynb"
    config = root / "course_config.py"
    source = json.dumps(notebook(*tiny_course.source_cells(), *more))
    path.write_text(in_numpy(source) if "numpy" in config.read_text() else source)
    config.write_text(config.read_text().replace("points=6", f"points={points:g}"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """A course with two checked questions, one in words, a plot and a task, built and graded."""
    root = tiny_course.make_numpy_course(tmp_path_factory.mktemp("by_hand") / "course")
    write_source(
        root, WRITTEN, code("plot", PLOT, by_hand("plot", 1.5)), text("own", "Your own idea.", task("own")), points=10.5
    )
    assert main(["build", "--course", str(root)]) == 0
    answered = [
        text("words", "Because of $2x$.", by_hand("words")),
        code("plot", "shown = double(np.ones(3))", by_hand("plot", 1.5)),
        text("own", "Your own idea.", task("own")),
        text("mine", "Triple it."),
    ]
    submit(root, "ada", *numpy_answers(RIGHT), *answered)
    release = json.loads((root / "release" / "tiny" / "tiny.ipynb").read_text())
    submit(root, "blank", content=json.dumps(release).encode())
    submit(root, "stripped", *numpy_answers(RIGHT), text("x", "Because of 2x."))
    submit(root, "odd", content=b"no notebook")
    assert main(["grade", "tiny", "--sandbox", "none", "--course", str(root)]) == 0
    return root


def result(root: Path, student: str) -> Result:
    return read_result(result_path(root / "results", "tiny", student))


def states(root: Path, student: str) -> dict[str, tuple[str, float, float]]:
    return {one.question: (str(one.status), one.score, one.points) for one in result(root, student).by_hand}


def test_the_release_asks_and_the_solution_answers(graded):
    release, solution = (
        {
            cell["id"]: "".join(cell["source"])
            for cell in json.loads((graded / tree / "tiny" / "tiny.ipynb").read_text())["cells"]
        }
        for tree in ("release", "solutions")
    )
    assert "twice as much" not in release["words"]
    assert "`plot` is not written yet" in release["plot"]
    assert solution["words"] == WRITTEN["source"]
    assert solution["plot"] == "shown = double(np.ones(2))"
    assert sorted(path.stem for path in (graded / "release" / "tiny" / "tests").glob("*.py")) == ["answer", "double"]


def test_nothing_judges_them_but_a_person(graded):
    source = json.loads((graded / "source" / "tiny" / "tiny.ipynb").read_text())
    assert list(solution_cells(source)) == ["double", "answer"]
    read = read_notebook(graded / "source" / "tiny" / "tiny.ipynb")
    assert questions_by_hand(read) == {"words": 2.0, "plot": 1.5, "own": 1.0}


def test_what_was_answered_waits(graded):
    waiting = str(HandStatus.WAITING)
    assert states(graded, "ada") == {"words": (waiting, 0, 2), "plot": (waiting, 0, 1.5), "own": (waiting, 0, 1)}
    assert (result(graded, "ada").score, result(graded, "ada").max_score) == (6, 10.5)


def test_the_plots_cell_has_run(graded):
    assert [cell.status for cell in result(graded, "ada").cells if cell.grade_id == "plot"] == ["ok"]


def test_what_was_left_as_it_was_waits_for_nobody_and_what_cannot_be_found_does(graded):
    assert {status for status, _, _ in states(graded, "blank").values()} == {"counted"}
    assert result(graded, "blank").score == 0
    assert {status for status, _, _ in states(graded, "stripped").values()} == {"waiting"}
    assert states(graded, "odd") == {}


def test_everything_shown_says_so(graded, capsys):
    for command in ("report", "feedback"):
        assert main([command, "tiny", "--course", str(graded)]) == 0
    folder = graded / "results" / "tiny"
    assert "Needs a person" in (folder / "report.html").read_text()
    for suffix in ("html", "md", "json"):
        assert (
            "Needs a person: nobody has looked at this answer yet."
            in (folder / "feedback" / f"ada.{suffix}").read_text()
        )
        assert "Needs a person" not in (folder / "feedback" / f"blank.{suffix}").read_text()
    capsys.readouterr()
    assert main(["adjust", "tiny", "--list", "--course", str(graded)]) == 1
    out = capsys.readouterr().out
    assert "ada, words: needs a person" in out
    assert "blank" not in out
    assert "tiny: 0 by hand; 6 need a person." in out


def test_points_end_the_waiting_and_another_answer_begins_it_again(graded, capsys):
    def adjust(*arguments: str) -> int:
        return main(["adjust", "tiny", *arguments, "--course", str(graded)])

    assert adjust("stripped", "words", "--points", "2.5") == 2
    assert "a question that is worth 2" in " ".join(capsys.readouterr().err.split())
    assert adjust("ada", "words", "--points", "2", "--comment", "Yes.") == 0
    assert adjust("ada", "own", "--points", "0") == 0
    assert states(graded, "ada")["words"] == ("counted", 2, 2)
    assert states(graded, "ada")["own"] == ("counted", 0, 1)
    assert result(graded, "ada").score == 8
    kept = graded / "results" / "tiny" / "attempts" / "ada" / "1" / "ada" / "tiny" / "tiny.ipynb"
    before = kept.read_text()
    kept.write_text(before.replace("2x", "3x").replace("Triple", "Halve"))
    assert adjust("ada", "plot", "--points", "1") == 0
    assert [states(graded, "ada")[question][:2] for question in ("words", "own", "plot")] == [
        ("look-again", 0),
        ("look-again", 0),
        ("counted", 1),
    ]
    assert len(read_adjustments(graded / "adjustments" / "tiny.jsonl").lines) == 3


def test_the_answer_to_a_task_is_what_stands_below_it(tmp_path):
    def digest(*below: dict) -> str:
        path = tmp_path / "a.ipynb"
        path.write_text(json.dumps(notebook(text("own", "Your own idea.", task("own")), *below)))
        return answer_digests((), path)["own"]

    assert digest(text("a", "x")) != digest(text("a", "y")) != digest()
    assert digest(text("a", "x"), code("b", "", marks("setup")), text("c", "z")) == digest(text("a", "x"))
    assert digest(text("a", "  ")) == digest()


@pytest.mark.parametrize(
    ("cells", "points", "said"),
    [
        ([text("words", "a", by_hand("words", 0))], 6, "a person is to judge it .* give it an ID and points above 0"),
        ([WRITTEN], 6, "the checks and what a person judges add up to 8 points; course_config.py says 6"),
        ([code("plot", PLOT, by_hand("answer"))], 8, "cell 6 has that grade_id too"),
    ],
)
def test_a_source_that_cannot_be_is_one_sentence(course_root, capsys, cells, points, said):
    write_source(course_root, *cells, points=points)
    assert main(["build", "--course", str(course_root)]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert re.search(said, err), err

"""Whatever an author writes that cannot be meant is said in one sentence, with the place and the remedy.

`docs/authoring_mistakes.md` holds the sentences, and is made from these: `python tests/autograder/test_authoring_mistakes.py`.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import mistakes_in_checks
import mistakes_in_courses
import mistakes_in_files
import mistakes_in_notebooks
import pytest
from author_course import ANSWER, MISTAKES, Author, Mistake
from tiny_course import code, marks

from autograder.cli import main
from autograder.results import read_result, result_path

MODULES = (mistakes_in_notebooks, mistakes_in_files, mistakes_in_checks, mistakes_in_courses)
"""Each fills MISTAKES; in the order of the page."""
PAGE = Path(__file__).parents[2] / "docs" / "authoring_mistakes.md"
_PLACE = re.compile(r"source/week|tests/week|course_config\.py|data/d/|loading\.py")
_REMEDY = re.compile(
    r"\b(?:add|ask|assert|call|choose|correct|define|give|import|install|leave|make|mark|mend|move|must|name|open|put|rename|say|set|"
    r"hide|see|shorten|take|write|needs|cannot|belong)\b"
)


@pytest.fixture
def author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Author:
    for name in [name for name in os.environ if name.startswith("TORCH")]:  # torch sets one where a test imports it
        monkeypatch.delenv(name)
    return Author(tmp_path / "course")


def said(author: Author, command: str) -> tuple[int, list[str]]:
    """Return the exit code of building, or of grading what is built, and the lines on standard error."""
    root, course = author.root, ["--course", str(author.root)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["build", *course])
        if command == "grade":
            assert (code, err.getvalue()) == (0, ""), "it is for grade to say"
            author.hand_in("ada", "release")
            code = main(["grade", "week", "--sandbox", "none", *course])
    lines = err.getvalue().replace(str(root), "…").splitlines()
    return code, [line.removeprefix("autograder: ") for line in lines]


def on_the_page() -> dict[str, str]:
    """Return the sentences by mistake."""
    rows = re.findall(r"^\| (.+?) \| `\w+` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: sentence.replace("\\|", "|") for name, sentence in rows}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.name)
def test_it_is_said_in_one_sentence_with_the_place_and_the_remedy(author, capfd, mistake):
    mistake.plant(author)
    code, lines = said(author, mistake.command)
    assert "Traceback" not in capfd.readouterr().err
    [sentence] = lines
    assert _PLACE.search(sentence)
    assert _REMEDY.search(sentence)
    assert sentence.endswith(".")
    assert sentence == on_the_page()[mistake.name], f"run `python {Path(__file__).name}`, and read what has changed"
    assert code == 2 or re.search("passed over|not (?:installed )?here|no assignments", sentence)


def test_without_a_mistake_nothing_is_said_and_the_solution_gets_everything(author):
    code, lines = said(author, "grade")
    assert (code, lines) == (0, [])
    author.hand_in("sol", "solutions")
    assert main(["grade", "week", "--sandbox", "none", "--course", str(author.root)]) == 0
    ada, sol = (read_result(result_path(author.root / "results", "week", name)) for name in ("ada", "sol"))
    assert (ada.score, sol.score) == (0, 4)


def test_every_mistake_has_a_name_of_its_own_and_the_page_no_other():
    names = [one.name for one in MISTAKES]
    assert len(set(names)) == len(names)
    assert set(on_the_page()) == set(names)


# What an author may say


@pytest.mark.parametrize(
    ("tag", "source"),
    [
        ("no-todo", ANSWER.replace("# TODO: the answer to everything.\n", "")),
        ("no-public-check", ANSWER),
        ("no-points", ANSWER),
    ],
)
def test_what_its_author_says_is_left_out_may_be(author, tag, source):
    if tag == "no-public-check":
        author.checks("@pytest.mark.public\ndef test_answer", "def test_answer")
    if tag == "no-points":
        author.checks("@pytest.mark.points(2)\n", "")
        author.config("points=4", "points=2")
    author.cell("answer", source=source, metadata={**marks("answer", solution=True), "tags": [tag]})
    assert said(author, "build") == (0, [])
    metadata = marks("answer", solution=True)
    author.cell("answer", metadata=metadata)
    assert said(author, "build")[0] == 2, "it is the tag that allows it"


def test_files_in_data_are_found_by_the_student_and_by_the_reference(author):
    author.file("tests/week/known_answers.py", "ANSWERS = []\n")
    author.file("source/week/data/table/rows.csv", "42\n")
    author.cell("answer", source=ANSWER.replace("answer = 42", 'answer = int(open("data/table/rows.csv").read())'))
    author.checks("student.answer == 42", "student.answer == reference.answer == 42")
    author.checks("@pytest.mark.public\ndef test_answer(student)", "def test_answer(student, reference)")
    author.cell("answer", metadata={**marks("answer", solution=True), "tags": ["no-public-check"]})
    assert said(author, "grade") == (0, [])
    assert (author.root / "release" / "week" / "data" / "table" / "rows.csv").read_text() == "42\n"
    author.hand_in("sol", "solutions")
    assert main(["grade", "week", "--sandbox", "none", "--course", str(author.root)]) == 0
    assert read_result(result_path(author.root / "results", "week", "sol")).score == 4
    author.file("source/week/data/table/rows.csv", "43\n")
    assert "the solution does not get its points" in said_again(author)


def said_again(author: Author, *options: str) -> str:
    """Return what grading says on standard error, the release built anew."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        main(["build", "--course", str(author.root)])
        main(["grade", "week", "--sandbox", "none", *options, "--course", str(author.root)])
    return err.getvalue()


def test_magics_of_given_cells_hinder_neither_reference_nor_student(author):
    author.add(code("magic", "%matplotlib inline\nlimit = 3", marks("magic")))
    author.add(code("timed", "%%time\nfactor = 2", marks("timed")))
    author.checks("reference.double(number)", "reference.double(number) * reference.factor // 2")
    assert said(author, "grade") == (0, [])


def test_the_solution_is_tried_once_and_again_after_a_change(author):
    kept = author.root / "results" / ".solution" / "week" / ".solution.json"
    assert said(author, "grade") == (0, [])
    first = kept.stat().st_mtime_ns
    assert said_again(author, "--force") == ""
    assert kept.stat().st_mtime_ns == first
    author.checks("Read the book again.", "Read the book once more.")
    assert said_again(author) == ""
    assert kept.stat().st_mtime_ns != first


def test_nothing_is_graded_before_the_solution_gets_its_points_unless_its_author_wants_it(author):
    author.checks("student.answer == 42", "student.answer == 41")
    assert said(author, "grade")[0] == 2
    assert not result_path(author.root / "results", "week", "ada").exists()
    assert said_again(author, "--untried") == ""
    assert read_result(result_path(author.root / "results", "week", "ada")).score == 0


def test_validate_says_what_only_trying_shows(author, capsys):
    author.file("tests/week/known_answers.py", "")
    (author.root / "tests" / "week" / "known_answers.py").unlink()
    author.checks("assert student.answer == 42", "assert student.answer is not None")
    author.add({"cell_type": "markdown", "id": "leak", "metadata": {}, "source": "See `test_double_of_hidden`."})
    assert said(author, "build") == (0, [])
    options = ["--quick", "--mutants", "2", "--students", "1", "--sandbox", "none"]
    assert main(["validate", *options, "--course", str(author.root)]) == 1
    captured = capsys.readouterr()
    assert "tests/week/known_answers.py is not there" in captured.err
    found = " ".join(captured.out.split())
    assert "names the hidden check test_double_of_hidden" in found
    assert "mutants are caught" in found or "survive" in found or "mutant" in found


# The page


def page() -> str:
    """Return the page, by planting each mistake in a course of its own."""
    head = (
        "# What `autograder` says of an author's mistakes\n\n"
        "Each is planted in a small course, and must be said in this one sentence, with the place and the remedy; made "
        "from\n`tests/autograder/test_authoring_mistakes.py`, which plants them all. `grade` says it before anything is "
        "graded.\n\n| an author writes | said by | the sentence |\n|---|---|---|\n"
    )
    rows = [
        f"| {one.name} | `{one.command}` | {_sentence(one)} |\n" for module in MODULES for one in _mistakes_in(module)
    ]
    return head + "".join(rows)


def _mistakes_in(module: ModuleType) -> list[Mistake]:
    return [one for one in MISTAKES if one.plant.__module__ == module.__name__]


def _sentence(mistake: Mistake) -> str:
    with tempfile.TemporaryDirectory() as folder:
        author = Author(Path(folder) / "course")
        mistake.plant(author)
        return " ".join(said(author, mistake.command)[1]).replace("|", "\\|")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    PAGE.write_text(page(), encoding="utf-8")

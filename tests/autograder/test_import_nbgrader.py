"""Assignments of nbgrader's come along whole: what is not sure to judge as it did is said, and refused until seen to."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from imported_course import grade, one_line
from tiny_course import code, notebook

from autograder.checks.catalogue import collect_checks
from autograder.cli import main
from autograder.course import load_course

QUICKSTART = Path(str(find_spec("nbgrader").origin)).parent / "docs" / "source" / "user_guide" / "source"
ANSWER = "def scaled(x):\n    ### BEGIN SOLUTION\n    return x * FACTOR\n    ### END SOLUTION"
CAUGHT = "from contextlib import redirect_stdout\nimport io\nout = io.StringIO()\nwith redirect_stdout(out):\n"
PATCHED = "from unittest.mock import patch\nwith patch("
TESTS = '"""Scaled by the factor."""\nassert scaled(2) == 6\n### BEGIN HIDDEN TESTS\nassert scaled(5) == 15\n### END HIDDEN TESTS'


def marked(cell_id: str, source: str, *flags: str, points: float | None = None) -> dict[str, Any]:
    """Return a code cell with nbgrader's metadata."""
    marks: dict[str, Any] = {flag: flag in flags for flag in ("grade", "solution", "locked", "task")}
    marks |= {"grade_id": cell_id, "schema_version": 3} | ({} if points is None else {"points": points})
    return code(cell_id, source, {"nbgrader": marks})


def foreign(folder: Path, *cells: dict[str, Any], name: str = "lesson", **metadata: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    content = notebook(*cells)
    content["metadata"] |= metadata
    (folder / f"{name}.ipynb").write_text(json.dumps(content))
    return folder


def lesson(folder: Path, tests: str = TESTS, answer: str = ANSWER) -> Path:
    """Write an assignment of one question with these tests."""
    imports = "import math, random\nimport random as rnd\nfrom random import randint\nimport numpy as N\nfrom numpy.random import seed\n"
    given = marked("given", f"{imports}FACTOR = 3\ndef near(a, b):\n    return abs(a - b) < 1e-9", "locked")
    return foreign(folder, given, marked("scaled", answer, "solution"), marked("t", tests, "grade", points=2))


@pytest.fixture
def root(tmp_path) -> Path:
    assert main(["new", "course", str(tmp_path / "course")]) == 0
    return tmp_path / "course"


def imported(root: Path, folder: Path, *options: str) -> int:
    return main(["import", "nbgrader", str(folder), *options, "--course", str(root)])


def checks_of(root: Path, name: str = "week") -> str:
    return (root / "tests" / name / f"test_{name}.py").read_text()


def test_the_quickstart_course_is_graded_as_it_was(root, tmp_path, capsys):
    shutil.copytree(QUICKSTART / "ps1", tmp_path / "theirs" / "source" / "ps1")
    shutil.copy(QUICKSTART / "header.ipynb", tmp_path / "theirs" / "source")
    assert imported(root, tmp_path / "theirs") == 0
    said = one_line(capsys.readouterr().out)
    assert "ps1, 13 points, questions: squares, sum_of_squares" in said
    assert "header.ipynb of source/ is not taken over" in said
    assert "problem1.ipynb, cell 13: test_sum_of_squares_uses_squares is to be looked at" in said
    assert (root / "source" / "ps1" / "jupyter.png").is_file()
    assert main(["build", "ps1", "--course", str(root)]) == 2
    assert "1 of 4 checks are to be looked at, first test_ps1.py::test_sum_of_squares" in one_line(
        capsys.readouterr().err
    )
    path = root / "tests" / "ps1" / "test_ps1.py"  # its author looks at it
    head, _, tail = path.read_text().partition("@pytest.mark.look_at")
    name = tail[tail.index("def ") :].partition("    #")[0]
    path.write_text(f"{head}{name}    assert plain(student.sum_of_squares(3)) == 14\n")
    wrong = {"squares": "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]"}
    assert grade(root, "ps1", **wrong) == {"solutions": 3, "release": 0, "wrong": 2}


def test_hidden_tests_stay_hidden_and_decide(root, tmp_path):
    assert imported(root, lesson(tmp_path / "week")) == 0
    checks = {check.id.partition("::")[2]: check for check in collect_checks(root / "tests" / "week")}
    assert {name: (one.points, one.public) for name, one in checks.items()} == {
        "test_t": (0, True),
        "test_t_hidden": (2, False),
    }
    slip = {"scaled": "def scaled(x):\n    return 6"}
    assert grade(root, "week", **slip) == {"solutions": 2, "release": 0, "wrong": 0}
    assert "15" not in (root / "release" / "week" / "tests" / "scaled.py").read_text().partition("# From here")[0]


def test_given_helpers_and_old_assertions_are_rewritten(root, tmp_path):
    tests = (
        "from nose.tools import assert_equal\nassert_equal(scaled(1), 3)\nassert near(scaled(2), 6)\n"
        "try:\n    scaled(None)\nexcept TypeError:\n    pass\nelse:\n    assert False"
    )
    assert imported(root, lesson(tmp_path / "week", tests)) == 0
    text = checks_of(root)
    assert "nose" not in text
    assert "assert plain(student.scaled(1)) == 3" in text
    assert "assert plain(student.near(student.scaled(2), 6))" in text
    slip = {"scaled": "def scaled(x):\n    return 3 * (x or 0)"}
    assert grade(root, "week", **slip) == {"solutions": 2, "release": 0, "wrong": 0}


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("%timeit scaled(2)\nassert scaled(2) == 6", "no plain Python"),
        ("import inspect\nassert inspect.getsource(scaled)", "inspect looks at the process"),
        ("with pytest.raises(TypeError, match='no'):\n    scaled(None)", "what its `with` does is not known"),
        (f"{CAUGHT}    print(scaled(2))\nassert out.getvalue() == '6'", "it looks at what it prints itself"),
        ("import io\nassert scaled(io.BytesIO()) == 6", "io looks at the process"),
        ("assert_foo(scaled(2), 6)", "what assert_foo asks is not known"),
        (
            "import sqlite3\nc = sqlite3.connect(':memory:')\nassert scaled(c) == 6",
            "what sqlite3 makes cannot be given",
        ),
        (f"{PATCHED}'builtins.print'):\n    assert scaled(2) == 6", "what its `with` does is not known"),
        ("print([scaled(n) for n in (1, 2)])\nassert scaled(2) == 6", "it prints what it asks of the notebook"),
        ("assert 'scaled' in globals()", "'globals' asks for more than a value"),
        ("assert unheard_of(scaled(2))", "nothing above defines 'unheard_of'"),
        ("FACTOR = 4\nassert scaled(2) == 8", "it binds 'FACTOR'"),
        ("right = scaled(2) == 6\nright", "a part of the points"),
        ("scaled(2)", "asserts nothing"),
    ],
)
def test_what_is_not_sure_is_left_marked_listed_and_refused(root, tmp_path, capsys, tests, why):
    assert imported(root, lesson(tmp_path / "week", tests)) == 0
    assert why in one_line(capsys.readouterr().out)
    assert all(f"# {line}" in checks_of(root) for line in tests.splitlines())
    assert main(["build", "week", "--course", str(root)]) == 2
    assert "to be looked at" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("random.seed(0)\nassert scaled(random.randint(2, 2)) == 6", "random looks at the process"),
        ("rnd.seed(0)\nassert scaled(rnd.choice([2])) == 6", "random looks at the process"),
        ("assert scaled(randint(2, 2)) == 6", "random looks at the process"),
        ("N.random.seed(0)\nassert scaled(N.random.randint(2, 3)) == 6", "it draws from a generator"),
        ("seed(0)\nassert scaled(2) == 6", "it draws from a generator"),
        ("import random as mine\nassert scaled(mine.choice([2])) == 6", "random looks at the process"),
    ],
)
def test_a_seed_that_may_be_the_answers_is_left(root, tmp_path, capsys, tests, why):
    noisy = ANSWER.replace("x * FACTOR", "x * FACTOR + random.randint(0, 0)")
    tests = tests if "seed" in tests else f"N.random.seed(0)\n{tests}"
    assert imported(root, lesson(tmp_path / "week", tests, noisy)) == 0
    said = one_line(capsys.readouterr().out)
    assert why in said or "it draws from a generator" in said


THROWN = "def scaled(rolls):\n    ### BEGIN SOLUTION\n    return [random.randint(1, 100) for _ in range(rolls)]\n    ### END SOLUTION"
SEEN = "import random as mine\nmine.seed(3)\nassert scaled(4) == [31, 76, 70, 17]"


def test_a_seed_is_the_answers_too(root, tmp_path, capsys):
    """The positive control is the wrong answer, which draws from the same generator."""
    assert imported(root, lesson(tmp_path / "week", SEEN, THROWN)) == 0
    assert "to be looked at" not in capsys.readouterr().out
    slip = {"scaled": "def scaled(rolls):\n    return [random.randint(1, 9) for _ in range(rolls)]"}
    assert grade(root, "week", **slip) == {"solutions": 2, "release": 0, "wrong": 0}


TWICE = """def scaled(f):
    ### BEGIN SOLUTION
    return f(f(1))
    ### END SOLUTION"""
COUNTED = """calls = []
def count(x):
    calls.append(x)
    return x + 1
assert scaled(count) == 3
assert calls == [1, 2]"""
SORTS = "def scaled(x):\n    ### BEGIN SOLUTION\n    x.sort()\n    ### END SOLUTION"
SORTED = "x = [2, 1]\nscaled(x)\nassert x == [1, 2]"
ASKS = "def scaled():\n    ### BEGIN SOLUTION\n    return 2 * int(input('How many? '))\n    ### END SOLUTION"
ASKED = f"{PATCHED}'builtins.input', side_effect=['4', '5']):\n    assert scaled() == 8\n    assert scaled() == 10"


@pytest.mark.parametrize(
    ("answer", "tests", "wrong"),
    [
        (TWICE, COUNTED, "def scaled(f):\n    return f(2)"),
        (SORTS, SORTED, "def scaled(x):\n    return sorted(x)"),
        (ASKS, ASKED, "def scaled():\n    return int(input())"),
    ],
)
def test_functions_changed_arguments_and_input_come_along(root, tmp_path, answer, tests, wrong):
    assert imported(root, lesson(tmp_path / "week", tests, answer)) == 0
    assert "look_at" not in checks_of(root)
    assert grade(root, "week", scaled=wrong) == {"solutions": 2, "release": 0, "wrong": 0}


@pytest.mark.parametrize("given", ["", "source", "source/week"])
def test_a_course_its_source_or_one_folder_may_be_given(root, tmp_path, given, capsys):
    theirs = tmp_path / "theirs"
    lesson(theirs / "source" / "week", answer=ANSWER.replace("### BEGIN", "# >> BEGIN"))
    lesson(theirs / "source" / "other")
    shutil.copy(theirs / "source" / "week" / "lesson.ipynb", theirs / "source" / "header.ipynb")
    (theirs / "nbgrader_config.py").write_text('c.ClearSolutions.begin_solution_delimeter = "# >> BEGIN SOLUTION"\n')
    assert imported(root, theirs / given) == 0
    names = {one.name for one in load_course(root).assignments} - {"first_steps"}
    assert names == ({"week"} if given.endswith("week") else {"week", "other"})
    assert ("header.ipynb of source/ is not taken over" in one_line(capsys.readouterr().out)) == (len(names) == 2)
    text = (root / "source" / "week" / "week.ipynb").read_text()
    assert "# >> BEGIN" not in text


def test_what_cannot_be_taken_over_is_left_out_with_its_reason_and_the_rest_comes(root, tmp_path, capsys):
    theirs = tmp_path / "theirs" / "source"
    foreign(theirs / "essay", marked("why", "x = 1", "solution"))
    foreign(
        theirs / "in_r",
        marked("a", "x <- 1", "solution"),
        kernelspec={"name": "ir", "display_name": "R", "language": "R"},
    )
    lesson(theirs / "week")
    assert imported(root, tmp_path / "theirs") == 1
    said = one_line(capsys.readouterr().err)
    assert "Left out: " in said
    assert "nothing in it is worth points" in said
    assert "answers in Python alone are graded" in said
    assert {one.name for one in load_course(root).assignments} == {"first_steps", "week"}
    lesson(theirs / "next_week")
    assert imported(root, tmp_path / "theirs") == 1, "again, for what is new"
    assert "week is there already" in one_line(capsys.readouterr().err)
    assert {one.name for one in load_course(root).assignments} == {"first_steps", "week", "next_week"}


def test_a_source_folder_of_another_name_is_recognised(root, tmp_path):
    lesson(tmp_path / "lessons" / "week")
    assert imported(root, tmp_path / "lessons") == 0
    assert (root / "source" / "week" / "week.ipynb").is_file()


def test_a_configuration_is_read_and_never_run(root, tmp_path):
    ran = tmp_path / "ran"
    folder = lesson(tmp_path / "course2" / "source" / "week", answer=ANSWER.replace("### BEGIN", "# >> BEGIN"))
    lines = 'c.ClearSolutions.begin_solution_delimeter = "# >> BEGIN SOLUTION"\n'
    (folder.parent.parent / "nbgrader_config.py").write_text(f'{lines}open("{ran}", "x")\n1 / 0\n')
    (folder / "table.csv").write_text("1,2\n")
    assert imported(root, tmp_path / "course2") == 0
    assert (root / "source" / "week" / "table.csv").read_text() == "1,2\n"
    assert "### BEGIN SOLUTION" in (root / "source" / "week" / "week.ipynb").read_text()
    assert not ran.exists()


def test_several_notebooks_become_one_assignment_or_several(root, tmp_path):
    folder = lesson(tmp_path / "week")
    second = "def halved(x):\n    return x / 2"
    foreign(
        folder,
        marked("h", second, "solution"),
        marked("t2", "assert halved(4) == 2", "grade", points=1),
        name="more",
    )
    assert imported(root, folder) == 0
    assert imported(root, folder, "--split") == 0
    names = {one.name: one.points for one in load_course(root).assignments}
    assert (names["week"], names["week_lesson"], names["week_more"]) == (3, 2, 1)


def test_another_kernel_ends_with_one_sentence(root, tmp_path, capsys):
    kernel = {"display_name": "R", "language": "R", "name": "ir"}
    folder = foreign(tmp_path / "week", marked("a", "x <- 1", "solution"), kernelspec=kernel)
    assert imported(root, folder) == 2
    assert "its kernel is of R; answers in Python alone are graded" in one_line(capsys.readouterr().err)
    assert not (root / "source" / "week").exists()


def test_nothing_is_written_over(root, tmp_path, capsys):
    folder = lesson(tmp_path / "week")
    assert imported(root, folder) == 0
    before = (root / "course_config.py").read_bytes()
    assert imported(root, folder) == 2
    assert "is there already" in one_line(capsys.readouterr().err)
    assert (root / "course_config.py").read_bytes() == before


def test_a_folder_that_would_not_travel_is_refused(root, tmp_path, capsys):
    folder = lesson(tmp_path / "week")
    (folder / "solution").mkdir()
    (folder / "solution" / "table.csv").write_text("1")
    assert imported(root, folder) == 2
    assert "rename it" in one_line(capsys.readouterr().err)

"""A new course works as it is, a new assignment waits for its checks, and nothing that is there is written over."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_course import CHECKS, code, marks, notebook, skip

from autograder.answer_files import answers_in
from autograder.authoring.config_entry import UnusualConfigError, with_entry
from autograder.authoring.from_notebook import draft_from
from autograder.checks.catalogue import collect_checks
from autograder.cli import main
from autograder.course import Assignment, load_course
from autograder.errors import BuildError, NotebookError
from autograder.results import read_result, result_path
from autograder.validate.answers import read_answers

CELLS = ["mean_of_squares", "RunningMean", "bits", "choice", "fit_line"]
QUESTIONS = [*CELLS, "linear"]
"""Those in cells, and the one in a file."""
CELSIUS = "def celsius(f):\n    ### BEGIN SOLUTION\n    return (f - 32) * 5 / 9\n    ### END SOLUTION"
WARMEST = "### BEGIN SOLUTION\nwarmest = max(temperatures)\n### END SOLUTION"


def text(source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "text", "metadata": metadata or {}, "source": source}


def own_notebook(path: Path, *cells: dict[str, Any]) -> Path:
    """Write an author's notebook, of a version whose cells have no ids."""
    content = notebook(*({key: value for key, value in cell.items() if key != "id"} for cell in cells))
    path.write_text(json.dumps({**content, "nbformat_minor": 4}))
    return path


def weather(path: Path) -> Path:
    return own_notebook(
        path,
        text("# Weather in numbers"),
        code("a", "import math\nfrom stations import temperatures"),
        code("b", CELSIUS),
        code("c", "print(celsius(50))"),
        code("d", WARMEST),
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


# A new course


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A new course, built, with its solution and its blank release graded."""
    root = tmp_path_factory.mktemp("new") / "Deep learning_2"
    assert main(["new", "course", str(root)]) == 0
    assert main(["build", "--course", str(root)]) == 0
    for tree in ("solutions", "release"):
        place = root / "submitted" / tree / "first_steps"
        place.mkdir(parents=True)
        for name in ("first_steps.ipynb", "layers.py"):
            shutil.copy(root / tree / "first_steps" / name, place)
    assert main(["grade", "first_steps", "--sandbox", "none", "--course", str(root)]) == 0
    return root


def test_a_new_course_has_a_question_of_each_kind(course):
    loaded = load_course(course)
    assert loaded.name == "Deep learning 2"
    assert loaded.libraries == loaded.datasets == ()
    source = json.loads(loaded.source_notebook("first_steps").read_text())
    graded = [m["grade_id"] for cell in source["cells"] if (m := cell["metadata"].get("nbgrader", {})).get("solution")]
    assert graded == [*CELLS, "plot", "words"]
    assert answers_in((course / "source/first_steps/layers.py").read_text()).keys() == {"linear"}


def test_its_solution_earns_everything_and_its_release_nothing(course):
    solution, blank = (
        read_result(result_path(course / "results", "first_steps", name)) for name in ("solutions", "release")
    )
    assert {check.status for check in solution.checks} == {"passed"}
    assert {check.question for check in solution.checks} == set(QUESTIONS)
    assert (solution.score, sum(one.points for one in solution.by_hand), solution.max_score) == (10, 2, 12)
    assert [str(one.status) for one in solution.by_hand] == ["waiting", "waiting"]
    assert blank.score == 0
    assert not any(check.score for check in blank.checks)


def test_it_is_reported(course):
    assert main(["report", "first_steps", "--course", str(course)]) == 0
    assert "Needs a person" in (course / "results" / "first_steps" / "report.html").read_text()


def test_its_known_answers_fit_its_solution(course):
    solution = json.loads((course / "solutions" / "first_steps" / "first_steps.ipynb").read_text())
    cells = {c["metadata"].get("nbgrader", {}).get("grade_id"): "".join(c["source"]) for c in solution["cells"]}
    cells |= answers_in((course / "solutions/first_steps/layers.py").read_text(), ["linear"])
    known = read_answers(course / "tests" / "first_steps", cells)
    assert {name for one in known.answers for name in one.cells} == set(QUESTIONS)


def test_its_release_says_nothing_to_the_author(course):
    assert "For the author" in (course / "source" / "first_steps" / "first_steps.ipynb").read_text()
    assert "For the author" not in (course / "release" / "first_steps" / "first_steps.ipynb").read_text()


def test_it_needs_no_torch(tmp_path):
    root = tmp_path / "course"
    code = f"""
import sys
sys.modules["torch"] = sys.modules["torchvision"] = sys.modules["matplotlib"] = None
from autograder.cli import main
assert main(["new", "course", {str(root)!r}]) == 0
assert main(["build", "--course", {str(root)!r}]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)
    assert (root / "release" / "first_steps.zip").is_file()


def test_it_has_a_secret_of_its_own(course):
    secret = course / ".autograder-secret"
    assert len(secret.read_text().strip()) == 64
    assert secret.stat().st_mode & 0o077 == 0
    assert ".autograder-secret" in (course / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("title", ['It\'s "new"', "a\nb", "ü = \\", "COURSE_NAME"])
def test_any_title_is_a_text(tmp_path, title):
    assert main(["new", "course", str(tmp_path), "--title", title]) == 0
    assert load_course(tmp_path).name == title


def test_what_is_in_the_folder_stays(tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / ".autograder-secret").write_text("ours\n")
    (tmp_path / "README.md").write_text("# Ours\n")
    assert main(["new", "course", str(tmp_path)]) == 0
    assert [(tmp_path / name).read_text() for name in (".gitignore", ".autograder-secret", "README.md")] == [
        "mine\n",
        "ours\n",
        "# Ours\n",
    ]


@pytest.mark.parametrize("name", ["course_config.py", "source", "tests"])
def test_nothing_is_written_over(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine")
    assert main(["new", "course", str(tmp_path)]) == 2
    assert f"{name} is there already" in one_line(capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_link_to_nowhere_is_not_written_over(tmp_path):
    (tmp_path / "source").symlink_to(tmp_path / "nowhere")
    assert main(["new", "course", str(tmp_path)]) == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_no_folder_for_a_course(tmp_path, capsys):
    (tmp_path / "course").write_text("mine")
    assert main(["new", "course", str(tmp_path / "course")]) == 2
    assert "is no folder" in one_line(capsys.readouterr().err)


def test_a_course_takes_no_options_of_an_assignment(tmp_path, capsys):
    assert main(["new", "course", str(tmp_path / "c"), "--points", "3"]) == 2
    assert "--title" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


# A new assignment


def new_assignment(root: Path, *arguments: str) -> int:
    return main(["new", "assignment", *arguments, "--course", str(root)])


def sources(root: Path, name: str) -> dict[str, dict[str, Any]]:
    """Return the cells of a source by nbgrader's ID, those without one by their id."""
    cells = json.loads((root / "source" / name / f"{name}.ipynb").read_text())["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"])
    assert len({cell["id"] for cell in cells}) == len(cells)
    return {cell["metadata"].get("nbgrader", {}).get("grade_id") or cell["id"]: cell for cell in cells}


def test_a_given_cell_that_changes_something_or_writes_what_another_reads_runs_when_grading(tmp_path):
    given = [
        "names.append('x')",
        "table['x'] = 1",
        "save('a.csv')",
        "plot(names)",
        "names.count('x')",
        "savefig('b.png')",
    ]
    answer = "### BEGIN SOLUTION\nread = open('a.csv').read()\n### END SOLUTION"
    path = tmp_path / "my.ipynb"
    path.write_text(json.dumps(notebook(*(code(f"c{n}", source) for n, source in enumerate([*given, answer])))))
    tags = {cell.source: cell.metadata.get("tags", []) for cell in draft_from(path).notebook.cells}
    assert [tags[source] for source in given] == [[], [], [], *[["skip-grading"]] * 3]


def test_a_notebook_becomes_an_assignment(course_root, tmp_path, capsys):
    before = (course_root / "course_config.py").read_text()
    assert new_assignment(course_root, "weather", "--from", str(weather(tmp_path / "my.ipynb")), "--points", "3") == 0
    cells = sources(course_root, "weather")
    assert [name for name, cell in cells.items() if cell["metadata"].get("nbgrader", {}).get("solution")] == [
        "celsius",
        "warmest",
    ]
    order = list(cells)
    assert order[order.index("celsius") + 1] == "check-celsius"
    assert order.index("grader") < order.index("celsius")
    assert "    # TODO: write `celsius`.\n    ### BEGIN" in cells["celsius"]["source"]
    assert [cell["metadata"] for cell in cells.values() if "print" in cell["source"]] == [{"tags": ["skip-grading"]}]
    [given] = [cell for cell in cells.values() if cell["source"].startswith("import math")]
    assert given["metadata"]["nbgrader"]["locked"] is True
    added = load_course(course_root).assignment("weather")
    assert (added.title, added.points) == ("Weather in numbers", 3)
    after = (course_root / "course_config.py").read_text()
    lines = iter(after.splitlines())
    assert all(line in lines for line in before.replace("        )\n    ]", "        ),\n    ]").splitlines())
    checks = collect_checks(course_root / "tests" / "weather")
    assert [(one.question, one.points, one.public) for one in checks] == [
        ("celsius", 0, True),
        ("celsius", 1.5, False),
        ("warmest", 0, True),
        ("warmest", 1.5, False),
    ]


def test_checks_that_are_to_be_written_never_pass_and_are_not_released(course_root, tmp_path, capsys):
    config = course_root / "course_config.py"
    config.write_text(config.read_text().replace('["torch"]', "[]"))  # starts in a tenth of the time
    (tmp_path / "stations.py").write_text("temperatures = [1, 2]\n")
    notebook = str(weather(tmp_path / "my.ipynb"))
    assert new_assignment(course_root, "weather", "--from", notebook, "--files", str(tmp_path / "stations.py")) == 0
    capsys.readouterr()
    assert main(["build", "weather", "--course", str(course_root)]) == 2
    said = one_line(capsys.readouterr().err)
    assert "tests/weather: 4 of 4 checks are not written yet, first test_weather.py::test_celsius_on_an_example" in said
    assert not (course_root / "release").exists()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--sandbox=none", "tests/weather"],
        cwd=course_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 failed" in ran.stdout
    assert "write this check; so far it only asks for the answer" in ran.stdout


def test_written_checks_build(course_root, tmp_path):
    (tmp_path / "stations.py").write_text("temperatures = [1, 2]\n")
    notebook = str(weather(tmp_path / "my.ipynb"))
    assert new_assignment(course_root, "weather", "--from", notebook, "--files", str(tmp_path / "stations.py")) == 0
    path = course_root / "tests" / "weather" / "test_weather.py"
    written = path.read_text().replace("from autograder.checks import write_this_check\n", "")
    written = written.replace("write_this_check(student.celsius", "assert student.celsius(50) == 10  # (")
    written = written.replace("write_this_check(student.warmest", "assert student.warmest == 2  # (")
    path.write_text(written)
    assert main(["build", "weather", "--course", str(course_root)]) == 0
    assert (course_root / "release" / "weather" / "stations.py").is_file()


def test_files_beside_the_notebook_come_only_when_asked_for(course_root, tmp_path, capsys):
    notebook = str(weather(tmp_path / "my.ipynb"))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.png").write_bytes(b"png")
    assert new_assignment(course_root, "one", "--from", notebook) == 0
    assert new_assignment(course_root, "two", "--from", notebook, "--files", str(tmp_path / "figures")) == 0
    assert sorted(path.name for path in (course_root / "source" / "one").iterdir()) == ["one.ipynb"]
    assert (course_root / "source" / "two" / "figures" / "a.png").read_bytes() == b"png"
    assert new_assignment(course_root, "three", "--from", notebook, "--files", str(tmp_path / "gone.py")) == 2
    assert "gone.py is not there" in one_line(capsys.readouterr().err)
    assert not (course_root / "source" / "three").exists()


def test_without_a_notebook_there_is_one_to_begin_with(course_root):
    assert new_assignment(course_root, "week_two") == 0
    assert load_course(course_root).assignment("week_two").title == "Week two"
    assert "double" in sources(course_root, "week_two")


@pytest.mark.parametrize("there", ["source/tiny", "tests/extra", "source/extra"])
def test_no_assignment_is_written_over(course_root, capsys, there):
    (course_root / there).mkdir(exist_ok=True)
    before = sorted(course_root.rglob("*"))
    assert new_assignment(course_root, Path(there).name) == 2
    assert "is there already" in one_line(capsys.readouterr().err)
    assert sorted(course_root.rglob("*")) == before


@pytest.mark.parametrize("name", ["../evil", "two words", "class", "1st", ""])
def test_a_name_that_cannot_be_writes_nothing(course_root, capsys, name):
    before = sorted(course_root.parent.rglob("*"))
    assert new_assignment(course_root, name) == 2
    assert capsys.readouterr().err.count("autograder: ") == 1
    assert sorted(course_root.parent.rglob("*")) == before


@pytest.mark.parametrize("points", ["0", "-1", "nan", "inf", "many"])
def test_points_are_a_number_above_0(course_root, points, capsys):
    with pytest.raises(SystemExit):
        new_assignment(course_root, "more", f"--points={points}")
    assert "is not a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize(("points", "shares"), [("3", [1.5, 1.5]), ("2.5", [1.5, 1]), ("0.25", [0.13, 0.12])])
def test_points_are_shared_out_whole(course_root, tmp_path, points, shares):
    notebook = str(weather(tmp_path / "my.ipynb"))
    assert new_assignment(course_root, "weather", "--from", notebook, "--points", points) == 0
    checks = collect_checks(course_root / "tests" / "weather")
    assert [one.points for one in checks if not one.public] == shares


def test_an_unusual_configuration_is_left_alone_and_what_to_add_is_said(course_root, capsys):
    path = course_root / "course_config.py"
    unusual = path.read_text().replace("assignments=[", "assignments=[*[").replace("    ],", "    ]][:],", 1)
    path.write_text(unusual)
    assert new_assignment(course_root, "more") == 0
    out = capsys.readouterr().out
    assert "course_config.py is left as it is" in one_line(out)
    assert '    name="more",\n' in out
    assert path.read_text() == unusual


# From a notebook


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([code("a", "x = 1")], "has no cell of code with ### BEGIN SOLUTION"),
        ([], "has no cell of code"),
        ([code("a", "### BEGIN SOLUTION\nprint(1)\n### END SOLUTION")], "cell 1: .* this one defines no name"),
        ([code("a", "### BEGIN SOLUTION\nx = 1\ny = 2\n### END SOLUTION")], "this one defines x, y"),
        ([code("a", CELSIUS), code("b", CELSIUS)], "cell 2: an earlier answer defines 'celsius' too"),
        ([code("a", CELSIUS.replace("END", "BEGIN"))], "has no partner"),
        ([text("### BEGIN SOLUTION\nWords.\n### END SOLUTION")], "cell 1: an answer in words needs a person"),
    ],
)
def test_a_notebook_that_cannot_be_an_assignment_is_one_sentence(tmp_path, cells, said):
    with pytest.raises(BuildError, match=said):
        draft_from(own_notebook(tmp_path / "my.ipynb", *cells))


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "\0", '{"cells": 1, "nbformat": 4}', '{"nbformat": 99, "cells": []}']
)
def test_what_is_no_notebook_is_one_sentence(tmp_path, content):
    (tmp_path / "my.ipynb").write_text(content)
    with pytest.raises((NotebookError, BuildError), match=r"my\.ipynb"):
        draft_from(tmp_path / "my.ipynb")


def test_a_notebook_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(NotebookError, match=r"gone\.ipynb"):
        draft_from(tmp_path / "gone.ipynb")


def test_of_several_names_the_answer_is_the_one_that_it_stands_in(tmp_path):
    source = "LIMIT = 3\n\n\ndef first():\n    return LIMIT\n\n\n" + CELSIUS
    assert list(draft_from(own_notebook(tmp_path / "my.ipynb", code("a", source))).questions) == ["celsius"]


def test_what_has_metadata_keeps_it(tmp_path):
    words = marks("words", solution=True)
    words["nbgrader"] |= {"grade": True, "points": 2}
    test = marks("celsius-tests")
    test["nbgrader"] |= {"grade": True, "points": 1}
    draft = draft_from(
        own_notebook(
            tmp_path / "my.ipynb",
            code("g", "import otter\ngrader = otter.Notebook()", skip(marks("mine"))),
            code("a", CELSIUS, marks("celsius", solution=True)),
            code("b", 'grader.check("celsius")', skip(marks("check"))),
            code("c", "assert celsius(50) == 10", test),
            text("In words.", words),
        )
    )
    assert len(draft.notebook.cells) == 5
    assert draft.notebook.cells[-1].metadata == words
    assert draft.by_hand == 2
    assert [note for note in draft.notes if "cell 4 is a test of nbgrader's" in note] == list(draft.notes) != []


def test_a_question_in_the_first_cell_comes_behind_the_grader(tmp_path):
    draft = draft_from(own_notebook(tmp_path / "my.ipynb", code("a", CELSIUS)))
    assert [cell.metadata.nbgrader.grade_id for cell in draft.notebook.cells] == ["grader", "celsius", "check-celsius"]


# The configuration


HEAD = "from autograder.course import Assignment, Course\n"
NEW = Assignment(name="two", title='It\'s "two" é', points=3.5)


@pytest.mark.parametrize(
    "config",
    [
        "course = Course(name='é', assignments=[])\n",
        "course = Course(assignments=[Assignment(name='a')])  # ]\n",
        "course = Course(assignments=[Assignment(name='a'),])\n",
        "one = Assignment(name='a')\ncourse = Course(assignments=[one])\n",
        "ALL = [\n    Assignment(name='a')  # the last, or so\n]\ncourse = Course(assignments=ALL)\n",
        "ALL = [\r\n\tAssignment(name='a') ,  # the last\r\n\t# ],\r\n]\r\ncourse = Course(assignments=ALL)\r\n",
        "ALL = [\n    Assignment(\n        name='é',\n    ),\n]\ncourse = Course(assignments=ALL)",
        "ALL = [Assignment(name='a'),\n    Assignment(name='b')]\ncourse = Course(assignments=ALL)",
        "course = Course(\n    assignments=[\n        # none yet\n    ],\n)\n",
    ],
)
def test_an_entry_is_put_in_and_every_other_byte_stays(config):
    head = HEAD.replace("\n", "\r\n") if "\r\n" in config else HEAD
    before = (head + config).encode()
    after = with_entry(before, NEW)
    calls = [ast.unparse(node) for node in ast.walk(ast.parse(after)) if isinstance(node, ast.Call)]
    assert sum("'two'" in call and call.startswith("Assignment(") for call in calls) == 1
    rest = iter(after)
    assert all(byte in rest for byte in before)
    if b"\r\n" in before:
        assert after.count(b"\n") == after.count(b"\r\n")
    assert after.startswith(before[: before.index(b"assignments") if b"ALL" not in before else len(head)])


@pytest.mark.parametrize(
    "config",
    [
        "course = Course(assignments=[] + [])",
        "course = Course(assignments=(Assignment(name='a'),))",
        "ALL = [\n    (Assignment(name='a'))\n]\ncourse = Course(assignments=ALL)",
        "ALL = []\nALL = [1]\ncourse = Course(assignments=ALL)",
        "course = make()",
        "course = Course(",
        "# coding: latin-1\ncourse = Course(assignments=[Assignment(name='\xe9')])",
    ],
)
def test_what_is_not_sure_to_be_right_is_not_done(config):
    head = "" if config.startswith("#") else HEAD
    with pytest.raises(UnusualConfigError):
        with_entry((head + config).encode("latin-1"), NEW)


# What pytest would pass over


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mark.points(3)", "mark.point(3)", "test_answer is marked 'point', .* (did you mean 'points'?)"),
        ("(student, reference, rng)", "(student, refrence, rng)", "'refrence', which is no fixture (did you mean 'ref"),
        ("import torch\n", "import torch\nimport nowhere_to_be\n", "No module named 'nowhere_to_be'; install it"),
        ("import partial\n", "import partail\n", "cannot import name 'partail'"),
        ("def test_answer(", "def answer_test(", "answer_test is not run: call it test_answer."),
        ("def test_answer(", "def test_answer_is_a_number(", "is there twice, and only the last is run"),
    ],
)
def test_what_a_check_asks_for_in_vain_is_one_sentence(course_root, capsys, old, new, said):
    assert main(["build", "--course", str(course_root)]) == 0
    assert old in CHECKS
    (course_root / "tests" / "tiny" / "test_tiny.py").write_text(CHECKS.replace(old, new))
    assert main(["build", "--course", str(course_root)]) == 2
    err = one_line(capsys.readouterr().err)
    assert all(part in err for part in said.split(" .* ")), err


def test_a_mark_of_the_courses_own_is_known_once_it_is_declared(course_root):
    (course_root / "tests" / "tiny" / "test_tiny.py").write_text(
        CHECKS.replace("mark.public", "mark.public\n@pytest.mark.ours", 1)
    )
    with pytest.raises(BuildError, match="'ours'"):
        collect_checks(course_root / "tests" / "tiny")
    conftest = 'def pytest_configure(config):\n    config.addinivalue_line("markers", "ours: ours")\n'
    (course_root / "tests" / "tiny" / "conftest.py").write_text(conftest)
    assert len(collect_checks(course_root / "tests" / "tiny")) == 4


def test_checks_in_a_file_that_pytest_does_not_read_are_not_dropped(course_root):
    path = course_root / "tests" / "tiny" / "test_tiny.py"
    path.with_name("more.py").write_text(CHECKS)
    with pytest.raises(BuildError, match=r"more.py::test_double_of_ones is not run: call the file test_more.py"):
        collect_checks(course_root / "tests" / "tiny")


def test_an_empty_folder_of_checks_is_one_sentence(course_root, capsys):
    (course_root / "tests" / "tiny" / "test_tiny.py").unlink()
    assert main(["build", "--course", str(course_root)]) == 2
    assert "tests/tiny holds no checks; write functions test_…(student)" in one_line(capsys.readouterr().err)


def test_an_import_that_is_not_installed_is_said_at_build(course_root, capsys):
    path = course_root / "source" / "tiny" / "tiny.ipynb"
    assert main(["build", "--course", str(course_root)]) == 0
    assert "not here" not in capsys.readouterr().err
    path.write_text(path.read_text().replace("import torch", "import nowhere_to_be\\nimport torch", 1))
    assert main(["build", "--course", str(course_root)]) == 0
    assert "tiny.ipynb imports nowhere_to_be, which is not here" in one_line(capsys.readouterr().err)


def test_templates_are_shipped():
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert "templates/**/*" in pyproject
    assert os.access(Path(__file__).parents[2] / "autograder/authoring/templates/course/course_config.py.txt", os.R_OK)

"""Assignments of otter's come along whole: what is not sure to judge as it did is said, and refused until seen to."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from imported_course import grade, one_line
from otter_source import code, judging, question, raw, text, write_source

from autograder.checks.catalogue import collect_checks
from autograder.cli import main
from autograder.course import load_course
from autograder.importing.otter_tests import points_of_tests

SCALED = code("def scaled(x):\n    return 3 * x # SOLUTION")
VERIFIED = code("scaled(2)", "6")


@pytest.fixture
def root(tmp_path) -> Path:
    assert main(["new", "course", str(tmp_path / "course")]) == 0
    return tmp_path / "course"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    """Return a course for imports that write nothing."""
    folder = tmp_path_factory.mktemp("untouched") / "course"
    assert main(["new", "course", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def assigned(tmp_path_factory) -> tuple[Path, str]:
    """Return what `otter assign` makes of the birds, and what it says."""
    folder = tmp_path_factory.mktemp("otter")
    path = write_source(folder / "theirs")
    command = [sys.executable, "-m", "otter", "assign", path.name, str(folder / "made"), "--no-run-tests", "-v"]
    done = subprocess.run(command, cwd=path.parent, check=True, capture_output=True, text=True)
    return folder / "made", done.stdout + done.stderr


def imported(root: Path, path: Path, *options: str) -> int:
    return main(["import", "otter", str(path), *options, "--course", str(root)])


def scaled(tmp_path: Path, *tests: dict[str, Any], head: tuple[dict[str, Any], ...] = ()) -> Path:
    """Write a source notebook of one question with these tests."""
    return write_source(tmp_path / "theirs", *head, *question("q1", SCALED, tests=tests), name="week")


def checks_of(root: Path, name: str = "week") -> str:
    return (root / "tests" / name / f"test_{name}.py").read_text()


def cells_of(root: Path, name: str = "week", tree: str = "source") -> list[dict[str, Any]]:
    cells = json.loads((root / tree / name / f"{name}.ipynb").read_text())["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def test_the_birds_are_graded_as_they_were(root, tmp_path, capsys):
    assert imported(root, write_source(tmp_path / "theirs")) == 0
    said = one_line(capsys.readouterr().out)
    assert "birds, 16 points, questions: heaviest, mean_weight, label, kinds, doubled" in said
    assert "q1 is heaviest, q2 is mean_weight, q3 is label, q4 is kinds, q8 is doubled." in said
    assert "generate, export_cell, run_tests, show_question_points." in said
    assert "success_message (q2); export (q6)." in said
    assert "q7 has neither points nor tests" in said
    assert "is marked to be ignored" in said
    assert "to be looked at" not in said
    assert (root / "source" / "birds" / "scales.py").is_file()
    assert (root / "tests" / "birds" / "unseen.csv").is_file()
    slips = {
        "mean_weight": "def mean_weight(weights):\n    return sum(weights) / 3",
        "kinds": "kinds = ['robin', 'wren', 'great tit', 'blackbird']\nlongest = 'great tit'",
    }
    assert grade(root, "birds", **slips) == {"solutions": 13, "release": 0, "wrong": 13 - 2 - 4}


def test_questions_and_points_are_those_of_otter_assign(root, assigned, tmp_path):
    _, said = assigned
    assert imported(root, write_source(tmp_path / "theirs")) == 0
    theirs = {name: float(points) for name, points in re.findall(r"^\d+\s+(\w+)\s+([\d.]+)\s", said, re.MULTILINE)}
    assert theirs.pop("q7") == 1  # otter's sum has it, though nothing gives it
    ours: dict[str, float] = {}
    for check in collect_checks(root / "tests" / "birds"):
        name = re.search(r"test_(q\d)", check.id)[1]
        ours[name] = ours.get(name, 0) + check.points
    for cell in cells_of(root, "birds"):
        marks = cell["metadata"].get("nbgrader", {})
        ours |= {marks["grade_id"]: marks["points"]} if "points" in marks else {}
    assert ours == theirs
    assert next(one.points for one in load_course(root).assignments if one.name == "birds") == sum(theirs.values())


@pytest.mark.filterwarnings("ignore")  # what otter loads is full of deprecations
@pytest.mark.parametrize(
    ("total", "own"),
    [(None, [None, None]), (None, [0, None]), (None, [1, None]), (3, [None, 1]), (2, [1, 1]), ([1, 2], [None, None])],
)
def test_points_are_shared_out_as_by_otter(total, own):
    from otter.test_files.abstract_test import TestCase, TestFile

    cases = [TestCase("", "", False, points, None, None) for points in own]
    theirs = TestFile.resolve_test_file_points(total, cases)
    assert list(points_of_tests(total, own, "here")) == [case.points for case in theirs]


def test_hidden_tests_do_not_reach_students(root, tmp_path):
    hidden = judging("assert scaled(5) == 15", hidden=True)
    assert imported(root, scaled(tmp_path, VERIFIED, code("# HIDDEN\nscaled(7)", "21"), hidden)) == 0
    assert grade(root, "week", scaled="def scaled(x):\n    return 6")["wrong"] == pytest.approx(1 / 3)
    handed_out = (root / "release" / "week" / "tests" / "scaled.py").read_text().partition("# From here")[0]
    assert "student.scaled(2)" in handed_out
    assert "21" not in handed_out
    assert "15" not in handed_out


def test_what_a_test_shows_is_asserted(root, tmp_path):
    checks = {
        "assert shows_value(plain(student.scaled(2)), 6)": code("scaled(2)", "6"),
        "assert shows_value(plain(student.scaled(2)) == 6, True)": code("scaled(2) == 6", "True"),
        "assert not 5 in [plain(student.scaled(2))]": code("5 in [scaled(2)]", "False"),
        "assert shows_value(plain(student.scaled((1,))), (1, 1, 1))": code("scaled((1,))", "(1, 1, 1)"),
        "assert shows_value(plain(student.scaled(0.5)), 1.5)": code("scaled(0.5)", "np.float64(1.5)"),
        "' '.join([str(student.scaled(2)), 'g']) == '6 g'": code("print(scaled(2), 'g')", printed="6 g\n"),
        "assert plain(student.scaled(x)) == 6": code("x = 2\nassert scaled(x) == 6"),
        "assert plain(student.scaled(3)) == 9": code("def test(scaled):\n    assert scaled(3) == 9\n\ntest(scaled)"),
    }
    path = write_source(
        tmp_path / "theirs", *question("q1", SCALED, tests=tuple(checks.values()), points=8), name="week"
    )
    assert imported(root, path) == 0
    assert all(check in checks_of(root) for check in checks)
    assert grade(root, "week", scaled="def scaled(x):\n    return 5") == {"solutions": 8, "release": 0, "wrong": 0}


def test_a_value_of_another_kind_is_wrong_as_in_a_doctest(root, tmp_path):
    assert imported(root, scaled(tmp_path, VERIFIED)) == 0
    assert grade(root, "week", scaled="def scaled(x):\n    return 3.0 * x")["wrong"] == 0


UNSURE = [
    (code("scaled(2)"), "what it should show is not in the file"),
    (code("scaled(2) == 6"), "what it should show is not in the file"),
    (code("scaled(2)", "<Figure>"), "what it shows, '<Figure>', is no plain value"),
    (code("scaled(2)", "{6}"), "it shows a set"),
    (code("scaled(2)", "6", "hello\n"), "does not come from its last line alone"),
    (code("for n in (1, 2):\n    print(scaled(n))", printed="3\n6\n"), "does not come from its last line alone"),
    (code("print(1)\nscaled(2)", "6"), "it prints before its last line"),
    (code("print(scaled(2), sep='')", printed="6\n"), "how it prints is not known"),
    (code("[scaled(2)].clear()", printed="6\n"), "something that it calls prints"),
    (code("print('a\\n\\nb', scaled(2))", printed="a\n\nb 6\n"), "its output has an empty line"),
    (code("%time scaled(2)", "6"), "no plain Python"),
    (code("# only words"), "asserts nothing"),
    (code(""), "asserts nothing"),
    (code("None"), "asserts nothing"),
    (code("rows = open('birds.csv').read()\nassert scaled(2) == 6"), "asks for more than a value"),
    (code("import numpy\nassert numpy.loadtxt('birds.csv') is not scaled"), "it may read birds.csv"),
    (code("import scales\nassert scales.ounces(scaled(2)) < 1"), "it imports scales"),
    (code("isinstance(scaled(2), io.StringIO)", "False"), "io looks at the process"),
]


def test_what_is_not_sure_is_left_marked_listed_and_refused(root, tmp_path, capsys):
    head = (raw("# ASSIGNMENT CONFIG\nfiles: [birds.csv, scales.py]"), code("import random as rnd, io"))
    assert imported(root, scaled(tmp_path, *(test for test, _ in UNSURE), head=head)) == 0
    said = capsys.readouterr().out.splitlines()
    for number, (test, why) in enumerate(UNSURE, 1):
        [note] = [line for line in said if f": test_q1_{number} is to be looked at: " in line]
        assert why in note
        assert all(f"    # {line}" in checks_of(root) for line in test["source"].splitlines())
    assert "    # scaled(2)\n    # It shows:\n    # <Figure>\n    raise AssertionError" in checks_of(root)
    assert main(["build", "week", "--course", str(root)]) == 2
    assert f"{len(UNSURE)} of {len(UNSURE)} checks are to be looked at" in one_line(capsys.readouterr().err)
    assert main(["validate", "week", "--quick", "--course", str(root)]) == 2
    assert "checks are to be looked at" in one_line(capsys.readouterr().err)


def test_a_saved_error_or_warning_is_to_be_looked_at(root, tmp_path, capsys):
    failed, warned = code("scaled(2)"), code("scaled(2)", "6")
    failed["outputs"] = [{"output_type": "error", "ename": "NameError", "evalue": "", "traceback": []}]
    warned["outputs"].append({"output_type": "stream", "name": "stderr", "text": "Deprecated.\n"})
    assert imported(root, scaled(tmp_path, failed, warned)) == 0
    said = one_line(capsys.readouterr().out)
    assert "it raised NameError where the notebook was saved" in said
    assert "its output has a warning in it" in said


def test_functions_of_tests_get_the_notebooks_names(root, tmp_path, capsys):
    given = code(
        "def test_double(scaled):\n    '''Thrice.'''\n    assert scaled(2) == 6\n\ntest_double(scaled)  # IGNORE"
    )
    env = judging("def test_env(env):\n    scaled = env['scaled']\n    assert scaled(5) == env['LIMIT']", hidden=True)
    whole = code("def test_all(env):\n    assert len(env) > 3")
    early = code("def test_early(scaled):\n    if scaled(1):\n        return\n    assert scaled(2) == 6")
    head = (raw("# ASSIGNMENT CONFIG\ntests:\n    ok_format: false"), code("LIMIT = 15"))
    assert imported(root, scaled(tmp_path, given, env, code("assert scaled(1) == 3"), whole, early, head=head)) == 0
    said = one_line(capsys.readouterr().out)
    assert "test_q1_3 is to be looked at: it is no function of tests" in said
    assert "test_q1_4 is to be looked at: it looks at all names of the notebook's at once" in said
    assert "test_q1_5 is to be looked at: it returns before its end" in said
    text = checks_of(root)
    assert "'Thrice.'\n    assert plain(student.scaled(2)) == 6" in text
    assert "assert plain(student.scaled(5)) == plain(student.LIMIT)" in text


def test_a_support_files_helper_is_asked_for_in_the_notebook(root, tmp_path):
    head = (raw("# ASSIGNMENT CONFIG\nfiles: [scales.py]"), code("from scales import ounces"))
    assert imported(root, scaled(tmp_path, code("assert ounces(scaled(0)) == 0"), head=head)) == 0
    assert "plain(student.ounces(student.scaled(0))) == 0" in checks_of(root)
    assert grade(root, "week", scaled="def scaled(x):\n    return 6") == {"solutions": 1, "release": 0, "wrong": 0}


ANSWERS = {
    "b = one + 1 # SOLUTION\nb": "# TODO: write `b`, beginning with\n#     b = ...\nraise",
    "# BEGIN SOLUTION\nb = 2\n# END SOLUTION": "# TODO: write `b`.\nraise",
    "b = 2 # SOLUTION NO PROMPT": "# TODO: write `b`.\nraise",
    "import math\nnp.random.seed(1) # SEED\nb = 2 # SOLUTION": "import math\n# TODO: write `b`, beginning with",
    '""" # BEGIN PROMPT\nb = 1 + ...\n""" # END PROMPT\nb = 2 # SOLUTION NO PROMPT': "#     b = 1 + ...\nraise",
    "b = max(\n    one,\n    2, # SOLUTION\n)": "# TODO: write `b`, beginning with\n#     b = max(",
    "b = 2\nb": "# TODO: write `b`.\nraise",
    "# BEGIN IGNORE\nprint('mine')\n# END IGNORE\nb = 2 # SOLUTION\nprint(b) # IGNORE": "# TODO: write `b`, beginning",
}


def test_answers_stand_between_our_markers(root, tmp_path):
    cells = [code("import numpy as np\none = 1")]
    for number, answer in enumerate(ANSWERS):
        name = f"b{number}"
        cells += question(name, code(re.sub(r"\bb\b", name, answer)), tests=(code(name, "2"),))
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    assert grade(root, "week", b3="b3 = 3") == {"solutions": 8, "release": 0, "wrong": 7}
    handed_out = [one["source"] for one in cells_of(root, tree="release") if "TODO" in one["source"]]
    for number, (source, wanted) in enumerate(zip(handed_out, ANSWERS.values(), strict=True)):
        assert re.sub(r"\bb\b", f"b{number}", wanted) in source
        assert "= 2" not in source
    assert "mine" not in json.dumps(cells_of(root))


def test_prompts_in_cells_of_their_own_are_shown(root, tmp_path):
    prompt = (code("b = 1 + ..."),)
    cells = question(
        "q1", code("# BEGIN SOLUTION NO PROMPT\nb = 2\n# END SOLUTION"), tests=(code("b", "2"),), prompt=prompt
    )
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    assert any("# TODO: write `b`, beginning with\n#     b = 1 + ...\n" in one["source"] for one in cells_of(root))


def test_what_a_person_judges(root, tmp_path, capsys):
    cells = [
        *question("q1", SCALED, tests=(VERIFIED,)),
        *question("both", text("In words."), code("1 + 1 # SOLUTION"), manual=True, points=3),
        *question("task", manual=True, points=2),
        *question("untested", code("print(scaled(2)) # SOLUTION"), points=1),
        *question("tested", text("Words."), tests=(VERIFIED,), manual=True, points=1),
        *question("worthless", text("The solution."), manual=True),
    ]
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    said = one_line(capsys.readouterr().out)
    assert "week, 8 points" in said
    assert "both is answered in words and in code: half of its points go to each." in said
    assert "untested has points and no tests: a person judges it here." in said
    assert "tested is judged by a person: its tests are not taken over." in said
    assert "worthless has neither points nor tests" in said
    marked = {one["metadata"].get("nbgrader", {}).get("grade_id"): one for one in cells_of(root)}
    points = {name: one["metadata"]["nbgrader"].get("points") for name, one in marked.items() if name}
    wanted = {"both": 1.5, "both-code": 1.5, "task": 2, "untested": 1, "tested": 1}
    assert {name: value for name, value in points.items() if value} == wanted
    assert marked["task"]["source"] == "**Question task.** What is asked for."
    assert main(["build", "week", "--course", str(root)]) == 0
    assert "The solution." not in json.dumps(cells_of(root, tree="release"))
    assert "The solution." in json.dumps(cells_of(root, tree="solutions"))


def test_words_for_students_may_stand_in_a_solution(root, tmp_path):
    kept = text("Look at it.") | {"metadata": {"tags": ["otter_include"]}}
    cells = question("q1", SCALED, text("Thrice."), kept, tests=(VERIFIED,))
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    assert main(["build", "week", "--course", str(root)]) == 0
    given, solved = ({one["source"] for one in cells_of(root, tree=tree)} for tree in ("release", "solutions"))
    assert {"Look at it.", "Thrice."} & given == {"Look at it."}
    assert {"Look at it.", "Thrice."} <= solved


def test_answers_outside_of_questions_are_kept_from_students(root, tmp_path):
    head = (raw("# ASSIGNMENT CONFIG\nstrip_solutions_from_all_cells: true"), code("LIMIT = 15 # SOLUTION"))
    path = scaled(tmp_path, code("assert scaled(5) == LIMIT"), head=head)
    assert imported(root, path) == 0
    assert grade(root, "week", LIMIT="LIMIT = 1") == {"solutions": 1, "release": 0, "wrong": 0}
    assert "15" not in json.dumps([one["source"] for one in cells_of(root, tree="release")])


def test_tests_without_an_answer_judge_one_above(root, tmp_path, capsys):
    cells = [*question("q1", SCALED, tests=(VERIFIED,)), *question("q2", tests=(code("scaled(5)", "15"),))]
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    assert "q2 has no answer of its own" in one_line(capsys.readouterr().out)
    assert [check.question for check in collect_checks(root / "tests" / "week")] == ["scaled", "scaled"]


def test_blocks_may_be_fenced_in_text(root, tmp_path):
    cells = question("q1", SCALED, tests=(VERIFIED,))
    for cell in cells:
        if cell["cell_type"] == "raw":
            cell.update(text(f"```otter\n{cell['source']}\n```"))
    cells[0]["source"] += "\n\nMore text."
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    sources = [one["source"] for one in cells_of(root)]
    assert "More text." in sources
    assert not any("```" in source for source in sources)


def test_settings_may_lie_in_a_file(root, tmp_path, capsys):
    path = scaled(tmp_path, VERIFIED, head=(raw("# ASSIGNMENT CONFIG\nconfig_file: mine.yml\nseed: {variable: s}"),))
    (path.parent / "mine.yml").write_text("files: [birds.csv]\nrequirements: requirements.txt\n")
    assert imported(root, path) == 0
    said = one_line(capsys.readouterr().out)
    assert "not taken over: requirements." in said
    assert "course_config.py, as `libraries` or `offered`" in said
    assert "Its seed is not taken over" in said
    assert (root / "source" / "week" / "birds.csv").is_file()


def test_pictures_in_texts_stay(root, tmp_path):
    picture = {"attachments": {"a.png": {"image/png": "aGk="}}}
    words = text("![](attachment:a.png)") | picture
    cells = [text("# Birds") | picture, *question("q1", SCALED, tests=(VERIFIED,))]
    cells += question("1.2", words, manual=True, points=1)
    assert imported(root, write_source(tmp_path / "theirs", *cells, name="week")) == 0
    assert [one["metadata"].get("nbgrader", {}).get("grade_id") for one in cells_of(root) if "attachments" in one] == [
        None,
        "1_2",
    ]


def test_plugins_are_left_out_and_said(root, tmp_path, capsys):
    plugin = code("# BEGIN PLUGIN\npkg.Plugin\n# END PLUGIN\nLIMIT = 1")
    assert imported(root, scaled(tmp_path, VERIFIED, head=(plugin,))) == 0
    assert "a plugin of otter's, which is not taken over" in one_line(capsys.readouterr().out)
    assert "Plugin" not in json.dumps(cells_of(root))


def test_a_file_that_the_settings_do_not_name_is_said(root, tmp_path, capsys):
    assert imported(root, scaled(tmp_path, VERIFIED, head=(code("import scales"),))) == 0
    said = one_line(capsys.readouterr().out)
    assert "scales.py, of which the notebook speaks, is not in its `files`" in said
    assert "birds.csv, of which" not in said


def test_nothing_of_the_notebook_is_run(root, tmp_path):
    ran = tmp_path / "ran"
    spoils = f"__import__('pathlib').Path({str(ran)!r}).touch()"
    head = (raw(f"# ASSIGNMENT CONFIG\nname: {spoils}"), code(spoils))
    path = scaled(tmp_path, code(f"{spoils}\nassert scaled(2) == 6"), head=head)
    (path.parent / "scales.py").write_text(spoils)
    assert imported(root, path) == 0
    assert not ran.exists()
    exec(spoils)
    assert ran.exists()


def released(folder: Path) -> Path:
    """Return a student's folder with test files, as otter writes it."""
    cells = [
        code("import otter\ngrader = otter.Notebook('week.ipynb')"),
        code("scaled = ..."),
        code("grader.check('q1')"),
    ]
    path = write_source(folder, *cells, name="week")
    (folder / "tests").mkdir()
    (folder / "tests" / "q1.py").write_text("OK_FORMAT = True\n\ntest = {}\n")
    return path.parent


def blocks(*sources: str) -> list[dict[str, Any]]:
    return [raw(source) for source in sources]


BOMB = "[&a [1], " + ", ".join(f"&{b} [*{a}, *{a}, *{a}, *{a}]" for a, b in pairwise("abcdefghijklmnopqrst")) + "]"
BEGIN, END = "# BEGIN QUESTION\nname: q1", "# END QUESTION"
R_KERNEL = {"display_name": "R", "name": "ir"}
UNEVEN = question("q1", SCALED, tests=(judging("assert scaled(1)", points=3),), points=2)
UNENDED = code('""" # BEGIN TEST CONFIG\npoints: 1\nscaled(2)')


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (blocks(BEGIN), "cell 1: the question 'q1' has no `# END QUESTION`."),
        (blocks(BEGIN, "# BEGIN TESTS"), "the question 'q1' has no `# END TESTS`."),
        (blocks(BEGIN, BEGIN), "cell 2: a question begins before 'q1' has its `# END QUESTION`."),
        (blocks(BEGIN, END, END), "cell 3: `# END QUESTION` is out of place: it has no `# BEGIN QUESTION`."),
        (blocks(BEGIN, "# END TESTS", END), "cell 2: `# END TESTS` is out of place: it has no `# BEGIN TESTS`."),
        (
            blocks(BEGIN, "# BEGIN SOLUTION", END),
            "`# END QUESTION` is out of place: `# END SOLUTION` is to come first.",
        ),
        (blocks("# BEGIN TESTS", BEGIN, END), "cell 1: `# BEGIN TESTS` stands outside of a question"),
        (blocks(BEGIN, "# BEGIN TESTS", "# BEGIN PROMPT"), "stands before the `# END TESTS` of the block above it"),
        (blocks("# BEGIN QUESTION\nname: [q1", END), "cell 1: its settings are no YAML that can be read"),
        (blocks("# BEGIN QUESTION\nname: !!python/name:os.system", END), "cell 1: its settings are no YAML"),
        (blocks(f"# BEGIN QUESTION\nname: q1\npoints: {BOMB}\nmanual: true", END), "its points are [[1], [[1], [1],"),
        (blocks("# BEGIN QUESTION\n- q1", END), "cell 1: its settings are list, and not `name: value` lines"),
        (blocks("# BEGIN QUESTION", END), "cell 1: the question has no name"),
        (blocks(BEGIN, END, BEGIN, END), "cell 3: an earlier question is called 'q1' too"),
        (blocks("# ASSIGNMENT CONFIG\nfiles: [none.csv]", BEGIN, END), "its files name none.csv, which is not there"),
        (blocks("# ASSIGNMENT CONFIG\nfiles: none.csv", BEGIN, END), "its files are 'none.csv'; give a list of paths"),
        (blocks("# ASSIGNMENT CONFIG\nfiles: [../other]", BEGIN, END), "lies outside of its folder"),
        (blocks("# ASSIGNMENT CONFIG\nfiles: [solution]", BEGIN, END), "lies in a folder that does not travel"),
        (blocks("# ASSIGNMENT CONFIG\nconfig_file: none.yml", BEGIN, END), "its config_file none.yml cannot be read"),
        (UNEVEN, "its tests have 3 points, and it has 2"),
        (question("q1", SCALED, tests=(VERIFIED,), points=[1, 2]), "points for 2 tests, and 1 tests"),
        (question("q1", SCALED, tests=(VERIFIED,), points="many"), "its points are 'many'; give a number from 0."),
        (question("q1", SCALED, tests=(text("words"),)), "a cell of tests must be code"),
        (question("q1", SCALED, tests=(UNENDED,)), "`# BEGIN TEST CONFIG` has no `# END TEST CONFIG`."),
        (
            question("q1", code("# BEGIN SOLUTION\nx = 1"), tests=(VERIFIED,)),
            "`# BEGIN SOLUTION` has no `# END SOLUTION`",
        ),
        (
            question("q1", code("x = 1\n# END SOLUTION"), tests=(VERIFIED,)),
            "`# END SOLUTION` has no `# BEGIN SOLUTION`",
        ),
        (question("q1", code("x = 1\n# END IGNORE"), tests=(VERIFIED,)), "`# END IGNORE` has no `# BEGIN IGNORE`"),
        (question("q1", code("1 + 1 # SOLUTION"), tests=(VERIFIED,)), "defines no name of its own"),
        (
            question("q1", tests=(VERIFIED,), prompt=(code("x = ..."),)),
            "has tests and no solution; put one below its prompt.",
        ),
        (question("q1", text("Words."), manual=True, points=1), "no question in it is judged by tests"),
        (question("q1", tests=(VERIFIED,)), "no question in it is judged by tests"),
        ([text("```otter\n# BEGIN QUESTION\nname: q1")], "week.ipynb, cell 1: its ```otter has no ``` below it."),
        ([code("x = 1")], "it has no question; each begins with a raw cell `# BEGIN QUESTION`"),
    ],
)
def test_what_is_malformed_ends_with_one_sentence(untouched, tmp_path, capsys, cells, sentence):
    path = write_source(tmp_path / "theirs", *cells, name="week")
    for folder in (path.parent / "solution", tmp_path / "other"):
        folder.mkdir()
        (folder / "table.csv").write_text("1\n")
    assert imported(untouched, path) == 2
    assert sentence in one_line(capsys.readouterr().err)
    assert not (untouched / "source" / "week").exists()
    assert not (untouched / "tests" / "week").exists()


def test_another_kind_of_file_ends_with_one_sentence(root, tmp_path, capsys):
    source = question("q1", SCALED, tests=(VERIFIED,))
    kernel = write_source(tmp_path / "r", *source, kernelspec=R_KERNEL)
    (tmp_path / "no.ipynb").write_text("# words")
    (tmp_path / "week.Rmd").write_text("# words")
    (tmp_path / "empty").mkdir()
    write_source(tmp_path / "two", *source, name="one")
    write_source(tmp_path / "two", *source, name="other")
    for path, sentence in {
        kernel: "its kernel is of R; answers in Python alone are graded",
        tmp_path / "no.ipynb": "no.ipynb",
        tmp_path / "none.ipynb": "none.ipynb",
        tmp_path / "week.Rmd": "it is R Markdown or Quarto",
        tmp_path / "empty": "holds no notebook; give otter's source notebook.",
        tmp_path / "two": "holds 2 source notebooks (one.ipynb, other.ipynb); import one after the other.",
        released(
            tmp_path / "out"
        ): "it is made by `otter assign`: what students get, tests/ too, has neither solutions nor hidden",
    }.items():
        assert imported(root, path) == 2
        said = one_line(capsys.readouterr().err)
        assert sentence in said
        assert said.startswith("autograder: ")
    assert imported(root, kernel, "--split") == 2
    assert "--split is for nbgrader" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("folder", ["student", "autograder"])
def test_what_otter_makes_is_no_source(untouched, assigned, capsys, folder):
    made, _ = assigned
    assert imported(untouched, made / folder) == 2
    assert "it is made by `otter assign`" in one_line(capsys.readouterr().err)


def test_a_folder_with_one_source_notebook_will_do(root, tmp_path):
    path = scaled(tmp_path, VERIFIED)
    write_source(path.parent, code("x = 1"), name="scratch")
    assert imported(root, path.parent) == 0
    assert (root / "source" / "week" / "week.ipynb").is_file()


def test_nothing_is_written_over(root, tmp_path, capsys):
    path = scaled(tmp_path, VERIFIED)
    assert imported(root, path) == 0
    before = (root / "course_config.py").read_bytes()
    assert imported(root, path) == 2
    assert "is there already" in one_line(capsys.readouterr().err)
    assert (root / "course_config.py").read_bytes() == before


def test_a_path_that_leads_nowhere_is_said(root, tmp_path, capsys):
    assert imported(root, tmp_path / "none.ipynb") == 2
    assert "is not there; give the path of otter's source notebook" in one_line(capsys.readouterr().err)

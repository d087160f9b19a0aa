"""Assignments as teachers have them: what their tests do besides asserting comes along, or is said."""

import json
from pathlib import Path
from typing import Any

import pytest
from imported_course import grade, one_line
from otter_source import code as shown
from otter_source import question, raw, text, write_source
from tiny_course import code, notebook

from autograder.cell_code import defined_names
from autograder.cli import main

HELPERS = "def double(x):\n    return 2 * x\n"
ACCOUNT = """class Negative(Exception):
    pass

class Account:
    def __init__(self, owner, balance=0):
        ### BEGIN SOLUTION
        self.owner, self.balance = owner, balance
        ### END SOLUTION

    def withdraw(self, amount):
        ### BEGIN SOLUTION
        if amount < 0:
            raise Negative
        if amount > self.balance:
            raise ValueError('too much')
        self.balance -= amount
        return self.balance
        ### END SOLUTION

    def __repr__(self):
        return f'Account({self.owner!r})'"""
ACCOUNT_TESTS = """%%time
import pytest
from nose.tools import assert_in, assert_is_instance, assert_greater_equal
a = Account('Ann', 10)
assert isinstance(a, Account) and hasattr(a, 'balance') and callable(a.withdraw)
assert_is_instance(a.balance, int)
assert_in('Ann', repr(a))
assert_greater_equal(a.withdraw(4), 6, 'what is left')
print('left:', a.withdraw(1), sep='')
assert a.balance == 5
try:
    a.withdraw(100)
    assert False, 'must raise'
except ValueError:
    print('fine')
with pytest.raises(ValueError):
    a.withdraw(100)
try:
    Account('Bob').withdraw(-1)
except Negative:
    pass
else:
    raise AssertionError('negative')
assert type(a) is Account and type(a) != Negative
print('All tests passed!')"""
COLUMNS = "import numpy as np\nfrom helpers import double\n### BEGIN SOLUTION\nlow, high = min([3, 1]), max([3, 1])\n### END SOLUTION"
CENTRED = "def centred(X):\n    ### BEGIN SOLUTION\n    return X - X.mean(axis=0)\n    ### END SOLUTION"
CENTRED_TESTS = """from numpy.testing import assert_equal
def check(f, X):
    Z = f(X)
    assert Z.shape == X.shape
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-9)
np.random.seed(1)
check(centred, np.random.randn(5, 2))
assert_equal(centred(np.eye(2)), np.eye(2) - 0.5)"""
COUNTING = "def counting():\n    ### BEGIN SOLUTION\n    n = 0\n    while True:\n        yield n\n        n += 1\n    ### END SOLUTION"
COUNTING_TESTS = "numbers = counting()\nassert next(numbers) == 0\nassert [next(numbers) for _ in range(2)] == [1, 2]"
SLOPE = (
    "def slope(f, x, h=1e-6):\n    ### BEGIN SOLUTION\n    return (f(x + h) - f(x - h)) / (2 * h)\n    ### END SOLUTION"
)
SLOPE_TESTS = """from math import cos
def cube(x: float) -> float:
    return x ** 3
line = lambda x: 2 * x
assert abs(slope(lambda x: np.sin(x), 0.5) - cos(0.5)) < 1e-6
assert abs(slope(cube, 2) - 12) < 1e-4 and abs(slope(line, 1) - 2) < 1e-6
assert abs(slope(f=cos, x=0.0)) < 1e-6"""


GREET = "def greet(name):\n    ### BEGIN SOLUTION\n    print('Hello,', name)\n    ### END SOLUTION"
GREET_TESTS = """from io import StringIO
from contextlib import redirect_stdout
said = StringIO()
with redirect_stdout(said):
    greet('Ann')
    greet('Bob')
assert said.getvalue() == 'Hello, Ann\\nHello, Bob\\n'"""


def marked(grade_id: str, source: str, *flags: str, **marks: Any) -> dict[str, Any]:
    """Return a code cell with the metadata of nbgrader's first schema, which knew no tasks."""
    known = {flag: flag in flags for flag in ("grade", "solution", "locked")}
    return code(grade_id, source, {"nbgrader": {**known, "grade_id": grade_id, "schema_version": 1, **marks}})


def judged(grade_id: str, answer: str, tests: str) -> list[dict[str, Any]]:
    return [marked(grade_id, answer, "solution"), marked(f"{grade_id}-tests", tests, "grade", "locked", points=1)]


def write(folder: Path, *cells: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    (folder / "problem 1.ipynb").write_text(json.dumps(notebook(*cells)))
    (folder / "helpers.py").write_text(HELPERS)
    return folder


@pytest.fixture
def root(tmp_path) -> Path:
    assert main(["new", "course", str(tmp_path / "course")]) == 0
    return tmp_path / "course"


def test_what_tests_do_besides_asserting_comes_along(root, tmp_path, capsys):
    cells = [
        *judged("columns", COLUMNS, "from helpers import double\nassert (low, double(low), high) == (1, 2, 3)"),
        marked("loop", "### BEGIN SOLUTION\nfor i in range(3):\n    print(i)\n### END SOLUTION", "solution"),
        marked("idea", "# an idea", "grade", "solution", points=0),
        *judged("account", ACCOUNT, ACCOUNT_TESTS),
        *judged("centred", CENTRED, CENTRED_TESTS),
        *judged("counting", COUNTING, COUNTING_TESTS),
        *judged("slope", SLOPE, SLOPE_TESTS),
        *judged("greet", GREET, GREET_TESTS),
    ]
    assert main(["import", "nbgrader", str(write(tmp_path / "lab-1", *cells)), "--course", str(root)]) == 0
    said = one_line(capsys.readouterr().out)
    assert "lab_1, 6 points, questions: low, Account, centred, counting, slope, greet" in said
    assert "problem 1.ipynb, cell 3: an answer that defines no name" in said
    assert "problem 1.ipynb, cell 4 is for a person and worth nothing: nobody judges it here." in said
    assert "to be looked at" not in said
    checks = (root / "tests" / "lab_1" / "test_lab_1.py").read_text()
    assert "print" not in checks
    assert "library.builtins.isinstance(a, student.Account) is True" in checks
    wrong = {
        "greet": "def greet(name):\n    print('Hello')",
        "centred": "def centred(X):\n    return X",
        "Account": ACCOUNT.replace("-= amount", "-= 1"),
    }
    assert grade(root, "lab_1", **wrong) == {"solutions": 6, "release": 0, "wrong": 3}


def test_tests_below_an_answer_without_a_name_end_with_one_sentence(root, tmp_path, capsys):
    cells = judged("loop", "### BEGIN SOLUTION\nprint(3)\n### END SOLUTION", "assert 3 == 3")
    assert main(["import", "nbgrader", str(write(tmp_path / "lab", *cells)), "--course", str(root)]) == 2
    assert "these tests use no name of an answer" in one_line(capsys.readouterr().err)


TABLE = """import numpy as np
import pandas as pd
birds = pd.DataFrame({'kind': ['wren', 'tit', 'wren'], 'grams': [9.5, 18.0, 10.5], 'day': pd.to_datetime(['2027-01-02'] * 3)})"""
HEAVY = "# BEGIN SOLUTION\nheavy = birds[birds['grams'] > 10]\n# END SOLUTION"
MEANS = "def means(df):\n    return df.groupby('kind')['grams'].mean() # SOLUTION"
OF_MEANS = """small = pd.DataFrame({'kind': ['a', 'a', 'b'], 'grams': [1.0, 3.0, 5.0]}, index=[3, 4, 5])
found = means(small)
assert isinstance(found, pd.Series) and type(found) == pd.Series
pd.testing.assert_series_equal(found, small.groupby('kind')['grams'].mean())
assert (means(birds) > 9).all()"""
SAYING = "def say(kind):\n    print(f'A {kind}!') # SOLUTION"
OF_HEAVY = """assert isinstance(heavy, pd.DataFrame), 'a table'
assert len(heavy) == 2 and heavy.shape == (2, 3) and list(heavy.columns) == ['kind', 'grams', 'day']
assert 'grams' in heavy.columns
assert heavy[heavy['kind'] == 'tit'].iloc[0]['grams'] == 18
expected = birds[birds.grams > 10]
pd.testing.assert_frame_equal(heavy, expected)
assert heavy.equals(birds[birds.grams > 10]) and birds.merge(heavy, on='kind').shape[0] == 3
small = pd.DataFrame({'kind': ['tit'], 'seen': [True]})
assert heavy[['kind', 'grams']].merge(small, how='inner').shape == (1, 3)"""


def test_tables_are_judged_by_their_data(root, tmp_path, capsys):
    cells = [
        code("g", TABLE),
        *question("q1", shown(HEAVY), tests=(shown(OF_HEAVY), shown("heavy['kind'].nunique() == 2", "np.True_"))),
        *question("q2", shown(MEANS), tests=(shown(OF_MEANS),)),
        *question("q3", shown(SAYING), tests=(shown("say('wren')", printed="A wren!\n"),)),
    ]
    path = write_source(tmp_path / "theirs", *cells, name="tables")
    assert main(["import", "otter", str(path), "--course", str(root)]) == 0
    assert "to be looked at" not in one_line(capsys.readouterr().out)
    wrong = {
        "say": "def say(kind):\n    print(f'A {kind}')",
        "heavy": "heavy = birds[birds['grams'] > 9]",
        "means": "def means(df):\n    return df['grams']",
    }
    assert grade(root, "tables", **wrong) == {"solutions": 3, "release": 0, "wrong": 0.5}


SQUARE = "def square(x):\n    return x ** 2 # SOLUTION"


def first_format() -> list[dict[str, Any]]:
    """Return an assignment in otter's first format."""
    fence = "```\nBEGIN {}\n{}\n```"
    by_hand = fence.format("QUESTION", "name: q2\nmanual: true\npoints: 2")
    return [
        text(fence.format("ASSIGNMENT", "files:\n    - birds.csv\ngenerate: true")),
        text(f"Squares.\n\n{fence.format('QUESTION', 'name: q1')}"),
        shown(SQUARE),
        shown("# TEST\nsquare(1) == 1", "True"),
        shown("## Hidden Test ##\nsquare(2.5)", "6.25"),
        text("Between."),
        text(f"Why?\n\n{by_hand}"),
        text("_Write here._"),
        text("**SOLUTION:** Because."),
    ]


def second_format() -> list[dict[str, Any]]:
    """Return the same in its second."""
    tests = (shown("square(1) == 1", "True"), shown("# HIDDEN\nsquare(2.5)", "6.25"))
    first = question("q1", shown(SQUARE), tests=tests)
    words = question("q2", text("**SOLUTION:** Because."), prompt=(text("_Write here._"),), manual=True, points=2)
    first[1]["source"], words[1]["source"] = "Squares.", "Why?"
    config = raw("# ASSIGNMENT CONFIG\nfiles:\n    - birds.csv\ngenerate: true")
    return [config, *first, text("Between."), *words]


def test_otters_first_format_is_read_as_its_second(root, tmp_path, capsys):
    written = []
    for number, cells in enumerate((first_format(), second_format())):
        path = write_source(tmp_path / str(number), *cells, name=f"week{number}")
        assert main(["import", "otter", str(path), "--course", str(root)]) == 0
        assert f"week{number}, 3 points, questions: square" in one_line(capsys.readouterr().out)
        of_source = json.loads((root / "source" / f"week{number}" / f"week{number}.ipynb").read_text())["cells"]
        checks = (root / "tests" / f"week{number}" / f"test_week{number}.py").read_text()
        said = [(one["cell_type"], one["source"], one["metadata"]) for one in of_source]
        written.append((said, checks.replace(f"week{number}", "week")))
    assert written[0] == written[1]
    assert "test_q1_2_hidden" in written[0][1]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a, b = 1, 2", ["a", "b"]),
        ("(fig, ax) = f()", ["fig", "ax"]),
        ("first, *rest = x\nc = 1", ["first", "rest", "c"]),
        ("a, b == 2", []),
        ("f(a, b=3)", []),
    ],
)
def test_names_bound_together_are_found(source, names):
    assert defined_names(source) == names

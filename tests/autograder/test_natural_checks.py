"""Checks as people write them, each tried in both worlds: on the answers themselves, and on the student's process.

`docs/natural_checks.md` is made from these: `python tests/autograder/test_natural_checks.py`.
"""

import sys
from pathlib import Path
from textwrap import indent

import pytest
from tiny_course import answers as _answers  # noqa: F401 - tells where the tiny course lies
from tiny_course import code, marks, notebook

TABLE = Path(__file__).parents[2] / "docs" / "natural_checks.md"
CONFIG = """
from autograder.course import Assignment, Budget, Course

course = Course(
    name="Natural",
    libraries=["pandas"],
    assignments=[
        Assignment(name="natural", title="Natural", points={points}, budget=Budget(check_seconds=20, total_seconds=300))
    ],
)
"""
SETUP = """
import collections, contextlib, datetime, decimal, fractions
import numpy as np
import pandas as pd
"""
SOLUTION = '''
# TODO: everything.
### BEGIN SOLUTION
class Vector:
    """A vector of two numbers."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __abs__(self):
        return (self.x**2 + self.y**2) ** 0.5

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return (self.x, self.y)[index]

    def __iter__(self):
        return iter((self.x, self.y))

    def __contains__(self, value):
        return value in (self.x, self.y)

    def __call__(self, factor):
        return self * factor

    def __float__(self):
        return float(abs(self))

    def __int__(self):
        return int(abs(self))

    def __str__(self):
        return f"({self.x}, {self.y})"

    @property
    def norm(self):
        return abs(self)

    @classmethod
    def zero(cls):
        return cls(0, 0)


class Stack:
    """A stack that raises when it is empty."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        if not self.items:
            raise IndexError("the stack is empty")
        return self.items.pop()


Point = collections.namedtuple("Point", "x y")


def nothing(): return None
def truth(): return True
def word(): return "word"
def numbers(): return [1, 2, 3, 4]
def pair(): return 1, "one"
def point(): return Point(3, 4)
def table(): return {"a": 1, "b": [1, 2]}
def grid(): return {(0, 1): "x", (2, 3): "y"}
def letters(): return {"a", "b", "c"}
def frozen(): return frozenset({1, 2})
def counts(text): return collections.Counter(text)
def ordered(): return collections.OrderedDict(b=1, a=2)
def grouped(): return collections.defaultdict(list, x=[1])
def root(): return 1 + 2j
def raw(): return b"raw"
def day(): return datetime.date(2027, 1, 15)
def moment(): return datetime.datetime(2027, 1, 15, 12, 30)
def span(): return datetime.timedelta(hours=36)
def price(): return decimal.Decimal("19.99")
def third(): return fractions.Fraction(1, 3)
def large(): return 2**100
def array(): return np.arange(6).reshape(2, 3)
def squares(n): return (i * i for i in range(n))
def naturals():
    n = 0
    while True:
        yield n
        n += 1
def doubled(values): return map(lambda v: 2 * v, values)
def halves(x):
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x // 2
def parse(text): return int(text)
def lookup(key): return {"a": 1}[key]
def divide(a, b): return a / b
def twice(function, value): return function(function(value))
def total(*values, scale=1, **more): return scale * (sum(values) + sum(more.values()))
def greet(name): print(f"Hello, {name}!")
def tail(values): return values[1:]
def union(a, b): return a | b
def weekday(date): return date.strftime("%A")
def add_tax(amount): return amount * decimal.Decimal("1.19")
def middle(values): return values[len(values) // 2 - 1 : len(values) // 2 + 1]
def frame(): return pd.DataFrame({"name": ["a", "b", "c"], "price": [1.0, 2.0, 3.0]})
def make_adder(n): return lambda x: x + n

@contextlib.contextmanager
def opened():
    yield "inside"

class Sure:
    """It says yes to everything, with an answer of Python's own."""

    def __eq__(self, other): return True
    def __bool__(self): return True
    __hash__ = object.__hash__
    __gt__ = __lt__ = __ge__ = __le__ = __eq__


class Odd:
    """It answers with an object of its own."""

    def __gt__(self, other): return self
    def __str__(self): return Text("yes")
    def __float__(self): return Number(1)
    def __getitem__(self, key): return self
    def __iter__(self): return iter(lambda: 1, 2)


class Text(str): pass
class Number(float): pass


unit = Vector(1, 0)
everything = True
### END SOLUTION
'''.strip()
NATURAL = {
    "None": "assert student.nothing() is None",
    "bool": "assert student.truth() is True",
    "str": 'assert student.word() == "word"',
    "str methods": 'assert student.word().upper() == "WORD"',
    "list": "assert student.numbers() == [1, 2, 3, 4]",
    "sorted": "assert sorted(student.numbers(), reverse=True) == [4, 3, 2, 1]",
    "sum, max": "assert (sum(student.numbers()), max(student.numbers())) == (10, 4)",
    "tuple": 'assert student.pair() == (1, "one")',
    "unpacking": 'number, name = student.pair()\nassert name == "one"',
    "namedtuple": "assert student.point() == (3, 4)",
    "namedtuple's fields": "assert student.Point(x=3, y=4) == (3, 4)",
    "dict": 'assert student.table() == {"a": 1, "b": [1, 2]}',
    "dict keys": 'assert set(student.table()) == {"a", "b"}',
    "dict of tuples": 'assert student.grid()[2, 3] == "y"',
    "set": 'assert student.letters() == {"a", "b", "c"}',
    "set operators": 'assert student.letters() - {"a"} == {"b", "c"}',
    "in a set": 'assert "a" in student.letters()',
    "frozenset": "assert student.frozen() == {1, 2}",
    "Counter": 'assert student.counts("abba") == {"a": 2, "b": 2}',
    "OrderedDict": 'assert list(student.ordered()) == ["b", "a"]',
    "defaultdict": 'assert student.grouped() == {"x": [1]}',
    "complex": "assert student.root() == 1 + 2j",
    "bytes": 'assert student.raw() == b"raw"',
    "date": "assert student.day() == datetime.date(2027, 1, 15)",
    "datetime": "assert student.moment().hour == 12",
    "timedelta": "assert student.span() == datetime.timedelta(days=1, hours=12)",
    "Decimal": 'assert student.price() == decimal.Decimal("19.99")',
    "Fraction": "assert student.third() == fractions.Fraction(1, 3)",
    "large int": "assert student.large() == 2**100",
    "array": "assert student.array().tolist() == [[0, 1, 2], [3, 4, 5]]",
    "np.testing": "np.testing.assert_allclose(student.array(), np.arange(6).reshape(2, 3))",
    "pytest.approx": "assert student.divide(1, 3) == pytest.approx(0.3333, abs=1e-3)",
    "list of a generator": "assert list(student.squares(4)) == [0, 1, 4, 9]",
    "for over a generator": "assert [n for n in student.squares(4)] == [0, 1, 4, 9]",
    "next": "numbers = student.naturals()\nassert (next(numbers), next(numbers)) == (0, 1)",
    "next with a default": "assert next(student.squares(0), None) is None",
    "break": "for number in student.naturals():\n    if number > 3:\n        break\nassert number == 4",
    "an iterator goes on": "numbers = student.naturals()\nfor number in numbers:\n    break\nassert next(numbers) == 1",
    "islice": "assert list(itertools.islice(student.naturals(), 3)) == [0, 1, 2]",
    "zip": 'assert dict(zip("ab", student.naturals())) == {"a": 0, "b": 1}',
    "enumerate": "assert list(enumerate(student.squares(2))) == [(0, 0), (1, 1)]",
    "list of a map": "assert list(student.doubled([1, 2])) == [2, 4]",
    "attribute": "assert student.Vector(1, 2).x == 1",
    "property": "assert student.Vector(3, 4).norm == 5",
    "method": "stack = student.Stack()\nstack.push(1)\nassert stack.pop() == 1",
    "classmethod": "assert student.Vector.zero().x == 0",
    "a + b": "both = student.Vector(1, 2) + student.Vector(3, 4)\nassert (both.x, both.y) == (4, 6)",
    "a * 2": "assert (student.Vector(1, 2) * 2).y == 4",
    "2 * a": "assert (2 * student.Vector(1, 2)).y == 4",
    "-a": "assert (-student.Vector(1, 2)).x == -1",
    "abs": "assert abs(student.Vector(3, 4)) == 5",
    "float": "assert float(student.Vector(3, 4)) == 5.0",
    "int": "assert int(student.Vector(3, 4)) == 5",
    "len": "assert len(student.Vector(1, 2)) == 2",
    "index": "assert student.Vector(1, 2)[1] == 2",
    "loop over an object": "assert list(student.Vector(1, 2)) == [1, 2]",
    "in": "assert 2 in student.Vector(1, 2)",
    "call of an object": "assert student.unit(3).x == 3",
    "str()": 'assert str(student.Vector(1, 2)) == "(1, 2)"',
    "hasattr": 'assert hasattr(student.unit, "norm") and not hasattr(student.unit, "length")',
    "getattr with a default": 'assert getattr(student.unit, "length", student.unit.x) == 1',
    "callable": "assert callable(student.halves)",
    "__name__": 'assert student.halves.__name__ == "halves"',
    "function from a function": "assert student.make_adder(2)(3) == 5",
    "pytest.raises": "with pytest.raises(ValueError):\n    student.halves(3)",
    "pytest.raises with match": 'with pytest.raises(ValueError, match="3 is odd"):\n    student.halves(3)',
    "raises ZeroDivisionError": "with pytest.raises(ZeroDivisionError):\n    student.divide(1, 0)",
    "raises KeyError": 'with pytest.raises(KeyError):\n    student.lookup("b")',
    "raises a base class": 'with pytest.raises(LookupError):\n    student.lookup("b")',
    "raises TypeError for arguments": "with pytest.raises(TypeError):\n    student.halves()\nassert student.halves(4) == 2",
    "raises in a method": "with pytest.raises(IndexError):\n    student.Stack().pop()",
    "try … except": 'try:\n    student.parse("x")\nexcept ValueError:\n    return\npytest.fail("no ValueError")',
    "no exception": "student.halves(4)",
    "keyword arguments": "assert student.total(1, 2, scale=2, more=3) == 12",
    "* and **": 'assert student.total(*[1, 2], **{"scale": 3}) == 9',
    "handing a student's function on": "assert student.twice(student.halves, 8) == 2",
    "a slice of an object": "assert student.tail((1, 2, 3)) == (2, 3)",
    "a set as argument": 'assert student.union({"a"}, {"b"}) == {"a", "b"}',
    "a date as argument": 'assert student.weekday(datetime.date(2027, 1, 15)) == "Friday"',
    "a Decimal as argument": 'assert student.add_tax(decimal.Decimal(100)) == decimal.Decimal("119.00")',
    "a range as argument": "assert list(student.doubled(range(3))) == [0, 2, 4]",
    "slice objects": "assert student.Vector(1, 2)[0:2] == (1, 2)",
    "with": 'with student.opened() as found:\n    assert found == "inside"',
    "columns of a table": 'assert list(student.frame()["price"]) == [1.0, 2.0, 3.0]',
    "a condition on a table": 'df = student.frame()\nassert list(df[df["price"] > 1.5]["name"]) == ["b", "c"]',
    "conditions joined": 'df = student.frame()\nassert len(df[(df["price"] > 1.5) & (df["price"] < 2.5)]) == 1',
    "reckoning with a column": 'assert (student.frame()["price"] * 2).sum() == 12.0',
    "shape and columns": 'df = student.frame()\nassert df.shape == (3, 2) and list(df.columns) == ["name", "price"]',
}
"""Bodies of checks by what is natural about them; each passes on the solution, and not on an answer that raises."""
BOUNDARY = {
    "an object does not decide with >": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert student.Sure() > 5',
    "nor with an object of its own": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert student.Odd() > 5',
    "nor with <=": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert 5 >= student.Sure()',
    "nor by being equal": "assert student.Sure() != 5\nassert 5 not in [student.Sure()]",
    "nor by being equal to another": "assert student.Sure() != student.Sure()",
    "its text is a text": "assert type(str(student.Odd())) is str",
    "its number is a number": "assert type(float(student.Odd())) is float",
    "a hint does not show its text": 'assert f"{student.Sure()}" == repr(student.Sure()) == "<a Sure of the student\'s>"',
    "what has no end has one": 'with pytest.raises(AssertionError, match="There must be an end"):\n    list(student.Odd())',
}
"""What holds on the student's process alone: nothing is found true by code of theirs."""
OTHERWISE = {
    "a == b of own classes": (
        "`==` is identity for the student's objects: an `__eq__` of theirs could say anything. Compare what they hold: "
        "`(a.x, a.y) == (1, 2)`."
    ),
    "assert a > b of own classes": (
        "refused with a sentence, for the same reason; `float(a)` or an attribute is a number that can be compared."
    ),
    'df == other, df["a"] == 3': 'as above; `df["a"].eq(3)` is a column.',
    "isinstance(x, pd.DataFrame)": "`library.builtins.isinstance(x, library.pandas.DataFrame)`; a claim of the student's process.",
    "pd.testing.assert_frame_equal": 'a DataFrame stays where it is: compare `df.to_dict("list")`, or columns as lists.',
    'repr(x), f"{x}"': "names the type only, since pytest prints it; `str(x)` is the student's.",
    "arguments changed in place": (
        "arguments are copies. Hold the object there: `held = library.types.SimpleNamespace(values=[3, 1, 2])`, then "
        '`library.builtins.eval("lambda f, held: f(held.values)")(student.sort, held)` and `held.values`.'
    ),
    "callbacks of the check's": 'a function of the check\'s cannot be sent; `library.builtins.eval("lambda x: 2 * x")` is one there.',
    "capsys, monkeypatch, tmp_path": "are of the checks' process; what a student prints or writes stays in theirs.",
    "pytest.raises(student.MyError)": "a class of the student's is no class here: expect the kind of Python's that it derives from.",
}


def course_at(root: Path) -> Path:
    """Write a course whose checks are the natural ones, a point for each."""
    source, checks = root / "source" / "natural", root / "tests" / "natural"
    for folder in (source, checks):
        folder.mkdir(parents=True)
    (root / "course_config.py").write_text(CONFIG.format(points=len(NATURAL) + len(BOUNDARY)))
    cells = [
        code("setup", SETUP.strip(), marks("setup")),
        code("everything", SOLUTION, marks("everything", solution=True)),
    ]
    import json

    (source / "natural.ipynb").write_text(json.dumps(notebook(*cells)))
    (checks / "test_natural.py").write_text(checks_text())
    return root


def checks_text() -> str:
    """Return the module of the checks."""
    parts = ["import datetime, decimal, fractions, itertools\n\nimport numpy as np\nimport pytest\n"]
    for number, body in enumerate([*NATURAL.values(), *BOUNDARY.values()]):
        public = "" if number else "@pytest.mark.public\n"
        head = f'{public}@pytest.mark.question("everything")\n@pytest.mark.points(1)\ndef test_{number:03d}(student):\n'
        head += '    """A natural check."""\n'
        parts.append(head + indent(body, "    ") + "\n")
    return "\n\n".join(parts)


def table() -> str:
    """Return the page of what works, and of what is to be written otherwise."""
    lines = [
        "# Checks as people write them",
        "",
        "Each works the same in the checks' own process and on the student's, over the boundary between them; made from",
        "`tests/autograder/test_natural_checks.py`, which tries them all.",
        "",
        "| | check |",
        "|---|---|",
        *(
            f"| {name} | {'<br>'.join(f'`{line.replace(chr(124), chr(92) + chr(124))}`' for line in body.splitlines())} |"
            for name, body in NATURAL.items()
        ),
        "",
        "What is written otherwise, and why:",
        "",
        "| | |",
        "|---|---|",
        *(f"| `{name}` | {why} |" for name, why in OTHERWISE.items()),
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict:
    """Results of the solution and of a student whose every answer raises, by check."""
    from autograder.cli import main
    from autograder.results import read_results

    root = course_at(tmp_path_factory.mktemp("natural") / "course")
    assert main(["build", "--course", str(root)]) == 0
    raising = "\n".join(
        f"{line.split('(')[0].split('=')[0].removeprefix('def ').removeprefix('class ').strip(': ')} = None"
        for line in SOLUTION.splitlines()
        if line.startswith(("def ", "class ", "Point", "unit", "everything"))
    )
    import json

    solved = json.loads((root / "solutions" / "natural" / "natural.ipynb").read_text())
    for student, source in {"right": None, "wrong": raising}.items():
        cells = json.loads(json.dumps(solved))
        for cell in cells["cells"]:
            if source is not None and cell["id"] == "everything":
                cell["source"] = source
        path = root / "submitted" / student / "natural" / "natural.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(cells))
    assert main(["grade", "natural", "--course", str(root), "--workers", "1"]) == 0
    return {
        one.student: {check.id[-3:]: check for check in one.checks} for one in read_results(root / "results", "natural")
    }


@pytest.mark.parametrize("name", NATURAL)
def test_it_works_in_the_students_process(results, name):
    number = f"{list(NATURAL).index(name):03d}"
    right, wrong = (results[student][number] for student in ("right", "wrong"))
    assert right.status == "passed", right.staff_message
    assert wrong.status != "passed"


@pytest.mark.parametrize("name", BOUNDARY)
def test_nothing_is_found_true_by_code_of_the_students(results, name):
    right = results["right"][f"{[*NATURAL, *BOUNDARY].index(name):03d}"]
    assert right.status == "passed", right.staff_message


@pytest.mark.parametrize("name", NATURAL)
def test_it_works_where_the_answers_are(name):
    from types import SimpleNamespace

    answers: dict = {}
    exec(f"{SETUP}\n{SOLUTION}", answers)
    checks: dict = {}
    exec(checks_text(), checks)
    checks[f"test_{list(NATURAL).index(name):03d}"](SimpleNamespace(**answers))


def test_the_page_is_up_to_date():
    assert TABLE.read_text() == table(), f"run `python {Path(__file__).name}`"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    TABLE.write_text(table())

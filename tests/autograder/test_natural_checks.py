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
import collections, contextlib, csv, dataclasses, datetime, decimal, enum, fractions, functools, json, os, pathlib
import pickle, random, re, sqlite3, threading
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
def people(): return [Point(1, 2), Point(3, 4)]
def queue(): return collections.deque([1, 2, 3], maxlen=3)
def names(): return np.array(["a", "bb"])
def days(): return np.array(["2027-01-15"], dtype="datetime64[D]")
def report_path(): return pathlib.Path("results") / "report.json"
def mean_price(df): return df.groupby("name")["price"].mean()
def add_total(df): df["total"] = df["price"] * 2
def read_table(path): return pd.read_csv(path)
def due(): return pd.Timestamp("2027-01-15")
def sort_in_place(values): values.sort()
def scale_in_place(array, factor): array *= factor
def append_to(value, values=None):
    values = [] if values is None else values
    values.append(value)
    return values
def apply_to_all(function, values): return [function(value) for value in values]
def mapped(function, values): return map(function, values)
def area_of(shapes): return sum(shape.area() for shape in shapes)
def ask_age():
    while not (text := input("Age? ")).isdigit():
        print("A number, please")
    return int(text)
def roll(n): return [random.randint(1, 6) for _ in range(n)]
def game(n): return sum(roll(n))
def noise(n): return np.random.normal(size=n)
RATES = {"EUR": 2}
def converted(x, currency): return x * RATES[currency]
def home(): return os.environ["COURSE_HOME"]
def save(path, data): pathlib.Path(path).write_text(json.dumps(data))
def load(path): return json.loads(pathlib.Path(path).read_text())
def factorial(n: int) -> int:
    """Return n! recursively."""
    return 1 if n == 0 else n * factorial(n - 1)
def label(text, *, width=10, **options): return text.ljust(width)

def count_calls(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)
    wrapper.calls = 0
    return wrapper

class Overdrawn(Exception):
    def __init__(self, missing):
        super().__init__(f"{missing} too little")
        self.missing = missing

class Account:
    """An account that cannot be overdrawn."""

    def __init__(self, balance=0): self._balance = balance
    def __eq__(self, other): return isinstance(other, Account) and self._balance == other._balance
    def __repr__(self): return f"Account({self._balance})"
    def __bool__(self): return self._balance > 0
    def __len__(self): return self._balance
    def __setitem__(self, key, value): self._balance += value
    def __iadd__(self, amount):
        self._balance += amount
        return self
    @property
    def balance(self): return self._balance
    @balance.setter
    def balance(self, value):
        if value < 0:
            raise ValueError("negative")
        self._balance = value
    def withdraw(self, amount):
        if amount > self._balance:
            raise Overdrawn(amount - self._balance)
        self._balance -= amount

class Savings(Account): label = "savings"

@dataclasses.dataclass(frozen=True)
class Item:
    name: str
    price: float = 1.0

class Color(enum.Enum):
    RED = 1
    GREEN = 2

class Node:
    def __init__(self, value, left=None): self.value, self.left = value, left

def averager():
    total = count = 0
    mean = None
    while True:
        total += yield mean
        count += 1
        mean = total / count

def retry(times):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args):
            for left in reversed(range(times)):
                try:
                    return function(*args)
                except Exception:
                    if not left:
                        raise
        return wrapper
    return decorator

class Tally(dict):
    def __missing__(self, key): return 0
    def add(self, key): self[key] += 1

class Setting:
    __slots__ = ("value",)
    def __init__(self, value=None): self.value = value
    def __enter__(self): return self
    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.value = None

class Locked:
    def __init__(self):
        self.count, self._lock = 0, threading.Lock()
    def add(self):
        with self._lock:
            self.count += 1

class Grid:
    def __init__(self, rows): self.rows = [list(row) for row in rows]
    def __getitem__(self, place): return self.rows[place[0]][place[1]]
    def __setitem__(self, place, value): self.rows[place[0]][place[1]] = value
    def __matmul__(self, other): return Grid([[sum(a * b for a, b in zip(r, c)) for c in zip(*other.rows)] for r in self.rows])

def hand_out(): return [Setting(n) for n in (2, 3, 1)]
def database(rows):
    found = sqlite3.connect(":memory:")
    found.execute("create table t (name text, n integer)")
    found.executemany("insert into t values (?, ?)", rows)
    return found
def iso_dates(text): return list(re.finditer(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})", text))
def by_name(df): return df.groupby("name")
def pickled(thing, path): pathlib.Path(path).write_bytes(pickle.dumps(thing))
def unpickled(path): return pickle.loads(pathlib.Path(path).read_bytes())
def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)

@contextlib.contextmanager
def opened():
    yield "inside"

class Close:
    """It is as far from everything as the right answer would be."""

    def __sub__(self, other): return 0
    __rsub__ = __sub__

class Sure:
    """It says yes to everything, with an answer of Python's own."""

    def __eq__(self, other): return True
    def __bool__(self): return True
    __hash__ = object.__hash__
    __gt__ = __lt__ = __ge__ = __le__ = __eq__


class Odd:
    """It answers with an object of its own."""

    def __gt__(self, other): return self
    def __and__(self, other): return self
    def all(self, **_): return True
    def __str__(self): return Text("yes")
    def __float__(self): return Number(1)
    def __getitem__(self, key): return self
    def __iter__(self): return iter(lambda: 1, 2)


class Holder:
    def __len__(self): return 3
    def __contains__(self, value): return True
    def __iter__(self): return iter([1, 2])


class Kind:
    __class__ = int


def notify(sender, text): sender.send(text, urgent=True)
def mean_of(sensor, n): return sum(sensor.read() for _ in range(n)) / n
def safe_read(sensor):
    try:
        return sensor.read()
    except ConnectionError:
        return None
def emptied(account):
    taken = account.balance
    account.balance = 0
    return taken
def used(resource):
    with resource as inner:
        return inner.value + 1
def looked_at(box): return [len(box), box[0], list(box), 3 in box, hasattr(box, "lid"), box == box]


def catch_all(function):
    try:
        function()
    except BaseException:
        return "caught"


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
    "hasattr of a special method": 'assert hasattr(student.Vector, "__add__") and not hasattr(student.Vector, "__sub__")',
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
    "namedtuple's attributes": "assert [p.x for p in student.people()] == [1, 3]",
    "namedtuple's _asdict": 'assert student.people()[0]._asdict() == {"x": 1, "y": 2}',
    "Counter's most_common": 'assert student.counts("abb").most_common(1) == [("b", 2)]',
    "isinstance Counter": 'assert isinstance(student.counts("abb"), collections.Counter)',
    "defaultdict's default": 'assert student.grouped()["new"] == []',
    "deque": "assert student.queue() == collections.deque([1, 2, 3])",
    "array of texts": 'np.testing.assert_array_equal(student.names(), np.array(["a", "bb"]))',
    "array of dates": 'assert student.days()[0] == np.datetime64("2027-01-15")',
    "path": 'assert student.report_path().name == "report.json"',
    "structural pattern": 'match student.table():\n    case {"a": 1, "b": [first, *_]}:\n        assert first == 1\n    case _:\n        pytest.fail("other")',
    "json.dumps": 'assert json.loads(json.dumps(student.table())) == {"a": 1, "b": [1, 2]}',
    "math.isclose": "assert math.isclose(student.divide(1, 4), 0.25)",
    "a table by value": 'expected = pd.DataFrame({"name": ["a", "b", "c"], "price": [1.0, 2.0, 3.0]})\npd.testing.assert_frame_equal(student.frame(), expected)',
    "isinstance DataFrame": "assert isinstance(student.frame(), pd.DataFrame)",
    "a table as argument": 'df = pd.DataFrame({"name": ["a", "a", "b"], "price": [1.0, 3.0, 5.0]})\nassert student.mean_price(df).to_dict() == {"a": 2.0, "b": 5.0}',
    "a column by value": 'df = pd.DataFrame({"name": ["a"], "price": [1.0]})\nexpected = pd.Series([1.0], index=pd.Index(["a"], name="name"), name="price")\npd.testing.assert_series_equal(student.mean_price(df), expected)',
    "df == other": 'assert (student.frame()["price"] == [1.0, 2.0, 3.0]).all()',
    "loc and iloc": 'df = student.frame()\nassert df.loc[0, "name"] == "a" and df.iloc[-1]["price"] == 3.0',
    "Timestamp": "assert student.due() == pd.Timestamp(2027, 1, 15)",
    "repr(x)": 'assert repr(student.Account(3)) == "Account(3)"',
    "f-string": 'assert f"{student.Account(3)}" == "Account(3)"',
    "truth of an object": "assert student.Account(1) and not student.Account(0)",
    "a.x = value": "account = student.Account(1)\naccount.balance = 7\nassert account.balance == 7",
    "a setter that raises": 'account = student.Account(1)\nwith pytest.raises(ValueError, match="negative"):\n    account.balance = -1',
    "a[key] = value": "account = student.Account(1)\naccount[0] = 2\nassert account.balance == 3",
    "a += 1": "account = student.Account(1)\naccount += 2\nassert account.balance == 3",
    "is": "leaf = student.Node(1)\nassert student.Node(2, leaf).left is leaf",
    "children set by the check": "root = student.Node(2)\nroot.left = student.Node(1)\nassert root.left.value == 1",
    "copy.deepcopy": "account = student.Account(3)\nother = copy.deepcopy(account)\nother.balance = 1\nassert account.balance == 3",
    "isinstance of their class": "assert isinstance(student.Savings(1), student.Account)",
    "issubclass": "assert issubclass(student.Savings, student.Account) and issubclass(student.Color, enum.Enum)",
    "type(x).__name__": 'assert type(student.Account(1)).__name__ == "Account"',
    "isinstance of a library's class": "assert isinstance(student.Color.RED, enum.Enum) and isinstance(student.squares(2), types.GeneratorType)",
    "enum": 'assert student.Color(1) is student.Color.RED and [c.name for c in student.Color] == ["RED", "GREEN"]',
    "a property": "assert isinstance(student.Account.balance, property)",
    "dataclass": 'assert dataclasses.is_dataclass(student.Item) and student.Item("a").price == 1.0',
    "frozen dataclass": 'item = student.Item("a")\nwith pytest.raises(dataclasses.FrozenInstanceError):\n    item.price = 2',
    "docstring": 'assert "n!" in student.factorial.__doc__',
    "annotations": 'assert student.factorial.__annotations__ == {"n": int, "return": int}',
    "inspect.signature": 'parameters = inspect.signature(student.label).parameters\nassert parameters["width"].kind is inspect.Parameter.KEYWORD_ONLY and parameters["width"].default == 10',
    "their own exception": "with pytest.raises(student.Overdrawn):\n    student.Account(1).withdraw(3)",
    "an exception's attributes": "with pytest.raises(student.Overdrawn) as caught:\n    student.Account(1).withdraw(3)\nassert caught.value.missing == 2",
    "an exception's text": 'with pytest.raises(Exception) as caught:\n    student.Account(1).withdraw(3)\nassert str(caught.value) == "2 too little" and caught.value.args == ("2 too little",)',
    "except their exception": 'try:\n    student.Account(1).withdraw(3)\nexcept student.Overdrawn as error:\n    assert error.missing == 2\nelse:\n    pytest.fail("not raised")',
    "raises FileNotFoundError": 'with pytest.raises(FileNotFoundError):\n    student.load("nothing.json")',
    "a lambda as argument": "assert student.apply_to_all(lambda x: x + 1, [1, 2]) == [2, 3]",
    "counting calls": "seen = []\nstudent.apply_to_all(lambda x: seen.append(x), [1, 2])\nassert seen == [1, 2]",
    "Mock": "fake = mock.Mock(return_value=5)\nassert student.apply_to_all(fake, [1, 2]) == [5, 5]\nassert fake.call_count == 2",
    "a library's function as argument": 'assert student.apply_to_all(math.sqrt, [1, 4]) == [1, 2] and student.apply_to_all(str.upper, ["a"]) == ["A"]',
    "a callback of lazy results": "assert list(student.mapped(lambda x: 2 * x, iter([1, 2]))) == [2, 4]",
    "a callback that raises": "def refuse(x):\n    raise KeyError(x)\nwith pytest.raises(KeyError):\n    student.apply_to_all(refuse, [1])",
    "a generator as argument": "assert student.apply_to_all(abs, (n for n in [-1, 2])) == [1, 2]",
    "a decorator": '@student.count_calls\ndef add(a, b):\n    return a + b\nassert add(1, 2) == 3 and add.calls == 1 and add.__name__ == "add"',
    "map over a student's function": "assert list(map(student.halves, [2, 4])) == [1, 2]",
    "capsys": 'student.greet("Ada")\nassert capsys.readouterr().out == "Hello, Ada!\\n"',
    "redirect_stdout": 'out = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    student.greet("Ada")\nassert out.getvalue() == "Hello, Ada!\\n"',
    "input": 'answers = iter(["x", "7"])\nmonkeypatch.setattr("builtins.input", lambda prompt: next(answers))\nassert student.ask_age() == 7',
    "mock.patch of input": 'with mock.patch("builtins.input", side_effect=["x", "7"]):\n    assert student.ask_age() == 7',
    "a name of the notebook replaced": 'monkeypatch.setattr(student, "roll", lambda n: [1] * n)\nassert student.game(3) == 3',
    "a dictionary of the notebook replaced": 'monkeypatch.setattr(student, "RATES", {**student.RATES, "USD": 3})\nassert student.converted(2, "USD") == 6 and student.converted(2, "EUR") == 4',
    "mock.patch.object": 'with mock.patch.object(student, "roll", return_value=[6, 6]) as fake:\n    assert student.game(2) == 12\nfake.assert_called_once_with(2)',
    "recursion": 'calls, original = [], student.factorial\nmonkeypatch.setattr(student, "factorial", lambda n: calls.append(n) or original(n))\nassert student.factorial(3) == 6 and len(calls) == 4',
    "a library's function replaced": 'monkeypatch.setattr(random, "randint", lambda a, b: 4)\nassert student.roll(2) == [4, 4]',
    "a class's attribute replaced": 'monkeypatch.setattr(student.Savings, "label", "x")\nassert student.Savings(1).label == "x"',
    "setenv": 'monkeypatch.setenv("COURSE_HOME", "/here")\nassert student.home() == "/here"',
    "setenv in a fixture": 'assert at_home and student.home() == "/here"',
    "random.seed": "random.seed(1)\nfirst = student.roll(9)\nrandom.seed(1)\nassert student.roll(9) == first == (random.seed(1), [random.randint(1, 6) for _ in range(9)])[1]",
    "np.random.seed": "np.random.seed(3)\nfirst = student.noise(4)\nnp.random.seed(3)\nnp.testing.assert_array_equal(first, np.random.normal(size=4))",
    "tmp_path written": 'student.save(tmp_path / "a.json", {"a": 1})\nassert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}',
    "tmp_path read": '(tmp_path / "a.json").write_text("[1, 2]")\nassert student.load(tmp_path / "a.json") == [1, 2]',
    "chdir": 'monkeypatch.chdir(tmp_path)\n(tmp_path / "a.json").write_text("3")\nassert student.load("a.json") == 3',
    "a list changed in place": "values = [3, 1, 2]\nassert student.sort_in_place(values) is None\nassert values == [1, 2, 3]",
    "an array changed in place": "array = np.array([1.0, 2.0])\nstudent.scale_in_place(array, 3)\nassert array.tolist() == [3.0, 6.0]",
    "a table changed in place": 'df = pd.DataFrame({"price": [1.0, 2.0]})\nstudent.add_total(df)\nassert df["total"].tolist() == [2.0, 4.0]',
    "a list changed in place, seen by a helper": "values = [3, 1, 2]\nstudent.sort_in_place(values)\nrequire_sorted(values)",
    "an argument stays as it was": "values = [3, 1, 2]\nstudent.apply_to_all(abs, values)\nassert values == [3, 1, 2]",
    "the same list back": "values = [1]\nassert student.append_to(2, values) is values and values == [1, 2]",
    "shape and columns": 'df = student.frame()\nassert df.shape == (3, 2) and list(df.columns) == ["name", "price"]',
    "star unpacking": "first, *rest = student.Vector(1, 2)\nassert first == 1 and rest == [2] and max(*student.Vector(4, 9)) == 9",
    "reduce and chain": "v = student.Vector(1, 2)\nassert functools.reduce(operator.add, v) == 3 and list(itertools.chain(v, v)) == [1, 2, 1, 2]",
    "walking a structure by hand": "node, seen = student.Node(1, student.Node(2)), []\nwhile node is not None:\n    seen.append(node.value)\n    node = node.left\nassert seen == [1, 2]",
    "objects sorted by a key": "found = sorted(student.hand_out(), key=lambda s: s.value)\nassert [s.value for s in found] == [1, 2, 3]",
    "attrgetter": "assert max(student.hand_out(), key=operator.attrgetter('value')).value == 3",
    "groupby": "assert [(k, len(list(g))) for k, g in itertools.groupby(student.hand_out(), key=lambda s: s.value > 1)] == [(True, 2), (False, 1)]",
    "partial of a student's class": "assert functools.partial(student.Setting, value=3)().value == 3",
    "filter with an attribute": "assert [s.value for s in filter(lambda s: s.value < 3, student.hand_out())] == [2, 1]",
    "f-string with a width": "assert f'{student.Vector(1, 2)!s:>7}' == ' (1, 2)' and f'{student.Vector(1, 2).x:03d}' == '001'",
    "% and format": "v = student.Vector(1, 2)\nassert '%s' % v == '(1, 2)' and str(v).strip('()').split(', ') == ['1', '2']",
    "slots": "with pytest.raises(AttributeError):\n    student.Setting(1).colour = 'red'",
    "a class's own dictionary": "assert vars(student.Node(1)) == {'value': 1, 'left': None}",
    "send": "mean = student.averager()\nnext(mean)\nassert mean.send(10) == 10 and mean.send(20) == 15",
    "lazy, seen by its calls": "seen = []\nlater = student.mapped(lambda x: seen.append(x) or x, [1, 2])\nassert seen == []\nassert next(later) == 1 and seen == [1]",
    "an endless argument": "assert next(student.mapped(str, itertools.count(5))) == '5'",
    "a decorator with an argument": "calls = []\n@student.retry(3)\ndef flaky():\n    calls.append(1)\n    if len(calls) < 3:\n        raise ConnectionError('no')\n    return 'ok'\nassert flaky() == 'ok' and len(calls) == 3",
    "what a decorated function raises": "@student.retry(2)\ndef gone():\n    raise OSError('gone')\nwith pytest.raises(OSError, match='gone'):\n    gone()",
    "Mock with a side effect": "fake = mock.Mock(side_effect=[ValueError, 7], __name__='fake')\nassert student.retry(2)(fake)() == 7 and fake.call_count == 2",
    "a subclass of dict": "tally = student.Tally()\ntally.add('x')\nassert tally['x'] == 1 and tally['y'] == 0 and dict(tally) == {'x': 1}",
    "with, and an exception in it": "setting = student.Setting(1)\nwith pytest.raises(RuntimeError):\n    with setting:\n        raise RuntimeError\nassert setting.value is None",
    "threads": "counter = student.Locked()\nthreads = [threading.Thread(target=counter.add) for _ in range(8)]\nfor one in threads:\n    one.start()\nfor one in threads:\n    one.join()\nassert counter.count == 8",
    "an index of two": "grid = student.Grid([[1, 2], [3, 4]])\ngrid[1, 0] += 5\nassert grid[1, 0] == 8 and grid.rows == [[1, 2], [8, 4]]",
    "a @ b": "swap = student.Grid([[0, 1], [1, 0]])\nassert (student.Grid([[1, 2], [3, 4]]) @ swap).rows == [[2, 1], [4, 3]]",
    "rows that are no one else's": "rows = [[1, 2]]\nstudent.Grid(rows)[0, 0] = 9\nassert rows == [[1, 2]]",
    "sqlite3": "db = student.database([('a', 1), ('b', 2)])\nassert db.execute('select sum(n) from t').fetchone() == (3,) and [tuple(row) for row in db.execute('select name from t')] == [('a',), ('b',)]",
    "matches of a pattern": "found, = student.iso_dates('on 2027-01')\nassert found['year'] == '2027' and found.groups() == ('2027', '01') and found.span() == (3, 10)",
    "groups of a table": "groups = student.by_name(pd.DataFrame({'name': ['a', 'b', 'b'], 'n': [1, 2, 3]}))\nassert groups.size().to_dict() == {'a': 1, 'b': 2} and {name: len(part) for name, part in groups} == {'a': 1, 'b': 2}",
    "pickle": "student.pickled({'w': [1, 2]}, tmp_path / 'm.pkl')\nassert pickle.loads((tmp_path / 'm.pkl').read_bytes()) == {'w': [1, 2]}",
    "pickle read": "(tmp_path / 'm.pkl').write_bytes(pickle.dumps([1, (2, 3)]))\nassert student.unpickled(tmp_path / 'm.pkl') == [1, (2, 3)]",
    "csv": "student.write_rows(tmp_path / 'a.csv', [['n', 'x'], ['a', 1]])\nwith open(tmp_path / 'a.csv', newline='') as file:\n    assert list(csv.DictReader(file)) == [{'n': 'a', 'x': '1'}]",
    "a property by loops": "for n in range(0, 20, 2):\n    assert student.halves(n) * 2 == n",
    "a test double of functions": "calls = []\nassert student.retry(1)(calls.append)(3) is None\nassert calls == [3]",
    "a method of the check's own list": "seen = []\nstudent.apply_to_all(seen.append, [1, 2])\nassert seen == [1, 2]",
    "itemgetter and partial": "assert student.apply_to_all(operator.itemgetter(1), [(1, 2)]) == [2] and student.apply_to_all(functools.partial(pow, 2), [3]) == [8]",
    "a cached function": "assert student.apply_to_all(functools.cache(lambda x: x + 1), [1, 1]) == [2, 2]",
    "Mock as an object": "fake = mock.Mock()\nstudent.notify(fake, 'hi')\nfake.send.assert_called_once_with('hi', urgent=True)",
    "a mock's methods that answer": "fake = mock.MagicMock()\nfake.read.side_effect = [1, 2, 6]\nassert student.mean_of(fake, 3) == 3 and fake.read.call_count == 3",
    "a mock's method that raises": "fake = mock.Mock()\nfake.read.side_effect = ConnectionError('down')\nassert student.safe_read(fake) is None",
    "a mock's attribute set": "fake = mock.Mock(balance=5)\nassert student.emptied(fake) == 5 and fake.balance == 0",
    "a mock with a spec": "class Sensor:\n    def read(self):\n        return 0\nfake = mock.create_autospec(Sensor, instance=True)\nfake.read.return_value = 4\nassert student.mean_of(fake, 2) == 4 and fake.mock_calls == [mock.call.read(), mock.call.read()]",
    "an object of the check's own class": "class Sensor:\n    def __init__(self):\n        self.left = [1, 5]\n    def read(self):\n        return self.left.pop()\nsensor = Sensor()\nassert student.mean_of(sensor, 2) == 3 and sensor.left == []",
    "a dataclass of the check's": "@dataclasses.dataclass\nclass Purse:\n    balance: int\npurse = Purse(7)\nassert student.emptied(purse) == 7 and purse == Purse(0)",
    "a with of the check's": "class Lock:\n    value, log = 3, []\n    def __enter__(self):\n        self.log.append('in')\n        return self\n    def __exit__(self, *_):\n        self.log.append('out')\nassert student.used(Lock()) == 4 and Lock.log == ['in', 'out']",
    "a container of the check's": "class Box:\n    def __len__(self):\n        return 2\n    def __getitem__(self, place):\n        return [3, 4][place]\n    def __iter__(self):\n        yield from (3, 4)\nassert student.looked_at(Box()) == [2, 3, [3, 4], True, False, True]",
    "timing": "start = time.perf_counter()\nassert student.factorial(5) == 120 and time.perf_counter() - start < 60",
}
"""Bodies of checks by what is natural about them; each passes on the solution, and not on an answer that raises."""
IN_PLACE = {"a list changed in place, seen by a helper"}
"""Those that are marked so."""
FIXTURES = ("library", "capsys", "monkeypatch", "tmp_path", "at_home")
BOUNDARY = {
    "an object does not decide with >": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert student.Sure() > 5',
    "nor with an object of its own": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert student.Odd() > 5',
    "nor with all": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert (student.Odd() > 5).all()',
    "nor with all of Python's": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert all(student.Odd() > 5)',
    "nor with all of numpy's": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert np.all((student.Odd() > 5) & (student.Odd() > 4))',
    "nor with a length that is not kept": 'holder = student.Holder()\nassert list(holder) == [1, 2]\nwith pytest.raises(AssertionError, match="as many elements"):\n    assert len(holder) == 3 and all(a == b for a, b in zip(holder, [1, 2, 3]))',
    "nor with <=": 'with pytest.raises(TypeError, match="insist on a number"):\n    assert 5 >= student.Sure()',
    "nor with an operator": 'with pytest.raises(TypeError, match="library.operator.sub"):\n    assert abs(student.Close() - 5) < 0.1',
    "nor with one of the other side": 'with pytest.raises(TypeError, match="library.operator.sub"):\n    assert abs(5 - student.Close()) < 0.1',
    "the operator itself may be asked for": "assert library.operator.sub(student.Close(), 5) == 0",
    "nor by being equal": 'with pytest.raises(AssertionError, match="plain data"):\n    assert student.Sure() == 5',
    "nor by being unequal": 'with pytest.raises(AssertionError, match="plain data"):\n    assert student.Sure() != 5',
    "nor in a list": 'with pytest.raises(AssertionError, match="plain data"):\n    assert 5 in [student.Sure()]',
    "nor by being equal to another": 'with pytest.raises(AssertionError, match="eq\\\\(a, b\\\\)"):\n    assert student.Sure() == student.Sure()',
    "nor by holding anything": "with pytest.raises(TypeError, match='asks no `__contains__` of theirs'):\n    assert 5 in student.Holder()",
    "what is among the elements is in it": "assert 2 in student.Holder()",
    "the same object is equal": "sure = student.Sure()\nassert sure == sure and sure is not None and sure != None",
    "a class in place of data is no data": "assert not isinstance(student.Kind(), (int, float, str, list, np.ndarray, pd.DataFrame))",
    "a path opens no file here": "assert not hasattr(student.report_path(), 'read_text')",
    "an answer does not change what the right one comes from": "values = [1]\nassert student.append_to(2, values) == values + [2]",
    "what a check replaces is undone": "assert student.Savings.label == 'savings'\nassert student.game(0) == 0 and set(student.roll(200)) > {1, 2, 3}",
    "and the environment": "with pytest.raises(KeyError):\n    student.home()",
    "nothing is asked where no answer stands": "with pytest.raises(EOFError):\n    student.ask_age()",
    "what is private of a check's object stays here": "class Purse:\n    def __init__(self):\n        self._secret = 7\nassert library.builtins.hasattr(Purse(), '_secret') is False and library.builtins.hasattr(Purse(), '__dict__') is not None\nwith pytest.raises(AttributeError):\n    library.builtins.getattr(Purse(), '_secret')",
    "a namespace of the check's is not handed over": "with pytest.raises(TypeError, match='cannot be sent'):\n    student.emptied(types.SimpleNamespace(balance=3))",
    "a check's own failure is its own": "def judge(x):\n    assert x > 5, 'too small'\nwith pytest.raises(AssertionError, match='too small'):\n    student.apply_to_all(judge, [1])",
    "nor is it swallowed": "def judge():\n    assert 1 > 5, 'too small'\nwith pytest.raises(AssertionError, match='too small'):\n    student.catch_all(judge)\nassert student.halves(4) == 2",
    "a check's StopIteration ends no map": "with pytest.raises(RuntimeError, match='StopIteration'):\n    list(map(lambda f: student.apply_to_all(f, [1]), [lambda x: next(iter([]))]))",
    "an ending cannot be caught there": "with pytest.raises(BaseException, match='not defined'):\n    student.catch_all(lambda: getattr(student, 'no' + 'where'))",
    "a callback asks the student": "assert student.apply_to_all(lambda x: student.halves(x) + 1, [2, 4]) == [2, 3]",
    "its text is a text": "assert type(str(student.Odd())) is str",
    "its number is a number": "assert type(float(student.Odd())) is float",
    "a hint does not show its text": 'assert f"Got {student.Account(3)!r}, {student.Account(3)}" == "Got <a Account of the student\'s>, <a Account of the student\'s>"',
    "what has no end has one": 'with pytest.raises(AssertionError, match="There must be an end"):\n    list(student.Odd())',
}
"""What holds on the student's process alone: nothing is found true by code of theirs."""
OTHERWISE = {
    "a == b, a in [b], assert a > b, sorted(objects)": (
        "refused with a sentence: an `__eq__` or `__lt__` of the student's could say anything. Compare what they hold, "
        "`(a.x, a.y) == (1, 2)`; where the `__eq__` itself is the question, `library.operator.eq(a, b)`; "
        "`sorted(objects, key=lambda v: v.x)`."
    ),
    "a - 1 of an object, where it gives a number": (
        "refused with a sentence: what gets the number knows it, and `abs(a - 1) < 1e-6` would be theirs to say. `float(a) - 1`; "
        "where the operator itself is the question, `library.operator.sub(a, 1)`. Objects that operators give stay theirs: "
        "compare what they hold."
    ),
    'student.RATES["USD"] = 3, monkeypatch.setitem(student.RATES, "USD", 3)': (
        'a dictionary or list of the notebook comes as a copy: `monkeypatch.setattr(student, "RATES", {**student.RATES, "USD": 3})`; '
        "`build` refuses `setitem`, `delitem` and `mock.patch.dict` of one."
    ),
    "hash(a) == hash(b), {a, b}": "a handle's hash is its identity; `library.builtins.hash(a)` is the student's.",
    "arguments changed in place": (
        "seen where the check asserts something of the argument alone; elsewhere arguments are copies, so that no answer "
        "changes what the right one comes from. `@pytest.mark.in_place` for a check that has a helper look at it."
    ),
    "log = []; with student.timer(log): …": "after the call nothing comes back: hand over `log.append` in a lambda, or let the student's object hold the list.",
    "inspect.getsource(f), dataclasses.fields(x), asyncio.run(c)": (
        "what looks into an object looks there: `library.inspect.getsource(f)`, `library.dataclasses.asdict(x)`, "
        "`library.asyncio.run(c)`; a check that raises on a handle is told which."
    ),
    "class Own(student.Base), class Own(nn.Module), SimpleNamespace(x=1) as arguments": (
        "an object of the check's is used here, so all its classes have to be written beside the checks; others are refused "
        "with a sentence. `library.builtins.type('Own', (student.Base,), {'area': lambda self: 4})` and "
        "`library.types.SimpleNamespace(x=1)` are made there, with functions of the check's."
    ),
    "type(x) is student.Account, type(x) == nn.Linear": "`isinstance`, or `type(x).__name__`; both are claims of the student's process.",
    "callable(x), isinstance(x, Iterable)": 'true of every handle; `library.builtins.callable(x)` and `hasattr(x, "__iter__")` ask.',
    "p.tags.append(1); q.tags == []": "a list that is an attribute comes as a copy: have a method of theirs change it, or `library.builtins.eval('lambda a, b: a.tags is b.tags')(p, q)`.",
    "isinstance(x, int) of an int subclass, a masked array, a list subclass": "only exact kinds are data; `int(x)`, `x.tolist()`, `list(x)`.",
    "np.float32(1).dtype": "a single number comes as Python's own; `library.builtins.getattr(…)` on an array's, or return an array.",
    "loss.backward() on what came back": (
        "tensors come as data, without their graph; the check is told so. "
        "`library.builtins.eval('lambda model, x: model(x).sum().backward()')(model, x)` has it done there."
    ),
    "p.fill_(0) for p in model.parameters()": "these are copies: `model.load_state_dict({…})`.",
    "a model, an optimiser, np.random.default_rng(1) as argument": "built there: `library.torch.nn.Linear(4, 2)`, `library.numpy.random.default_rng(1)`.",
    "x in obj, x not in obj": (
        "looks among the elements; where the class has a `__contains__` and the value is not there, refused with a sentence: "
        "`library.operator.contains(obj, x)` is the student's."
    ),
    'f"{obj:>9}", f"Got {obj}"': "names the type, for a hint is not the student's to choose; `format(obj, '>9')` compared alone, `f\"{obj!s:>9}\"` ask.",
    "match card: case student.Card(rank=2)": "Python wants a class and a mapping of its own there; match what it holds, `match card.rank`, `match dict(x)`.",
    "student.Account.rate = 0.5": 'stays so for all checks after this one; `monkeypatch.setattr(student.Account, "rate", 0.5)` is put back.',
    "own._private, vars(own), isinstance(own, Own) in the answer": (
        "of an object of the check's or a mock the answer sees what is public: attributes, methods, operators."
    ),
    "x.__class__.__name__": "names the library's class that it is derived from; `type(x).__name__` is theirs.",
    "paths[0].read_text()": "a path comes back without its file: `pathlib.Path(paths[0]).read_text()`, where it lies in `tmp_path`; elsewhere `library.builtins.open(path).read()`.",
    "a dict with objects as keys": "cannot come back; have it made a list, `library.builtins.list(…)`, or ask for names, `{card.suit.name: …}`.",
    "a fixture that asks student": "fixtures run before the check's own line to the student is open: return a function from it, which the check calls.",
    "iter(x) is x": "a loop of the check's own; `library.builtins.iter(x) is x`.",
    "plt.gca()": "`library.matplotlib.pyplot.gca()`: the figure is there.",
    "pytest.warns, caplog": "warnings and log records stay in the student's process: `library.warnings.catch_warnings(record=True)` there, with `with`.",
    "hasattr(student, name)": "a name that is not defined ends the check, which is told in one sentence.",
}


IMPORTS = """
import collections, contextlib, copy, csv, dataclasses, datetime, decimal, enum, fractions, functools, inspect, io
import itertools, json, math, operator, pickle, random, threading, time, types
from unittest import mock

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def at_home(monkeypatch):
    monkeypatch.setenv("COURSE_HOME", "/here")
    return True


def require_sorted(values):
    assert values == sorted(values)
"""


@pytest.fixture
def at_home(monkeypatch):
    monkeypatch.setenv("COURSE_HOME", "/here")
    return True


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
    parts = [IMPORTS]
    for number, body in enumerate([*NATURAL.values(), *BOUNDARY.values()]):
        public = "" if number else "@pytest.mark.public\n"
        if body in {NATURAL[name] for name in IN_PLACE}:
            public += "@pytest.mark.in_place\n"
        fixtures = ", ".join(["student", *(name for name in FIXTURES if name in body)])
        head = (
            f'{public}@pytest.mark.question("everything")\n@pytest.mark.points(1)\ndef test_{number:03d}({fixtures}):\n'
        )
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
            f"| {name} | {'<br>'.join(_as_code(line) for line in _lines(name, body))} |"
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


def _lines(name: str, body: str) -> list[str]:
    return ["@pytest.mark.in_place", *body.splitlines()] if name in IN_PLACE else body.splitlines()


def _as_code(line: str) -> str:
    return f"`{line.replace('|', chr(92) + '|')}`"


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
def test_it_works_where_the_answers_are(name, request):
    answers: dict = {}
    exec(f"{SETUP}\n{SOLUTION}", answers)
    checks: dict = {}
    exec(checks_text(), checks)
    student = type("Answers", (), {})()
    student.__dict__ = answers
    check = checks[f"test_{list(NATURAL).index(name):03d}"]
    check(student, **{fixture: request.getfixturevalue(fixture) for fixture in FIXTURES if fixture in NATURAL[name]})


def test_the_page_is_up_to_date():
    assert TABLE.read_text() == table(), f"run `python {Path(__file__).name}`"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    TABLE.write_text(table())

"""What the student's process can make of what a check hands over, and of what it says: data, and nothing of ours."""

import builtins
import functools
import json
import math
import operator
import random
import subprocess
import traceback
import types
from datetime import date
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from autograder.checks.arguments_in_place import change_in_place, is_changeable
from autograder.checks.check_folder import CheckFolder
from autograder.checks.check_functions import CheckFunctions
from autograder.checks.error_classes import error_class, new_error
from autograder.checks.expect import Mismatch
from autograder.checks.loaded_classes import library_class, stand_in_class
from autograder.checks.outcomes import Ending, OutsideCheck, Partial, StudentError
from autograder.errors import GraderError
from autograder.sandbox.outside.process import CallRaised, _raised
from autograder.sandbox.shared import tables  # the protocol finds it loaded, as in a course with pandas
from autograder.sandbox.shared.protocol import CheckFunction, Decoder, Encoder, ImportPath, Limits, ProtocolError

LIMITS = Limits()


def refuse(thing: object) -> object:
    raise ProtocolError(f"kept {thing!r}")


def decode(frame: object) -> object:
    return Decoder(LIMITS, refuse).decode(frame)


def there_and_back(value: object) -> object:
    return decode(Encoder(LIMITS, refuse).encode(value))


def colliding(count: int) -> np.ndarray:
    """Return numbers that pandas has the same hash for, in no order."""
    high = np.arange(count, dtype=np.uint64)
    low = high.copy()
    for _ in range(4):
        low = (high ^ (low << np.uint64(11))) & np.uint64(2**32 - 1)
    return np.random.default_rng(0).permutation(((high << np.uint64(33)) | low).astype(np.int64))


@pytest.mark.parametrize("values", [list, np.array], ids=["objects", "numbers"])
@pytest.mark.parametrize("where", ["categories", "levels"])
def test_numbers_with_the_same_hash_are_not_looked_through(values, where):
    def sent(count: int) -> object:
        items = pd.Index(values(colliding(count).tolist()), dtype=object if values is list else None)
        if where == "levels":
            return pd.MultiIndex([items], [[0]], verify_integrity=False)
        return pd.Series(pd.Categorical.from_codes([0], items))

    assert len(there_and_back(sent(100))) == 1
    with pytest.raises(ProtocolError, match="that is none"):
        there_and_back(sent(5_000))


def test_many_categories_travel_where_they_are_sorted_or_texts():
    for column in (pd.Series(range(5_000)), pd.Series([f"{number:04}" for number in range(5_000)])):
        pd.testing.assert_series_equal(there_and_back(column.astype("category")), column.astype("category"))


def test_a_function_of_the_check_is_called_by_its_number():
    functions = CheckFunctions()
    stand_in = functions.stand_in(lambda x: x + 1)
    assert isinstance(stand_in, CheckFunction)
    assert functions.call(stand_in.number, (2,), {}) == 3


@pytest.mark.parametrize("number", [0, 7, -2, 2**63])
def test_nothing_that_was_not_handed_over_is_called(number):
    with pytest.raises(ProtocolError, match="no check handed over"):
        CheckFunctions().call(number, (), {})
    with pytest.raises(ProtocolError, match="no check handed over"):
        CheckFunctions().resolve(CheckFunction(number))


@pytest.mark.parametrize("value", [len, math.sqrt, str.upper, ValueError, np.sqrt, date])
def test_what_a_library_has_is_sent_by_its_path_and_called_there(value):
    assert isinstance(CheckFunctions().stand_in(value), ImportPath)


@pytest.mark.parametrize("value", [object(), types.SimpleNamespace(a=1), Path.cwd, GraderError, object().__str__])
def test_no_object_of_the_check_is_handed_over(value):
    stand_in = CheckFunctions().stand_in(value)
    assert stand_in is None or value == Path.cwd


@pytest.mark.parametrize("value", ["ab".replace, functools.partial("ab".replace)])
def test_a_function_made_of_others_is_called_here(value):
    functions = CheckFunctions()
    assert functions.call(functions.stand_in(value).number, ("a", "c"), {}) == "cb"


def test_calls_come_to_an_end(monkeypatch):
    monkeypatch.setattr("autograder.checks.check_functions._MOST_CALLS", 3)
    functions = CheckFunctions()
    number = functions.stand_in(lambda: None).number
    for _ in range(3):
        functions.call(number, (), {})
    with pytest.raises(CallRaised):
        functions.call(number, (), {})


def test_what_a_check_asserts_in_a_function_of_its_own_cannot_be_swallowed():
    def judge(x: int) -> None:
        assert x == 7, f"{x} is not 7"

    functions = CheckFunctions()
    number = functions.stand_in(judge).number
    with pytest.raises(CallRaised) as caught:
        functions.call(number, (3,), {})
    assert "7" not in caught.value.message
    with pytest.raises(CallRaised, match="is over"):
        functions.call(number, (7,), {})
    with pytest.raises(AssertionError, match="3 is not 7"):
        functions.raise_what_ended()
    assert functions.call(number, (7,), {}) is None
    functions.raise_what_ended()


def test_an_assertion_of_the_students_is_told_to_the_student():
    def ask() -> None:
        kind = error_class(("builtins.AssertionError",))
        raise new_error(kind, type_name="AssertionError", message="mine", cell="", line=0, source_line="")

    functions = CheckFunctions()
    with pytest.raises(CallRaised, match="mine"):
        functions.call(functions.stand_in(ask).number, (), {})
    functions.raise_what_ended()


def test_a_function_is_known_again():
    functions = CheckFunctions()
    values = [lambda: None for _ in range(5)]
    assert [functions.stand_in(value).number for value in values * 2] == [*range(5)] * 2


@pytest.mark.parametrize("ending", [Partial(0.5, "half"), GraderError("ours")])
def test_an_ending_in_a_function_of_the_check_cannot_be_swallowed(ending):
    functions = CheckFunctions()

    def end() -> None:
        raise ending

    with pytest.raises(CallRaised):
        functions.call(functions.stand_in(end).number, (), {})
    with pytest.raises((Ending, GraderError)) as caught:
        functions.raise_what_ended()
    assert caught.value is ending


@pytest.mark.parametrize(
    "frame",
    [
        ["u", "P", ["__class__"], [1]],
        ["u", "P", ["x", "x"], [1, 2]],
        ["u", "P", ["x; y"], [1]],
        ["u", "P", ["x"], [1, 2]],
        ["D", "dict_of_mine", "", ["l", []]],
        ["A", "<U100000000", [1], b""],
        ["A", "<U1", [1], b"\xff\xff\xff\xff"],
        ["A", "object", [1], b"12345678"],
        ["O", [2], [1]],
        ["v", "device", "cpu; x"],
        ["P", "frame", ["l", []]],
        ["P", "series", ["t", [["t", ["masked", "Int64", ["l", []], 3]], ["t", []], None]]],
        ["P", "index", ["t", ["range", ["l", [None]], ["t", [0, 2**62, 1]]]]],
        ["P", "timestamp", ["t", [0, "ns", "../../etc/passwd"]]],
        ["P", "timestamp", ["t", ["99", "ns", None]]],
        ["P", "timedelta", ["t", [1.5, "ns"]]],
        ["P", "missing", "__class__"],
        ["k", 0, "", "", False, [[]]],
        ["A", "<U100000", [0, 2**39, 2**20], b""],
        ["P", "read_pickle", "x"],
    ],
)
def test_what_is_no_value_is_refused(frame):
    with pytest.raises(ProtocolError):
        decode(frame)


TABLE = pd.DataFrame({"name": ["a", None, "c"], "price": [1.5, None, 3.0], "day": pd.to_datetime(["2027-01-15"] * 3)})


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE.set_index(["name", "price"]),
        TABLE.astype({"name": "category"}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame(),
        pd.DataFrame({"n": pd.array([1, None], "Int64"), "t": pd.array([True, None], "boolean")}),
        pd.DataFrame({"x": [1]}, index=pd.date_range("2027-01-15", periods=1, tz="Europe/Berlin")),
        TABLE.describe(),
    ],
)
def test_a_table_travels_as_it_is(table):
    pd.testing.assert_frame_equal(there_and_back(table), table)


@pytest.mark.parametrize("values", [pd.interval_range(0, 2), pd.period_range("2027", periods=2, freq="D")])
def test_a_table_of_other_things_stays_where_it_is(values):
    with pytest.raises(ProtocolError, match="kept"):
        there_and_back(pd.Series(values))


@pytest.mark.parametrize(
    "path",
    [
        "builtins.int",
        "numpy.ndarray",
        "pandas.core.frame.DataFrame",
        "subprocess.Popen",
        "autograder.errors.GraderError",
        *("builtins.slice", "builtins.range", "builtins.ellipsis", "pandas._libs.missing.NAType"),
        *("pandas._libs.tslibs.timestamps.Timestamp", "pandas._libs.tslibs.timedeltas.Timedelta"),
        *("torch.device", "torch.dtype", "torch._C.TensorBase"),
    ],
)
def test_an_object_is_never_said_to_be_data_or_ours(path):
    assert library_class(path) is None
    assert stand_in_class("Mine", path) is None


def test_an_object_is_said_to_be_of_a_librarys_class():
    assert issubclass(stand_in_class("Mine", "enum.Enum"), __import__("enum").Enum)


@pytest.mark.parametrize("name", ["autograder.errors.GraderError", "builtins.MemoryError", "_pytest.outcomes.Exit"])
def test_an_exception_is_never_one_of_ours(name):
    kind = error_class([name, "builtins.Exception"])
    error = new_error(kind, type_name="x", message="m", cell="", line=0, source_line="")
    assert isinstance(error, StudentError)
    assert not isinstance(error, GraderError | MemoryError)


def exceptions_of_libraries() -> list[str]:
    """Return the import paths of exceptions that some module here has, with what they are made of."""
    import asyncio
    import configparser
    import subprocess
    import tarfile
    import urllib.error

    modules = (
        builtins,
        json,
        asyncio,
        configparser,
        subprocess,
        tarfile,
        urllib.error,
        pd.errors,
        np._core._exceptions,
    )
    return [
        f"{module.__name__}.{name}"
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]


@pytest.mark.parametrize("name", exceptions_of_libraries())
def test_an_exception_of_any_kind_is_told(name):
    kind = error_class(("__main__.Own", name, "builtins.Exception"))
    error = new_error(kind, type_name="x", message="m", cell="", line=3, source_line="", cause="c")
    assert (str(error), error.args, error.message, error.line, error.cause) == ("m", ("m",), "m", 3, "c")
    assert error.staff_text == "x: m. c"


@pytest.mark.parametrize("kind", [json.JSONDecodeError, UnicodeDecodeError, SyntaxError, subprocess.CalledProcessError])
def test_an_exception_that_wants_more_than_a_message_is_met_by_its_kind(kind):
    assert issubclass(error_class((f"{kind.__module__}.{kind.__name__}", "builtins.ValueError")), kind)


def test_an_exception_is_of_its_own_classes():
    base, special = (
        error_class([*names, "builtins.ValueError"]) for names in (["__main__.A"], ["__main__.B", "__main__.A"])
    )
    assert issubclass(special, base)
    assert issubclass(base, ValueError)
    assert special.__name__ == "B"


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "", "a\0b"])
def test_no_file_is_written_outside_the_checks_folder(tmp_path, name):
    folder = CheckFolder(tmp_path / "inside")
    (tmp_path / "inside").mkdir()
    with pytest.raises(Mismatch, match="elsewhere"):
        folder.fetch(lambda *_: ([name], {name: b"x"}))
    folder.fetch(lambda *_: (["b/c"], {"b/c": b"x"}))
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["c"]


@pytest.mark.parametrize("name", ["link", "folder/new.txt", "folder/inner/new.txt"])
def test_no_file_is_written_through_a_link_of_the_checks_own(tmp_path, name):
    inside, elsewhere = tmp_path / "inside", tmp_path / "elsewhere"
    inside.mkdir()
    elsewhere.mkdir()
    (inside / "folder").symlink_to(elsewhere)
    (inside / "link").symlink_to(elsewhere / "kept.txt")

    def ask(operation, *_):
        return ([name, "plain.txt"], {"plain.txt": b"p", name: b"x"}) if operation == "changed_files" else None

    with pytest.raises(Mismatch, match="below the folder"):
        CheckFolder(inside).fetch(ask)
    assert (inside / "plain.txt").read_bytes() == b"p"
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["unittest.case.SkipTest", "bdb.BdbQuit", "_pytest.outcomes.Skipped"])
def test_no_exception_of_a_students_means_anything_to_pytest(name):
    import bdb
    import unittest

    kind = error_class((name, "builtins.Exception", "builtins.BaseException"))
    assert not issubclass(kind, unittest.SkipTest | bdb.BdbQuit | pytest.skip.Exception)
    assert issubclass(error_class(("json.decoder.JSONDecodeError", "builtins.ValueError")), ValueError)


@pytest.mark.parametrize("told", [None, 7, ([], []), ([1], {}), (["a"], {"a": "text"}), ([], {1: b"x"}), ([], {}, 3)])
def test_files_that_are_none_are_the_students_fault(tmp_path, told):
    with pytest.raises(Mismatch, match="names and contents"):
        CheckFolder(tmp_path).fetch(lambda *_: told)


@pytest.mark.parametrize("name", ["Tensor", "DataFrame"])
def test_a_namedtuple_of_that_name_is_no_table(name):
    assert not is_changeable(decode(["u", name, ["x"], [1]]))
    assert is_changeable(pd.DataFrame())


def test_contents_that_do_not_fit_an_argument_are_the_students_fault():
    given = np.zeros(3)
    with pytest.raises(Mismatch, match="stay of its kind"):
        change_in_place((given,), {}, {0: np.zeros((2, 5))})
    change_in_place((given,), {}, {0: np.ones(3)})
    assert given.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "files",
    [
        {"a": b"", "a/b": b""},
        {"folder": b""},
        {"own.txt/x": b""},
        {"a" * 300: b""},
        {"\ud800": b""},
        {"a/" * 1900 + "b": b""},
        {f"f{number}": b"" for number in range(1_001)},
        {f"{number}/" + "a/" * 14 + "b": b"" for number in range(100)},
    ],
    ids=["a file and a folder", "a folder", "below a file", "long", "surrogate", "deep", "many", "many folders"],
)
def test_files_that_no_folder_can_hold_are_the_students_fault(tmp_path, files):
    (tmp_path / "folder").mkdir()
    (tmp_path / "own.txt").write_text("mine")
    folder = CheckFolder(tmp_path)
    folder.send(lambda *_: None)
    with pytest.raises(Mismatch, match=r"[Ff]iles"):
        folder.fetch(lambda *_: (["own.txt", *files], files))
    assert len(list(tmp_path.rglob("*"))) < 100
    folder.fetch(lambda *_: (["own.txt", "x/y"], {"x/y": b"plain"}))
    assert (tmp_path / "x" / "y").read_bytes() == b"plain"


def test_no_more_is_written_than_a_frame_may_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.checks.check_folder._MOST_BYTES", 10)
    folder = CheckFolder(tmp_path)
    folder.fetch(lambda *_: (["a"], {"a": b"12345678"}))
    with pytest.raises(Mismatch, match="MB"):
        folder.fetch(lambda *_: (["a", "b"], {"b": b"123"}))
    folder.fetch(lambda *_: (["b"], {"b": b"123"}))
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


def test_a_folder_may_stand_where_a_file_was(tmp_path):
    (tmp_path / "a").write_text("file")
    folder = CheckFolder(tmp_path)
    folder.send(lambda *_: None)
    folder.fetch(lambda *_: (["a/b"], {"a/b": b"x"}))
    assert (tmp_path / "a" / "b").read_bytes() == b"x"


class Gone:
    """An exception of the student's whose check is over."""

    def __getattr__(self, name: str) -> object:
        raise OutsideCheck(name)


@pytest.mark.parametrize("name", [one for one in exceptions_of_libraries() if one.startswith("builtins.")])
def test_an_error_is_printed_after_its_check(name):
    of = {"type_name": "x", "message": "m", "cell": "", "line": 0, "source_line": ""}
    error = new_error(error_class((name,)), **of, value=Gone())
    assert "m" in "".join(traceback.format_exception(error))
    with pytest.raises(StudentError) as caught:
        raise error
    assert "m" in caught.exconly(tryshort=True)  # which asks an AssertionError for `msg`
    assert not hasattr(error, "missing")
    assert new_error(error_class((name,)), **of, value=types.SimpleNamespace(missing=2)).missing == 2


def test_names_of_an_error_are_short():
    told = {"kind": "raised", "types": ["a" * 1_000], "message": "", "cell": "", "line": 0, "of_check": -1}
    assert _raised(told).types == ("a" * 200,)


@pytest.mark.parametrize("missing", [np.nan, pd.NA], ids=["str", "string"])
def test_texts_stay_texts_where_pyarrow_is_not_installed(missing):
    """pandas keeps them in an array of Python's then, which is a kind of numpy's for pandas."""
    dtype = pd.StringDtype("python", na_value=missing)
    column = pd.Series(["a", None], dtype=dtype, index=pd.Index(["x", "y"], dtype=dtype))
    made = tables.table(*tables.parts(column))
    for found in (made.dtype, made.index.dtype):
        assert isinstance(found, pd.StringDtype)
        assert found.na_value is missing
    assert made.isna().tolist() == [False, True]


def test_objects_that_are_all_texts_stay_objects():
    plain = pd.Series(["a", None], dtype=object, index=pd.Index(["x", "y"], dtype=object))
    for value in (plain, plain.to_frame("name")):
        made = tables.table(*tables.parts(value))
        assert made.index.dtype == object
        assert (made if value is plain else made["name"]).dtype == object


class Purse:
    """An object as a check writes it."""

    def __init__(self) -> None:
        self.balance, self._secret = 7, "s3cret"

    def __len__(self) -> int:
        return 3


HERE = Path(__file__).parent


def test_of_an_object_of_the_check_what_is_public_is_used():
    purse, functions = Purse(), CheckFunctions(HERE)
    stand_in = functions.stand_in(purse)
    assert (stand_in.name, stand_in.special_methods) == ("Purse", ("__len__",))
    assert functions.call(stand_in.number, ("get", "balance"), {}) == 7
    functions.call(stand_in.number, ("set", "balance", 0), {})
    assert purse.balance == 0
    assert functions.call(stand_in.number, ("special", "__len__"), {}) == 3
    assert functions.resolve(stand_in) is purse


@pytest.mark.parametrize(
    "how",
    [
        *[("get", name) for name in ("_secret", "__dict__", "__class__", "__init__", "__reduce__")],
        *[("set", name, None) for name in ("_secret", "__class__", "__name__")],
        *[("special", name) for name in ("__init__", "__dict__", "__getattribute__", "__iter__", "balance")],
        *[("delete", "balance"), ("get",), (), ("get", 3), (3, "balance")],
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [Purse, mock.Mock, mock.NonCallableMock])
def test_of_an_object_of_the_check_nothing_else_is_reached(make, how):
    functions = CheckFunctions(HERE)
    with pytest.raises(CallRaised):
        functions.call(functions.stand_in(make()).number, how, {})


class Trained(nn.Linear):
    """Half of it would be here and half there."""


class Counts(dict):
    """It would be data to the answer, and is none."""


@pytest.mark.parametrize("value", [Trained(2, 1), Counts(), types.SimpleNamespace(answer=42), Purse])
def test_no_object_of_a_librarys_class_is_handed_over_and_no_namespace(value):
    assert CheckFunctions(HERE).stand_in(value) is None


def test_nor_one_of_a_class_that_is_written_elsewhere(tmp_path):
    assert CheckFunctions(tmp_path).stand_in(Purse()) is None


MOCKS = [mock.Mock, mock.MagicMock, mock.NonCallableMagicMock, mock.AsyncMock, lambda: mock.create_autospec(Purse)]


@pytest.mark.parametrize("make", MOCKS)
def test_what_mocks_themselves_have_is_not_reached(make):
    functions, fake = CheckFunctions(HERE), make()
    number = functions.stand_in(fake).number
    names = {*dir(mock.MagicMock()), *dir(mock.AsyncMock()), *dir(fake)} - {"balance"}
    assert {"configure_mock", "side_effect", "assert_called_once_with", "mock_calls", "called"} <= names
    for name in names - {"__name__", "__qualname__"}:
        for how in (("get", name), ("set", name, 1), ("set", name, len)):
            with pytest.raises(CallRaised):
                functions.call(number, how, {})
    assert not fake.called


def test_a_mock_that_wraps_something_is_called_and_nothing_else():
    functions = CheckFunctions(HERE)
    number = functions.stand_in(mock.Mock(wraps=math)).number
    with pytest.raises(CallRaised, match="no attribute 'sqrt'"):
        functions.call(number, ("get", "sqrt"), {})
    number = functions.stand_in(mock.Mock(wraps=math.sqrt)).number
    assert functions.call(number, ("special", "__call__", 4), {}) == 2


@pytest.mark.parametrize("new", ["/tmp/other", "{0.__class__}", len, [1], {"a": 1}, np.arange(2), mock.Mock()])
def test_nothing_but_numbers_is_set_in_an_object_of_the_check(new):
    functions, purse = CheckFunctions(HERE), Purse()
    number = functions.stand_in(purse).number
    with pytest.raises(CallRaised, match="a number can be set"):
        functions.call(number, ("set", "balance", new), {})
    functions.call(number, ("set", "balance", 1.5), {})
    assert purse.balance == 1.5


class Counter:
    """Its methods stay what they are."""

    def count(self) -> int:
        return 1


def test_no_method_of_the_check_is_replaced():
    functions, counter = CheckFunctions(HERE), Counter()
    with pytest.raises(CallRaised, match="is a method"):
        functions.call(functions.stand_in(counter).number, ("set", "count", 0), {})
    assert counter.count() == 1


def test_special_methods_of_mocks_are_called_as_python_does():
    functions, fake = CheckFunctions(HERE), mock.MagicMock()
    fake.__getitem__.side_effect = lambda place: 2 * place
    fake.__len__.return_value = 3
    number = functions.stand_in(fake).number
    assert functions.call(number, ("special", "__getitem__", 4), {}) == 8
    assert functions.call(number, ("special", "__len__"), {}) == 3
    assert list(functions.call(number, ("special", "__iter__"), {})) == []
    fake.__getitem__.assert_called_once_with(4)


def test_mocks_have_an_end():
    functions = CheckFunctions(HERE)
    number = functions.stand_in(mock.Mock()).number
    with pytest.raises(CallRaised, match="more than 500 attributes"):
        for _ in range(600):
            number = functions.stand_in(functions.call(number, ("get", "x"), {})).number


@pytest.mark.parametrize("function", [torch.tanh, torch.zeros, random.random])
def test_a_builtin_function_of_a_library_is_not_called_here(function):
    assert not isinstance(CheckFunctions().stand_in(function), CheckFunction)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mock.Mock(wraps=open),
        lambda: mock.Mock(wraps=np.loadtxt),
        lambda: mock.Mock(wraps=mock.Mock(wraps=open)),
        lambda: functools.partial(mock.Mock(side_effect=open)),
        lambda: mock.Mock(side_effect=np.loadtxt),
        lambda: mock.Mock(side_effect=functools.partial(open, mode="w")),
        lambda: functools.partial(np.loadtxt, delimiter=","),
        lambda: functools.partial(torch.load, weights_only=True),
        lambda: functools.cache(eval),
        lambda: operator.methodcaller("format", Purse()),
        lambda: "{0.__class__}".format,
        lambda: Path("/tmp").write_text,
        lambda: Path.cwd,
    ],
)
def test_no_function_of_a_librarys_is_called_through_another(make):
    functions = CheckFunctions(HERE)
    stand_in = functions.stand_in(make())
    if stand_in is not None:  # a mock, whose children may be used all the same
        with pytest.raises(CallRaised, match="not called here"):
            functions.call(stand_in.number, ("special", "__call__", "/etc/hostname"), {})


def test_any_keyword_is_handed_on_to_a_mock():
    functions, fake = CheckFunctions(HERE), mock.Mock()
    names = {"name": 1, "how": 2, "value": 3, "self": 4}
    functions.call(functions.stand_in(fake).number, ("special", "__call__"), names)
    fake.assert_called_once_with(**names)


class Gauge:
    """What is no plain attribute stays what it is."""

    limit = 3

    def __init__(self) -> None:
        self.hook = lambda: 1

    @classmethod
    def made(cls) -> int:
        return 1

    @functools.cached_property
    def total(self) -> int:
        return 5


@pytest.mark.parametrize("name", ["made", "total", "hook"])
def test_nothing_that_computes_is_set(name):
    functions, gauge = CheckFunctions(HERE), Gauge()
    number = functions.stand_in(gauge).number
    with pytest.raises(CallRaised, match="is a method"):
        functions.call(number, ("set", name, 0), {})
    functions.call(number, ("set", "limit", 4), {})
    assert gauge.limit == 4


@pytest.mark.parametrize("how", [("special", "__call__"), ("special", "__getitem__", 0), ("special", "__add__", 1)])
def test_mocks_made_by_calls_have_an_end_too(how):
    functions = CheckFunctions(HERE)
    fake = mock.MagicMock()
    fake.__add__.side_effect = None
    number = functions.stand_in(fake).number
    with pytest.raises(CallRaised, match=r"more than 500 attributes|not supported"):
        for _ in range(600):
            number = functions.stand_in(functions.call(number, how, {})).number

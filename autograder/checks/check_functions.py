"""Let the student's process use what a check hands over: functions, iterators and objects of the check's own.

They themselves stay here; a function is called with what the student's process sends, which is data, as every answer
is. Of an object of a class in the checks' files what is public can be got and called, and a number set. Of a mock its
children alone: what mocks themselves have (`configure_mock`, `side_effect`, `called`) would reach all of this process,
or forge the record that the check looks at.
What a library has (`math.sqrt`, `len`, `ValueError`) is not called here: it is sent by its import path.
"""

import builtins
import contextlib
import functools
import inspect
import itertools
import math
import operator
import sys
import sysconfig
import types
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, cast
from unittest import mock

from autograder.checks.outcomes import StudentError
from autograder.errors import GraderError
from autograder.sandbox.outside.process import CallRaised
from autograder.sandbox.shared.protocol import CheckFunction, ImportPath, ProtocolError
from autograder.sandbox.shared.stand_ins import NAMES, SPECIAL_METHODS

__all__ = ["CheckFunctions"]

_MOST_CALLS = 100_000
"""Calls in one check: each may leave something behind in this process."""
_ITERATORS: tuple[type, ...] = (
    types.GeneratorType,
    map,
    filter,
    zip,
    enumerate,
    type(iter([])),
    type(iter(())),
    type(iter({})),
)
_CALLED_HERE: tuple[type, ...] = (
    *(types.FunctionType, types.MethodType, functools.partial),
    *(operator.attrgetter, operator.itemgetter),
    type(functools.cache(len)),
)
"""Kinds of functions of the check's own; a method of its list, `seen.append`, is one too."""
_HAVE_METHODS = (
    list,
    dict,
    set,
    frozenset,
    tuple,
    str,
    bytes,
    bytearray,
    deque,
    Counter,
    defaultdict,
    StringIO,
    BytesIO,
)
"""Kinds of objects of the check's whose methods are called here; others' might use the state of a whole library."""
_OF_MOCKS = frozenset(dir(mock.MagicMock)) | frozenset(dir(mock.MagicMock())) | frozenset(dir(mock.AsyncMock()))
_SETTABLE = (bool, int, float, type(None))
_MOST_CHILDREN = 500
"""Children of mocks in one check: making one takes the longer the deeper it is."""
_OF_EVERY_CLASS = {"abc", "typing"}
"""Modules of Python's whose classes add nothing of their own to an object."""
_CACHED = type(functools.cache(len))
_RECKONING = frozenset(
    [
        *(function for function in vars(math).values() if isinstance(function, types.BuiltinFunctionType)),
        *(pow, abs, round, max, min, sum, len, sorted, divmod),
    ]
)
_DRAWING = ("random", "numpy.random")
"""Modules whose functions are methods of one generator."""
_ITERTOOLS = {kind for kind in vars(itertools).values() if isinstance(kind, type)}
_LIBRARIES = tuple(str(Path(sysconfig.get_path(name))) for name in ("stdlib", "purelib", "platlib"))


class CheckFunctions:
    """What the present check has handed over."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin; in `folder` are the files whose classes are the check's own."""
        self._folder = folder
        self._functions: list[Callable[..., object]] = []
        self._values: list[object] = []
        self._numbers: dict[int, int] = {}
        self._errors: list[BaseException] = []
        self._calls = self._children = 0
        self._over: BaseException | None = None

    def stand_in(self, value: object) -> CheckFunction | ImportPath | None:
        """Return what stands for a function, a class, an iterator or an object in a frame; None for anything else.

        Raise TypeError for what is a library's and cannot be sent.
        """
        if isinstance(value, mock.NonCallableMock) or self._is_of_own_class(value):  # a mock notes what it is asked
            special = tuple(sorted(name for name in SPECIAL_METHODS if _has_special(value, name)))
            return replace(self._keep(value, functools.partial(self._use, value)), special_methods=special)
        if (path := _import_path(value)) is not None:
            return ImportPath(path)
        if isinstance(value, (*_ITERATORS, *_ITERTOOLS)):
            return self._keep(value, functools.partial(_first, cast("Iterator[object]", value)), iterates=True)
        if callable(value) and (_is_method_of_data(value) or (isinstance(value, _CALLED_HERE) and _is_own_code(value))):
            return self._keep(value, value)
        return None

    def _is_of_own_class(self, value: object) -> bool:
        """Return whether all classes of an object are written beside the checks, those apart that every class may have.

        One of a library's that a class derives from would be half here and half there.
        """
        kinds = [kind for kind in type(value).__mro__ if kind.__module__ not in _OF_EVERY_CLASS and kind is not object]
        return bool(kinds) and all(self._is_own(kind.__module__) for kind in kinds)

    def _is_own(self, module: str) -> bool:
        file = getattr(sys.modules.get(module), "__file__", None)
        return self._folder is not None and isinstance(file, str) and Path(file).parent == self._folder

    def _keep(self, value: object, function: Callable[..., object], *, iterates: bool = False) -> CheckFunction:
        number = self._numbers.setdefault(id(value), len(self._values))  # which stays its own: the value is kept
        if number == len(self._values):
            self._values.append(value)
            self._functions.append(function)
        is_object = isinstance(function, functools.partial) and function.func == self._use
        name = type(value).__name__ if is_object else getattr(value, "__name__", "")
        kinds = (types.FunctionType, types.MethodType)
        text = getattr(value, "__doc__", None) if not is_object and isinstance(value, kinds) else None
        return CheckFunction(
            number, name if isinstance(name, str) else "", text if isinstance(text, str) else "", iterates
        )

    def _use(self, value: object, how: str, name: str, /, *args: Any, **kwargs: Any) -> object:
        """Get or set what is public of an object of the check's, or call a special method of its class."""
        is_mock, is_name = isinstance(value, mock.NonCallableMock), type(name) is str
        if how == "special" and is_name and name in SPECIAL_METHODS and _has_special(value, name):
            if is_mock and name == "__call__" and not (_is_own_code(_wrapped(value)) and _is_own_code(_effect(value))):
                raise TypeError(
                    "a mock for a library's function is not called here: have a function of the check's call it"
                )
            return self._counted(value, _call_special(value, name, args, kwargs))
        is_public = is_name and not name.startswith("_") and not (is_mock and (name in _OF_MOCKS or _wraps(value)))
        if how == "get" and (is_public or (is_name and name in NAMES)):
            return self._counted(value, getattr(value, name))
        if how == "set" and is_public:
            return self._set(value, name, *args)
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")

    def _counted(self, value: object, answer: object) -> object:
        """Return what an object gave; count the mocks that others have made."""
        if isinstance(value, mock.NonCallableMock) and isinstance(answer, mock.NonCallableMock):
            self._children += id(answer) not in self._numbers
            if self._children > _MOST_CHILDREN:
                raise RuntimeError(f"more than {_MOST_CHILDREN} attributes of mocks")
        return answer

    @staticmethod
    def _set(value: object, name: str, new: object) -> None:
        """Set a number; anything else might make a method of the check's do what its author never meant."""
        is_mock = isinstance(value, mock.NonCallableMock)
        if type(new) not in _SETTABLE and not (is_mock and type(new) is str):
            raise TypeError("of an object of the check's a number can be set; give it a method that sets the rest")
        there = inspect.getattr_static(type(value), name, None)
        is_plain = type(there) in _SETTABLE or isinstance(there, types.MemberDescriptorType | property)
        if not is_mock and (not is_plain or callable(getattr(value, "__dict__", {}).get(name))):
            raise AttributeError(f"{type(value).__name__!r} object attribute {name!r} is a method")
        setattr(value, name, new)

    def resolve(self, stand_in: CheckFunction) -> object:
        """Return what the check handed over; raise ProtocolError for what it did not."""
        if not 0 <= stand_in.number < len(self._values):
            raise ProtocolError("a function that no check handed over")
        return self._values[stand_in.number]

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """Call a function of the check's; raise CallRaised for what it raises."""
        if number == CheckFunction.INPUT:
            function: Callable[..., object] = _input
        elif 0 <= number < len(self._functions):
            function = self._functions[number]
        else:
            raise ProtocolError("a function that no check handed over")
        self._calls += 1
        if self._over is not None or self._calls > _MOST_CALLS:
            raise CallRaised(-1, RuntimeError(f"the check is over, or had more than {_MOST_CALLS:,} calls"))
        try:
            return function(*args, **kwargs)
        except _NoInput as error:  # the student's own error: Python would raise it too
            raise CallRaised(-1, EOFError(str(error))) from None
        except (GraderError, AssertionError) as error:
            if isinstance(error, StudentError):
                raise self._told(error) from error
            self._over = error
            raise CallRaised(-1, RuntimeError("the check is over")) from None
        except Exception as error:
            raise self._told(error) from error
        except BaseException as error:  # noqa: BLE001 - the check is over, which the student's code cannot prevent
            self._over = error
            raise CallRaised(-1, RuntimeError("the check is over")) from None

    def _told(self, error: Exception) -> CallRaised:
        """Return what tells the student's process of an exception that its code may expect."""
        self._errors.append(error)
        return CallRaised(len(self._errors) - 1, error)

    def raise_what_ended(self) -> None:
        """Raise what ended the check inside a function of its own; a failed assertion the check itself may expect."""
        over = self._over
        if isinstance(over, AssertionError):
            self._over = None
        if over is not None:
            raise over

    def error(self, number: int) -> BaseException | None:
        """Return the exception of that number that a function of the check's raised."""
        error = self._errors[number] if 0 <= number < len(self._errors) else None
        if isinstance(error, StopIteration):  # which would end a `map` of the check's as if there were no more
            return RuntimeError("a function of the check's raised StopIteration")
        return error


_INPUT_OF_PYTHON = builtins.input


class _NoInput(Exception):
    """The student's code asks for input, and the check has none."""


def _input(prompt: object = "") -> object:
    """Answer the student's `input`, where the check has put something in the place of Python's own."""
    if builtins.input is not _INPUT_OF_PYTHON:
        return builtins.input(prompt)
    if sys.stdin is not None and type(sys.stdin).__module__ == "_io" and not hasattr(sys.stdin, "buffer"):  # StringIO
        sys.stdout.write(str(prompt))
        return _input_line(sys.stdin)
    raise _NoInput("EOF when reading a line")


def _input_line(stream: Any) -> str:
    line: str = stream.readline()
    if not line:
        raise _NoInput("EOF when reading a line")
    return line.removesuffix("\n")


def _is_method_of_data(value: Any) -> bool:
    """Return whether it is a method of a list of the check's, say: `seen.append`."""
    is_one = isinstance(value, types.BuiltinMethodType) and type(value.__self__) in _HAVE_METHODS
    return is_one and value.__name__ not in ("format", "format_map")  # which read attributes


def _wraps(value: object) -> bool:
    """Return whether a mock hands on to something else, whose attributes nobody means to hand over."""
    return _wrapped(value) is not None


def _wrapped(value: object) -> object:
    return vars(value).get("_mock_wraps")


def _effect(value: object) -> object:
    """Return what a mock calls, None for one that raises or answers by itself."""
    effect = getattr(value, "side_effect", None)
    return effect if callable(effect) and not isinstance(effect, type) else None


def _is_own_code(value: Any) -> bool:
    """Return whether what is called in the end is no function of a library's, which S would call with what it likes.

    Those that only reckon are harmless.
    """
    if value is None or isinstance(value, mock.NonCallableMock | operator.attrgetter | operator.itemgetter):
        return True
    if isinstance(value, functools.partial):
        return _is_own_code(value.func)
    if isinstance(value, _CACHED):
        return _is_own_code(value.__wrapped__)
    if isinstance(value, types.MethodType):
        module = getattr(value.__func__, "__module__", None) or type(value.__self__).__module__
        return not _is_library(module) or module.startswith(_DRAWING)
    if isinstance(value, types.BuiltinMethodType):
        return _is_method_of_data(value) or value in _RECKONING
    return isinstance(value, types.FunctionType) and (_import_path(value) is None)


def _has_special(value: object, name: str) -> bool:
    """Return whether an object's class has a special method that not every class has."""
    if isinstance(value, mock.NonCallableMock) and name in ("__str__", "__repr__", "__eq__", "__ne__", "__hash__"):
        return False  # they tell of the mock itself
    for kind in type(value).__mro__[:-1]:
        if name in vars(kind):
            return vars(kind)[name] is not None and not (name == "__repr__" and is_dataclass(kind))
    return False


def _call_special(value: object, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """Call a special method of an object's class as Python's own syntax does."""
    method: Any = inspect.getattr_static(type(value), name)
    if hasattr(type(method), "__get__"):
        method = method.__get__(value, type(value))
    answer: object = method(*args, **kwargs)
    if answer is not NotImplemented:
        return answer
    if name in ("__eq__", "__ne__"):
        return (value is args[0]) == (name == "__eq__")
    raise TypeError(f"{name} is not supported between {type(value).__name__!r} and {type(args[0]).__name__!r}")


def _first(iterator: Iterator[object]) -> list[object]:
    """Return the next element in a list, or an empty one."""
    for element in iterator:
        return [element]
    return []


def _import_path(value: object) -> str | None:
    """Return where a library's function or class is found, None for what is none."""
    owner = getattr(value, "__objclass__", None)  # str.upper
    holder = owner if owner is not None else value
    if not isinstance(value, type | types.FunctionType | types.BuiltinFunctionType) and owner is None:
        if not (callable(value) and type(value).__module__ == "numpy"):  # a ufunc
            return None
        return f"numpy.{getattr(value, '__name__', '')}"
    module, name = getattr(holder, "__module__", None), getattr(holder, "__qualname__", "")
    if not isinstance(module, str) or not _is_library(module):
        return None
    path = f"{module}.{name}" if owner is None else f"{module}.{name}.{getattr(value, '__name__', '')}"
    with contextlib.suppress(AttributeError, KeyError):
        found: object = sys.modules[module]
        for part in path.removeprefix(f"{module}.").split("."):
            found = inspect.getattr_static(found, part)
        if found is value:
            return path
    return None


def _is_library(module: str) -> bool:
    if module.partition(".")[0] in sys.stdlib_module_names:
        return module != "__main__"
    file = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and file.startswith(_LIBRARIES) and not module.startswith("autograder.")

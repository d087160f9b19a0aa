"""Let the student's process use what a check hands over: functions, iterators and objects of the check's own.

They themselves stay here; a function is called with what the student's process sends, which is data, as every answer
is. Of an object what is public can be got and set, and called: one of a class in the checks' files, or a mock.
What a library has (`math.sqrt`, `len`, `ValueError`) is not called here: it is sent by its import path.
"""

import builtins
import contextlib
import functools
import inspect
import itertools
import operator
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
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
    *(types.BuiltinMethodType, operator.attrgetter, operator.itemgetter, operator.methodcaller),
    type(functools.cache(len)),
)
"""Kinds of functions of the check's own: a method of its list, `seen.append`, is one."""
_OF_EVERY_CLASS = {"abc", "typing", "enum"}
"""Modules of Python's whose classes add nothing of their own to an object."""
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
        self._calls = 0
        self._over: BaseException | None = None

    def stand_in(self, value: object) -> CheckFunction | ImportPath | None:
        """Return what stands for a function, a class, an iterator or an object in a frame; None for anything else.

        Raise TypeError for what is a library's and cannot be sent.
        """
        if isinstance(value, mock.NonCallableMock) or self._is_of_own_class(value):  # a mock notes what it is asked
            special = tuple(sorted(name for name in SPECIAL_METHODS if _has_special(value, name)))
            return replace(self._keep(value, functools.partial(_use, value)), special_methods=special)
        if (path := _import_path(value)) is not None:
            return ImportPath(path)
        if isinstance(value, (*_ITERATORS, *_ITERTOOLS)):
            return self._keep(value, functools.partial(_first, cast("Iterator[object]", value)), iterates=True)
        if isinstance(value, _CALLED_HERE) and callable(value):
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
        is_object = isinstance(function, functools.partial) and function.func is _use
        name = type(value).__name__ if is_object else getattr(value, "__name__", "")
        kinds = (types.FunctionType, types.MethodType)
        text = getattr(value, "__doc__", None) if not is_object and isinstance(value, kinds) else None
        return CheckFunction(
            number, name if isinstance(name, str) else "", text if isinstance(text, str) else "", iterates
        )

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


def _has_special(value: object, name: str) -> bool:
    """Return whether an object's class has a special method that not every class has."""
    for kind in type(value).__mro__[:-1]:
        if name in vars(kind):
            return vars(kind)[name] is not None
    return False


def _use(value: object, how: str, name: str, *args: Any, **kwargs: Any) -> object:
    """Get or set what is public of an object of the check's, or call a special method of its class."""
    if how == "special" and name in SPECIAL_METHODS and _has_special(value, name):
        answer = getattr(type(value), name)(value, *args, **kwargs)
        if answer is not NotImplemented:
            return cast("object", answer)
        if name in ("__eq__", "__ne__"):
            return (value is args[0]) == (name == "__eq__")
        raise TypeError(f"{name} is not supported between {type(value).__name__!r} and {type(args[0]).__name__!r}")
    if how not in ("get", "set") or (name.startswith("_") and not (how == "get" and name in NAMES)):
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    if how == "set":
        setattr(value, name, *args)
        return None
    return getattr(value, name)


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

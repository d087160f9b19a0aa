"""Let the student's process use what a check hands over: functions, iterators and objects of the check's own.

They themselves stay here; a function is called with what the student's process sends, which is data, as every answer
is; what may be done with an object says autograder.checks.check_objects.
What a library has (`math.sqrt`, `len`, `ValueError`) is not called here: it is sent by its import path.
"""

import builtins
import functools
import itertools
import operator
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from autograder.checks.check_objects import CheckObjects, import_path, is_own_code, special_methods
from autograder.checks.outcomes import StudentError
from autograder.errors import GraderError
from autograder.sandbox.outside.process import CallRaised
from autograder.sandbox.shared.protocol import CheckFunction, ImportPath, ProtocolError

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
    *(types.FunctionType, types.MethodType, types.BuiltinMethodType, functools.partial),
    *(operator.attrgetter, operator.itemgetter),
    type(functools.cache(len)),
)
"""Kinds of functions of the check's own; a method of its list, `seen.append`, is one too."""
_ITERTOOLS = {kind for kind in vars(itertools).values() if isinstance(kind, type)}


class CheckFunctions:
    """What the present check has handed over."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin; in `folder` are the files whose classes are the check's own."""
        self._objects = CheckObjects(folder)
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
        if self._objects.are(value):  # first: a mock notes what it is asked
            number = self._keep(value, functools.partial(self._objects.use, value))
            return CheckFunction(number, type(value).__name__, special_methods=special_methods(value))
        if (path := import_path(value)) is not None:
            return ImportPath(path)
        if isinstance(value, (*_ITERATORS, *_ITERTOOLS)):
            number = self._keep(value, functools.partial(_first, cast("Iterator[object]", value)))
            return CheckFunction(number, iterates=True)
        if callable(value) and isinstance(value, _CALLED_HERE) and is_own_code(value):
            name, text = (getattr(value, attribute, "") for attribute in ("__name__", "__doc__"))
            is_written = isinstance(value, types.FunctionType | types.MethodType)
            return CheckFunction(
                self._keep(value, value),
                name if isinstance(name, str) else "",
                text if is_written and isinstance(text, str) else "",
            )
        return None

    def _keep(self, value: object, function: Callable[..., object]) -> int:
        """Return the number of a value, which stays its own, and what is called by it."""
        number = self._numbers.setdefault(id(value), len(self._values))
        if number == len(self._values):
            self._values.append(value)
            self._functions.append(function)
        return number

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


def _first(iterator: Iterator[object]) -> list[object]:
    """Return the next element in a list, or an empty one."""
    for element in iterator:
        return [element]
    return []

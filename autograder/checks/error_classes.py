"""Make classes for what a student's code raises, so that `pytest.raises` and `except` meet it by its own name.

An exception is a StudentError, of Python's or a library's own kind where it is of one, and of a class for each that the
notebook defines: `pytest.raises(student.Overdrawn)`. Which they are is what the student's process says.
"""

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

from autograder.checks.loaded_classes import library_exception
from autograder.checks.outcomes import StudentError

__all__ = ["StudentErrorClass", "error_class", "new_error"]

_OF_NOTEBOOK = "__main__."
_EXPECTED_KINDS = {
    kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)
} - {Exception, MemoryError, StopIteration, StopAsyncIteration, SystemError}
"""The kinds of Python's that a check expects of an answer; of others some could be taken for the grader's own."""


class StudentErrorClass(type):
    """The class of an exception that the notebook defines: calling it, and its attributes, are the student's."""

    handle: Any = None
    """What stands for the class itself in the present check."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make one in the student's process, where the notebook's own class is called."""
        if cls.handle is None:
            return super().__call__(*args, **kwargs)
        return cls.handle(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        """Return what the notebook's class has of that name."""
        if name.startswith("_") or cls.handle is None:
            raise AttributeError(name)
        return getattr(cls.handle, name)


def new_error(kind: Callable[..., StudentError], **of: Any) -> StudentError:
    """Return a new exception of a class that `error_class` gave."""
    error: StudentError = type.__call__(cast("type[StudentError]", kind), **of)
    return error


def error_class(types: Sequence[str]) -> type[StudentError]:
    """Return the class of an exception by the names of its classes, most special first."""
    return _error_class(tuple(types))


@functools.lru_cache(maxsize=500)
def _error_class(types: tuple[str, ...]) -> type[StudentError]:
    if not types:
        return StudentError
    name, rest = types[0], types[1:]
    if name.startswith(_OF_NOTEBOOK):
        own = name.removeprefix(_OF_NOTEBOOK)
        base = _error_class(rest)
        return _made(StudentErrorClass, own, (base,)) or base
    kind = library_exception(name)
    is_python = name.startswith("builtins.")
    if kind is None or (is_python and kind not in _EXPECTED_KINDS):
        return _error_class(rest)
    return _made(StudentErrorClass, kind.__name__, (StudentError, kind)) or _error_class(rest)


def _made(meta: type[type], name: str, bases: tuple[type, ...]) -> Any:
    """Return a new class, None where its bases do not go together, or allow no exception that has but a message."""
    try:
        made = meta(name.rpartition(".")[2] if name.isidentifier() else "StudentsError", bases, {})
        new_error(made, type_name="", message="", cell="", line=0, source_line="")
    except TypeError:
        return None
    return made

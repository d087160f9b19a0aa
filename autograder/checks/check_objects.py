"""Say what the student's process may do with an object of the check's own, and which functions it may have called.

Of an object of a class in the checks' files what is public can be got and called, and a number set. Of a mock its
children alone: what mocks themselves have (`configure_mock`, `side_effect`, `called`) would reach all of this process,
or forge the record that the check looks at.
"""

import contextlib
import functools
import inspect
import math
import operator
import sys
import sysconfig
import types
from collections import Counter, defaultdict, deque
from dataclasses import is_dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from autograder.sandbox.shared.stand_ins import NAMES, SPECIAL_METHODS

__all__ = ["CheckObjects", "import_path", "is_own_code", "special_methods"]

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
_LIBRARIES = tuple(str(Path(sysconfig.get_path(name))) for name in ("stdlib", "purelib", "platlib"))


class CheckObjects:
    """The objects that the present check has handed over."""

    def __init__(self, folder: Path | None) -> None:
        """Begin; in `folder` are the files whose classes are the check's own."""
        self._folder = folder
        self._children = dict[int, mock.NonCallableMock]()
        """Mocks that others have made, kept so that no number comes twice."""

    def are(self, value: object) -> bool:
        """Return whether an object is one of them: a mock, or all its classes are written beside the checks.

        One that derives from a library's class would be half here and half there.
        """
        if isinstance(value, mock.NonCallableMock):
            return True
        kinds = [kind for kind in type(value).__mro__ if kind.__module__ not in _OF_EVERY_CLASS and kind is not object]
        return bool(kinds) and all(self._is_own(kind.__module__) for kind in kinds)

    def _is_own(self, module: str) -> bool:
        file = getattr(sys.modules.get(module), "__file__", None)
        return self._folder is not None and isinstance(file, str) and Path(file).parent == self._folder

    def use(self, value: object, how: str, name: str, /, *args: Any, **kwargs: Any) -> object:
        """Get or set what is public of an object of the check's, or call a special method of its class."""
        is_name, is_mock = type(name) is str, isinstance(value, mock.NonCallableMock)
        if how == "special" and is_name and name in SPECIAL_METHODS and _has_special(value, name):
            if is_mock and name == "__call__" and not is_own_code(value):
                raise TypeError(
                    "a mock for a library's function is not called here: have a function of the check's call it"
                )
            return self._counted(value, _call_special(value, name, args, kwargs))
        is_public = (
            is_name
            and not name.startswith("_")
            and not (is_mock and (name in _OF_MOCKS or _wrapped(value) is not None))
        )
        if how == "get" and (is_public or (is_name and name in NAMES)):
            return self._counted(value, getattr(value, name))
        if how == "set" and is_public:
            return self._set(value, name, *args)
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")

    def _counted(self, value: object, answer: object) -> object:
        """Return what an object gave; count the mocks that others have made."""
        if isinstance(value, mock.NonCallableMock) and isinstance(answer, mock.NonCallableMock):
            self._children[id(answer)] = answer
            if len(self._children) > _MOST_CHILDREN:
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


def _is_method_of_data(value: Any) -> bool:
    """Return whether it is a method of a list of the check's, say: `seen.append`."""
    is_one = isinstance(value, types.BuiltinMethodType) and type(value.__self__) in _HAVE_METHODS
    return is_one and value.__name__ not in ("format", "format_map")  # which read attributes


def is_own_code(value: Any) -> bool:
    """Return whether what is called in the end is no function of a library's, which S would call with what it likes.

    Those that only reckon are harmless, and so are methods of data.
    """
    if isinstance(value, mock.NonCallableMock):
        effect = getattr(value, "side_effect", None)
        calls = effect if callable(effect) and not isinstance(effect, type) else None  # a class is raised
        return all(one is None or is_own_code(one) for one in (_wrapped(value), calls))
    if isinstance(value, functools.partial | _CACHED):
        return is_own_code(value.func if isinstance(value, functools.partial) else value.__wrapped__)
    if isinstance(value, types.MethodType):
        module = getattr(value.__func__, "__module__", None) or type(value.__self__).__module__
        return not _is_library(module) or module == "random" or module.startswith("numpy.random.")
    if isinstance(value, types.BuiltinMethodType):
        return _is_method_of_data(value) or value in _RECKONING
    is_function = isinstance(value, types.FunctionType) and import_path(value) is None
    return is_function or isinstance(value, operator.attrgetter | operator.itemgetter)


def _wrapped(mocked: object) -> object:
    """Return what a mock hands on to, whose attributes nobody means to hand over."""
    return vars(mocked).get("_mock_wraps")


def special_methods(value: object) -> tuple[str, ...]:
    """Return the special methods of an object that can be called."""
    return tuple(sorted(name for name in SPECIAL_METHODS if _has_special(value, name)))


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


def import_path(value: object) -> str | None:
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

"""Find the class in this process that an object of the student's is said to be one of.

What the student's process says chooses among classes that are loaded here already; nothing of it is imported or run.
A kind of data is never found: data comes by value, and what does not is none.
"""

import builtins
import functools
import sys
import types
from collections import OrderedDict, deque
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath

import numpy as np

__all__ = ["library_class", "library_exception", "stand_in_class"]

_DATA = (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, type(None), deque)
_RARER_DATA = (slice, range, type(...), date, time, timedelta, Decimal, Fraction)
_DATA_ROOTS = (*_DATA, *_RARER_DATA, np.generic, np.ndarray, PurePath, OrderedDict)
_DATA_NAMES = {"TensorBase", "device", "dtype", "Tensor", "DataFrame", "Series", "Index", "NDFrame", "NAType"}
_OF_INTERPRETER = {f"builtins.{kind.__name__}": kind for kind in vars(types).values() if isinstance(kind, type)} | {
    f"{kind.__module__}.{kind.__name__}": kind for kind in vars(builtins).values() if isinstance(kind, type)
}
_STDLIB = {"abc", "argparse", "builtins", "collections", "contextlib", "dataclasses", "enum", "json", "re", "threading"}
"""Modules of Python's whose classes an object of a student's may be said to be one of."""
_OF_TESTS = {"unittest", "doctest", "bdb", "pdb"}
"""Modules of Python's whose exceptions mean something to whoever runs tests: that a check is to be skipped, say."""
_NUMERIC = ("numpy", "pandas", "sklearn", "scipy")


def library_class(path: str) -> type | None:
    """Return the class of that import path, None where there is none here or it is a kind of data."""
    found = _loaded(path)
    if found is None or found in (object, types.MethodType, types.CoroutineType) or issubclass(found, _DATA_ROOTS):
        return None
    return None if any(base.__name__ in _DATA_NAMES for base in found.__mro__) else found


def library_exception(path: str) -> type[Exception] | None:
    """Return the exception class of Python's or of a numeric library's that has that import path."""
    root = path.partition(".")[0]
    if (root not in sys.stdlib_module_names and root not in _NUMERIC) or root in _OF_TESTS:
        return None
    module, _, name = path.rpartition(".")
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def stand_in_class(type_name: str, path: str) -> type | None:
    """Return a class of that name below the library's class of that import path; the latter where it allows none."""
    nearest = library_class(path) if path else object
    if nearest is None or nearest.__name__ == type_name:
        return nearest
    if type(nearest) is not type or not type_name.isidentifier():
        return nearest
    return _below(type_name, nearest)


@functools.lru_cache(maxsize=1000)
def _below(type_name: str, nearest: type) -> type:
    if "__init_subclass__" in {name for kind in nearest.__mro__[:-1] for name in vars(kind)}:
        return nearest  # making a class below it would run code of the library's
    try:
        return type(type_name, (nearest,), {})
    except TypeError:  # none may be made, as below a function's
        return nearest


def _loaded(path: str) -> type | None:
    if path in _OF_INTERPRETER:
        return _OF_INTERPRETER[path]
    module, _, name = path.rpartition(".")
    root = module.partition(".")[0]
    if root == "autograder" or (root in sys.stdlib_module_names and root not in _STDLIB):
        return None
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return found if isinstance(found, type) else None

"""Change a check's own arguments as the student's code has changed its copies of them: for checks that look at that.

Elsewhere arguments are copies, so that no answer changes what a check computes the right one from.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.checks.expect import Mismatch

__all__ = ["change_in_place", "is_changeable"]

_KINDS = (list, dict, set, deque, np.ndarray)
_OF_LIBRARIES = {"pandas.DataFrame", "pandas.Series", "torch.Tensor"}


def is_changeable(value: object) -> bool:
    """Return whether an argument is of a kind that code can change in place."""
    kind = type(value)  # by its module too: a handle's class, and a namedtuple's, has the name that the student chose
    return kind in _KINDS or f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in _OF_LIBRARIES


def change_in_place(args: tuple[Any, ...], kwargs: Mapping[str, Any], changed: Mapping[Any, Any]) -> None:
    """Change those arguments, by place or name, that the student's code left with other contents."""
    given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
    for place, contents in changed.items():
        if place in given and is_changeable(given[place]):
            if type(contents) is not type(given[place]):
                raise Mismatch("An argument must stay of its kind.", f"of type {type(contents).__name__}")
            try:
                _change(given[place], contents)
            except (TypeError, ValueError, RuntimeError) as error:
                raise Mismatch("An argument must stay of its kind.", "of another shape or dtype") from error


def _change(value: Any, contents: Any) -> None:
    match value:
        case list():
            value[:] = contents
        case np.ndarray():
            value[...] = contents
        case dict() | set():
            value.clear()
            value.update(contents)
        case deque():
            value.clear()
            value.extend(contents)
        case _ if type(value).__name__ == "Tensor":
            value.data = contents
        case _:
            type(value).__init__(value, contents)  # as pandas lets a table take over another

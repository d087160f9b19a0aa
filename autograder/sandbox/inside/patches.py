"""Change names of a notebook, attributes of modules and environment variables for the length of one check."""

import os
from collections.abc import Callable
from typing import Any

__all__ = ["Patches"]

_ABSENT = object()
_Key = tuple[int, str]


class Patches:
    """What a check has put in the place of something else, and what was there before."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._undo: dict[_Key, Callable[[], None]] = {}

    def set_name(self, name: str, value: object) -> None:
        """Give a name of the notebook another value."""
        before = self._names.get(name, _ABSENT)
        self._undo.setdefault((0, name), lambda: self._put_name(name, before))
        self._names[name] = value

    def put_back_name(self, name: str) -> None:
        """Give a name of the notebook the value that it had before."""
        if (undo := self._undo.pop((0, name), None)) is not None:
            undo()

    def set_attribute(self, target: object, name: str, value: object) -> None:
        """Give an attribute another value."""
        before = getattr(target, name)
        self._undo.setdefault((id(target), name), lambda: setattr(target, name, before))
        setattr(target, name, value)

    def set_variable(self, name: str, value: str | None) -> None:
        """Give an environment variable another value, or none."""
        before = os.environ.get(name)
        self._undo.setdefault((1, name), lambda: self._put_variable(name, before))
        self._put_variable(name, value)

    def put_back(self) -> None:
        """Undo all of it, the last first."""
        while self._undo:
            _, undo = self._undo.popitem()
            undo()

    def _put_name(self, name: str, value: object) -> None:
        if value is _ABSENT:
            self._names.pop(name, None)
        else:
            self._names[name] = value

    @staticmethod
    def _put_variable(name: str, value: str | None) -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

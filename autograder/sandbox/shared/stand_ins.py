"""Name what stands in a frame for what does not travel, and the error of what may not."""

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["NAMES", "SPECIAL_METHODS", "CheckFunction", "ImportPath", "ProtocolError", "RemoteObject", "StandIn"]

SPECIAL_METHODS = frozenset(
    f"__{name}__"
    for name in (
        *("call", "len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem", "enter", "exit"),
        *("bool", "int", "float", "index", "str", "repr", "eq", "ne", "lt", "le", "gt", "ge", "hash"),
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "pos", "abs", "invert"),
        *("radd", "rsub", "rmul", "rtruediv", "iadd", "isub", "imul", "itruediv"),
    )
)
"""Of an object of the check's: what Python's own syntax and functions call, in the student process too."""
NAMES = ("__name__", "__qualname__")
"""What decorators ask of a function, and so of a mock."""


class ProtocolError(Exception):
    """A frame or a value is not what the protocol allows."""


@dataclass(frozen=True)
class RemoteObject:
    """An object that stays in the student process, as it appears in a frame."""

    number: int
    type_name: str
    kind: str = ""
    """The import path of the nearest class of its that is a library's, "" for none; what the student process says."""
    classes: tuple[str, ...] = ()
    """Of a class: itself and what it derives from, most special first."""
    equal_if_same: bool = False
    """Whether no class of its has an `__eq__` of its own; what the student process says."""


@dataclass(frozen=True)
class ImportPath:
    """A library object by its import path, as it appears in a frame."""

    path: str


@dataclass(frozen=True)
class CheckFunction:
    """A function, an iterator or an object of a check's, as it appears in a frame: it stays in the checks process."""

    INPUT: ClassVar[int] = -1
    """The number of what answers the student's `input`."""

    number: int
    name: str = ""
    text: str = ""
    """Its docstring."""
    iterates: bool = False
    special_methods: tuple[str, ...] | None = None
    """Of an object: those of SPECIAL_METHODS that its class has; None for a function or an iterator."""


StandIn = RemoteObject | ImportPath | CheckFunction
"""What stands in a frame for an object that does not travel."""

"""Name what stands in a frame for what does not travel, and the error of what may not."""

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["CheckFunction", "ImportPath", "ProtocolError", "RemoteObject", "StandIn"]


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
    """A function or an iterator of a check's, as it appears in a frame: it stays in the checks process."""

    INPUT: ClassVar[int] = -1
    """The number of what answers the student's `input`."""

    number: int
    name: str = ""
    text: str = ""
    """Its docstring."""
    iterates: bool = False


StandIn = RemoteObject | ImportPath | CheckFunction
"""What stands in a frame for an object that does not travel."""

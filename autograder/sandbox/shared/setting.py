"""Name one thing that all code of a process shares, and that a forgotten line of one cell changes for all others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """A way to read a setting of the process, and one to put back what was read."""

    read: Callable[[], Any]
    write: Callable[[Any], object]
    is_still: Callable[[Any], bool] | None = None
    """A quicker way to say whether the setting is what was read, where there is one."""

"""Describe known answers: right ones that must earn every point, and wrong ones that must lose some.

An assignment keeps its own in `tests/<assignment>/known_answers.py`, as a list `ANSWERS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

__all__ = ["Answer", "Edit", "Harmless", "Right", "Wrong"]


@dataclass(frozen=True)
class Edit:
    """Replace a piece of the solution; it must occur there exactly once."""

    old: str
    new: str


@dataclass(frozen=True)
class Answer:
    """A way to answer one or several questions; what it leaves out is answered as the solution does."""

    name: str
    """What is special about it, in a few words; unique in its assignment."""
    cells: Mapping[str, str | Edit | Sequence[Edit]] = field(kw_only=True)
    """By question: the answer's whole cell, or what to replace in the solution's."""
    is_right: ClassVar[bool]


@dataclass(frozen=True)
class Right(Answer):
    """An answer that must earn every point."""

    is_right: ClassVar[bool] = True


@dataclass(frozen=True)
class Wrong(Answer):
    """An answer that must lose points in a check of one of its questions."""

    hint: str = field(default="", kw_only=True)
    """What must occur in the message of a check that it fails; "" where no check knows this slip by name."""
    is_right: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class Harmless:
    """Explain a generated mutant that keeps every point, as it should: it computes the same, or may."""

    question: str
    old: str
    """The line of the solution, or a part of it that names it."""
    new: str
    """The mutant's line, or a part of it; "" for every mutant of that line."""
    reason: str

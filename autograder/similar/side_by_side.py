"""Lay two works side by side, question by question, with what is in both marked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from autograder.similar.code_tokens import RUN
from autograder.similar.comparison import Pair
from autograder.similar.works import Part, Work

__all__ = ["Mark", "Piece", "Row", "ShownPart", "side_by_side", "without_common"]

_RARE = 0.5
"""The weight from which a run is shown as rare: at most a few others have it."""


class Mark(IntEnum):
    """Say what a piece of code is; of several that it could be, the highest."""

    OWN = 0
    GIVEN = 1
    COMMON = 2
    RARE = 3


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a line, or what stands between two."""

    mark: Mark
    text: str


@dataclass(frozen=True, kw_only=True)
class ShownPart:
    """One cell in pieces."""

    number: int
    file: str
    """The file that it stands in, "" for the notebook."""
    pieces: tuple[Piece, ...]

    @property
    def has_common(self) -> bool:
        """Return whether anything in it is in the other work too."""
        return any(piece.mark >= Mark.COMMON for piece in self.pieces)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What both wrote to one question, or in cells of their own."""

    question: str
    first: tuple[ShownPart, ...]
    second: tuple[ShownPart, ...]

    @property
    def has_common(self) -> bool:
        """Return whether anything in it is in both works."""
        return any(part.has_common for part in (*self.first, *self.second))

    @property
    def has_rare(self) -> bool:
        """Return whether anything in it is rare."""
        parts = (*self.first, *self.second)
        return any(piece.mark == Mark.RARE for part in parts for piece in part.pieces)


def side_by_side(pair: Pair, weights: Mapping[int, float], given: Collection[int]) -> list[Row]:
    """Return the rows of two works, in the first one's order; `given` are the runs of what everybody was given."""
    inside = [{run for part in work.parts for run in part.runs} for work in (pair.first, pair.second)]
    shared = inside[0] & inside[1]
    marks = {run: Mark.RARE if weights.get(run, 0) >= _RARE else Mark.COMMON for run in shared.difference(given)}
    marks |= dict.fromkeys((inside[0] | inside[1]).intersection(given), Mark.GIVEN)
    parts = (*pair.first.parts, *pair.second.parts)
    questions = dict.fromkeys(sorted((part.question for part in parts), key=_Order(parts)))
    return [
        Row(question=question, first=_shown(pair.first, question, marks), second=_shown(pair.second, question, marks))
        for question in questions
    ]


def without_common(rows: Sequence[Row]) -> list[str]:
    """Return the questions to which two works have nothing in common."""
    return [row.question for row in rows if not row.has_common and row.question]


class _Order:
    """Sort questions as they come, cells of the student's own last."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.places: dict[str, int] = {}
        for part in parts:
            self.places.setdefault(part.question, len(self.places))

    def __call__(self, question: str) -> tuple[bool, int]:
        return not question, self.places[question]


def _shown(work: Work, question: str, marks: Mapping[int, Mark]) -> tuple[ShownPart, ...]:
    parts = [part for part in work.parts if part.question == question]
    return tuple(ShownPart(number=part.number, file=part.file, pieces=tuple(_pieces(part, marks))) for part in parts)


def _pieces(part: Part, marks: Mapping[int, Mark]) -> Iterator[Piece]:
    """Yield a cell's text in pieces; the space between two tokens of one mark has it too, within a line."""
    of_tokens = [Mark.OWN] * len(part.tokens)
    for place, run in enumerate(part.runs):
        mark = marks.get(run, Mark.OWN)
        if mark:
            of_tokens[place : place + RUN] = [max(mark, other) for other in of_tokens[place : place + RUN]]
    end, current, begin = 0, Mark.OWN, 0
    for token, mark in zip(part.tokens, of_tokens, strict=True):
        between = part.text[end : token.start]
        if mark != current or between.strip(" ") or (between and not mark):
            if part.text[begin:end]:
                yield Piece(mark=current, text=part.text[begin:end])
            if between:
                yield Piece(mark=Mark.OWN, text=between)
            begin = token.start
        end, current = token.end, mark
    if part.text[begin:end]:
        yield Piece(mark=current, text=part.text[begin:end])
    if part.text[end:]:
        yield Piece(mark=Mark.OWN, text=part.text[end:])

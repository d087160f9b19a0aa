"""Keep the rubric of each question: `adjustments/<assignment>.rubric.json` in the course.

An item is something to give again and again. What was given is an adjustment of its own: changing an item, or removing
it, changes nothing that was given.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from autograder.adjusting import LONGEST_COMMENT, Overtaken
from autograder.adjustments import adjustments_path
from autograder.atomic_files import write_atomically
from autograder.errors import AutograderError
from autograder.reviewing.amounts import Amount

__all__ = ["Rubric", "RubricFile", "RubricItem"]

_MOST_ITEMS = 50


@dataclass(frozen=True, kw_only=True)
class RubricItem:
    """Something to give to answers to one question."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    """Its name in the question; up to 9 it is a key, too."""
    points: float | None = None
    """What an answer earns with it, whatever it had; None where it says nothing of that."""
    correction: float | None = None
    """So many points more, or less."""
    comment: str = ""
    """For the student."""

    @property
    def amount(self) -> Amount:
        """Return its points."""
        return Amount(points=self.points, correction=self.correction)


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """The rubric of one question."""

    items: tuple[RubricItem, ...] = ()

    @property
    def version(self) -> str:
        """Return a digest of all that it says."""
        return sha256(msgspec.json.encode(self.items)).hexdigest()[:16]

    def item(self, number: int) -> RubricItem:
        """Return the item of a number; raise Overtaken where there is none any more."""
        for one in self.items:
            if one.number == number:
                return one
        raise Overtaken(f"There is no item {number} in the rubric now; look at what is there.")


@dataclass(frozen=True, kw_only=True)
class _File:
    schema: Literal[1] = 1
    questions: dict[str, tuple[RubricItem, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RubricFile:
    """Where the rubric of one question is kept."""

    course: Path
    assignment: str
    question: str

    @property
    def _path(self) -> Path:
        return adjustments_path(self.course, self.assignment).with_name(f"{self.assignment}.rubric.json")

    def read(self) -> Rubric:
        """Return the rubric; raise AutograderError where the file cannot be read."""
        return Rubric(items=_read(self._path).questions.get(self.question, ()))

    def add(self, amount: Amount, comment: str) -> None:
        """Add an item under the lowest free number; raise AutograderError for what says nothing, or is there."""
        _verify(amount, comment)

        def edit(items: Sequence[RubricItem]) -> Sequence[RubricItem]:
            number = min(set(range(1, len(items) + 2)) - {one.number for one in items})
            new = _item(number, amount, comment)
            for one in items:
                if replace(one, number=number) == new:
                    raise AutograderError(f"The rubric says that already: it is item {one.number}.")
            if len(items) >= _MOST_ITEMS:
                raise AutograderError(f"The rubric has {len(items)} items; remove one that nobody needs first.")
            return sorted((*items, new), key=lambda one: one.number)

        self._edit(edit)

    def change(self, number: int, amount: Amount, comment: str, *, seen: str) -> None:
        """Let an item say something else; raise Overtaken where the rubric is not the version that was `seen`."""
        _verify(amount, comment)

        def edit(items: Sequence[RubricItem]) -> Sequence[RubricItem]:
            _verify_seen(items, number, seen)
            return [_item(number, amount, comment) if one.number == number else one for one in items]

        self._edit(edit)

    def remove(self, number: int, *, seen: str) -> None:
        """Remove an item; raise Overtaken where the rubric is not the version that was `seen`."""

        def edit(items: Sequence[RubricItem]) -> Sequence[RubricItem]:
            _verify_seen(items, number, seen)
            return [one for one in items if one.number != number]

        self._edit(edit)

    def _edit(self, edit: Callable[[Sequence[RubricItem]], Sequence[RubricItem]]) -> None:
        """Write what `edit` makes of the items: one writer at a time, the whole file or nothing."""
        path = self._path
        try:
            with _locked(path):
                questions = _read(path).questions
                questions[self.question] = tuple(edit(questions.get(self.question, ())))
                content = msgspec.json.encode(_File(questions={name: kept for name, kept in questions.items() if kept}))
                write_atomically(path, msgspec.json.format(content, indent=1) + b"\n")
        except OSError as error:
            raise AutograderError(
                f"{path} cannot be written to ({error.strerror or error}); the rubric is as it was: mend that first."
            ) from error


def _item(number: int, amount: Amount, comment: str) -> RubricItem:
    return RubricItem(number=number, points=amount.points, correction=amount.correction, comment=comment)


def _verify(amount: Amount, comment: str) -> None:
    if not amount and not comment:
        raise AutograderError("An item of the rubric says nothing; give it points, a correction or a comment.")
    if len(comment) > LONGEST_COMMENT:
        raise AutograderError(f"The comment has {len(comment)} characters; at most {LONGEST_COMMENT} are kept.")


def _verify_seen(items: Sequence[RubricItem], number: int, seen: str) -> None:
    rubric = Rubric(items=tuple(items))
    rubric.item(number)
    if rubric.version != seen:
        raise Overtaken("The rubric has changed since this page was made; look at it, and change it again.")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the rubrics for this process and thread; the file itself cannot be held, since another takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AutograderError(f"{path} is no rubric ({error}); mend it, or move it away and begin anew.") from error

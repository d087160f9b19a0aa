"""Draw the students of a simulated class: how able each is, what each answers, when it is handed in, and what breaks.

Everything follows from the seed, by `random.Random(…).random()` and exact arithmetic alone: those are the same on
every platform and in every version of Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import TypeVar

from autograder.course import LatePolicy

__all__ = ["DrawnAnswer", "Kind", "Material", "Quality", "Simulated", "Way", "draw_class"]

T = TypeVar("T")


class Kind(StrEnum):
    """Say what a simulated student hands in."""

    ORDINARY = "ordinary"
    """The notebook with answers in it."""
    BLANK = "blank"
    """The release as it is."""
    SYNTAX_ERROR = "syntax-error"
    """One answer's cell does not parse."""
    ENDLESS_LOOP = "endless-loop"
    """One answer's cell never ends."""
    STRIPPED = "stripped"
    """A tool has removed nbgrader's metadata."""
    RENAMED = "renamed"
    """The notebook has another name."""
    NOT_A_NOTEBOOK = "not-a-notebook"
    """A file of the right name that is something else."""
    MISSING_FILE = "missing-file"
    """A folder without a notebook."""


class Quality(StrEnum):
    """Say what a student's answer to one question is."""

    RIGHT = "right"
    """Earns every point, also where it builds on another answer that is not right: errors are carried forward."""
    WRONG = "wrong"
    BLANK = "blank"
    SYNTAX_ERROR = "syntax-error"
    ENDLESS_LOOP = "endless-loop"


# What a class is like. The figures are chosen to look like a course of volunteers with homework, not measured.

ABILITY_DRAWS = 3
"""A student's ability, in [0, 1], is the best of so many uniform draws: most are good at it, with a long tail below.

A question is right with the probability `ability`, so that 3 of 4 answers are right on average, and one notebook of 3
with six questions is right throughout. What is not right is wrong with the probability `ability`, else blank: the able
try and slip, the others leave it out. That makes 15 % wrong and 10 % blank answers."""

SHARES = {
    Kind.BLANK: 0.04,  # opened it, saved it, gave up: every course has some
    Kind.SYNTAX_ERROR: 0.03,  # a last change before the deadline that was never run
    Kind.ENDLESS_LOOP: 0.02,  # rarer: it shows as soon as the cell is run; each costs a worker a whole cell's budget
    Kind.STRIPPED: 0.03,  # written in Colab or an editor that keeps only what it knows
    Kind.RENAMED: 0.03,  # a browser that had downloaded it before
    Kind.NOT_A_NOTEBOOK: 0.01,  # a print-out in PDF under the notebook's name: seldom, yet in every large class
    Kind.MISSING_FILE: 0.01,  # an upload that failed, or of an empty folder
}
"""The part of the class that hands in each kind; all others are ordinary."""

LATE_SHARES = {1: 0.06, 2: 0.03, 3: 0.01}
"""The part of the class that is so many days late: each day costs points, so most of the late take one."""

EARLIEST_DAYS = 7
"""Who is on time hands in at most so many days before; the nearer the due date, the more do."""

NO_DUE_DATE = datetime(2027, 1, 1, 12, tzinfo=UTC)
"""Takes the due date's place where an assignment has none; then nobody is late."""

_DIGITS = 4
_DAY_SECONDS = 86_400
_UNREADABLE = frozenset({Kind.NOT_A_NOTEBOOK, Kind.MISSING_FILE})


@dataclass(frozen=True, kw_only=True)
class Way:
    """One right way to answer all questions; its cells may build on each other, so that it is taken whole."""

    name: str
    cells: Mapping[str, str]
    """By question."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What answers to an assignment are drawn from."""

    questions: Sequence[str]
    ways: Sequence[Way]
    wrong: Mapping[str, Sequence[tuple[str, str]]]
    """By question: name and cell of each known wrong answer. A question without one is left blank instead."""


@dataclass(frozen=True, kw_only=True)
class DrawnAnswer:
    """A student's answer to one question."""

    quality: Quality
    name: str = ""
    """Which known answer it is; "" for a blank one."""
    source: str = field(default="", repr=False)
    """The cell; "" for a blank one, which keeps its stub."""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One simulated student, and what was drawn for them."""

    id: str
    kind: Kind
    ability: float
    """In [0, 1]; the same in each assignment of a class with one seed."""
    answers: Mapping[str, DrawnAnswer]
    """By question; none where no notebook is handed in."""
    late_days: int
    submitted_at: datetime


def draw_class(
    material: Material, assignment: str, count: int, *, seed: int, due: datetime | None, late_policy: LatePolicy
) -> list[Simulated]:
    """Return the students of a class; a larger class of the same seed begins with the same ones."""
    digits = max(_DIGITS, len(str(count)))
    students = []
    for number in range(1, count + 1):
        own = Random(f"{seed} {number}")  # noqa: S311 - a simulation keeps no secret
        rng = Random(f"{seed} {number} {assignment}")  # noqa: S311
        ability = max(own.random() for _ in range(ABILITY_DRAWS))
        kind = _by_share(rng, SHARES, Kind.ORDINARY)
        late_days = _by_share(rng, LATE_SHARES, 0) if due is not None else 0
        students.append(
            Simulated(
                id=f"s{number:0{digits}}",
                kind=kind,
                ability=ability,
                late_days=late_days,
                submitted_at=_submitted_at(rng, due or NO_DUE_DATE, late_policy, late_days),
                answers=_answers(rng, material, kind, ability),
            )
        )
    return students


def _by_share(rng: Random, shares: Mapping[T, float], rest: T) -> T:
    """Return one of the keys, each with its share; what the shares leave of 1 is the rest's."""
    left = rng.random()
    for value, share in shares.items():
        left -= share
        if left < 0:
            return value
    return rest


def _one_of(rng: Random, values: Sequence[T]) -> T:
    return values[int(rng.random() * len(values))]


def _submitted_at(rng: Random, due: datetime, late_policy: LatePolicy, late_days: int) -> datetime:
    """Return a time, in whole seconds from the due date, that counts as so many days late."""
    part = rng.random()
    if late_days:
        seconds = 60 * late_policy.grace_minutes + (late_days - 0.95 + 0.9 * part) * _DAY_SECONDS
    else:
        seconds = -1 - part * part * (EARLIEST_DAYS * _DAY_SECONDS)
    return due.astimezone(UTC) + timedelta(seconds=int(seconds))


def _answers(rng: Random, material: Material, kind: Kind, ability: float) -> dict[str, DrawnAnswer]:
    if kind in _UNREADABLE:
        return {}
    if kind == Kind.BLANK:
        return dict.fromkeys(material.questions, DrawnAnswer(quality=Quality.BLANK))
    way = _one_of(rng, material.ways)
    answers = {question: _answer(rng, material, question, way, ability) for question in material.questions}
    question = _one_of(rng, material.questions)
    if kind == Kind.SYNTAX_ERROR:
        source = f'{way.cells[question]}\nprint("done"'
        answers[question] = DrawnAnswer(quality=Quality.SYNTAX_ERROR, name=way.name, source=source)
    elif kind == Kind.ENDLESS_LOOP:
        source = f"while True:\n    pass\n{way.cells[question]}"
        answers[question] = DrawnAnswer(quality=Quality.ENDLESS_LOOP, name=way.name, source=source)
    return answers


def _answer(rng: Random, material: Material, question: str, way: Way, ability: float) -> DrawnAnswer:
    luck = rng.random()
    if luck < ability:
        return DrawnAnswer(quality=Quality.RIGHT, name=way.name, source=way.cells[question])
    known = material.wrong.get(question, ())
    if known and luck < ability + (1 - ability) * ability:
        name, source = _one_of(rng, known)
        return DrawnAnswer(quality=Quality.WRONG, name=name, source=source)
    return DrawnAnswer(quality=Quality.BLANK)

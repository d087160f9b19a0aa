"""Reckon what one submission's lateness costs, and say the arithmetic in words: the one place where it is done."""

from dataclasses import dataclass
from datetime import datetime

from autograder.extensions import Extension
from autograder.late_policy import LatePolicy
from autograder.points import points_of

__all__ = ["Lateness", "Terms", "reckon"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms one student hands in one assignment."""

    points: float
    """What the assignment is worth."""
    policy: LatePolicy
    due: datetime | None
    """The assignment's due date, before any extension."""
    extension: Extension | None = None
    free_days: int = 0
    """The free late days of the whole course."""
    free_days_left: int = 0
    """How many of them the student has left for this assignment."""

    @property
    def own_due(self) -> datetime | None:
        """Return the student's own due date."""
        return self.extension.due(self.due) if self.extension and self.due else self.due

    @property
    def exempt(self) -> bool:
        """Say whether lateness costs the student nothing."""
        return self.extension is not None and self.extension.exempt


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How late a submission is, and what that costs."""

    days: int = 0
    """Late days begun."""
    free: int = 0
    """How many of them are free."""
    penalty: float = 0.0
    """Points that come off, no more than were earned."""
    too_late: bool = False
    """Handed in after the last day."""
    words: str = ""


def reckon(terms: Terms, submitted_at: datetime | None, earned: float) -> Lateness:
    """Return what comes off the points that were earned on a submission handed in at a time; None: on time."""
    policy, due = terms.policy, terms.own_due
    days = policy.late_days(submitted_at, due)
    if submitted_at is None or terms.due is None:
        return Lateness()
    if not days:
        in_extension = policy.late_days(submitted_at, terms.due) > 0
        return Lateness(words=f"{_began(terms, submitted_at)}: on time." if in_extension else "")
    begun = f"{_began(terms, submitted_at)}: {_days(days)} begun"
    if terms.exempt:
        return Lateness(days=days, words=f"{begun}, exempt from the late penalty.")
    if policy.too_late(days):
        words = f"{begun}, and the last one is day {policy.last_day} after the due date: {policy.after_last_day}."
        return Lateness(days=days, penalty=earned, too_late=True, words=words)
    free = policy.free_days_for(days, terms.free_days_left)
    whole = policy.penalty(days - free, terms.points)
    penalty = min(whole, earned)
    return Lateness(
        days=days, free=free, penalty=penalty, words=begun + _arithmetic(terms, days, free, whole=whole, earned=earned)
    )


def _began(terms: Terms, submitted_at: datetime) -> str:
    due, own = terms.due, terms.own_due
    assert due is not None, "nothing is late without a due date"
    extended = f", extended to {_time(own)}" if own is not None and own != due else ""
    grace = f" and {terms.policy.grace_minutes:g} minutes of grace" if terms.policy.grace_minutes else ""
    return f"Due {_time(due)}{extended}{grace}, handed in {_time(submitted_at.astimezone(due.tzinfo))}"


def _arithmetic(terms: Terms, days: int, free: int, *, whole: float, earned: float) -> str:
    """Return what follows on the days begun, up to the score."""
    policy, counted = terms.policy, days - free
    said = ""
    if free:
        which = "free" if days == 1 else "all of them free" if free == days else f"{free} of them free"
        said = f", {which} ({terms.free_days_left} of the course's {_free(terms.free_days)} were left)"
    if not counted:
        return f"{said}: nothing off."
    said += f". {_days(counted)} × {policy.penalty_per_day:.0%} of {points_of(terms.points)} points"
    if policy.penalty_per_day * counted > policy.max_penalty:
        said += f", at most {policy.max_penalty:.0%}"
    said += f", is {points_of(whole)} off"
    if whole > earned + _TOLERANCE:
        said += f"; no more than the {points_of(earned)} that were earned"
    off = min(whole, earned)
    return f"{said}: {points_of(earned)} - {points_of(off)} = {points_of(earned - off)}."


def _days(number: int) -> str:
    return f"{number} late day{'s' if number != 1 else ''}"


def _free(number: int) -> str:
    return f"{number} free late day{'s' if number != 1 else ''}"


def _time(when: datetime) -> str:
    return when.strftime("%-d %B %Y, %H:%M")

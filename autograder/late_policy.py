"""Say what lateness costs in a course: grace, penalty per day, cap, free late days, a last day."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from autograder.errors import ConfigError

__all__ = ["AfterLastDay", "LatePolicy"]

AfterLastDay = Literal["worth 0", "not accepted"]
"""What becomes of a submission after the last day."""


@dataclass(frozen=True, kw_only=True)
class LatePolicy:
    """What lateness costs. A submission without a recorded time is on time."""

    grace_minutes: float = 0.0
    """Minutes after the due date that count as on time."""
    penalty_per_day: float = 0.0
    """Part of the assignment's points, in [0, 1], taken off for each day begun."""
    max_penalty: float = 1.0
    """The most that lateness takes off, as a part of the assignment's points, in [0, 1]."""
    free_days: int = 0
    """Late days that each student may have without a penalty, over the whole course; they are used up in the order of
    the due dates. In the course's policy alone."""
    free_days_each: int | None = None
    """The most of them for one assignment; None: all that are left."""
    last_day: int | None = None
    """The last late day, counted as late days are; free ones count too. None: a submission is never too late."""
    after_last_day: AfterLastDay = "worth 0"
    """What is handed in after the last day: it is `worth 0`, or `not accepted`, so that an earlier attempt counts."""

    def __post_init__(self) -> None:
        _require(_is_number(self.grace_minutes), "grace_minutes", self.grace_minutes, "a number of at least 0")
        for name in ("penalty_per_day", "max_penalty"):
            value = getattr(self, name)
            _require(_is_number(value) and value <= 1, name, value, "a part between 0 and 1")
        for name in ("free_days", "free_days_each", "last_day"):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            _require(whole or (value is None and name != "free_days"), name, value, "a whole number of at least 0")
        known = get_args(AfterLastDay)
        _require(self.after_last_day in known, "after_last_day", self.after_last_day, " or ".join(map(repr, known)))

    def late_days(self, submitted_at: datetime | None, due: datetime | None) -> int:
        """Return the days begun after the due date and the grace time."""
        if submitted_at is None or due is None:
            return 0
        late = (submitted_at - due).total_seconds() - 60 * self.grace_minutes
        return max(0, math.ceil(late / 86_400))

    def penalty(self, late_days: int, max_score: float) -> float:
        """Return the points to take off for so many days that are not free."""
        return max_score * min(self.max_penalty, self.penalty_per_day * late_days)

    def too_late(self, late_days: int) -> bool:
        """Return whether so many late days lead beyond the last day."""
        return self.last_day is not None and late_days > self.last_day

    def free_days_for(self, late_days: int, left: int) -> int:
        """Return how many of the free days that a student has left are used for so many late days.

        None where they would change nothing: where late days cost nothing, or the submission is too late.
        """
        if self.too_late(late_days) or self.penalty_per_day * self.max_penalty == 0:
            return 0
        return min(late_days, left, late_days if self.free_days_each is None else self.free_days_each)


def _is_number(value: object) -> bool:
    """Return whether `value` is a finite number of at least 0; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _require(holds: bool, name: str, value: object, must: str) -> None:  # noqa: FBT001 - reads like assert
    if not holds:
        raise ConfigError(f"LatePolicy: {name} is {value!r}; it must be {must}.")

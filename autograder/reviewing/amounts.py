"""Read points as reviewers write them, and add up what is given at once."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.errors import AutograderError
from autograder.plain_text import plain_text
from autograder.points import points_of, signed_points

__all__ = ["Amount", "read_amount", "summed"]

_NUMBER = re.compile(r"([+-]?)(\d{1,6}(?:[.,]\d{0,6})?|[.,]\d{1,6})")


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Points that are set, points more or less, or neither."""

    points: float | None = None
    correction: float | None = None

    def __bool__(self) -> bool:
        return self.points is not None or self.correction is not None

    @property
    def text(self) -> str:
        """Return it as it is written: 2, +1, -0.5, or nothing."""
        if self.points is not None:
            return points_of(self.points)
        return "" if self.correction is None else signed_points(self.correction)


def read_amount(text: str) -> Amount:
    """Return what is written: `2` sets points, `+1` and `-0.5` correct; raise AutograderError for what is neither."""
    written = "".join(text.split()).replace("\N{MINUS SIGN}", "-")
    if not written:
        return Amount()
    found = _NUMBER.fullmatch(written)
    if found is None:
        raise AutograderError(f"{plain_text(text, 40)!r} is no number of points; write 2, +1 or -0.5.")
    value = float(found[2].replace(",", "."))
    if not found[1]:
        return Amount(points=value)
    return Amount(correction=-value if found[1] == "-" else value)


def summed(amounts: Iterable[Amount]) -> Amount:
    """Return several as one: points that one of them sets, plus all corrections.

    Raise AutograderError where several set points: nobody can say which of them is meant.
    """
    given = [one for one in amounts if one]
    set_to = [one.points for one in given if one.points is not None]
    corrections = [one.correction for one in given if one.correction is not None]
    if len(set_to) > 1:
        raise AutograderError(
            f"Several set points: {', '.join(map(points_of, set_to))}; choose one, and corrections beside it."
        )
    correction = math.fsum(corrections) if corrections else None
    if set_to:
        return Amount(points=round(set_to[0] + (correction or 0.0), 6))
    return Amount(correction=None if correction is None else round(correction, 6))

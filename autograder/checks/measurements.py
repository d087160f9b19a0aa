"""Keep what training checks measured, beside what they ask for: the spread over seeds is worked out from it."""

import math
from collections.abc import Sequence
from itertools import pairwise

from autograder.results import Curve, Measurement

__all__ = ["learned", "measured", "take_curves", "take_measurements"]

_MOST_PLACES = 60
_DIGITS = 3
"""Significant ones: as many as a picture shows. What the student's process says is no way out for hidden inputs."""
_LARGEST, _PLACES = 1e12, 9
"""A loss beyond that is as good as none; and what is less than these decimal places hold, as good as 0."""

_found: list[Measurement] = []
_curves: list[Curve] = []
"""Of the check that runs now; a process runs one at a time."""


def measured(of: str, value: float, *, at_least: float) -> None:
    """Record what a hidden check measured and the least that earns its full points; this asserts nothing.

    `of` says what was measured, such as "accuracy on 10,000 hidden digits". Record it before the check's own asserts,
    with their very threshold. Raise ValueError for what is no finite number.
    """
    if not (math.isfinite(value) and math.isfinite(at_least)):
        raise ValueError(f"measured: {of} is {value} and asks for {at_least}; both must be finite numbers")
    _found.append(Measurement(of=of, value=round(float(value), 6), at_least=float(at_least)))


def take_measurements() -> tuple[Measurement, ...]:
    """Return what was recorded since this was last called."""
    taken = tuple(_found)
    _found.clear()
    return taken


def learned(of: str, values: Sequence[float], *, steps: int) -> None:
    """Record how a quantity went over the steps of a training, for the student to see; this asserts nothing.

    `of` says what it is, such as "training loss". The values come from the student's process, may be any numbers, and
    are means over equal stretches of the steps; at most 60 are kept. Fewer than two finite ones are no curve.
    """
    places = min(len(values), _MOST_PLACES)
    ends = [place * len(values) // max(places, 1) for place in range(places + 1)]
    means = [_shown(values[begin:end]) for begin, end in pairwise(ends)]
    if sum(mean is not None for mean in means) > 1:
        _curves.append(Curve(of=of, steps=steps, values=tuple(means)))


def take_curves() -> tuple[Curve, ...]:
    """Return the curves that were recorded since this was last called."""
    taken = tuple(_curves)
    _curves.clear()
    return taken


def _shown(stretch: Sequence[float]) -> float | None:
    """Return the mean, in the digits that are kept; None where it is no finite number, or none that a loss can be."""
    mean = sum(stretch) / len(stretch)
    return float(f"{round(mean, _PLACES):.{_DIGITS}g}") if abs(mean) <= _LARGEST else None

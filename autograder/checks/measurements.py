"""Keep what training checks measured, beside what they ask for: the spread over seeds is worked out from it."""

import math

from autograder.results import Measurement

__all__ = ["measured", "take_measurements"]

_found: list[Measurement] = []
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

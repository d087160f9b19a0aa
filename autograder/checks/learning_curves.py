"""Lay the reference's learning curves beside a student's: between what several runs of it went.

`curves.json` beside an assignment's checks holds them, by check; docs/measure/learning_curves.py measures them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from autograder.errors import GraderError
from autograder.results import Curve

__all__ = ["CURVES", "Band", "band_of", "beside_reference"]

CURVES = "curves.json"


@dataclass(frozen=True, kw_only=True)
class Band:
    """Between what the reference's curve went, over equal stretches of its steps."""

    steps: int
    runs: int
    """How many trainings it is made of, each with a seed of its own."""
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for what is no band."""
        pairs = list(zip(self.low, self.high, strict=True))
        if not pairs or self.steps < 1 or any(not -math.inf < low <= high < math.inf for low, high in pairs):
            raise ValueError("a band has steps, and at each of its places a `low` up to a `high`")


def band_of(curves: Sequence[Curve], *, runs: int) -> Band:
    """Return the band of several runs' curves; those of a reference have a value everywhere and take equal steps."""
    columns = list(zip(*(curve.values for curve in curves), strict=True))
    known = [[value for value in column if value is not None] for column in columns]
    return Band(
        steps=max(curve.steps for curve in curves),
        runs=runs,
        low=tuple(min(column) for column in known),
        high=tuple(max(column) for column in known),
    )


def beside_reference(curves: Iterable[Curve], folder: Path, check: str) -> tuple[Curve, ...]:
    """Return the curves of a check with the reference's band at the same places, where `folder` has one.

    Raise GraderError for a `curves.json` that cannot be read.
    """
    found = tuple(curves)
    path = folder / CURVES
    if not found or not path.is_file():
        return found
    try:
        bands: Mapping[str, Mapping[str, Band]] = msgspec.json.decode(
            path.read_bytes(), type=dict[str, dict[str, Band]]
        )
    except (OSError, ValueError) as error:
        raise GraderError(f"{path} holds no learning curves ({error}); measure them again.") from error
    of_check = bands.get(check, {})
    return tuple(_with_band(curve, of_check[curve.of]) if curve.of in of_check else curve for curve in found)


def _with_band(curve: Curve, band: Band) -> Curve:
    places = [(place + 0.5) / len(curve.values) for place in range(len(curve.values))]
    low, high = (tuple(_at(place, edge) for place in places) for edge in (band.low, band.high))
    return replace(curve, low=low, high=high, reference_steps=band.steps, reference_runs=band.runs)


def _at(place: float, edge: Sequence[float]) -> float:
    """Return the edge's height after a part of the way, in [0, 1]: straight between the middles of its stretches."""
    position = min(max(place * len(edge) - 0.5, 0.0), len(edge) - 1.0)
    before = int(position)
    after = min(before + 1, len(edge) - 1)
    return float(f"{edge[before] + (position - before) * (edge[after] - edge[before]):.4g}")

"""Draw how a training went before the reference's band: a picture without a script, and the same in a sentence."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from autograder.results import Curve

__all__ = ["curve_in_words", "curve_svg", "how_it_was_made"]

_WIDTH, _HEIGHT = 400, 236
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 22, 34, 38
"""Of the plot's frame, in the picture's own units; a phone shows about as many points."""
_AT_THE_END = 20
"""One of so many values says where a curve ends."""
_FAR_APART = 10
"""The axis is logarithmic where the greatest of all values is so many times the least: the end is to be seen too."""
_MOST_TICKS, _MOST_FINE_TICKS = 5, 8
_SMALLEST = 1e-9
"""A logarithmic axis goes no lower: a loss below is 0 for every purpose."""
_WITH_FRACTION, _LONG = 100, 1e7


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """The vertical axis."""

    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return the vertical place of a value in the picture; what lies beyond the axis stays in the frame."""
        value = min(max(value, self.low), self.high)
        low, here, high = (
            (self.low, value, self.high) if not self.logarithmic else map(math.log, (self.low, value, self.high))
        )
        part = (here - low) / (high - low)
        return _TOP + (1 - part) * (_HEIGHT - _TOP - _BOTTOM)

    def ticks(self) -> list[float]:
        """Return a few round values, from the least."""
        if not self.logarithmic:
            return _round_values(self.low, self.high)
        fine = _in_decades(self.low, self.high, (1, 2, 5))
        if len(fine) <= _MOST_FINE_TICKS:
            return fine
        tens = _in_decades(self.low, self.high, (1,))
        return tens[:: math.ceil(len(tens) / (_MOST_TICKS + 1))]


def curve_in_words(curve: Curve) -> str:
    """Return where the student's curve began and ended, and where the reference's does."""
    known = [value for value in curve.values if value is not None]
    first, last = known[0], _at_the_end(known)
    steps = f"{curve.steps:,} steps"
    begin, end = _number(first), _number(last)
    if begin == end:
        said = f"Your {curve.of} stayed at {end} over {steps}"
    else:
        said = f"Your {curve.of} {'fell' if last < first else 'rose'} from {begin} to {end} over {steps}"
    if curve.low:
        low, high = _number(_at_the_end(curve.low)), _number(_at_the_end(curve.high))
        said += f"; our solution's ends between {low} and {high}"
    lost = next((place for place, value in enumerate(curve.values) if value is None), None)
    if lost is not None:
        step = 1 + lost * curve.steps // len(curve.values)
        said += f". Near step {step:,} it was no usable number for the first time"
    return f"{said}."


def how_it_was_made(curve: Curve) -> str:
    """Return what a point of the picture stands for, and the band."""
    each = round(curve.steps / len(curve.values))
    points = (
        f"Each point is the mean of {each} steps, calls of `backward()`." if each > 1 else "A step is one `backward()`."
    )
    if not curve.low:
        return points
    return (
        f"{points} The band lies between the least and the most of {curve.reference_runs} runs of our solution "
        f"({curve.reference_steps:,} steps), at the same part of the way."
    )


def curve_svg(curve: Curve, name: str) -> Markup:
    """Return the picture as an SVG element that takes its colours from the page; `name` is unique in the page.

    It says in words what it shows, to who hears it.
    """
    axis = _axis(curve)
    title = f"Your {curve.of} over {curve.steps:,} steps"
    legend = [(0, f"your {curve.of}", "line"), *([(142, "our solution's", "band")] if curve.low else [])]
    return Markup("\n").join(
        [
            Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-text">').format(
                _WIDTH, _HEIGHT, name, name
            ),
            Markup('<title id="{}-title">{}</title>').format(name, title),
            Markup('<desc id="{}-text">{}</desc>').format(name, curve_in_words(curve)),
            *_vertical(axis),
            *_horizontal(curve.steps),
            *([Markup('<path class="band" d="{}"/>').format(_band(curve, axis))] if curve.low else []),
            Markup('<path class="line" d="{}"/>').format(_line(curve.values, axis)),
            *(entry for x, text, kind in legend for entry in _entry(_LEFT + x, text, kind)),
            *(
                [Markup('<text x="{}" y="19" text-anchor="end">log</text>').format(_LEFT - 7)]
                if axis.logarithmic
                else []
            ),
            Markup("</svg>"),
        ]
    )


def _at_the_end(values: Sequence[float]) -> float:
    """Return the mean of the last twentieth of the values: one alone jumps up and down."""
    some = math.ceil(len(values) / _AT_THE_END)
    return sum(values[-some:]) / some


def _axis(curve: Curve) -> _Axis:
    own = [value for value in curve.values if value is not None]
    least, most = min([*own, *curve.low]), max([*own, *curve.high])
    if least > 0 and most >= _FAR_APART * max(least, _SMALLEST):
        wide = _in_decades(max(least, _SMALLEST) / 10, 10 * most, (1, 2, 5))
        low = max((value for value in wide if value <= least), default=_SMALLEST)
        return _Axis(low=low, high=min(value for value in wide if value >= most), logarithmic=True)
    ticks = _round_values(min(least, 0.0), max(most, 0.0))
    step = ticks[1] - ticks[0]
    low = ticks[0] - (step if least < ticks[0] else 0)
    high = ticks[-1] + (step if most > ticks[-1] else 0)
    return _Axis(low=low, high=high)


def _round_values(low: float, high: float) -> list[float]:
    """Return two to six multiples of 1, 2 or 5 times a power of ten that lie between the two, both included."""
    rough = (high - low) / _MOST_TICKS or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = max(math.floor(high / step + 1e-9), first + 1)
    return [count * step for count in range(first, last + 1)]


def _in_decades(low: float, high: float, factors: Sequence[int]) -> list[float]:
    """Return the multiples of powers of ten, by these factors, from `low` to `high`."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = (float(f"{factor}e{power}") for power in powers for factor in factors)
    return [value for value in values if low <= value <= high]


def _vertical(axis: _Axis) -> Iterator[Markup]:
    for value in axis.ticks():
        y = axis.place(value)
        yield Markup('<path class="grid" d="M{} {:.1f}H{}"/>').format(_LEFT, y, _WIDTH - _RIGHT)
        yield Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(_LEFT - 7, y + 4, _short(value))


def _horizontal(steps: int) -> Iterator[Markup]:
    bottom = _HEIGHT - _BOTTOM
    for value in _round_values(0, steps):
        if value == int(value) and value <= steps:
            x = _across(value / steps)
            yield Markup('<path class="tick" d="M{:.1f} {}v5"/>').format(x, bottom)
            yield Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{:,}</text>').format(x, bottom + 18, int(value))
    yield Markup('<text x="{}" y="{}" text-anchor="end">step</text>').format(_WIDTH - _RIGHT, _HEIGHT - 4)


def _entry(x: int, text: str, kind: str) -> Iterator[Markup]:
    """Yield an entry of the legend."""
    shape = "M{} 15h18" if kind == "line" else "M{} 9h18v11h-18z"
    yield Markup('<path class="{}" d="{}"/>').format(kind, shape.format(x))
    yield Markup('<text x="{}" y="19">{}</text>').format(x + 24, text)


def _line(values: Sequence[float | None], axis: _Axis) -> str:
    """Return the path of a line with gaps where there is no value; a value between two gaps is a dot."""
    path = ""
    for before, (place, value) in pairwise([(-1, None), *enumerate(values)]):
        if value is not None:
            x, y = _across((place + 0.5) / len(values)), axis.place(value)
            path += f"L{x:.1f} {y:.1f}" if before[1] is not None else f"M{x - 1:.1f} {y:.1f}h2"
    return path


def _band(curve: Curve, axis: _Axis) -> str:
    places = [_across((place + 0.5) / len(curve.low)) for place in range(len(curve.low))]
    above = [f"{x:.1f} {axis.place(value):.1f}" for x, value in zip(places, curve.high, strict=True)]
    below = [f"{x:.1f} {axis.place(value):.1f}" for x, value in zip(places, curve.low, strict=True)]
    return f"M{'L'.join([*above, *reversed(below)])}z"


def _across(part: float) -> float:
    return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)


def _number(value: float) -> str:
    """Return a loss as a sentence has it: 0.052, 2.3, 128."""
    return f"{value:.2g}" if abs(value) < _WITH_FRACTION or abs(value) >= _LONG else f"{value:,.0f}"


def _short(value: float) -> str:
    """Return a tick's value: 0.05, 2, 1e6."""
    return f"{value:g}".replace("e+0", "e").replace("e-0", "e-")

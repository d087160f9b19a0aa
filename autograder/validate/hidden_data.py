"""Take samples of a course's hidden data, by which a copy of it is known wherever it lies: of its files and values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import Course
from autograder.datasets import hidden_files, load_data

__all__ = ["Trace", "traces_of"]

_SAMPLES = 200
_PIECE_BYTES = 64
_FEWEST_BYTES = 24
_DISTINCT_BYTES = 8
"""Fewer different ones in a piece may stand anywhere: paper without ink, zeros."""
_IN_A_ROW = 48
_FEWEST_IN_A_ROW = 16
_LARGEST_LABEL = 255
_NUMBERS = "biuf"
"""Kinds of dtypes that are written as numbers."""
_MOST_DEPTH = 4


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What gives one file or array of the hidden data away."""

    origin: str
    pieces: Sequence[bytes]
    file: str = ""
    """The name of the file; empty for an array."""


def traces_of(course: Course) -> Sequence[Trace]:
    """Return samples of all hidden files, and of all arrays that the hidden loaders return."""
    files = [
        Trace(origin=name, pieces=_file_pieces(path.read_bytes()), file=path.name)
        for name, path in _evenly(list(hidden_files(course)))
    ]
    loaders = [fixture for dataset in course.datasets for fixture in dataset.hidden_loaders]
    arrays = [pair for fixture in loaders for pair in _arrays(fixture, load_data(course, fixture), 0)]
    return [*files, *(Trace(origin=name, pieces=_array_pieces(array)) for name, array in arrays)]


def _evenly(items: Sequence[tuple[str, Path]]) -> Sequence[tuple[str, Path]]:
    return items[:: max(1, len(items) // _SAMPLES)]


def _file_pieces(content: bytes) -> list[bytes]:
    starts = range(0, len(content), max(_PIECE_BYTES, len(content) // _SAMPLES))
    return _telling(content[start : start + _PIECE_BYTES] for start in starts)


def _array_pieces(array: np.ndarray[Any, Any]) -> list[bytes]:
    """Return the middle of some rows; of an array of one dimension its beginning, as anybody would write it."""
    if array.ndim > 1:
        rows = (row.tobytes() for row in array[:: max(1, len(array) // _SAMPLES)])
        return _telling(row[2 * len(row) // 7 : 5 * len(row) // 7] for row in rows)
    start = array[:_IN_A_ROW]
    if len(start) < _FEWEST_IN_A_ROW or (start == start[0]).all():
        return []
    kinds = {start.dtype}
    if start.dtype.kind != "f" and start.min() >= 0 and start.max() <= _LARGEST_LABEL:
        kinds |= {np.dtype(kind) for kind in (np.uint8, np.int32, np.int64, np.float32)}
    as_bytes = [start.astype(kind).tobytes() for kind in kinds]
    return as_bytes + [separator.join(map(str, start.tolist())).encode() for separator in ("", ",", ", ", " ")]


def _telling(pieces: Iterator[bytes]) -> list[bytes]:
    """Return the pieces that hardly stand anywhere by chance."""
    return [piece for piece in pieces if len(piece) >= _FEWEST_BYTES and len(set(piece)) >= _DISTINCT_BYTES]


def _arrays(name: str, value: Any, depth: int) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the arrays and tensors of numbers in a loader's value, with what leads to each."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, Mapping):
        parts = [(f"{name}[{key!r}]", part) for key, part in value.items()]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = [(f"{name}.{field}", part) for field, part in zip(value._fields, value, strict=True)]
    elif isinstance(value, list | tuple) and not all(isinstance(item, int | float) for item in value):
        parts = [(f"{name}[{index}]", part) for index, part in enumerate(value[:_SAMPLES])]
    elif isinstance(value, list | tuple) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in _NUMBERS and array.ndim:
            yield name, array
        return
    else:
        return
    for inner, part in parts:
        yield from _arrays(inner, part, depth + 1)

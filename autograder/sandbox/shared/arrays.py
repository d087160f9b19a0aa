"""Know numpy's arrays for the protocol: dtypes, sizes and the bytes of their elements."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.sandbox.shared.stand_ins import ProtocolError

__all__ = ["array_of", "check_bytes", "dtype_name", "sizes_of"]

_MAX_DIMENSIONS = 16
_ARRAY_DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_OTHER_DTYPES = re.compile(r"<U[1-9][0-9]{0,5}|<[mM]8\[(?:Y|M|W|D|h|m|s|ms|us|ns)\]")
"""Texts and times, as numpy writes their dtypes."""
_LAST_CHARACTER = 0x10FFFF


def dtype_name(array: "np.ndarray[Any, Any]") -> str | None:
    """Return the name of an array's dtype in a frame, None for one that is not sent."""
    name = array.dtype.name if array.dtype.name in _ARRAY_DTYPES else array.dtype.str
    return name if name in _ARRAY_DTYPES or _OTHER_DTYPES.fullmatch(name) else None


def sizes_of(shape: list[Any]) -> tuple[int, ...]:
    """Return a shape; raise ProtocolError where it is none."""
    whole = len(shape) <= _MAX_DIMENSIONS and all(type(size) is int and 0 <= size < 2**40 for size in shape)
    if not whole or math.prod(filter(None, shape)) >= 2**60:  # one size of 0 hides a product that torch cannot count
        raise ProtocolError("a shape that is not one")
    return tuple(shape)


def array_of(name: str, sizes: tuple[int, ...], raw: bytes) -> "np.ndarray[Any, Any]":
    """Return the array of these bytes; raise ProtocolError where they are none of it."""
    if name not in _ARRAY_DTYPES and not _OTHER_DTYPES.fullmatch(name):
        raise ProtocolError("an array of a dtype that is not sent")
    dtype = np.dtype(name)
    check_bytes(raw, math.prod(sizes) * dtype.itemsize, truth=name == "bool")
    if dtype.kind == "U" and raw and np.frombuffer(raw, "<u4").max() > _LAST_CHARACTER:
        raise ProtocolError("a character that is none")
    if math.prod(filter(None, sizes)) * dtype.itemsize >= 2**63:  # numpy counts what one size of 0 hides
        raise ProtocolError("a shape that is not one")
    return np.frombuffer(bytearray(raw), dtype).reshape(sizes)


def check_bytes(raw: bytes, expected: int, *, truth: bool) -> None:
    """Raise ProtocolError where these are not the bytes of so many elements."""
    if len(raw) != expected:
        raise ProtocolError(f"{len(raw)} bytes for an array of {expected}")
    if truth and raw.strip(b"\x00\x01"):
        raise ProtocolError("a truth value that is neither 0 nor 1")

"""Carry plain data between the checks process and the student process: bounded, typed, and never a pickle.

A frame is a 4-byte big-endian length and a MessagePack document. Values inside it are None, bool, int, float and str
as themselves; everything else is a list that begins with a tag:

    ["i", "123…"]                    an int beyond 64 bits, in decimal
    ["l", [item, …]] ["t", [item, …]]    list, tuple
    ["d", [key, value, …]]           dict
    ["s", [item, …]] ["f", [item, …]]    set, frozenset
    ["c", real, imaginary]           complex                                      ["b", bytes]    bytes
    ["r", start, stop, step]         slice; range is ["R", …]                     ["e"]           Ellipsis
    ["v", kind, text]                date, datetime, time, timedelta, Decimal, Fraction
    ["T", dtype, [sizes], bytes]     tensor, C order, where torch is loaded        ["A", …]  numpy array
    ["h", number, type name]         an object that stays in the student process; a handle stands for it
    ["p", "torch.optim.SGD"]         a library object by its import path (to the student process only)

Both sides use the same code; the checks process trusts nothing of what it decodes: sizes, depths, dtypes and byte
counts are checked, and whatever does not fit raises ProtocolError. Types are compared exactly, so that an int subclass
with an `__eq__` of its own is not an int but an object that stays where it is. Of other kinds than the exact ones only
those are sent, as their items, that people use for them: every kind of tuple (a namedtuple, a torch.Size) and Python's
own kinds of dict. A set is data where its elements are; else it is an object that stays.
"""

import math
import re
import struct
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any, TypeVar

import msgpack
import numpy as np

__all__ = ["HEADER", "Decoder", "Encoder", "ImportPath", "Limits", "ProtocolError", "RemoteObject", "pack", "unpack"]

HEADER = struct.Struct(">I")
_MAX_DEPTH = 32
_MAX_DIMENSIONS = 16
_MAX_DIGITS = 4_000
_ENCODED = 4
"""An element takes about so many in a frame: its own, its tag's, its containers'."""
_C = TypeVar("_C", list[Any], dict[Any, Any])
_ARRAY_DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(name)
    for name in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_DICTS = (dict, OrderedDict, defaultdict, Counter)
_KEYS = (bool, int, float, str, type(None), bytes, date, datetime, time)
"""What a key of a dict, or an element of a set, may be, and tuples of these."""
_MAX_CHOSEN_KEYS = 10_000
"""Tuples, and ints beyond 64 bits, in one frame: whoever wants to finds as many as they like with the same hash."""
_SETS: Mapping[str, type] = {"s": set, "f": frozenset}
_TEXT_KINDS = (date, datetime, time, timedelta, Decimal, Fraction)
_MAX_EXPONENT = 10_000


class ProtocolError(Exception):
    """A frame or a value is not what the protocol allows."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a frame may hold."""

    frame_bytes: int = 256 * 2**20
    items: int = 1_000_000
    """Elements of all containers together."""


@dataclass(frozen=True)
class RemoteObject:
    """An object that stays in the student process, as it appears in a frame."""

    number: int
    type_name: str


@dataclass(frozen=True)
class ImportPath:
    """A library object by its import path, as it appears in a frame."""

    path: str


def pack(document: object, limits: Limits) -> bytes:
    """Return the frame of a document of encoded values; raise ProtocolError where it is too large."""
    try:
        body: bytes = msgpack.packb(document, use_bin_type=True, unicode_errors="surrogatepass")
    except (ValueError, OverflowError, TypeError) as error:
        raise ProtocolError(f"cannot be sent: {error}") from error
    if len(body) > limits.frame_bytes:
        raise ProtocolError(
            f"{len(body) / 2**20:.0f} MB at once; at most {limits.frame_bytes / 2**20:.0f} MB are taken"
        )
    return HEADER.pack(len(body)) + body


def unpack(body: bytes | bytearray, limits: Limits) -> Any:
    """Return the document of a frame's body; raise ProtocolError where it is malformed or too large."""
    count = _counted(_ENCODED * limits.items)
    try:
        return msgpack.unpackb(
            body,
            list_hook=count,
            object_hook=count,
            raw=False,
            unicode_errors="surrogatepass",
            strict_map_key=True,
            max_bin_len=limits.frame_bytes,
            max_str_len=limits.frame_bytes,
            max_array_len=limits.items,
            max_map_len=16,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise ProtocolError(f"malformed frame: {error}") from error


def _counted(most: int) -> Callable[[_C], _C]:
    """Return what is told of each container, inner ones first, and refuses it where all hold too much together."""
    left = most

    def count(container: _C) -> _C:
        nonlocal left
        left -= 1 + len(container)
        if left < 0:
            raise ProtocolError(f"more than {most} elements in one answer")
        return container

    return count


def _loaded_tensors() -> ModuleType | None:
    """Return `tensors` where the course's libraries brought it; nothing here imports torch, least of all after a fork.

    Elsewhere what might be a tensor is an object that stays in the student process; a frame with one is malformed.
    """
    return sys.modules.get("autograder.sandbox.shared.tensors")


@dataclass
class _Counter:
    limits: Limits
    items: int = field(default=0, init=False)
    chosen_keys: int = field(default=0, init=False)
    tensors: ModuleType | None = field(default_factory=_loaded_tensors, init=False)

    def enter(self, depth: int, items: int) -> None:
        self.items += items
        if depth > _MAX_DEPTH:
            raise ProtocolError(f"nested more than {_MAX_DEPTH} deep")
        if self.items > self.limits.items:
            raise ProtocolError(f"more than {self.limits.items} elements")

    def require_keys(self, keys: Iterable[object]) -> None:
        """Raise ProtocolError for what is no key, or where so many were chosen that hashing them takes for ever."""
        for key in keys:
            parts: tuple[object, ...] = key if type(key) is tuple else (key,)
            for part in parts:
                if type(part) not in _KEYS:
                    raise ProtocolError(f"a key of type {type(part).__name__}")
            is_long = any(isinstance(part, int) and not -(2**63) <= part < 2**63 for part in parts)
            self.chosen_keys += is_long or type(key) is tuple
        if self.chosen_keys > _MAX_CHOSEN_KEYS:
            raise ProtocolError(f"more than {_MAX_CHOSEN_KEYS} keys that are tuples or beyond 64 bits")


@dataclass
class Encoder(_Counter):
    """Turn Python values into their encoded form.

    `keep` is called with each object that is not data and returns what stands for it; it raises ProtocolError for an
    object that cannot be sent at all.
    """

    keep: Callable[[object], RemoteObject | ImportPath]

    def encode(self, value: object, depth: int = 0) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return the encoded form of `value`."""
        kind = type(value)
        if value is None or kind in (bool, float, str):
            return value
        if isinstance(value, int) and kind is int:
            return value if -(2**63) <= value < 2**63 else self._long(value)
        if isinstance(value, tuple) or (isinstance(value, list) and kind is list):
            items = list(tuple.__iter__(value)) if isinstance(value, tuple) else value
            self.enter(depth, len(items))
            return ["l" if kind is list else "t", [self.encode(item, depth + 1) for item in items]]
        if isinstance(value, dict) and kind in _DICTS:
            self.enter(depth, 2 * len(value))
            self.require_keys(value)
            return ["d", [self.encode(part, depth + 1) for pair in value.items() for part in pair]]
        if self.tensors and self.tensors.is_plain(value):
            return self._tensor(value, self.tensors)
        if isinstance(value, np.ndarray) and kind is np.ndarray and value.dtype.name in _ARRAY_DTYPES:
            self._require_room(value.nbytes)
            return ["A", value.dtype.name, list(value.shape), value.tobytes()]
        if isinstance(value, np.generic) and isinstance(value, np.bool_ | np.integer | np.floating):
            return self.encode(value.item(), depth)
        if (rarer := self._rarer(value, kind, depth)) is not None:
            return rarer
        kept = self.keep(value)
        return ["p", kept.path] if isinstance(kept, ImportPath) else ["h", kept.number, kept.type_name]

    def _rarer(self, value: Any, kind: type, depth: int) -> list[Any] | None:  # noqa: PLR0911 - see encode
        """Return the encoded form of Python's own rarer kinds of data; None for whatever is none of them."""
        if kind in (set, frozenset) and all(type(item) in _KEYS or type(item) is tuple for item in value):
            self.enter(depth, len(value))
            self.require_keys(value)
            return ["s" if kind is set else "f", [self.encode(item, depth + 1) for item in value]]
        if kind is complex:
            return ["c", value.real, value.imag]
        if kind is bytes:
            self._require_room(len(value))
            return ["b", value]
        if kind in (slice, range):
            parts = (value.start, value.stop, value.step)
            if all(part is None or type(part) is int for part in parts):
                return ["r" if kind is slice else "R", *(self.encode(part, depth) for part in parts)]
        if value is ...:
            return ["e"]
        if kind in _TEXT_KINDS and (text := _as_text(value)):
            return ["v", kind.__name__, text]
        return None

    def _long(self, value: int) -> list[str]:
        if value.bit_length() > 3 * _MAX_DIGITS:
            raise ProtocolError(f"an integer of {value.bit_length()} bits")
        return ["i", str(value)]

    def _tensor(self, tensor: Any, tensors: ModuleType) -> list[Any]:
        name = str(tensor.dtype).removeprefix("torch.")
        if name not in tensors.DTYPES or tensor.is_meta:
            raise ProtocolError(f"a tensor of dtype {name} on {tensor.device}")
        self._require_room(tensor.numel() * tensor.element_size())
        return ["T", name, list(tensor.shape), tensors.bytes_of(tensor)]

    def _require_room(self, size: int) -> None:
        if size > self.limits.frame_bytes:
            raise ProtocolError(f"{size / 2**20:.0f} MB in one array")


@dataclass
class Decoder(_Counter):
    """Turn encoded values back into plain Python, tensors and arrays.

    `resolve` is called with each `RemoteObject` and `ImportPath` and returns what stands for it on this side; it raises
    ProtocolError for one that is not known here.
    """

    resolve: Callable[[RemoteObject | ImportPath], object]

    def decode(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return the value; raise ProtocolError for whatever is not exactly of the module's table."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        match value:
            case ["i", str(digits)] if len(digits) <= _MAX_DIGITS:
                return self._long(digits)
            case ["l" | "t" as tag, list(items)]:
                self.enter(depth, len(items))
                decoded = [self.decode(item, depth + 1) for item in items]
                return decoded if tag == "l" else tuple(decoded)
            case ["d", list(parts)] if len(parts) % 2 == 0:
                self.enter(depth, len(parts))
                decoded = [self.decode(part, depth + 1) for part in parts]
                self.require_keys(decoded[::2])
                return dict(zip(decoded[::2], decoded[1::2], strict=True))
            case ["T", str(name), list(shape), bytes(raw)] if self.tensors and name in self.tensors.DTYPES:
                dtype, sizes = self.tensors.DTYPES[name], _sizes(shape)
                _check_bytes(raw, math.prod(sizes) * dtype.itemsize, truth=name == "bool")
                return self.tensors.from_bytes(raw, dtype, sizes)
            case ["A", str(name), list(shape), bytes(raw)] if name in _ARRAY_DTYPES:
                dtype, sizes = _ARRAY_DTYPES[name], _sizes(shape)
                _check_bytes(raw, math.prod(sizes) * dtype.itemsize, truth=name == "bool")
                return np.frombuffer(bytearray(raw), dtype).reshape(sizes)
            case ["h", int(number), str(type_name)] if type(number) is int:
                return self.resolve(RemoteObject(number, type_name[:200]))
            case ["p", str(path)]:
                return self.resolve(ImportPath(path))
        return self._rarer(value, depth)

    def _rarer(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return a value of Python's own rarer kinds of data; raise ProtocolError for whatever is none."""
        match value:
            case ["s" | "f" as tag, list(items)]:
                self.enter(depth, len(items))
                decoded = [self.decode(item, depth + 1) for item in items]
                self.require_keys(decoded)
                return _SETS[tag](decoded)
            case ["c", float(real), float(imaginary)]:
                return complex(real, imaginary)
            case ["b", bytes(content)]:
                return content
            case ["r" | "R" as tag, start, stop, step]:
                parts = [self.decode(part, depth) for part in (start, stop, step)]
                if tag == "r" and all(part is None or type(part) is int for part in parts):
                    return slice(*parts)
                if tag == "R" and all(type(part) is int for part in parts) and parts[2]:
                    self.enter(depth, _length(range(*parts)))
                    return range(*parts)
            case ["e"]:
                return ...
            case ["v", str(kind), str(text)] if len(text) <= 2 * _MAX_DIGITS + 1:
                return _from_text(kind, text)
        raise ProtocolError("a value that the protocol does not know")

    @staticmethod
    def _long(digits: str) -> int:
        try:
            return int(digits)
        except ValueError:
            raise ProtocolError("a number that is not one") from None


def _length(numbers: range) -> int:
    """Return how many there are, also where Python cannot count so far."""
    return max(0, (numbers.stop - numbers.start + numbers.step - (1 if numbers.step > 0 else -1)) // numbers.step)


def _as_text(value: Any) -> str:
    """Return a date, a time or an exact number as a text; "" for one whose time zone is no plain offset."""
    if isinstance(value, timedelta):
        return f"{value.days} {value.seconds} {value.microseconds}"
    if isinstance(value, Decimal | Fraction):
        text = str(value)
        return text if len(text) <= _MAX_DIGITS else ""
    zone = getattr(value, "tzinfo", None)
    return value.isoformat() if zone is None or type(zone) is timezone else ""


def _from_text(kind: str, text: str) -> Any:
    """Return the value of a text; raise ProtocolError where it is not one, or one too large to reckon with."""
    try:
        match kind:
            case "date":
                return date.fromisoformat(text)
            case "datetime":
                return datetime.fromisoformat(text)
            case "time":
                return time.fromisoformat(text)
            case "timedelta":
                days, seconds, microseconds = map(int, text.split(" "))
                return timedelta(days, seconds, microseconds)
            case "Fraction" if found := re.fullmatch(r"(-?[0-9]+)(?:/([0-9]+))?", text):
                return Fraction(int(found[1]), int(found[2] or 1))
            case "Decimal":
                number = Decimal(text)
                if not number.is_finite() or abs(number.adjusted()) <= _MAX_EXPONENT:
                    return number
    except (ValueError, ArithmeticError) as error:
        raise ProtocolError(f"a {kind[:20]} that is not one") from error
    raise ProtocolError("a value that the protocol does not know")


def _sizes(shape: list[Any]) -> tuple[int, ...]:
    whole = len(shape) <= _MAX_DIMENSIONS and all(type(size) is int and 0 <= size < 2**40 for size in shape)
    if not whole or math.prod(filter(None, shape)) >= 2**60:  # one size of 0 hides a product that torch cannot count
        raise ProtocolError("a shape that is not one")
    return tuple(shape)


def _check_bytes(raw: bytes, expected: int, *, truth: bool) -> None:
    if len(raw) != expected:
        raise ProtocolError(f"{len(raw)} bytes for an array of {expected}")
    if truth and raw.strip(b"\x00\x01"):
        raise ProtocolError("a truth value that is neither 0 nor 1")

"""Carry plain data between the checks process and the student process: bounded, typed, and never a pickle.

A frame is a 4-byte big-endian length and a MessagePack document. Values inside it are None, bool, int, float and str
as themselves; everything else is a list that begins with a tag:

    ["i", "123…"]                    an int beyond 64 bits, in decimal
    ["l", [item, …]] ["t", [item, …]]    list, tuple
    ["d", [key, value, …]]           dict
    ["T", dtype, [sizes], bytes]     tensor, C order, where torch is loaded        ["A", …]  numpy array
    ["h", number, type name]         an object that stays in the student process; a handle stands for it
    ["p", "torch.optim.SGD"]         a library object by its import path (to the student process only)

Both sides use the same code; the checks process trusts nothing of what it decodes: sizes, depths, dtypes and byte
counts are checked, and whatever does not fit raises ProtocolError. Types are compared exactly, so that an int subclass
with an `__eq__` of its own is not an int but an object that stays where it is. Of other kinds than the exact ones only
those are sent, as their items, that people use for them: every kind of tuple (a namedtuple, a torch.Size) and Python's
own kinds of dict.
"""

import math
import struct
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
_KEYS = (bool, int, float, str, type(None))


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
    tensors: ModuleType | None = field(default_factory=_loaded_tensors, init=False)

    def enter(self, depth: int, items: int) -> None:
        self.items += items
        if depth > _MAX_DEPTH:
            raise ProtocolError(f"nested more than {_MAX_DEPTH} deep")
        if self.items > self.limits.items:
            raise ProtocolError(f"more than {self.limits.items} elements")


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
            return ["d", [self.encode(part, depth + 1) for pair in value.items() for part in pair]]
        if self.tensors and self.tensors.is_plain(value):
            return self._tensor(value, self.tensors)
        if isinstance(value, np.ndarray) and kind is np.ndarray and value.dtype.name in _ARRAY_DTYPES:
            self._require_room(value.nbytes)
            return ["A", value.dtype.name, list(value.shape), value.tobytes()]
        if isinstance(value, np.generic) and isinstance(value, np.bool_ | np.integer | np.floating):
            return self.encode(value.item(), depth)
        kept = self.keep(value)
        return ["p", kept.path] if isinstance(kept, ImportPath) else ["h", kept.number, kept.type_name]

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
                return dict(zip(map(_key, decoded[::2]), decoded[1::2], strict=True))
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
        raise ProtocolError("a value that the protocol does not know")

    @staticmethod
    def _long(digits: str) -> int:
        try:
            return int(digits)
        except ValueError:
            raise ProtocolError("a number that is not one") from None


def _key(key: object) -> object:
    if type(key) in _KEYS or (type(key) is tuple and all(type(part) in _KEYS for part in key)):
        return key
    raise ProtocolError(f"a dict key of type {type(key).__name__}")


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

"""Carry plain data between the checks process and the student process: bounded, typed, and never a pickle.

A frame is a 4-byte big-endian length and a MessagePack document. Values inside it are None, bool, int, float and str
as themselves; everything else is a list that begins with a tag:

    ["i", "123…"]                    an int beyond 64 bits, in decimal
    ["l", [item, …]] ["t", [item, …]]    list, tuple
    ["d", [key, value, …]]           dict      ["D", kind, factory, [key, value, …]]   OrderedDict, defaultdict, Counter
    ["u", name, [field, …], [item, …]]   namedtuple          ["q", [item, …], most]       deque
    ["s", [item, …]] ["f", [item, …]]    set, frozenset
    ["c", real, imaginary]           complex                                      ["b", bytes]    bytes
    ["r", start, stop, step]         slice; range is ["R", …]                     ["e"]           Ellipsis
    ["v", kind, text]                date, datetime, time, timedelta, Decimal, Fraction, path, torch.device, torch.dtype
    ["T", dtype, [sizes], bytes]     tensor, C order, where torch is loaded        ["A", …]  numpy array
    ["O", [sizes], [item, …]]        numpy array of objects                       ["G", …]  its date or time alone
    ["P", kind, parts]               table, column, index, time of pandas', where that is loaded; see tables.py
    ["h", number, type name, kind, [class, …], equal if same]   an object that stays in the student process
    ["p", "torch.optim.SGD"]         a library object by its import path (to the student process only)
    ["k", number, name, text, iterates, special]  what a check handed over to be called; it stays in the checks process

Both sides use the same code; the checks process trusts nothing of what it decodes: sizes, depths, dtypes and byte
counts are checked, and whatever does not fit raises ProtocolError. Types are compared exactly, so that an int subclass
with an `__eq__` of its own is not an int but an object that stays where it is. Of other kinds than the exact ones only
those are sent, as their items, that people use for them: every kind of tuple (a namedtuple, a torch.Size) and Python's
own kinds of dict. A set is data where its elements are; else it is an object that stays.
"""

import math
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import PosixPath, PurePath, PurePosixPath
from types import ModuleType
from typing import Any, TypeVar

import msgpack
import numpy as np

from autograder.sandbox.shared.arrays import array_of, check_bytes, dtype_name, sizes_of
from autograder.sandbox.shared.collections_sent import DICTS, as_dict, as_fields_tuple, factory_name, fields_of
from autograder.sandbox.shared.stand_ins import (
    SPECIAL_METHODS,
    CheckFunction,
    ImportPath,
    ProtocolError,
    RemoteObject,
    StandIn,
)
from autograder.sandbox.shared.values_as_text import MAX_DIGITS, TEXT_KINDS, as_text, from_text

__all__ = [
    "HEADER",
    "CheckFunction",
    "Decoder",
    "Encoder",
    "ImportPath",
    "Limits",
    "ProtocolError",
    "RemoteObject",
    "StandIn",
    "pack",
    "unpack",
]

HEADER = struct.Struct(">I")
_MAX_DEPTH = 32
_ENCODED = 4
"""An element takes about so many in a frame: its own, its tag's, its containers'."""
_C = TypeVar("_C", list[Any], dict[Any, Any])
_KEYS = (bool, int, float, str, type(None), bytes, date, datetime, time)
"""What a key of a dict, or an element of a set, may be, and tuples of these."""
_MAX_CHOSEN_KEYS = 10_000
"""Tuples, and ints beyond 64 bits, in one frame: whoever wants to finds as many as they like with the same hash."""
_SETS: Mapping[str, type] = {"s": set, "f": frozenset}
_PATHS = (PurePosixPath, PosixPath)
_LONGEST_NAME = 200
_MOST_CLASSES = 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a frame may hold."""

    frame_bytes: int = 256 * 2**20
    items: int = 1_000_000
    """Elements of all containers together."""


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


def _loaded(name: str) -> Callable[[], ModuleType | None]:
    """Return what returns `tensors` or `tables` where the course's libraries brought it; nothing here imports them.

    Elsewhere what might be a tensor is an object that stays in the student process; a frame with one is malformed.
    """
    return lambda: sys.modules.get(f"autograder.sandbox.shared.{name}")


@dataclass
class _Counter:
    limits: Limits
    items: int = field(default=0, init=False)
    chosen_keys: int = field(default=0, init=False)
    tensors: ModuleType | None = field(default_factory=_loaded("tensors"), init=False)
    tables: ModuleType | None = field(default_factory=_loaded("tables"), init=False)

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

    keep: Callable[[object], StandIn]

    def encode(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return the encoded form of `value`."""
        kind = type(value)  # and never isinstance: it would ask a handle for the class of what it stands for
        if value is None or kind in (bool, float, str):
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**63 else self._long(value)
        is_tuple = issubclass(kind, tuple)
        if is_tuple and kind is not tuple and (fields := fields_of(value)):
            self.enter(depth, len(fields))
            return ["u", kind.__name__, fields, [self.encode(item, depth + 1) for item in tuple.__iter__(value)]]
        if is_tuple or kind is list:
            items = list(tuple.__iter__(value)) if is_tuple else value
            self.enter(depth, len(items))
            return ["l" if kind is list else "t", [self.encode(item, depth + 1) for item in items]]
        if kind in DICTS:
            self.enter(depth, 2 * len(value))
            self.require_keys(value)
            parts = [self.encode(part, depth + 1) for pair in value.items() for part in pair]
            return ["d", parts] if kind is dict else ["D", kind.__name__, factory_name(value), parts]
        if self.tensors and self.tensors.is_plain(value):
            return self._tensor(value, self.tensors)
        if kind is np.ndarray and (array := self._array(value, depth)):
            return array
        if issubclass(kind, np.bool_ | np.integer | np.floating):
            return self.encode(value.item(), depth)
        if (rarer := self._rarer(value, kind, depth)) is not None:
            return rarer
        return _as_frame(self.keep(value))

    def _rarer(self, value: Any, kind: type, depth: int) -> list[Any] | None:  # noqa: PLR0911 - see encode
        """Return the encoded form of Python's own rarer kinds of data; None for whatever is none of them."""
        if kind in (set, frozenset) and all(type(item) in _KEYS or type(item) is tuple for item in value):
            self.enter(depth, len(value))
            self.require_keys(value)
            return ["s" if kind is set else "f", [self.encode(item, depth + 1) for item in value]]
        if kind is deque:
            self.enter(depth, len(value))
            return ["q", [self.encode(item, depth + 1) for item in value], value.maxlen]
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
        return self._of_library(value, kind, depth)

    def _of_library(self, value: Any, kind: type, depth: int) -> list[Any] | None:
        """Return the encoded form of what has a text for it, and of pandas' and numpy's own times; None for others."""
        if self.tables and self.tables.is_table(value) and (parts := self.tables.parts(value)):
            return ["P", parts[0], self.encode(parts[1], depth + 1)]
        if kind in (np.datetime64, np.timedelta64) and (array := self._array(np.asarray(value), depth)):
            return ["G", *array[1:]]
        if kind in _PATHS:
            return ["v", "Path", str(value)]
        if self.tensors and (name := self.tensors.name_of(value)):
            return ["v", *name]
        if kind in TEXT_KINDS and (text := as_text(value)):
            return ["v", kind.__name__, text]
        return None

    def _long(self, value: int) -> list[str]:
        if value.bit_length() > 3 * MAX_DIGITS:
            raise ProtocolError(f"an integer of {value.bit_length()} bits")
        return ["i", str(value)]

    def _array(self, array: "np.ndarray[Any, Any]", depth: int) -> list[Any] | None:
        """Return the encoded form of an array, None for a dtype that is not sent."""
        if array.dtype.kind == "O":
            self.enter(depth, array.size)
            return ["O", list(array.shape), [self.encode(item, depth + 1) for item in array.reshape(-1)]]
        if (name := dtype_name(array)) is None:
            return None
        self._require_room(array.nbytes)
        return ["A", name, list(array.shape), array.tobytes()]

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

    `resolve` is called with each `StandIn` and returns what stands for it on this side; it raises
    ProtocolError for one that is not known here.
    """

    resolve: Callable[[StandIn], object]
    path: type[PurePath] = PurePosixPath
    """What a path becomes: in the checks process one that opens no file, for the student's process chooses it."""

    def decode(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return the value; raise ProtocolError for whatever is not exactly of the module's table."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        match value:
            case ["i", str(digits)] if len(digits) <= MAX_DIGITS:
                return self._long(digits)
            case ["l" | "t" as tag, list(items)]:
                self.enter(depth, len(items))
                decoded = [self.decode(item, depth + 1) for item in items]
                return decoded if tag == "l" else tuple(decoded)
            case ["d", list(parts)] if len(parts) % 2 == 0:
                return self._dict(parts, depth)
            case ["T", str(name), list(shape), bytes(raw)] if self.tensors and name in self.tensors.DTYPES:
                dtype, sizes = self.tensors.DTYPES[name], sizes_of(shape)
                check_bytes(raw, math.prod(sizes) * dtype.itemsize, truth=name == "bool")
                return self.tensors.from_bytes(raw, dtype, sizes)
            case ["A", str(name), list(shape), bytes(raw)]:
                return array_of(name, sizes_of(shape), raw)
            case ["h", int(number), str(name), str(kind), list(classes), bool(same)] if type(number) is int:
                names = tuple(one[:_LONGEST_NAME] for one in classes[:_MOST_CLASSES] if isinstance(one, str))
                return self.resolve(RemoteObject(number, name[:_LONGEST_NAME], kind[:_LONGEST_NAME], names, same))
            case ["p", str(path)]:
                return self.resolve(ImportPath(path))
            case ["k", int(number), str(name), str(text), bool(iterates), list() | None as special] if (
                type(number) is int
            ):
                methods = (
                    None
                    if special is None
                    else tuple(one for one in special if isinstance(one, str) and one in SPECIAL_METHODS)
                )
                return self.resolve(CheckFunction(number, name[:_LONGEST_NAME], text, iterates, methods))
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
        return self._of_library(value, depth)

    def _of_library(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - one return per row of the module's table
        """Return what `Encoder._of_library` sent, or a kind of collection; raise ProtocolError for whatever is none."""
        match value:
            case ["D", str(kind), str(factory), list(parts)] if len(parts) % 2 == 0:
                return _made(as_dict, kind, factory, self._dict(parts, depth))
            case ["u", str(name), list(fields), list(items)] if len(fields) == len(items):
                self.enter(depth, len(items))
                return _made(as_fields_tuple, name, fields, [self.decode(item, depth + 1) for item in items])
            case ["q", list(items), None | int() as most] if most is None or most >= len(items):
                self.enter(depth, len(items))
                return deque([self.decode(item, depth + 1) for item in items], most)
            case ["O", list(shape), list(items)] if len(items) == math.prod(sizes_of(shape)):
                self.enter(depth, len(items))
                array = np.empty(len(items), dtype=object)
                for place, item in enumerate(items):
                    array[place] = self.decode(item, depth + 1)
                return array.reshape(sizes_of(shape))
            case ["G", str(name), [], bytes(raw)]:
                return array_of(name, (), raw)[()]
            case ["P", str(kind), parts] if self.tables:
                return _made(self.tables.table, kind, self.decode(parts, depth + 1))
            case ["v", str(kind), str(text)] if len(text) <= 2 * MAX_DIGITS + 1:
                return self._text_value(kind, text)
        raise ProtocolError("a value that the protocol does not know")

    def _text_value(self, kind: str, text: str) -> Any:
        if kind == "Path" and "\0" not in text:
            return self.path(text)
        if kind in ("device", "dtype") and self.tensors:
            return _made(self.tensors.named, kind, text)
        return from_text(kind, text)

    def _dict(self, parts: list[Any], depth: int) -> dict[Any, Any]:
        self.enter(depth, len(parts))
        decoded = [self.decode(part, depth + 1) for part in parts]
        self.require_keys(decoded[::2])
        return dict(zip(decoded[::2], decoded[1::2], strict=True))

    @staticmethod
    def _long(digits: str) -> int:
        try:
            return int(digits)
        except ValueError:
            raise ProtocolError("a number that is not one") from None


def _made(make: Callable[..., Any], *parts: Any) -> Any:
    """Return what is made of parts; raise ProtocolError where it is none."""
    try:
        return make(*parts)
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def _as_frame(kept: StandIn) -> list[Any]:
    if isinstance(kept, ImportPath):
        return ["p", kept.path]
    if isinstance(kept, CheckFunction):
        special = None if kept.special_methods is None else list(kept.special_methods)
        return ["k", kept.number, kept.name, kept.text, kept.iterates, special]
    return ["h", kept.number, kept.type_name, kept.kind, list(kept.classes), kept.equal_if_same]


def _length(numbers: range) -> int:
    """Return how many there are, also where Python cannot count so far."""
    return max(0, (numbers.stop - numbers.start + numbers.step - (1 if numbers.step > 0 else -1)) // numbers.step)

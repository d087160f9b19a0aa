"""Whatever a frame holds, it is plain data or a ProtocolError; data goes to a student's process and back unchanged."""

import contextlib
import json
import math
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import autograder.sandbox.shared.tensors  # noqa: F401 - frames may hold tensors
from autograder.sandbox.outside.process import Died, Outcome, Raised, StudentProcess
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.protocol import (
    HEADER,
    Decoder,
    Encoder,
    ImportPath,
    Limits,
    ProtocolError,
    RemoteObject,
    pack,
    unpack,
)

LIMITS = Limits(frame_bytes=2**16, items=1_000)
DECODE_SECONDS = 2.0
"""Of the processor, far more than any frame of these limits takes."""
TENSORS = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
ARRAYS = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
TEXT_KINDS = ["date", "datetime", "time", "timedelta", "Decimal", "Fraction"]
PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, slice, range, type(...)),
    *(date, datetime, time_of_day, timedelta, Decimal, Fraction, torch.Tensor, np.ndarray, RemoteObject, ImportPath),
)


def all_plain(value: Any) -> bool:
    """Return whether a value is of the module's table, to the last element, and of exactly these types."""
    if type(value) in (list, tuple, set, frozenset):
        return all(map(all_plain, value))
    if type(value) is dict:
        return all(all_plain(part) for pair in value.items() for part in pair)
    return type(value) in PLAIN


def decode(body: bytes) -> Any:
    """Return what a frame's body says; raise ProtocolError, and nothing else, and soon."""
    began = time.thread_time()
    try:
        value = Decoder(LIMITS, lambda stand_in: stand_in).decode(unpack(body, LIMITS))
        assert all_plain(value), value
        return value
    finally:
        assert time.thread_time() - began < DECODE_SECONDS


def body_of(document: object) -> bytes:
    return msgpack.packb(document, use_bin_type=True, unicode_errors="surrogatepass")


# Values that are almost of the protocol's table: its tags with contents that are wrong in one place or more

int64 = st.integers(-(2**63), 2**63 - 1)
sizes = st.one_of(
    st.integers(0, 4),
    st.sampled_from([-1, -(2**63), 2**31, 2**39, 2**40, 2**63, 2**64 - 1, True, False, None, 1.0, math.nan, "3", b"3"]),
)
shapes = st.lists(sizes, max_size=4) | st.lists(st.just(1), min_size=14, max_size=20) | sizes
dtypes = st.one_of(
    st.sampled_from(
        [*TENSORS, *ARRAYS, "qint8", "object", "O", "V8", "<f4", "float32\0", "torch.float32", "datetime64"]
    ),
    st.none() | int64 | st.binary(max_size=4) | st.lists(int64, max_size=2),
)
contents = st.integers(0, 70).map(bytes) | st.binary(max_size=70) | st.text(max_size=8) | st.none()
digits = st.one_of(
    st.integers().map(str),
    st.integers(3_998, 4_400).map(lambda count: "9" * count),
    st.sampled_from(["", "-", "+1", " 1", "1_0", "0x10", "1e9", "٣", "nan", "--1", "1\0", "\ud800"]),
    int64 | st.binary(max_size=4),
)
numbers = st.integers(-(2**63), 2**64 - 1) | st.booleans() | st.floats() | st.none()
written = st.one_of(
    st.dates().map(str)
    | st.datetimes().map(str)
    | st.times().map(str)
    | st.decimals().map(str)
    | st.fractions().map(str),
    st.sampled_from(
        ["1/0", "1e99", "1E+999999999", "-Infinity", "sNaN123", "0 0 9e9", "1 2", "999999999999 0 0", "2027-02-30"]
    ),
    st.text(max_size=8) | st.integers() | st.none(),
)
names = st.text(max_size=300) | st.sampled_from(["os.system", "builtins.eval", "", ".", "a..b", "\ud800"]) | numbers
leaves = st.one_of(
    st.none() | st.booleans() | st.floats() | st.text(max_size=6) | st.binary(max_size=6),
    numbers,
    st.tuples(st.sampled_from(["T", "A"]), dtypes, shapes, contents),
    st.tuples(st.just("i"), digits),
    st.tuples(st.just("h"), numbers, names),
    st.tuples(st.just("p"), names),
    st.tuples(st.just("c"), numbers, numbers),
    st.tuples(st.just("b"), contents),
    st.tuples(st.sampled_from(["r", "R"]), numbers, numbers, numbers),
    st.tuples(st.just("v"), st.sampled_from(TEXT_KINDS) | names, written),
    st.tuples(st.sampled_from([*"TAihpltdsfcbrRevz", "", 0, None])),
)
almost = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["l", "t", "d", "s", "f"]), st.lists(inner, max_size=5)),
        st.tuples(st.sampled_from(["l", "t", "d", "s", "f"]), inner),
        st.tuples(st.just("l"), st.lists(inner, max_size=2), inner),
        st.dictionaries(st.text(max_size=4), inner, max_size=2),
    ),
    max_leaves=15,
)


@settings(max_examples=500, deadline=None)
@given(document=almost)
@example(document=["d", [math.nan, 1, math.nan, 2]])
@example(document=["d", [["t", [math.nan, 1]], 1, ["t", [["t", []]]], 2]])
@example(document=["T", "bool", [2], b"\x00\x02"])
@example(document=["T", "float32", [0, -1], b""])
@example(document=["A", "float32", [2**39, 2**39, 2**39], b""])
@example(document=["l", [["l", [["l", []]] * 400]] * 3])
def test_a_value_that_is_almost_right_is_data_or_a_protocol_error(document):
    try:
        body = body_of(document)
    except OverflowError:  # no frame can hold such a number
        return
    with contextlib.suppress(ProtocolError):
        decode(body)


@pytest.mark.parametrize("tag", ["T", "A"])
@pytest.mark.parametrize(
    "shape", [[0, 2**39, 2**39], [2**39, 2**39, 0], [0, *[2**39] * 15]], ids=["first", "last", "many"]
)
def test_nothing_in_a_huge_shape_is_data_or_a_protocol_error(tag, shape):
    with contextlib.suppress(ProtocolError):
        decode(body_of([tag, "float32", shape, b""]))


floats = st.floats() | st.sampled_from([0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.inf])
integers = st.one_of(
    st.integers(),
    st.integers(-(10**1000), 10**1000),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 1 - 2**12_000, 2**12_000 - 1]),
)
texts = st.text() | st.text(st.characters(categories=["Cs", "Cc", "Co", "Mn", "Lo"]), max_size=10)
keys = st.none() | st.booleans() | integers | floats | texts
shapes_of_data = st.lists(st.integers(0, 3), max_size=4)


@st.composite
def tensors(draw: Callable) -> torch.Tensor:
    dtype = getattr(torch, draw(st.sampled_from(TENSORS)))
    shape = draw(shapes_of_data)
    count = math.prod(shape) * dtype.itemsize
    raw = bytearray(draw(st.binary(min_size=count, max_size=count)))
    if dtype is torch.bool:
        raw = bytearray(byte & 1 for byte in raw)
    return torch.frombuffer(raw, dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)


@st.composite
def arrays(draw: Callable) -> np.ndarray:
    dtype = np.dtype(draw(st.sampled_from(ARRAYS)))
    shape = draw(shapes_of_data)
    count = math.prod(shape) * dtype.itemsize
    raw = bytearray(draw(st.binary(min_size=count, max_size=count)))
    if dtype == bool:  # noqa: E721
        raw = bytearray(byte & 1 for byte in raw)
    return np.frombuffer(raw, dtype).reshape(shape)


bounds = st.none() | st.integers()
rarer = st.one_of(
    st.sets(keys, max_size=4)
    | st.frozensets(keys, max_size=4)
    | st.complex_numbers()
    | st.binary(max_size=9)
    | st.just(...),
    st.dates() | st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.times() | st.timedeltas() | st.fractions(),
    st.decimals(min_value=-(10**9), max_value=10**9)
    | st.sampled_from([Decimal("NaN"), Decimal("-Infinity"), Decimal("-0")]),
    st.builds(slice, bounds, bounds, bounds),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3) | st.integers(-3, -1)),
)
data = st.recursive(
    st.none() | st.booleans() | integers | floats | texts | tensors() | arrays() | rarer,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys | st.lists(keys, max_size=3).map(tuple), inner, max_size=4),
    ),
    max_leaves=12,
)


def exactly(value: Any) -> Any:  # noqa: PLR0911 - one return per kind
    """Return something that is equal for values of the same types, order and bits, and for nothing else."""
    match value:
        case float():
            return struct.pack(">d", value)
        case list() | tuple():
            return [type(value).__name__, *map(exactly, value)]
        case dict():
            return ["dict", *(exactly(part) for pair in value.items() for part in pair)]
        case set() | frozenset():
            return [type(value).__name__, sorted(map(repr, value))]
        case complex():
            return ["complex", struct.pack(">dd", value.real, value.imag)]
        case Decimal() | slice() | range():
            return [type(value).__name__, repr(value)]
        case torch.Tensor():
            raw = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
            return ["tensor", str(value.dtype), tuple(value.shape), raw]
        case np.ndarray():
            return ["array", value.dtype.str, value.shape, value.tobytes()]
    return [type(value).__name__, value]


def refuse(value: object) -> RemoteObject:
    raise ProtocolError(f"{value!r} is no data")


def over_the_line(value: object) -> Any:
    body = pack(Encoder(LIMITS, refuse).encode(value), LIMITS)[HEADER.size :]
    return Decoder(LIMITS, lambda stand_in: stand_in).decode(unpack(body, LIMITS))


@settings(max_examples=200, deadline=None)
@given(value=data)
@example(value={1: "int", "1": "text", None: 0, (1, "a"): []})
@example(value=[math.nan, -math.nan, -0.0, struct.unpack(">d", b"\x7f\xf0\x00\x00\x00\x00\x00\x01")[0]])
@example(value=["\ud800", "\udc00\ud800", "\0", "é\u0301"])
def test_data_is_the_same_to_the_bit_after_two_crossings(value):
    once = over_the_line(value)
    assert exactly(once) == exactly(value)
    assert exactly(over_the_line(once)) == exactly(value)


@settings(max_examples=200, deadline=None)
@given(value=data, cut=st.floats(0, 1), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4))
def test_a_damaged_frame_is_data_or_a_protocol_error(value, cut, changes):
    body = bytearray(pack(Encoder(LIMITS, refuse).encode(value), LIMITS)[HEADER.size :])
    for place, byte in changes:
        body[int(place * (len(body) - 1))] = byte
    with contextlib.suppress(ProtocolError):
        decode(bytes(body))
    with contextlib.suppress(ProtocolError):
        decode(bytes(body[: int(cut * len(body))]))


@pytest.fixture
def there_and_back(start_process) -> Callable[[object], Any]:
    """Send a value to a student's process, which answers with it."""
    process = start_process()
    options: dict[str, Any] = {"seconds": 20, "keep": lambda value: value, "resolve": lambda value: value}
    process.request("cell", "<cell 0>", "def same(x):\n    return x", **options)
    same = process.request("name", "same", **options)
    return lambda value: process.request("call", same, (value,), {}, **options)


COLLIDING = {
    "long ints": lambda n: ["i", str((2**61 - 1) * (2**10 + n))],
    "tuples": lambda n: ["t", [n, n + 1]],
}
"""Keys of a kind of which anybody can find as many as they like that have the same hash."""


@pytest.mark.parametrize("kind", COLLIDING)
@pytest.mark.parametrize("tag", ["d", "s", "f"])
def test_keys_that_can_be_chosen_to_collide_are_few(kind, tag):
    limits = Limits(frame_bytes=2**24, items=1_000_000)

    def document(count: int) -> list:
        found = [COLLIDING[kind](n) for n in range(count)]
        return [tag, [part for key in found for part in (key, None)] if tag == "d" else found]

    assert len(Decoder(limits, refuse).decode(document(10_000))) == 10_000
    halves = ["l", [document(5_001), document(5_001)]]
    for too_many in (document(10_001), halves):
        with pytest.raises(ProtocolError, match="more than 10000 keys"):
            Decoder(limits, refuse).decode(too_many)


@pytest.mark.parametrize(
    "document",
    [
        ["R", 0, 2**62, 1],
        ["R", 0, ["i", str(10**30)], 1],
        ["R", 0, 9, 0],
        ["v", "Fraction", "1e99999999"],
        ["v", "Decimal", "1E+999999999"],
        ["v", "timedelta", "999999999999 0 0"],
        ["s", [["l", []]]],
        ["s", [["h", 1, "X", "", [], False]]],
    ],
)
def test_what_would_be_too_much_to_reckon_with_is_no_value(document):
    with pytest.raises(ProtocolError):
        Decoder(LIMITS, lambda stand_in: stand_in).decode(document)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=data)
@example(value={"nested": [({},), [()], {(): []}], -0.0: 2**100, "\ud83d": float("-inf")})
def test_a_students_process_gives_back_what_it_was_given(there_and_back, value):
    assert exactly(there_and_back(value)) == exactly(value)


# Someone at the other end of the line who keeps to no rule: when it speaks, how much at once, and what

SECONDS = 0.5
SLACK = 5.0
PROCESS_LIMITS = ProcessLimits(
    memory_bytes=2**30,
    output_bytes=1000,
    frame_bytes=2**16,
    cpu_seconds=10,
    file_bytes=2**20,
    open_files=64,
    processes=16,
    disk_bytes=2**20,
)


class Stranger:
    """Be S, for all that T can tell; a real process stands in for it where T looks whether it lives."""

    def __init__(self) -> None:
        standing_in = subprocess.Popen(["sleep", "60"])
        self._stands_in = standing_in
        pidfd = os.pidfd_open(standing_in.pid)
        ours, self.line = socket.socketpair()
        control, self._control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        printed, self.output = os.pipe()
        self.process = StudentProcess(control, pidfd, ours, printed, PROCESS_LIMITS)
        self._warden = threading.Thread(target=self._guard)
        self._warden.start()

    def _guard(self) -> None:
        """Do what the zygote does: kill S when T hangs up."""
        with contextlib.suppress(ConnectionResetError):  # where T did not read the report
            self._control.recv(1)
        self._stands_in.kill()
        self._stands_in.wait()

    def die(self) -> None:
        """End as S ends: a report first, then nothing more."""
        self._control.send(json.dumps({"code": -9, "why": "", "cpu_seconds": 0.0}).encode())
        self.line.close()

    def hear(self) -> bytes:
        """Return the id of a request."""
        (size,) = HEADER.unpack(self.line.recv(HEADER.size, socket.MSG_WAITALL))
        return msgpack.unpackb(self.line.recv(size, socket.MSG_WAITALL))["id"]

    def close(self) -> None:
        self.process.close()
        self._warden.join()
        os.close(self.output)
        self.line.close()
        self._control.close()


@pytest.fixture
def meet() -> Iterator[Callable[[Callable[[Stranger], None]], Any]]:
    """Ask someone who then does as told, and return the answer; it must come, or fail to, in time."""

    def ask(behave: Callable[[Stranger], None], call: Callable[..., object] | None = None) -> Any:
        stranger = Stranger()

        def live() -> None:
            with contextlib.suppress(OSError, struct.error, ValueError):  # T has hung up
                behave(stranger)

        life = threading.Thread(target=live)
        began = time.monotonic()
        life.start()
        try:
            answer = stranger.process.request(
                "name", "x", seconds=SECONDS, keep=refuse, resolve=lambda stand_in: stand_in, call=call
            )
            assert all_plain(answer)
            return answer
        except Died:
            assert not stranger.process.is_alive()
            raise
        finally:
            assert time.monotonic() - began < SECONDS + SLACK
            stranger.close()
            life.join()

    yield ask


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    document=almost,
    is_error=st.booleans(),
    extra=st.dictionaries(st.sampled_from(["id", "value", "error", "op"]), int64, max_size=1),
    pieces=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    after=st.binary(max_size=10),
)
def test_an_answer_in_pieces_is_data_or_an_error_or_an_end(meet, document, is_error, extra, pieces, after):  # noqa: PLR0917
    def behave(stranger: Stranger) -> None:
        answer = {"id": stranger.hear(), "error" if is_error else "value": document, **extra}
        body = body_of(answer)
        frame = HEADER.pack(len(body)) + body + after
        for size in pieces:
            stranger.line.sendall(frame[:size])
            frame = frame[size:]
        stranger.line.sendall(frame)
        stranger.die()

    with contextlib.suppress(Raised, Died):
        meet(behave)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=almost, wanted=almost, extra=st.booleans())
def test_a_call_of_a_checks_function_is_one_or_an_end(meet, document, wanted, extra):
    called: list[object] = []

    def behave(stranger: Stranger) -> None:
        number = stranger.hear()
        for answer in ({"id": number, "call": wanted, "args": document, **({"op": 1} if extra else {})}, document):
            body = body_of(answer)
            stranger.line.sendall(HEADER.pack(len(body)) + body)
        stranger.die()

    with contextlib.suppress(Raised, Died):
        meet(behave, call=lambda *given: called.append(given))
    assert all(type(number) is int and all_plain((args, kwargs)) for number, args, kwargs in called)


def test_a_call_of_a_checks_function_is_answered(meet):
    def behave(stranger: Stranger) -> None:
        number = stranger.hear()
        for answer in (
            {"id": number, "call": 3, "args": ["t", [["t", [20]], ["d", ["more", 1]]]]},
            {"id": number, "value": 21},
        ):
            body = body_of(answer)
            stranger.line.sendall(HEADER.pack(len(body)) + body)
            if "call" in answer:
                assert stranger.hear() == number

    called: list[object] = []
    assert meet(behave, call=lambda *given: called.append(given)) == 21
    assert called == [(3, (20,), {"more": 1})]


kinds = st.sampled_from(["raised", "missing", "unsendable", "interrupted"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=kinds, types=st.lists(texts, max_size=30), message=texts, cell=texts, line=st.integers(-(2**63), 2**64 - 1))
def test_a_described_error_is_raised_as_described(meet, kind, types, message, cell, line):  # noqa: PLR0917
    error = {"kind": kind, "types": types, "message": message, "cell": cell, "line": line, "of_check": -1}

    def behave(stranger: Stranger) -> None:
        body = body_of({"id": stranger.hear(), "error": error})
        stranger.line.sendall(HEADER.pack(len(body)) + body)

    with pytest.raises(Raised) as caught:
        meet(behave)
    raised = caught.value
    assert (raised.kind, raised.message, raised.cell, raised.line) == (kind, message, cell, line)
    assert raised.types == tuple(types[:20])


def drip(stranger: Stranger) -> None:
    """Send an answer so slowly that each wait is short and all together are endless."""
    stranger.line.sendall(HEADER.pack(2**16 - 1))
    for _ in range(1000):
        time.sleep(0.01)
        stranger.line.sendall(b"\xc0")


def say_nothing(stranger: Stranger) -> None:
    stranger.hear()


def print_without_end(stranger: Stranger) -> None:
    os.set_blocking(stranger.output, False)
    ends_at = time.monotonic() + 10 * SECONDS
    while time.monotonic() < ends_at:
        with contextlib.suppress(BlockingIOError):
            os.write(stranger.output, b"x" * 4096)


def promise_much(stranger: Stranger) -> None:
    stranger.line.sendall(HEADER.pack(2**32 - 1))


def send_nothing_in_a_frame(stranger: Stranger) -> None:
    stranger.line.sendall(HEADER.pack(0))


def be_ready_again(stranger: Stranger) -> None:
    body = body_of({"id": b"ready"})
    stranger.line.sendall((HEADER.pack(len(body)) + body) * 3)


def echo_the_request(stranger: Stranger) -> None:
    stranger.line.sendall(stranger.line.recv(2**16))


def guess_the_number(stranger: Stranger) -> None:
    number = stranger.hear()
    body = body_of({"id": bytes([number[0] ^ 1]) + number[1:], "value": 1})
    stranger.line.sendall(HEADER.pack(len(body)) + body)


def answer_with_the_number_as_text(stranger: Stranger) -> None:
    body = body_of({"id": stranger.hear().hex(), "value": 1})
    stranger.line.sendall(HEADER.pack(len(body)) + body)


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [
        (drip, Outcome.TIMED_OUT),
        (say_nothing, Outcome.TIMED_OUT),
        (print_without_end, Outcome.TIMED_OUT),
        (promise_much, Outcome.BAD_ANSWER),
        (send_nothing_in_a_frame, Outcome.BAD_ANSWER),
        (be_ready_again, Outcome.BAD_ANSWER),
        (echo_the_request, Outcome.BAD_ANSWER),
        (guess_the_number, Outcome.BAD_ANSWER),
        (answer_with_the_number_as_text, Outcome.BAD_ANSWER),
        (Stranger.die, Outcome.SIGNALLED),
    ],
)
def test_who_keeps_to_no_rule_is_ended_with_the_reason(meet, behave, outcome):
    with pytest.raises(Died) as caught:
        meet(behave)
    assert caught.value.outcome is outcome

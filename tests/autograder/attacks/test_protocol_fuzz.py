"""Whatever is said on the line, in either direction: an answer of plain data, an error or an end, and in time."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time

import msgpack
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.sandbox.outside.process import Died, Raised, StudentProcess
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.protocol import HEADER, ProtocolError, RemoteObject

SECONDS = 1.0
LIMITS = ProcessLimits(
    memory_bytes=2**30,
    output_bytes=1000,
    frame_bytes=2**16,
    cpu_seconds=10,
    file_bytes=2**20,
    open_files=64,
    processes=16,
    disk_bytes=2**20,
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
)
tags = st.sampled_from([*"iltdTAhpkDuqOGPv", "float32", "bool", "int64", "Path", "Counter", ""])
documents = st.recursive(
    scalars | tags,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8) | tags, inner, max_size=4),
    max_leaves=20,
)
answers = st.one_of(
    st.fixed_dictionaries({"value": documents}),
    st.fixed_dictionaries({"error": documents}),
    st.fixed_dictionaries(
        {
            "error": st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(["raised", "missing", "unsendable", "interrupted", "passed", ""]),
                    "types": st.lists(scalars, max_size=3) | documents,
                    "message": scalars,
                    "cell": scalars,
                    "line": scalars,
                }
            )
        }
    ),
    documents,
)


def frame(document: object) -> bytes:
    body = msgpack.packb(document, use_bin_type=True, unicode_errors="surrogatepass")
    return HEADER.pack(len(body)) + body


def refuse(value: object) -> RemoteObject:
    raise ProtocolError(f"{value!r} is no data")


class FakeStudent:
    """Stand at the other end of the line and say something once a request has come."""

    def __init__(self) -> None:
        dead = subprocess.Popen(["true"])
        pidfd = os.pidfd_open(dead.pid)
        dead.wait()
        ours, self.line = socket.socketpair()
        control, self.control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.send(json.dumps({"code": 0, "why": "", "cpu_seconds": 0.0}).encode())
        printed, writing = os.pipe()
        os.close(writing)
        self.process = StudentProcess(control, pidfd, ours, printed, LIMITS)

    def say(self, answer: object, raw: bytes, *, echo: bool) -> None:
        """Answer with a document, with the request's own id where `echo`, and with bytes after it; then hang up."""
        (size,) = HEADER.unpack(self.line.recv(HEADER.size, socket.MSG_WAITALL))
        request = msgpack.unpackb(self.line.recv(size, socket.MSG_WAITALL))
        if echo and isinstance(answer, dict):
            answer = {"id": request["id"], **answer}
        with contextlib.suppress(OverflowError, ValueError, OSError):
            self.line.sendall(frame(answer) + raw)
        self.line.close()


def is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(is_plain(part) for pair in value.items() for part in pair)
    known = ("builtins", "torch", "numpy", "collections", "pathlib", "autograder.sandbox.shared.collections_sent")
    return type(value).__module__ in known or isinstance(value, RemoteObject)


def resolve(stand_in: object) -> object:
    """Take what handles take, who know no import path, and no function that was not handed over."""
    if not isinstance(stand_in, RemoteObject):
        raise ProtocolError(f"{stand_in!r} where an object should be")
    return stand_in


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(answer=answers, raw=st.binary(max_size=50), echo=st.booleans())
@example(answer={"value": ["T", "float32", [2**39, 2**39], b""]}, raw=b"", echo=True)
@example(answer={"value": ["i", "9" * 5000]}, raw=b"", echo=True)
@example(answer={"value": 1, "error": {}}, raw=b"", echo=True)
@example(answer={"id": b"ready"}, raw=b"", echo=False)
def test_whatever_the_student_says_ends_in_data_an_error_or_an_end(answer, raw, echo):
    student = FakeStudent()
    speaker = threading.Thread(target=student.say, args=(answer, raw), kwargs={"echo": echo})
    speaker.start()
    began = time.monotonic()
    try:
        value = student.process.request("name", "x", seconds=SECONDS, keep=lambda value: value, resolve=resolve)
        assert is_plain(value), value
    except (Raised, Died):
        pass
    finally:
        student.process.close()
        speaker.join()
        student.line.close()
        student.control.close()
    assert time.monotonic() - began < SECONDS + 5


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_frames_end_in_an_error_or_an_end(raw):
    student = FakeStudent()

    def speak() -> None:
        student.line.recv(2**16)
        student.line.sendall(raw)
        student.line.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        with pytest.raises((Raised, Died)):
            student.process.request("name", "x", seconds=SECONDS, keep=lambda v: v, resolve=lambda v: v)
    finally:
        student.process.close()
        speaker.join()
        student.control.close()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    operation=st.sampled_from(["seed", "cell", "name", "attribute", "call", "item", "length", "elements", "exit", ""]),
    arguments=st.lists(documents, max_size=3),
)
def test_whatever_a_check_asks_the_student_answers_or_ends(start_process, operation, arguments):
    process = start_process()
    try:
        process.request(operation, *arguments, seconds=10, keep=refuse, resolve=lambda value: value)
    except (Raised, ProtocolError):
        assert process.is_alive()
    except Died as died:
        assert not process.is_alive(), died

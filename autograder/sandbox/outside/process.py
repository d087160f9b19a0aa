"""Talk to the student process: one request, one answer, a deadline, and no trust.

`Sandbox` is the seam: how the student process comes to be. What it is forked from holds the control
connection: closing it kills the process with all that it started, and how it ended is told on it.
"""

import functools
import json
import math
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

from autograder.sandbox.outside.memory_cgroup import MemoryCgroup, MemoryCgroups
from autograder.sandbox.outside.own_time import OwnTime
from autograder.sandbox.outside.pidfd import Pidfd
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.protocol import (
    HEADER,
    Decoder,
    Encoder,
    Limits,
    ProtocolError,
    StandIn,
    pack,
    unpack,
)

__all__ = ["CallRaised", "Died", "Lost", "Outcome", "Raised", "Sandbox", "StudentProcess"]

_DEATH_SECONDS = 10.0
_REPORT_BYTES = 2**16
_TEXT = 2_000
_WRITABLE = 3
"""File systems in memory that student code may write to: working folder, /tmp, /dev/shm."""


class Outcome(StrEnum):
    """Say how a process of a student ended."""

    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    CPU_TIME = "out of CPU time"
    EXITED = "exited"
    SIGNALLED = "killed by a signal"
    BAD_ANSWER = "answered with something that is not an answer"


class Died(Exception):
    """The student's process is gone; a fresh one is needed."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        self.outcome = outcome
        self.detail = detail
        super().__init__(f"{outcome}: {detail}" if detail else str(outcome))


class Lost(Exception):
    """What the student process was forked from is gone, and it with it: our fault, never the student's."""


class Raised(Exception):
    """The request ended in an exception there, here as data that the student process reported and nobody vouches for.

    `kind` is `raised`, `missing`, `unsendable` or `interrupted`; `types` names the exception's classes, most special
    first; `cell` and `line` say where the notebook's own code was last at work; `of_check` is the number of an
    exception that a function of the check's raised, -1 for any other; `value` is what stands for the exception itself.
    """

    def __init__(
        self,
        *,
        kind: str,
        types: tuple[str, ...],
        message: str,
        cell: str,
        line: int,
        of_check: int = -1,
        value: object = None,
    ) -> None:
        self.kind = kind
        self.types = types
        self.message = message
        self.cell = cell
        self.line = line
        self.of_check = of_check
        self.value = value
        super().__init__(f"{types[:1]}: {message}")


class CallRaised(Exception):
    """A function of the check's raised: the exception's classes, most special first, its message and its number."""

    def __init__(self, number: int, error: BaseException) -> None:
        self.number = number
        self.types = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        self.message = str(error)
        super().__init__(self.message)


class Sandbox(Protocol):
    """Make a fresh process for student code, in a working folder that holds what the notebook needs."""

    @property
    def isolated(self) -> bool:
        """Return whether student code is shut in; where not, every result must say so."""
        ...

    def start(self, limits: ProcessLimits, seconds: float) -> "StudentProcess":
        """Return a process that is ready for requests; raise Died where it is not ready in time."""
        ...


class StudentProcess:
    """The checks process's end of the line to one student process."""

    def __init__(
        self, control: socket.socket, pidfd: int, connection: socket.socket, printed: int, limits: ProcessLimits
    ) -> None:
        """Take over what belongs to a forked process: `printed` is the reading end of what it prints to."""
        self._control = control
        self._pidfd = Pidfd(pidfd)
        self._connection = connection
        self._printed = printed
        self._limits = limits
        self._protocol = Limits(frame_bytes=limits.frame_bytes)
        self._output = bytearray()
        self.output_dropped = 0
        self._lately = bytearray()
        self.excused_seconds = 0.0
        """Seconds by the clock of all requests in which others had its processor."""
        self._start_bytes = 0
        self._cgroup: MemoryCgroup | None = None
        self._control.settimeout(_DEATH_SECONDS)
        for end in (connection.fileno(), printed):
            os.set_blocking(end, False)

    def bound_by(self, cgroups: MemoryCgroups) -> None:
        """Have the kernel bound its memory, files in memory included; raise OSError where it refuses."""
        most = self._limits.memory_bytes + _WRITABLE * self._limits.disk_bytes
        cgroup = cgroups.make(f"autograder-{secrets.token_hex(8)}", most, self._limits.processes)
        self._cgroup = cgroup.take(self._pidfd.pid())

    @property
    def output(self) -> str:
        """Return what the student process printed, up to the limit, as text that holds no half characters."""
        return self._output.decode("utf-8", "replace")

    def take_printed(self) -> str:
        """Return what was printed since this was asked last, up to the limit."""
        while (before := len(self._lately)) < self._limits.output_bytes and self._read_output():
            if len(self._lately) == before:
                break
        printed, self._lately = self._lately, bytearray()
        return printed.decode("utf-8", "replace")

    def forget_peak(self) -> None:
        """Let the peak of memory begin anew, where the kernel lets this user do that."""
        self._pidfd.forget_peak()

    def peak_bytes(self) -> int:
        """Return the most memory that the process itself had beyond what it started with, 0 for one that is gone."""
        return max(0, self._pidfd.memory_bytes("VmHWM") - self._start_bytes)

    def is_alive(self) -> bool:
        """Return whether the process can still be asked."""
        return self._connection.fileno() >= 0 and not self._pidfd.has_ended()

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for the agent's first message."""
        answer = self._exchange(b"", seconds)
        if answer != {"id": b"ready"}:
            raise self._end(Outcome.BAD_ANSWER, "its first message")
        self._start_bytes = self._pidfd.memory_bytes("VmRSS")

    def request(
        self,
        operation: str,
        *arguments: object,
        seconds: float,
        interrupt_after: float | None = None,
        keep: Callable[[object], StandIn],
        resolve: Callable[[StandIn], object],
        call: Callable[[int, tuple[Any, ...], dict[str, Any]], object] | None = None,
    ) -> Any:
        """Return the answer to one request as plain data; raise Raised, Died or Lost.

        `call` is what calls a function of the check's for the student process, by its number; it may itself request
        something. What it raises is CallRaised, which the student process is told.

        After `interrupt_after` seconds the process is interrupted as by JupyterLab's stop button, after `seconds` it is
        killed; these are its own seconds, without those in which others had its processor. Raise ProtocolError where an
        argument cannot be sent, which is the caller's fault and leaves the process as it was.
        """
        number = secrets.token_bytes(16)
        encoded = Encoder(self._protocol, keep).encode(arguments)
        frame = pack({"id": number, "op": operation, "args": encoded}, self._protocol)
        while True:
            began = self._now()
            answer = self._exchange(frame, seconds, interrupt_after or seconds)
            seconds -= self._now() - began
            try:
                if call is None or not (isinstance(answer, dict) and "call" in answer):
                    return self._read_answer(answer, number, resolve)
                wanted, args, kwargs = self._read_call(answer, number, resolve)
                frame = self._called(number, keep, functools.partial(call, wanted, args, kwargs))
            except (ProtocolError, MemoryError) as error:
                raise self._end(Outcome.BAD_ANSWER, str(error)) from error
            if self._connection.fileno() < 0:
                raise Died(Outcome.EXITED, "while a check's function was at work")

    def _now(self) -> float:
        """Return the time of a clock that stands still while others have its processor."""
        return time.monotonic() - self.excused_seconds

    def _read_call(
        self, answer: Any, number: bytes, resolve: Callable[[StandIn], object]
    ) -> tuple[int, tuple[Any, ...], dict[str, Any]]:
        match answer:
            case {"id": bytes(echo), "call": int(wanted), "args": given} if echo == number and type(wanted) is int:
                match Decoder(self._protocol, resolve).decode(given):
                    case (tuple(args), dict(kwargs)) if all(isinstance(name, str) for name in kwargs):
                        return wanted, args, kwargs
        raise ProtocolError("a call that is none")

    def _called(self, number: bytes, keep: Callable[[object], StandIn], call: Callable[[], object]) -> bytes:
        """Return the frame that tells the student process what a function of the check's has returned or raised."""
        try:
            value = call()
            return pack({"id": number, "returned": Encoder(self._protocol, keep).encode(value)}, self._protocol)
        except CallRaised as raised:
            told = [raised.types, raised.message[:_TEXT], raised.number]
        except TypeError as error:  # what it returned cannot be sent
            told = [["builtins.TypeError"], str(error)[:_TEXT], -1]
        return pack({"id": number, "raised": told}, self._protocol)

    def _read_answer(self, answer: Any, number: bytes, resolve: Callable[[StandIn], object]) -> Any:
        match answer:
            case {"id": bytes(echo), "value": value} if echo == number and len(answer) == 2:  # noqa: PLR2004 - both keys
                return Decoder(self._protocol, resolve).decode(value)
            case {"id": bytes(echo), "error": dict(error)} if echo == number and len(answer) == 2:  # noqa: PLR2004
                stand_in = error.pop("object", None)
                raised = _raised(error)
                raised.value = Decoder(self._protocol, resolve).decode(stand_in)
                raise raised
        raise ProtocolError("an answer to another request, or none")

    def close(self) -> None:
        """Have the process and all that it started killed, wait until they are gone, release what belongs to them."""
        if self._connection.fileno() < 0:
            return
        self._control.close()
        self._pidfd.has_ended(_DEATH_SECONDS)
        self._read_output()
        self._connection.close()
        os.close(self._printed)
        self._pidfd.close()
        if self._cgroup is not None:
            self._cgroup.remove()

    def _end(self, outcome: Outcome, detail: str = "") -> Died:
        self.close()
        return Died(outcome, detail)

    def _exchange(self, frame: bytes, seconds: float, interrupt_after: float = math.inf) -> Any:
        """Send `frame` and return the next document from the student process, reading what it prints meanwhile."""
        own = OwnTime(self._pidfd.pid)
        try:
            return self._talk(frame, own, seconds, interrupt_after)
        finally:
            if self._connection.fileno() >= 0:
                own.look()
            self.excused_seconds += own.excused

    def _talk(self, frame: bytes, own: OwnTime, seconds: float, interrupt_after: float) -> Any:
        unsent, received = memoryview(frame), bytearray()
        if unsent:
            unsent = self._send(unsent)
        poll = select.poll()
        poll.register(self._printed, select.POLLIN)
        while not own.reached(seconds):
            if own.reached(interrupt_after):
                self._pidfd.interrupt()
                interrupt_after = math.inf
            poll.register(self._connection, select.POLLIN | (select.POLLOUT if unsent else 0))
            for end, event in poll.poll(1000 * own.left(min(seconds, interrupt_after))):
                if end == self._printed:
                    if not self._read_output():
                        poll.unregister(self._printed)
                    continue
                if event & select.POLLOUT:
                    unsent = self._send(unsent)
                if event & ~select.POLLOUT and self._receive(received):
                    return self._unpack(received)
        raise self._end(Outcome.TIMED_OUT)

    def _send(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[self._connection.send(unsent) :]
        except BlockingIOError:
            return unsent
        except (BrokenPipeError, ConnectionResetError):
            raise self._how_it_ended() from None

    def _receive(self, received: bytearray) -> bool:
        """Read what is there of the current frame; return whether it is whole."""
        wanted = HEADER.size
        if len(received) >= HEADER.size:
            (size,) = HEADER.unpack_from(received)
            if size > self._limits.frame_bytes:
                raise self._end(Outcome.BAD_ANSWER, f"{size / 2**20:.0f} MB in one answer")
            wanted += size
        if len(received) < wanted:
            try:
                chunk = self._connection.recv(min(wanted - len(received), 2**20))
            except BlockingIOError:
                return False
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise self._how_it_ended()
            received += chunk
            if len(received) == HEADER.size:
                return self._receive(received)
        return len(received) >= HEADER.size and len(received) == HEADER.size + HEADER.unpack_from(received)[0]

    def _unpack(self, received: bytearray) -> Any:
        try:
            return unpack(memoryview(received)[HEADER.size :].tobytes(), self._protocol)
        except (ProtocolError, MemoryError) as error:  # what does not fit in here is the sender's fault
            raise self._end(Outcome.BAD_ANSWER, str(error)) from error

    def _read_output(self) -> bool:
        """Take what the student process has printed meanwhile; return False once nobody can print any more."""
        try:
            chunk = os.read(self._printed, 2**16)
        except BlockingIOError:
            return True
        room = self._limits.output_bytes - len(self._output)
        self._output += chunk[:room]
        self.output_dropped += len(chunk) - len(chunk[:room])
        self._lately += chunk[: self._limits.output_bytes - len(self._lately)]
        return bool(chunk)

    def _how_it_ended(self) -> Died:
        """Return how the student process ended, after the connection broke."""
        try:
            text = self._control.recv(_REPORT_BYTES)
        except TimeoutError:
            return self._end(Outcome.BAD_ANSWER, "it closed the line")
        if not text:
            self.close()
            raise Lost("the process that students' processes are forked from is gone")
        report = json.loads(text)
        code = report["code"]
        if report["why"] == "memory" or (self._cgroup is not None and self._cgroup.ran_out()):
            return self._end(Outcome.OUT_OF_MEMORY)
        if code < 0 and report["cpu_seconds"] >= self._limits.cpu_seconds:
            return self._end(Outcome.CPU_TIME)
        if code < 0:
            return self._end(Outcome.SIGNALLED, signal.Signals(-code).name)
        return self._end(Outcome.EXITED, f"exit code {code}")


def _raised(error: dict[Any, Any]) -> Raised:
    match error:
        case {
            "kind": "raised" | "missing" | "unsendable" | "interrupted" as kind,
            "types": list(types),
            "message": str(message),
            "cell": str(cell),
            "line": int(line),
            "of_check": int(of_check),
        } if all(isinstance(name, str) for name in types):
            names = tuple(name[:200] for name in types[:20])
            cell, message = cell[:200], message[:_TEXT]
            return Raised(kind=kind, types=names, message=message, cell=cell, line=line, of_check=of_check)
    raise ProtocolError("an error that is not described")

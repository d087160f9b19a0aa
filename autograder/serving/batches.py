"""Run `autograder grade` beside the server, one batch at a time, and tell how it is going.

It is the command itself, as a process of its own: what it does is what it does in a terminal, and neither a batch nor
the server can take the other down. One that was started in a terminal is followed by the log that it keeps.
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from autograder.errors import AutograderError
from autograder.grading.batch_log import BATCH_LOG, is_written
from autograder.plain_text import plain_text

__all__ = ["Batch", "Batches"]

_LONGEST_LINE = 2**22
_TROUBLES = 100
_WORDS = 5
_FAREWELL_SECONDS = 10.0
_RECENT_SECONDS = 60.0
"""How long pages that are opened later still show how a batch ended."""
_LOOK_SECONDS = 1.0
"""Between two looks at what a batch of a terminal has told."""


@dataclass(kw_only=True, eq=False)
class Batch:
    """One run of the command, as its log tells it."""

    assignment: str
    student: str = ""
    """The one that is graded; "" where it is all."""
    in_terminal: bool = False
    """Whether it was started in a terminal, which alone can stop it."""
    total: int = 0
    reused: int = 0
    finished: int = 0
    working: dict[str, None] = field(default_factory=dict)
    troubles: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_TROUBLES))
    """Whose grading went wrong, and how; the latest ones."""
    said: deque[str] = field(default_factory=lambda: deque(maxlen=_WORDS))
    """The last lines that were meant for the terminal."""
    stopping: bool = False
    code: int | None = None
    """The exit code; None while it runs."""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def runs(self) -> bool:
        """Say whether it is still at work."""
        return self.code is None

    def snapshot(self) -> Mapping[str, object]:
        """Return what a page shows of it."""
        seconds = (self.ended or time.monotonic()) - self.began
        left = seconds / self.finished * (self.total - self.finished) if self.finished and self.runs else None
        return {
            "assignment": self.assignment,
            "student": plain_text(self.student, 60),
            "in_terminal": self.in_terminal,
            "state": "stopping" if self.runs and self.stopping else "running" if self.runs else "ended",
            "total": self.total,
            "reused": self.reused,
            "finished": self.finished,
            "working": [plain_text(one, 60) for one in self.working],
            "seconds": round(seconds),
            "seconds_left": None if left is None else round(left),
            "troubles": [[plain_text(who, 60), plain_text(what, 300)] for who, what in reversed(self.troubles)],
            "ending": self.ending,
            "recent": self.ended is None or time.monotonic() - self.ended < _RECENT_SECONDS,
        }

    @property
    def ending(self) -> str:
        """Return how it ended in words, "" while it runs."""
        if self.runs:
            return ""
        if self.code and not self.total:
            return plain_text(self.said[-1] if self.said else f"It ended with exit code {self.code}.", 500)
        if not self.total:
            return f"Nothing to do: {self.reused} have their result."
        if self.finished < self.total:
            return f"Ended with {self.total - self.finished} left; grading again goes on with those."
        return f"{self.finished} graded."

    def take(self, line: bytes) -> None:
        """Take in one line of the log."""
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        kind, student = event.get("event"), str(event.get("student", ""))
        if kind == "batch":
            self.total, self.reused = event["jobs"], event["reused"]
            if self.in_terminal:  # the server may have been started after it
                self.began -= max(0.0, (datetime.now(UTC) - datetime.fromisoformat(event["time"])).total_seconds())
        elif kind == "started":
            self.working[student] = None
        elif kind == "finished":
            self.working.pop(student, None)
            self.finished += 1
            if event["trouble"]:
                self.troubles.append((student, event["trouble"]))
        elif kind == "message":
            self.said.append(event["text"])


class Batches:
    """The batches of one server: at most one runs."""

    def __init__(self, options: Sequence[str]) -> None:
        """Give every batch these options."""
        self._options = options
        self._latest: Batch | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    @property
    def latest(self) -> Batch | None:
        """Return the batch that runs, or the one that ran last; None before the first."""
        return self._latest

    async def start(self, assignment: str, student: str = "", *, force: bool = False) -> Batch:
        """Start one; raise AutograderError where one is running."""
        if self._latest is not None and self._latest.runs:
            where = " in the terminal that it was started in" if self._latest.in_terminal else ""
            raise AutograderError(
                f"A batch of {self._latest.assignment} is running; wait for its end, or stop it first{where}."
            )
        batch = self._latest = Batch(assignment=assignment, student=student)
        only = [f"--student={student}"] if student else []
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "autograder", "grade", assignment, "--log", "json"),
                *(*self._options, *only, *(["--force"] if force else [])),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
                start_new_session=True,
            )
        except OSError as error:
            batch.code = 2
            raise AutograderError(f"The batch could not be started ({error.strerror}); try again.") from error
        self._reading = asyncio.create_task(self._read(batch, self._process))
        return batch

    def stop(self) -> None:
        """Let the batch finish what it is at and begin no more; the second time it ends at once."""
        if (
            self._latest is not None
            and self._latest.runs
            and not self._latest.in_terminal
            and self._process is not None
        ):
            self._latest.stopping = True
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    async def close(self) -> None:
        """Stop what is running; what takes long to finish is left to end by itself, and keeps its results."""
        self.stop()
        if self._reading is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reading), _FAREWELL_SECONDS)

    async def snapshots(self) -> AsyncIterator[Mapping[str, object]]:
        """Yield what there is to show, and again whenever there is news; {} where nothing ever ran."""
        shown: Mapping[str, object] | None = None
        while True:
            current = self._latest.snapshot() if self._latest else {}
            if current != shown:
                shown = current
                yield current
            async with self._news:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 1.0)

    async def follow(self, results: Path) -> None:
        """Tell of batches that a terminal starts on this folder of results, for ever."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._latest is not None and self._latest.runs:
                continue
            with contextlib.suppress(OSError), (results / BATCH_LOG).open("rb") as file:
                if is_written(file):
                    await self._follow(file)

    async def _follow(self, file: BinaryIO) -> None:
        batch: Batch | None = None
        rest = b""
        goes_on = True
        while goes_on:
            goes_on = is_written(file)  # asked first: what was written until its end is read below
            *lines, rest = (rest + file.read()).split(b"\n")
            for line in lines:
                if batch is None:
                    batch = self._latest = Batch(assignment=json.loads(line)["assignment"], in_terminal=True)
                batch.take(line)
            await self._tell()
            if goes_on:
                await asyncio.sleep(_LOOK_SECONDS)
        if batch is not None:
            self._end(batch, code=0 if batch.finished == batch.total else 2)
            await self._tell()

    async def _read(self, batch: Batch, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        beside = asyncio.create_task(_read_words(batch, process.stderr))
        async for line in process.stdout:
            batch.take(line)
            await self._tell()
        await beside
        self._end(batch, code=await process.wait())
        await self._tell()

    @staticmethod
    def _end(batch: Batch, *, code: int) -> None:
        batch.code = code
        batch.ended = time.monotonic()
        batch.working.clear()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


async def _read_words(batch: Batch, stream: asyncio.StreamReader) -> None:
    async for line in stream:
        if text := line.decode("utf-8", "replace").strip():
            batch.said.append(text)

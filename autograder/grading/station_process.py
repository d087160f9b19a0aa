"""Start a station, hand it jobs, and take what it says."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from autograder.checks.surroundings import UMASK, checks_environment
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.grading.job import Job
from autograder.sandbox.outside.memory_cgroup import MemoryCgroups
from autograder.sandbox.shared.gpu import Gpu

__all__ = ["Done", "Ready", "StationConfig", "StationLost", "StationProcess", "Task", "start_process"]

_END_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class StationConfig:
    """What all the jobs of a station have in common."""

    course: Course
    assignment: str
    private: tuple[Path, ...] = ()
    """What student code must not see, beside the course: submissions, results."""
    isolated: bool = True
    """Whether student code is shut in; without, every result says so."""
    user: int | None = None
    """Without isolation: the user that student code runs as."""
    cgroups: MemoryCgroups | None = None
    """Where each submission gets a cgroup of its own."""
    gpus: tuple[Gpu | None, ...] = (None,)
    """What student code computes on; None is the CPU."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One job for the station."""

    number: int
    job: Job
    gpu: int | None = None
    """The number of the GPU; None: the CPU."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Everything is loaded."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A task has its result, as the result file's content."""

    number: int
    content: bytes


class StationLost(Exception):
    """The station is gone, and with it what it was at."""

    def __init__(self, code: int, *, was_ready: bool) -> None:
        self.code = code
        self.was_ready = was_ready
        super().__init__(f"the process that grades ended unexpectedly (exit code {code})")


class StationProcess:
    """One station, as the process that hands out the jobs sees it."""

    def __init__(self, config: StationConfig, environment: Mapping[str, str] | None = None) -> None:
        """Start it where the course lies; `environment` is added to what is chosen of this process's own."""
        self._process, self.line = start_process(
            *("-I", "autograder.grading.station"),
            environment={**checks_environment(os.environ), **(environment or {})},
            folder=config.course.root,
        )
        self.line.send(config)
        self._ready = False

    def submit(self, task: Task) -> None:
        """Have a job graded; raise StationLost."""
        try:
            self.line.send(task)
        except OSError:
            raise self._lost() from None

    def receive(self) -> tuple[int, bytes]:
        """Return a result file's content with its task's number; raise StationLost, or why nothing can be graded."""
        while True:
            try:
                message = self.line.recv()
            except (EOFError, ConnectionResetError):
                raise self._lost() from None
            if isinstance(message, AutograderError):
                raise message
            if isinstance(message, Done):
                return message.number, message.content
            self._ready = True

    def close(self) -> None:
        """End it, with its workers and all that they started."""
        self.line.close()
        if not self._ready:  # it loads its libraries, and hears nothing
            self._process.kill()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lost(self) -> StationLost:
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return StationLost(code, was_ready=self._ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start_process(
    option: str, module: str, *, environment: Mapping[str, str], folder: Path | None = None
) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a module of this package as a process of its own, in a session of its own, with a connection to it.

    `option` is Python's: -I where nothing of the surroundings may have a say, -P where only `folder` may not.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, option, "-m", module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            cwd=folder,
            umask=UMASK,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return process, Connection(ours.detach())

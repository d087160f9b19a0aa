"""Run jobs on a Ray cluster, which does the scheduling, the data movement and the recovery from lost machines."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection

from autograder.checks.secret import read_secret
from autograder.course import Course, load_course
from autograder.errors import AutograderError
from autograder.grading.job import Event, Finished, Job, Started
from autograder.grading.station_process import start_process
from autograder.sandbox.shared.config import ONE_THREAD

__all__ = ["Drain", "DriverConfig", "RayEngine", "TaskEvent"]

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what matters is told by us
    "RAY_gcs_rpc_server_reconnect_timeout_s": "20",  # how long the driver waits for a head that is gone
}


_END_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class DriverConfig:
    """What the process that talks to Ray is told first."""

    address: str | None
    course: Course
    secret: str
    jobs: Sequence[Job]
    device: str
    isolated: bool
    alone: bool
    workers: int | None


@dataclass(frozen=True)
class Drain:
    """Begin no more jobs."""


@dataclass(frozen=True)
class TaskEvent:
    """A job has begun, or has its result (as the result file's content)."""

    key: tuple[str, str, int]
    content: bytes = b""


@dataclass(kw_only=True)
class RayEngine:
    """The engine for more than one machine. Ray runs in a process of its own, so that its end is not the batch's."""

    address: str | None = None
    """Of the cluster's head, `host:port`; None: the one that Ray finds, else one for this machine alone."""
    workers: int | None = None
    """The most submissions graded at a time; None: as many as the cluster has cores, or shares of GPUs."""
    isolated: bool = True
    device: str = "auto"
    _line: Connection | None = None
    _draining: bool = False

    def run(self, jobs: Sequence[Job], *, alone: bool = False) -> Iterator[Event]:
        """Yield what happens; see Engine. The jobs belong to one assignment."""
        if not jobs or self._draining:
            return
        if find_spec("ray") is None:
            raise ModuleNotFoundError("--engine ray needs Ray", name="ray")
        course = load_course(jobs[0].root)
        left = {job.key: job for job in jobs}
        # Ray's own settings are variables of many names; no check runs in this process
        process, line = start_process(
            *("-P", "autograder.grading.ray.driver"), environment={**ONE_THREAD, **_ENVIRONMENT, **os.environ}
        )
        try:
            self._line = line
            line.send(
                DriverConfig(
                    address=self.address,
                    course=course,
                    secret=read_secret(course),
                    jobs=jobs,
                    device=self.device,
                    isolated=self.isolated,
                    alone=alone,
                    workers=self.workers,
                )
            )
            while left:
                event = _receive(line)
                if event is None:  # drained
                    break
                job = left[event.key]
                if event.content:
                    del left[event.key]
                    yield Finished.from_json(job, event.content)
                else:
                    yield Started(job=job)
        finally:
            self._line = None
            line.close()  # so it ends, and has Ray end what it started
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def drain(self) -> None:
        """Begin no more jobs."""
        self._draining = True
        if self._line is not None:
            self._line.send(Drain())


def _receive(line: Connection) -> TaskEvent | None:
    """Return what the driver says next, None where it is through; raise AutograderError where it cannot go on."""
    try:
        message = line.recv()
    except (EOFError, ConnectionResetError):
        raise AutograderError(
            "The connection to the Ray cluster was lost; once the cluster is there again, the same command goes on "
            "with what is left."
        ) from None
    if isinstance(message, AutograderError):
        raise message
    assert message is None or isinstance(message, TaskEvent)
    return message

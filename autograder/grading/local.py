"""Run jobs on this machine: in a station that loads torch, checks and data once and forks a worker for each job."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from autograder.errors import AutograderError
from autograder.grading.job import Event, Finished, Job

__all__ = ["LocalEngine"]

_END_SECONDS = 10.0
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class LocalEngine:
    """The default engine."""

    workers: int
    isolated: bool = True
    """Whether student code is shut in; without, every result says so."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Yield what happens; at most `workers` submissions are graded at a time.

        Raise AutograderError where grading cannot begin at all, for instance on a host that cannot isolate.
        """
        if not jobs:
            return
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        station = context.Process(target=_station, args=(jobs, self.workers, theirs, self.isolated))
        station.start()
        theirs.close()
        left = {job.student: job for job in jobs}
        try:
            while left:
                event = _receive(ours, station)
                if isinstance(event, Finished):
                    del left[event.job.student]
                yield event
            station.join(_END_SECONDS)
        finally:
            station.kill()
            station.join()
            ours.close()


def _station(jobs: Sequence[Job], slots: int, batch: Connection, isolated: bool) -> None:  # noqa: FBT001 - across a spawn
    from autograder.grading.station import serve  # noqa: PLC0415 - loads torch, in this process alone

    serve(jobs, slots, batch, isolated=isolated)
    os._exit(0)  # without the libraries' own farewells


def _receive(connection: Connection, station: multiprocessing.process.BaseProcess) -> Event:
    try:
        event = connection.recv()
    except EOFError:
        station.join()
        raise AutograderError(
            f"The process that grades ended unexpectedly (exit code {station.exitcode}); "
            "the same command goes on with what is left."
        ) from None
    if isinstance(event, AutograderError):
        raise event
    assert isinstance(event, Event)
    return event

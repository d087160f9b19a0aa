"""Run jobs in processes of this machine: each in a fresh fork of one process that has torch loaded already."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess

from autograder.grading.job import Event, Finished, Job, Started
from autograder.results import Result, Status

__all__ = ["LocalEngine"]

_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """A process that grades one submission."""

    job: Job
    process: ForkServerProcess
    connection: Connection
    lost_at: float
    """On the monotonic clock: when there is no use in waiting any longer."""


@dataclass(frozen=True, kw_only=True)
class LocalEngine:
    """The default engine."""

    workers: int

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Yield what happens; at most `workers` submissions are graded at a time."""
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["autograder.grading.worker"])
        waiting = list(reversed(jobs))
        running: list[_Worker] = []
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    running.append(_start(context, waiting.pop()))
                    yield Started(job=running[-1].job)
                for worker in _wait_for_any(running):
                    running.remove(worker)
                    yield Finished(job=worker.job, result=_collect(worker))
        finally:
            for worker in running:
                worker.process.kill()
                worker.process.join()
                worker.connection.close()


def _start(context: ForkServerContext, job: Job) -> _Worker:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(job=job, process=process, connection=ours, lost_at=time.monotonic() + job.seconds)


def _wait_for_any(running: Sequence[_Worker]) -> list[_Worker]:
    """Return the workers that have something to say, or have ended; one that overruns its time is ended here."""
    left = min(worker.lost_at for worker in running) - time.monotonic()
    ready = wait([worker.connection for worker in running], timeout=max(0.0, left))
    if not ready:
        late = [worker for worker in running if worker.lost_at <= time.monotonic()]
        for worker in late:
            worker.process.kill()
        return late
    return [worker for worker in running if worker.connection in ready]


def _work(job: Job, connection: Connection) -> None:
    from autograder.grading.worker import grade  # noqa: PLC0415 - loaded already in the process forked from

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the batch to see to
    threading.Thread(target=_end_with_batch, daemon=True).start()
    connection.send(grade(job).to_json())
    connection.close()


def _end_with_batch() -> None:
    """End this process once the batch has: the student's process goes down with it."""
    batch = multiprocessing.parent_process()
    assert batch is not None, "a worker is started by a batch"
    wait([batch.sentinel])
    os._exit(1)


def _collect(worker: _Worker) -> Result:
    """Return the result that a worker sent, or one that says that the worker was lost."""
    try:
        return Result.from_json(worker.connection.recv())
    except EOFError:
        worker.process.join()
        return Result(
            assignment=worker.job.assignment,
            student=worker.job.student,
            status=Status.FAILED,
            score=0.0,
            max_score=0.0,
            reason=f"the worker was lost (exit code {worker.process.exitcode}); grade again",
            submitted_at=worker.job.submitted_at,
            fingerprint=worker.job.fingerprint,
        )
    finally:
        worker.connection.close()
        worker.process.join()

"""Run jobs in processes of this machine: each in a fresh fork of one process that has torch loaded already."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from autograder.grading.job import Event, Finished, Job, Started
from autograder.results import Result, Status

__all__ = ["LocalEngine"]

_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


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
        running: dict[Connection, tuple[Job, ForkServerProcess]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    job = waiting.pop()
                    ours, theirs = context.Pipe(duplex=False)
                    process = context.Process(target=_work, args=(job, theirs), daemon=True)
                    process.start()
                    theirs.close()
                    running[ours] = job, process
                    yield Started(job=job)
                for connection in wait(list(running)):
                    assert isinstance(connection, Connection), "only pipes are waited for"
                    job, process = running.pop(connection)
                    yield Finished(job=job, result=_collect(job, connection, process))
        finally:
            for connection, (_, process) in running.items():
                process.kill()
                process.join()
                connection.close()


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


def _collect(job: Job, connection: Connection, process: ForkServerProcess) -> Result:
    """Return the result that a worker sent, or one that says that the worker was lost."""
    try:
        result = Result.from_json(connection.recv())
    except EOFError:
        process.join()
        result = Result(
            assignment=job.assignment,
            student=job.student,
            status=Status.FAILED,
            score=0.0,
            max_score=0.0,
            reason=f"the worker was lost (exit code {process.exitcode}); grade again",
            fingerprint=job.fingerprint,
        )
    finally:
        connection.close()
    process.join()
    return result

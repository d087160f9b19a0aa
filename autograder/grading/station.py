"""Be the process that workers are forked from: it holds what all submissions to one assignment share, loaded once.

Beside it runs the warm process that students' processes are forked from, which knows nothing of what is loaded here.
Nothing here may run an operation of torch on two threads: a process that ever has cannot be forked safely.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import pytest
import torch
import torch.testing._comparison
import torchvision.datasets  # noqa: F401 - loaded here once, not in every fork

import autograder.checks.handles
import autograder.checks.verdict  # noqa: F401 - these, too, are loaded here once, not in every fork
from autograder.checks.preparation import Preparation
from autograder.checks.session import fixtures_of, with_collected_checks
from autograder.course import load_course
from autograder.errors import AutograderError, GraderError
from autograder.grading.job import Finished, Job, Started
from autograder.grading.worker import Place, grade
from autograder.results import Result, Status
from autograder.sandbox.syscalls import die_with_parent, gather_memory
from autograder.sandbox.warm_process import ForkedSandbox, SandboxError, WarmProcess

__all__ = ["serve"]

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """A process that grades one submission."""

    job: Job
    process: BaseProcess
    connection: Connection
    slot: int
    lost_at: float
    """On the monotonic clock: when there is no use in waiting any longer."""


def serve(jobs: Sequence[Job], slots: int, batch: Connection, *, isolated: bool) -> None:
    """Grade the jobs of one assignment, `slots` at a time; send each event, and where nothing goes, an error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the batch to see to
    die_with_parent()
    torch.set_num_threads(1)
    course = load_course(jobs[0].root)
    preparation = Preparation(course, course.assignment(jobs[0].assignment))
    try:
        with WarmProcess(preparation.surroundings(isolated=isolated, device=jobs[0].device)) as warm:

            def work(session: pytest.Session) -> None:
                preparation.warm_up(fixtures_of(session))
                gc.collect()
                gc.freeze()
                gather_memory()
                warm.wait_until_ready()
                _Station(preparation, session, warm.sandbox(), batch).run(jobs, slots)

            with_collected_checks(course.checks_folder(preparation.assignment.name), work)
    except (AutograderError, SandboxError) as error:
        batch.send(error if isinstance(error, AutograderError) else GraderError(str(error)))
    batch.close()


class _Station:
    """Fork a worker for each job."""

    def __init__(
        self, preparation: Preparation, session: pytest.Session, sandbox: ForkedSandbox, batch: Connection
    ) -> None:
        self._preparation = preparation
        self._session = session
        self._sandbox = sandbox
        self._batch = batch
        self._cores = sorted(os.sched_getaffinity(0))

    def run(self, jobs: Sequence[Job], slots: int) -> None:
        """Work until every job has its result."""
        waiting = list(reversed(jobs))
        running: list[_Worker] = []
        while waiting or running:
            while waiting and len(running) < slots:
                taken = {worker.slot for worker in running}
                running.append(self._start(waiting.pop(), min(set(range(slots)) - taken)))
                self._batch.send(Started(job=running[-1].job))
            for worker in _wait_for_any(running):
                running.remove(worker)
                self._batch.send(Finished(job=worker.job, result=_collect(worker)))

    def _start(self, job: Job, slot: int) -> _Worker:
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=self._work, args=(job, slot, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Worker(job=job, process=process, connection=ours, slot=slot, lost_at=time.monotonic() + job.seconds)

    def _work(self, job: Job, slot: int, connection: Connection) -> None:
        """Go on as the worker T in the forked child."""
        die_with_parent()
        core = self._cores[slot % len(self._cores)]
        with contextlib.suppress(OSError):  # where a container refuses, the kernel chooses
            os.sched_setaffinity(0, {core})
        place = Place(preparation=self._preparation, session=self._session, sandbox=self._sandbox, core=core)
        connection.send(grade(job, place).to_json())
        connection.close()


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


def _collect(worker: _Worker) -> Result:
    """Return the result that a worker sent, or one that says that the worker was lost."""
    try:
        return Result.from_json(worker.connection.recv())
    except EOFError:
        worker.process.join()
        return _lost(worker.job, f"the worker was lost (exit code {worker.process.exitcode}); grade again")
    finally:
        worker.connection.close()
        worker.process.join()


def _lost(job: Job, reason: str) -> Result:
    """Return the result of a job that got none."""
    return Result(
        assignment=job.assignment,
        student=job.student,
        status=Status.FAILED,
        score=0.0,
        max_score=0.0,
        reason=reason,
        submitted_at=job.submitted_at,
        fingerprint=job.fingerprint,
    )

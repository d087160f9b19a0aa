"""Be the process that workers are forked from: it holds what all submissions to one assignment share, loaded once.

Started as `python -P -m autograder.grading.station FD` with a connection to whoever hands out the jobs. Beside it runs
the warm process that students' processes are forked from (one for each GPU), which knows nothing of what is here.
Nothing here may run an operation of torch on two threads: a process that ever has cannot be forked safely.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
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
from autograder.errors import AutograderError, GraderError
from autograder.grading.job import lost
from autograder.grading.station_process import Done, Ready, Setting, Ticket
from autograder.grading.worker import Place, grade
from autograder.results import Result
from autograder.sandbox.syscalls import die_with_parent, gather_memory
from autograder.sandbox.warm_process import SandboxError, WarmProcess

__all__ = ["main"]

_FORK = multiprocessing.get_context("fork")
_WARM_PROCESS_GONE = 3


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """A process that grades one submission."""

    ticket: Ticket
    process: BaseProcess
    connection: Connection
    slot: int
    lost_at: float
    """On the monotonic clock: when there is no use in waiting any longer."""


def _serve(setting: Setting, line: Connection) -> None:
    """Grade what is ordered on the line until it closes; where nothing goes at all, send an error."""
    preparation = Preparation(setting.course, setting.course.assignment(setting.assignment))
    try:
        with contextlib.ExitStack() as stack:
            warm: dict[int | None, WarmProcess] = {}
            for gpu in setting.gpus:
                device = "cpu" if gpu is None else f"cuda:{gpu}"
                surroundings = preparation.surroundings(isolated=setting.isolated, device=device)
                warm[gpu] = stack.enter_context(WarmProcess(surroundings))

            def work(session: pytest.Session) -> None:
                preparation.warm_up(fixtures_of(session))
                gc.collect()
                gc.freeze()
                gather_memory()
                for process in warm.values():
                    process.wait_until_ready()
                line.send(Ready())
                _Station(preparation, session, warm, line).run()

            with_collected_checks(setting.course.checks_folder(setting.assignment), work)
    except (AutograderError, SandboxError) as error:
        line.send(error if isinstance(error, AutograderError) else GraderError(str(error)))


class _Station:
    """Fork a worker for each job."""

    def __init__(
        self,
        preparation: Preparation,
        session: pytest.Session,
        warm: Mapping[int | None, WarmProcess],
        line: Connection,
    ) -> None:
        self._preparation = preparation
        self._session = session
        self._warm = warm
        self._line = line
        self._cores = sorted(os.sched_getaffinity(0))

    def run(self) -> None:
        """Work until the line closes, and no longer than students' processes can be made."""
        running: list[_Worker] = []
        while True:
            ready = _wait_for_any(running, [self._line, *(process.end for process in self._warm.values())])
            if any(process.end in ready for process in self._warm.values()):
                os._exit(_WARM_PROCESS_GONE)  # whoever hands out the jobs starts another station
            try:
                for worker in ready:
                    if isinstance(worker, _Worker):
                        running.remove(worker)
                        self._line.send(Done(number=worker.ticket.number, result=_collect(worker).to_json()))
                if self._line in ready:
                    ticket = self._line.recv()
                    running.append(self._start(ticket, {worker.slot for worker in running}))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                return  # nobody wants any more

    def _start(self, ticket: Ticket, taken: set[int]) -> _Worker:
        slot = min(set(range(len(taken) + 1)) - taken)
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=self._work, args=(ticket, slot, theirs), daemon=True)
        process.start()
        theirs.close()
        ends = time.monotonic() + ticket.job.seconds
        return _Worker(ticket=ticket, process=process, connection=ours, slot=slot, lost_at=ends)

    def _work(self, ticket: Ticket, slot: int, connection: Connection) -> None:
        """Go on as the worker T in the forked child."""
        die_with_parent()
        core = self._cores[slot % len(self._cores)]
        with contextlib.suppress(OSError):  # where a container refuses, the kernel chooses
            os.sched_setaffinity(0, {core})
        sandbox = self._warm[ticket.gpu].sandbox()
        place = Place(preparation=self._preparation, session=self._session, sandbox=sandbox, core=core)
        connection.send(grade(ticket.job, place).to_json())
        connection.close()


def _wait_for_any(running: Sequence[_Worker], others: Sequence[Connection | int]) -> list[_Worker | Connection | int]:
    """Return the workers and others that have something to say, or have ended; a worker that overruns is ended here."""
    left = min((worker.lost_at for worker in running), default=None)
    timeout = None if left is None else max(0.0, left - time.monotonic())
    ready = wait([*(worker.connection for worker in running), *others], timeout=timeout)
    if not ready:
        late = [worker for worker in running if worker.lost_at <= time.monotonic()]
        for worker in late:
            worker.process.kill()
        return list(late)
    workers = [worker for worker in running if worker.connection in ready]
    return [*workers, *(other for other in others if other in ready)]


def _collect(worker: _Worker) -> Result:
    """Return the result that a worker sent, or one that says that the worker was lost."""
    try:
        return Result.from_json(worker.connection.recv())
    except EOFError:
        worker.process.join()
        return lost(worker.ticket.job, f"the worker was lost (exit code {worker.process.exitcode}); grade again")
    finally:
        worker.connection.close()
        worker.process.join()


def main() -> None:
    """Serve on the connection whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the batch to see to
    die_with_parent()
    line = Connection(int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    sys.argv[1:] = []
    torch.set_num_threads(1)
    setting = line.recv()
    assert isinstance(setting, Setting), "it is the first that is sent"
    _serve(setting, line)
    line.close()
    os._exit(0)  # without the libraries' own farewells


if __name__ == "__main__":
    main()

"""Be the process that workers are forked from: it holds what all submissions to one assignment share, loaded once.

Started as `python -I -m autograder.grading.station FD` with a connection to whoever hands out the jobs. Beside it runs
the zygote that students' processes are forked from (one for each GPU), which knows nothing of what is here.
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

import autograder.checks.handles
import autograder.checks.learning_curves
import autograder.checks.told_seeds
import autograder.checks.verdict  # noqa: F401 - these are loaded here once, not in every fork
from autograder.checks.marks import code_id, is_check, read_marks
from autograder.checks.preparation import Preparation
from autograder.checks.session import fixtures_of, with_collected_checks
from autograder.errors import AutograderError, GraderError
from autograder.grading.check_code import read_check_code
from autograder.grading.job import lost
from autograder.grading.station_process import Done, Ready, StationConfig, Task
from autograder.grading.worker import WorkerContext, grade
from autograder.notebooks import questions_by_hand, read_notebook
from autograder.sandbox.outside.zygote_process import SandboxError, ZygoteProcess
from autograder.sandbox.shared.calling_process import ForkingMemory, die_with_parent, limit_memory
from autograder.sandbox.shared.libraries import load_libraries

__all__ = ["main"]

_FORK = multiprocessing.get_context("fork")
_ZYGOTE_GONE = 3
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """A process that grades one submission."""

    task: Task
    process: BaseProcess
    connection: Connection
    slot: int
    lost_at: float
    """On the monotonic clock: when there is no use in waiting any longer."""


def _serve(config: StationConfig, line: Connection) -> None:
    """Grade what is ordered on the line until it closes; where nothing goes at all, send an error."""
    preparation = Preparation(config.course, config.course.assignment(config.assignment))
    try:
        with contextlib.ExitStack() as stack:
            zygotes: dict[int | None, ZygoteProcess] = {}
            for gpu in config.gpus:
                sandbox_config = preparation.sandbox_config(
                    isolated=config.isolated, gpu=gpu, private=config.private, user=config.user
                )
                zygotes[None if gpu is None else gpu.number] = stack.enter_context(
                    ZygoteProcess(sandbox_config, config.cgroups)
                )
            load_libraries(preparation.libraries)

            def work(session: pytest.Session) -> None:
                _require_all_checks(preparation, session)
                os.chdir(stack.enter_context(preparation.working_folder()))  # workers inherit it
                preparation.warm_up(fixtures_of(session))
                session.config.pluginmanager.unregister(name="terminalreporter")  # nobody reads what it would print
                for item in filter(is_check, session.items):  # both are kept with the item
                    read_marks(item)
                    assert item.location
                gc.collect()
                gc.freeze()
                for process in zygotes.values():
                    process.wait_until_ready()
                line.send(Ready())
                _Station(preparation, session, zygotes, line).run()

            with_collected_checks(config.course, config.assignment, work)
    except (AutograderError, SandboxError) as error:
        line.send(error if isinstance(error, AutograderError) else GraderError(str(error)))


def _require_all_checks(preparation: Preparation, session: pytest.Session) -> None:
    """Raise GraderError where pytest collected other checks than are written in the course's files."""
    assignment, folder = preparation.assignment, preparation.course.checks_folder(preparation.assignment.name)
    checks = [item for item in session.items if is_check(item)]
    found = {code_id(item) for item in checks}
    lost = [check.id for check in read_check_code(folder, {}) if check.id not in found]
    points = sum(read_marks(item).points for item in checks)
    by_hand = sum(questions_by_hand(read_notebook(preparation.course.source_notebook(assignment.name))).values())
    if lost or abs(points + by_hand - assignment.points) > _ROUNDING:
        lack = f", without {', '.join(lost[:5])}" if lost else ""
        raise GraderError(
            f"{folder}: the checks that pytest collects are worth {points:g} of {assignment.points - by_hand:g} "
            f"points{lack}; "
            "nothing is graded before they are all there."
        )


class _Station:
    """Fork a worker for each job."""

    def __init__(
        self,
        preparation: Preparation,
        session: pytest.Session,
        zygotes: Mapping[int | None, ZygoteProcess],
        line: Connection,
    ) -> None:
        self._preparation = preparation
        self._session = session
        self._zygotes = zygotes
        self._line = line
        self._cores = sorted(os.sched_getaffinity(0))
        self._memory = ForkingMemory()

    def run(self) -> None:
        """Work until the line closes, and no longer than students' processes can be made."""
        running: list[_Worker] = []
        while True:
            ready = _wait_for_any(running, [self._line, *(process.end for process in self._zygotes.values())])
            if any(process.end in ready for process in self._zygotes.values()):
                os._exit(_ZYGOTE_GONE)  # whoever hands out the jobs starts another station
            try:
                for worker in ready:
                    if isinstance(worker, _Worker):
                        running.remove(worker)
                        self._line.send(Done(number=worker.task.number, content=_collect(worker)))
                if self._line in ready:
                    task = self._line.recv()
                    running.append(self._start(task, {worker.slot for worker in running}))
            except (EOFError, BrokenPipeError, ConnectionResetError):
                return  # nobody wants any more

    def _start(self, task: Task, taken: set[int]) -> _Worker:
        slot = min(set(range(len(taken) + 1)) - taken)
        ours, theirs = _FORK.Pipe(duplex=False)
        self._memory.before_fork()
        process = _FORK.Process(target=self._work, args=(task, slot, theirs), daemon=True)
        process.start()
        theirs.close()
        ends = time.monotonic() + task.job.seconds
        return _Worker(task=task, process=process, connection=ours, slot=slot, lost_at=ends)

    def _work(self, task: Task, slot: int, connection: Connection) -> None:
        """Go on as the checks process in the forked child."""
        die_with_parent()
        core = self._cores[slot % len(self._cores)]
        with contextlib.suppress(OSError):  # where a container refuses, the kernel chooses
            os.sched_setaffinity(0, {core})
        limit_memory(self._preparation.assignment.budget.checks_memory_mb * 2**20)
        sandbox = self._zygotes[task.gpu].sandbox()
        context = WorkerContext(preparation=self._preparation, session=self._session, sandbox=sandbox, core=core)
        connection.send_bytes(grade(task.job, context).to_json())
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


def _collect(worker: _Worker) -> bytes:
    """Return the result file that a worker sent, unread, or one that says that the worker was lost."""
    try:
        return worker.connection.recv_bytes()
    except (EOFError, OSError):  # it ended before, or amid its result
        worker.process.join()
        reason = f"the worker was lost (exit code {worker.process.exitcode}); grade again"
        return lost(worker.task.job, reason).to_json()
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
    config = line.recv()
    assert isinstance(config, StationConfig), "it is the first that is sent"
    _serve(config, line)
    line.close()
    os._exit(0)  # without the libraries' own farewells


if __name__ == "__main__":
    main()

"""Run a notebook in a student process and answer the checks' requests to it, within the submission's budget."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from autograder.answer_files import HandedInFile
from autograder.checks.cell_records import CellRecords
from autograder.checks.endless import EndlessFunctions
from autograder.checks.failures import Failures
from autograder.checks.outcomes import Crashed, OutsideCheck, TimedOut
from autograder.checks.present_check import PresentCheck
from autograder.course import Budget
from autograder.errors import GraderError
from autograder.notebooks import Notebook, PlannedCell
from autograder.results import CellRecord, CellStatus, Flag
from autograder.sandbox.outside.process import Died, Lost, Outcome, Raised, Sandbox, StudentProcess
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.protocol import ImportPath, ProtocolError, StandIn

__all__ = ["NotebookRun"]

_GRACE_SECONDS = 3.0
_SEED_SECONDS = 30.0
_MAX_RESTARTS = 3
_AGAIN = 0.1
"""Part of a cell's seconds for one that calls a function which did not come to an end before: it is paid for once."""


class NotebookRun:
    """The student's notebook as the checks see it: started when first asked, started anew after it died."""

    def __init__(
        self,
        plan: Sequence[PlannedCell],
        budget: Budget,
        sandbox: Sandbox,
        seed: int,
        *,
        core: int | None = None,
        notebook: Notebook | None = None,
        files: Sequence[HandedInFile] = (),
        questions_in_files: Collection[str] = (),
    ) -> None:
        """Plan a run; `files` are those beside the notebook that students edit, with these questions in them."""
        self._plan = plan
        self._files = files
        self._questions_in_files = questions_in_files
        self._notebook_seed = seed
        self._budget = budget
        self._limits = _limits(budget, core)
        self._sandbox = sandbox
        self._process: StudentProcess | None = None
        self._printed = ""
        self._deadly: set[str] = set()
        self._records = CellRecords()
        self.flags: set[Flag] = set() if sandbox.isolated else {Flag.UNSANDBOXED}
        self._failures = Failures(
            *(plan, notebook, files, questions_in_files),
            records=self._records,
            flags=self.flags,
            memory_mb=budget.memory_mb,
        )
        self._endless = EndlessFunctions(self._failures.sources)
        self._left = budget.total_seconds
        self._excused_before = 0.0
        """Seconds that the processes before the present one lost to others; see `_now`."""
        self.output: str | None = None
        """What the cells printed when they were first run. What is printed in checks may tell of hidden inputs."""
        self._counted = 0.0
        """Seconds that were counted, the student's or not: what is within others is counted once."""
        self.check = PresentCheck()
        self._one_thread = threading.RLock()
        self.waiting: list[tuple[str, tuple[object, ...]]] = []
        """What fixtures ask for before the check begins."""
        self._check_left: float | None = None
        self._check_seconds = budget.check_seconds
        self._check_seed: int | None = None
        self.seconds = {"start": 0.0, "notebook": 0.0, "answers": 0.0}
        self.epoch = 0
        self.peak_mb = 0.0
        """The most memory that the student process itself had in the last check, beyond what it started with."""

    @property
    def cells(self) -> tuple[CellRecord, ...]:
        """Return how each cell ended when it was first run."""
        return self._records.of(self._plan)

    @property
    def plan(self) -> Sequence[PlannedCell]:
        """Return the cells that are run."""
        return self._plan

    @property
    def seconds_left(self) -> float:
        """Return what is left of the submission's seconds."""
        return self._left

    @property
    def in_check(self) -> bool:
        """Return whether a check is at work."""
        return self._check_left is not None

    @property
    def setup_seconds(self) -> float:
        """Return the time that went into starting processes and running cells, in whichever check it fell."""
        return self.seconds["start"] + self.seconds["notebook"]

    def begin_check(self, seconds: float | None, seed: int, check: PresentCheck | None = None) -> None:
        """Open the line for one check, with its deadline and its random seed."""
        self._check_seconds = seconds or self._budget.check_seconds
        self._check_left = self._check_seconds
        self._check_seed = seed
        self.epoch += 1
        self.check = check or PresentCheck()
        self.check.begin_with(self.waiting)
        self.waiting = []
        if self._process is not None:
            self._process.forget_peak()
            self._process.take_printed()

    def end_check(self) -> None:
        """Close the line: until the next check nothing reaches the student process."""
        self._check_left = None
        self.epoch += 1
        self.check = PresentCheck()
        self.peak_mb = self._process.peak_bytes() / 2**20 if self._process is not None else 0.0

    def close(self) -> None:
        """End the student process with all that it started."""
        if self._process is not None:
            self._process.close()
            self._printed = self._process.output
            self._excused_before += self._process.excused_seconds
            self._process = None

    def again(self, plan: Sequence[PlannedCell]) -> "NotebookRun":
        """Return a run of other cells, on what this one has left of its time; `seconds` counts for both."""
        other = NotebookRun(
            *(plan, self._budget, self._sandbox, self._notebook_seed),
            core=self._limits.core,
            files=self._files,
            questions_in_files=self._questions_in_files,
        )
        other._left = self._left
        other.seconds = self.seconds
        return other

    def request(
        self,
        operation: str,
        *arguments: object,
        keep: Callable[[object], StandIn],
        resolve: Callable[[StandIn], object],
    ) -> Any:
        """Return the notebook's answer; raise StudentError or an Ending for what went wrong with it.

        Meanwhile it may call the check's functions, which may ask it something themselves. Threads of the check's take
        turns; raise TypeError where one would wait for a function of the check's that waits for it.
        """
        if not self._one_thread.acquire(timeout=max(self._check_seconds, 1.0)):
            raise TypeError("the student's process answers one thread at a time: ask it in the check's own thread")
        try:
            return self._request(operation, *arguments, keep=keep, resolve=resolve)
        finally:
            self._one_thread.release()

    def _request(
        self,
        operation: str,
        *arguments: object,
        keep: Callable[[object], StandIn],
        resolve: Callable[[StandIn], object],
    ) -> Any:
        if self._check_left is None:
            raise OutsideCheck(f"A request ({operation}) outside a check; use `student` only in the check itself.")
        self._require_time()
        process = self._ready()
        ask = _asking(process, keep, resolve)
        self._prepare(ask)
        began, counted = self._now(), self._counted
        seconds = max(min(self._check_left, self._left), 0.0)
        try:
            answer = process.request(
                operation, *arguments, seconds=seconds, keep=keep, resolve=resolve, call=self._call_check
            )
            self.check.take_over(ask)
            self.check.functions.raise_what_ended()
        except Lost as lost:
            raise GraderError(f"While a check was at work {lost}.") from lost
        except Raised as raised:
            self.check.functions.raise_what_ended()
            if (error := self.check.functions.error(raised.of_check)) is not None:
                raise error from None
            raise self._failures.outcome(raised, str(arguments[0]) if operation == "name" else None) from None
        except Died as died:
            self.close()
            self.check.functions.raise_what_ended()
            raise self._failures.ending(died, self._check_seconds, self._printed) from None
        else:
            return answer
        finally:
            if self._process is not None:
                self.check.show_printed(self._process)
            spent = self._count(began, counted)
            self.seconds["answers"] += spent
            self._check_left -= spent
            self._left -= spent

    def _call_check(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """Call a function of the check's for the student's process, in time that is not the student's."""
        began, counted = self._now(), self._counted
        try:
            return self.check.functions.call(number, args, kwargs)
        finally:
            self._count(began, counted)

    def _count(self, began: float, counted: float) -> float:
        """Return the seconds since `began` that nothing within has counted since `counted`, and count them."""
        spent = self._now() - began - (self._counted - counted)
        self._counted += spent
        return spent

    def _prepare(self, ask: Callable[..., Any]) -> None:
        try:
            self.check.prepare(ask)
        except Lost as lost:
            raise GraderError(f"While a check was at work {lost}.") from lost
        except (Raised, Died) as error:
            self.close()
            raise Crashed("Your notebook left its process unable to answer.", str(error)) from None

    def _now(self) -> float:
        """Return the time of a clock that stands still while others have the student process's processor."""
        return time.monotonic() - self._excused_before - (self._process.excused_seconds if self._process else 0.0)

    def _require_time(self) -> None:
        if self._left <= 0:
            self.flags.add(Flag.SUBMISSION_TIMEOUT)
            raise TimedOut(f"Your submission used up its {self._budget.total_seconds:g} seconds before this check.")

    def _ready(self) -> StudentProcess:
        """Return a process that has run the notebook and is seeded for the present check."""
        for _ in range(_MAX_RESTARTS + 1):
            if self._process is None and not self._start():
                continue
            assert self._process is not None, "_start returns True only with a process"
            if self._check_seed is not None:
                try:
                    self._send_seed(self._process, self._check_seed)
                except Lost as lost:
                    raise GraderError(f"Before a check {lost}.") from lost
                except (Raised, Died) as error:
                    self.close()
                    raise Crashed("Your notebook left its process unable to answer.", str(error)) from None
                self._check_seed = None
                self._process.take_printed()  # what cells printed is no part of a check
            return self._process
        self.flags.add(Flag.NOTEBOOK_CRASH)
        raise Crashed("Your notebook's process ended again and again while its cells were run.")

    @staticmethod
    def _send_seed(process: StudentProcess, seed: int) -> None:
        """Seed the student's generators, and let go of the handles of the check before."""
        process.request("seed", seed, seconds=_SEED_SECONDS, keep=_nothing, resolve=_nothing)

    @staticmethod
    def _send_file(process: StudentProcess, file: HandedInFile) -> None:
        """Put a file that students edit beside the notebook, in the place of the release's."""
        process.request("file", file.name, file.content, seconds=_SEED_SECONDS, keep=_nothing, resolve=_nothing)

    def _start(self) -> bool:
        """Start the process, run the cells; return False where a cell was the end of it, to be left out next time."""
        began = time.monotonic()
        try:
            self._process = self._sandbox.start(self._limits, self._budget.start_seconds)
            self._send_seed(self._process, self._notebook_seed)
            for file in self._files:
                self._send_file(self._process, file)
        except (Died, Raised, Lost, OSError) as error:
            raise GraderError(f"The student's process did not start: {error}.") from error
        self.seconds["start"] += time.monotonic() - began
        process = self._process
        started = self._now()
        try:
            return self._run_cells(process)
        finally:
            spent = self._now() - started
            self.seconds["notebook"] += spent
            self._left -= spent
            if self.output is None:
                self.output = process.output

    def _run_cells(self, process: StudentProcess) -> bool:
        ends_at = self._now() + min(self._left, self._budget.notebook_seconds)
        for cell in self._plan:
            if cell.name in self._deadly:
                continue
            seconds = self._budget.cell_seconds
            if self._endless.are_called_by(cell.source):
                seconds *= _AGAIN
            left = min(ends_at - self._now(), seconds)
            if left <= 0:
                self.flags.add(Flag.NOTEBOOK_TIMEOUT)
                self._record(cell, CellStatus.SKIPPED, "The notebook's time was used up before this cell.")
                continue
            try:
                process.request(
                    *("cell", cell.name, cell.source, cell.keeps_state),
                    seconds=left + _GRACE_SECONDS,
                    interrupt_after=left,
                    keep=_nothing,
                    resolve=_nothing,
                )
            except Lost as lost:
                raise GraderError(f"While {cell.label} was running {lost}.") from lost
            except Raised as raised:
                self._record_error(cell, raised, seconds)
            except Died as died:
                self.close()
                self._deadly.add(cell.name)
                self._record_death(cell, died)
                return False
            else:
                self._record(cell, CellStatus.OK)
        return True

    def _record(self, cell: PlannedCell, status: CellStatus, error: str = "") -> None:
        self._records.add(cell, status, error)
        if self._records.truncated:
            self.flags.add(Flag.TRUNCATED)

    def _record_error(self, cell: PlannedCell, raised: Raised, seconds: float) -> None:
        if raised.kind != "interrupted":
            self._record(cell, CellStatus.ERROR, self._failures.in_cell(cell, raised).staff_text)
            return
        self.flags.add(Flag.NOTEBOOK_TIMEOUT)
        self._record(cell, CellStatus.TIMEOUT, f"It ran longer than {seconds:g} seconds.")
        if (source := self._failures.source_of(raised)) is not None:
            self._endless.add(source, raised.line)

    def _record_death(self, cell: PlannedCell, died: Died) -> None:
        ending = self._failures.ending(died, self._budget.cell_seconds, self._printed, where=f" in {cell.label}")
        timed_out = died.outcome == Outcome.TIMED_OUT
        self.flags.add(Flag.NOTEBOOK_TIMEOUT if timed_out else Flag.NOTEBOOK_CRASH)
        self._record(cell, CellStatus.TIMEOUT if timed_out else CellStatus.CRASHED, ending.student_text)


def _asking(process: StudentProcess, keep: Callable[..., Any], resolve: Callable[..., Any]) -> Callable[..., Any]:
    def ask(operation: str, *arguments: object) -> Any:
        own: Callable[..., Any] = lambda value: value if isinstance(value, ImportPath) else keep(value)  # noqa: E731
        return process.request(operation, *arguments, seconds=_SEED_SECONDS, keep=own, resolve=resolve)

    return ask


def _limits(budget: Budget, core: int | None) -> ProcessLimits:
    return ProcessLimits(
        memory_bytes=budget.memory_mb * 2**20,
        output_bytes=budget.output_kb * 2**10,
        frame_bytes=budget.message_mb * 2**20,
        cpu_seconds=int(budget.total_seconds + budget.start_seconds),
        file_bytes=budget.file_mb * 2**20,
        open_files=budget.open_files,
        processes=budget.processes,
        disk_bytes=budget.disk_mb * 2**20,
        core=core,
    )


def _nothing(thing: object) -> Any:
    raise ProtocolError(f"{thing!r} where only data may stand")

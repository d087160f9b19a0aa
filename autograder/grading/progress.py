"""Show a batch while it runs, and what came of it: a bar and a table for people, lines of JSON for machines."""

import contextlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from autograder.console import one_line
from autograder.course import Assignment
from autograder.grading.batch import Plan, Reason
from autograder.grading.job import Event, Started
from autograder.plain_text import plain_text
from autograder.points import signed_points
from autograder.results import CheckStatus, HandStatus, Result, Status

__all__ = ["JsonLog", "KeptLog", "Progress", "describe_trouble", "print_reasons"]

_SHOWN_STUDENTS = 40
_BROKEN = {CheckStatus.CRASHED, CheckStatus.TIMEOUT}
_BY_HAND = {HandStatus.WAITING: "needs a person", HandStatus.LOOK_AGAIN: "is to be looked at again"}


class _Display(ABC):
    """What a batch tells while it runs; it knows the latest result of each job."""

    def __init__(self, console: Console, assignment: Assignment, plan: Plan) -> None:
        self._console = console
        self._assignment = assignment
        self._plan = plan
        self._began = time.monotonic()
        self._results: dict[tuple[str, str, int], Result] = {}

    @property
    def failed(self) -> int:
        """Return how many submissions the grader could not grade."""
        return sum(result.status == Status.FAILED for result in self._results.values())

    def watch(self, event: Event) -> None:
        """Take in one event of the batch."""
        if not isinstance(event, Started):
            self._results[event.job.key] = event.result
        self._show(event)

    @abstractmethod
    def _show(self, event: Event) -> None: ...

    @abstractmethod
    def say(self, text: str) -> None:
        """Tell something in between."""

    @abstractmethod
    def summarise(self, folder: Path, interrupted: str) -> None:
        """Tell what came of it; `interrupted` names the signal that ended it, if one did."""

    def _figures(self, folder: Path, interrupted: str) -> Mapping[str, object]:
        """Return the figures of the batch, for the last line."""
        scored = [result.score for result in self._all() if result.status != Status.FAILED]
        seconds = time.monotonic() - self._began
        return {
            "assignment": self._assignment.name,
            "submissions": len(self._all()),
            **{str(status): sum(result.status == status for result in self._all()) for status in Status},
            "reused": len(self._plan.reused),
            "left": len(self._plan.jobs) - len(self._results),
            "interrupted": interrupted,
            "mean_score": round(sum(scored) / len(scored), 4) if scored else None,
            "max_score": self._assignment.points,
            "seconds": round(seconds, 3),
            "per_minute": round(60 * len(self._results) / seconds, 2) if seconds else None,
            "results": str(folder / self._assignment.name),
        }

    def _all(self) -> Sequence[Result]:
        return [*self._plan.reused, *self._results.values()]

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what `__enter__` began, where that takes anything."""
        return


class Progress(_Display):
    """A progress bar with the names at work and the time left; what goes wrong is printed above it as it happens."""

    def __init__(self, console: Console, assignment: Assignment, plan: Plan) -> None:
        super().__init__(console, assignment, plan)
        self._working: dict[str, None] = {}
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[names]}", style="dim", markup=False),
            console=console,
        )
        kept = f" ({len(plan.reused)} have their result)" if plan.reused else ""
        self._task = self._bar.add_task(f"Grading {assignment.name}{kept}", total=len(plan.jobs), names="")

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._plan.jobs:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._bar.stop()

    def _show(self, event: Event) -> None:
        if isinstance(event, Started):
            self._working[event.job.student] = None
        else:
            self._working.pop(event.job.student, None)
            trouble = describe_trouble(event.result)
            if trouble:
                self._bar.console.print(Text("  ") + one_line(event.job.student, "yellow") + ": " + one_line(trouble))
        self._bar.update(self._task, completed=len(self._results), names=plain_text(", ".join(self._working)))

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(one_line(text, "yellow"))

    def summarise(self, folder: Path, interrupted: str) -> None:
        """Print the table at the end: the students where they are few, the figures of the class always."""
        figures = self._figures(folder, interrupted)
        name = self._assignment.name
        if not self._plan.jobs:
            self._console.print(
                f"Nothing to do: all {len(self._plan.reused)} submissions to {name} have their result in {folder}.",
            )
            return
        ordered = sorted(self._all(), key=lambda result: (result.student, result.attempt))
        if len(ordered) <= _SHOWN_STUDENTS:
            self._console.print(_table(self._assignment, ordered))
        mean = figures["mean_score"]
        scores = f"mean score {mean:.1f} of {self._assignment.points:g}; " if mean is not None else ""
        states = ", ".join(f"{figures[status]} {status}" for status in Status if figures[status])
        self._console.print(
            f"{name}: {len(ordered)} submissions ({states}); {scores}results in {figures['results']}", markup=False
        )
        if interrupted:
            self._console.print(
                f"Ended by {interrupted} with {figures['left']} left; the same command goes on with those.",
                style="yellow",
            )
        if self.failed:
            self._console.print(
                "failed is the grader's own fault and no score: the same command grades those again.", style="red"
            )


class JsonLog(_Display):
    """One line of JSON for each event, and one for the whole batch at the end, for monitoring."""

    def __enter__(self) -> Self:
        """Tell what is to be done."""
        self._print("batch", assignment=self._assignment.name, jobs=len(self._plan.jobs), reused=len(self._plan.reused))
        return self

    def _show(self, event: Event) -> None:
        about = {"student": event.job.student, "attempt": event.job.attempt}
        if isinstance(event, Started):
            self._print("started", **about)
            return
        result = event.result
        self._print(
            "finished",
            **about,
            status=result.status,
            score=None if result.status == Status.FAILED else result.score,
            max_score=result.max_score,
            seconds=result.seconds,
            device=result.device,
            trouble=describe_trouble(result),
        )

    def say(self, text: str) -> None:
        """Print it as a line of its own."""
        self._print("message", text=text)

    def summarise(self, folder: Path, interrupted: str) -> None:
        """Print the last line."""
        self._print("summary", **self._figures(folder, interrupted))

    def _print(self, event: str, **figures: object) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **figures}, allow_nan=False)
        self._console.file.write(line + "\n")  # as it is: no markup, no wrapping
        self._console.file.flush()


class KeptLog(JsonLog):
    """The same in a file for others to watch: a disk that is full takes nothing from the batch."""

    def _print(self, event: str, **figures: object) -> None:
        with contextlib.suppress(OSError):
            super()._print(event, **figures)


def describe_trouble(result: Result) -> str:
    """Return what staff should know of a result at once, "" where all is well."""
    if result.status != Status.GRADED:
        return f"{result.status}: {result.reason}"
    broken = [f"{check.question} {check.status}" for check in result.checks if check.status in _BROKEN]
    by_hand = [f"{one.question} {_BY_HAND[one.status]}" for one in result.by_hand if one.status in _BY_HAND]
    files = [f"{name} not graded" for name, problem in result.files.items() if problem]
    return ", ".join(dict.fromkeys([*files, *broken, *by_hand]))


def print_reasons(console: Console, reasons: Sequence[Reason]) -> None:
    """Print why each submission is graded, or why its result stands."""
    table = Table(title="What is graded, and why")
    for column in ("student", "attempt", "", "because"):
        table.add_column(column, overflow="fold")
    for reason in reasons:
        what = "graded" if reason.graded else "reused"
        table.add_row(one_line(reason.student), str(reason.attempt), what, one_line(reason.why))
    console.print(table)
    graded = sum(reason.graded for reason in reasons)
    console.print(f"{graded} to grade, {len(reasons) - graded} reused.")


def _table(assignment: Assignment, results: Sequence[Result]) -> Table:
    table = Table(title=f"{assignment.name}: {assignment.title}")
    for column in ("student", "status"):
        table.add_column(column)
    for column in ("score", "passed", "late", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("notes", overflow="fold")
    for result in results:
        passed = sum(check.status == CheckStatus.PASSED for check in result.checks)
        attempt = f" (attempt {result.attempt})" if result.attempt > 1 else ""
        table.add_row(
            one_line(result.student + attempt),
            str(result.status),
            "-" if result.status == Status.FAILED else f"{result.score:g} / {result.max_score:g}{_given(result)}",
            f"{passed} / {len(result.checks)}",
            _late(result),
            f"{result.seconds:.1f}",
            one_line(describe_trouble(result)),
        )
    return table


def _given(result: Result) -> str:
    """Return how much of a score people gave or took."""
    given = sum(one.by_hand for one in result.by_hand)
    return f" ({signed_points(given)} by hand)" if given else ""


def _late(result: Result) -> str:
    free = f", {result.free_days} free" if result.free_days else ""
    return f"{result.late_days} d{free}" if result.late_days else ""

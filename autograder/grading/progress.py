"""Show a batch while it runs, and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from autograder.course import Assignment
from autograder.grading.job import Event, Started
from autograder.results import CheckStatus, Result, Status

__all__ = ["Progress", "print_summary"]

_SHOWN_STUDENTS = 40
_BROKEN = {CheckStatus.CRASHED, CheckStatus.TIMEOUT}


class Progress:
    """A progress bar with the names at work and the time left; what goes wrong is printed above it as it happens."""

    def __init__(self, console: Console, assignment: str, jobs: int, reused: int) -> None:
        self._working: dict[str, None] = {}
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[names]}"),
            console=console,
        )
        kept = f" ({reused} have their result)" if reused else ""
        self._task = self._bar.add_task(f"Grading {assignment}{kept}", total=jobs, names="")

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._bar.stop()

    def watch(self, event: Event) -> None:
        """Take in one event of the batch."""
        if isinstance(event, Started):
            self._working[event.job.student] = None
        else:
            self._working.pop(event.job.student, None)
            self._bar.advance(self._task)
            trouble = describe_trouble(event.result)
            if trouble:
                self._bar.console.print(f"  [yellow]{escape(event.job.student)}[/]: {escape(trouble)}")
        self._bar.update(self._task, names=escape(", ".join(self._working)))


def describe_trouble(result: Result) -> str:
    """Return what staff should know of a result at once, "" where all is well."""
    if result.status != Status.GRADED:
        return f"{result.status}: {result.reason}"
    broken = [f"{check.question} {check.status}" for check in result.checks if check.status in _BROKEN]
    return ", ".join(dict.fromkeys(broken))


def print_summary(console: Console, assignment: Assignment, results: Sequence[Result], folder: Path) -> None:
    """Print the table at the end: the students where they are few, the figures of the class always."""
    ordered = sorted(results, key=lambda result: result.student)
    if len(ordered) <= _SHOWN_STUDENTS:
        console.print(_table(assignment, ordered))
    scored = [result.score for result in ordered if result.status != Status.FAILED]
    counts = {status: sum(result.status == status for result in ordered) for status in Status}
    mean = f"mean score {sum(scored) / len(scored):.1f} of {assignment.points:g}; " if scored else ""
    states = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    console.print(
        f"{assignment.name}: {len(ordered)} submissions ({states}); {mean}results in {folder / assignment.name}"
    )
    if counts[Status.FAILED]:
        console.print("[red]failed is the grader's own fault and no score: the same command grades those again.")


def _table(assignment: Assignment, results: Sequence[Result]) -> Table:
    table = Table(title=f"{assignment.name}: {assignment.title}")
    for column in ("student", "status"):
        table.add_column(column)
    for column in ("score", "passed", "late", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("notes", overflow="fold")
    for result in results:
        passed = sum(check.status == CheckStatus.PASSED for check in result.checks)
        table.add_row(
            escape(result.student),
            str(result.status),
            "-" if result.status == Status.FAILED else f"{result.score:g} / {result.max_score:g}",
            f"{passed} / {len(result.checks)}",
            f"{result.late_days} d" if result.late_days else "",
            f"{result.seconds:.1f}",
            escape(describe_trouble(result)),
        )
    return table

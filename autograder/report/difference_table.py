"""Tell the differences between two sets of results: a table on the terminal, rows for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from statistics import mean

from rich.console import Console
from rich.table import Table

from autograder.console import PlainConsole
from autograder.plain_text import guarded, plain_lines
from autograder.report.differences import CheckChange, Comparison, Difference
from autograder.results import Result, Status

__all__ = ["as_csv", "print_comparison"]

_COLUMNS = (
    *("assignment", "student", "old_status", "old_score", "new_status", "new_score", "change", "old_penalty"),
    *("new_penalty", "check", "question", "check_old_status", "check_old_points", "check_new_status"),
    *("check_new_points", "hint", "why"),
)
_WIDTH = 104
"""Columns that the tables take, also where a terminal has less or nobody looks."""


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print who changed, then which checks did it, then the figures."""
    wide = PlainConsole(file=console.file, width=max(_WIDTH, console.width))
    differences = comparison.differences
    whys = {tuple(one.why) for one in differences}
    if differences:
        wide.print(_who_changed(differences, with_why=len(whys) > 1))
    if len(whys) == 1:
        wide.print(f"All because of: {', '.join(*whys)}")
    if comparison.by_check:
        table = Table(title="Which checks")
        for column in ("check", "students", "points together"):
            table.add_column(column, overflow="fold", justify="left" if column == "check" else "right")
        for (assignment, check), (students, points) in comparison.by_check.items():
            table.add_row(f"{assignment}: {check}", str(students), f"{points:+g}")
        wide.print(table)
    changes = [one.change for one in differences]
    moved = f", {mean(changes):+.2f} points on average" if changes else ""
    wide.print(
        f"{len(differences)} of {len(differences) + comparison.unchanged} results changed{moved}: "
        f"{sum(change > 0 for change in changes)} up, {sum(change < 0 for change in changes)} down; "
        f"{comparison.reworded} others have new hints alone."
    )


def as_csv(comparison: Comparison) -> str:
    """Return a row for each check that changed, or for the student where none did; text never begins a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in comparison.differences:
        before, after = one.before, one.after
        student: list[object] = [one.assignment, one.student]
        student += [_status(before), _number(before), _status(after), _number(after), one.change]
        student += [before.penalty if before else "", after.penalty if after else ""]
        checks: Sequence[CheckChange | None] = one.checks or [None]
        for check in checks:
            writer.writerow([_guarded(cell) for cell in [*student, *_cells(check), "; ".join(one.why)]])
    return file.getvalue()


def _who_changed(differences: Sequence[Difference], *, with_why: bool) -> Table:
    assignments = {one.assignment for one in differences}
    where = "" if len(assignments) > 1 else f" in {differences[0].assignment}"
    table = Table(title=f"Who changed{where}")
    table.add_column("student", overflow="fold")
    if len(assignments) > 1:
        table.add_column("assignment", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("change", justify="right")
    table.add_column("by which check", overflow="fold")
    if with_why:
        table.add_column("because of", overflow="fold")
    for one in differences:
        scores = f"{_score(one.before)} → {_score(one.after)}"
        by = "\n".join([*map(_told, one.checks), *_penalties(one)])
        assignment = [one.assignment] if len(assignments) > 1 else []
        why = ["\n".join(one.why)] if with_why else []
        cells = (one.student, *assignment, scores, f"{one.change:+g}", by, *why)
        table.add_row(*(_plain(cell) for cell in cells))
    return table


def _told(check: CheckChange) -> str:
    record = check.record
    name = record.id.rpartition("::")[2]
    if check.before is None:
        return f"{name}: new, {record.status} {record.score:g} of {record.points:g}"
    if check.after is None:
        return f"{name}: gone, was {record.status} {record.score:g} of {record.points:g}"
    statuses = dict.fromkeys(str(one.status) for one in (check.before, check.after))
    hint = f" ({record.message})" if record.message not in ("", check.before.message) else ""
    scores = f"{check.before.score:g} → {record.score:g} of {record.points:g}"
    return f"{name}: {' → '.join(statuses)}, {scores}{hint}"


def _penalties(one: Difference) -> list[str]:
    if one.before is None or one.after is None or one.before.penalty == one.after.penalty:
        return []
    return [f"late: -{one.before.penalty:g} → -{one.after.penalty:g}"]


def _cells(check: CheckChange | None) -> list[object]:
    if check is None:
        return [""] * 7
    cells: list[object] = [check.record.id, check.record.question]
    for record in (check.before, check.after):
        cells += [str(record.status), record.score] if record else ["", ""]
    return [*cells, _plain(check.record.message)]


def _score(result: Result | None) -> str:
    if result is None:
        return "none"
    return f"{result.score:g}" if result.status == Status.GRADED else str(result.status)


def _status(result: Result | None) -> str:
    return str(result.status) if result else ""


def _number(result: Result | None) -> object:
    return result.score if result and result.status != Status.FAILED else ""


def _plain(text: str) -> str:
    return plain_lines(text)


def _guarded(cell: object) -> object:
    return guarded(cell) if isinstance(cell, str) else cell

"""Show in the terminal what was found out about assignments."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from autograder.console import PlainConsole
from autograder.validate.findings import Validation

__all__ = ["print_validations"]

_ROUNDING = 1e-9
"""Room for sums of points."""
_WIDTH = 120
"""Columns that the tables take, also where a terminal has less or nobody looks."""


def print_validations(console: Console, found: Sequence[Validation]) -> None:
    """Print one row for each assignment, the spread of its training checks, then every finding."""
    wide = PlainConsole(file=console.file, width=max(_WIDTH, console.width))
    table = _table(
        "assignment", "solution", "blank", "right", "wrong caught", "mutants caught", "worst check loses", "findings"
    )
    for one in found:
        right, wrong = one.table.of_kind("right"), one.table.of_kind("wrong")
        mutants = one.table.of_kind("mutant")
        worst = max(one.false_fails, key=lambda check: (check.rate, check.students), default=None)
        table.add_row(
            one.assignment.name,
            f"{one.solution.score:g} of {one.assignment.points:g}",
            f"{one.blank.score:g}",
            f"{sum(not row.is_caught for row in right)}/{len(right)}",
            f"{sum(row.is_caught for row in wrong)}/{len(wrong)}",
            f"{sum(row.is_caught for row in mutants)}/{len(mutants)} ({one.table.kill_rate:.0%})" if mutants else "-",
            f"{worst.failures} of {worst.students} (≤ {worst.bound:.1%})" if worst else "-",
            str(len(one.findings)),
        )
    wide.print(table)
    spreads = _table("training check", "seeds", "asked", "least", "mean", "σ away", "false failures")
    for one in found:
        for spread in one.spreads:
            name = f"{one.assignment.name}: {spread.of}"
            shown = [f"{number:.4f}" for number in (spread.at_least, min(spread.values), spread.mean)]
            bound = f"{spread.failures} (≤ {spread.bound:.1%})"
            spreads.add_row(name, str(len(spread.values)), *shown, f"{spread.distance:.1f}", bound)
    if spreads.row_count:
        wide.print(spreads)
    for one in found:
        for finding in one.findings:
            console.print(f"{one.assignment.name}: {finding}", style="red")
        by_hand = one.assignment.points - sum(check.points for check in one.checks)
        if by_hand > _ROUNDING:
            console.print(
                f"{one.assignment.name}: {by_hand:g} of {one.assignment.points:g} points are a person's to give."
            )
        if one.left_out:
            console.print(
                f"{one.assignment.name}: quick form, wrong answers to {', '.join(one.left_out)} were not tried.",
                style="yellow",
            )


def _table(*columns: str) -> Table:
    """Return an empty table whose columns stay on one line."""
    table = Table()
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table

"""Run the public checks on one notebook, isolated as for a grade, and show what is green."""

# ruff: noqa: PLC0415 - see autograder.cli

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.table import Table

from autograder.console import ERR, OUT, one_line
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Device, Option, Sandbox

if TYPE_CHECKING:
    from autograder.grading.public_run import QuestionState

__all__ = ["Options", "run"]

_STYLES = {"green": "green", "red": "red", "not written yet": "dim", "needs your ID": "yellow"}


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to check."""

    notebook: Annotated[Path, Argument(metavar="NOTEBOOK", help="a .ipynb file, wherever it lies")]
    assignment: Annotated[
        str | None, Option(metavar="ASSIGNMENT", help="which it is (default: what its name begins with)")
    ] = None
    device: Annotated[Device, Option(help="where the notebook's code computes")] = "auto"
    sandbox: Annotated[Sandbox, Option(help="none: run the notebook unprotected")] = "auto"


def run(options: Options) -> ExitCode:
    """Run the checks as a grade would, in a process of their own, and print the table."""
    from autograder.checks.catalogue import collect_checks
    from autograder.checks.secret import read_secret
    from autograder.datasets import prepare_data
    from autograder.grading.devices import choose_devices
    from autograder.grading.fingerprint import Fingerprints
    from autograder.grading.local import LocalEngine
    from autograder.grading.public_run import assignment_of, run_public_checks, states_of
    from autograder.grading.station_sharing import shared_or

    course = options.load_course()
    if not options.notebook.exists():
        raise AutograderError(f"{options.notebook} is not there; give the path of your notebook.")
    assignment = (
        course.assignment(options.assignment) if options.assignment else assignment_of(course, options.notebook)
    )
    if not course.release_notebook(assignment.name).is_file():
        name = assignment.name
        raise AutograderError(f"There is no release of {name!r} yet; run `autograder build {name}`.")
    prepare_data(course)
    checks = collect_checks(course.checks_folder(assignment.name))
    devices = choose_devices(options.device)
    engine = LocalEngine(workers=1, isolated=options.sandbox != "none", devices=devices)
    fingerprints = Fingerprints(course, assignment, read_secret(course), options.sandbox)
    shared = shared_or(engine, fingerprints, course, assignment.name)
    with ERR.status(f"{assignment.name}: the checks are running"):
        run = run_public_checks(course, assignment, options.notebook, shared, devices.kind)
    states = states_of(run, checks)
    for problem in filter(None, run.result.files.values()):
        OUT.print(problem, markup=False)
    _show(states)
    return ExitCode.DONE if all(one.state == "green" for one in states) else ExitCode.FOUND_WRONG


def _show(states: "Sequence[QuestionState]") -> None:
    """Print what each question is, its hint below the table, and what this says of the points."""
    table = Table()
    for column in ("question", "", "points", "checked here"):
        table.add_column(column, justify="left" if column in {"question", ""} else "right")
    for one in states:
        table.add_row(
            one.question,
            one_line(one.state, _STYLES[one.state]),
            f"{one.points:g}",
            f"{one.checked:g} of {one.points:g}",
        )
    OUT.print(table)
    for one in states:
        if one.state == "red":
            OUT.print(f"{one.question}: {one.hint}")
    open_ones = [one.question for one in states if one.state != "green"]
    OUT.print(f"Not green: {', '.join(open_ones)}." if open_ones else "Everything is green.")
    if any(one.checked < one.points for one in states):
        OUT.print("On the points that are not checked here hidden checks decide, with other inputs.")

"""Begin a course in a new folder, or an assignment in a course, from a notebook or a template."""

# ruff: noqa: PLC0415 - see autograder.cli

import math
import shlex
from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from autograder.console import OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option

__all__ = ["Options", "run"]


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not 0 < points < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return points


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to begin."""

    what: Annotated[Literal["course", "assignment"], Argument(help="a whole course, or an assignment of one")]
    name: Annotated[str, Argument(metavar="DIR|NAME", help="the course's folder, or the assignment's name")]
    from_: Annotated[
        Path | None,
        Option(metavar="FILE.ipynb", help="an assignment from a notebook with ### BEGIN SOLUTION … ### END SOLUTION"),
    ] = None
    files: Annotated[
        tuple[Path, ...], Option(metavar="FILE", nargs="+", help="files or folders that the notebook needs beside it")
    ] = ()
    points: Annotated[
        float | None, Option(metavar="P", parse=_points, help="of the assignment (default: 1 for each question)")
    ] = None
    title: Annotated[
        str | None, Option(metavar="TEXT", help="default: the notebook's first heading, else from the name")
    ] = None


def run(options: Options) -> ExitCode:
    """Write what is asked for, never over anything, and say what comes next."""
    return _new_course(options) if options.what == "course" else _new_assignment(options)


def _new_course(options: Options) -> ExitCode:
    from autograder.authoring.new_course import write_course

    if options.from_ or options.files or options.points or options.course:
        raise AutograderError("`new course` takes DIR and --title; the other options are for `new assignment`.")
    root = Path(options.name)
    title = options.title or root.resolve().name.replace("_", " ").replace("-", " ").capitalize()
    _show(write_course(root, title), options.name)
    _say_next(
        (f"cd {shlex.quote(options.name)}", "the other commands work there"),
        ("pytest tests/first_steps", "the checks, tried on the solution"),
        ("autograder build", "what students get: release/first_steps.zip"),
        ("autograder validate --quick", "are the checks good? does the release leak?"),
        ("autograder new assignment NAME --from my.ipynb", "one of your own"),
    )
    return ExitCode.DONE


def _new_assignment(options: Options) -> ExitCode:
    from autograder.authoring.new_assignment import plan_assignment, write_assignment

    course, name = options.load_course(), options.name
    new = plan_assignment(
        course, name, notebook=options.from_, files=options.files, title=options.title, points=options.points
    )
    worth, asked = new.assignment.points, ", ".join(new.questions)
    heading = f"{name}, {worth:g} {'point' if worth == 1 else 'points'}, questions: {asked}"
    _show(write_assignment(course, new), heading)
    OUT.print(new.to_add or "course_config.py: an entry at the end of its assignments", markup=False)
    for note in new.notes:
        OUT.print(note, markup=False)
    _say_next(
        (f"pytest tests/{name}", "which checks are still to be written: all, at first"),
        (f"autograder build {name}", "once they are"),
        (f"autograder validate --quick {name}", "before students see it"),
    )
    return ExitCode.DONE


def _show(paths: Sequence[Path], heading: str) -> None:
    OUT.print(heading, markup=False)
    for path in paths:
        OUT.print(f"  {path}", markup=False)


def _say_next(*commands: tuple[str, str]) -> None:
    width = max(len(command) for command, _ in commands)
    OUT.print("Next:")
    for command, what in commands:
        OUT.print(f"  $ {command:<{width}}  # {what}", markup=False)

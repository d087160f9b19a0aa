"""Bring assignments of nbgrader's or otter's along: cells, points, tests, files; nothing is run."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to import."""

    what: Annotated[Literal["nbgrader", "otter"], Argument(help="whose format it is")]
    path: Annotated[
        Path, Argument(help="nbgrader: a course, its source/, or one assignment's folder; otter: a source notebook")
    ]
    split: Annotated[bool, Option(help="several notebooks of nbgrader's become an assignment each")] = False


def run(options: Options) -> ExitCode:
    """Plan all assignments, write them, and say what was taken, changed and left."""
    from autograder.authoring.new_assignment import write_assignment
    from autograder.importing import nbgrader, otter

    course = options.load_course()
    if options.what == "otter" and options.split:
        raise AutograderError("--split is for nbgrader: otter has a notebook for each assignment; leave it out.")
    planned, left_out = (
        (otter.plan_import(course, options.path), ())
        if options.what == "otter"
        else nbgrader.plan_import(course, options.path, split=options.split)
    )
    for new in planned:
        name = new.assignment.name
        OUT.print(f"{name}, {new.assignment.points:g} points, questions: {', '.join(new.questions)}", markup=False)
        for path in write_assignment(course, new):
            OUT.print(f"  {path}", markup=False)
        OUT.print(new.to_add or "course_config.py: an entry at the end of its assignments", markup=False)
        for note in new.notes:
            OUT.print(note, markup=False)
        OUT.print("Tests are checks now; comments inside them, and what they print, did not come along.")
        OUT.print(f"Next: pytest tests/{name}, then autograder build {name}", markup=False)
    for error in left_out:
        ERR.print(f"Left out: {error}", markup=False)
    return ExitCode.FOUND_WRONG if left_out else ExitCode.DONE

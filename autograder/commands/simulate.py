"""Write the submissions of a class that nobody is in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from autograder.console import OUT
from autograder.errors import ExitCode
from autograder.options import Argument, CommonOptions, Option, folder, not_negative, positive

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which class, and where to."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    count: Annotated[int, Argument(metavar="N", parse=positive, help="number of students")]
    seed: Annotated[
        int, Option(metavar="N", parse=not_negative, help="another one, another class (default: %(default)s)")
    ] = 0
    output: Annotated[Path | None, folder("submitted", "folder for <student>/<assignment>/<assignment>.ipynb")] = None


def run(options: Options) -> ExitCode:
    """Draw the class and write it."""
    from autograder.simulate.classroom import class_file, simulate  # noqa: PLC0415 - for `--help`

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    output = options.output or course.root / "submitted"
    simulate(course, assignment, options.count, seed=options.seed, output=output)
    OUT.print(
        f"{options.count} submissions to {assignment.name} are in {output}; what was drawn for each student: "
        f"{class_file(output, assignment.name)}",
    )
    return ExitCode.DONE

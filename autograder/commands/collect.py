"""Take what students handed in out of an LMS's download into submitted/."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from autograder.collecting.source_names import SourceName
from autograder.console import ERR, OUT
from autograder.course import Course
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder
from autograder.roster import ROSTER_NAME, Roster, read_roster

if TYPE_CHECKING:
    from autograder.collecting.collection import Collected

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which downloads, whose they are, and where to."""

    where: Annotated[
        tuple[Path, ...],
        Argument(
            metavar="WHERE", nargs="+", help="archives or folders; of two without times the one given later is newer"
        ),
    ]
    assignment: Annotated[str, Option(metavar="ASSIGNMENT", help="what was handed in")]
    from_: Annotated[SourceName | None, Option(help="the system (default: found out)")] = None
    submissions: Annotated[Path | None, folder("submitted", "folder for <student>/<assignment>/<assignment>.ipynb")] = (
        None
    )
    roster: Annotated[
        Path | None, Option(metavar="FILE", help=f"CSV with the class (default: {ROSTER_NAME} in the course, if there)")
    ] = None
    roster_encoding: Annotated[str | None, Option(metavar="NAME", help="such as cp1252 (default: found out)")] = None
    roster_delimiter: Annotated[str | None, Option(metavar="CHARACTER", help="default: found out")] = None
    groups: Annotated[bool, Option(help="what one of a group hands in counts for all of it (the roster's column)")] = (
        False
    )
    dry_run: Annotated[bool, Option(help="say what would be kept, and write nothing")] = False
    log: Annotated[Literal["text", "json"], Option(help="json: one line for each submission")] = "text"


def run(options: Options) -> ExitCode:
    """Read the roster, collect, report."""
    from autograder.collecting.collection import Request, collect
    from autograder.collecting.report import json_line, json_summary, summary

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    roster = _roster(options, course)
    if options.groups and roster is None:
        raise AutograderError(f"--groups needs a roster with a column `group`; write {ROSTER_NAME}, or give --roster.")
    request = Request(
        places=options.where,
        assignment=assignment,
        late_policy=course.late_policy_of(assignment),
        submitted=options.submissions or course.root / "submitted",
        roster=roster,
        source=options.from_,
        groups=options.groups,
        dry_run=options.dry_run,
    )

    def tell(one: "Collected") -> None:
        if options.log == "json":
            json_line(OUT.file, one)

    collection = collect(request, tell)
    if options.log == "json":
        json_summary(OUT.file, collection)
    else:
        for line in summary(collection, assignment, had_roster=roster is not None, dry_run=options.dry_run):
            OUT.print(line)
    return ExitCode.DONE if collection.is_whole else ExitCode.FOUND_WRONG


def _roster(options: Options, course: Course) -> Roster | None:
    """Return the class, and say what was guessed of its file; None where there is no file."""
    path = options.roster or course.root / ROSTER_NAME
    if options.roster is None and not path.is_file():
        return None
    roster = read_roster(path, encoding=options.roster_encoding, delimiter=options.roster_delimiter)
    for note in roster.notes:
        ERR.print(note, style="yellow")
    return roster

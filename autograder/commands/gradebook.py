"""Write the gradebook that nbgrader's formgrader works with, and read back what people typed there."""

# ruff: noqa: PLC0415 - see autograder.cli

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder
from autograder.roster import ROSTER_NAME

if TYPE_CHECKING:
    from autograder.gradebook.reading import ReadBack
    from autograder.results import Result
    from autograder.roster import Person
    from autograder.settlement import Settlement

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which gradebook, where, and whether it is written or read."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    read: Annotated[bool, Option(help="take points and comments that were typed in formgrader; write nothing new")] = (
        False
    )
    student: Annotated[tuple[str, ...], Option(metavar="ID", nargs="+", help="only these (default: all)")] = ()
    who: Annotated[str | None, Option(metavar="NAME", help="who typed there (default: the account's name)")] = None
    results: Annotated[Path | None, folder("results", "folder with the results")] = None
    output: Annotated[
        Path | None,
        Option(metavar="DIR", help="the gradebook's folder (default: gradebook/<assignment>/ in the course)"),
    ] = None


def run(options: Options) -> ExitCode:
    """Read back what is in the gradebook, settle it, and write the gradebook anew where that is asked for."""
    from autograder.gradebook.folder import WRITTEN, Book, unused, write_folder
    from autograder.gradebook.reading import unread
    from autograder.settlement import open_settlement

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    results = options.results or course.root / "results"
    target = (options.output or course.root / "gradebook" / assignment.name).resolve()
    settlement = open_settlement(course, assignment, results)
    if warning := settlement.adjustments.warning:
        ERR.print(warning, style="yellow", markup=False)
    if options.read and options.student:
        raise AutograderError("--read takes back all that was typed; leave --student out.")
    settled = _settled(settlement, options.student)
    if options.read:
        return _read(options, settlement, settled, target)
    with unused(target):
        if (target / WRITTEN).is_file():
            back = _take_back(options, settlement, _settled(settlement, ()), target)
            if back.problems:
                raise unread(target, back.problems)
            settlement = open_settlement(course, assignment, results)
            settled = _settled(settlement, options.student)
        people = _people(course.root / ROSTER_NAME)
        book = Book(course=course, settlement=settlement, results=list(settled.values()), people=people)
        written = write_folder(book, target)
    number = f"{len(written.students)} student{'s' if len(written.students) != 1 else ''}"
    OUT.print(f"The gradebook of {number} is in {target}", markup=False)
    failed = [student for student in settled if student not in written.students]
    if failed:
        OUT.print(f"Without a score, since grading itself failed; grade again: {', '.join(failed)}", markup=False)
    OUT.print(f"Start formgrader:  cd {target} && jupyter lab", markup=False)
    OUT.print("and open /formgrader in the browser that it opens, instead of /lab; then", markup=False)
    given = {"course": options.course, "results": options.results, "output": options.output}
    same = "".join(f" --{name} {shlex.quote(str(path))}" for name, path in given.items() if path is not None)
    OUT.print(f"take what was typed:  autograder gradebook {assignment.name} --read{same}", markup=False)
    return ExitCode.FOUND_WRONG if failed else ExitCode.DONE


def _read(options: Options, settlement: "Settlement", settled: "Mapping[str, Result]", target: Path) -> ExitCode:
    back = _take_back(options, settlement, settled, target)
    for problem in back.problems:
        OUT.print(problem, style="yellow", markup=False)
    if not back.new and not back.problems:
        OUT.print("Nothing to take: all that was typed in formgrader is here already.")
    return ExitCode.FOUND_WRONG if back.problems else ExitCode.DONE


def _settled(settlement: "Settlement", students: Sequence[str]) -> "Mapping[str, Result]":
    """Return the settled results, of these students alone where some are named."""
    from autograder.results import read_results

    place, name = settlement.results, settlement.assignment.name
    found = {result.student: settlement.of(result) for result in read_results(place, name)}
    unknown = [student for student in students if student not in found]
    if unknown or not found:
        who = f" of {unknown[0]!r}" if unknown else "s"
        raise AutograderError(f"{place / name} holds no result{who}; run `autograder grade {name}` first.")
    return {student: found[student] for student in sorted(found) if not students or student in students}


def _take_back(options: Options, settlement: "Settlement", settled: "Mapping[str, Result]", target: Path) -> "ReadBack":
    """Add what was typed, let the result files follow, and what lateness takes in the gradebook too."""
    from autograder.adjusting import account
    from autograder.gradebook.database import write_penalties
    from autograder.gradebook.folder import DATABASE
    from autograder.gradebook.reading import read_back
    from autograder.grading.settling import settle_again
    from autograder.points import points_of
    from autograder.settlement import open_settlement

    course, assignment = settlement.course, settlement.assignment
    back = read_back(settlement, settled, target, options.who or account())
    after = open_settlement(course, assignment, settlement.results)
    now = {student: after.of(result) for student, result in settled.items()}
    if back.new and (problem := settle_again(after, [one.student for one in back.new])):
        ERR.print(problem, markup=False)
    for one in back.new:
        result = now[one.student]
        OUT.print(
            f"{one.line}: {one.student}, {one.question}: {one.kind}; {points_of(result.score)} of "
            f"{points_of(result.max_score)} in {assignment.name} now",
            markup=False,
        )
    write_penalties(target / DATABASE, {student: result.penalty for student, result in now.items()})
    return back


def _people(path: Path) -> "Mapping[str, Person]":
    """Return who is in the class by ID; nobody where the course has no roster."""
    from autograder.roster import read_roster

    return {person.id: person for person in read_roster(path).people} if path.is_file() else {}

"""Give, take and explain points by hand, without grading anything again."""

# ruff: noqa: PLC0415 - see autograder.cli

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder, positive

if TYPE_CHECKING:
    from autograder.adjustments import Adjustment
    from autograder.course import Assignment, Course
    from autograder.settlement import Settlement

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Whose points, how many, and why."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    student: Annotated[str | None, Argument(metavar="STUDENT")] = None
    question: Annotated[str | None, Argument(metavar="QUESTION")] = None
    points: Annotated[float | None, Option(metavar="P", help="what the answer earns, whatever its checks gave")] = None
    correction: Annotated[float | None, Option(metavar="D", help="so many points more; less: --correction=-1")] = None
    comment: Annotated[str, Option(metavar="TEXT", help="for the student; alone, or beside points")] = ""
    who: Annotated[str | None, Option(metavar="NAME", help="who says so (default: the account's name)")] = None
    list_: Annotated[bool, Option(help="show what there is, and what needs a person")] = False
    undo: Annotated[int | None, Option(metavar="N", parse=positive, help="let number N of the list count no more")] = (
        None
    )
    confirm: Annotated[
        int | None, Option(metavar="N", parse=positive, help="let number N count for the answer that is there now")
    ] = None
    import_: Annotated[
        Path | None, Option(metavar="FILE.csv", help="columns: student, question, points, correction, comment, who")
    ] = None
    results: Annotated[Path | None, folder("results", "folder with the results")] = None


def run(options: Options) -> ExitCode:
    """Do the one thing that is asked for, and let the result files follow."""
    from autograder.adjusting import account, add, confirm, read_wishes, withdraw
    from autograder.settlement import open_settlement

    asked = [name for name, is_asked in _asked(options) if is_asked]
    if len(asked) != 1:
        raise AutograderError(
            "Give STUDENT and QUESTION with --points, --correction or --comment; or one of --list, --undo, --confirm, "
            "--import."
        )
    course = options.load_course()
    assignment = course.assignment(options.assignment)
    settlement = open_settlement(course, assignment, options.results or course.root / "results")
    if warning := settlement.adjustments.warning:
        ERR.print(warning, style="yellow", markup=False)
    who = options.who or account()
    if options.list_:
        return _list(settlement, options.student, options.question)
    if options.undo is not None:
        new = withdraw(settlement, [options.undo], who)
    elif options.confirm is not None:
        new = confirm(settlement, {options.confirm: ""}, who)
    elif options.import_ is not None:
        new = add(settlement, read_wishes(options.import_, who))
    else:
        new = add(settlement, [_wish(options, who)], anew=True)
    _follow(course, assignment, settlement, new)
    return ExitCode.DONE


def _asked(options: Options) -> "Sequence[tuple[str, bool]]":
    given = (options.points, options.correction, options.comment or None)
    return [
        ("points", any(value is not None for value in given)),
        ("--list", options.list_),
        ("--undo", options.undo is not None),
        ("--confirm", options.confirm is not None),
        ("--import", options.import_ is not None),
    ]


def _wish(options: Options, who: str) -> "Adjustment":
    from autograder.adjusting import wish

    return wish(
        "autograder adjust",
        student=options.student or "",
        question=options.question or "",
        points=options.points,
        correction=options.correction,
        comment=options.comment,
        who=who,
    )


def _follow(course: "Course", assignment: "Assignment", before: "Settlement", new: "Sequence[Adjustment]") -> None:
    """Write the result files of whom it concerns again, and say what they are worth now."""
    from autograder.grading.settling import settle_again
    from autograder.points import points_of
    from autograder.results import read_result, result_path
    from autograder.settlement import open_settlement

    if not new:
        OUT.print("Nothing to add: all of it is there already.")
        return
    settlement = open_settlement(course, assignment, before.results)
    if problem := settle_again(settlement, [one.student for one in new]):
        ERR.print(problem, markup=False)
    for one in new:
        result = settlement.of(read_result(result_path(before.results, assignment.name, one.student)))
        OUT.print(
            f"{one.line}: {one.student}, {one.question}: {one.kind}; "
            f"{points_of(result.score)} of {points_of(result.max_score)} in {assignment.name} now"
            f"{f' ({result.lateness})' if result.lateness else ''}"
        )


def _list(settlement: "Settlement", student: str | None, question: str | None) -> ExitCode:
    """Print all that counts, what is to be looked at again, and who waits; exit code 1 where somebody is needed."""
    from autograder.adjusting import listed
    from autograder.console import one_line

    rows = [
        row
        for row in listed(settlement)
        if (student is None or row.student == student) and (question is None or row.question == question)
    ]
    for row in rows:
        OUT.print(one_line(row.text, "yellow" if row.needs_person else ""))
    needed = sum(row.needs_person for row in rows)
    OUT.print(f"{settlement.assignment.name}: {sum(bool(row.line) for row in rows)} by hand; {needed} need a person.")
    return ExitCode.FOUND_WRONG if needed else ExitCode.DONE

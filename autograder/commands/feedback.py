"""Write for each student a page on how their submission was graded, with the one hint that helps."""

# ruff: noqa: PLC0415 - see autograder.cli

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.course import FeedbackLevel
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder

if TYPE_CHECKING:
    from autograder.course import Assignment

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Whose feedback, how much of it, and where to."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    student: Annotated[tuple[str, ...], Option(metavar="ID", nargs="+", help="only these (default: all)")] = ()
    level: Annotated[
        FeedbackLevel | None, Option(help="how much is shown (default: feedback_level in course_config.py)")
    ] = None
    results: Annotated[Path | None, folder("results", "folder with the results")] = None
    output: Annotated[
        Path | None, Option(metavar="DIR", help="for a look before the date (default: <results>/<assignment>/feedback)")
    ] = None


def run(options: Options) -> ExitCode:
    """Write the pages, and at last the mark that they are ready."""
    from autograder.atomic_files import write_atomically
    from autograder.feedback.as_text import as_json, as_markdown
    from autograder.feedback.feedback import gather
    from autograder.feedback.page import feedback_page
    from autograder.feedback.students import graded_students
    from autograder.results import Status
    from autograder.settlement import open_settlement

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    results = options.results or course.root / "results"
    _require_its_time(assignment, options)
    level = options.level or course.feedback_level_of(assignment)
    output = options.output or results / assignment.name / "feedback"
    settlement = open_settlement(course, assignment, results)
    if warning := settlement.adjustments.warning:
        ERR.print(warning, style="yellow", markup=False)
    written, waiting = [], []
    for graded in graded_students(settlement, options.student):
        student = graded.result.student
        if graded.result.status == Status.FAILED:
            waiting.append(student)
            continue
        feedback = gather(graded, level)
        for suffix, text in (
            ("html", feedback_page(feedback)),
            ("md", as_markdown(feedback)),
            ("json", as_json(feedback)),
        ):
            write_atomically(output / f"{student}.{suffix}", text.encode("utf-8", "replace"))
        written.append(student)
    ready = {
        "assignment": assignment.name,
        "level": level,
        "made_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "students": written,
    }
    if not options.student:
        write_atomically(output / "ready.json", (json.dumps(ready, indent=1, ensure_ascii=False) + "\n").encode())
    number = f"{len(written)} student{'s' if len(written) != 1 else ''}"
    OUT.print(f"Feedback for {number} ({level}) is in {output}")
    if waiting:
        OUT.print(f"{len(waiting)} have no score yet, since grading itself failed: {', '.join(waiting[:5])}")
    return ExitCode.FOUND_WRONG if waiting else ExitCode.DONE


def _require_its_time(assignment: "Assignment", options: Options) -> None:
    """Raise AutograderError where the configuration keeps feedback back, unless it is written elsewhere for a look."""
    opens = assignment.feedback_at
    if opens is not None and datetime.now().astimezone() < opens and options.output is None:
        raise AutograderError(
            f"Feedback on {assignment.name} is kept until {opens:%Y-%m-%d %H:%M %Z} (feedback_at in course_config.py); "
            "give --output DIR to look at it before."
        )

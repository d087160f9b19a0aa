"""Write the class report of an assignment as one HTML page."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograder.report.course_figures import CourseFigures
    from autograder.results import Result
    from autograder.settlement import Settlement

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which results, and where to."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    results: Annotated[Path | None, folder("results", "folder with the results")] = None
    output: Annotated[Path | None, Option(metavar="FILE", help="default: <results>/<assignment>/report.html")] = None
    tables: Annotated[Path | None, Option(metavar="DIR", help="write every table there too, as CSV")] = None


def run(options: Options) -> ExitCode:
    """Read the results and write the page."""
    from autograder.checks.secret import has_demo_secret
    from autograder.report.class_page import class_page
    from autograder.report.statistics import class_figures
    from autograder.report.tables import class_tables
    from autograder.results import read_results, write_atomically
    from autograder.settlement import open_settlement

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    results_folder = options.results or course.root / "results"
    settlement = open_settlement(course, assignment, results_folder)
    if warning := settlement.adjustments.warning:
        ERR.print(warning, style="yellow", markup=False)
    results = [settlement.of(result) for result in read_results(results_folder, assignment.name)]
    if not results:
        raise AutograderError(
            f"{results_folder / assignment.name} holds no results; run `autograder grade {assignment.name}` first."
        )
    around = _course_figures(settlement, results)
    page = class_page(
        assignment.title,
        assignment.name,
        results,
        course=around,
        demo_secret=has_demo_secret(course),
        made_at=datetime.now().astimezone(),
    )
    output = options.output or results_folder / assignment.name / "report.html"
    write_atomically(output, page.encode("utf-8", "replace"))
    OUT.print(f"The report on {len(results)} submissions is in {output}")
    if options.tables is not None:
        tables = class_tables(class_figures(results), around, results)
        for name, text in tables.items():
            write_atomically(options.tables / name, text.encode("utf-8", "replace"))
        OUT.print(f"Its {len(tables)} tables are in {options.tables}")
    return ExitCode.DONE


def _course_figures(settlement: "Settlement", results: "Sequence[Result]") -> "CourseFigures":
    """Return what the course knows beside the results of one assignment."""
    from autograder.grading.attempts import Attempts
    from autograder.report.course_figures import CourseFigures, assignment_figures, changes, section_figures
    from autograder.roster import ROSTER_NAME, read_roster
    from autograder.settlement import read_settled

    course, assignment, folder = settlement.course, settlement.assignment, settlement.results
    roster = course.root / ROSTER_NAME
    attempts = Attempts(folder, assignment.name, course.attempt_policy_of(assignment), settlement.of)
    earlier = {one.student: before for one in results if (before := attempts.earlier(one.student, one.attempt))}
    figures = []
    for other in course.assignments:
        try:
            found = results if other == assignment else read_settled(course, other, folder)
        except AutograderError as error:
            ERR.print(f"{other.name} is left out beside the other assignments: {error}", style="yellow", markup=False)
            continue
        if found:
            figures.append(assignment_figures(other.name, found))
    return CourseFigures(
        sections=section_figures(read_roster(roster).people, results) if roster.is_file() else (),
        assignments=tuple(figures),
        comparison=changes({student: settlement.of(before) for student, before in earlier.items()}, results),
    )

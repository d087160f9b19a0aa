"""Write the class report of an assignment as one HTML page."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which results, and where to."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    results: Annotated[Path | None, folder("results", "folder with the results")] = None
    output: Annotated[Path | None, Option(metavar="FILE", help="default: <results>/<assignment>/report.html")] = None


def run(options: Options) -> ExitCode:
    """Read the results and write the page."""
    from autograder.checks.secret import has_demo_secret
    from autograder.report.class_page import class_page
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
    page = class_page(
        assignment.title,
        assignment.name,
        results,
        demo_secret=has_demo_secret(course),
        made_at=datetime.now().astimezone(),
    )
    output = options.output or results_folder / assignment.name / "report.html"
    write_atomically(output, page.encode("utf-8", "replace"))
    OUT.print(f"The report on {len(results)} submissions is in {output}")
    return ExitCode.DONE

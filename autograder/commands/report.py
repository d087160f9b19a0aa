"""Write the class report of an assignment as one HTML page."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from autograder.console import ERR, OUT
from autograder.errors import ExitCode
from autograder.options import Argument, CommonOptions, Option, folder

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
    from autograder.atomic_files import write_atomically
    from autograder.report.gathering import gather_class
    from autograder.report.statistics import class_figures
    from autograder.report.tables import class_tables
    from autograder.settlement import open_settlement

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    results_folder = options.results or course.root / "results"
    settlement = open_settlement(course, assignment, results_folder)
    if warning := settlement.adjustments.warning:
        _warn(warning)
    report = gather_class(settlement, _warn)
    output = options.output or results_folder / assignment.name / "report.html"
    write_atomically(output, report.page(datetime.now().astimezone()).encode("utf-8", "replace"))
    OUT.print(f"The report on {len(report.results)} submissions is in {output}")
    if options.tables is not None:
        tables = class_tables(class_figures(report.results), report.course, report.results)
        for name, text in tables.items():
            write_atomically(options.tables / name, text.encode("utf-8", "replace"))
        OUT.print(f"Its {len(tables)} tables are in {options.tables}")
    return ExitCode.DONE


def _warn(text: str) -> None:
    ERR.print(text, style="yellow", markup=False)

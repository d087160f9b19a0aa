"""Tell two sets of results apart: who changed, by which check, why."""

# ruff: noqa: PLC0415 - see autograder.cli

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from autograder.console import OUT
from autograder.errors import ExitCode
from autograder.options import Argument, CommonOptions, Option

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which results."""

    old: Annotated[Path, Argument(metavar="OLD", help="folder with <assignment>/<student>.json, or one of these")]
    new: Annotated[Path, Argument(metavar="NEW", help="the same, graded again")]
    csv: Annotated[Path | None, Option(metavar="FILE", help="write the changes there too")] = None


def run(options: Options) -> ExitCode:
    """Compare and print; no course is needed."""
    from autograder.atomic_files import write_atomically
    from autograder.report.difference_table import as_csv, print_comparison
    from autograder.report.differences import compare, read_folder

    comparison = compare(read_folder(options.old), read_folder(options.new))
    print_comparison(OUT, comparison)
    if options.csv:
        write_atomically(options.csv, as_csv(comparison).encode("utf-8", "replace"))
        OUT.print(f"The changes are in {options.csv}")
    return ExitCode.DONE

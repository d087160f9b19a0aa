"""Show what this host can isolate and compute on, and what mends the rest."""

from autograder.console import OUT
from autograder.errors import ExitCode
from autograder.options import CommonOptions

__all__ = ["Options", "run"]

Options = CommonOptions


def run(_options: Options) -> ExitCode:
    """Try everything and print what came of it; no course is needed."""
    from autograder.doctor import print_findings  # noqa: PLC0415 - see autograder.cli

    return ExitCode.DONE if print_findings(OUT) else ExitCode.FOUND_WRONG

"""Show what this host can isolate and compute on, and what mends the rest."""

from autograder.console import OUT
from autograder.errors import ConfigError, ExitCode
from autograder.options import CommonOptions

__all__ = ["Options", "run"]

Options = CommonOptions


def run(options: Options) -> ExitCode:
    """Try everything and print what came of it; no course is needed, where there is one its place is looked at."""
    from autograder.doctor import print_findings  # noqa: PLC0415 - see autograder.cli

    try:
        course = options.load_course()
    except ConfigError:
        if options.course is not None:
            raise
        course = None
    return ExitCode.DONE if print_findings(OUT, course) else ExitCode.FOUND_WRONG

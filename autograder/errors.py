"""Define every error that this package raises on purpose.

    AutograderError            what, where, what to do: printed as one sentence, exit code 2
    ├── ConfigError            course_config.py is wrong, at this place
    ├── NotebookError          a notebook of ours cannot be used (source, solution, release)
    ├── BuildError             source cannot be turned into a release
    ├── CollectError           a download, or a part of it, is not read: hostile, damaged, too large
    ├── DataError              a data file is missing or damaged
    ├── ResultError            a result file cannot be read
    ├── ValidationError        an assignment cannot be validated: its known answers are wrong
    └── GraderError            grading itself failed: ours, never a student's, always retried

What student code does wrong is not in this tree: see `autograder.checks.outcomes`.
"""

from enum import IntEnum

__all__ = [
    "AutograderError",
    "BuildError",
    "CollectError",
    "ConfigError",
    "DataError",
    "ExitCode",
    "GraderError",
    "NotebookError",
    "ResultError",
    "ValidationError",
]


class ExitCode(IntEnum):
    """Say how a command ended."""

    DONE = 0
    FOUND_WRONG = 1
    """Something that was examined is not as it should be (an out-of-date release, a finding of `validate`)."""
    UNUSABLE = 2
    """The call or the configuration is wrong, or a submission has no result yet."""


class AutograderError(Exception):
    """Say in one sentence what is wrong, where, and what to do."""


class ConfigError(AutograderError):
    """`course_config.py` is wrong; the message names the place."""


class NotebookError(AutograderError):
    """A notebook cannot be read or lacks what it must have."""


class BuildError(AutograderError):
    """A source assignment cannot be built."""


class CollectError(AutograderError):
    """A download, or one student's part of it, is not read; the others of a class are not touched by it."""


class DataError(AutograderError):
    """A data file is missing or damaged."""


class ResultError(AutograderError):
    """A result file is damaged or of another schema."""


class ValidationError(AutograderError):
    """An assignment cannot be validated."""


class GraderError(AutograderError):
    """Grading failed for a reason of ours; the submission is graded again by the same command."""

"""Write checks: plain pytest functions over the student's notebook and the reference."""

from autograder.checks.measurements import measured
from autograder.checks.outcomes import StudentError, partial

__all__ = ["StudentError", "measured", "partial"]

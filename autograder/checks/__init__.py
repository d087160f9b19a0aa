"""Write checks: plain pytest functions over the student's notebook and the reference."""

from autograder.checks.measurements import learned, measured
from autograder.checks.outcomes import StudentError, partial
from autograder.checks.unwritten import write_this_check

__all__ = ["StudentError", "learned", "measured", "partial", "write_this_check"]

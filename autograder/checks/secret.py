"""Read the course's secret, from which every hidden input derives."""

import os

from autograder.course import Course

__all__ = ["DEMO_SECRET", "read_secret"]

DEMO_SECRET = "demo: anybody can work out the hidden inputs"  # noqa: S105 - it says so itself


def read_secret(course: Course) -> str:
    """Return the course's secret, from AUTOGRADER_SECRET or the secret file; the demo secret where there is neither."""
    from_environment = os.environ.get("AUTOGRADER_SECRET", "").strip()
    path = course.root / course.secret_file
    from_file = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return from_environment or from_file or DEMO_SECRET

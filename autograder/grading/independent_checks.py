"""Know which checks were shown to say alone what they say among the others: these may judge again by themselves."""

import json
from collections.abc import Mapping
from pathlib import Path

from autograder.course import Course

__all__ = ["read_independent_checks", "validation_folder"]


def validation_folder(course: Course) -> Path:
    """Return where `autograder validate` keeps what it found, unless it is told otherwise."""
    return course.root / "results" / "validation"


def read_independent_checks(course: Course, assignment: str) -> Mapping[str, str]:
    """Return by id what fingerprints held of the checks that the last `autograder validate` showed to be independent.

    Where nobody has validated it, or its report cannot be read, that is none.
    """
    try:
        found = json.loads((validation_folder(course) / f"{assignment}.json").read_bytes())["independent"]
        return {str(name): str(digest) for name, digest in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}

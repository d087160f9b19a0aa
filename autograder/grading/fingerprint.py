"""Fingerprint all that a result depends on, so that it is reused exactly as long as none of it has changed."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from autograder import __version__
from autograder.course import Assignment, Course
from autograder.errors import NotebookError
from autograder.grading.submissions import Submission
from autograder.notebooks import BYPRODUCTS, KNOWN_ANSWERS, read_cells

__all__ = ["Fingerprints"]

_OF_NO_RESULT = BYPRODUCTS | {KNOWN_ANSWERS}
_NOT_RUN = {"tests"}
_PICTURES = {".png", ".svg"}


class Fingerprints:
    """Make the fingerprints of one batch; what all its submissions share is read once."""

    def __init__(self, course: Course, assignment: Assignment, secret: str, device: str, sandbox: str) -> None:
        name = assignment.name
        policy = course.late_policy_of(assignment)
        self._shared = {
            "version": __version__,
            "assignment": name,
            "points": assignment.points,
            "budget": asdict(assignment.budget),
            "late": [str(assignment.due), asdict(policy)],
            "checks": _tree(course.checks_folder(name)),
            "reference": _notebook_tree(course.source_notebook(name)),
            "release": _notebook_tree(course.release_notebook(name)),
            "data": sorted(p.name for p in (course.data_folder() / "MNIST" / "raw").glob("*.gz")),
            "secret": hashlib.sha256(secret.encode()).hexdigest(),
            "device": device,
            "sandbox": sandbox,
        }

    def of(self, submission: Submission) -> str:
        """Return the fingerprint of one submission's result."""
        own = {
            "student": submission.student,
            "at": str(submission.submitted_at),
            "flags": submission.flags,
            "content": _content(submission.notebook),
        }
        text = json.dumps({**self._shared, **own}, sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _content(path: Path) -> str:
    """Return the digest of a submission's file, "" for what is not an ordinary file."""
    return "" if path.is_symlink() or not path.is_file() else _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _notebook_tree(notebook: Path) -> dict[str, str]:
    """Return the digests of what results depend on in a folder of ours: the notebook's code and the files beside it.

    Its text and its pictures are for people; the public checks beside a release run in nobody's grade.
    """
    files = _tree(notebook.parent)
    kept = {path: digest for path, digest in files.items() if Path(path).suffix not in _PICTURES}
    kept = {path: digest for path, digest in kept.items() if not _NOT_RUN & set(Path(path).parts)}
    return {**kept, notebook.name: _code(notebook)}


def _code(notebook: Path) -> str:
    """Return the digest of a notebook's code cells; of the whole file where it is no notebook."""
    try:
        cells = read_cells(notebook)
    except NotebookError:
        return _content(notebook)
    code = [[cell.source, cell.grade_id, cell.solution, cell.locked, sorted(cell.tags)] for cell in cells]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def _tree(folder: Path) -> dict[str, str]:
    """Return the digests of our own files, which may be links to one that several assignments share."""
    return {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _OF_NO_RESULT & set(path.relative_to(folder).parts)
    }

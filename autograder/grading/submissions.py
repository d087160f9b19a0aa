"""Find the submissions to an assignment: `<folder>/<student>/<assignment>/<assignment>.ipynb`, nbgrader's layout."""

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import AutograderError
from autograder.notebooks import MAX_BYTES
from autograder.results import Flag

__all__ = ["TIMESTAMP", "Submission", "find_submissions", "read_bytes", "read_submission", "strange_folders"]

TIMESTAMP = "timestamp.txt"
_LONGEST_TIME = 100
_LONGEST_NAME = 200
"""Bytes; a file system takes 255, and the result file's name has some more."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's notebook, there or not."""

    student: str
    notebook: Path
    submitted_at: datetime | None = None
    """From `timestamp.txt` beside the notebook, as nbgrader writes it; without a zone it is UTC. None: not recorded."""
    flags: tuple[Flag, ...] = ()


def find_submissions(folder: Path, assignment: str, students: Collection[str] = ()) -> Sequence[Submission]:
    """Return the submissions in `folder`, by student; raise AutograderError where one asked for is missing."""
    if not folder.is_dir():
        raise AutograderError(
            f"{folder} is not a folder; give the one that holds <student>/{assignment}/ with --submissions."
        )
    found = [
        read_submission(path.name, path / assignment, assignment)
        for path in _folders(folder, assignment)
        if _can_be_an_id(path.name)
    ]
    unknown = sorted(set(students) - {submission.student for submission in found})
    if unknown:
        raise AutograderError(f"{folder} holds no submission of {unknown[0]!r} to {assignment!r}.")
    chosen = [submission for submission in found if not students or submission.student in students]
    if not chosen:
        raise AutograderError(
            f"{folder} holds no submissions to {assignment!r}: no folder <student>/{assignment}/ in it."
        )
    return chosen


def strange_folders(folder: Path, assignment: str) -> Sequence[str]:
    """Return the names of the folders that are passed over, since no file or terminal could carry them as an ID."""
    return [path.name for path in _folders(folder, assignment) if not _can_be_an_id(path.name)]


def _folders(folder: Path, assignment: str) -> Sequence[Path]:
    return [path for path in sorted(folder.iterdir()) if (path / assignment).is_dir() and not path.name.startswith(".")]


def _can_be_an_id(name: str) -> bool:
    return name.isprintable() and len(os.fsencode(name)) <= _LONGEST_NAME


def read_bytes(path: Path) -> bytes | None:
    """Return what an ordinary file holds that is no larger than a notebook may be, None for anything else.

    No link is followed, and no pipe waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            ordinary = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = file.read(MAX_BYTES + 1) if ordinary else b""
    except OSError:
        return None
    return content if ordinary and len(content) <= MAX_BYTES else None


def read_submission(student: str, folder: Path, assignment: str) -> Submission:
    """Return the submission that lies in `folder`."""
    notebook: Path = folder / f"{assignment}.ipynb"
    flags: tuple[Flag, ...] = ()
    others = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    if not notebook.exists() and len(others) == 1:
        notebook, flags = others[0], (Flag.RENAMED,)
    submitted_at, broken = _timestamp(folder / TIMESTAMP)
    return Submission(student=student, notebook=notebook, submitted_at=submitted_at, flags=(*flags, *broken))


def _timestamp(path: Path) -> tuple[datetime | None, tuple[Flag, ...]]:
    """Return the recorded time, and a flag where there is one that cannot be read."""
    if not path.is_file():
        return None, ()
    with path.open("rb") as file:
        text = file.read(_LONGEST_TIME).decode(errors="replace").strip().removesuffix(" UTC")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None, (Flag.TIMESTAMP_UNREADABLE,)
    return (time if time.utcoffset() is not None else time.replace(tzinfo=UTC)), ()

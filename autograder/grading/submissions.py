"""Find the submissions to an assignment: `<folder>/<student>/<assignment>/<assignment>.ipynb`, nbgrader's layout."""

import contextlib
import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import AutograderError, NotebookError
from autograder.grading.handed_in import Choice, cannot_be_read, choose_notebook, names_in
from autograder.notebook_files import read_file, verify_file
from autograder.notebooks import Cell
from autograder.results import Flag
from autograder.roster import can_be_an_id

__all__ = [
    "ATTEMPTS",
    "TIMESTAMP",
    "Submission",
    "earlier_submissions",
    "find_submissions",
    "read_bytes",
    "read_submission",
    "strange_folders",
]

ATTEMPTS = ".attempts"
"""The folder beside the students' own with what they handed in before: `<number>/<student>/<assignment>/`."""
TIMESTAMP = "timestamp.txt"
_LONGEST_TIME = 100
_LINKED = "The submission's folder is a symbolic link; hand in the files themselves."


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One student's notebook, there or not."""

    student: str
    notebook: Path
    submitted_at: datetime | None = None
    """From `timestamp.txt` beside the notebook, as nbgrader writes it; without a zone it is UTC. None: not recorded."""
    flags: tuple[Flag, ...] = ()
    problem: str = ""
    """For the student: why nothing can be graded, and what to do; "" where there is a file to read."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a student's files to the assignment lie."""

    student: str
    folder: Path
    flags: tuple[Flag, ...] = ()
    problem: str = ""


def find_submissions(
    folder: Path, assignment: str, students: Collection[str] = (), release: Sequence[Cell] = ()
) -> Sequence[Submission]:
    """Return the submissions in `folder`, by student; raise AutograderError where one asked for is missing.

    With the cells of the release, of several notebooks one that is blank gives way to one that is not.
    """
    places = [place for place in _places(folder, assignment) if can_be_an_id(place.student)]
    unknown = sorted(set(students) - {place.student for place in places})
    if unknown:
        raise AutograderError(f"{folder} holds no submission of {unknown[0]!r} to {assignment!r}.")
    chosen = [place for place in places if not students or place.student in students]
    if not chosen:
        raise AutograderError(
            f"{folder} holds no submissions to {assignment!r}: no folder <student>/{assignment}/ in it."
        )
    return [_submission(place, assignment, release) for place in chosen]


def earlier_submissions(
    folder: Path, assignment: str, student: str, release: Sequence[Cell] = ()
) -> Sequence[Submission]:
    """Return what a student handed in before, as `autograder collect` keeps it, in the order of its numbers."""
    try:
        numbers = sorted(int(path.name) for path in (folder / ATTEMPTS).iterdir() if path.name.isdecimal())
    except OSError:
        return ()
    places = [folder / ATTEMPTS / str(number) / student / assignment for number in numbers]
    there = [place for place in places if place.is_dir() and not place.is_symlink()]
    return [read_submission(student, place, assignment, release) for place in there]


def strange_folders(folder: Path, assignment: str) -> Sequence[str]:
    """Return the names of the folders that are passed over, since no file or terminal could carry them as an ID."""
    return [place.student for place in _places(folder, assignment) if not can_be_an_id(place.student)]


def _places(folder: Path, assignment: str) -> Sequence[_Place]:
    try:
        names = names_in(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise AutograderError(
            f"{folder} is not a folder; give the one that holds <student>/{assignment}/ with --submissions."
        ) from None
    except OSError as error:
        raise AutograderError(f"{folder} cannot be read ({error.strerror}); mend that, or give another.") from error
    places = (_place(folder / name, assignment) for name in names if not name.startswith("."))
    return [place for place in places if place is not None]


def _place(path: Path, assignment: str) -> _Place | None:
    """Return where one student's files lie, None where there is nothing of this assignment."""
    student, folder = path.name, path / assignment
    try:
        mode = os.lstat(folder).st_mode
        linked = stat.S_ISLNK(mode) or path.is_symlink()
    except (FileNotFoundError, NotADirectoryError):
        return _misplaced(path, assignment)
    except OSError as error:
        return _Place(student=student, folder=folder, problem=cannot_be_read(error))
    if linked:
        return _Place(student=student, folder=folder, problem=_LINKED)
    if not stat.S_ISDIR(mode):
        problem = f"{assignment} is a file where a folder should be; hand in {assignment}/{assignment}.ipynb."
        return _Place(student=student, folder=folder, problem=problem)
    return _Place(student=student, folder=folder)


def _misplaced(path: Path, assignment: str) -> _Place | None:
    """Return where the files lie of a student whose folder for the assignment is missing, or differs by its case."""
    names: Sequence[str] = ()
    with contextlib.suppress(OSError):
        names = names_in(path) if not path.is_symlink() else ()
    for name in names:
        folder = path / name
        if name.lower() == assignment.lower() and folder.is_dir() and not folder.is_symlink():
            return _Place(student=path.name, folder=folder, flags=(Flag.MOVED,))
    if f"{assignment}.ipynb" in names:
        return _Place(student=path.name, folder=path, flags=(Flag.MOVED,))
    return None


def _submission(place: _Place, assignment: str, release: Sequence[Cell]) -> Submission:
    if place.problem:
        notebook = place.folder / f"{assignment}.ipynb"
        return Submission(student=place.student, notebook=notebook, problem=place.problem)
    return read_submission(place.student, place.folder, assignment, release, flags=place.flags)


def read_bytes(path: Path) -> bytes | None:
    """Return what an ordinary file holds that is no larger than a notebook may be, None for anything else."""
    try:
        return read_file(path)
    except NotebookError:
        return None


def read_submission(
    student: str, folder: Path, assignment: str, release: Sequence[Cell] = (), *, flags: tuple[Flag, ...] = ()
) -> Submission:
    """Return the submission that lies in `folder`."""
    choice = choose_notebook(folder, assignment, release)
    submitted_at, broken = _timestamp(folder / TIMESTAMP)
    return Submission(
        student=student,
        notebook=choice.notebook,
        submitted_at=submitted_at,
        flags=tuple(dict.fromkeys((*choice.flags, *flags, *broken))),
        problem=choice.problem or _problem_of(choice),
    )


def _problem_of(choice: Choice) -> str:
    """Return why the file that was chosen cannot be read, where that shows without reading it."""
    try:
        verify_file(choice.notebook)
    except NotebookError as error:
        return str(error)
    return ""


def _timestamp(path: Path) -> tuple[datetime | None, tuple[Flag, ...]]:
    """Return the recorded time, and a flag where there is one that cannot be read."""
    if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
        return None, ()
    text = (read_bytes(path) or b"")[:_LONGEST_TIME].decode(errors="replace").strip().removesuffix(" UTC")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None, (Flag.TIMESTAMP_UNREADABLE,)
    return (time if time.utcoffset() is not None else time.replace(tzinfo=UTC)), ()

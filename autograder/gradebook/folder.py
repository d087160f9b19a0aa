"""Write the folder that formgrader works in: whole, beside the old one, and then in its place."""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from autograder.answer_files import answers_in_files
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.gradebook.copies import Marks, marked_release, student_copy, with_file_answers
from autograder.gradebook.database import Row, naive_utc, write_database
from autograder.gradebook.entries import Written, entries, write_written
from autograder.notebooks import Tag, read_notebook
from autograder.own_notebooks import grade_id_of
from autograder.question_scores import question_scores
from autograder.results import Result, Status, kept_notebook_path
from autograder.roster import Person
from autograder.settlement import Settlement

__all__ = ["DATABASE", "WRITTEN", "Book", "marks_of", "unused", "write_folder"]

DATABASE = "gradebook.db"
WRITTEN = "written.json"
_CONFIG = "nbgrader_config.py"
_PICTURES = {".png", ".jpg", ".jpeg", ".gif"}


@dataclass(frozen=True, kw_only=True)
class Book:
    """What a gradebook is made of."""

    course: Course
    settlement: Settlement
    results: Sequence[Result]
    """Settled."""
    people: Mapping[str, Person]


def marks_of(course: Course, settlement: Settlement, results: Sequence[Result]) -> Marks:
    """Return where points and comments stand; raise AutograderError where the release has no place for them."""
    name = settlement.assignment.name
    release = _release(course, name)
    cells = {grade_id_of(cell): cell for cell in release["cells"] if grade_id_of(cell)}
    points: dict[str, float] = {}
    for result in results:
        for question, score in question_scores(result).items():
            points[question] = max(points.get(question, 0.0), round(score.points, 6))
    points = points or dict(settlement.by_people)
    missing = [question for question in points if question not in cells]
    if missing:
        raise AutograderError(
            f"{course.release_notebook(name)} has no cell {missing[0]!r}, which results have points for; run "
            f"`autograder build {name}`, and grade again."
        )
    graded = {
        one: f"check-{one}" if f"check-{one}" in cells and one not in settlement.by_people else one for one in points
    }
    return Marks(
        grade_cells=graded,
        comment_cells={one: one for one in points},
        points=points,
        kinds={one: "code" if cells[graded[one]]["cell_type"] == "code" else "markdown" for one in points},
        tasks=frozenset(one for one in points if cells[one]["metadata"]["nbgrader"].get("task") is True),
    )


def write_folder(book: Book, target: Path) -> Written:
    """Write the gradebook's folder in the place of what was there; return what was written.

    The caller has seen to it that nothing is lost with the old one, and holds it (`unused`).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        draft.chmod(0o755)
        written = _write(book, draft)
        old = draft.with_suffix(".old")
        if target.exists():
            target.rename(old)
        draft.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise AutograderError(
            f"{target} cannot be written ({error.strerror or error}); mend that, and run it again."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


@contextlib.contextmanager
def unused(target: Path) -> Iterator[None]:
    """Hold a gradebook so that it can be replaced; raise AutograderError where a server works with it."""
    if not (target / WRITTEN).is_file():
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise AutograderError(f"{target} is there and no gradebook of ours; give another folder with --output.")
        yield
        return
    with (target / ".in-use").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AutograderError(
                f"{target} is open in formgrader, which would go on writing into the old one; stop that server first."
            ) from None
        yield


def _release(course: Course, name: str) -> dict[str, Any]:
    path = course.release_notebook(name)
    try:
        release: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AutograderError(f"{path} cannot be read ({error}); run `autograder build {name}`.") from error
    files = course.assignment(name).files
    in_files = answers_in_files(course.source_notebook(name).parent, files)
    return with_file_answers(release, answers_in_files(path.parent, files, in_files))


def _write(book: Book, draft: Path) -> Written:
    course, settlement, name = book.course, book.settlement, book.settlement.assignment.name
    marks = marks_of(course, settlement, book.results)
    release = marked_release(_release(course, name), marks)
    source = read_notebook(course.source_notebook(name))
    ours = [cell for cell in source.cells if Tag.SOLUTION_ONLY not in cell.tags]
    level = course.feedback_level_of(settlement.assignment)
    master = draft / "source" / name
    master.mkdir(parents=True)
    (master / f"{name}.ipynb").write_text(json.dumps(release), encoding="utf-8")
    pictures = _pictures(course.release_notebook(name).parent, master)
    rows = []
    for result in book.results:
        if result.status == Status.FAILED:
            continue
        student = result.student
        kept = kept_notebook_path(settlement.results, name, student, result.attempt)
        copy = draft / "autograded" / student / name
        submitted = draft / "submitted" / student / name
        for folder in (copy, submitted):
            folder.mkdir(parents=True)
        notebook = student_copy(release, ours, kept if kept.is_file() else None, result)
        (copy / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8", errors="replace")
        for picture in pictures:
            place = copy / picture.relative_to(master)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(picture, place)
        submitted_at = naive_utc(result.submitted_at)
        if submitted_at is not None:
            for folder in (copy, submitted):
                (folder / "timestamp.txt").write_text(f"{submitted_at.isoformat(sep=' ')} UTC", encoding="utf-8")
        found = entries(settlement, settlement.assignment, result, level, marks.points)
        rows.append(Row(result=result, entries=found, person=book.people.get(student)))
    write_database(draft / DATABASE, name, settlement.assignment.due, marks, rows)
    config = files("autograder.gradebook").joinpath("nbgrader_config.txt").read_text(encoding="utf-8")
    (draft / _CONFIG).write_text(config, encoding="utf-8")
    written = Written(
        assignment=name,
        cells={one: (marks.grade_cells[one], marks.comment_cells[one]) for one in marks.points},
        students={row.result.student: row.entries for row in rows},
    )
    write_written(draft / WRITTEN, written)
    return written


def _pictures(release: Path, master: Path) -> Sequence[Path]:
    """Copy what the release's texts show."""
    found = []
    for path in sorted(release.rglob("*")):
        if path.suffix.lower() in _PICTURES and path.is_file():
            place = master / path.relative_to(release)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            found.append(place)
    return found

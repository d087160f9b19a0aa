"""Write and read nbgrader's database through nbgrader's own classes."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from alembic.script import ScriptDirectory
from nbgrader.api import (
    Base,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import AutograderError
from autograder.gradebook.copies import Marks
from autograder.gradebook.entries import Entry
from autograder.results import Result
from autograder.roster import Person

__all__ = ["Row", "Typed", "naive_utc", "read_typed", "write_database", "write_penalties"]

_COURSE = "default_course"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One student in the gradebook."""

    result: Result
    entries: Mapping[str, Entry]
    person: Person | None = None


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What stands in formgrader for one question of one student."""

    manual_score: float | None = None
    extra_credit: float | None = None
    manual_comment: str | None = None


def naive_utc(submitted_at: str | None) -> datetime | None:
    """Return a time as nbgrader keeps it."""
    return datetime.fromisoformat(submitted_at).astimezone(UTC).replace(tzinfo=None) if submitted_at else None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Gradebook]:
    """Open a database, with nbgrader's tables in it."""
    url = f"sqlite:///{path}"
    try:
        _add_tables(url)
        with Gradebook(url, _COURSE) as book:
            yield book
    except SQLAlchemyError as error:
        raise AutograderError(
            f"{path} cannot be used ({str(error).splitlines()[0]}); stop what else uses it, or look "
            "whether the file is whole."
        ) from error


def _add_tables(url: str) -> None:
    """Make the tables of a new database as nbgrader does, which starts a program to ask for their version: seconds."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                Base.metadata.create_all(connection)
                connection.execute(text("create table alembic_version (version_num varchar(32) not null)"))
                version = ScriptDirectory(ALEMBIC_DIR).get_current_head()
                connection.execute(text("insert into alembic_version values (:version)"), {"version": version})
    finally:
        engine.dispose()


def write_database(path: Path, assignment: str, due: datetime | None, marks: Marks, rows: Sequence[Row]) -> None:
    """Write a new database, in one transaction after its tables are there."""
    with _opened(path) as book:
        book.update_or_create_assignment(assignment, duedate=naive_utc(due.isoformat()) if due else None)
        notebook = book.update_or_create_notebook(assignment, assignment)
        cells = _add_cells(book, notebook.id, marks)
        if not rows:
            return
        homework = book.find_assignment(assignment).id
        students, submitted, notebooks, grades, comments = (
            list[Any](),
            list[Any](),
            list[Any](),
            list[Any](),
            list[Any](),
        )
        for row in rows:
            hand_in, copy = uuid4().hex, uuid4().hex
            students.append(_student(row))
            submitted.append(
                {
                    "id": hand_in,
                    "assignment_id": homework,
                    "student_id": row.result.student,
                    "timestamp": naive_utc(row.result.submitted_at),
                }
            )
            notebooks.append(
                {
                    "id": copy,
                    "assignment_id": hand_in,
                    "notebook_id": notebook.id,
                    "late_submission_penalty": row.result.penalty,
                }
            )
            for question in marks.points:
                entry = row.entries.get(question, Entry(auto_score=0.0))
                grades.append(
                    {
                        "id": uuid4().hex,
                        "cell_id": cells[f"points {question}"],
                        "notebook_id": copy,
                        "auto_score": entry.auto_score,
                        "manual_score": entry.manual_score,
                        "needs_manual_grade": entry.needs_person,
                    }
                )
                comments.append(
                    {
                        "id": uuid4().hex,
                        "cell_id": cells[f"words {question}"],
                        "notebook_id": copy,
                        "auto_comment": entry.auto_comment,
                        "manual_comment": entry.manual_comment,
                    }
                )
        tables = (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
        for table, content in zip(tables, (students, submitted, notebooks, grades, comments), strict=True):
            book.db.execute(insert(table.__table__), content)
        book.db.commit()


def _add_cells(book: Gradebook, notebook: str, marks: Marks) -> Mapping[str, str]:
    """Add the cells with points and with comments; return their numbers by role: a cell may have both."""
    made = {}
    for question, points in marks.points.items():
        graded, commented = marks.grade_cells[question], marks.comment_cells[question]
        kind = marks.kinds[question]
        if question in marks.tasks:
            cell = TaskCell(name=question, max_score=points, cell_type=kind, notebook_id=notebook)
            made[f"points {question}"] = made[f"words {question}"] = cell
        else:
            made[f"points {question}"] = GradeCell(name=graded, max_score=points, cell_type=kind, notebook_id=notebook)
            made[f"words {question}"] = SolutionCell(name=commented, notebook_id=notebook)
    book.db.add_all(set(made.values()))
    book.db.commit()
    return {name: cell.id for name, cell in made.items()}


def _student(row: Row) -> Mapping[str, str | None]:
    name = row.person.name if row.person else ""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.rpartition(" ")
    return {
        "id": row.result.student,
        "first_name": first.strip() or None,
        "last_name": last.strip() or None,
        "email": (row.person.email if row.person else "") or None,
    }


def read_typed(path: Path, marks_of: Mapping[str, tuple[str, str]]) -> Mapping[tuple[str, str], Typed]:
    """Return what stands in the database by student and question; `marks_of` are the cells with points and words."""
    if not path.is_file():
        raise AutograderError(f"{path} is not there; write the gradebook again.")
    graded = {cell: question for question, (cell, _) in marks_of.items()}
    commented = {cell: question for question, (_, cell) in marks_of.items()}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with _opened(path) as book:
        where = {
            one.id: one.student_id
            for one in book.db.execute(
                select(SubmittedNotebook.id, SubmittedAssignment.student_id).join(
                    SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id
                )
            )
        }
        for grade in book.db.scalars(select(Grade)):
            place = (where.get(grade.notebook_id, ""), graded.get(grade.name, ""))
            found.setdefault(place, {}).update(manual_score=grade.manual_score, extra_credit=grade.extra_credit)
        for comment in book.db.scalars(select(Comment)):
            place = (where.get(comment.notebook_id, ""), commented.get(comment.name, ""))
            found.setdefault(place, {}).update(manual_comment=comment.manual_comment)
    return {place: Typed(**values) for place, values in found.items() if all(place)}


def write_penalties(path: Path, penalties: Mapping[str, float]) -> None:
    """Write what lateness takes from each student by now."""
    with _opened(path) as book:
        for notebook, student in book.db.execute(
            select(SubmittedNotebook, SubmittedAssignment.student_id).join(
                SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id
            )
        ):
            if student in penalties and notebook.late_submission_penalty != penalties[student]:
                notebook.late_submission_penalty = penalties[student]
        book.db.commit()

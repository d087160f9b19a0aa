"""Read who has more time, or no penalty: `extensions.csv` in the course, and the roster's columns `extension`."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from autograder.course import Assignment, Course
from autograder.course_tables import TableRow, read_table
from autograder.errors import AutograderError
from autograder.plain_text import plain_text
from autograder.roster import ROSTER_NAME, Roster, read_roster

__all__ = ["EXTENSIONS_NAME", "Extension", "Extensions", "read_extensions"]

EXTENSIONS_NAME = "extensions.csv"
_COLUMNS = ("student", "assignment", "until", "days", "hours", "exempt", "why")
_HOW = ("until", "days", "hours", "exempt")
_ALL = "*"
_MORE = re.compile(r"\+?\s*(\d+(?:\.\d+)?)\s*(days?|d|hours?|h)?", re.IGNORECASE)
_YES = {"yes", "true", "x", "1", "exempt"}
_LONGEST_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What one student is allowed beyond the due date."""

    until: datetime | date | None = None
    """The new due date; a date alone is that day at the time of the due date, a time without a zone is in its zone."""
    more: timedelta = timedelta()
    """What is added to the due date."""
    exempt: bool = False
    """Lateness costs nothing."""

    def due(self, due: datetime) -> datetime:
        """Return the new due date; never one before the old."""
        until = self.until
        if until is None:
            return due + self.more
        if not isinstance(until, datetime):
            until = datetime.combine(until, due.timetz())
        return max(due, until if until.utcoffset() is not None else until.replace(tzinfo=due.tzinfo))


@dataclass(frozen=True)
class Extensions:
    """The extensions of a course."""

    granted: Mapping[tuple[str, str], Extension] = field(default_factory=dict)
    """By student and assignment; `*` is every assignment that has none of its own."""

    def of(self, student: str, assignment: str) -> Extension | None:
        """Return what a student is allowed for an assignment, None for nothing."""
        return self.granted.get((student, assignment)) or self.granted.get((student, _ALL))


def read_extensions(course: Course) -> Extensions:
    """Return what extensions.csv and roster.csv in the course say; the former counts where both say something.

    Raise AutograderError, with the line and what to do, for what cannot be an extension.
    """
    roster = course.root / ROSTER_NAME
    people = read_roster(roster) if roster.is_file() else None
    granted = _from_roster(course, people) if people else {}
    path = course.root / EXTENSIONS_NAME
    if path.is_file():
        granted |= _from_file(course, people)
    return Extensions(granted)


def _from_roster(course: Course, people: Roster) -> dict[tuple[str, str], Extension]:
    granted = {}
    for person in people.people:
        for name, text in person.extensions.items():
            where = f"{course.root / ROSTER_NAME}: {f'extension {name}'.strip()!r} of {person.id}"
            granted[person.id, name or _ALL] = _extension(text, _assignment(course, name or _ALL, where), where)
    return granted


def _from_file(course: Course, people: Roster | None) -> dict[tuple[str, str], Extension]:
    granted: dict[tuple[str, str], Extension] = {}
    for row in read_table(course.root / EXTENSIONS_NAME, _COLUMNS, ("student", "assignment")):
        student, name = row.cells["student"], row.cells["assignment"]
        if not student or (people is not None and student not in people.by_id):
            who = f"{plain_text(student, 60)!r} is not in {ROSTER_NAME}" if student else "there is no student"
            raise AutograderError(f"{row.where}: {who}; write the student's id.")
        assignment = _assignment(course, name, row.where)
        if (student, name) in granted:
            raise AutograderError(f"{row.where}: {student} has an extension for {name} already; leave one out.")
        granted[student, name] = _extension(_text(row), assignment, row.where)
    return granted


def _assignment(course: Course, name: str, where: str) -> Assignment | None:
    """Return the assignment of that name, None for all."""
    found = [one for one in course.assignments if one.name == name]
    if not found and name != _ALL:
        known = ", ".join(one.name for one in course.assignments)
        raise AutograderError(
            f"{where}: there is no assignment {plain_text(name, 60)!r}; write one of {known}, or {_ALL} for all."
        )
    if found and found[0].due is None:
        raise AutograderError(f"{where}: {name} has no due date that could be extended; leave this out.")
    return found[0] if found else None


def _text(row: TableRow) -> str:
    """Return what a line of the file grants, as the roster would write it."""
    said = [name for name in _HOW if row.cells.get(name)]
    if len(said) != 1:
        raise AutograderError(f"{row.where}: fill in exactly one of {', '.join(_HOW)}, not {len(said)}.")
    (how,) = said
    value = row.cells[how]
    if how == "exempt":
        if value.lower() not in _YES:
            raise AutograderError(f"{row.where}: exempt is {plain_text(value, 60)!r}; write yes, or leave it empty.")
        return "exempt"
    return value if how == "until" else f"{value} {how}"


def _extension(text: str, assignment: Assignment | None, where: str) -> Extension:
    if text.lower() == "exempt":
        return Extension(exempt=True)
    if more := _MORE.fullmatch(text):
        number, unit = float(more[1]), (more[2] or "days").lower()
        days = number / 24 if unit.startswith("h") else number
        if math.isfinite(days) and 0 < days <= _LONGEST_DAYS:
            return Extension(more=timedelta(days=days))
    until = _date(text)
    if until is None:
        raise AutograderError(
            f"{where}: {plain_text(text, 60)!r} is no extension; write 3 days, 12 hours, a date such as 2027-01-20 or "
            "2027-01-20 18:00, or exempt."
        )
    extension = Extension(until=until)
    if assignment is not None and assignment.due is not None and extension.due(assignment.due) == assignment.due:
        raise AutograderError(
            f"{where}: {text} is not after the due date of {assignment.name}, {assignment.due:%Y-%m-%d %H:%M}; write a "
            "later one."
        )
    return extension


def _date(text: str) -> datetime | date | None:
    """Return a date, or a date and time, in ISO's order; None for anything else."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None

"""Fill in the gradebook that was downloaded from Canvas.

Canvas finds a column by the number in `Title (123)`; a column without one becomes a new assignment when the file is
read in. A student is found by "ID", then "SIS User ID", then "SIS Login ID". (instructure/canvas-lms:
lib/gradebook_importer.rb, lib/gradebook_exporter.rb.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course import Assignment
from autograder.errors import AutograderError
from autograder.exporting.csv_text import CsvText
from autograder.exporting.matching import FileRow, match
from autograder.exporting.number_style import NumberStyle, number_of
from autograder.exporting.scores import Column, Filled, fill_scores
from autograder.plain_text import plain_text
from autograder.results import Result
from autograder.roster import Field, Roster

__all__ = ["Gradebook", "fill_gradebook"]

_WITH_ID = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)\s*", re.ASCII | re.DOTALL)
_KEYS: dict[str, tuple[Field, ...]] = {
    "ID": ("canvas",),
    "SIS User ID": ("sis",),
    "SIS Login ID": ("login", "email"),
}
_TEST_STUDENT = "Student, Test"
_NEVER_REPLACED = frozenset({"EX", "Ex", "ex", "N/A"})
"""Excused; not assigned to this student."""


@dataclass(frozen=True, kw_only=True)
class Gradebook:
    """What stands where in the file."""

    file: CsvText
    points_row: int
    """The row "Points Possible"."""
    student_rows: Sequence[int]

    @classmethod
    def read(cls, file: CsvText) -> "Gradebook":
        """Tell the rows apart; raise AutograderError for what is no gradebook of Canvas's."""
        header = file.header
        is_gradebook = "ID" in header and "Section" in header and header[0] in {"Student", "LastName"}
        points = [row for row in file.filled_rows if "Points Possible" in file.value(row, 0)]
        if not is_gradebook or len(points) != 1:
            raise AutograderError(
                f'{file.path} is no gradebook of Canvas\'s: it lacks "Student", "ID", "Section" or the one row "Points '
                'Possible"; download it with Grades → Export.'
            )
        students = [
            row for row in file.filled_rows if row not in points and file.value(row, header.index("ID")).strip()
        ]
        return cls(file=file, points_row=points[0], student_rows=students)

    def canvas_id(self, row: int) -> str:
        """Return Canvas's number of the student of a row."""
        return self.file.value(row, self.file.header.index("ID")).strip()

    def people(self) -> list[FileRow]:
        """Return who the rows are about; the test student is nobody."""
        people = [self._person(row) for row in self.student_rows]
        return [person for person in people if person.label != _TEST_STUDENT]

    def _person(self, row: int) -> FileRow:
        cells: dict[str, str] = {}
        for column, cell in zip(self.file.header, self.file.rows[row], strict=True):
            cells.setdefault(column, cell.text)
        name = cells.get("Student") or f"{cells.get('LastName', '')}, {cells.get('FirstName', '')}"
        name = re.sub(r'^"?(\s*=.*?)"?$', r"\1", name)  # Canvas puts quotes around a name that would be a formula
        keys = [(cells[column], fields) for column, fields in _KEYS.items() if column in cells]
        own = {fields[0]: cell for cell, fields in keys}
        return FileRow(place=row, label=name, keys=keys, own=own, names=[name])

    def column_of(self, assignment: Assignment, named: str | None) -> int:
        """Return the assignment's one column; raise AutograderError, with what there is, where that is not certain."""
        header, path = self.file.header, self.file.path
        if named is not None:
            wanted = [place for place, name in enumerate(header) if named.strip() in _called(name)]
        else:
            ours = {_plain(assignment.name), _plain(assignment.title)}
            wanted = [place for place, name in enumerate(header) if _plain(_title(name)) in ours]
        candidates = [place for place in wanted if _WITH_ID.fullmatch(header[place])]
        if len(candidates) != 1:
            which = f"--column {named}" if named is not None else f"the name or title of {assignment.name}"
            number = "no column" if not candidates else f"{len(candidates)} columns"
            likely = [name for place, name in enumerate(header) if self._points(place) == assignment.points]
            offer = ", ".join(repr(plain_text(name, 80)) for name in likely) or "none"
            hint = (
                " A column without Canvas's number would become a new assignment." if wanted and not candidates else ""
            )
            raise AutograderError(
                f"{path} has {number} for {which}; give --column with one of those that are worth "
                f"{assignment.points:g} points: {offer}.{hint}"
            )
        [place] = candidates
        points = self._points(place)
        if points != assignment.points:
            said = plain_text(self.file.value(self.points_row, place).strip(), 40) or "nothing"
            raise AutograderError(
                f"{path}: the column {header[place]!r} is worth {said}, {assignment.name} {assignment.points:g} "
                "points; set the points in Canvas to these and download the gradebook again."
            )
        return place

    def _points(self, column: int) -> float | None:
        known = _WITH_ID.fullmatch(self.file.header[column])
        return number_of(self.file.value(self.points_row, column)) if known else None


def fill_gradebook(
    gradebook: Gradebook,
    assignment: Assignment,
    results: Sequence[Result],
    *,
    roster: Roster | None,
    column: str | None = None,
    replace: bool = False,
) -> Filled:
    """Fill in the assignment's column; raise AutograderError where the file or the column is not certain."""
    file = gradebook.file
    place = gradebook.column_of(assignment, column)
    points = [cell.text for cell in file.rows[gradebook.points_row]]
    own = [points[place], *(file.value(row, place) for row in gradebook.student_rows)]
    style = NumberStyle.of([*own, *points])
    matches = match(gradebook.people(), [result.student for result in results], roster)
    where = Column(place=place, style=style, fixed=_NEVER_REPLACED)
    return fill_scores(file, where, results, matches, replace=replace)


def _title(header: str) -> str:
    found = _WITH_ID.fullmatch(header)
    return found["title"] if found else header


def _called(header: str) -> set[str]:
    """Return what a person may call a column: all of it, its title, its number."""
    found = _WITH_ID.fullmatch(header)
    return {header.strip(), *((found["title"], found["id"]) if found else ())}


def _plain(name: str) -> str:
    """Return the letters and digits of a name: "Parameter counting" is `parameter_counting`."""
    return "".join(character for character in name.casefold() if character.isalnum())

"""Fill in the grading worksheet that was downloaded from Moodle, and name feedback files as Moodle wants them back.

The worksheet is in the teacher's language, so columns are told by their place and by what stands in them: Moodle
writes the grade right before the maximum grade. It takes back what stands below its own column names, and no other
column. (moodle/moodle: mod/assign/gradingtable.php, feedback/offline/importgradeslib.php,
feedback/file/importziplib.php.)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.course import Assignment
from autograder.errors import AutograderError
from autograder.exporting.csv_text import CsvText
from autograder.exporting.matching import FileRow, match
from autograder.exporting.number_style import NumberStyle, number_of
from autograder.exporting.scores import Column, Filled, fill_scores
from autograder.plain_text import guarded, plain_text
from autograder.results import Result
from autograder.roster import Field, Roster

__all__ = ["Worksheet", "fill_worksheet"]

_PARTICIPANT = re.compile(r"\D*(?P<number>\d+)\s*")
_YEAR, _CLOCK = re.compile(r"\d{4}"), re.compile(r"\d[:.]\d\d")
_LONGEST_TIME = 80
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|_]+')
_LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class Worksheet:
    """What stands where in the file; the participant's number is in the first column."""

    file: CsvText
    grade: int
    comments: int | None
    """The column for feedback in the form of text; None where the assignment has none."""

    @classmethod
    def read(cls, file: CsvText, assignment: Assignment, named: str | None = None) -> "Worksheet":
        """Tell the columns; raise AutograderError for what is no worksheet, and where the grade's column is unsure."""
        participants = file.column(0)
        if not participants or not all(map(_PARTICIPANT.fullmatch, participants)):
            raise AutograderError(
                f"{file.path} is no grading worksheet of Moodle's: its first column holds no participants' numbers; "
                "download it in the assignment with Submissions → Actions → Download grading worksheet."
            )
        grade = _grade_column(file, assignment, named)
        return cls(file=file, grade=grade, comments=_comments_column(file, grade))

    def participant(self, row: int) -> str:
        """Return the number of a row's participant."""
        found = _PARTICIPANT.fullmatch(self.file.value(row, 0))
        assert found, "read() has looked at all of them"
        return found["number"]

    def people(self) -> list[FileRow]:
        """Return who the rows are about: name, e-mail address, username stand before the grade."""
        return [self._person(row) for row in self.file.filled_rows]

    def folder(self, row: int) -> str:
        """Return the folder of the zip that Moodle takes this participant's feedback files from.

        Of the name only the parts between underscores count; the last underscore is for Moodle before 4.1.
        """
        has_name = self.grade > 2  # noqa: PLR2004 - number, status; marked blind, there is no name between them
        said = self.file.value(row, 1 if has_name else 0)
        name = " ".join(_NOT_IN_NAMES.sub(" ", said).split()).lstrip(".~ ")[:_LONGEST_NAME].rstrip(". ")
        return f"{name or 'Participant'}_{self.participant(row)}_assignfeedback_file_"

    def _person(self, row: int) -> FileRow:
        number, *others = [cell.text for cell in self.file.rows[row][: self.grade]]
        keys: list[tuple[str, Sequence[Field]]] = [(self.participant(row), ["moodle"])]
        keys += [(cell, ["email", "login", "sis"]) for cell in others]
        label = plain_text(" ".join([number, *others[:1]]), 80)
        return FileRow(place=row, label=label, keys=keys, own={"moodle": self.participant(row)}, names=others[:1])


def fill_worksheet(
    sheet: Worksheet,
    results: Sequence[Result],
    comments: Mapping[str, str],
    *,
    roster: Roster | None,
    replace_others: bool = False,
) -> Filled:
    """Fill in grades, and comments, HTML by student, where the worksheet has a column for them.

    A comment goes beside its score alone; one that is there already stays, unless others are to be replaced.
    """
    file = sheet.file
    matches = match(sheet.people(), [result.student for result in results], roster)
    style = NumberStyle.of([*file.column(sheet.grade + 1), *file.column(sheet.grade)])
    filled = fill_scores(file, Column(place=sheet.grade, style=style), results, matches, replace=replace_others)
    if sheet.comments is None:
        note = ["The worksheet has no column for comments: switch on feedback comments in Moodle to have them there."]
        return replace(filled, notes=[*filled.notes, *(note if comments else [])])
    changes, kept = dict(filled.changes), []
    for student, row in filled.placed.items():
        there, text = file.value(row, sheet.comments), guarded(comments.get(student, ""))
        if not text or there == text:
            continue
        if there.strip() and not replace_others:
            kept.append(student)
        else:
            changes[row, sheet.comments] = text
    notes = [f"Another comment stands there and was kept ({len(kept)}): {', '.join(kept)}"] if kept else []
    return replace(filled, changes=changes, notes=[*filled.notes, *notes])


def _grade_column(file: CsvText, assignment: Assignment, named: str | None) -> int:
    """Return the column before the one that says the maximum grade in each row."""
    header, path = file.header, file.path
    found = {place - 1: points for place in range(2, len(header)) if (points := _maximum(file, place)) is not None}
    if named is not None:
        found = {place: points for place, points in found.items() if header[place].strip() == named.strip()}
    right = [place for place, points in found.items() if points == assignment.points]
    if len(right) == 1:
        return right[0]
    names = ", ".join(repr(plain_text(header[place], 80)) for place in (right or found)) or "none"
    if right:
        raise AutograderError(f"{path}: several columns could be the grade's; give --column with one of {names}.")
    if found:
        raise AutograderError(
            f"{path}: the maximum grade is {' or '.join(f'{points:g}' for points in found.values())}, "
            f"{assignment.name} has {assignment.points:g} points; set the maximum grade in Moodle to these and "
            "download the worksheet again."
        )
    raise AutograderError(
        f"{path} has no column with grades before one with the same maximum grade in each row"
        f"{f' that is called {named!r}' if named is not None else ''}; scales cannot be filled in, and grading by a "
        "rubric switches the worksheet off."
    )


def _maximum(file: CsvText, column: int) -> float | None:
    """Return the number that this column says in every row, where the one before it may hold grades."""
    numbers = {number_of(cell) for cell in file.column(column)}
    before = (cell.strip() for cell in file.column(column - 1))
    if len(numbers) == 1 and all(cell in {"", "-"} or number_of(cell) is not None for cell in before):
        return numbers.pop() or None
    return None


def _comments_column(file: CsvText, grade: int) -> int | None:
    """Return the last column where it follows the time of the last grading and is none itself: Moodle's order."""
    last = len(file.header) - 1
    if last <= grade + 3 or _holds_times(file.column(last)):
        return None
    times = file.column(last - 1)
    return last if _holds_times(times) or all(cell.strip() in {"", "-"} for cell in times) else None


def _holds_times(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell.strip() not in {"", "-"}]
    are_times = (len(cell) <= _LONGEST_TIME and _YEAR.search(cell) and _CLOCK.search(cell) for cell in said)
    return all(are_times) if said else any(cell.strip() == "-" for cell in cells)

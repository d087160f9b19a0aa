"""Change single cells of a CSV file that somebody downloaded, and leave every other byte as it is.

Python's csv module reads such files, but what it writes differs in quotes, line ends and the byte order mark. Here
each cell knows where in the text it stands.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError

__all__ = ["Cell", "CsvText", "read_csv_text"]

_BOM = "\ufeff"
_DELIMITERS = ",;\t"
_QUOTED = r'"(?P<quoted>[^"]*(?:""[^"]*)*)"'
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, and the part of the text that it takes with its quotes."""

    text: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, kw_only=True)
class CsvText:
    """A CSV file as it was downloaded; every row has a cell for each column, or nothing at all in it."""

    path: Path
    text: str
    delimiter: str
    rows: Sequence[Sequence[Cell]]
    """The header first."""

    @property
    def header(self) -> Sequence[str]:
        """Return what the first row says."""
        return [cell.text for cell in self.rows[0]]

    @property
    def filled_rows(self) -> Sequence[int]:
        """Return the places of the rows below the header that say something."""
        return [place for place, row in enumerate(self.rows) if place and not _is_blank(row)]

    def value(self, row: int, column: int) -> str:
        """Return what a cell says."""
        return self.rows[row][column].text

    def column(self, column: int) -> Sequence[str]:
        """Return what the cells of a column say, without the header and empty rows."""
        return [self.value(row, column) for row in self.filled_rows]

    def changed(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with new texts in some cells, given by row and column from 0; nothing else differs."""
        pieces, done = [], 0
        for row, column in sorted(changes):
            cell = self.rows[row][column]
            pieces += [self.text[done : cell.start], self._written(changes[row, column], quoted=cell.quoted)]
            done = cell.end
        return "".join([*pieces, self.text[done:]]).encode("utf-8", "replace")

    def _written(self, text: str, *, quoted: bool) -> str:
        if quoted or any(character in text for character in f'{self.delimiter}"\r\n'):
            return '"' + text.replace('"', '""') + '"'
        return text


def read_csv_text(path: Path) -> CsvText:
    """Read a CSV file in UTF-8 with commas, semicolons or tabs; raise AutograderError, with the row, for any other."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AutograderError(
            f"{path} cannot be read ({error.strerror}); give the file that was downloaded."
        ) from error
    if len(content) > _MAX_BYTES:
        raise AutograderError(f"{path} has more than {_MAX_BYTES // 2**20} MB; give the file that was downloaded.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AutograderError(
            f"{path}, line {line}: this is not UTF-8; give the file that was downloaded, not one that was saved anew."
        ) from error
    delimiter = max(_DELIMITERS, key=lambda one: _columns(text, one))
    rows = list(_rows(text, delimiter, path))
    if not rows or len(rows[0]) < 2:  # noqa: PLR2004 - one column is no table
        raise AutograderError(f"{path} is no CSV file with several columns; give the file that was downloaded.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]) and not _is_blank(row):
            raise AutograderError(
                f"{path}, row {number}: {len(row)} cells for {len(rows[0])} columns; give the file that was downloaded."
            )
    return CsvText(path=path, text=text, delimiter=delimiter, rows=rows)


def _columns(text: str, delimiter: str) -> int:
    """Return how many columns a delimiter makes of the first row."""
    header = re.match(rf"(?:{_QUOTED}|[^\"\r\n])*", text)
    assert header, "it may be empty"
    return re.sub(_QUOTED, "", header[0]).count(delimiter)


def _rows(text: str, delimiter: str, path: Path) -> Iterator[list[Cell]]:
    """Yield the cells of each row; raise AutograderError for a quotation mark where none can be."""
    cell = re.compile(rf"{_QUOTED}|(?P<plain>(?:[^\"{delimiter}\r\n][^{delimiter}\r\n]*)?)")
    ending = re.compile(rf"{delimiter}|\r\n|\n|\r|\Z")
    place, row, number = len(_BOM) if text.startswith(_BOM) else 0, list[Cell](), 1
    while place < len(text) or row:
        found = cell.match(text, place)
        assert found, "an empty cell matches anywhere"
        end = ending.match(text, found.end())
        if end is None:
            raise AutograderError(
                f"{path}, row {number}: a quotation mark is not closed, or stands inside a cell; "
                "give the file as it was downloaded."
            )
        quoted = found["quoted"] is not None
        said = found["quoted"].replace('""', '"') if quoted else found["plain"]
        row.append(Cell(said, found.start(), found.end(), quoted))
        place = end.end()
        if end[0] != delimiter:
            yield row
            row, number = [], number + 1


def _is_blank(row: Sequence[Cell]) -> bool:
    return not any(cell.text.strip() for cell in row)

"""Read the small tables that people write for a course: CSV files whose first line names the columns."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError

__all__ = ["TableRow", "read_table"]

_MAX_BYTES = 16 * 2**20
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class TableRow:
    """One line of a table."""

    where: str
    """File and line, for messages."""
    cells: Mapping[str, str]
    """The text of each column, without white space around it; "" where it is empty."""


def read_table(path: Path, columns: Collection[str], required: Collection[str]) -> Iterator[TableRow]:
    """Yield the lines that are not empty; raise AutograderError for what is no table of these columns."""
    text = _text(path)
    first = next(iter(text.splitlines()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            where, line = f"{path}, line {line}", reader.line_num + 1
            stripped = [cell.strip() for cell in cells]
            if not any(stripped):
                continue
            if not names:
                names = [cell.lower() for cell in stripped]
                _verify_header(where, names, columns, required)
                continue
            if any(stripped[len(names) :]):
                raise AutograderError(
                    f'{where}: {len(stripped)} cells for {len(names)} columns; put a cell that holds a "{delimiter}" '
                    "into double quotes."
                )
            padded = stripped + [""] * (len(names) - len(stripped))
            yield TableRow(where, dict(zip(names, padded[: len(names)], strict=True)))
    except csv.Error as error:
        raise AutograderError(f"{path}, line {line}: this is no line of a CSV file ({error}); mend it.") from error
    if not names:
        raise AutograderError(f"{path} is empty; its first line names the columns: {', '.join(columns)}.")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AutograderError(f"{path} cannot be read ({error.strerror}); mend that, or give another.") from error
    if len(content) > _MAX_BYTES:
        raise AutograderError(f"{path} has more than {_MAX_BYTES // 2**20} MB; give the table that is meant.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AutograderError(f"{path}, line {line}: this is not UTF-8; save the file as UTF-8.") from error


def _verify_header(where: str, names: list[str], columns: Collection[str], required: Collection[str]) -> None:
    for name in names:
        if name not in columns:
            raise AutograderError(f"{where}: nothing here knows the column {name!r}; there are {', '.join(columns)}.")
        if names.count(name) > 1:
            raise AutograderError(f"{where}: the column {name!r} is there twice; leave one out.")
    for name in required:
        if name not in names:
            raise AutograderError(f"{where}: there is no column {name!r}; the first line names the columns.")

"""Take from a graded notebook what its student is to see again: code with the lines that failed, figures and output.

A notebook is hostile input: of its outputs only plain text and pictures of known kinds are taken, within limits.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.answer_files import answers_in, read_handed_in_files
from autograder.errors import NotebookError
from autograder.notebook_files import read_file
from autograder.notebook_formats import UnusableContent, parse_notebook
from autograder.plain_text import plain_lines, plain_text
from autograder.results import CellRecord, CellStatus, Result

__all__ = ["Picture", "ShownCell", "read_shown_cells", "shown_lines", "shown_outputs"]

_MOST_CELLS = 300
_MOST_LINES = 300
_MOST_CODE = 20_000
_MOST_TEXT = 2_000
_MOST_TEXTS = 100_000
_MOST_PICTURE = 200_000
_MOST_PICTURES = 550_000
"""Bytes of code, of one output and of all, of one picture and of all: a page stays below a megabyte."""
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""Kinds of pictures that are shown, with the bytes that they begin with; none of them can hold a script."""
_LINE = re.compile(r"\bline (\d+)")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure of the student's."""

    kind: str
    base64: str


@dataclass(frozen=True, kw_only=True)
class ShownCell:
    """One code cell as the student handed it in."""

    number: int
    """As JupyterLab's users count cells: from 1, text cells too; 0 for a piece of a file."""
    question: str
    source: str
    file: str = ""
    """The file that it stands in, "" for the notebook."""
    failed_lines: tuple[int, ...] = ()
    error: str = ""
    """What the cell raised when it was run for grading."""
    outputs: tuple[str | Picture, ...] = ()


@dataclass
class _Room:
    """What is left of the limits of one page."""

    texts: int = _MOST_TEXTS
    pictures: int = _MOST_PICTURES
    left_out: list[str] = field(default_factory=list)


def read_shown_cells(notebook: Path, result: Result) -> list[ShownCell]:
    """Return the code cells of the notebook that was graded; none where it can no longer be read."""
    try:
        raw = parse_notebook(read_file(notebook))
    except (NotebookError, UnusableContent, OSError):
        return []
    records = {record.index: record for record in result.cells if record.index >= 0}
    room = _Room()
    cells: list[ShownCell] = []
    for index, cell in enumerate(raw.cells):
        if len(cells) == _MOST_CELLS or not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = _joined(cell.get("source"))
        record = records.get(index)
        if source.strip() and (record is not None or cell.get("outputs")):
            cells.append(_shown(index, source, cell, record, room))
    return [*cells, *_shown_answers_in_files(notebook.parent, result)]


def _shown_answers_in_files(folder: Path, result: Result) -> Iterator[ShownCell]:
    """Yield the answers in files beside the notebook."""
    questions = {check.question for check in result.checks}
    for file in read_handed_in_files(folder, result.files):
        for question, source in answers_in(file.text, questions).items():
            yield ShownCell(number=0, question=question, source="\n".join(shown_lines(source)), file=file.name)


def _shown(index: int, source: str, cell: Mapping[str, Any], record: CellRecord | None, room: _Room) -> ShownCell:
    shown = shown_lines(source)
    failed = record is not None and record.status != CellStatus.OK
    return ShownCell(
        number=index + 1,
        question=record.grade_id if record is not None else "",
        source="\n".join(shown),
        failed_lines=_failed_lines(record, index, len(shown)) if failed and record is not None else (),
        error=plain_text(record.error, _MOST_TEXT) if failed and record is not None else "",
        outputs=tuple(_outputs(cell.get("outputs"), room)),
    )


def shown_lines(source: str) -> list[str]:
    """Return the lines of a cell as they are shown: harmless, and not too many."""
    lines = plain_lines(source[:_MOST_CODE]).splitlines()
    shown = lines[:_MOST_LINES]
    if len(shown) < len(lines) or len(source) > _MOST_CODE:
        shown.append("# … the rest of this cell is not shown here")
    return shown


def shown_outputs(raw: object) -> tuple[str | Picture, ...]:
    """Return what is shown of one cell's outputs, as they stand in its notebook; they may be anything."""
    return tuple(_outputs(raw, _Room()))


def _failed_lines(record: CellRecord, index: int, lines: int) -> tuple[int, ...]:
    """Return the line that a cell's error names, where it lies in this cell."""
    place = record.error.rpartition(f" in cell {index + 1}")[2]
    found = _LINE.search(place) if place != record.error else None
    return (int(found[1]),) if found and 1 <= int(found[1]) <= lines else ()


def _outputs(raw: object, room: _Room) -> Iterator[str | Picture]:
    for output in raw if isinstance(raw, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        data = data if isinstance(data, dict) else {}
        picture = next((found for kind in _PICTURES if (found := _picture(kind, data.get(kind)))), None)
        if picture is not None:
            if len(picture.base64) <= min(_MOST_PICTURE, room.pictures):
                room.pictures -= len(picture.base64)
                yield picture
            else:
                yield "[A figure is left out here: it is too large for this page.]"
            continue
        text = _text_of(output, data)
        if text and room.texts > 0:
            kept = plain_lines(text[: min(_MOST_TEXT, room.texts)]).strip("\n")
            room.texts -= len(kept)
            yield f"{kept}\n…" if len(text) > _MOST_TEXT else kept


def _text_of(output: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return _joined(output.get("text"))
    if output.get("output_type") == "error":
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    return _joined(data.get("text/plain"))


def _picture(kind: str, content: object) -> Picture | None:
    """Return a picture that is what it says; None for anything else."""
    try:
        raw = base64.b64decode(_joined(content).replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Picture(kind=kind, base64=base64.b64encode(raw).decode()) if raw.startswith(_PICTURES[kind]) else None


def _joined(value: object) -> str:
    """Return a notebook's text, which may be a list of lines; other things as JSON-like text are not taken."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""

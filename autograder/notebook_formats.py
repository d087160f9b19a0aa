"""Find the cells in the bytes of a notebook, whatever has saved it, or say in one sentence what they are instead."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["RawNotebook", "UnusableContent", "parse_notebook"]

_FORMAT = 4
_FORMATS_WITH_WORKSHEETS = {2, 3}
_MOST_PARTS = 4_000_000
"""Lists and objects; each takes 60 bytes and more of memory, and could be written in three."""
_USUAL_ENCODINGS = {"utf-8", "utf-8-sig"}
_HEAD = 4_000
_SIGNATURES = {
    b"PK\x03\x04": "a zip archive; unpack it, and hand in the notebook that is in it",
    b"\x1f\x8b": "a gzip archive; unpack it, and hand in the notebook that is in it",
    b"7z\xbc\xaf": "a 7z archive; unpack it, and hand in the notebook that is in it",
    b"Rar!": "a rar archive; unpack it, and hand in the notebook that is in it",
    b"%PDF": "a PDF; hand in the notebook that it was printed from",
    b"\x89PNG": "a picture; hand in the notebook",
    b"\xff\xd8\xff": "a picture; hand in the notebook",
    b"version https://git-lfs": "a pointer of Git LFS; run `git lfs pull`, and hand in the file that it points to",
}
_WEB_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_PYTHON = re.compile(r"^(?:#!.*python|# In\[|# ?%%|import \w+|from [\w.]+ import |def \w+\()", re.MULTILINE)


class UnusableContent(Exception):
    """Say what the bytes are: the end of a sentence that begins with the file's name."""


@dataclass(frozen=True, kw_only=True)
class RawNotebook:
    """The cells of a notebook as its JSON has them: of any type."""

    cells: list[Any]
    converted: bool
    """Whether it came in an older format, or in another encoding than UTF-8."""


def parse_notebook(content: bytes) -> RawNotebook:
    """Return the cells; raise UnusableContent with the end of a sentence that begins with the file's name."""
    text, converted = _decode(content)
    if text.count("[") + text.count("{") > _MOST_PARTS:
        raise UnusableContent(f"has more than {_MOST_PARTS} lists and objects; clear its outputs.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableContent(f"is not a notebook: {next(_what_it_is(content, text))}.") from error
    document = document if isinstance(document, dict) else {}
    cells, worksheets, number = (document.get(name) for name in ("cells", "worksheets", "nbformat"))
    if number == _FORMAT and isinstance(cells, list):
        return RawNotebook(cells=cells, converted=converted)
    if isinstance(worksheets, list) and isinstance(number, int) and number in _FORMATS_WITH_WORKSHEETS:
        return RawNotebook(cells=list(_cells_of(worksheets)), converted=True)
    raise UnusableContent("is not a notebook of format 4; open it in JupyterLab and save it again.")


def _decode(content: bytes) -> tuple[str, bool]:
    """Return the text, and whether it was in an encoding that no notebook should be in."""
    encoding = json.detect_encoding(content) if any(content[:4]) else "utf-8"
    if encoding not in _USUAL_ENCODINGS:
        return content.decode(encoding, "replace"), True  # it may break off inside a character
    for candidate in ("utf-8-sig", "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(candidate), candidate != "utf-8-sig"
    return content.decode("latin-1"), True


def _cells_of(worksheets: list[Any]) -> Iterator[Any]:
    """Yield the cells of formats 2 and 3, in which code is `input` and cells lie on worksheets."""
    for sheet in worksheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else ():
            yield {**cell, "source": cell.get("input", "")} if isinstance(cell, dict) else cell


def _what_it_is(content: bytes, text: str) -> Iterator[str]:
    """Yield what may stand in the place of a notebook's JSON, and what to do, the likeliest first."""
    if not any(content):
        yield "it is empty; it was not saved, uploaded or synchronised in full, hand it in again"
    yield from (f"it is {what}" for signature, what in _SIGNATURES.items() if content.startswith(signature))
    if re.search(r"^<{7} ", text, re.MULTILINE) and re.search(r"^>{7} ", text, re.MULTILINE):
        yield "git has left the marks of a merge conflict in it (<<<<<<<); resolve them, and hand it in again"
    head = text[:_HEAD].lstrip()
    if head.startswith("{") and not text.rstrip(" \t\r\n").endswith("}"):
        yield "it breaks off in the middle; it was not saved or synchronised in full, hand it in again"
    elif not head.startswith("{") and _WEB_PAGE.search(head):
        yield "it is a web page, of a login perhaps; download the notebook again, and open it before you hand it in"
    elif not head.startswith("{") and _PYTHON.search(head):
        yield "it is a Python file; hand in the notebook that it was exported from"
    yield "it is not valid JSON; open it in JupyterLab, save it again, and hand that in"

"""Find the questions of a source notebook of otter's: the blocks that its raw cells begin and end."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import BuildError
from autograder.importing.otter_first_format import with_blocks
from autograder.importing.otter_tests import read_config

__all__ = ["Question", "SourceNotebook", "is_source", "read_blocks"]

_BOUNDARY = re.compile(r"#\s+(begin|end)\s+(question|prompt|solution|tests)\b", re.IGNORECASE)
_CONFIG = re.compile(r"#\s+assignment\s+config\b", re.IGNORECASE)
_IGNORED = re.compile(r"(##\s*ignore\s*##\s*|#\s*ignore\s*)", re.IGNORECASE)
_FENCED = re.compile(r"^```otter[ \t]*\n(.*?)^```[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question, its cells in order."""

    name: str
    place: str
    config: Mapping[str, Any]
    cells: list[tuple[str, str, NotebookNode]] = field(default_factory=list)
    """The block of each (`prompt`, `solution`, `tests`; "" for none), its place, and the cell."""

    @property
    def grade_id(self) -> str:
        """Return the name as nbgrader's IDs may be."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", self.name)

    def of(self, block: str, cell_type: str = "") -> Sequence[tuple[str, NotebookNode]]:
        """Return the places and cells of one kind of block."""
        return [(place, cell) for one, place, cell in self.cells if one == block and cell_type in ("", cell.cell_type)]


@dataclass(kw_only=True)
class SourceNotebook:
    """What a source notebook consists of."""

    config: dict[str, Any] = field(default_factory=dict)
    parts: list[Question | tuple[str, NotebookNode]] = field(default_factory=list)
    """Questions, and the places and cells between them."""
    notes: list[str] = field(default_factory=list)


def is_source(notebook: NotebookNode, path: Path) -> bool:
    """Return whether a notebook has a question as otter's sources have it."""
    cells = (cell for _, cell in _cells(notebook, path.name))
    return any(found[2].lower() == "question" for cell in cells if (found := _boundary(cell)))


def read_blocks(notebook: NotebookNode, path: Path) -> SourceNotebook:
    """Return the questions and what is between them; raise BuildError for a block without its partner."""
    found = SourceNotebook()
    question: Question | None = None
    block = ""
    for place, cell in _cells(notebook, path.name):
        boundary = _boundary(cell)
        cell.metadata.pop("nbgrader", None)
        if _IGNORED.match(cell.source):
            found.notes.append(f"{place} is marked to be ignored, and left out as by otter.")
        elif cell.cell_type == "raw" and _CONFIG.match(cell.source):
            found.config |= read_config(cell.source, place)
        elif boundary is None and question is not None:
            kept = "otter_include" in cell.metadata.get("tags", ()) and cell.cell_type == "markdown"
            question.cells.append(("" if kept else block, place, cell))
        elif boundary is None:
            found.parts.append((place, cell))
        elif boundary[1].lower() == "begin" and boundary[2].lower() == "question":
            if question is not None:
                raise BuildError(f"{place}: a question begins before {question.name!r} has its `# END QUESTION`.")
            question = _question(cell, place, found)
            found.parts.append(question)
        else:
            block = _after(boundary, block, question, place)
            question = question if boundary[2].lower() != "question" else None
    if question is not None:
        missing = f"# END {block or 'question'}".upper()
        raise BuildError(f"{question.place}: the question {question.name!r} has no `{missing}`.")
    return found


def _cells(notebook: NotebookNode, name: str) -> Iterator[tuple[str, NotebookNode]]:
    """Yield the cells and their places; a block of text ```` ```otter ```` is a raw cell of its own."""
    for place, cell in with_blocks([(f"{name}, cell {n}", cell) for n, cell in enumerate(notebook.cells, 1)]):
        if cell.cell_type != "markdown" or "```otter" not in cell.source:
            yield place, cell
            continue
        end = 0
        for fence in _FENCED.finditer(cell.source):
            if text := cell.source[end : fence.start()].strip("\n"):
                yield place, nbformat.v4.new_markdown_cell(text)
            yield place, nbformat.v4.new_raw_cell(fence[1].rstrip("\n"))
            end = fence.end()
        if "```otter" in cell.source[end:]:
            raise BuildError(f"{place}: its ```otter has no ``` below it.")
        if text := cell.source[end:].strip("\n"):
            yield place, nbformat.v4.new_markdown_cell(text)


def _boundary(cell: NotebookNode) -> re.Match[str] | None:
    return _BOUNDARY.match(cell.source) if cell.cell_type == "raw" else None


def _question(cell: NotebookNode, place: str, found: SourceNotebook) -> Question:
    config = read_config(cell.source, place)
    name = config.get("name")
    if not isinstance(name, str | int | float) or isinstance(name, bool) or not str(name).strip():
        raise BuildError(f"{place}: the question has no name; write `name: …` below `# BEGIN QUESTION`.")
    if any(isinstance(one, Question) and one.name == str(name) for one in found.parts):
        raise BuildError(f"{place}: an earlier question is called {name!r} too; give one of them another name.")
    return Question(name=str(name), place=place, config=config)


def _after(boundary: re.Match[str], block: str, question: Question | None, place: str) -> str:
    """Return the block that a notebook is in behind a boundary; raise BuildError for one that has no partner."""
    begins, kind = boundary[1].lower() == "begin", boundary[2].lower()
    text = f"`{boundary[0].upper()}`"
    if begins and question is None:
        raise BuildError(f"{place}: {text} stands outside of a question; put it behind a `# BEGIN QUESTION`.")
    if begins and block:
        raise BuildError(f"{place}: {text} stands before the `# END {block.upper()}` of the block above it.")
    if not begins and kind != (block or "question"):
        partner = f"`# END {block.upper()}` is to come first" if block else f"it has no `# BEGIN {kind.upper()}`"
        raise BuildError(f"{place}: {text} is out of place: {partner}.")
    if not begins and question is None:
        raise BuildError(f"{place}: {text} is out of place: it has no `# BEGIN QUESTION`.")
    return kind if begins else ""

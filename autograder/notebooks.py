"""Read notebooks, know their cells, and graft a student's answers onto our locked cells.

Notebooks of students are hostile input: nothing here executes, follows or trusts what they hold.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.errors import NotebookError
from autograder.notebook_files import MAX_BYTES, plain_name, read_file
from autograder.notebook_formats import UnusableContent, parse_notebook

__all__ = [
    "BYPRODUCTS",
    "KNOWN_ANSWERS",
    "Cell",
    "Notebook",
    "PlannedCell",
    "Tag",
    "defined_names",
    "plan_run",
    "read_cells",
    "read_notebook",
]

BYPRODUCTS = frozenset({"__pycache__", ".ipynb_checkpoints", ".OTTER_LOG", "data"})
"""What running a notebook leaves beside it: no part of an assignment, wherever it lies."""

KNOWN_ANSWERS = "known_answers.py"
"""The file beside an assignment's checks that `validate` judges them by; no result depends on it."""

_MAX_CELLS = 5_000
_DEFINITION = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)


class Tag:
    """Name the cell tags that have a meaning here."""

    SKIP_GRADING = "skip-grading"
    """Not run when grading: long training runs, plots, `grader.check`."""
    SOLUTION_ONLY = "solution-only"
    """Goes to solutions/ only."""
    STUDENT_ID = "student-id"
    """Its source is replaced by the ID that the submission came under."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A code cell, in plain strings."""

    index: int
    """Position among all cells of its notebook, from 0."""
    id: str
    source: str
    grade_id: str = ""
    solution: bool = False
    locked: bool = False
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook as it was handed in."""

    cells: tuple[Cell, ...]
    """Its code cells."""
    converted: bool
    """Whether it came in an older format, or in another encoding than UTF-8."""


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """A cell to run when grading."""

    name: str
    """Unique in the plan; the file name of its compiled code."""
    index: int
    """Position in the student's notebook, -1 for one of ours that it lacks."""
    id: str
    grade_id: str
    source: str
    untouched: bool = False
    """An answer's cell that is still as the release has it."""

    @property
    def label(self) -> str:
        """Return how a text names the cell."""
        number = f"cell {self.index + 1}" if self.index >= 0 else "a cell of the assignment"
        return f"{number} (`{self.grade_id}`)" if self.grade_id else number


def read_cells(path: Path) -> list[Cell]:
    """Return the code cells of a notebook; raise NotebookError that says in one sentence what is wrong with it."""
    return list(read_notebook(path).cells)


def read_notebook(path: Path) -> Notebook:
    """Return a notebook, whatever has saved it; raise NotebookError as `read_cells` does."""
    try:
        raw = parse_notebook(read_file(path))
    except UnusableContent as error:
        raise NotebookError(f"{plain_name(path)} {error}") from error
    if len(raw.cells) > _MAX_CELLS:
        raise NotebookError(f"{plain_name(path)} has {len(raw.cells)} cells; at most {_MAX_CELLS} are read.")
    cells = tuple(cell for index, one in enumerate(raw.cells) if (cell := _code_cell(index, one)) is not None)
    return Notebook(cells=cells, converted=raw.converted)


def _code_cell(index: int, raw: Any) -> Cell | None:
    if not isinstance(raw, dict) or raw.get("cell_type") != "code":
        return None
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    marks = metadata.get("nbgrader")
    marks = marks if isinstance(marks, dict) else {}
    tags = metadata.get("tags")
    return Cell(
        index=index,
        id=_text(raw.get("id")),
        source=_text(source, most=MAX_BYTES),
        grade_id=_text(marks.get("grade_id")),
        solution=marks.get("solution") is True,
        locked=marks.get("locked") is True,
        tags=frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
    )


def _text(value: object, most: int = 200) -> str:
    """Return a string that UTF-8 can carry, "" for what is no string."""
    return value[:most].encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def defined_names(source: str) -> list[str]:
    """Return the names that a cell defines at its top level, also where the cell does not parse."""
    return [a or b for a, b in _DEFINITION.findall(source)]


def plan_run(skeleton: Sequence[Cell], submission: Sequence[Cell], student: str) -> list[PlannedCell]:
    """Return the cells to run: ours where they are locked, the student's answers in their places, extra cells behind.

    A student's cell takes the place of the cell of ours with its `grade_id`, else of the solution cell whose name it
    defines, else of the locked cell that it copies. Any other cell of the student's runs after the cell of ours that it
    followed, so that neither reordering nor stripped metadata changes what is defined when. Cells tagged skip-grading
    do not run.
    """
    ours = {cell.grade_id: cell for cell in skeleton if cell.grade_id}
    places = _match(skeleton, submission)
    answers = {grade_id: cell for cell, grade_id in places if grade_id}
    extras: dict[str, list[Cell]] = {}
    anchor = ""
    for cell, grade_id in places:
        if grade_id:
            anchor = grade_id
        elif not _copied(cell, skeleton) and Tag.SKIP_GRADING not in cell.tags:
            extras.setdefault(anchor, []).append(cell)
    chosen = list(extras.get("", ()))
    for cell in skeleton:
        answer = answers.get(cell.grade_id) if cell.grade_id else None
        chosen.extend(_chosen(cell, answer, student))
        chosen.extend(extras.get(cell.grade_id, ()) if cell.grade_id else ())
    return [
        PlannedCell(
            name=f"<cell {n}>",
            index=c.index,
            id=c.id,
            grade_id=c.grade_id if c.grade_id in ours else "",
            source=c.source,
            untouched=c.grade_id in ours and ours[c.grade_id].solution and c.source == ours[c.grade_id].source,
        )
        for n, c in enumerate(chosen)
        if c.source.strip()
    ]


def _chosen(ours: Cell, answer: Cell | None, student: str) -> Iterator[Cell]:
    """Yield what runs in the place of one cell of ours."""
    if Tag.SKIP_GRADING in ours.tags:
        return
    if Tag.STUDENT_ID in ours.tags:
        yield replace(ours, index=-1, source=f"STUDENT_ID = {student!r}")
    elif ours.solution:
        if answer is not None:
            yield replace(answer, grade_id=ours.grade_id)
    else:
        yield replace(ours, index=answer.index if answer is not None else -1)


def _match(skeleton: Sequence[Cell], submission: Sequence[Cell]) -> list[tuple[Cell, str]]:
    """Pair each cell of the student's with the `grade_id` of the cell of ours whose place it takes, or with ""."""
    free = {cell.grade_id: cell for cell in skeleton if cell.grade_id}
    by_grade_id: dict[int, str] = {}
    for cell in submission:
        if cell.grade_id in free:
            by_grade_id[cell.index] = cell.grade_id
            del free[cell.grade_id]
    pairs = []
    for cell in submission:
        grade_id = by_grade_id.get(cell.index, "")
        if not grade_id:
            answered = [name for name in defined_names(cell.source) if name in free and free[name].solution]
            copied = [ours.grade_id for ours in _copied(cell, skeleton) if ours.grade_id in free]
            grade_id = next(iter([*answered, *copied]), "")
            free.pop(grade_id, None)
        pairs.append((cell, grade_id))
    return pairs


def _copied(cell: Cell, skeleton: Iterable[Cell]) -> list[Cell]:
    """Return the cells of ours that a cell may be that has lost its metadata; an edited playground of ours counts."""
    names, bare = defined_names(cell.source), _bare(cell.source)
    return [
        ours
        for ours in skeleton
        if not ours.solution
        and (
            bare == _bare(ours.source)
            or (Tag.SKIP_GRADING in ours.tags and bool(cell.id) and cell.id == ours.id)
            or (Tag.STUDENT_ID in ours.tags and names == defined_names(ours.source))
        )
    ]


def _bare(source: str) -> str:
    return "\n".join(line.split("  #")[0].rstrip() for line in source.strip().splitlines())

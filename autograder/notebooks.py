"""Read notebooks, know their cells, and graft a student's answers onto our locked cells.

Notebooks of students are hostile input: nothing here executes, follows or trusts what they hold.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.cell_code import added_code, defined_names, names_bound, statements, words
from autograder.errors import NotebookError
from autograder.notebook_files import MAX_BYTES, plain_name, read_file
from autograder.notebook_formats import UnusableContent, parse_notebook

__all__ = [
    "AROUND_NOTEBOOKS",
    "BYPRODUCTS",
    "EXTRA_CREDIT",
    "KNOWN_ANSWERS",
    "NO_EXTRA_CREDIT",
    "Cell",
    "Notebook",
    "PlannedCell",
    "Tag",
    "plan_run",
    "questions_by_hand",
    "read_cells",
    "read_notebook",
    "read_with_outputs",
]

BYPRODUCTS = frozenset({"__pycache__", ".ipynb_checkpoints", ".OTTER_LOG", "data"})
"""What running a notebook leaves beside it: no part of an assignment, wherever it lies."""

AROUND_NOTEBOOKS = frozenset({"README.md", "requirements.txt", "hand_in.py"})
"""Files of a release that tell students how to begin and how to hand in: no student code needs them when grading."""

KNOWN_ANSWERS = "known_answers.py"
"""The file beside an assignment's checks that `validate` judges them by; no result depends on it."""

EXTRA_CREDIT = re.compile(r"(?:bonus|extra)(?:[-_ ]?(?:credit|points?))?", re.IGNORECASE)
"""What authors of other systems' assignments write at a question for extra credit, which there is none of."""

NO_EXTRA_CREDIT = (
    "there is no extra credit within an assignment: make one of its own for it, which your gradebook counts on top"
)

_MAX_CELLS = 5_000
_KINDS = ("code", "markdown", "raw")


class Tag:
    """Name the cell tags that have a meaning here."""

    SKIP_GRADING = "skip-grading"
    """Not run when grading: long training runs, plots, `grader.check`."""
    SOLUTION_ONLY = "solution-only"
    """Goes to solutions/ only."""
    STUDENT_ID = "student-id"
    """Its source is replaced by the ID that the submission came under."""
    HIDE_INPUT = "hide-input"
    """Slides show its outputs without its code; the name is Jupyter Book's."""
    NO_TODO = "no-todo"
    """Of a solution cell: nothing has to say what is to be written; its author says so."""
    NO_PUBLIC_CHECK = "no-public-check"
    """Of a solution cell: students cannot try their answer; its author says so."""
    NO_POINTS = "no-points"
    """Of a solution cell: its checks are worth nothing; its author says so."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell, in plain strings."""

    index: int
    """Position among all cells of its notebook, from 0."""
    id: str
    source: str
    kind: str = "code"
    """`code`, `markdown` or `raw`."""
    grade_id: str = ""
    solution: bool = False
    locked: bool = False
    graded: bool = False
    """Whether nbgrader gives points in it: its tests, and what a person judges."""
    by_hand: bool = False
    """Whether a person judges it: nbgrader's manually graded answers, which are solution cells too, and its tasks."""
    task: bool = False
    """nbgrader's task: the answer is in cells of the student's own below it."""
    points: float = 0.0
    """What nbgrader says that it is worth."""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook as it was handed in."""

    cells: tuple[Cell, ...]
    """Its code cells."""
    texts: tuple[Cell, ...] = ()
    """Its other cells."""
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
    keeps_state: bool = False
    """One of ours that calls nothing of the student's: what it sets for the whole process is as its author wants it."""
    file: str = ""
    """The file beside the notebook that it stands for, "" for a cell."""

    @property
    def label(self) -> str:
        """Return how a text names the cell."""
        if self.file:
            return f"`{self.file}`"
        number = f"cell {self.index + 1}" if self.index >= 0 else "a cell of the assignment"
        return f"{number} (`{self.grade_id}`)" if self.grade_id else number


def read_cells(path: Path) -> list[Cell]:
    """Return the code cells of a notebook; raise NotebookError that says in one sentence what is wrong with it."""
    return list(read_notebook(path).cells)


def read_notebook(path: Path) -> Notebook:
    """Return a notebook, whatever has saved it; raise NotebookError as `read_cells` does."""
    return read_with_outputs(path)[0]


def read_with_outputs(path: Path) -> tuple[Notebook, Mapping[int, object]]:
    """Return a notebook, and what its cells show, by position: as it stands there, which may be anything."""
    try:
        raw = parse_notebook(read_file(path))
    except UnusableContent as error:
        raise NotebookError(f"{plain_name(path)} {error}") from error
    if len(raw.cells) > _MAX_CELLS:
        raise NotebookError(f"{plain_name(path)} has {len(raw.cells)} cells; at most {_MAX_CELLS} are read.")
    cells = [cell for index, one in enumerate(raw.cells) if (cell := _cell(index, one)) is not None]
    notebook = Notebook(
        cells=tuple(cell for cell in cells if cell.kind == "code"),
        texts=tuple(cell for cell in cells if cell.kind != "code"),
        converted=raw.converted,
    )
    return notebook, {cell.index: raw.cells[cell.index].get("outputs") for cell in notebook.cells}


def questions_by_hand(notebook: Notebook) -> dict[str, float]:
    """Return what each question is worth that a person judges, in the notebook's order."""
    cells = sorted((*notebook.cells, *notebook.texts), key=lambda cell: cell.index)
    given_out = (cell for cell in cells if Tag.SOLUTION_ONLY not in cell.tags)
    return {cell.grade_id: cell.points for cell in given_out if cell.by_hand and cell.grade_id}


def _cell(index: int, raw: Any) -> Cell | None:
    if not isinstance(raw, dict) or raw.get("cell_type") not in _KINDS:
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
        kind=raw["cell_type"],
        grade_id=_text(marks.get("grade_id")),
        solution=marks.get("solution") is True,
        locked=marks.get("locked") is True,
        graded=marks.get("grade") is True,
        by_hand=marks.get("task") is True or (marks.get("grade") is True and marks.get("solution") is True),
        task=marks.get("task") is True,
        points=_number(marks.get("points")),
        tags=frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset(),
    )


def _number(value: object) -> float:
    """Return a finite number of at least 0, 0 for what is none."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    return float(value) if isinstance(value, int | float) and whole else 0.0


def _text(value: object, most: int = 200) -> str:
    """Return a string that UTF-8 can carry, "" for what is no string."""
    return value[:most].encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def plan_run(skeleton: Sequence[Cell], submission: Sequence[Cell], student: str) -> list[PlannedCell]:
    """Return the cells to run: ours where they are locked, the student's answers in their places, extra cells behind.

    A student's cell takes the place of the cell of ours with its `grade_id`, else of the last solution cell whose name
    it defines, else of the locked cell that it copies. Any other cell of the student's runs after the cell of ours that
    it followed, so that neither reordering nor stripped metadata changes what is defined when; so does what was added
    to a locked cell, such as an import. Cells tagged skip-grading do not run.
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
    given = set(_names_given(tuple(cell.source for cell in skeleton if not cell.solution)))
    chosen = [(cell, False) for cell in extras.get("", ())]
    for cell in skeleton:
        answer = answers.get(cell.grade_id) if cell.grade_id else None
        chosen.extend(_chosen(cell, answer, student, given))
        chosen.extend((extra, False) for extra in (extras.get(cell.grade_id, ()) if cell.grade_id else ()))
    theirs = {name for cell, is_ours in chosen if not is_ours for name in defined_names(cell.source)}
    return [
        PlannedCell(
            name=f"<cell {n}>",
            index=c.index,
            id=c.id,
            grade_id=c.grade_id if c.grade_id in ours else "",
            source=c.source,
            untouched=c.grade_id in ours and ours[c.grade_id].solution and c.source == ours[c.grade_id].source,
            keeps_state=is_ours and not theirs & words(c.source),
        )
        for n, (c, is_ours) in enumerate(chosen)
        if c.source.strip()
    ]


@lru_cache(maxsize=8)
def _names_given(sources: tuple[str, ...]) -> frozenset[str]:
    """Return the names that cells of ours define; kept, since a whole class is held against the same ones."""
    return frozenset(names_bound(s for source in sources for s in statements(source)))


def _chosen(ours: Cell, answer: Cell | None, student: str, given: set[str]) -> Iterator[tuple[Cell, bool]]:
    """Yield what runs in the place of a cell of ours, and whether it is ours; `given` are the names that we define."""
    if Tag.SKIP_GRADING in ours.tags:
        return
    if Tag.STUDENT_ID in ours.tags:
        yield replace(ours, index=-1, source=f"STUDENT_ID = {student!r}"), True
    elif ours.solution:
        if answer is not None:
            yield replace(answer, grade_id=ours.grade_id), False
    elif answer is None:
        yield replace(ours, index=-1), True
    else:
        yield replace(ours, index=answer.index), True
        if answer.source != ours.source and (added := added_code(ours.source, answer.source, given)):
            yield replace(answer, grade_id="", source=added), False


def _match(skeleton: Sequence[Cell], submission: Sequence[Cell]) -> list[tuple[Cell, str]]:
    """Pair each cell of the student's with the `grade_id` of the cell of ours whose place it takes, or with ""."""
    free = {cell.grade_id: cell for cell in skeleton if cell.grade_id}
    order = {grade_id: place for place, grade_id in enumerate(free)}
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
            # Several answers in one cell: only in the place of the last is all there that they may use
            grade_id = max(answered, key=order.__getitem__, default=next(iter(copied), ""))
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


@lru_cache(maxsize=1_000)
def _bare(source: str) -> str:
    """Return a source without what tells copies of it apart; kept, since each cell of ours is held against all."""
    return "\n".join(line.split("  #")[0].rstrip() for line in source.strip().splitlines())

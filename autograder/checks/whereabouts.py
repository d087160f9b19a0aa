"""Say where a name stands in a notebook that has not defined it in the end, and what to do about that."""

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.cell_code import defined_names, names_bound, parse
from autograder.notebooks import Cell, Notebook, PlannedCell
from autograder.results import CellRecord, CellStatus

__all__ = ["Whereabouts"]

_CELL_MAGIC = re.compile(r"\s*%%(\S+)[^\n]*\n?")
_KEEPING = {"time", "capture", "prun"}
"""Cell magics under which a definition stays, where the cell gets so far."""
_RESET = re.compile(r"^\s*%(reset|reset_selective|xdel)\b", re.MULTILINE)
_COMPOUND = {
    ast.If: "an `if`",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.Try: "a `try`",
    ast.With: "a `with`",
    ast.Match: "a `match`",
}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CLOSE = 0.85
"""From this similarity on (difflib's) two names are one, misspelt: a letter more, less or other in seven."""
_NOWHERE = "`{}` is not defined anywhere in your notebook; its cell may be missing."
_HIDES = {"markdown": "a Markdown cell", "raw": "a raw cell"}


class Whereabouts:
    """What a student's notebook says of names that it does not define in the end."""

    def __init__(self, plan: Sequence[PlannedCell], notebook: Notebook | None) -> None:
        self._plan = plan
        planned = {cell.index for cell in plan}
        cells = notebook.cells if notebook is not None else ()
        self._left_out = [cell for cell in cells if cell.index not in planned]
        self._texts = notebook.texts if notebook is not None else ()
        self._causes: dict[str, str] = {}

    def note_cause(self, cell: PlannedCell, cause: str) -> None:
        """Remember why a cell failed, where that is known: it is why others fail that use what it defines."""
        self._causes.setdefault(cell.name, cause)

    def cause(self, name: str, records: Mapping[str, CellRecord]) -> str:
        """Return why a name is not defined that some code uses, in one sentence; "" where that is not known."""
        for cell, record in self._that_failed(records):
            if _defines(name, cell.source):
                return self._causes.get(cell.name) or self._failure(name, cell, record)
        ran = (text for text, defined in self._in_cells_that_ran(name, records) if defined)
        return next(iter([*ran, *self._in_cells_that_do_not_run(name)]), "")

    def missing(self, name: str, records: Mapping[str, CellRecord]) -> str:
        """Return what became of a name that the assignment asks for."""
        failed = [
            self._failure(name, cell, record)
            for cell, record in self._that_failed(records)
            if cell.grade_id == name or _defines(name, cell.source)
        ]
        ran = [text for text, _ in self._in_cells_that_ran(name, records)]
        found = [*failed, *ran, *self._in_cells_that_do_not_run(name), *self._misspelt(name, records)]
        if found:
            return found[0]
        own = next((cell for cell in self._plan if cell.grade_id == name), None)
        empty = next((cell for cell in self._left_out if cell.grade_id == name and not cell.source.strip()), None)
        if own is not None:
            return f"`{name}` is not defined: {own.label} is its cell and does not define it."
        if empty is not None:
            return f"`{name}` is not defined: its cell, {_label(empty)}, is empty."
        return _NOWHERE.format(name)

    def _that_failed(self, records: Mapping[str, CellRecord]) -> Iterator[tuple[PlannedCell, CellRecord]]:
        for cell in self._plan:
            record = records.get(cell.name)
            if record is not None and record.status != CellStatus.OK and record.error:
                yield cell, record

    @staticmethod
    def _failure(name: str, cell: PlannedCell, record: CellRecord) -> str:
        ran = record.status in (CellStatus.ERROR, CellStatus.TIMEOUT)
        where = "its cell" if cell.grade_id == name else f"{cell.label}, where it stands,"
        return f"`{name}` is not defined, since {where} {'failed' if ran else 'was left out'}: {record.error}"

    def _in_cells_that_ran(self, name: str, records: Mapping[str, CellRecord]) -> Iterator[tuple[str, bool]]:
        """Yield a sentence for each place, and whether the name was defined there before it was taken away."""
        for place, cell in enumerate(self._plan):
            record = records.get(cell.name)
            if record is None or record.status != CellStatus.OK:
                continue
            for sighting in _sightings(name, cell.source):
                if sighting:
                    yield f"`{name}` stands in {cell.label} {sighting}", False
                else:
                    yield from ((text, True) for text in _removals(name, cell, self._plan[place:]))

    def _in_cells_that_do_not_run(self, name: str) -> Iterator[str]:
        for cell in self._left_out:
            if _defines(name, cell.source):
                yield (
                    f"`{name}` stands in {_label(cell)}, which does not run when grading (tag `skip-grading`): "
                    "define it in a code cell of your own."
                )
        for text in self._texts:
            if name in defined_names(text.source):
                kind = _HIDES[text.kind]
                yield (
                    f"`{name}` stands in {_label(text)}, which is {kind}: make it a code cell again "
                    "(select it and press Y)."
                )

    def _misspelt(self, name: str, records: Mapping[str, CellRecord]) -> Iterator[str]:
        asked = {cell.grade_id for cell in self._plan}
        for cell in self._plan:
            record = records.get(cell.name)
            if cell.keeps_state or record is None or record.status != CellStatus.OK:
                continue
            for other in defined_names(cell.source):
                if other not in asked and _alike(name, other):
                    yield f"`{name}` is not defined; {cell.label} defines `{other}`: give it the name `{name}`."


def _label(cell: Cell) -> str:
    return f"cell {cell.index + 1} (`{cell.grade_id}`)" if cell.grade_id else f"cell {cell.index + 1}"


def _alike(name: str, other: str) -> bool:
    plain, plain_other = name.lower().replace("_", ""), other.lower().replace("_", "")
    return plain == plain_other or difflib.SequenceMatcher(None, name, other).ratio() >= _CLOSE


def _defines(name: str, source: str) -> bool:
    """Return whether a cell would define a name if it ran to its end."""
    try:
        return name in set(names_bound(parse(_CELL_MAGIC.sub("", source, count=1)).body))
    except SyntaxError:
        return name in defined_names(source)


def _sightings(name: str, source: str) -> Iterator[str]:
    """Yield where a cell that ran defines a name, or seems to.

    Each is what is wrong with the place, to be read after "`name` stands in cell 3", or "" for a proper definition.
    """
    magic = _CELL_MAGIC.match(source)
    if magic is not None:
        if _defines(name, source):
            yield _under(magic[1])
        return
    try:
        body = parse(source).body
    except SyntaxError:
        body = []
    for statement in body:
        if isinstance(statement, _DEFINITIONS) or type(statement) not in _COMPOUND:
            if name in names_bound([statement]):
                yield ""
        elif name in names_bound([statement]):
            kind = _COMPOUND[type(statement)]
            yield f"inside {kind} that did not get to it: define it at the left margin."
    for outer in (node for statement in body for node in ast.walk(statement) if isinstance(node, _DEFINITIONS)):
        if name in names_bound(outer.body):
            yield f"inside `{outer.name}`, where nothing else sees it: move it to the left margin."
    yield from _disguised(name, source, body)


def _under(magic: str) -> str:
    if magic in _KEEPING:
        return f"under `%%{magic}`, and the cell did not get to it: remove that line and run the cell to see why."
    return f"under `%%{magic}`, which does not define it for the notebook: remove that line."


def _disguised(name: str, source: str, body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield definitions that Python takes for a comment or a text."""
    comment = re.compile(rf"^\s*#[#\s]*(?:(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b|{re.escape(name)}\s*=(?!=))")
    for number, line in enumerate(source.splitlines(), 1):
        if comment.match(line):
            yield f"behind a `#` (line {number}): remove it."
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name in defined_names(node.value):
            yield f"inside a text in quotes (line {node.lineno}): remove them."


def _removals(name: str, cell: PlannedCell, later: Sequence[PlannedCell]) -> Iterator[str]:
    """Yield what takes a name away that a cell has defined."""
    for other in later:
        for line in _lines_that_remove(name, other.source):
            yield f"`{name}` is defined in {cell.label} and taken away by `{line}` in {other.label}: remove that line."
            return


def _lines_that_remove(name: str, source: str) -> Iterator[str]:
    if (reset := _RESET.search(source)) is not None:
        yield reset[0].strip()
    try:
        nodes = [node for statement in parse(source).body for node in ast.walk(statement)]
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.Delete) and name in {one.id for one in node.targets if isinstance(one, ast.Name)}:
            yield f"del {name}"

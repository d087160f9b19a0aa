"""Take a notebook of nbgrader's apart: what stays a notebook, and its cells of tests with what they are worth."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.from_notebook import read_foreign
from autograder.authoring.language import verify_language
from autograder.cell_code import defined_names, names_bound, statements, words
from autograder.errors import BuildError, NotebookError
from autograder.importing.nbgrader_folder import Delimiters
from autograder.importing.taken_apart import TakenApart, TestCell, note_names
from autograder.importing.ungraded import PLACE_FOR_WORDS, ungraded_code, ungraded_words
from autograder.own_notebooks import solution_regions

__all__ = ["take_apart"]

_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OLD_TESTS = re.compile(r"^[ \t]*(?:from nose|import nose)\b.*\n?", re.MULTILINE)


def take_apart(paths: Sequence[Path], delimiters: Delimiters, files: frozenset[str]) -> TakenApart:
    """Return the notebooks' cells in order, with our markers around answers; raise a sentence for what cannot be."""
    found = TakenApart(files=files)
    ids: set[str] = set()
    for path in paths:
        notebook = _read(path)
        cells = [
            one for n, cell in enumerate(notebook.cells, 1) for one in _cells_for(found, cell, path, n, delimiters, ids)
        ]
        if found.notebook is None:
            found.notebook = notebook
            found.notebook.cells = cells
        else:
            found.notebook.cells += cells
    return found


def _read(path: Path) -> NotebookNode:
    notebook = read_foreign(path)
    verify_language(str(path), notebook.metadata)
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader")
        if marks is not None and not any(marks.get(key) for key in ("grade", "solution", "locked", "task")):
            del cell.metadata["nbgrader"]
        elif marks is not None:  # older schemas lack fields, or have others
            kept: dict[str, Any] = {"grade_id": str(marks.get("grade_id", "")), "schema_version": 3}
            kept |= {key: marks.get(key) is True for key in ("grade", "solution", "locked", "task")}
            if kept["grade"] or kept["task"]:
                kept["points"] = float(marks.get("points") or 0)
            cell.metadata["nbgrader"] = nbformat.from_dict(kept)
    return notebook


def _cells_for(  # noqa: PLR0917 - a cell and its place
    found: TakenApart, cell: NotebookNode, path: Path, number: int, delimiters: Delimiters, ids: set[str]
) -> Sequence[NotebookNode]:
    """Return the cell as it stays in the notebook; none for one of tests, which is noted."""
    marks, place = cell.metadata.get("nbgrader", {}), f"{path.name}, cell {number}"
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    by_hand = marks.get("task") or (marks.get("grade") and marks.get("solution"))
    if marks.get("grade") and not by_hand:
        _note_tests(found, cell, place, delimiters)
        return []
    if cell.cell_type == "code":
        cell.source = _our_markers(_OLD_TESTS.sub("", cell.source), delimiters)
        if not cell.source.strip():
            found.notes.append(f"{place} only imported nose, which is gone; it is left out.")
            return []
        note_names(found, cell.source)
    if by_hand and not marks["points"]:
        found.notes.append(f"{place} is for a person and worth nothing: nobody judges it here.")
        return _ungraded(cell)
    if by_hand:
        if marks["grade_id"] in ids:
            found.notes.append(f"{place}: its ID {marks['grade_id']!r} is there twice; it is {path.stem}-{number} now.")
            marks["grade_id"] = f"{path.stem}-{number}"
        ids.add(marks["grade_id"])
    elif marks.get("solution"):
        return _answer(found, cell, place)
    else:
        cell.metadata.pop("nbgrader", None)
    return [cell]


def _note_tests(found: TakenApart, cell: NotebookNode, place: str, delimiters: Delimiters) -> None:
    if cell.cell_type != "code":
        raise BuildError(f"{place}: a cell of tests must be code; in nbgrader, make it a manually graded answer.")
    visible, whole = _without_hidden(cell.source, delimiters, place)
    if found.nameless and not any(words(whole) & names for _, names in found.questions):
        raise BuildError(
            f"{place}: these tests use no name of an answer, and the answer above them ({found.nameless}) defines "
            "none; give it one that they ask for, or make it a manually graded answer with points in nbgrader."
        )
    marks = cell.metadata["nbgrader"]
    found.tests.append(
        TestCell(place=place, grade_id=marks["grade_id"], points=marks["points"], visible=visible, whole=whole,
                 above=tuple(found.questions))
    )  # fmt: skip


def _answer(found: TakenApart, cell: NotebookNode, place: str) -> Sequence[NotebookNode]:
    """Return the cell of an answer; where it defines no name that a check could ask for, nobody judges it."""
    names = list(dict.fromkeys(defined_names(cell.source)))
    if cell.cell_type != "code" or not names:
        found.notes.append(
            f"{place}: an answer that defines no name (a function, `name = …`) cannot be asked for: nobody judges it, "
            "and it is not run when grading."
        )
        found.nameless = place
        return _ungraded(cell)
    found.nameless = ""
    question = _question_name(cell, names, place)
    if "### BEGIN SOLUTION" not in cell.source:
        cell.source = f"### BEGIN SOLUTION\n{cell.source.strip()}\n### END SOLUTION"
        found.notes.append(f"{place} ({question}) had no solution region: the whole cell is the answer.")
    cell.metadata["nbgrader"]["grade_id"] = question
    found.questions.append((question, frozenset(names_bound(statements(cell.source))) | set(names)))
    return [cell]


def _question_name(cell: NotebookNode, names: Sequence[str], place: str) -> str:
    """Return the name that stands for an answer: the function or class around it, or in it, else what it assigns."""
    try:
        regions = solution_regions(cell.source)
    except NotebookError as error:
        raise BuildError(f"{place}, {error}") from error
    lines = cell.source.splitlines()
    inside = {number for region in regions for number in region.lines}
    written = defined_names("\n".join(line for number, line in enumerate(lines) if number in inside))
    blocks = {node.name: node for node in statements(cell.source) if isinstance(node, _BLOCKS) and node.name in names}
    around = [name for name, one in blocks.items() if inside & {*range(one.lineno - 1, one.end_lineno or one.lineno)}]
    return next(
        iter((*around, *(name for name in blocks if not regions), *(n for n in written if n in names), *blocks, *names))
    )


def _ungraded(cell: NotebookNode) -> Sequence[NotebookNode]:
    """Return what students get in the place of an answer that nobody judges, and the answer for after the deadline."""
    shown, solution, inside = [], [], False
    for line in cell.source.splitlines():
        if line.strip().startswith(("### BEGIN SOLUTION", "### END SOLUTION")):
            inside = line.strip().startswith("### BEGIN")
            shown += [f"{line[: len(line) - len(line.lstrip())]}..."] * (inside and cell.cell_type == "code")
            continue
        solution.append(line)
        shown += [] if inside else [line]
    stub, answer = ("\n".join(lines) for lines in (shown, solution))
    if stub == answer:
        stub = "..." if cell.cell_type == "code" else PLACE_FOR_WORDS
    return [*(ungraded_code(stub, answer) if cell.cell_type == "code" else ungraded_words(stub, answer))]


def _our_markers(source: str, delimiters: Delimiters) -> str:
    for word, ours in ((delimiters.begin_solution, "BEGIN"), (delimiters.end_solution, "END")):
        source = re.sub(rf"^([ \t]*).*{re.escape(word)}.*$", rf"\1### {ours} SOLUTION", source, flags=re.MULTILINE)
    return source


def _without_hidden(source: str, delimiters: Delimiters, place: str) -> tuple[str, str]:
    """Return the tests that students see, and all of them, both without the markers."""
    visible, whole, hidden = [], [], False
    for line in source.splitlines():
        if delimiters.begin_hidden in line or delimiters.end_hidden in line:
            if hidden == (delimiters.begin_hidden in line):
                raise BuildError(f"{place}: `{line.strip()}` has no partner.")
            hidden = not hidden
            continue
        whole.append(line)
        visible += [] if hidden else [line]
    if hidden:
        raise BuildError(f"{place}: its hidden tests have no end.")
    return "\n".join(visible), "\n".join(whole)

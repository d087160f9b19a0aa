"""Make the source of an assignment out of a notebook that has nothing but `### BEGIN SOLUTION` … `### END SOLUTION`."""

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.answer_files import imported_answers
from autograder.authoring.language import verify_language
from autograder.cell_code import defined_names, names_bound, statements
from autograder.checks.files_named import files_named
from autograder.errors import BuildError, NotebookError
from autograder.notebooks import Tag, read_notebook
from autograder.own_notebooks import grade_id_of, solution_regions, tags_of, todos

__all__ = ["Draft", "draft_from", "draft_of", "read_foreign"]

_MINOR_WITH_IDS = 5
_BEGIN = re.compile(r"^([ \t]*)### BEGIN SOLUTION", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_HAS_GRADER = re.compile(r"\botter\.Notebook\(")
_GRADER = 'import otter\n\ngrader = otter.Notebook(tests_dir="tests")'
_CHANGING = {
    "append",
    "extend",
    "insert",
    "update",
    "add",
    "remove",
    "discard",
    "pop",
    "clear",
    "sort",
    "reverse",
    "seed",
}
"""Methods that change what they are called on, where nothing is done with what they return."""
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The source of an assignment, without its checks."""

    notebook: NotebookNode = field(repr=False)
    questions: Mapping[str, str]
    """The source of each question's cell, by its name."""
    by_hand: float
    """What the questions are worth that a person judges."""
    heading: str
    """The first heading of the text, "" where there is none."""
    notes: Sequence[str]
    """What the author should look at, a sentence each."""


def draft_from(path: Path, in_files: Mapping[str, Mapping[str, str]] | None = None) -> Draft:
    """Return the notebook with metadata, a TODO for each answer, and a check cell behind each question.

    Its given cells become locked ones; those that define and change nothing (plots, trials) are tagged so that no grade
    runs them. What has nbgrader's metadata keeps it. `in_files` are the answers in files beside it, by file and
    question: those that it imports become questions too. Raise NotebookError or BuildError for the first thing that
    cannot be.
    """
    notebook = read_foreign(path)
    verify_language(str(path), notebook.metadata)
    return draft_of(notebook, path, in_files)


def draft_of(notebook: NotebookNode, path: Path, in_files: Mapping[str, Mapping[str, str]] | None = None) -> Draft:
    """Return what `draft_from` does, of a notebook that is read already; `path` is what sentences call it."""
    questions: dict[str, str] = {}
    cells: list[NotebookNode] = []
    notes = []
    given = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    has_grader = any(_HAS_GRADER.search(source) for source in given)
    files = Counter(file for source in given for file in files_named(statements(source)))
    for number, cell in enumerate(notebook.cells, 1):
        place = f"{path.name}, cell {number}"
        question = _prepare(cell, place, {file for file, times in files.items() if times > 1})
        if question in questions:
            raise BuildError(f"{place}: an earlier answer defines {question!r} too; give one of them another name.")
        cells.append(cell)
        if not has_grader and cell.cell_type == "code":
            cells.insert(len(cells) - bool(question), _locked("grader", _GRADER))
            has_grader = True
        answered = {question: cell.source} if question else _imported(cell, in_files or {})
        new = {name: source for name, source in answered.items() if name not in questions}
        cells += [
            _locked(f"check-{name}", f'grader.check("{name}")')
            for name in new
            if not any(re.match(rf"grader\.check\(.{re.escape(name)}.\)", source) for source in given)
        ]
        questions |= new
        if _is_autograder_test(cell):
            notes.append(f"{place} is a test of nbgrader's: make a check of it, and take the cell out.")
    if not questions:
        raise BuildError(f"{path} has no cell of code with ### BEGIN SOLUTION … ### END SOLUTION around an answer.")
    notebook.cells = cells
    _give_ids(notebook)
    return Draft(
        notebook=notebook, questions=questions, by_hand=_by_hand(cells), heading=_heading(cells), notes=tuple(notes)
    )


def read_foreign(path: Path) -> NotebookNode:
    """Return a notebook as nbformat has it; raise NotebookError that says what is wrong with it."""
    try:
        read_notebook(path)  # what is wrong with it, in one sentence
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from error
    except Exception as error:  # nbformat raises whatever comes up
        raise NotebookError(f"{path}: nbformat cannot read it ({type(error).__name__}).") from error
    return notebook


def _prepare(cell: NotebookNode, place: str, files: set[str]) -> str:
    """Give a cell the metadata that it lacks, and return the question that it answers, "" for none.

    `files` are those that more than one cell names.
    """
    has_markers = _BEGIN.search(cell.source) is not None
    if _is_by_hand(cell):
        return ""
    if cell.cell_type != "code":
        if has_markers:
            raise BuildError(
                f"{place}: an answer in words needs a person to judge it; make the cell a manually graded answer with "
                "points in nbgrader's Create Assignment panel."
            )
        return ""
    if has_markers:
        return _prepare_answer(cell, place)
    if "nbgrader" not in cell.metadata and Tag.STUDENT_ID not in tags_of(cell):
        _prepare_given(cell, files)
    return ""


def _is_by_hand(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("task") or (marks.get("grade") and marks.get("solution")))


def _is_autograder_test(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("grade")) and not _is_by_hand(cell)


def _by_hand(cells: Sequence[NotebookNode]) -> float:
    return sum(float(cell.metadata["nbgrader"].get("points", 0)) for cell in cells if _is_by_hand(cell))


def _heading(cells: Sequence[NotebookNode]) -> str:
    found = (_HEADING.search(cell.source) for cell in cells if cell.cell_type == "markdown")
    return next((heading[1].strip() for heading in found if heading), "")


def _imported(cell: NotebookNode, in_files: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the answers in files that a cell imports, by question."""
    if cell.cell_type != "code":
        return {}
    return {
        name: answers[name]
        for file, answers in in_files.items()
        for name in imported_answers(cell.source, file, answers)
    }


def _prepare_answer(cell: NotebookNode, place: str) -> str:
    try:
        regions = solution_regions(cell.source)
    except NotebookError as error:
        raise BuildError(f"{place}, {error}") from error
    question = _name_of_answer(cell, place)
    if len(todos(cell.source)) < len(regions):
        cell.source = _with_todos(cell.source, question)
    cell.metadata["nbgrader"] = _marks(question, solution=True)
    return question


def _name_of_answer(cell: NotebookNode, place: str) -> str:
    """Return the one name that an answer's cell defines; of several, the function or class with the answer in it.

    Where the answer is one statement that binds several, it is the first of them.
    """
    names = list(dict.fromkeys(defined_names(cell.source)))
    if grade_id_of(cell) in names:
        return grade_id_of(cell)
    if len(names) > 1:
        inside = {number for region in solution_regions(cell.source) for number in region.lines}
        written = [
            node
            for node in statements(cell.source)
            if inside & set(range(node.lineno - 1, node.end_lineno or node.lineno)) and any(names_bound([node]))
        ]
        names = [node.name for node in written if hasattr(node, "name")] or list(_bound_by_one(written, names))
    if len(names) != 1 or not names[0].isidentifier():
        what = f"defines {', '.join(names)}" if names else "defines no name"
        raise BuildError(f"{place}: an answer's cell must define one name, for checks to ask for; this one {what}.")
    return names[0]


def _bound_by_one(written: Sequence[ast.stmt], names: Sequence[str]) -> Sequence[str]:
    """Return the first of the names that one statement binds, where that is all of an answer; else all names."""
    bound = [name for name in names if name in set(names_bound(written))]
    return bound[:1] if len(written) == 1 and bound else names


def _with_todos(source: str, question: str) -> str:
    """Return the source with a TODO before each region that has none."""
    pieces, done = [], 0
    for found in _BEGIN.finditer(source):
        pieces.append(source[done : found.start()])
        if not todos(pieces[-1] + "\n"):
            pieces.append(f"{found[1]}# TODO: write `{question}`.\n")
        done = found.start()
    return "".join([*pieces, source[done:]])


def _prepare_given(cell: NotebookNode, files: set[str]) -> None:
    code = statements(cell.source)
    if any(names_bound(code)) or any(map(_changes_something, code)) or files & files_named(code):
        cell.metadata["nbgrader"] = _marks("", solution=False)
    else:
        cell.metadata["tags"] = sorted({*tags_of(cell), Tag.SKIP_GRADING})


def _changes_something(statement: ast.stmt) -> bool:
    """Return whether what is there already is another after a statement: `table["x"] = 1`, `names.append("x")`."""
    match statement:
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in _CHANGING
    return False


def _marks(grade_id: str, *, solution: bool) -> dict[str, Any]:
    flags = {"solution": solution, "locked": not solution, "grade": False, "task": False}
    return {"grade_id": grade_id, "schema_version": 3, **flags}


def _locked(name: str, source: str) -> NotebookNode:
    metadata = {"nbgrader": _marks(name, solution=False), "tags": [str(Tag.SKIP_GRADING)]}
    cell: NotebookNode = nbformat.v4.new_code_cell(source, id=name, metadata=nbformat.from_dict(metadata))
    return cell


def _give_ids(notebook: NotebookNode) -> None:
    """Give each cell an id, and each locked one a grade_id, that no other has; what is there once stays."""
    notebook.nbformat_minor = max(notebook.nbformat_minor, _MINOR_WITH_IDS)
    grade_ids = {grade_id_of(cell) for cell in notebook.cells}
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells, 1):
        marks = cell.metadata.get("nbgrader")
        if marks is not None and not marks.get("grade_id"):
            marks["grade_id"] = _free(f"given-{number}", grade_ids)
        own = str(cell.get("id") or "")
        if not _ID.fullmatch(own) or own in seen:
            own = _free(f"cell-{number}", seen | {str(other.get("id")) for other in notebook.cells})
        cell["id"] = own
        seen.add(own)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    taken.add(name)
    return name

"""Derive `release/<assignment>/` and `solutions/<assignment>/` from the source, and compare or write them."""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError

from autograder.atomic_files import write_atomically
from autograder.authoring.edited_files import questions_of, read_edited_files, verify_edited_files
from autograder.authoring.language import verify_language
from autograder.authoring.notebook import release_notebook, solution_notebook, to_bytes, verify_source
from autograder.authoring.public_checks import export_question
from autograder.authoring.question_checks import verify_checks, verify_names
from autograder.authoring.skipped_cells import verify_skipped_cells
from autograder.authoring.source_cells import verify_cells
from autograder.authoring.standalone import stand_alone
from autograder.authoring.support_files import solution_files, support_files
from autograder.checks.catalogue import Check, collect_checks
from autograder.checks.module_code import ModuleCode
from autograder.course import Assignment, Course
from autograder.errors import BuildError, NotebookError
from autograder.notebooks import BYPRODUCTS, Cell, Notebook, Tag, questions_by_hand, read_notebook

__all__ = ["Difference", "Tree", "build_trees", "compare", "write"]

_CHECKS_FOLDER = "tests"
_FORMAT = 4
_MINOR_WITH_IDS = 5
"""The version 4.x of notebooks from which on cells have ids."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All files of a folder that is derived, by relative path."""

    folder: Path
    files: Mapping[Path, bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One file in which a folder is not what it would be if it were built now."""

    path: Path
    what: str
    """`missing`, `changed` or `not from the source`."""


def build_trees(course: Course, assignment: Assignment) -> list[Tree]:
    """Return release and solutions of an assignment; raise BuildError or NotebookError for the first thing wrong."""
    name = assignment.name
    path = course.source_notebook(name)
    notebook_as_read, source = _read_source(path)
    cells = list(notebook_as_read.cells)
    where = f"source/{name}/{name}.ipynb"
    verify_language(where, source.metadata)
    shared = dict(support_files(course, name))
    edited = read_edited_files(path.parent, assignment)
    verify_cells(where, notebook_as_read, [question for file in edited for question in file.answers])
    checks = collect_checks(course.checks_folder(name))
    judged = questions_of(where, edited, cells)
    by_hand = _verify_by_hand(where, notebook_as_read)
    verify_checks(assignment, judged, checks, by_hand)
    public = {check.question for check in checks if check.public}
    verify_source(where, cells, public)
    verify_edited_files(f"source/{name}", edited, judged, public)
    verify_names(assignment, notebook_as_read, checks)
    verify_skipped_cells(where, notebook_as_read, {file.name for file in shared})
    questions = [cell.grade_id for cell in judged]
    points = {q: sum(check.points for check in checks if check.question == q) for q in questions}
    shared |= _public_checks(assignment, points, _placeholders(where, cells, judged), checks)
    in_release = {**shared, **{Path(file.name): file.release for file in edited}}
    alone = stand_alone(
        course, assignment, source, in_release, sorted(checks, key=lambda one: questions.index(one.question))
    )
    try:
        release = to_bytes(release_notebook(alone.notebook, points))
        solution = to_bytes(solution_notebook(source, points))
    except (RuntimeError, ValueError, SchemaTooOldError, SchemaTooNewError, ValidationError) as error:
        cause = str(error.__context__ or error).splitlines()[0].rstrip(".")
        raise BuildError(
            f"{where}: nbgrader says: {cause}; set the cell's type anew in its Create Assignment panel."
        ) from error
    notebook = Path(f"{name}.ipynb")
    only_solutions = {**{Path(file.name): file.solution for file in edited}, **dict(solution_files(course, name))}
    return [
        Tree(folder=course.root / "release" / name, files={**alone.files, notebook: release}),
        Tree(folder=course.root / "solutions" / name, files={**shared, **only_solutions, notebook: solution}),
    ]


def _read_source(path: Path) -> tuple[Notebook, NotebookNode]:
    """Return the source as submissions are read, and as nbformat reads it."""
    where = f"source/{path.parent.name}/{path.name}"
    try:
        notebook = read_notebook(path)
        content = json.loads(path.read_bytes())
    except (NotebookError, ValueError) as error:
        what = str(error).removeprefix(f"{path.name} ").partition("; ")[0].rstrip(".")
        raise NotebookError(
            f"{where} {what}; open it in JupyterLab and save it again, or bring back the version before."
        ) from error
    if not isinstance(content, dict) or content.get("nbformat") != _FORMAT:
        raise NotebookError(f"{where} is in an older format; open it in JupyterLab and save it again.")
    try:
        _verify_ids(content)
        source = nbformat.read(path, as_version=4)
        nbformat.validate(source)
    except NotebookError as error:
        raise NotebookError(f"{where}: {error}") from error
    except Exception as error:  # nbformat raises whatever comes up
        what = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise NotebookError(f"{where}: {what}; open it in JupyterLab and save it again.") from error
    return notebook, source


def _verify_ids(content: Mapping[str, Any]) -> None:
    """Raise NotebookError where nbformat would invent an id for a cell, another one each time."""
    seen: dict[str, int] = {}
    for number, cell in enumerate(content["cells"], 1):
        if not isinstance(cell, dict):
            raise NotebookError(f"cell {number} is not a cell.")
        if content.get("nbformat_minor", 0) < _MINOR_WITH_IDS:
            continue
        cell_id = str(cell.get("id") or "")
        if not cell_id or cell_id in seen:
            what = f"the id {cell_id!r} of cell {seen[cell_id]}" if cell_id else "no id"
            raise NotebookError(f"cell {number} has {what}; give it one of its own.")
        seen[cell_id] = number


def _verify_by_hand(where: str, notebook: Notebook) -> Mapping[str, float]:
    """Return the questions that a person judges; raise BuildError for one without a name or points."""
    for cell in (*notebook.cells, *notebook.texts):
        if cell.by_hand and not (cell.grade_id and cell.points > 0):
            raise BuildError(
                f"{where}, cell {cell.index + 1} ({cell.grade_id}): a person is to judge it (nbgrader's manually "
                "graded answer, or task); give it an ID and points above 0."
            )
    return questions_by_hand(notebook)


def _placeholders(where: str, cells: Sequence[Cell], judged: Sequence[Cell]) -> Mapping[str, str]:
    """Return by question what STUDENT_ID is in the release; of those questions that come after the cell with it."""
    placeholder: str | None = None
    behind = {}
    given = [cell for cell in cells if not cell.solution]
    for cell in sorted([*given, *judged], key=lambda cell: cell.index):
        if Tag.STUDENT_ID in cell.tags:
            placeholder = _text_assigned("STUDENT_ID", cell.source)
            if placeholder is None:
                place = f"{where}, cell {cell.index + 1}"
                raise BuildError(f'{place}: it is tagged {Tag.STUDENT_ID}; it must read STUDENT_ID = "your-id".')
        elif cell.solution and placeholder is not None:
            behind[cell.grade_id] = placeholder
    return behind


def _text_assigned(name: str, source: str) -> str | None:
    """Return the text that a cell assigns to a name; None where it does not."""
    for statement in ModuleCode(source).defining(name):
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return None


def _public_checks(
    assignment: Assignment, points: Mapping[str, float], placeholders: Mapping[str, str], checks: Sequence[Check]
) -> dict[Path, bytes]:
    name, edited = assignment.name, tuple(assignment.files)
    files = {}
    for question, worth in points.items():
        public = [check for check in checks if check.question == question and check.public]
        if public:
            placeholder = placeholders.get(question)
            try:
                text = export_question(
                    question, public, f"tests/{name}", worth=worth, placeholder=placeholder, files=edited
                )
            except BuildError as error:  # it names checks by their file
                sentence = str(error)
                raise BuildError(f"tests/{name}/{sentence}" if sentence.startswith("test_") else sentence) from error
            files[Path(_CHECKS_FOLDER) / f"{question}.py"] = text.encode("utf-8")
    return files


def compare(tree: Tree) -> list[Difference]:
    """Return in which files the folder differs from what it should hold."""
    differences = []
    for relative, content in sorted(tree.files.items()):
        path = tree.folder / relative
        if not path.is_file():
            differences.append(Difference(path=path, what="missing"))
        elif path.read_bytes() != content:
            differences.append(Difference(path=path, what="changed"))
    for path in sorted(tree.folder.rglob("*")) if tree.folder.is_dir() else ():
        relative = path.relative_to(tree.folder)
        if path.is_file() and relative not in tree.files and not BYPRODUCTS & set(relative.parts):
            differences.append(Difference(path=path, what="not from the source"))
    return differences


def write(tree: Tree) -> list[Difference]:
    """Bring the folder up to date and return what was done; each file is replaced whole."""
    differences = compare(tree)
    for difference in differences:
        if difference.what == "not from the source":
            difference.path.unlink()
        else:
            write_atomically(difference.path, tree.files[difference.path.relative_to(tree.folder)])
    return differences

"""Make the student's and the solution notebook out of the instructor's, with nbgrader's own preprocessors."""

import re
from collections.abc import Mapping

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

from autograder.cell_code import defined_names, names_bound, statements
from autograder.errors import BuildError, NotebookError
from autograder.notebooks import Cell, Tag
from autograder.own_notebooks import SolutionRegion, grade_id_of, is_solution, solution_regions, todos, without_task

__all__ = ["NamedStubs", "release_notebook", "solution_notebook", "to_bytes", "verify_source"]

_CHECK_CALL = re.compile(r"^grader\.check\([\"'](\w+)[\"']\)$")


class NamedStubs(ClearSolutions):
    """Replace each solution region with a stub that names its question."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, object], cell_index: int
    ) -> tuple[NotebookNode, dict[str, object]]:
        """Replace them in one cell."""
        self.code_stub = {"python": f'raise NotImplementedError("`{grade_id_of(cell)}` is not written yet")'}
        result: tuple[NotebookNode, dict[str, object]] = super().preprocess_cell(cell, resources, cell_index)
        return result


def verify_source(where: str, cells: list[Cell], public_questions: set[str]) -> None:
    """Raise BuildError for the first solution cell that breaks the contract of those that checks judge."""
    for cell in cells:
        if not cell.solution or cell.by_hand:
            continue
        place = f"{where}, cell {cell.index + 1} ({cell.grade_id})"
        regions = _regions(place, cell.source)
        if len(todos(cell.source)) < len(regions) and Tag.NO_TODO not in cell.tags:
            raise BuildError(
                f"{place}: say in a `# TODO:` comment before each solution region what is to be written, or tag the "
                f"cell {Tag.NO_TODO}."
            )
        defined = defined_names(cell.source)
        if cell.grade_id not in defined and cell.grade_id in names_bound(statements(cell.source)):
            raise BuildError(
                f"{place}: answers are found by `def`, `class` or `{cell.grade_id} = …` at the beginning of a line; "
                "define it by one of these."
            )
        if cell.grade_id not in defined:
            raise BuildError(f"{place}: it defines {defined}; it must define its grade_id, so rename one of them.")
        if cell.grade_id not in public_questions and Tag.NO_PUBLIC_CHECK not in cell.tags:
            raise BuildError(
                f"{place}: the question has no public check, and students could not try their answer; mark one "
                f"@pytest.mark.public, or tag the cell {Tag.NO_PUBLIC_CHECK}."
            )


def _regions(place: str, source: str) -> list[SolutionRegion]:
    """Return the answers in a solution cell; raise BuildError where there is none, or a marker has no partner."""
    try:
        regions = solution_regions(source)
    except NotebookError as error:
        raise BuildError(
            f"{place}, {str(error).rstrip('.')}; put ### BEGIN SOLUTION before each answer, and ### END SOLUTION "
            "behind it."
        ) from error
    if not regions:
        raise BuildError(f"{place}: a solution cell needs ### BEGIN SOLUTION … ### END SOLUTION around each answer.")
    if empty := [region for region in regions if not region.text.strip()]:
        raise BuildError(
            f"{place}, line {empty[0].lines.start}: no answer stands between ### BEGIN SOLUTION and ### END SOLUTION; "
            "put it there, lest students get it."
        )
    return regions


def release_notebook(source: NotebookNode, points: Mapping[str, float]) -> NotebookNode:
    """Return the notebook that students get: stubs, locked cells, no outputs, nothing that is only for solutions."""
    notebook = nbformat.from_dict(source)
    steps = [
        TagRemovePreprocessor(remove_cell_tags={Tag.SOLUTION_ONLY}, enabled=True),
        *(CheckCellMetadata(), NamedStubs(), ClearHiddenTests(), LockCells(), ClearOutput()),
    ]
    return _finish(notebook, steps, points)


def solution_notebook(source: NotebookNode, points: Mapping[str, float]) -> NotebookNode:
    """Return the notebook to hand out after the deadline: the answers, without the TODO that they answer."""
    notebook = nbformat.from_dict(source)
    for cell in notebook.cells:
        if is_solution(cell):
            cell.source = without_task(cell.source)
    return _finish(notebook, [CheckCellMetadata(), LockCells(), ClearOutput()], points)


def _finish(notebook: NotebookNode, steps: list[object], points: Mapping[str, float]) -> NotebookNode:
    resources: dict[str, object] = {}
    for step in steps:
        notebook, resources = step.preprocess(notebook, resources)  # type: ignore[attr-defined]  # nbconvert is untyped
    for cell in notebook.cells:
        call = _CHECK_CALL.match(cell.source.strip()) if cell.cell_type == "code" else None
        if call and call[1] in points:
            worth = points[call[1]]
            cell.source = f"{cell.source.strip()}  # {worth:g} {'point' if worth == 1 else 'points'}"
    notebook.metadata.pop("widgets", None)  # what widgets showed is an output
    notebook, _ = ComputeChecksums().preprocess(notebook, resources)
    return notebook


def to_bytes(notebook: NotebookNode) -> bytes:
    """Return the file's bytes: the same notebook gives the same bytes."""
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return text.encode("utf-8") + b"\n"

"""Grade the solution before any submission: what it loses, a right answer of a student's would lose too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from autograder.errors import GraderError, ResultError
from autograder.grading.batch import BatchRequest
from autograder.grading.job import Engine, Finished, job_for
from autograder.grading.submissions import Submission
from autograder.notebooks import Tag, read_cells
from autograder.results import CellStatus, CheckStatus, Result, Status, read_result, result_path, write_result

__all__ = ["try_solution"]

_KEPT = ".solution"
"""The folder beside the results where that of the solution is kept."""
_STUDENT = "solution"
_SHOWN = 300


def try_solution(request: BatchRequest, engine: Engine) -> bool:
    """Grade the instructor's notebook as a student's, unless that was done since anything changed.

    Return whether it had to be graded. Raise GraderError that names the first thing wrong: a check that the solution
    does not pass, a cell of it that fails.
    """
    course, assignment = request.course, request.assignment
    submission = Submission(student=_STUDENT, notebook=course.source_notebook(assignment.name))
    fingerprint = str(request.fingerprints.of(submission))
    job = job_for(course, assignment, submission, device=request.device, fingerprint=fingerprint)
    result = _known(request.results / _KEPT, job.assignment, fingerprint)
    graded = result is None
    if result is None:
        for event in engine.run([job], alone=True):
            if isinstance(event, Finished):
                result = event.result
    if result is None:  # it was interrupted before it was done
        return False
    for problem in _problems(result, _cells_for_solutions(submission.notebook)):
        raise GraderError(
            f"source/{assignment.name}: the solution does not get its points, and nothing is graded before it does: "
            f"{problem}; mend it, and see `pytest tests/{assignment.name}`, or grade all the same with --untried."
        )
    if graded:
        write_result(request.results / _KEPT, replace(result, fingerprint=fingerprint))
    return graded


def _known(kept: Path, assignment: str, fingerprint: str) -> Result | None:
    try:
        result = read_result(result_path(kept, assignment, _STUDENT))
    except ResultError:
        return None
    return result if result.fingerprint == fingerprint else None


def _cells_for_solutions(source: Path) -> frozenset[int]:
    """Return the places of the cells that no student has."""
    return frozenset(cell.index for cell in read_cells(source) if Tag.SOLUTION_ONLY in cell.tags)


def _problems(result: Result, left_out: frozenset[int]) -> Iterator[str]:
    """Yield what is wrong with the solution's result, the likeliest cause first; cells that are left out may fail."""
    if result.status != Status.GRADED:
        yield _one_line(result.reason)
    for cell in result.cells:
        if cell.status != CellStatus.OK and cell.index not in left_out:
            yield f"cell {cell.index + 1} ends with {_one_line(cell.error or cell.status)}"
    for check in result.checks:
        if check.status != CheckStatus.PASSED:
            why = check.staff_message or check.cause or check.message
            yield f"{check.id} gives {check.score:g} of {check.points:g} points ({check.status}: {_one_line(why)})"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_SHOWN].rstrip(".")

"""Try the solution in a batch before submissions count: what it loses, a right answer of a student's would lose too."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from autograder.errors import GraderError, ResultError
from autograder.grading.batch import BatchRequest
from autograder.grading.job import Job, job_for
from autograder.grading.submissions import Submission
from autograder.notebooks import Tag, read_cells
from autograder.results import CellStatus, CheckStatus, Result, Status, read_result, result_path, write_result

__all__ = ["SolutionTrial"]

_KEPT = ".solution"
"""The folder beside the results where that of the solution is kept."""
_STUDENT = ".solution"
"""No student can be called so."""
_SHOWN = 300


@dataclass(frozen=True, kw_only=True)
class SolutionTrial:
    """The instructor's notebook as one more job of a batch."""

    job: Job
    results: Path

    @classmethod
    def of(cls, request: BatchRequest) -> Self | None:
        """Return the trial that a batch has to begin with; None where nothing has changed since one went well."""
        course, assignment = request.course, request.assignment
        submission = Submission(student=_STUDENT, notebook=course.source_notebook(assignment.name))
        fingerprint = str(request.fingerprints.of(submission))
        job = job_for(course, assignment, submission, device=request.device, fingerprint=fingerprint)
        try:
            known = read_result(result_path(request.results / _KEPT, assignment.name, _STUDENT))
        except ResultError:
            known = None
        return None if known and known.fingerprint == fingerprint else cls(job=job, results=request.results)

    def judge(self, result: Result) -> None:
        """Keep the solution's result; raise GraderError for the first thing wrong: a check or a cell that fails."""
        for problem in _problems(result, _cells_for_solutions(self.job.notebook)):
            raise GraderError(
                f"source/{self.job.assignment}: the solution does not get its points, and nothing is graded before it "
                f"does: {problem}; mend it, and see `pytest tests/{self.job.assignment}`, or grade all the same with "
                "--untried."
            )
        write_result(self.results / _KEPT, result)


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

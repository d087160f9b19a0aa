"""Run an assignment's public checks on one notebook, isolated as for a grade, and say how each question is doing."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from autograder.cell_code import statements
from autograder.checks.catalogue import Check
from autograder.course import Assignment, Course
from autograder.errors import AutograderError, GraderError
from autograder.grading.job import Engine, Finished, job_for
from autograder.grading.submissions import Submission
from autograder.notebooks import Cell, Tag, read_cells
from autograder.question_scores import question_scores
from autograder.results import CheckRecord, CheckStatus, Result, Status

__all__ = ["PublicRun", "QuestionState", "State", "assignment_of", "run_public_checks", "states_of"]

_NOBODY = "student"
"""Whose notebook it is, where it does not say."""


class State(StrEnum):
    """Say how an answer is doing by the public checks alone."""

    GREEN = "green"
    RED = "red"
    NOT_WRITTEN = "not written yet"
    NEEDS_ID = "needs your ID"


@dataclass(frozen=True, kw_only=True)
class QuestionState:
    """What the public checks say of one question."""

    question: str
    state: State
    points: float
    checked: float
    """The points that public checks decide on."""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class PublicRun:
    """What was run on a notebook, and on whose."""

    result: Result
    without_id: frozenset[str]
    """Questions that depend on a student's ID, which the notebook does not have yet."""


def assignment_of(course: Course, notebook: Path) -> Assignment:
    """Return the assignment that a file's name begins with, as `mlp (1).ipynb` does; raise AutograderError for none."""
    begins = [a for a in course.assignments if re.match(rf"{a.name}(?![A-Za-z0-9_])", notebook.stem)]
    if len(begins) == 1:
        return begins[0]
    known = ", ".join(a.name for a in course.assignments)
    raise AutograderError(f"{notebook.name} does not say which assignment it is; give --assignment, one of: {known}.")


def run_public_checks(course: Course, assignment: Assignment, notebook: Path, engine: Engine, device: str) -> PublicRun:
    """Run them; raise NotebookError for what is no notebook, AutograderError where they could not be run."""
    release = read_cells(course.release_notebook(assignment.name))
    behind = _questions_with_id(release)
    own = _student_id(read_cells(notebook)) if behind else None
    has_id = own is not None and own.strip() not in {"", _student_id(release)}
    submission = Submission(student=own if own and has_id else _NOBODY, notebook=notebook)
    job = replace(job_for(course, assignment, submission, device=device, fingerprint=""), public_only=True)
    [result] = [event.result for event in engine.run([job]) if isinstance(event, Finished)]
    if result.status == Status.INVALID:
        raise AutograderError(result.reason)
    if result.status == Status.FAILED:
        raise GraderError(f"{notebook.name} could not be checked: {result.reason}.")
    return PublicRun(result=result, without_id=frozenset() if has_id else behind)


def states_of(run: PublicRun, checks: Sequence[Check]) -> list[QuestionState]:
    """Return how each question is doing, in the order of the checks; `checks` are all, hidden ones too."""
    scores = question_scores(run.result)
    states = []
    for question in dict.fromkeys(check.question for check in checks):
        records = [record for record in run.result.checks if record.question == question]
        failed = [record for record in records if record.status != CheckStatus.PASSED]
        mine = [check for check in checks if check.question == question]
        attempted = question not in scores or scores[question].attempted
        states.append(
            QuestionState(
                question=question,
                state=_state(failed, attempted=attempted, needs_id=question in run.without_id),
                points=sum(check.points for check in mine),
                checked=sum(check.points for check in mine if check.public),
                hint=failed[0].message if failed else "",
            )
        )
    return states


def _state(failed: Sequence[CheckRecord], *, attempted: bool, needs_id: bool) -> State:
    if not attempted:
        return State.NOT_WRITTEN
    if needs_id:
        return State.NEEDS_ID
    return State.RED if failed else State.GREEN


def _questions_with_id(release: Sequence[Cell]) -> frozenset[str]:
    """Return the questions that come after the cell with the student's ID."""
    first = next((n for n, cell in enumerate(release) if Tag.STUDENT_ID in cell.tags), len(release))
    return frozenset(cell.grade_id for cell in release[first:] if cell.solution)


def _student_id(cells: Sequence[Cell]) -> str | None:
    """Return the text that a notebook assigns to STUDENT_ID; None for none."""
    for statement in (statement for cell in reversed(cells) for statement in reversed(statements(cell.source))):
        if (
            isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == "STUDENT_ID" for target in statement.targets)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        ):
            return statement.value.value
    return None

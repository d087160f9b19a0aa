"""Define what travels between the batch, an engine and a worker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self

from autograder.answer_files import HandedInFile
from autograder.course import Assignment, Course
from autograder.errors import ResultError
from autograder.grading.submissions import Submission
from autograder.results import Flag, Result, Status
from autograder.sandbox.outside.own_time import PATIENCE

__all__ = ["Engine", "Event", "Finished", "Job", "Started", "invalid", "job_for", "lost"]

_WORKER_SECONDS = 300.0
"""What a worker may take beside the student's budget: checks and reference."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One submission to grade: all that a worker needs to know."""

    root: Path
    """The course's folder."""
    assignment: str
    student: str
    notebook: Path
    """May be missing: then the result says so."""
    files: tuple[HandedInFile, ...] | None = None
    """What was handed in beside the notebook of the files that students edit; None: the worker reads it there."""
    problem: str = ""
    """Why there is nothing to grade, where that shows before: the result is invalid and says it."""
    attempt: int = 1
    """Which of the student's submissions it is, from 1."""
    flags: tuple[Flag, ...] = ()
    submitted_at: str | None = None
    fingerprint: str = ""
    depends_on: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    """Where student code computes: `cpu` or `cuda`."""
    questions: frozenset[str] | None = None
    """Only the checks of these; None: all. A batch always grades all."""
    public_only: bool = False
    """Only the public checks, each as it is: what students see in their notebook. A batch runs all."""
    before: Result | None = None
    """The result so far, where only `changed` checks may judge otherwise now; None: all checks judge anew."""
    changed: frozenset[str] = frozenset()
    """What the changed checks are written in, as `code_id` names it."""
    total_seconds: float | None = None
    """A shorter time for the submission than its budget's; None: the budget's."""
    seconds: float = 3600.0
    """When the worker is taken for lost: well beyond the submission's own budget."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what no other job of a batch has."""
        return self.assignment, self.student, self.attempt


@dataclass(frozen=True, kw_only=True)
class Started:
    """A worker has taken a job, or takes it next."""

    job: Job


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A job has its result; one with status `failed` where the worker was lost."""

    job: Job
    result: Result

    @classmethod
    def from_json(cls, job: Job, content: bytes) -> Self:
        """Read the result file that a worker made; what is none is our fault, and never a score."""
        try:
            return cls(job=job, result=Result.from_json(content))
        except ResultError as error:
            return cls(job=job, result=lost(job, f"the worker's result is malformed ({error}); grade again"))


Event = Started | Finished


class Engine(Protocol):
    """Spread jobs over workers. What an engine promises is tested for each in tests/autograder/test_engines.py."""

    def run(self, jobs: Sequence[Job], *, alone: bool = False) -> Iterator[Event]:
        """Yield what happens, as it happens: for each job one Started, or more, and then one Finished.

        With `alone` a job has a device, and the host as far as the engine decides, to itself. Closing the iterator ends
        all workers. Raise AutograderError where grading cannot begin, or cannot go on.
        """
        ...

    def drain(self) -> None:
        """Begin no more jobs: `run` ends when those that were begun are finished. A signal handler may call it."""
        ...


def job_for(
    course: Course, assignment: Assignment, submission: Submission, *, device: str, fingerprint: str, attempt: int = 1
) -> Job:
    """Return the job of grading a submission with all checks, within the assignment's budget."""
    budget = assignment.budget
    return Job(
        root=course.root,
        assignment=assignment.name,
        student=submission.student,
        attempt=attempt,
        notebook=submission.notebook.absolute(),
        problem=submission.problem,
        flags=submission.flags,
        submitted_at=submission.submitted_at.isoformat() if submission.submitted_at else None,
        fingerprint=fingerprint,
        device=device,
        seconds=PATIENCE * budget.total_seconds + budget.start_seconds + _WORKER_SECONDS,
    )


def lost(job: Job, reason: str) -> Result:
    """Return the result of a job that got none."""
    return Result(
        assignment=job.assignment,
        student=job.student,
        attempt=job.attempt,
        status=Status.FAILED,
        score=0.0,
        max_score=0.0,
        reason=reason,
        submitted_at=job.submitted_at,
        fingerprint=job.fingerprint,
        depends_on=job.depends_on,
    )


def invalid(job: Job, max_score: float) -> Result:
    """Return the result of a job with a problem."""
    return Result(
        assignment=job.assignment,
        student=job.student,
        attempt=job.attempt,
        status=Status.INVALID,
        score=0.0,
        max_score=max_score,
        reason=job.problem,
        submitted_at=job.submitted_at,
        graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        fingerprint=job.fingerprint,
        depends_on=job.depends_on,
        device=job.device,
        flags=job.flags,
    )

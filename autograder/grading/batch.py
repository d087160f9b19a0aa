"""Grade the submissions to an assignment: find, leave out what has its result, grade the rest, write each at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.errors import ResultError
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Engine, Event, Finished, Job
from autograder.grading.submissions import Submission
from autograder.results import Result, Status, read_result, remove_leftovers, result_path, write_result

__all__ = ["Plan", "plan_batch", "run_batch"]

_WORKER_SECONDS = 300.0
"""What a worker may take beside the student's budget: checks and reference."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a batch has to do."""

    jobs: Sequence[Job]
    reused: Sequence[Result]
    """Results whose fingerprint has not changed."""


def plan_batch(
    course: Course,
    assignment: Assignment,
    submissions: Sequence[Submission],
    results: Path,
    *,
    fingerprints: Fingerprints,
    device: str,
    force: bool = False,
) -> Plan:
    """Return the jobs for the submissions that have no valid result yet; with `force` for all."""
    jobs, reused = [], []
    for submission in submissions:
        fingerprint = fingerprints.of(submission)
        known = None if force else _known(result_path(results, assignment.name, submission.student), fingerprint)
        if known is not None:
            reused.append(known)
            continue
        jobs.append(
            Job(
                root=course.root,
                assignment=assignment.name,
                student=submission.student,
                notebook=submission.notebook.absolute(),
                flags=submission.flags,
                submitted_at=submission.submitted_at.isoformat() if submission.submitted_at else None,
                fingerprint=fingerprint,
                device=device,
                seconds=assignment.budget.total_seconds + assignment.budget.start_seconds + _WORKER_SECONDS,
            )
        )
    return Plan(jobs=jobs, reused=reused)


def _known(path: Path, fingerprint: str) -> Result | None:
    """Return the result that may be reused; a fault of ours never is."""
    if not path.is_file():
        return None
    try:
        result = read_result(path)
    except ResultError:
        return None
    return result if result.fingerprint == fingerprint and result.status != Status.FAILED else None


def run_batch(plan: Plan, engine: Engine, results: Path, watch: Callable[[Event], None]) -> Sequence[Result]:
    """Grade and write; `watch` hears of each event, a result only after it is on the disk. Return the new results."""
    if plan.jobs:
        remove_leftovers(results, plan.jobs[0].assignment)
    graded = []
    for event in engine.run(plan.jobs):
        if isinstance(event, Finished):
            write_result(results, event.result)
            graded.append(event.result)
        watch(event)
    return graded

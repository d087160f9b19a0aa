"""Grade one submission: the checks process, with pytest, the checks, the reference and the hidden data.

What lateness takes off, and people give, is settled later: see autograder.settlement.

It is forked from the station, in which all that submissions share is loaded already.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from autograder.checks.context import CheckContext, open_check_context
from autograder.checks.preparation import Preparation
from autograder.checks.session import run_checks
from autograder.errors import NotebookError
from autograder.first_cause import with_first_causes
from autograder.grading.job import Job
from autograder.grading.regrade import judged_by_changed_checks
from autograder.plain_text import plain_lines
from autograder.results import Result, Status
from autograder.sandbox.outside.process import Sandbox

__all__ = ["WorkerContext", "grade"]


@dataclass(frozen=True, kw_only=True)
class WorkerContext:
    """Where a submission is graded: what its worker has at hand."""

    preparation: Preparation
    session: pytest.Session
    sandbox: Sandbox
    core: int | None
    """The processor for the student's code."""


def grade(job: Job, context: WorkerContext) -> Result:
    """Return the result of one submission; nothing that it does makes this raise."""
    began = time.monotonic()
    blank = Result(
        assignment=job.assignment,
        student=job.student,
        attempt=job.attempt,
        status=Status.FAILED,
        score=0.0,
        max_score=float(context.preparation.assignment.points),
        submitted_at=job.submitted_at,
        fingerprint=job.fingerprint,
        depends_on=job.depends_on,
        device=job.device,
        flags=job.flags,
    )
    try:
        result = _examine(job, context, blank)
    except NotebookError as error:
        result = replace(blank, status=Status.INVALID, reason=str(error))
    except Exception as error:  # noqa: BLE001 - the process edge: a fault of ours becomes a result that is retried
        result = replace(blank, reason=f"{type(error).__name__}: {error}")
    seconds = round(time.monotonic() - began, 3)
    return replace(result, graded_at=datetime.now(UTC).isoformat(timespec="seconds"), seconds=seconds)


def _examine(job: Job, context: WorkerContext, blank: Result) -> Result:
    if job.problem:
        raise NotebookError(job.problem)
    began = time.monotonic()
    check_context = _open(job, context)
    checks = judged_by_changed_checks(job, context.session, check_context) if job.before else None
    if checks is None:
        check_context = _open(job, context) if job.before else check_context
        run_checks(context.session, check_context, job.questions, public_only=job.public_only)
        checks = tuple(with_first_causes(check_context.records))
    examined = time.monotonic() - began
    run = check_context.run
    return replace(
        blank,
        status=Status.GRADED,
        score=round(sum(check.score for check in checks), 6),
        timings={
            **{stage: round(seconds, 3) for stage, seconds in run.seconds.items()},
            "checks": round(examined - sum(run.seconds.values()), 3),
        },
        checks=checks,
        cells=run.cells,
        output=plain_lines(run.output or ""),
        flags=tuple(sorted({*job.flags, *check_context.flags, *run.flags})),
        files=check_context.files,
    )


def _open(job: Job, context: WorkerContext) -> CheckContext:
    return open_check_context(
        *(context.preparation, job.notebook, job.student),
        sandbox=context.sandbox,
        attempt=job.attempt,
        device=job.device,
        core=context.core,
        total_seconds=job.total_seconds,
        files=job.files,
    )

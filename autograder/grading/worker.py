"""Grade one submission: the trusted process (T) with pytest, the checks, the reference and the hidden data.

An engine imports this module once and forks from there for each submission, so that torch is imported once. Nothing
here may run a torch operation on import: a process that has ever used two threads cannot be forked safely.
"""

import contextlib
import io
import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import matplotlib.font_manager  # noqa: F401 - writes the font list that students' processes get a copy of
import pytest
import torch
import torch.testing._comparison
import torchvision.datasets  # noqa: F401 - loaded here once, not in every fork

from autograder.checks.catalogue import PYTEST_OPTIONS
from autograder.checks.examination import Examination, open_examination
from autograder.checks.plugin import EXAMINATIONS
from autograder.course import Assignment, Course, load_course
from autograder.errors import AutograderError, NotebookError
from autograder.grading.job import Job
from autograder.results import Result, Status

__all__ = ["grade"]

_PYTEST_RAN = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}


class _Bring:
    """Hand the examination to the plugin."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[EXAMINATIONS] = {self._examination.assignment.name: self._examination}


def grade(job: Job) -> Result:
    """Return the result of one submission; nothing that it does makes this raise."""
    began = time.monotonic()
    blank = Result(
        assignment=job.assignment,
        student=job.student,
        status=Status.FAILED,
        score=0.0,
        max_score=0.0,
        submitted_at=job.submitted_at,
        fingerprint=job.fingerprint,
        device=job.device,
        flags=job.flags,
    )
    try:
        course = load_course(job.root)
        assignment = course.assignment(job.assignment)
        blank = replace(blank, max_score=float(assignment.points))
        os.chdir(job.root)  # notebooks look for their data in the working folder and above it
        result = _examine(job, course, assignment, blank)
    except NotebookError as error:
        result = replace(blank, status=Status.INVALID, reason=str(error))
    except Exception as error:  # noqa: BLE001 - the process edge: a fault of ours becomes a result that is retried
        result = replace(blank, reason=f"{type(error).__name__}: {error}")
    seconds = round(time.monotonic() - began, 3)
    return replace(result, graded_at=datetime.now(UTC).isoformat(timespec="seconds"), seconds=seconds)


def _examine(job: Job, course: Course, assignment: Assignment, blank: Result) -> Result:
    torch.set_num_threads(1)
    examination = open_examination(course, assignment, job.notebook, job.student, device=job.device)
    folder = course.checks_folder(assignment.name)
    arguments = [*PYTEST_OPTIONS, "--assert=plain", "--rootdir", str(folder), str(folder)]
    began = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main(arguments, plugins=[_Bring(examination)])
    examined = time.monotonic() - began
    if code not in _PYTEST_RAN:
        raise AutograderError(f"pytest ended with {code}: {printed.getvalue().strip()[-2000:]}")
    if examination.grader_errors:
        raise AutograderError(examination.grader_errors[0])
    run = examination.run
    checks = tuple(examination.records)
    late_days, penalty = _lateness(job, course, assignment)
    earned = sum(check.score for check in checks)
    return replace(
        blank,
        status=Status.GRADED,
        score=round(max(0.0, earned - penalty), 6),
        late_days=late_days,
        penalty=round(min(penalty, earned), 6),
        timings={
            **{stage: round(seconds, 3) for stage, seconds in run.seconds.items()},
            "checks": round(examined - sum(run.seconds.values()), 3),
        },
        checks=checks,
        cells=run.cells,
        flags=tuple(sorted({*job.flags, *examination.flags, *run.flags})),
    )


def _lateness(job: Job, course: Course, assignment: Assignment) -> tuple[int, float]:
    """Return the days late and the points that they cost."""
    policy = course.late_policy_of(assignment)
    submitted_at = datetime.fromisoformat(job.submitted_at) if job.submitted_at else None
    days = policy.late_days(submitted_at, assignment.due)
    return days, policy.penalty(days, assignment.points)

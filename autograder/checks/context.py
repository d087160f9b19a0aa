"""Hold what the checks of one submission need: the notebook's run, the reference, the hidden data, the seeds."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from autograder.checks.notebook_run import NotebookRun
from autograder.checks.preparation import Preparation
from autograder.course import Course
from autograder.notebooks import Tag, plan_run, read_cells
from autograder.results import CheckRecord, Flag
from autograder.sandbox.outside.process import Sandbox

if TYPE_CHECKING:
    import torch

__all__ = ["CheckContext", "derive_seed", "make_generator", "open_check_context"]

# ruff: noqa: PLC0415 - torch is imported only where a course asks for it


@dataclass(kw_only=True)
class CheckContext:
    """One submission, and what its checks need."""

    preparation: Preparation
    student_id: str
    run: NotebookRun
    device: str = "cpu"
    """Where student code computes: `cpu` or `cuda`."""
    records: list[CheckRecord] = field(default_factory=list)
    flags: set[Flag] = field(default_factory=set)
    grader_errors: list[str] = field(default_factory=list)
    """What went wrong on our side; with one of these there is no score."""

    def seed(self, check: str, role: str) -> int:
        """Return the seed of one check: repeatable for this student, of use to nobody else."""
        return _seed(self.preparation, self.student_id, check, role)

    @cached_property
    def reference(self) -> SimpleNamespace:
        """The namespace of the solution notebook, run in this process."""
        return self.preparation.reference(self.student_id)


def derive_seed(secret: str, assignment: str, student_id: str, check: str, role: str) -> int:
    """Return 62 bits that nobody can work out without the secret.

    `role` keeps the seed of hidden inputs apart from the one that the student's process is given.
    """
    digest = hashlib.sha256(f"{secret}\0{assignment}\0{student_id}\0{check}\0{role}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 2


def make_generator(course: Course, seed: int) -> "torch.Generator | np.random.Generator":
    """Return a generator of random numbers: torch's where the course has torch, numpy's elsewhere."""
    if "torch" in course.libraries:
        import torch

        return torch.Generator().manual_seed(seed)
    return np.random.default_rng(seed)


def _seed(preparation: Preparation, student_id: str, check: str, role: str) -> int:
    return derive_seed(preparation.secret, preparation.assignment.name, student_id, check, role)


def open_check_context(
    preparation: Preparation,
    submission: Path | None,
    student_id: str,
    *,
    sandbox: Sandbox,
    device: str = "cpu",
    core: int | None = None,
    total_seconds: float | None = None,
) -> CheckContext:
    """Prepare to examine a submission; None stands for our own solution.

    `core` is the processor for student code, `total_seconds` a shorter time for it than the budget's.
    Raise NotebookError where the submission cannot be read, GraderError where our own side cannot.
    """
    if submission is None:
        skeleton = answers = [cell for cell in preparation.solution if Tag.SOLUTION_ONLY not in cell.tags]
    else:
        skeleton, answers = list(preparation.release), read_cells(submission)
    plan = plan_run(skeleton, answers, student_id)
    seed = _seed(preparation, student_id, "", "notebook")
    budget = preparation.assignment.budget
    if total_seconds is not None:
        budget = replace(budget, total_seconds=min(budget.total_seconds, total_seconds))
    run = NotebookRun(plan, budget, sandbox, seed, core=core)
    return CheckContext(preparation=preparation, student_id=student_id, run=run, device=device)

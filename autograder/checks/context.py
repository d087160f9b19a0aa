"""Hold what the checks of one submission need: the notebook's run, the reference, the hidden data, the seeds."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self

import numpy as np

from autograder.answer_files import HandedInFile, read_handed_in_files
from autograder.checks.notebook_run import NotebookRun
from autograder.checks.preparation import Preparation
from autograder.course import Course
from autograder.notebooks import Tag, plan_run, read_notebook
from autograder.results import CheckRecord, Flag
from autograder.sandbox.outside.process import Sandbox

if TYPE_CHECKING:
    import torch

__all__ = ["CheckContext", "derive_seed", "make_generator", "open_check_context", "student_seed"]

# ruff: noqa: PLC0415 - torch is imported only where a course asks for it

_TWISTER_WORDS = 624
_TWISTER_START = 3
"""Where they begin in the state of torch's generator, which has 64 bits for each: behind the seed and two counters."""


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

    attempt: int = 1
    """Which of the student's submissions it is: each has hidden inputs of its own."""
    files: Mapping[str, str] = field(default_factory=dict)
    """By the name of each file that students edit why the release's is graded; "" for one that was handed in."""

    def hidden_seed(self, check: str) -> int:
        """Return the seed of a check's hidden inputs; it never leaves this process."""
        name = self.preparation.assignment.name
        return derive_seed(self.preparation.secret, name, self.student_id, self.attempt, check)

    def student_seed(self, check: str) -> int:
        """Return the seed that the student's process gets for a check."""
        return student_seed(self.preparation.assignment.name, self.student_id, self.attempt, check)

    @cached_property
    def reference(self) -> SimpleNamespace:
        """The namespace of the solution notebook, run in this process."""
        return self.preparation.reference(self.student_id)

    def again(self, run: NotebookRun) -> Self:
        """Return what the same checks need of another run of the submission; nothing is recorded in it yet."""
        other = replace(self, run=run, records=[], flags=set(), grader_errors=[])
        if "reference" in vars(self):  # it may have taken long to make
            vars(other)["reference"] = self.reference
        return other


def derive_seed(secret: str, assignment: str, student_id: str, attempt: int, check: str) -> int:
    """Return 256 bits that nobody can work out without the secret: the seed of a check's hidden inputs."""
    public = json.dumps([assignment, student_id, attempt, check]).encode()
    return int.from_bytes(hmac.digest(secret.encode(), public, "sha256"))


def student_seed(assignment: str, student_id: str, attempt: int, check: str) -> int:
    """Return 128 bits for the generators of the student's process, which anybody can work out.

    What student code can read must not derive from the secret: it is something to try guesses on. That students can
    know the seed that their code runs with harms nobody: the generators are theirs to seed anew, and hidden inputs come
    from a generator in this process.
    """
    public = json.dumps([assignment, student_id, attempt, check]).encode()
    return int.from_bytes(hashlib.sha256(public).digest()[:16])


def make_generator(course: Course, seed: int) -> "torch.Generator | np.random.Generator":
    """Return a generator of random numbers from 256 bits: torch's where the course has torch, numpy's elsewhere."""
    if "torch" in course.libraries:
        return _torch_generator(seed)
    return np.random.default_rng(seed)


def _torch_generator(seed: int) -> "torch.Generator":
    """Return a Mersenne Twister whose whole state comes from the seed: `manual_seed` uses 32 bits of it on the CPU."""
    import torch

    generator = torch.Generator().manual_seed(seed % 2**63)
    state = generator.get_state()
    words = hashlib.shake_256(seed.to_bytes(32)).digest(4 * _TWISTER_WORDS)
    state.numpy().view(np.uint64)[_TWISTER_START : _TWISTER_START + _TWISTER_WORDS] = np.frombuffer(words, np.uint32)
    return generator.set_state(state)


def open_check_context(
    preparation: Preparation,
    submission: Path | None,
    student_id: str,
    *,
    sandbox: Sandbox,
    attempt: int = 1,
    device: str = "cpu",
    core: int | None = None,
    total_seconds: float | None = None,
    files: Sequence[HandedInFile] | None = None,
) -> CheckContext:
    """Prepare to examine a submission; None stands for our own solution.

    `files` are what was handed in beside the notebook; None: they are read where it lies. `core` is the processor for
    student code, `total_seconds` a shorter time for it than the budget's. Raise NotebookError where the submission
    cannot be read, GraderError where our own side cannot.
    """
    flags: set[Flag] = set()
    handed_in = None
    folder = preparation.course.source_notebook(preparation.assignment.name).parent
    if submission is None:
        skeleton = answers = [cell for cell in preparation.solution if Tag.SOLUTION_ONLY not in cell.tags]
    else:
        handed_in = read_notebook(submission)
        skeleton, answers = list(preparation.release), list(handed_in.cells)
        flags = {Flag.CONVERTED} if handed_in.converted else set()
        folder = submission.parent
    files = read_handed_in_files(folder, preparation.assignment.files) if files is None else files
    if any(file.problem for file in files):
        flags.add(Flag.FILE_MISSING)
    plan = plan_run(skeleton, answers, student_id)
    seed = student_seed(preparation.assignment.name, student_id, attempt, "")
    budget = preparation.assignment.budget
    if total_seconds is not None:
        budget = replace(budget, total_seconds=min(budget.total_seconds, total_seconds))
    run = NotebookRun(
        *(plan, budget, sandbox, seed),
        core=core,
        notebook=handed_in,
        files=preparation.with_release_files(files),
        questions_in_files=preparation.questions_in_files,
    )
    return CheckContext(
        preparation=preparation,
        student_id=student_id,
        attempt=attempt,
        run=run,
        device=device,
        flags=flags,
        files={file.name: file.problem for file in files},
    )

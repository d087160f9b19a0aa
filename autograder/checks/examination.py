"""Hold what the checks of one submission need: the notebook's run, the reference, the hidden data, the seeds."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
from IPython.core.inputtransformer2 import TransformerManager

from autograder.checks.notebook_run import NotebookRun
from autograder.checks.secret import read_secret
from autograder.course import Assignment, Course
from autograder.errors import GraderError, NotebookError
from autograder.mnist import TRAINING, Digits, read_digits
from autograder.notebooks import BYPRODUCTS, Tag, plan_run, read_cells
from autograder.results import CheckRecord
from autograder.sandbox.process import PlainSandbox, Sandbox

__all__ = ["Examination", "derive_seed", "open_examination"]

_NOT_SUPPORT = BYPRODUCTS | {"tests", "solution"}


@dataclass(kw_only=True)
class Examination:
    """One submission under examination."""

    course: Course
    assignment: Assignment
    student_id: str
    secret: str
    run: NotebookRun
    device: str = "cpu"
    """Where student code computes: `cpu` or `cuda`."""
    records: list[CheckRecord] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    grader_errors: list[str] = field(default_factory=list)
    """What went wrong on our side; with one of these there is no score."""

    def seed(self, check: str, role: str) -> int:
        """Return the seed of one check: repeatable for this student, of use to nobody else."""
        return derive_seed(self.secret, self.assignment.name, self.student_id, check, role)

    @cached_property
    def reference(self) -> SimpleNamespace:
        """The namespace of the solution notebook, run in this process."""
        path = self.course.source_notebook(self.assignment.name)
        folder = str(path.parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        namespace: dict[str, Any] = {"__name__": "reference", "STUDENT_ID": self.student_id}
        transform = TransformerManager().transform_cell
        for cell in read_cells(path):
            if cell.tags & {Tag.SKIP_GRADING, Tag.STUDENT_ID}:
                continue
            try:
                exec(compile(transform(cell.source), f"{path.name}, cell {cell.index + 1}", "exec"), namespace)  # noqa: S102 - our own notebook
            except Exception as error:
                raise GraderError(f"{path}: cell {cell.index + 1} of the solution raised {error!r}.") from error
        return SimpleNamespace(**namespace)

    @cached_property
    def hidden_digits(self) -> Digits:
        """MNIST's 10,000 test images, which student code never sees."""
        return read_digits(self.course.data_folder(), train=False)

    @cached_property
    def training_digits(self) -> Digits:
        """MNIST's 60,000 training images, which students have."""
        return read_digits(self.course.data_folder(), train=True)


def derive_seed(secret: str, assignment: str, student_id: str, check: str, role: str) -> int:
    """Return 62 bits that nobody can work out without the secret.

    `role` keeps the seed of hidden inputs apart from the one that the student's process is given.
    """
    digest = hashlib.sha256(f"{secret}\0{assignment}\0{student_id}\0{check}\0{role}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 2


def open_examination(
    course: Course,
    assignment: Assignment,
    submission: Path | None,
    student_id: str,
    *,
    sandbox: Sandbox | None = None,
    device: str = "cpu",
) -> Examination:
    """Prepare to examine a submission; None stands for our own solution.

    Raise NotebookError where the submission cannot be read, GraderError where our own side cannot.
    """
    source = course.source_notebook(assignment.name)
    skeleton_path = source if submission is None else course.release_notebook(assignment.name)
    try:
        skeleton = read_cells(skeleton_path)
    except NotebookError as error:
        raise GraderError(f"{skeleton_path}: {error} Run `autograder build {assignment.name}`.") from error
    if submission is None:
        skeleton = answers = [cell for cell in skeleton if Tag.SOLUTION_ONLY not in cell.tags]
    else:
        answers = read_cells(submission)
    plan = plan_run(skeleton, answers, student_id)

    @contextmanager
    def workspace() -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True) as folder:
            _furnish(Path(folder), skeleton_path.parent, course.data_folder())
            yield Path(folder)

    secret = read_secret(course)
    seed = derive_seed(secret, assignment.name, student_id, "", "notebook")
    run = NotebookRun(plan, workspace, assignment.budget, sandbox or PlainSandbox(device=device), seed)
    return Examination(
        course=course,
        assignment=assignment,
        student_id=student_id,
        secret=secret,
        run=run,
        device=device,
    )


def _furnish(folder: Path, support: Path, data: Path) -> None:
    """Put into the student's working folder what the notebook expects beside it: support files and training data."""
    for path in support.iterdir():
        if path.name in _NOT_SUPPORT or path.suffix == ".ipynb":
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy(path, folder / path.name)
    raw = folder / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in TRAINING:
        (raw / name).symlink_to((data / "MNIST" / "raw" / name).resolve())
    home = folder / ".home"
    home.mkdir()
    for fonts in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(fonts, home)

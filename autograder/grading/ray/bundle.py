"""Carry files to other machines, named by what they hold: what a machine has had before it need not fetch again."""

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.answer_files import read_handed_in_files
from autograder.course import Course
from autograder.datasets import kept_files, own_data_files, prepare_data
from autograder.errors import GraderError, NotebookError
from autograder.grading.job import Job
from autograder.notebook_files import read_file
from autograder.notebooks import BYPRODUCTS

__all__ = ["Bundle", "TaskInput", "bundle_assignment", "bundle_data", "pack_job", "unpack_course", "unpack_job"]


@dataclass(frozen=True)
class Bundle:
    """Files, as one archive that is the same wherever and whenever it is made."""

    digest: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class TaskInput:
    """A job on its way to another machine, with what was handed in."""

    job: Job
    content: bytes | None
    """None: what was handed in cannot be read."""


def bundle_assignment(course: Course, assignment: str) -> Bundle:
    """Return all files of one assignment that grading reads: source, release, checks."""
    notebooks = course.source_notebook(assignment), course.release_notebook(assignment)
    folders = [*(path.parent for path in notebooks), course.checks_folder(assignment)]
    files = (path for folder in folders for path in folder.rglob("*"))
    kept = [path for path in files if not BYPRODUCTS & set(path.relative_to(course.root).parts)]
    return _bundle(course.root, [*kept, *(path for path, _ in own_data_files(course, assignment))])


def bundle_data(course: Course) -> Bundle:
    """Return the course's data as the course keeps it: what is made from it is made again where it arrives."""
    return _bundle(course.data_folder(), (path for _, path in kept_files(course)))


def unpack_course(course: Course, bundles: Mapping[str, Callable[[], bytes]], cache: Path) -> Course:
    """Return the course as it lies in `cache`: first the assignment's bundle, then the data's; fetch what is missing.

    Raise GraderError for content that is not what its name says.
    """
    assignment, data = (_unpack(digest, fetch, cache) for digest, fetch in bundles.items())
    root = cache / f"{assignment.name[:32]}-{data.name[:32]}"
    if not root.is_dir():
        draft = Path(tempfile.mkdtemp(dir=cache, prefix=".part-"))
        shutil.copytree(assignment, draft, dirs_exist_ok=True)
        (draft / "data").symlink_to(Path("..", data.name))  # notebooks look for their data in the folder they run in
        _put(draft, root)
    course = replace(course, root=root, data="data")
    prepare_data(course)
    return course


def pack_job(job: Job, files: Sequence[str] = ()) -> TaskInput:
    """Read what was handed in; what cannot be read travels as the fact that it is so.

    `files` are the names of those beside the notebook that students edit.
    """
    if job.problem:
        return TaskInput(job=job, content=None)
    job = replace(job, files=read_handed_in_files(job.notebook.parent, files))
    try:
        return TaskInput(job=job, content=read_file(job.notebook))
    except NotebookError as error:
        return TaskInput(job=replace(job, problem=str(error)), content=None)


def unpack_job(task_input: TaskInput, folder: Path) -> Job:
    """Lay out in `folder` what was handed in, so that a worker says the same of it as where it came from."""
    job = task_input.job
    place = folder / job.student / job.assignment
    place.mkdir(parents=True)
    path = place / job.notebook.name
    if task_input.content is not None:
        path.write_bytes(task_input.content)
    return replace(job, notebook=path)


def _bundle(root: Path, paths: Iterable[Path]) -> Bundle:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(set(paths)):
            if path.is_file():
                entry = tarfile.TarInfo(path.relative_to(root).as_posix())  # no owner, no time: the content alone
                content = path.read_bytes()
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    content = buffer.getvalue()
    return Bundle(hashlib.sha256(content).hexdigest(), content)


def _unpack(digest: str, fetch: Callable[[], bytes], cache: Path) -> Path:
    target = cache / digest
    if not target.is_dir():
        content = fetch()
        if hashlib.sha256(content).hexdigest() != digest:
            raise GraderError(f"A bundle that arrived for {cache} is not what its name says; start the batch again.")
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = Path(tempfile.mkdtemp(dir=cache, prefix=".part-"))
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(draft, filter="data")
        _put(draft, target)
    return target


def _put(draft: Path, target: Path) -> None:
    """Move a folder to its place, unless another process was faster."""
    draft.chmod(0o755)
    try:
        draft.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(draft)

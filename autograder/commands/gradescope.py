"""Grade the one submission of a container of Gradescope's, and write its results.json."""

# ruff: noqa: PLC0415 - see autograder.cli

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from autograder.console import OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option

if TYPE_CHECKING:
    from autograder.course import Course

__all__ = ["Options", "run"]

_MOST_FILES = 2_000


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Which assignment, and where Gradescope has put everything."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    base: Annotated[Path, Option(metavar="DIR", help="Gradescope's folder (default: %(default)s)")] = Path(
        "/autograder"
    )


def run(options: Options) -> ExitCode:
    """Lay the submission out as `grade` finds it, grade it, write what Gradescope reads last, as whoever runs this."""
    from autograder.atomic_files import write_atomically
    from autograder.exporting.gradescope_results import gradescope_results
    from autograder.feedback.feedback import gather
    from autograder.feedback.students import graded_students
    from autograder.results import Status
    from autograder.settlement import open_settlement

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    target = options.base / "results" / "results.json"
    target.unlink(missing_ok=True)
    work = options.base / "grading"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    metadata = _metadata(options.base)
    student = _student(course, metadata)
    _lay_out(options.base / "submission", work / "submitted" / student / assignment.name, metadata)
    _grade(course, assignment.name, work)
    [graded] = graded_students(open_settlement(course, assignment, work / "results"))
    if graded.result.status == Status.FAILED:
        OUT.print(f"There is no score, since grading itself failed: {graded.result.reason}")
        return ExitCode.UNUSABLE
    level = course.feedback_level_of(assignment)
    opens = assignment.feedback_at
    is_open = opens is None or datetime.now().astimezone() >= opens
    document = gradescope_results(gather(graded, level), seconds=graded.result.seconds, is_open=is_open)
    write_atomically(target, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    OUT.print(
        f"{document['score']} of {graded.result.max_score:g} points; flags: {' '.join(graded.result.flags) or 'none'}"
    )
    return ExitCode.DONE


def _metadata(base: Path) -> Mapping[str, Any]:
    path = base / "submission_metadata.json"
    try:
        metadata = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AutograderError(f"{path} cannot be read ({error}); run this where Gradescope has put it.") from error
    if not isinstance(metadata, dict):
        raise AutograderError(f"{path} holds no object; run this where Gradescope has put it.")
    return metadata


def _student(course: "Course", metadata: Mapping[str, Any]) -> str:
    """Return the student's ID: what the roster calls the first submitter, else their e-mail address or number."""
    from autograder.roster import ROSTER_NAME, can_be_an_id, read_roster

    users = metadata.get("users")
    user = users[0] if isinstance(users, list) and users and isinstance(users[0], dict) else {}
    email, number = str(user.get("email") or ""), str(user.get("id") or "unknown")
    roster = read_roster(course.root / ROSTER_NAME) if (course.root / ROSTER_NAME).is_file() else None
    person = (roster.find(email, "email") or roster.find(number, "gradescope")) if roster else None
    if person is not None:
        return person.id
    return email if can_be_an_id(email) else f"gradescope-{number}" if number.isalnum() else "gradescope-unknown"


def _lay_out(submission: Path, place: Path, metadata: Mapping[str, Any]) -> None:
    """Copy what was handed in, files alone, with the time of it: under our own names and rights."""
    from autograder.grading.submissions import TIMESTAMP

    place.mkdir(parents=True)
    for source in islice(_files(submission), _MOST_FILES):
        inner = source.relative_to(submission)
        if inner.parts[0] == TIMESTAMP:
            continue  # Gradescope says the time
        target = place / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        else:
            shutil.copyfile(source, target, follow_symlinks=False)
    created = metadata.get("created_at")
    if isinstance(created, str) and created:
        (place / TIMESTAMP).write_text(created, encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    """Yield files and links, no pipes and devices."""
    for parent, folders, names in os.walk(folder):
        for name in sorted([*names, *(one for one in folders if Path(parent, one).is_symlink())]):
            mode = os.lstat(Path(parent, name)).st_mode
            if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                yield Path(parent, name)


def _grade(course: "Course", assignment: str, work: Path) -> None:
    """Grade with the walls that are to be had here; without them as another user at least, and say so."""
    from autograder.datasets import prepare_data
    from autograder.doctor import examine

    missing = [one.how for one in examine() if one.required and not one.there]
    sandbox = "auto" if not missing else "user" if os.geteuid() == 0 else "none"
    if missing:
        OUT.print(
            f"This container cannot isolate student code (refused: {', '.join(missing)}): it runs "
            f"{'as a user of its own' if sandbox == 'user' else 'unprotected'}; the result has the flag unsandboxed."
        )
    prepare_data(course)
    if sandbox == "user":
        _hide(course, work)
    command = [sys.executable, "-m", "autograder", "grade", assignment, "--course", course.root, "--workers", "1"]
    command += ["--untried"]  # in a container of one submission's; who makes the zip has graded before
    command += ["--submissions", work / "submitted", "--results", work / "results", "--sandbox", sandbox]
    subprocess.run(list(map(str, command)), check=False, stdin=subprocess.DEVNULL)  # what came of it, the result says
    if sandbox == "user":
        _end_processes()


def _hide(course: "Course", work: Path) -> None:
    """Leave to other users of the course's folder what students have anyway: the release, and their own data."""
    from autograder.datasets import files_for_students

    shown = [course.root / "release", *(path for path, _ in files_for_students(course))]
    on_the_way = {parent for path in shown for parent in path.parents}
    for path in (course.root, *course.root.rglob("*")):
        if path.is_symlink():
            continue
        is_shown = any(path == one or one in path.parents for one in shown)
        if path.is_dir():
            path.chmod(0o755 if is_shown else 0o711 if path in on_the_way else 0o700)
        else:
            path.chmod(0o644 if is_shown else 0o600)
    for path in (work, work.parent / "results", work.parent / "submission_metadata.json"):
        path.chmod(0o700)
    for path in course.root.parents:
        if work.parent in (path, *path.parents):
            path.chmod(path.stat().st_mode | 0o011)


def _end_processes() -> None:
    """Kill whatever the student's user has left behind, before anything is read from here."""
    import signal

    from autograder.sandbox.shared.config import STUDENT_USER

    for _ in range(10):
        left = [
            int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal() and _owner(one) == STUDENT_USER
        ]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not left:
            return


def _owner(process: Path) -> int:
    try:
        return process.stat().st_uid
    except OSError:
        return -1

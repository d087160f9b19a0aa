"""Have nbgrader and otter-grader grade the same submissions with the same checks, as their manuals say."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.bench.subjects import Subject, checks_of, notebook_of, planned, solution_plan
from autograder.bench.usage import Usage, measure
from autograder.checks.catalogue import Check
from autograder.checks.preparation import Preparation
from autograder.course import Course
from autograder.datasets import link_data

__all__ = ["PEERS", "Outcome"]

_FOLDER = "os.getcwd().split('/')[-2]"
_IMPORT = "from autograder.bench.in_kernel import run_check"
_OTTER_TEST = """\
OK_FORMAT = False

from otter.test_files import test_case

name = {name!r}
points = {points!r}


@test_case(name={name!r}, points={points!r})
def test_check(env):
    {import_line}
    {call}
"""
_MOST_SECONDS = 120.0
"""For one submission; what takes a peer longer is killed."""
_NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = {seconds:.0f}
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a system made of some submissions."""

    usage: Usage
    scores: Mapping[str, float]
    """Points by student, before any penalty; one that the system brought to no end is not among them."""
    start: Usage | None = None
    """What the same command takes where there is nothing to grade; None where it starts anew for each submission."""


def _prepare(course: Course, assignment: str, folder: Path) -> Sequence[tuple[Path, str]]:
    """Put the data above where notebooks are run; return the files that belong beside them, and their names."""
    folder.mkdir(parents=True, exist_ok=True)
    link_data(course, folder)
    preparation = Preparation(course, course.assignment(assignment))
    return [(Path(source), name) for source, name in preparation.sandbox_config(isolated=False).support]


def _copy_files(files: Sequence[tuple[Path, str]], folder: Path) -> None:
    for source, name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / name)


def _call(course: Course, assignment: str, check: Check, namespace: str, student: str) -> str:
    """Return the line that runs a check; `namespace` and `student` are expressions."""
    return f"run_check({str(course.root)!r}, {assignment!r}, {check.id!r}, {namespace}, {student})"


def _write(path: Path, notebook: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))


def run_nbgrader(course: Course, assignment: str, subjects: Sequence[Subject], folder: Path, bytecode: Path) -> Outcome:
    """Grade with one `nbgrader autograde` for all, each check a graded cell at the end of the notebook."""
    files = _prepare(course, assignment, folder)
    (folder / "nbgrader_config.py").write_text(_NBGRADER_CONFIG.format(seconds=_MOST_SECONDS))
    checks = checks_of(course, assignment)
    solutions = {check.question for check in checks}
    # One source stands in the database for all students' checks: the ID comes from the folder that nbgrader runs in
    locked = [
        (
            f"check-{number}",
            f"import os\n{_IMPORT}\n{_call(course, assignment, check, 'globals()', _FOLDER)}",
            check.points,
        )
        for number, check in enumerate(checks)
    ]
    source = folder / "source" / assignment
    _write(source / f"{assignment}.ipynb", notebook_of(solution_plan(course, assignment), solutions, locked))
    _copy_files(files, source)
    for subject in subjects:
        own = folder / "submitted" / subject.student / assignment
        _write(own / f"{assignment}.ipynb", notebook_of(planned(course, assignment, subject), solutions, locked))
        _copy_files(files, own)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    measure([*nbgrader, "generate_assignment", assignment], folder, bytecode=bytecode)
    autograde = [*nbgrader, "autograde", assignment]
    warm_up = [*autograde, "--student", subjects[0].student]
    measure(warm_up, folder, bytecode=bytecode, tolerate=True, seconds=_MOST_SECONDS)  # compiles what it imports
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    usage = measure(autograde, folder, bytecode=bytecode, tolerate=True, seconds=_MOST_SECONDS * len(subjects))
    start = measure(autograde, folder, bytecode=bytecode, tolerate=True)  # passes over what is graded
    return Outcome(usage=usage, scores=_nbgrader_scores(folder, assignment), start=start)


def _nbgrader_scores(folder: Path, assignment: str) -> Mapping[str, float]:
    from nbgrader.api import Gradebook  # noqa: PLC0415 - takes a second

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: sum(notebook.score for notebook in submission.notebooks)
            for submission in gradebook.assignment_submissions(assignment)
            if (folder / "autograded" / submission.student.id / assignment / f"{assignment}.ipynb").is_file()
        }


def run_otter(course: Course, assignment: str, subjects: Sequence[Subject], folder: Path, bytecode: Path) -> Outcome:
    """Grade with one `otter run` for each, each check a test file."""
    files = _prepare(course, assignment, folder)
    tests = folder / "tests"
    tests.mkdir()
    total, scores = Usage(wall_seconds=0.0, cpu_seconds=0.0, peak_bytes=0), dict[str, float]()
    for number, check in enumerate(checks_of(course, assignment)):
        call = _call(course, assignment, check, "env", "env['__student__']")
        name = f"check_{number:03d}"
        text = _OTTER_TEST.format(name=name, points=check.points, import_line=_IMPORT, call=call)
        (tests / f"{name}.py").write_text(text)
    _copy_files(files, folder)
    otter = [sys.executable, "-m", "otter"]
    top = sorted({name.split("/")[0] for _, name in files})
    (folder / "otter_config.json").write_text("{}")
    measure([*otter, "generate", "-t", str(tests), "-o", "autograder.zip", *top], folder, bytecode=bytecode)
    for number, subject in enumerate([subjects[0], *subjects]):
        cells = planned(course, assignment, subject)
        notebook = notebook_of(cells, ())
        notebook["cells"][0]["source"] = f"__student__ = {subject.student!r}\n{notebook['cells'][0]['source']}"
        path = folder / "submitted" / subject.student / f"{assignment}.ipynb"
        _write(path, notebook)
        output = folder / "results" / f"{number:04d}"
        output.mkdir(parents=True)
        command = [*otter, "run", "--no-logo", "-a", "autograder.zip", "-o", str(output), str(path)]
        usage = measure(command, folder, bytecode=bytecode, tolerate=True, seconds=_MOST_SECONDS)
        if number:  # the first time it compiles what it imports
            total = _add(total, usage)
            scores |= _otter_score(output / "results.json", subject.student)
    return Outcome(usage=total, scores=scores)


def _otter_score(path: Path, student: str) -> Mapping[str, float]:
    if not path.is_file():
        return {}
    return {student: float(sum(test.get("score") or 0.0 for test in json.loads(path.read_text())["tests"]))}


def _add(one: Usage, other: Usage) -> Usage:
    return Usage(
        wall_seconds=one.wall_seconds + other.wall_seconds,
        cpu_seconds=one.cpu_seconds + other.cpu_seconds,
        peak_bytes=max(one.peak_bytes, other.peak_bytes),
    )


PEERS: Mapping[str, Callable[[Course, str, Sequence[Subject], Path, Path], Outcome]] = {
    "nbgrader": run_nbgrader,
    "otter": run_otter,
}
"""Systems to compare with, by name: each grades the subjects in a folder that does not exist yet.

The last argument is where compiled Python is kept."""

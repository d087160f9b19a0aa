"""What an ordinary user may not read is one submission's problem, and nobody else's."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import ScriptedEngine
from tiny_course import RIGHT, answers, make_course, submit

from autograder.course import load_course
from autograder.errors import AutograderError
from autograder.grading.batch import BatchRequest, plan_batch, run_batch
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.submissions import find_submissions
from autograder.results import Result, Status, read_result, result_path

ORDINARY_USER = 54321
"""A user ID without an account."""


@pytest.fixture
def course() -> Iterator[Path]:
    """A course with three submissions that is an ordinary user's, as which the test runs."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-"))
    root = make_course(folder / "course")
    for student in ("ada", "bob", "cid"):
        path = submit(root, student, *answers(RIGHT))
        path.with_name("timestamp.txt").write_text("2027-01-15 10:00:00 UTC")
    was_root = os.geteuid() == 0
    if was_root:
        warm_up = make_course(folder / "other")
        submit(warm_up, "ada", content="ä".encode("latin-1"))
        grade(warm_up)  # Python itself may lie where the user has no way to, and loads some of itself late
        shutil.rmtree(warm_up)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, ORDINARY_USER, ORDINARY_USER)
        os.setegid(ORDINARY_USER)
        os.seteuid(ORDINARY_USER)
    yield root
    if was_root:
        os.seteuid(0)
        os.setegid(0)
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(folder)


def grade(root: Path) -> ScriptedEngine:
    course, engine = load_course(root), ScriptedEngine()
    assignment = course.assignment("tiny")
    request = BatchRequest(
        course=course,
        assignment=assignment,
        submissions=find_submissions(root / "submitted", "tiny"),
        results=root / "results",
        fingerprints=Fingerprints(course, assignment, "secret", "auto"),
        device="cpu",
    )
    run_batch(plan_batch(request), engine, lambda _: None)
    return engine


def result(root: Path, student: str) -> Result:
    return read_result(result_path(root / "results", "tiny", student))


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        *(("bob", 0o000), ("bob", 0o444)),
        *(("bob/tiny", 0o000), ("bob/tiny", 0o444), ("bob/tiny", 0o111)),
        ("bob/tiny/tiny.ipynb", 0o000),
    ],
)
def test_a_closed_folder_or_notebook_is_one_students_problem(course, place, mode):
    (course / "submitted" / place).chmod(mode)
    assert grade(course).runs == [(("ada", "cid"), False)]
    assert result(course, "bob").status == Status.INVALID
    assert "cannot be read (Permission denied); mend that" in result(course, "bob").reason


def test_it_is_graded_by_the_same_command_once_that_is_mended(course):
    notebook = course / "submitted" / "bob" / "tiny" / "tiny.ipynb"
    notebook.chmod(0)
    grade(course)
    notebook.chmod(0o600)
    assert grade(course).runs == [(("bob",), False)]
    assert result(course, "bob").status == Status.GRADED


def test_a_time_that_may_not_be_read_is_flagged(course):
    (course / "submitted" / "bob" / "tiny" / "timestamp.txt").chmod(0)
    [_, bob, _] = find_submissions(course / "submitted", "tiny")
    assert (bob.submitted_at, bob.flags, bob.problem) == (None, ("timestamp-unreadable",), "")


def test_a_result_that_may_not_be_read_is_made_again(course):
    grade(course)
    result_path(course / "results", "tiny", "bob").chmod(0)
    assert grade(course).runs == [(("bob",), False)]
    assert result(course, "bob").status == Status.GRADED


def test_a_copy_of_an_attempt_that_may_not_be_read_stops_nobody(course):
    grade(course)
    attempts = course / "results" / "tiny" / "attempts"
    (attempts / "bob" / "1" / "bob").chmod(0)
    grade(course)
    assert result(course, "bob").status == Status.GRADED


@pytest.mark.parametrize(
    "close", [lambda root: (root / "results" / "tiny").chmod(0o500), lambda root: (root / "results").chmod(0)]
)
def test_results_that_may_not_be_written_are_one_sentence(course, close: Callable[[Path], None]):
    (course / "results" / "tiny").mkdir(parents=True)
    close(course)
    with pytest.raises(AutograderError, match=r"cannot be written to \(Permission denied: .*; mend that"):
        grade(course)


def test_a_folder_of_submissions_that_may_not_be_read_is_one_sentence(course):
    (course / "submitted").chmod(0)
    with pytest.raises(AutograderError, match=r"submitted cannot be read \(Permission denied\)"):
        find_submissions(course / "submitted", "tiny")

"""Submissions are found where nbgrader puts them, each under its student."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.grading.submissions import Submission, find_submissions, strange_folders


def hand_in(folder: Path, student: str, name: str = "tiny.ipynb", time: str | None = None) -> Path:
    """Write a submission and return its notebook."""
    path = folder / student / "tiny" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    if time is not None:
        (path.parent / "timestamp.txt").write_text(time)
    return path


def only(folder: Path) -> Submission:
    [submission] = find_submissions(folder, "tiny")
    return submission


def test_submissions_are_found_by_student(tmp_path):
    for student in ("carol", "alice", "bob"):
        hand_in(tmp_path, student)
    found = find_submissions(tmp_path, "tiny")
    assert [submission.student for submission in found] == ["alice", "bob", "carol"]
    assert found[0] == Submission(
        student="alice", notebook=tmp_path / "alice" / "tiny" / "tiny.ipynb", submitted_at=None
    )


def test_submissions_to_another_assignment_are_passed_over(tmp_path):
    hand_in(tmp_path, "alice")
    (tmp_path / "bob" / "mlp").mkdir(parents=True)
    assert only(tmp_path).student == "alice"


def test_files_and_hidden_folders_are_passed_over(tmp_path):
    hand_in(tmp_path, "alice")
    hand_in(tmp_path, ".cache")
    (tmp_path / "gradebook.csv").write_text("")
    assert only(tmp_path).student == "alice"


def test_only_the_students_asked_for_are_found(tmp_path):
    for student in ("carol", "alice", "bob"):
        hand_in(tmp_path, student)
    found = find_submissions(tmp_path, "tiny", ["bob", "alice"])
    assert [submission.student for submission in found] == ["alice", "bob"]


def test_a_student_who_is_not_there_is_named(tmp_path):
    hand_in(tmp_path, "alice")
    with pytest.raises(AutograderError, match="holds no submission of 'eve' to 'tiny'"):
        find_submissions(tmp_path, "tiny", ["alice", "eve"])


def test_a_folder_that_is_not_there_says_which_option_gives_it(tmp_path):
    with pytest.raises(AutograderError, match=r"gone is not a folder; .*<student>/tiny/ with --submissions"):
        find_submissions(tmp_path / "gone", "tiny")


def test_a_folder_without_submissions_says_what_it_should_hold(tmp_path):
    with pytest.raises(AutograderError, match="no folder <student>/tiny/ in it"):
        find_submissions(tmp_path, "tiny")


def test_a_folder_without_a_notebook_is_a_submission_whose_notebook_is_missing(tmp_path):
    (tmp_path / "alice" / "tiny").mkdir(parents=True)
    submission = only(tmp_path)
    assert submission.notebook == tmp_path / "alice" / "tiny" / "tiny.ipynb"
    assert submission.flags == ()


@pytest.mark.parametrize("name", ["tiny (1).ipynb", "Tiny.ipynb", "homework final FINAL.ipynb", "作业.ipynb"])
def test_a_renamed_notebook_is_taken_and_flagged(tmp_path, name):
    path = hand_in(tmp_path, "alice", name)
    submission = only(tmp_path)
    assert submission.notebook == path
    assert submission.flags == ("renamed",)


def test_the_notebook_of_the_right_name_goes_before_others(tmp_path):
    hand_in(tmp_path, "alice", "other.ipynb")
    path = hand_in(tmp_path, "alice")
    assert (only(tmp_path).notebook, only(tmp_path).flags) == (path, ())


def test_of_several_renamed_notebooks_none_is_taken(tmp_path):
    hand_in(tmp_path, "alice", "one.ipynb")
    hand_in(tmp_path, "alice", "two.ipynb")
    assert (only(tmp_path).notebook.name, only(tmp_path).flags) == ("tiny.ipynb", ())


def test_hidden_files_of_other_systems_are_no_notebooks(tmp_path):
    path = hand_in(tmp_path, "alice", "final.ipynb")
    hand_in(tmp_path, "alice", "._final.ipynb")
    assert only(tmp_path).notebook == path


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2027-01-15 10:00:00.000000 UTC", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15 10:00:00.123456 UTC\n", datetime(2027, 1, 15, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2027-01-15 10:00:00 UTC", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15 10:00:00", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15T10:00:00", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15T10:00:00Z", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15T10:00:00+00:00", datetime(2027, 1, 15, 10, tzinfo=UTC)),
        ("2027-01-15T10:00:00+02:00", datetime(2027, 1, 15, 10, tzinfo=timezone(timedelta(hours=2)))),
        ("2027-01-15 10:00:00.000000 +0200", datetime(2027, 1, 15, 8, tzinfo=UTC)),
    ],
)
def test_the_recorded_time_is_read_in_nbgraders_form_and_in_iso(tmp_path, text, time):
    hand_in(tmp_path, "alice", time=text)
    submission = only(tmp_path)
    assert submission.submitted_at == time
    assert submission.submitted_at.utcoffset() is not None
    assert submission.flags == ()


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2027-13-01 10:00:00 UTC", "2027-01-15 10:00:00 CET", "1737000000.5"]
)
def test_a_time_that_cannot_be_read_is_flagged(tmp_path, text):
    hand_in(tmp_path, "alice", time=text)
    submission = only(tmp_path)
    assert submission.submitted_at is None
    assert submission.flags == ("timestamp-unreadable",)


def test_a_time_in_bytes_that_are_no_text_is_flagged(tmp_path):
    path = hand_in(tmp_path, "alice")
    (path.parent / "timestamp.txt").write_bytes(b"\xff\xfe2\x000\x00")
    assert only(tmp_path).flags == ("timestamp-unreadable",)


def test_a_folder_in_the_place_of_the_time_is_no_time(tmp_path):
    path = hand_in(tmp_path, "alice")
    (path.parent / "timestamp.txt").mkdir()
    assert (only(tmp_path).submitted_at, only(tmp_path).flags) == (None, ())


def test_flags_add_up(tmp_path):
    hand_in(tmp_path, "alice", "other.ipynb", time="yesterday")
    assert only(tmp_path).flags == ("renamed", "timestamp-unreadable")


@pytest.mark.parametrize("student", ["o'brien", "Zoë", "李雷", "a b", "-rf", "x@uni.de", "$(reboot)"])
def test_unusual_names_are_names(tmp_path, student):
    hand_in(tmp_path, student)
    assert only(tmp_path).student == student


@pytest.mark.parametrize("student", [b"new\nline", b"\x1b[31mred", b"\xff\xfe", "a\u202eb".encode(), b"n" * 250])
def test_names_that_no_file_or_terminal_can_carry_are_passed_over_and_told(tmp_path, student):
    name = os.fsdecode(student)
    (tmp_path / name / "tiny").mkdir(parents=True)
    hand_in(tmp_path, "alice")
    assert only(tmp_path).student == "alice"
    assert strange_folders(tmp_path, "tiny") == [name]

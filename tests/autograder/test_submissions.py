"""Submissions are found where nbgrader puts them, each under its student."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tiny_course import RIGHT, answers, code, notebook

from autograder.errors import AutograderError
from autograder.grading.submissions import Submission, find_submissions, strange_folders
from autograder.notebooks import read_cells


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
    assert found[0] == Submission(student="alice", notebook=tmp_path / "alice" / "tiny" / "tiny.ipynb")


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
    assert submission.problem == "tiny.ipynb is not there, nor any other file; hand it in."


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


BLANK = json.dumps(notebook(*answers("def double(x):\n    raise NotImplementedError", "answer = ...")))
"""As it was handed out."""
DONE = json.dumps(notebook(*answers(RIGHT)))
OTHER = json.dumps(notebook(*answers("def double(x):\n    return x")))


def find(folder: Path, files: Mapping[str, str | bytes]) -> Submission:
    """Hand in some files as alice's, and return what is found of them by one who knows the release."""
    for name, content in files.items():
        path = folder / "class" / "alice" / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "release.ipynb").write_text(BLANK)
    [submission] = find_submissions(folder / "class", "tiny", release=read_cells(folder / "release.ipynb"))
    return submission


@pytest.mark.parametrize(
    ("files", "graded", "flags"),
    [
        ({"tiny.ipynb": BLANK, "tiny-Copy1.ipynb": DONE}, "tiny-Copy1.ipynb", ("renamed", "copy-graded")),
        ({"tiny.ipynb": "", "tiny (1).ipynb": DONE}, "tiny (1).ipynb", ("renamed", "copy-graded")),
        ({"tiny.ipynb": BLANK, "old/tiny.ipynb": DONE}, "old/tiny.ipynb", ("moved", "copy-graded")),
        ({"tiny.ipynb": BLANK, "a.ipynb": DONE, "b.ipynb": DONE}, "a.ipynb", ("renamed", "copy-graded")),
        ({"tiny.ipynb": DONE, "tiny-Copy1.ipynb": OTHER}, "tiny.ipynb", ("other-notebook",)),
        ({"tiny.ipynb": OTHER, "tiny-Copy1.ipynb": DONE}, "tiny.ipynb", ("other-notebook",)),
        ({"tiny.ipynb": DONE, "tiny-Copy1.ipynb": DONE}, "tiny.ipynb", ()),
        ({"tiny.ipynb": DONE, "tiny-Copy1.ipynb": BLANK}, "tiny.ipynb", ()),
        ({"tiny.ipynb": BLANK, "tiny-Copy1.ipynb": BLANK}, "tiny.ipynb", ()),
        ({"tiny.ipynb": "", "tiny-Copy1.ipynb": BLANK}, "tiny.ipynb", ()),
        ({"tiny.ipynb": DONE, ".ipynb_checkpoints/tiny-checkpoint.ipynb": OTHER}, "tiny.ipynb", ()),
        ({"tiny.ipynb": DONE, "figures/one.png": "x", "expected.json": "{}"}, "tiny.ipynb", ()),
        ({"final.ipynb": DONE, "tiny-Copy1.ipynb": BLANK}, "final.ipynb", ("renamed",)),
        ({"final.ipynb": DONE, "notes.ipynb": "no notebook"}, "final.ipynb", ("renamed",)),
        ({"a.ipynb": BLANK, "b.ipynb": BLANK}, "a.ipynb", ("renamed",)),
        ({"tiny.ipynb.txt": DONE}, "tiny.ipynb.txt", ("renamed",)),
        ({"tiny.IPYNB": DONE}, "tiny.IPYNB", ("renamed",)),
        ({"tiny.json": DONE, "expected.json": "{}"}, "tiny.json", ("renamed",)),
        ({"tiny": DONE}, "tiny", ("renamed",)),
        ({"tiny/tiny.ipynb": DONE}, "tiny/tiny.ipynb", ("moved",)),
        ({"tiny.ipynb/tiny.ipynb": DONE}, "tiny.ipynb/tiny.ipynb", ("moved",)),
        ({"a/b/tiny (1).ipynb": DONE, "__MACOSX/._tiny.ipynb": "x"}, "a/b/tiny (1).ipynb", ("renamed", "moved")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_is_nearly_right_is_graded_and_flagged(tmp_path, files, graded, flags):
    submission = find(tmp_path, files)
    assert submission.notebook == tmp_path / "class" / "alice" / "tiny" / graded
    assert (submission.flags, submission.problem) == (flags, "")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"one.ipynb": DONE, "two.ipynb": OTHER},
            "holds 2 notebooks (one.ipynb, two.ipynb) and no tiny.ipynb; hand in",
        ),
        (
            {"tiny.ipynb": BLANK, "one.ipynb": DONE, "two.ipynb": OTHER},
            "holds 2 other notebooks with answers (one.ipynb, two.ipynb) and a blank tiny.ipynb; hand in",
        ),
        ({f"{n}.ipynb": DONE for n in range(9)}, "9 notebooks (0.ipynb, 1.ipynb, 2.ipynb, 6 more)"),
        ({"tiny.zip": b"PK\x03\x04"}, "an archive, which is to be unpacked (tiny.zip)"),
        ({"tiny.py": "import torch"}, "a Python file (tiny.py)"),
        ({"tiny.pdf": "%PDF"}, "a print-out (tiny.pdf)"),
        ({"notes.txt": "{}", "a.docx.odt": "x"}, "nothing else that is a notebook (a.docx.odt, notes.txt)"),
        ({".tiny.ipynb.icloud": "bplist"}, "iCloud, which left a placeholder"),
        ({"a/b/c/d/e/f/tiny.ipynb": DONE}, "nor any other file"),
        ({"\x1b[2J\nFORGED\u202e.zip": "x"}, "unpacked (FORGED\ufffd.zip)"),
    ],
)
def test_what_cannot_be_graded_is_said_with_what_was_found(tmp_path, files, says):
    submission = find(tmp_path, files)
    assert says in submission.problem
    assert submission.problem.isprintable()
    assert submission.problem.endswith(".")


def test_more_notebooks_than_are_compared_leave_the_right_one_graded_and_flagged(tmp_path):
    submission = find(tmp_path, {"tiny.ipynb": BLANK, **{f"{n}.ipynb": DONE for n in range(9)}})
    assert (submission.notebook.name, submission.flags) == ("tiny.ipynb", ("other-notebook",))


def test_answers_in_one_cell_at_the_end_are_answers(tmp_path):
    blank = answers("def double(x):\n    raise NotImplementedError", "answer = ...")
    mine = json.dumps(notebook(*blank, code("mine", f"{RIGHT}\nanswer = 42")))
    submission = find(tmp_path, {"tiny.ipynb": mine, "tiny-Copy1.ipynb": DONE})
    assert (submission.notebook.name, submission.flags) == ("tiny.ipynb", ("other-notebook",))


def test_a_playground_is_no_answer(tmp_path):
    blank = answers("def double(x):\n    raise NotImplementedError", "answer = ...")
    played = json.dumps(notebook(*blank, code("mine", "print('hello')")))
    assert find(tmp_path, {"tiny.ipynb": played, "tiny-Copy1.ipynb": DONE}).notebook.name == "tiny-Copy1.ipynb"


@pytest.mark.parametrize("where", ["alice/tiny.ipynb", "alice/Tiny/tiny.ipynb"])
def test_a_notebook_beside_its_folder_is_found(tmp_path, where):
    path = tmp_path / where
    path.parent.mkdir(parents=True)
    path.write_text(DONE)
    assert (only(tmp_path).notebook, only(tmp_path).flags) == (path, ("moved",))


def test_a_file_in_the_folders_place_is_a_submission_with_a_problem(tmp_path):
    (tmp_path / "alice").mkdir()
    (tmp_path / "alice" / "tiny").write_text(DONE)
    assert "tiny is a file where a folder should be" in only(tmp_path).problem


@pytest.mark.parametrize("level", ["student", "assignment"])
def test_a_linked_folder_is_not_followed(tmp_path, level):
    hand_in(tmp_path / "elsewhere", "bob")
    alice = tmp_path / "class" / "alice"
    if level == "student":
        alice.parent.mkdir()
        alice.symlink_to(tmp_path / "elsewhere" / "bob")
    else:
        alice.mkdir(parents=True)
        (alice / "tiny").symlink_to(tmp_path / "elsewhere" / "bob" / "tiny")
    assert "symbolic link" in only(tmp_path / "class").problem


@pytest.mark.parametrize("target", ["tiny.ipynb", "loop", "../../../hidden.ipynb", "/dev/zero", "."])
def test_a_link_inside_is_never_read(tmp_path, target):
    (tmp_path / "hidden.ipynb").write_text(DONE)
    folder = tmp_path / "class" / "alice" / "tiny"
    folder.mkdir(parents=True)
    (folder / "loop").symlink_to("loop")
    (folder / "inner").symlink_to(tmp_path)
    (folder / "tiny.ipynb").symlink_to(target)
    assert "a symbolic link, not an ordinary file" in only(tmp_path / "class").problem


@pytest.mark.parametrize("name", ["tiny.ipynb", "other.ipynb"])
def test_a_pipe_is_not_waited_for(tmp_path, name):
    folder = tmp_path / "alice" / "tiny"
    folder.mkdir(parents=True)
    os.mkfifo(folder / name)
    os.mkfifo(folder / "timestamp.txt")
    assert f"{name} is a named pipe" in only(tmp_path).problem
    assert "timestamp-unreadable" in only(tmp_path).flags


def test_a_huge_file_of_nothing_is_a_problem_that_shows_without_reading(tmp_path):
    path = hand_in(tmp_path, "alice")
    os.truncate(path, 2**35)
    assert only(tmp_path).problem.startswith("tiny.ipynb has 32768 MB; clear its outputs")


def test_a_name_in_another_encoding_is_a_name(tmp_path):
    name = os.fsdecode(b"\xff\xfe.ipynb")
    path = hand_in(tmp_path, "alice", name)
    path.write_text(DONE)
    assert (only(tmp_path).notebook, only(tmp_path).flags) == (path, ("renamed",))
    path.unlink()
    path.mkdir()
    assert only(tmp_path).problem.isprintable()


def test_a_folder_of_submissions_that_cannot_be_listed_is_one_sentence(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(AutograderError, match="loop cannot be read"):
        find_submissions(tmp_path / "loop", "tiny")

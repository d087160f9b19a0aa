"""A fingerprint changes when what a result depends on changes, and only then."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tiny_course

from autograder.course import Assignment, Budget, Course, Dataset, LatePolicy, load_course
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.submissions import Submission
from autograder.results import Result

TIME = datetime(2027, 1, 15, 10, tzinfo=UTC)


@pytest.fixture
def course(course_root: Path) -> Course:
    """A course with a release and one submission."""
    release = course_root / "release" / "tiny"
    release.mkdir(parents=True)
    (release / "tiny.ipynb").write_text("{}")
    (course_root / "ada.ipynb").write_text("{}")
    raw = course_root / "data" / "digits" / "raw"
    raw.mkdir(parents=True)
    for name in ("digits.gz", "loaders.py", "digits", "notes"):
        (raw / name).write_text(name)
    (raw / "more").mkdir()
    (raw / "more" / "a.csv").write_text("1")
    packed = Dataset(
        name="digits",
        folder="digits/raw",
        files=["digits"],
        made_from=["digits.gz", "more"],
        prepare="loaders.py:unpack",
    )
    return replace(load_course(course_root), datasets=[packed])


def fingerprint(course: Course, submission: dict[str, Any] | None = None, **options: str) -> str:
    shared = {"secret": "s", "sandbox": "plain", **options}
    own = {"student": "ada", "notebook": course.root / "ada.ipynb", "submitted_at": TIME, **(submission or {})}
    return str(Fingerprints(course, course.assignment("tiny"), **shared).of(Submission(**own)))


def with_assignment(course: Course, **changes: Any) -> Course:
    return replace(course, assignments=[replace(course.assignment("tiny"), **changes)])


def put(path: str, content: str = "new") -> Callable[[Course], None]:
    def write(course: Course) -> None:
        (course.root / path).parent.mkdir(parents=True, exist_ok=True)
        (course.root / path).write_text(content)

    return write


def test_it_is_a_named_digest(course):
    kind, _, digest = fingerprint(course).partition(":")
    assert kind == "sha256"
    assert len(bytes.fromhex(digest)) == 32


def test_it_stays_while_nothing_changes(course):
    assert fingerprint(course) == fingerprint(course)


def test_it_is_the_same_wherever_the_course_lies(course, tmp_path):
    before = fingerprint(course)
    moved = tmp_path / "elsewhere"
    course.root.rename(moved)
    assert fingerprint(replace(course, root=moved)) == before


@pytest.mark.parametrize(
    "write",
    [
        put("tests/tiny/test_tiny.py"),
        put("tests/tiny/test_more.py", "def test_more(student): pass"),
        put("tests/tiny/conftest.py"),
        put("tests/tiny/expected/values.json"),
        put("source/tiny/tiny.ipynb"),
        put("source/tiny/support.py"),
        put("source/tiny/solution/secret.py"),
        put("release/tiny/tiny.ipynb"),
        put("release/tiny/support.py"),
        put("data/digits/raw/digits.gz"),
        put("data/digits/raw/more/a.csv"),
        put("data/digits/raw/more/b.csv"),
        put("data/digits/raw/loaders.py"),
        put("ada.ipynb", "{} "),
    ],
    ids=lambda write: write.__closure__[1].cell_contents,
)
def test_it_changes_with_each_file_that_grading_reads(course, write):
    before = fingerprint(course)
    write(course)
    assert fingerprint(course) != before


def test_it_changes_when_a_file_goes(course):
    before = fingerprint(course)
    (course.root / "source" / "tiny" / "support.py").unlink()
    assert fingerprint(course) != before


def test_it_changes_when_a_file_is_renamed(course):
    before = fingerprint(course)
    checks = course.root / "tests" / "tiny"
    (checks / "test_tiny.py").rename(checks / "test_other.py")
    assert fingerprint(course) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda course: with_assignment(course, points=7),
        lambda course: with_assignment(course, budget=Budget(check_seconds=4)),
    ],
)
def test_it_changes_with_each_value_that_a_score_depends_on(course, change):
    assert fingerprint(change(course)) != fingerprint(course)


def test_files_of_one_name_in_two_datasets_count_both(course):
    (dataset,) = course.datasets
    (course.root / "data" / "digits.gz").write_text("another")
    both = replace(course, datasets=[dataset, Dataset(name="more", files=["digits.gz"])])
    before = fingerprint(both)
    put("data/digits/raw/digits.gz")(course)
    between = fingerprint(both)
    put("data/digits.gz")(course)
    assert len({before, between, fingerprint(both)}) == 3


def test_of_this_courses_data_the_four_packed_files_are_named():
    shared = Fingerprints(load_course(tiny_course.REPOSITORY), Assignment(name="mlp", title="", points=1), "s", "plain")
    names = shared.of(Submission(student="ada", notebook=Path("ada.ipynb"))).depends_on
    assert [name for name in names if name.startswith("data ")] == [
        "data train-images-idx3-ubyte.gz",
        "data train-labels-idx1-ubyte.gz",
        "data t10k-images-idx3-ubyte.gz",
        "data t10k-labels-idx1-ubyte.gz",
    ]


@pytest.mark.parametrize("option", [{"secret": "t"}, {"sandbox": "bubblewrap"}])
def test_it_changes_with_how_it_is_graded(course, option):
    assert fingerprint(course, **option) != fingerprint(course)


@pytest.mark.parametrize(
    "change",
    [
        {"student": "eve"},
        {"flags": ("timestamp-unreadable",)},
    ],
)
def test_it_changes_with_the_submission(course, change):
    assert fingerprint(course, change) != fingerprint(course)


def test_it_does_not_depend_on_where_the_submission_lies(course, tmp_path):
    copy = tmp_path / "copy.ipynb"
    copy.write_text("{}")
    assert fingerprint(course, {"notebook": copy}) == fingerprint(course)


@pytest.mark.parametrize(
    "write",
    [
        put("README.md"),
        put("source/other/other.ipynb"),
        put("tests/other/test_other.py"),
        put("release/other/other.ipynb"),
        put("solutions/tiny/tiny.ipynb"),
        put("results/tiny/ada.json"),
        put("data/digits/raw/digits"),
        put("data/digits/raw/notes"),
        put("data/other.csv"),
        put("tests/tiny/__pycache__/test_tiny.pyc"),
        put("source/tiny/.ipynb_checkpoints/tiny-checkpoint.ipynb"),
        put("release/tiny/.OTTER_LOG"),
    ],
    ids=lambda write: write.__closure__[1].cell_contents,
)
def test_it_does_not_change_with_what_no_result_depends_on(course, write):
    before = fingerprint(course)
    write(course)
    assert fingerprint(course) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda course: with_assignment(course, title="Another title"),
        lambda course: with_assignment(course, part=2, optional=True),
        lambda course: replace(course, name="Another name"),
        lambda course: with_assignment(course, due=TIME),
        lambda course: with_assignment(course, late_policy=LatePolicy(penalty_per_day=0.1)),
        lambda course: replace(course, late_policy=LatePolicy(max_penalty=0.5)),
    ],
)
def test_it_does_not_change_with_what_is_for_show_or_settled_later(course, change):
    assert fingerprint(change(course)) == fingerprint(course)


def test_it_does_not_change_when_a_file_is_only_touched(course):
    before = fingerprint(course)
    os.utime(course.root / "tests" / "tiny" / "test_tiny.py", (0, 0))
    assert fingerprint(course) == before


def test_it_does_not_change_with_the_time_of_the_submission(course):
    assert fingerprint(course, {"submitted_at": None}) == fingerprint(course)


def test_what_older_results_named_and_is_settled_later_grades_nobody_again(course):
    prints = Fingerprints(course, course.assignment("tiny"), "s", "plain")
    now = prints.of(Submission(student="ada", notebook=course.root / "ada.ipynb"))
    older = {"due": "None", "late policy": "{}", "submitted at": "2027"}
    fields = {"assignment": "tiny", "student": "ada", "status": "graded", "score": 0, "max_score": 6}
    assert prints.changes(Result(**fields, depends_on={**now.depends_on, **older}), now) == ()
    assert prints.changes(Result(**fields, depends_on={**now.depends_on, "gone": "1"}), now) == ("gone",)


def test_a_missing_notebook_has_one_too(course):
    gone = fingerprint(course, {"notebook": course.root / "gone.ipynb"})
    assert gone == fingerprint(course, {"notebook": course.root / "gone too.ipynb"})
    assert gone != fingerprint(course)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_ordinary_file_is_not_read(course, kind):
    path = course.root / "eve.ipynb"
    make = {"link": lambda: path.symlink_to(course.root / "ada.ipynb"), "folder": path.mkdir}
    make.get(kind, lambda: os.mkfifo(path))()
    assert fingerprint(course, {"notebook": path}) == fingerprint(course, {"notebook": course.root / "gone.ipynb"})


def test_the_secret_cannot_be_read_from_what_it_is_made_of(course):
    prints = Fingerprints(course, course.assignment("tiny"), "my-secret", "plain")
    depends_on = prints.of(Submission(student="ada", notebook=course.root / "ada.ipynb")).depends_on
    assert "secret" in depends_on
    assert "my-secret" not in json.dumps(dict(depends_on))


@pytest.mark.parametrize("folder", ["source", "release"])
def test_a_notebooks_text_and_pictures_change_no_result(course, folder):
    notebook = course.root / folder / "tiny" / "tiny.ipynb"
    code = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": "x = 1"}
    text = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "A word."}

    def write(*cells: dict[str, Any]) -> None:
        notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    write(code)
    before = fingerprint(course)
    write(text, {**code, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]})
    put(f"{folder}/tiny/figures/one.png")(course)
    assert fingerprint(course) == before
    write(text, {**code, "source": "x = 2"})
    assert fingerprint(course) != before


def test_known_answers_change_no_result(course):
    before = fingerprint(course)
    put("tests/tiny/known_answers.py")(course)
    assert fingerprint(course) == before

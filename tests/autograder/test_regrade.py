"""After a change to a check only that judges again, and the results are those of grading everything."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from box_course import make_course, submit
from test_carried_grading import SUBMISSIONS
from tiny_course import undisturbed

from autograder.course import load_course
from autograder.grading.fingerprint import Fingerprints
from autograder.results import Result, read_results, write_result

LEFT_OUT = {"endless", "printing", "quoting", "raising"}
"""Those that take long, and those that are like others here."""
STUDENTS = {name: cells for name, cells in SUBMISSIONS.items() if name not in LEFT_OUT} | {
    "negative": {"total": "total = -sum(boxes)"},
    "killing": {"volume": "def volume(w, h, d):\n    import os\n    os._exit(1)"},
    "no-number": {"total": "total = 'six'"},
}
MARKER = 0.123
"""Seconds that no check takes: a verdict that was taken over still has them."""

CHANGES = {
    "a right answer is taken for wrong": (
        "    assert found == reference.total\n",
        "    assert found == reference.total + 1\n",
        "test_total",
    ),
    "a hint is better": ("The total is positive.", "The total is never below 0.", "test_total"),
    "what others build on is wrong now": (
        '    integer(student.area(1, 2), "area(1, 2)")\n',
        "    assert integer(student.area(1, 2), \"area(1, 2)\") == 3, 'Three.'\n",
        "test_area_form",
    ),
    "the first cause of two goes": (
        '    integer(student.total, "total")\n\n\n',
        "    assert student.total is not None\n\n\n",
        "test_total_form",
    ),
}


def autograder(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "autograder", *words, "--course", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results(root: Path) -> Mapping[str, Result]:
    return {result.student: result for result in read_results(root / "results", "boxes")}


def prove(root: Path) -> None:
    """Write what `validate` would, were all checks independent."""
    course = load_course(root)
    prints = Fingerprints(course, course.assignment("boxes"), "secret", "auto")
    digests = prints.of_checks(name.removeprefix("check ") for name in prints.shared.depends_on)
    report = root / "results" / "validation" / "boxes.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"independent": digests}))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, graded as the checks were at first; `marked` is a copy of its results, with the verdicts marked."""
    root = make_course(tmp_path_factory.mktemp("boxes") / "course")
    for student, cells in STUDENTS.items():
        submit(root, student, **cells)
    autograder(root, "build")
    autograder(root, "grade", "boxes")
    shutil.copytree(root / "results", root / "marked")
    for result in results(root).values():
        checks = tuple(replace(check, seconds=MARKER) for check in result.checks)
        write_result(root / "marked", replace(result, checks=checks))
    return root


@pytest.fixture
def marked(graded: Path) -> Path:
    """The course with these results alone, whatever a test before has graded."""
    shutil.rmtree(graded / "results")
    shutil.copytree(graded / "marked", graded / "results")
    return graded


@pytest.fixture
def changed(marked: Path, request: pytest.FixtureRequest):
    """Change a check for the length of a test."""
    before, after, _ = CHANGES[request.param]
    path = marked / "tests" / "boxes" / "test_boxes.py"
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    yield marked
    path.write_text(text)


def taken_over(found: Mapping[str, Result]) -> set[str]:
    """Return the students whose other verdicts are those of before."""
    return {name for name, one in found.items() if any(check.seconds == MARKER for check in one.checks)}


@pytest.mark.parametrize("changed", CHANGES, indirect=True)
def test_the_changed_check_alone_gives_what_grading_all_gives(changed, request):
    prove(changed)
    autograder(changed, "grade", "boxes", "--untried")
    by_itself = results(changed)
    autograder(changed, "grade", "boxes", "--force", "--untried")
    whole = results(changed)
    assert {name: undisturbed(one) for name, one in by_itself.items()} == {
        name: undisturbed(one) for name, one in whole.items()
    }
    assert not taken_over(whole)
    assert {"right", "looking"} <= taken_over(by_itself)
    for name in taken_over(by_itself):
        anew = {check.id.partition("::")[2] for check in by_itself[name].checks if check.seconds != MARKER}
        assert anew == {CHANGES[request.node.callspec.params["changed"]][2]}


@pytest.mark.parametrize("changed", ["a hint is better"], indirect=True)
def test_what_validate_has_not_shown_is_graded_whole(changed):
    (changed / "results" / "validation" / "boxes.json").unlink(missing_ok=True)
    told = autograder(changed, "grade", "boxes", "--untried", "--explain")
    assert "judged by that alone" not in told
    assert not taken_over(results(changed))


@pytest.mark.parametrize("changed", ["a hint is better"], indirect=True)
def test_how_to_have_the_changed_check_judge_alone_is_said_once(changed):
    (changed / "results" / "validation" / "boxes.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "autograder", "grade", "boxes", "--dry-run", "--course", str(changed)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=400).stderr
    assert " ".join(told.split()).count("Only checks have changed (test_boxes.py::test_total).") == 1

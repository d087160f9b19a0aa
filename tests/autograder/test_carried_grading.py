"""Errors are carried forward in a real batch, and what the reference's code shows a student's does not come out."""

import re
import subprocess
import sys
from collections.abc import Mapping

import pytest
from box_course import REFERENCE, make_course, submit

from autograder.results import CheckRecord, CheckStatus, Result, read_results

WRONG_AREA = "def area(w, h):\n    return w + h"
STUB = "# TODO: area.\nraise NotImplementedError('area')"
SECRET = "w * h"
"""What the reference's text holds and no submission's does."""

FIND = """
import gc, types
def text_of_area():
    import inspect
    try:
        return inspect.getsource(area)
    except Exception:
        return str(area.__code__.co_code) if hasattr(area, "__code__") else ""
def seen():
    return "w * " + "h" in text_of_area()
"""
"""Student code that reads the text of `area`, whoever wrote it."""

SUBMISSIONS: Mapping[str, Mapping[str, str | None]] = {
    "right": {},
    "slip": {"area": WRONG_AREA},
    "stub": {"area": STUB},
    "deleted": {"area": None},
    "broken": {"area": "def area(w, h:\n    return w * h"},
    "endless": {"area": "def area(w, h):\n    while True: pass"},
    "wrong-total": {"total": "total = sum(boxes) + 1"},
    "both": {"area": WRONG_AREA, "total": "total = -sum(boxes)"},
    "two-slips": {"area": WRONG_AREA, "volume": "def volume(w, h, d):\n    return area(w, h) + d"},
    "typed-in": {"area": WRONG_AREA, "boxes": "boxes = [9]", "total": "total = sum(boxes)"},
    "printing": {"area": WRONG_AREA, "total": FIND + "print(text_of_area())\ntotal = sum(boxes)"},
    "returning": {"area": WRONG_AREA, "boxes": FIND + "boxes = [text_of_area()] if seen() else area.nothing"},
    "quoting": {"area": WRONG_AREA, "volume": FIND + "def volume(w, h, d):\n    return text_of_area()"},
    "raising": {"area": WRONG_AREA, "volume": FIND + "def volume(w, h, d):\n    raise ValueError(text_of_area())"},
    "keeping": {
        "area": WRONG_AREA,
        "boxes": FIND
        + "import os\nfor folder in ('.', '/tmp', '/dev/shm'):\n"
        + "    if seen():\n        open(os.path.join(folder, 'kept.txt'), 'w').write(text_of_area())\n"
        + "boxes = [6] if os.path.exists('kept.txt') else [0]",
    },
    "looking": {
        "boxes": "import os\n"
        "found = [f for f in ('kept.txt', '/tmp/kept.txt', '/dev/shm/kept.txt') if os.path.exists(f)]\n"
        "boxes = ['kept', *found] if found else [6]",
    },
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Build, submit and grade; return the results by student."""
    root = make_course(tmp_path_factory.mktemp("boxes") / "course")
    for student, cells in SUBMISSIONS.items():
        submit(root, student, **cells)
    for command in (["build"], ["grade", "boxes", "--workers", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "autograder", *command, "--course", str(root)],
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return {result.student: result for result in read_results(root / "results", "boxes")}


def points(result: Result) -> dict[str, float]:
    found = dict.fromkeys(REFERENCE, 0.0)
    for check in result.checks:
        found[check.question] += check.score
    return found


def record(result: Result, name: str) -> CheckRecord:
    return next(one for one in result.checks if one.id.endswith(name))


ALL = {"area": 2, "volume": 2, "boxes": 3, "total": 3}


@pytest.mark.parametrize(
    ("student", "lost"),
    [
        ("right", {}),
        *((student, {"area"}) for student in ("slip", "stub", "deleted", "broken", "endless")),
        ("wrong-total", {"total"}),
        ("both", {"area", "total"}),
        ("two-slips", {"area", "volume"}),
        ("typed-in", {"area", "boxes"}),
    ],
)
def test_each_slip_costs_its_own_points(graded, student, lost):
    assert points(graded[student]) == {question: 0 if question in lost else ALL[question] for question in ALL}


def test_checks_of_every_form_run_a_second_time(graded):
    """Of a class, with parameters, with fixtures of the session, the module and the check."""
    carried = {check.id.rpartition("::")[2]: check.carried for check in graded["slip"].checks}
    assert carried == {
        **dict.fromkeys(["test_area_form", "test_area", "test_total_form"], ()),
        **dict.fromkeys(
            ["test_volume_form", "test_volume[1]", "test_volume[5]", "test_boxes", "test_total"], ("area",)
        ),
    }


def test_the_student_reads_that_the_method_is_right(graded):
    assert record(graded["slip"], "test_total").message == (
        "Judged with a right `area` in place of yours: your method is right."
    )


def test_what_is_still_wrong_has_the_hint_on_the_students_own_part(graded):
    check = record(graded["both"], "test_total")
    assert (check.status, check.message) == (
        CheckStatus.FAILED,
        "Judged with a right `area` in place of yours: The total is positive.",
    )


def test_a_right_notebook_is_run_once(graded):
    assert graded["right"].timings["start"] < graded["slip"].timings["start"]
    assert not any(check.carried for check in graded["right"].checks)


@pytest.mark.parametrize("student", ["printing", "returning", "quoting", "raising", "keeping"])
def test_the_students_result_shows_nothing_of_the_references_text(graded, student):
    result = graded[student]
    told = [result.output, result.reason, *(check.message for check in result.checks)]
    told += [cell.error for cell in result.cells]
    assert not re.search(r"w \* h", " ".join(told))


def test_the_attacks_saw_the_text_that_they_do_not_show(graded):
    """The positive control: staff read what was smuggled; and what depends on seeing it is seen to depend on it."""
    assert record(graded["returning"], "test_boxes").message.endswith(": `boxes` is a list of volumes.")
    assert SECRET in record(graded["returning"], "test_boxes").staff_message
    assert record(graded["keeping"], "test_boxes").status == CheckStatus.PASSED


def test_what_a_second_run_writes_down_is_gone_in_the_next(graded):
    assert points(graded["looking"]) == ALL


def test_whoever_reads_the_reference_earns_no_points_for_it(graded):
    for student in ("printing", "returning", "quoting", "raising", "keeping"):
        assert points(graded[student])["area"] == 0

"""The sample class gets exactly the verdicts that lie beside its submissions, in every assignment of the course."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import load_course

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = [assignment.name for assignment in load_course(ROOT).assignments]
VERDICTS = list((ROOT / "examples" / "class").glob("*/*/expected.json"))
GRADING_SECONDS = 2_700
"""Everything that trains is trained; 2 busy cores take eight minutes."""


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=GRADING_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_class_is_what_its_description_makes():
    run("examples/make_class.py", "--check")


def test_submissions_to_every_assignment_of_the_course():
    assert len(VERDICTS) >= 16
    assert {path.parent.name for path in VERDICTS} == {*ASSIGNMENTS}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded once: a folder with `results/` and a report for each assignment."""
    folder = tmp_path_factory.mktemp("sample")
    run("examples/grade_class.py", "--results", str(folder / "results"), "--reports", str(folder))
    return folder


@pytest.mark.timeout(GRADING_SECONDS + 100)
def test_every_verdict_is_as_expected(graded):
    printed = run("examples/compare.py", "--results", str(graded / "results"))
    assert f"{len(VERDICTS)} of {len(VERDICTS)} verdicts as expected" in printed


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.timeout(GRADING_SECONDS + 100)
def test_the_report_on_the_class_is_one_page_that_needs_nothing_else(graded, assignment):
    text = (graded / f"{assignment}.html").read_text(encoding="utf-8")
    assert "amelie" in text
    assert "://" not in text.replace("http://www.w3.org", "")

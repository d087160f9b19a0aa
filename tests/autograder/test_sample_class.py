"""The sample class gets exactly the verdicts that lie beside its submissions."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import load_course

ROOT = Path(__file__).parents[2]
GRADED = ("parameter_counting", "mlp")
"""The others take minutes; `make demo` grades them all, `autograder validate --quick` their solutions and releases."""


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_class_is_what_its_description_makes():
    run("examples/make_class.py", "--check")


def test_submissions_to_every_assignment_of_the_course():
    verdicts = list((ROOT / "examples" / "class").glob("*/*/expected.json"))
    assert len(verdicts) >= 16
    assert {path.parent.name for path in verdicts} == {one.name for one in load_course(ROOT).assignments}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "results"
    for assignment in GRADED:
        run("-m", "autograder", "grade", assignment, "--submissions", "examples/class", "--results", str(folder))
    return folder


@pytest.mark.timeout(1500)
def test_every_verdict_is_as_expected(results):
    printed = run("examples/compare.py", "--results", str(results), "--assignments", *GRADED)
    assert "26 of 26 verdicts as expected" in printed


@pytest.mark.parametrize("assignment", GRADED)
def test_the_report_on_the_class_is_one_page_that_needs_nothing_else(results, tmp_path, assignment):
    page = tmp_path / "report.html"
    run("-m", "autograder", "report", assignment, "--results", str(results), "--output", str(page))
    text = page.read_text(encoding="utf-8")
    assert "amelie" in text
    assert "://" not in text.replace("http://www.w3.org", "")

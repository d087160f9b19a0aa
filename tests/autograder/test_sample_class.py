"""The sample class gets exactly the verdicts that lie beside its submissions, in every assignment of the course."""

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.checks.secret import DEMO_SECRET
from autograder.cli import main
from autograder.course import load_course
from autograder.results import Result, read_results

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
    """The class, graded once: a folder with `results/` and a report for each assignment.

    The solution is not tried first: it would train everything once more, and amelie hands it in.
    """
    folder = tmp_path_factory.mktemp("sample")
    run("examples/grade_class.py", "--untried", "--results", str(folder / "results"), "--reports", str(folder))
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


# Feedback: what a student must not read is in none of their files

STUDENTS = sorted(path.name for path in (ROOT / "examples" / "class").iterdir())
LEAST = 12
"""Characters of a line below which finding it in a page says nothing."""


def canaries(result: Result) -> Iterator[str]:
    """Yield what a student must not find: names, the secret, scripts, and what only staff are told."""
    yield from (DEMO_SECRET, str(ROOT), "autograder/grading", "<script", "javascript:", "onerror=")
    yield from (student for student in STUDENTS if student != result.student)
    yield from of_staff(result)


def of_staff(result: Result) -> Iterator[str]:
    """Yield the lines of staff's messages that are not the student's too, hidden inputs and expected values in them."""
    shown = "\n".join(check.message for check in result.checks)
    for check in result.checks:
        lines = {line.strip() for line in check.staff_message.splitlines()}
        values = set(re.findall(r"\d+\.\d{5,}|0x[0-9a-f]{8,}|tensor\(.{8,}", check.staff_message))
        yield from (text for text in lines | values if len(text) >= LEAST and text not in shown)


def leaks(result: Result, page: str, own: str) -> list[str]:
    """Return the canaries in a page that are not in the student's own notebook."""
    text = re.sub(r"data:image/[^\"]*", "", html.unescape(page))
    return [
        canary
        for canary in canaries(result)
        if canary not in own
        and re.search(rf"(?<!\w){re.escape(canary)}(?!\w)" if canary.isalpha() else re.escape(canary), text)
    ]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.timeout(GRADING_SECONDS + 100)
def test_nobodys_feedback_holds_what_is_not_theirs(graded, assignment, capsys):
    arguments = ["--course", str(ROOT), "--results", str(graded / "results"), "--level", "full"]
    assert main(["feedback", assignment, *arguments, "--output", str(graded / "feedback" / assignment)]) == 0
    for result in read_results(graded / "results", assignment):
        handed_in = (ROOT / "examples" / "class" / result.student / assignment).rglob("*.ipynb")
        own = "".join(path.read_text(encoding="utf-8", errors="replace") for path in handed_in)
        for suffix in ("html", "md", "json"):
            page = (graded / "feedback" / assignment / f"{result.student}.{suffix}").read_text(encoding="utf-8")
            assert leaks(result, page, own) == [], f"{result.student}.{suffix}"


@pytest.mark.timeout(GRADING_SECONDS + 100)
def test_what_is_not_theirs_would_be_found(graded):
    """The positive control: a page that quotes staff's messages, names a neighbour, or holds a script."""
    results = read_results(graded / "results", "parameter_counting")
    result, staff = next((result, text) for result in results for text in of_staff(result))
    for planted in (
        f"see: {staff}",
        "as amelie and bruno have it",
        f"({DEMO_SECRET})",
        "<script>",
        str(ROOT / "tests"),
    ):
        assert leaks(result, f"<p>{html.escape(planted)}</p>", ""), planted

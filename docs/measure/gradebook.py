"""Measure how long `autograder gradebook` takes for a class: simulated notebooks, with results that nobody graded.

    python docs/measure/gradebook.py --students 600

What is measured is the command's own process, from its start to its end; then `--read` without anything typed.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.notebooks import read_notebook
from autograder.results import (
    CellRecord,
    CellStatus,
    CheckRecord,
    CheckStatus,
    Result,
    Status,
    kept_notebook_path,
    write_results,
)

COURSE = Path(__file__).parents[2]
ASSIGNMENT = "mlp"


def autograder(*arguments: str) -> float:
    """Run a command of ours on this course; return its seconds."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "autograder", *arguments, "--course", str(COURSE)], check=True)
    return time.perf_counter() - began


def made_up(student: str, questions: list[str], numbers: random.Random) -> Result:
    """Return a result as a batch writes one, with points that are drawn."""
    worth = 20 / len(questions)
    earned = [numbers.choice((0.0, worth / 2, worth, worth)) for _ in questions]
    checks = tuple(
        CheckRecord(
            id=f"test_{ASSIGNMENT}.py::test_{name}",
            question=name,
            points=worth,
            score=score,
            status=CheckStatus.PASSED if score == worth else CheckStatus.FAILED,
            public=False,
            message="" if score == worth else "Have another look at the shapes.",
        )
        for name, score in zip(questions, earned)
    )
    cells = tuple(CellRecord(index=i, id="", grade_id=name, status=CellStatus.OK) for i, name in enumerate(questions))
    return Result(
        assignment=ASSIGNMENT,
        student=student,
        status=Status.GRADED,
        score=sum(earned),
        max_score=20.0,
        checks=checks,
        cells=cells,
        submitted_at="2027-01-20T10:00:00+00:00",
    )


def make_class(students: int, submitted: Path, results: Path) -> None:
    """Write simulated notebooks, and what a batch would leave of them, with points that are drawn."""
    autograder("simulate", ASSIGNMENT, str(students), "--output", str(submitted))
    cells = read_notebook(COURSE / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").cells
    questions = [cell.grade_id for cell in cells if cell.solution and cell.grade_id and not cell.by_hand]
    numbers, found = random.Random(1), []
    for place in sorted(path for path in submitted.iterdir() if path.is_dir()):
        notebook = place / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        kept = kept_notebook_path(results, ASSIGNMENT, place.name, 1)
        kept.parent.mkdir(parents=True)
        if notebook.is_file():
            shutil.copyfile(notebook, kept)
        found.append(made_up(place.name, questions, numbers))
    write_results(results, found)


def main() -> None:
    """Make the class, and time the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=600)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder:
        submitted, results = Path(folder) / "submitted", Path(folder) / "results"
        make_class(students, submitted, results)
        arguments = ("gradebook", ASSIGNMENT, "--results", str(results), "--output", str(Path(folder) / "gradebook"))
        print(f"{students} students: {autograder(*arguments):.1f} s; --read {autograder(*arguments, '--read'):.1f} s")


if __name__ == "__main__":
    main()

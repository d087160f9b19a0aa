"""Grade a simulated class, change one check, grade again by that alone, then all of it: what each took, who changed.

    python docs/measure/regrade.py parameter_counting --submissions 200
    python docs/measure/regrade.py mlp --submissions 200

The course is copied first, and the change made in the copy. Before the changed check may judge by itself, `autograder
validate` has to show that no check depends on others.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autograder.results import Result, read_results

ROOT = Path(__file__).parents[2]
CHANGES = {
    "parameter_counting": ("test_functions.py", 'partial(0.5, f"{SHIFT} This', 'partial(0.25, f"{SHIFT} This'),
    "mlp": ("test_loops.py", 'assert seen, "The model is not called', 'assert [*seen], "The model is not called'),
}
"""Of each assignment: a file of checks, what stands there once, in one check, and what stands there afterwards."""
BYPRODUCTS = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")


def autograder(*words: str | Path) -> str:
    """Run the command and return what it prints."""
    command = [sys.executable, "-m", "autograder", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def grade(assignment: str, *places: str | Path) -> dict[str, float]:
    """Grade the class; return the last line of the log."""
    return json.loads(autograder("grade", assignment, *places, "--log", "json").splitlines()[-1])


def verdicts(results: Path, assignment: str) -> dict[str, Result]:
    """Return the results by student, without times and memory, and without what they depend on: some were reused."""
    found = {}
    for result in read_results(results, assignment):
        checks = tuple(replace(check, seconds=0, memory_mb=0) for check in result.checks)
        found[result.student] = replace(
            result, graded_at="", seconds=0, timings={}, fingerprint="", depends_on={}, checks=checks
        )
    return found


def main() -> None:
    """Print what grading, a comment, the changed check alone, and all of it again cost, and the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignment", choices=CHANGES)
    parser.add_argument("--submissions", type=int, default=200)
    options = parser.parse_args()
    name = options.assignment
    file, old, new = CHANGES[name]
    with tempfile.TemporaryDirectory() as folder:
        course, submitted = Path(folder, "course"), Path(folder, "submitted")
        course.mkdir()
        shutil.copy(ROOT / "course_config.py", course)
        for part in ("source", "release", "solutions", "tests"):
            shutil.copytree(ROOT / part, course / part, symlinks=True, ignore=BYPRODUCTS)
        (course / "data").symlink_to(ROOT / "data")
        checks = course / "tests" / name / file
        text = checks.read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{checks} does not hold {old.strip()!r} once; take another check.")
        places = ["--course", course, "--submissions", submitted]
        autograder("simulate", name, str(options.submissions), "--course", course, "--output", submitted)
        figures = {"all": grade(name, *places)}
        shutil.copytree(course / "results", course / "before")
        checks.write_text(text + "\n# a comment\n")
        figures["a comment"] = grade(name, *places)
        checks.write_text(text.replace(old, new))
        began = time.monotonic()
        few = ["--quick", "--mutants", "0", "--students", "0"]
        autograder("validate", name, "--course", course, *few)
        print(f"validate: {time.monotonic() - began:.1f} seconds")
        figures["the changed check"] = grade(name, *places)
        by_itself = verdicts(course / "results", name)
        shutil.copytree(course / "results", course / "after")
        figures["all again"] = grade(name, *places, "--force")
        for what, summary in figures.items():
            graded = summary["submissions"] - summary["reused"]
            print(f"{what}: {graded} graded, {summary['reused']} reused, {summary['seconds']:.1f} seconds")
        ratio = figures["all again"]["seconds"] / figures["the changed check"]["seconds"]
        whole = verdicts(course / "results", name)
        differing = [student for student, result in whole.items() if by_itself[student] != result]
        print(f"{ratio:.1f} times as fast; {len(differing)} of {len(whole)} results differ from those of grading all")
        print(autograder("diff", course / "before", course / "after"))


if __name__ == "__main__":
    main()

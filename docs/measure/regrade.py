"""Grade a simulated class, change the points of one check, grade again: say how many results stand, and who changed.

    python docs/measure/regrade.py --submissions 200

The check gives half of its points to an answer with a known slip, and a quarter after the change. The course is copied
first, and the change made in the copy.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"
CHECKS = Path("tests", ASSIGNMENT, "test_functions.py")
OLD, NEW = "        partial(0.5, shift)\n", "        partial(0.25, shift)\n"
BYPRODUCTS = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")


def autograder(*words: str | Path) -> str:
    """Run the command and return what it prints."""
    command = [sys.executable, "-m", "autograder", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def grade(course: Path, submitted: Path) -> dict[str, float]:
    """Grade the class; return the last line of the log."""
    places = ["--course", course, "--submissions", submitted]
    return json.loads(autograder("grade", ASSIGNMENT, *places, "--log", "json").splitlines()[-1])


def main() -> None:
    """Print what a comment, then a changed check, cost, and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        course, submitted = Path(name, "course"), Path(name, "submitted")
        course.mkdir()
        shutil.copy(ROOT / "course_config.py", course)
        for folder in ("source", "release", "solutions", "tests"):
            shutil.copytree(ROOT / folder, course / folder, symlinks=True, ignore=BYPRODUCTS)
        (course / "data").symlink_to(ROOT / "data")
        autograder("simulate", ASSIGNMENT, str(options.submissions), "--course", course, "--output", submitted)
        first = grade(course, submitted)
        shutil.copytree(course / "results", course / "before")
        checks = course / CHECKS
        text = checks.read_text()
        if text.count(OLD) != 1:
            raise SystemExit(f"{CHECKS} does not hold {OLD.strip()!r} once; take another check.")
        checks.write_text(text + "\n# a comment\n")
        commented = grade(course, submitted)
        checks.write_text(text.replace(OLD, NEW))
        changed = grade(course, submitted)
        for what, summary in (("all", first), ("a comment", commented), ("one check", changed)):
            graded = summary["submissions"] - summary["reused"]
            print(f"{what}: {graded} graded, {summary['reused']} reused, {summary['seconds']:.1f} seconds")
        print(autograder("diff", course / "before", course / "results"))


if __name__ == "__main__":
    main()

"""Build every assignment of the course, grade the sample class in it, and write a report: one assignment after the other.

    python examples/grade_class.py --results build/demo/results --reports build/demo

Exit code of the first command that fails.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from autograder.course import load_course

ROOT = Path(__file__).parent.parent
CLASS = Path(__file__).parent / "class"


def main() -> int:
    """Run `autograder build`, `grade` and `report` once for each assignment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--reports", type=Path, required=True, help="folder for <assignment>.html")
    parser.add_argument("--sandbox", default="auto", help="none: run student code unprotected")
    parser.add_argument("--untried", action="store_true", help="do not grade the solution first")
    options = parser.parse_args()
    how = ["--sandbox", options.sandbox, *(["--untried"] if options.untried else [])]
    results = ["--results", str(options.results)]
    assignments = load_course(ROOT).assignments
    pages = {one.name: options.reports.absolute() / f"{one.name}.html" for one in assignments}
    began = time.monotonic()
    for number, (name, page) in enumerate(pages.items(), 1):
        print(f"\n{name}, {number} of {len(pages)} assignments", flush=True)
        for command in (
            ["build", name],
            ["grade", name, "--submissions", str(CLASS), *results, *how],
            ["report", name, *results, "--output", str(page)],
        ):
            code = subprocess.run([sys.executable, "-m", "autograder", *command, "--course", str(ROOT)], check=False)
            if code.returncode:
                return code.returncode
        print(f"After {time.monotonic() - began:.0f} s there is to be seen: {page.as_uri()}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

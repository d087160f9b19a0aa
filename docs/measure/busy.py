"""Grade the same notebooks twice, the second time while busy loops run, and see whether any verdict differs.

    python docs/measure/busy.py --loops 8 --submissions 100 --report docs/measure/busy.md

The sample class in every assignment, and copies of `mlp`'s solution, each another student's. Exit code 1 where a
verdict differs. Takes about half an hour on two cores.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.bench.subjects import Subject, lay_out
from autograder.course import load_course
from autograder.report.differences import read_folder
from autograder.results import Result

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "class"
COPIED = "mlp"


@dataclass(frozen=True)
class Batch:
    """One assignment's submissions, graded at once."""

    name: str
    assignment: str
    submissions: Path


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep `count` processes busy that do nothing."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def verdict(result: Result) -> tuple[object, ...]:
    """Return what must not depend on how busy the machine is."""
    checks = tuple((check.id, check.status, check.score) for check in result.checks)
    return result.status, result.score, checks


def grade(batch: Batch, results: Path) -> tuple[dict[str, Result], float]:
    """Return each student's result, and the seconds of the batch."""
    places = ["--course", ROOT, "--submissions", batch.submissions, "--results", results / batch.name]
    began = time.monotonic()
    command = [sys.executable, "-m", "autograder", "grade", batch.assignment, *map(str, places)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    return {student: result for (_, student), result in read_folder(results / batch.name).items()}, seconds


def main() -> int:
    """Print a row for each batch, and what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=8)
    parser.add_argument("--submissions", type=int, default=100, help="copies of the solution of mlp")
    parser.add_argument("--report", type=Path, help="write what is printed there too")
    options = parser.parse_args()
    command = f"python docs/measure/busy.py --loops {options.loops} --submissions {options.submissions}"
    lines = [
        f"{options.loops} busy loops on {len(os.sched_getaffinity(0))} cores, by `{command}`:",
        "",
        "| batch | submissions | seconds quiet | seconds busy | verdicts that differ |",
        "|---|--:|--:|--:|--:|",
    ]
    differing = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        solution = Subject(student="copy", notebook=ROOT / "solutions" / COPIED / f"{COPIED}.ipynb")
        lay_out([solution], COPIED, folder / "submitted", options.submissions)
        batches = [Batch(f"copies of {COPIED}", COPIED, folder / "submitted")]
        batches += [Batch(one.name, one.name, SAMPLE) for one in load_course(ROOT).assignments]
        for batch in batches:
            quiet, quiet_seconds = grade(batch, folder / "quiet")
            with busy_loops(options.loops):
                busy, busy_seconds = grade(batch, folder / "busy")
            found = [
                f"- {batch.name}, {student}: {quiet[student].score:g} and {busy[student].score:g} of "
                f"{quiet[student].max_score:g}"
                for student in sorted(quiet)
                if verdict(quiet[student]) != verdict(busy[student])
            ]
            differing += found
            lines.append(f"| {batch.name} | {len(quiet)} | {quiet_seconds:.0f} | {busy_seconds:.0f} | {len(found)} |")
            print(lines[-1], flush=True)
    text = "\n".join([*lines, *(["", *differing] if differing else [])]) + "\n"
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())

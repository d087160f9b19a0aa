"""Measure submissions per minute with one and two workers, and what Ray adds: all in one run, in turns.

    python docs/measure/scaling.py --submissions 200 --rounds 3

The same simulated class each time. "Running" is from the first result to the last: without the start, which is paid
once per batch and shown by itself. What is no notebook has its result at once and does not count.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
WAYS = {
    "local, 1 worker": ["--workers", "1"],
    "local, 2 workers": ["--workers", "2"],
    "Ray, 2 workers": ["--engine", "ray", "--workers", "2"],
}


def grade(assignment: str, submitted: Path, results: Path, options: list[str]) -> tuple[float, float]:
    """Return the seconds until the first result, and from there to the last for each submission."""
    places = ["--course", ROOT, "--submissions", submitted, "--results", results, "--log", "json"]
    command = [sys.executable, "-m", "autograder", "grade", assignment, *map(str, places), *options]
    began = datetime.now().astimezone()
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    events = [json.loads(line) for line in printed.splitlines()]
    times = [datetime.fromisoformat(event["time"]) for event in events if event.get("status") == "graded"]
    return (times[0] - began).total_seconds(), (times[-1] - times[0]).total_seconds() / (len(times) - 1)


def main() -> None:
    """Measure each way in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assignment", default="parameter_counting")
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        submitted = Path(name, "submitted")
        simulate = ["simulate", options.assignment, str(options.submissions), "--output", str(submitted)]
        subprocess.run([sys.executable, "-m", "autograder", *simulate, "--course", str(ROOT)], check=True)
        for number in range(options.rounds):
            for way, how in WAYS.items():
                found[way].append(grade(options.assignment, submitted, Path(name, f"{number} {way}"), how))
    floor = median(each for _, each in found["local, 2 workers"])
    print("| | seconds to the first result | submissions a minute, running | time, of local with 2 workers |")
    print("|---|--:|--:|--:|")
    for way, runs in found.items():
        start, each = median(start for start, _ in runs), median(each for _, each in runs)
        print(f"| {way} | {start:.1f} | {60 / each:,.0f} | {each / floor:.2f} |")


if __name__ == "__main__":
    main()

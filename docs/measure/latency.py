"""Measure from command to result: one submission, without and with a process that keeps a station warm.

python docs/measure/latency.py parameter_counting
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.grading.station_sharing import keep_warm

ROOT = Path(__file__).parents[2]
_IDLE_SECONDS = 10.0


def seconds(*words: str | Path) -> float:
    """Return how long a command takes."""
    command = [sys.executable, "-m", "autograder", *map(str, words)]
    began = time.monotonic()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode > 1:  # 1: not everything is green
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}.")
    return time.monotonic() - began


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignment")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    name = options.assignment
    notebook = ROOT / "solutions" / name / f"{name}.ipynb"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        place = Path(folder, "submitted", "somebody", name)
        place.mkdir(parents=True)
        shutil.copy(notebook, place)
        folders = ["--submissions", Path(folder, "submitted"), "--results", Path(folder, "results")]
        commands = {
            "grade": ["grade", name, *folders, "--force", "--course", ROOT],
            "check": ["check", notebook, "--course", ROOT],
            "--help": ["--help"],
        }
        first = seconds(*commands["grade"])
        print(f"the first grade, which tries the solution too: {first:.2f} s")
        cold = {what: [seconds(*words) for _ in range(options.times)] for what, words in commands.items()}
        keep_warm(ROOT, _IDLE_SECONDS)
        print(f"the first with a process that keeps warm, which loads everything: {seconds(*commands['grade']):.2f} s")
        warm = {what: [seconds(*words) for _ in range(options.times)] for what, words in commands.items()}
    print("| command | cold, s | warm, s | ratio |\n|---|--:|--:|--:|")
    for what in commands:
        before, after = statistics.median(cold[what]), statistics.median(warm[what])
        print(f"| `{what}` | {before:.2f} | {after:.2f} | {before / after:.1f} |")


if __name__ == "__main__":
    main()

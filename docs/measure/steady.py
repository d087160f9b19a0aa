"""Grade many notebooks in one batch, and see whether anything grows: plot and print it.

    python docs/measure/steady.py --submissions 500 --plot docs/figures/steady.png
    python docs/measure/steady.py --submissions 1000 --simulated --plot docs/figures/thousand.png

The first grades copies of the solution, the second a simulated class.

Every second the processes that last as long as the batch are looked at: memory (what is shared in proportion) and open
descriptors; and how many there are of all kinds. From the results come the seconds of each submission.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import matplotlib.pyplot as plt
from memory import forked_from

from autograder.bench.subjects import Subject, lay_out
from autograder.results import read_results
from autograder.sandbox.shared.process_memory import processes_below, proportional_bytes

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"


def look(pid: int, results: Path) -> dict[str, float]:
    """Return what the processes that last as long as the batch hold now, and how many results there are."""
    memory = descriptors = processes = 0
    for process in processes_below(pid):
        processes += 1
        if forked_from(process):
            continue
        folder = Path(f"/proc/{process}")
        try:
            descriptors += len(list((folder / "fd").iterdir()))
        except OSError:
            continue
        memory += proportional_bytes(process, "Pss:")
    done = len(list(results.glob("*/*.json")))
    return {"done": done, "memory": memory / 2**20, "descriptors": descriptors, "processes": processes}


def write_class(count: int, submitted: Path, *, simulated: bool) -> None:
    """Write `count` submissions: copies of the solution, or a class that nobody is in."""
    if simulated:
        simulate = ["simulate", ASSIGNMENT, str(count), "--course", str(ROOT), "--output", str(submitted)]
        subprocess.run([sys.executable, "-m", "autograder", *simulate], check=True)
    else:
        solution = Subject(student="copy", notebook=ROOT / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        lay_out([solution], ASSIGNMENT, submitted, count)


def grade(folder: Path, *, simulated: bool) -> tuple[list[dict[str, float]], list[float]]:
    """Grade the submissions; return a look for each second, and the seconds of each submission."""
    places = ["--course", ROOT, "--submissions", folder / "submitted", "--results", folder / "results"]
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *map(str, places)]
    looks = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as batch:
        while batch.poll() is None:
            looks.append(look(batch.pid, folder / "results"))
            time.sleep(1)
    results = sorted(
        read_results(folder / "results", ASSIGNMENT), key=lambda result: datetime.fromisoformat(result.graded_at)
    )
    assert simulated or {result.score for result in results} == {results[0].max_score}
    return [one for one in looks if one["done"] > 0 and one["processes"]], [result.seconds for result in results]


def plot(looks: list[dict[str, float]], seconds: list[float], path: Path) -> None:
    """Draw the four quantities over the number of submissions graded."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 5), sharex=True, layout="constrained")
    axes[0, 0].plot(range(len(seconds)), seconds, ".", markersize=3)
    axes[0, 0].set_ylabel("seconds of a submission")
    for axis, name, label in (
        (axes[0, 1], "memory", "memory, MB (lasting)"),
        (axes[1, 0], "descriptors", "descriptors (lasting)"),
        (axes[1, 1], "processes", "processes"),
    ):
        axis.plot([one["done"] for one in looks], [one[name] for one in looks])
        axis.set_ylabel(label)
    for axis in axes.flat:
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel("submissions graded")
    figure.savefig(path, dpi=120)


def main() -> None:
    """Print medians over the first and the last hundred submissions, and plot all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--simulated", action="store_true", help="a simulated class instead of copies of the solution")
    parser.add_argument("--plot", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_class(options.submissions, Path(folder, "submitted"), simulated=options.simulated)
        began = time.monotonic()
        looks, seconds = grade(Path(folder), simulated=options.simulated)
        wall, cores = time.monotonic() - began, len(os.sched_getaffinity(0))
    print(
        f"{options.submissions} submissions in {wall:.0f} s on {cores} cores: {60 * options.submissions / wall:,.0f} a "
    )
    print(f"minute, {cores * wall / options.submissions:.3f} core seconds each, with the start\n")
    plot(looks, seconds, options.plot)
    last = options.submissions - 100
    print("| median over | first 100 | last 100 |\n|---|--:|--:|")
    print(f"| seconds of a submission | {median(seconds[:100]):.3f} | {median(seconds[-100:]):.3f} |")
    for name in ("memory", "descriptors", "processes"):
        first = median(one[name] for one in looks if one["done"] <= 100)
        final = median(one[name] for one in looks if one["done"] >= last)
        print(f"| {name}{', MB' if name == 'memory' else ''} | {first:.0f} | {final:.0f} |")


if __name__ == "__main__":
    main()

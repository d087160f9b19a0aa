"""Kill a batch again and again, and see whether its results are those of a batch that nobody disturbs.

    python docs/measure/kills.py --submissions 200 --kills 50

A simulated class is graded twice: once undisturbed, once by a command that is killed (SIGKILL) at random moments, every
other time while results are being made, and given again each time. Then all results are compared, byte for byte save
times and memory, and processes and half-written files are looked for. Exit code 1 where anything differs.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"
OF_EACH_RUN = {"graded_at", "seconds", "timings", "memory_mb"}
_WHILE_IT_GRADES_SECONDS = 0.4


def command(folder: Path, results: str) -> list[str]:
    """Return the command that grades the class."""
    places = ["--submissions", folder / "submitted", "--results", folder / results]
    return [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--course", str(ROOT), *map(str, places)]


def without_times(value: object) -> object:
    """Return a result without what differs from run to run."""
    if isinstance(value, dict):
        return {name: without_times(inner) for name, inner in value.items() if name not in OF_EACH_RUN}
    return [without_times(inner) for inner in value] if isinstance(value, list) else value


def read(folder: Path) -> dict[str, object]:
    """Return all results by their path."""
    paths = sorted(path for path in folder.rglob("*.json"))
    return {str(path.relative_to(folder)): without_times(json.loads(path.read_bytes())) for path in paths}


def number_of(results: Path) -> int:
    """Return how many results there are."""
    return len(list((results / ASSIGNMENT).glob("*.json")))


def disturb(folder: Path, kills: int, rng: random.Random, most: float) -> None:
    """Kill the batch `kills` times: at any moment of its first `most` seconds, or soon after its first new result."""
    results = folder / "killed"
    for kill in range(kills):
        before = number_of(results)
        batch = subprocess.Popen(command(folder, "killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        if kill % 2:
            while number_of(results) == before and batch.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, _WHILE_IT_GRADES_SECONDS))
        else:
            time.sleep(rng.uniform(0, most))
        if batch.poll() is not None:
            raise SystemExit(f"The batch ended before it was killed {kills} times; take more submissions.")
        batch.send_signal(signal.SIGKILL)
        batch.wait()
        print(f"killed after {time.monotonic() - began:.1f} s: {number_of(results) - before} more results", flush=True)


def left_behind(folder: Path) -> list[str]:
    """Return the commands of processes that still know the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text)
    return found


def main() -> None:
    """Compare, print, and end with 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--most-seconds", type=float, default=8.0, help="every other kill comes within these")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate = ["simulate", ASSIGNMENT, str(options.submissions), "--output", str(folder / "submitted")]
        subprocess.run([sys.executable, "-m", "autograder", *simulate, "--course", str(ROOT)], check=True)
        subprocess.run(command(folder, "undisturbed"), check=True, stdout=subprocess.DEVNULL)
        disturb(folder, options.kills, random.Random(options.seed), options.most_seconds)
        subprocess.run(command(folder, "killed"), check=True, stdout=subprocess.DEVNULL)
        time.sleep(2)
        expected, found = read(folder / "undisturbed"), read(folder / "killed")
        differing = [path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path)]
        halves = [str(path) for path in (folder / "killed").rglob("*.part")]
        strays = left_behind(folder)
    print(
        f"{options.kills} kills over {options.submissions} submissions: {len(found)} results, {len(differing)} differ, "
        f"{len(halves)} half-written files, {len(strays)} processes left behind"
    )
    raise SystemExit(1 if differing or halves or strays else 0)


if __name__ == "__main__":
    main()

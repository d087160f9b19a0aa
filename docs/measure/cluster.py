"""Grade a large simulated class on a Ray cluster of two nodes on this machine, the batch killed on the way.

    python docs/measure/cluster.py --submissions 10000 --kills 2 --plot docs/figures/cluster.png

Each node has one CPU. The batch is killed (SIGKILL) whenever an equal part of the results is there, and the same
command given again. Every ten seconds the memory of all lasting processes is looked at, by what they are: the batch
with what talks to Ray for it, the stations with their zygotes, and Ray itself. Students with an endless loop are left
out: their seconds would be all that is seen.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
from memory import forked_from
from ray.cluster_utils import Cluster

from autograder.sandbox.shared.process_memory import processes_below, proportional_bytes

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"
KINDS = ("batch", "stations", "Ray")
_LOOK_SECONDS = 10.0


def write_class(count: int, submitted: Path) -> int:
    """Write a class without those who wait for ever; return how many are left."""
    simulate = ["simulate", ASSIGNMENT, str(count), "--course", str(ROOT), "--output", str(submitted)]
    subprocess.run([sys.executable, "-m", "autograder", *simulate], check=True, stdout=subprocess.DEVNULL)
    (listing,) = submitted.glob("class-*.json")
    for student in json.loads(listing.read_bytes())["students"]:
        if "endless-loop" in json.dumps(student):
            shutil.rmtree(submitted / student["student"])
    return sum(1 for entry in submitted.iterdir() if entry.is_dir())


def memory() -> Counter[str]:
    """Return the bytes of lasting processes by kind, what is shared divided among those that share."""
    found = Counter[str]()
    for pid in processes_below(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if pid == os.getpid() or forked_from(pid):
            continue
        kind = "batch" if b"\0grade\0" in command or b"grading.ray.driver" in command else "Ray"
        kind = "stations" if b"grading.station" in command or b"inside.zygote" in command else kind
        found[kind] += proportional_bytes(pid, "Pss:")
    return found


def number_of(results: Path) -> int:
    """Return how many results there are."""
    return sum(entry.name.endswith(".json") for entry in os.scandir(results)) if results.is_dir() else 0


def grade(folder: Path, address: str, until: int) -> list[tuple[int, float, Counter[str]]]:
    """Grade, and kill the batch when there are `until` results; return looks: results, seconds, memory."""
    places = ["--submissions", folder / "submitted", "--results", folder / "results"]
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--course", ROOT, *places]
    command += ["--engine", "ray", "--address", address, "--log", "json"]
    looks = []
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as batch:
        while batch.poll() is None:
            done = number_of(folder / "results" / ASSIGNMENT)
            if done >= until:
                batch.send_signal(signal.SIGKILL)
                break
            looks.append((done, time.monotonic(), memory()))
            time.sleep(min(_LOOK_SECONDS, 1.0 if done == 0 else _LOOK_SECONDS))
    return looks


def check(results: Path, count: int) -> str:
    """Return in words how many results there are and of what status; end where one is missing or failed."""
    statuses = Counter(json.loads(path.read_bytes())["status"] for path in results.glob("*.json"))
    said = f"{sum(statuses.values())} of {count} results: {dict(statuses)}"
    if sum(statuses.values()) != count or statuses["failed"]:
        raise SystemExit(said)
    return said


def plot(runs: list[list[tuple[int, float, Counter[str]]]], path: Path) -> None:
    """Draw memory and seconds a submission over the number of results; each batch is a line of its own."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for number, looks in enumerate(runs):
        for color, kind in enumerate(KINDS):
            label = kind if number == 0 else None
            left.plot(
                [done for done, *_ in looks], [held[kind] / 2**20 for *_, held in looks], f"C{color}", label=label
            )
        steps = [
            (b[0], (b[1] - a[1]) / (b[0] - a[0])) for a, b in zip(looks, looks[3:], strict=False) if b[0] > a[0] > 0
        ]
        right.plot([done for done, _ in steps], [each for _, each in steps], "C3")
    left.set_ylabel("memory, MB (lasting)")
    left.legend()
    right.set_ylabel("seconds of the batch for each result")
    for axis in (left, right):
        axis.set_xlabel("results")
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Grade, print what the first and the last tenth cost, and plot all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--plot", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = write_class(options.submissions, folder / "submitted")
        cluster = Cluster()
        for _ in range(2):
            cluster.add_node(num_cpus=1, include_dashboard=False)
        parts = options.kills + 1
        stops = [count * part // parts for part in range(1, parts)]
        runs = [grade(folder, cluster.address, until) for until in (*stops, sys.maxsize)]
        cluster.shutdown()
        print(check(folder / "results" / ASSIGNMENT, count), f"after {options.kills} kills", flush=True)
    plot(runs, options.plot)
    tenth = count // 10
    looks = [look for run in runs for look in run if look[0]]
    tenths = [look for look in looks if look[0] <= tenth], [look for look in looks if look[0] >= count - tenth]
    print("| | first tenth | last tenth |\n|---|--:|--:|")
    for kind in KINDS:
        first, last = (mean(held[kind] for *_, held in part) / 2**20 for part in tenths)
        print(f"| memory of {kind}, MB | {first:.0f} | {last:.0f} |")
    first, last = ((part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0]) for part in tenths)
    print(f"| seconds of the batch for each result | {first:.3f} | {last:.3f} |")


if __name__ == "__main__":
    main()

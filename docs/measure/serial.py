"""Measure what passes through one process for every submission, however many workers there are: it bounds a machine.

    python docs/measure/serial.py --submissions 400

CPU time, for each submission, of the processes that last as long as the batch, from the first results to the last: the
batch (plans, writes results), the station (forks a worker for each), the zygote (forks the student's process).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import forked_from

from autograder.sandbox.shared.process_memory import processes_below

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"
ROLES = {
    "autograder.sandbox.inside.zygote": "zygote",
    "autograder.grading.station": "station",
    "autograder grade": "batch",
}
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of one process, without its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def look(batch: int) -> dict[str, float]:
    """Return the CPU seconds so far by role."""
    found = dict.fromkeys(ROLES.values(), 0.0)
    for pid in processes_below(batch):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            role = next((role for name, role in ROLES.items() if name in words), "")
            if role and not forked_from(pid):
                found[role] += cpu_seconds(pid)
        except OSError:
            continue
    return found


def main() -> None:
    """Grade, look twice, print the difference for each submission."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        submitted, results = Path(name, "submitted"), Path(name, "results")
        autograder = [sys.executable, "-m", "autograder"]
        simulate = ["simulate", ASSIGNMENT, str(options.submissions), "--course", str(ROOT), "--output", str(submitted)]
        subprocess.run([*autograder, *simulate], check=True)
        places = ["--course", str(ROOT), "--submissions", str(submitted), "--results", str(results)]
        looks = []
        with subprocess.Popen([*autograder, "grade", ASSIGNMENT, *places], stdout=subprocess.DEVNULL) as batch:
            while batch.poll() is None:
                done = len(list((results / ASSIGNMENT).glob("*.json")))
                if done >= 20:  # past the start
                    looks.append((done, look(batch.pid)))
                time.sleep(0.5)
    (first, before), (last, after) = looks[0], next(one for one in reversed(looks) if one[1]["station"])
    print("| process | CPU milliseconds for each submission |\n|---|--:|")
    for role in ROLES.values():
        print(f"| {role} | {1000 * (after[role] - before[role]) / (last - first):.1f} |")


if __name__ == "__main__":
    main()

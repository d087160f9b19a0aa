"""Print the memory that one more submission takes beside the others: what its processes T and S share with nobody.

    python docs/measure/memory.py

Four copies of the solution at a time; private memory is looked at five times a second, and the largest value counts.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from autograder.bench.subjects import Subject, lay_out
from autograder.sandbox.shared.process_memory import processes_below, proportional_bytes

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "parameter_counting"


def forked_from(pid: int) -> str:
    """Return `T` or `S` for a process that was forked, and not started, by the station or the zygote; else ""."""
    try:
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        own, others = (Path(f"/proc/{number}/cmdline").read_bytes() for number in (pid, parent))
        grandparent = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1]
        same_again = Path(f"/proc/{grandparent}/cmdline").read_bytes() == own
    except OSError:
        return ""
    if own != others:
        return ""
    zygote = b"autograder.sandbox.inside.zygote" in own
    return ("S" if same_again else "") if zygote else ("T" if b"autograder.grading.station" in own else "")


def main() -> None:
    """Run the batch and print the largest private memory of each process, its median over all submissions."""
    largest: dict[tuple[str, int], int] = {}
    with tempfile.TemporaryDirectory() as folder:
        solution = Subject(student="copy", notebook=ROOT / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
        lay_out([solution], ASSIGNMENT, Path(folder, "submitted"), 40)
        places = ["--course", str(ROOT), "--submissions", f"{folder}/submitted", "--results", f"{folder}/results"]
        command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *places, "--workers", "4"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as batch:
            while batch.poll() is None:
                for pid in processes_below(batch.pid):
                    if kind := forked_from(pid):
                        largest[kind, pid] = max(
                            largest.get((kind, pid), 0), proportional_bytes(pid, "Private_Clean:", "Private_Dirty:")
                        )
                time.sleep(0.2)
    print("| process | median of the largest private memory, MB | maximum |\n|---|--:|--:|")
    for kind, words in (("T", "checks process"), ("S", "student process")):
        found = [size / 2**20 for (one, _), size in largest.items() if one == kind and size]
        print(f"| {words} ({len(found)} seen) | {median(found):.0f} | {max(found):.0f} |")


if __name__ == "__main__":
    main()

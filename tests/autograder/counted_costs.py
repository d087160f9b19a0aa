"""Count what one light submission more costs a batch, in what does not depend on how busy the machine is.

    python tests/autograder/counted_costs.py        # measure anew, into counted_costs.json

Page faults grow with memory that is touched after a fork, voluntary context switches with messages between processes.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tiny_course import REPOSITORY

ASSIGNMENT = "parameter_counting"
KEPT = Path(__file__).with_suffix(".json")
_FEW, _MANY = 5, 25
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def surroundings() -> dict[str, str]:
    """Return what the counts depend on beside our code."""
    packages = {name: version(name) for name in ("torch", "torchvision", "matplotlib", "numpy", "pytest", "ipython")}
    huge_pages = _HUGE_PAGES.read_text().strip() if _HUGE_PAGES.is_file() else ""
    kernel = ".".join(platform.release().split(".")[:2])
    return {"python": platform.python_version(), "kernel": kernel, "huge pages": huge_pages, **packages}


def count() -> dict[str, float]:
    """Return the counts of one submission more, by their names; a batch's start is left out."""
    few, many = _counted(_FEW), _counted(_MANY)
    return {name: round((many[name] - few[name]) / (_MANY - _FEW), 1) for name in few}


def _counted(submissions: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(submissions):
            place = Path(folder, "submitted", f"s{number:03}", ASSIGNMENT)
            place.mkdir(parents=True)
            shutil.copy(REPOSITORY / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", place)
        places = ["--submissions", f"{folder}/submitted", "--results", f"{folder}/results", "--course", str(REPOSITORY)]
        command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, *places, "--untried", "--workers", "1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)  # with all processes below it that were waited for
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return {"page faults": used.ru_minflt, "context switches": used.ru_nvcsw}


if __name__ == "__main__":
    KEPT.write_text(json.dumps({"surroundings": surroundings(), "counts": count()}, indent=1) + "\n")

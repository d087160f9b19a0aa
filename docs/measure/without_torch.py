"""Build and grade a course of numpy alone from an installed wheel, in fresh environments without torch.

    python docs/measure/without_torch.py FOLDER

FOLDER must not exist yet. The course has no data; one environment has the extra `author` and builds it, the other has
only what grading needs, and grades it. Takes minutes, and a network or an index of packages.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
MISSING = """
from importlib.util import find_spec
for name in ("torch", "torchvision", "matplotlib", "nbgrader", "otter", "nbconvert", "jupyterlab"):
    print(f"{name}: {'is there' if find_spec(name) else 'is not there'}")
"""
CONFIG = """
from autograder.course import Assignment, Budget, Course

means = Assignment(name="means", title="Means of arrays", points=5, budget=Budget(check_seconds=3))
course = Course(name="Means", assignments=[means])
"""
CHECKS = '''
import sys

import numpy as np
import pytest

from autograder.checks.expect import array, number

pytestmark = pytest.mark.question("mean")


@pytest.mark.points(2)
@pytest.mark.public
def test_mean_of_three(student):
    """The mean of 1, 2 and 6 is 3."""
    assert number(student.mean(np.array([1.0, 2.0, 6.0])), "mean") == 3.0


@pytest.mark.points(2)
def test_mean_of_hidden_numbers(student, reference, rng):
    """It must hold for all numbers."""
    numbers = rng.normal(size=100)
    assert abs(number(student.mean(numbers), "mean") - reference.mean(numbers)) < 1e-9


@pytest.mark.points(1)
def test_arrays_come_back(student, library):
    """What is asked of numpy in the student's process comes back as it is."""
    assert array(library.numpy.arange(3), "numbers", shape=(3,), dtype="int64").tolist() == [0, 1, 2]
    assert "torch" not in sys.modules
'''
MEAN = '''
def mean(numbers: np.ndarray) -> float:
    """Return the mean of an array of numbers."""
    # TODO: add them up and divide by how many there are.
    ### BEGIN SOLUTION
    return float(numbers.sum() / len(numbers))
    ### END SOLUTION
'''.strip()
ANSWERS = {
    "right": "def mean(numbers):\n    return float(np.mean(numbers))",
    "wrong": "def mean(numbers):\n    return 3.0",
    "blank": 'def mean(numbers):\n    raise NotImplementedError("`mean` is not written yet")',
    "hangs": "def mean(numbers):\n    while True:\n        pass",
}


def cell(name: str, source: str, *, solution: bool = False) -> dict[str, object]:
    """Return a code cell with nbgrader's marks."""
    flags = {"solution": solution, "locked": not solution, "grade": False, "task": False}
    metadata = {"nbgrader": {"schema_version": 3, "grade_id": name, **flags}}
    empty = {"outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": name, "metadata": metadata, "source": source, **empty}


def write_notebook(path: Path, answer: str) -> None:
    """Write the notebook with this answer."""
    path.parent.mkdir(parents=True)
    cells = [cell("setup", "import numpy as np"), cell("mean", answer, solution=True)]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def write_course(root: Path) -> None:
    """Write the course and submissions to it into an empty folder."""
    write_notebook(root / "source" / "means" / "means.ipynb", MEAN)
    for student, answer in ANSWERS.items():
        write_notebook(root / "submitted" / student / "means" / "means.ipynb", answer)
    checks = root / "tests" / "means"
    checks.mkdir(parents=True)
    (checks / "test_means.py").write_text(CHECKS)
    (root / "course_config.py").write_text(CONFIG)


def run(*command: str | Path, folder: Path) -> None:
    """Show a command, and run it."""
    print("$", *(str(part).replace(f"{folder}/", "") for part in command), flush=True)
    subprocess.run(list(map(str, command)), check=True, cwd=folder)


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy, since building leaves files behind, and return its path."""
    copy = folder / "package"
    shutil.copytree(ROOT / "autograder", copy / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder / "wheel", copy, folder=folder)
    [wheel] = (folder / "wheel").iterdir()
    return wheel


def make_environment(folder: Path, name: str, wheel: Path, extras: str = "") -> Path:
    """Make an environment with the wheel and these extras; say what it cost; return its folder of programs."""
    venv.create(folder / name, with_pip=True)
    programs = folder / name / "bin"
    before, began = _megabytes(folder / name), time.monotonic()
    run(programs / "pip", "install", "--quiet", f"{wheel}{extras}", folder=folder)
    seconds, size = time.monotonic() - began, _megabytes(folder / name) - before
    count = len(list((folder / name).glob("lib/python*/site-packages/*.dist-info")))
    print(f"{name}: {seconds:.0f} s, {size:.0f} MB, {count} packages with pip and setuptools", flush=True)
    return programs


def _megabytes(folder: Path) -> float:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6


def main() -> None:
    """Build the wheel, the environments and the course; grade it; show each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder.resolve()
    write_course(folder / "course")
    wheel = build_wheel(folder)
    authors = make_environment(folder, "authors", wheel, "[author]")
    run(authors / "autograder", "build", "--course", "course", folder=folder)
    graders = make_environment(folder, "graders", wheel)
    run(graders / "python", "-c", MISSING, folder=folder)
    run(graders / "autograder", "grade", "means", "--course", "course", folder=folder)
    run(graders / "autograder", "report", "means", "--course", "course", folder=folder)
    for path in sorted((folder / "course" / "results" / "means").glob("*.json")):
        result = json.loads(path.read_text())
        print(f"{path.stem}: {result['score']:g} of {result['max_score']:g} points")


if __name__ == "__main__":
    main()

"""Make a whole course of one tiny assignment, and submissions to it, so that a test takes seconds."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.results import Result
from autograder.sandbox.shared.libraries import COMPILER

REPOSITORY = Path(__file__).parents[2]

TORCH_SETUP = "import torch\nfrom support import helper"
NUMPY_SETUP = "import numpy as np\nfrom support import helper"
"""The first cell of code."""

LIBRARIES = ("torch", "torchvision", "matplotlib", COMPILER)
"""What a student's process of a test has loaded."""

CONFIG = """
from autograder.course import Assignment, Budget, Course

course = Course(
    name="Tiny",
    libraries=["torch"],
    assignments=[
        Assignment(
            name="tiny",
            title="A tiny assignment",
            points=6,
            budget=Budget(cell_seconds=2, notebook_seconds=20, check_seconds=3, total_seconds=60, memory_mb=1500),
        )
    ],
)
"""

DOUBLE = '''
def double(x: torch.Tensor) -> torch.Tensor:
    """Return 2·x, for float tensors of any shape; double(torch.ones(2)) is tensor([2., 2.])."""
    # TODO: return twice the tensor.
    ### BEGIN SOLUTION
    return helper(x)  # the secret recipe
    ### END SOLUTION
'''.strip()

ANSWER = """
# TODO: the answer to everything, as a whole number.
### BEGIN SOLUTION
answer = 42
### END SOLUTION
""".strip()

CHECKS = '''
import pytest
import torch

from autograder.checks import partial
from autograder.checks.expect import integer, tensor

LENGTH = 3


def ones() -> torch.Tensor:
    return torch.ones(LENGTH)


@pytest.mark.question("double")
@pytest.mark.points(1)
@pytest.mark.public
def test_double_of_ones(student):
    """Twice one is two."""
    result = tensor(student.double(ones()), "double(ones)", shape=(LENGTH,))
    assert result.tolist() == [2.0] * LENGTH, "Every element must be doubled; did you return x itself?"


@pytest.mark.question("double")
@pytest.mark.points(2)
def test_double_of_hidden_numbers(student, reference, rng):
    """It must hold for all numbers."""
    x = torch.rand(5, generator=rng)
    assert torch.equal(tensor(student.double(x), "double(x)", shape=(5,)), reference.double(x))


@pytest.mark.question("answer")
@pytest.mark.public
def test_answer_is_a_number(student):
    """A whole number is asked for."""
    integer(student.answer, "answer")


@pytest.mark.question("answer")
@pytest.mark.points(3)
def test_answer(student, reference):
    """Read the book again."""
    answer = integer(student.answer, "answer")
    if answer == reference.answer + 1:
        partial(0.5, "Off by one.")
    assert answer == reference.answer
'''


_IN_NUMPY = {
    "import torch": "import numpy as np",
    '["torch"]': '["numpy"]',
    "torch.rand(5, generator=rng)": "rng.random(5)",
    "torch.equal": "np.array_equal",
    "torch.Tensor": "np.ndarray",
    "torch.": "np.",
    "tensor": "array",
}


def in_numpy(text: str) -> str:
    """Return a text of the course's with arrays in the place of tensors."""
    for ours, others in _IN_NUMPY.items():
        text = text.replace(ours, others)
    return text


def marks(grade_id: str, *, solution: bool = False) -> dict[str, Any]:
    """Return nbgrader's metadata for a solution cell or a locked cell."""
    flags = {"solution": solution, "locked": not solution, "grade": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id, **flags}}


def code(cell_id: str, source: str, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": dict(metadata or {}),
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook of format 4.5."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": list(cells), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def skip(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata with the tag that keeps the cell from being run when grading."""
    return {**metadata, "tags": ["skip-grading"]}


def source_cells() -> list[dict[str, Any]]:
    """Return the cells of the instructor's notebook."""
    grader = 'import otter\ngrader = otter.Notebook("tiny.ipynb", tests_dir="tests")'
    return [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Tiny"},
        code("setup", TORCH_SETUP, marks("setup")),
        code("grader", grader, skip(marks("grader"))),
        code("double", DOUBLE, marks("double", solution=True)),
        code("check-double", 'grader.check("double")', skip(marks("check-double"))),
        code("answer", ANSWER, marks("answer", solution=True)),
        code("check-answer", 'grader.check("answer")', skip(marks("check-answer"))),
        code("why", "print('because the reference says so')", {"tags": ["solution-only"]}),
    ]


def make_course(root: Path) -> Path:
    """Write the course into `root`; its release is not built."""
    return _write_course(root, lambda text: text)


def make_numpy_course(root: Path) -> Path:
    """Write the course with arrays in the place of tensors: a batch takes a fifth of the time without torch."""
    return _write_course(root, in_numpy)


def _write_course(root: Path, written: Callable[[str], str]) -> Path:
    source = root / "source" / "tiny"
    (source / "solution").mkdir(parents=True)
    (source / "solution" / "secret.py").write_text("KEY = 'for solutions only'\n")
    (source / "support.py").write_text("def helper(x):\n    return 2 * x\n")
    (source / "tiny.ipynb").write_text(written(json.dumps(notebook(*source_cells()))))
    (root / "tests" / "tiny").mkdir(parents=True)
    (root / "tests" / "tiny" / "test_tiny.py").write_text(written(CHECKS))
    (root / "course_config.py").write_text(written(CONFIG))
    return root


def submit(root: Path, student: str, *cells: dict[str, Any], content: bytes | None = None) -> Path:
    """Write a submission of cells, or of raw bytes, and return its path."""
    path = root / "submitted" / student / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(notebook(*cells)).encode() if content is None else content)
    return path


def answers(double: str, answer: str = "answer = 42", *, setup: str = TORCH_SETUP) -> list[dict[str, Any]]:
    """Return the cells of a submission with these two answers."""
    return [
        code("setup", setup, marks("setup")),
        code("double", double, marks("double", solution=True)),
        code("answer", answer, marks("answer", solution=True)),
    ]


def numpy_answers(double: str, answer: str = "answer = 42") -> list[dict[str, Any]]:
    """Return the cells of a submission to the course of arrays."""
    return answers(double, answer, setup=NUMPY_SETUP)


RIGHT = "def double(x):\n    return x + x"


def undisturbed(result: Result) -> Result:
    """Return the result without what differs from run to run: times, memory, and how a training went."""
    checks = tuple(replace(record, seconds=0, memory_mb=0, curves=()) for record in result.checks)
    return replace(result, graded_at="", seconds=0, timings={}, checks=checks)

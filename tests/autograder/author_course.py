"""A course of one small assignment without torch, and an author who writes something into it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiny_course import code, marks, notebook, skip

CONFIG = """
from datetime import datetime
from zoneinfo import ZoneInfo

from autograder.course import Assignment, Budget, Course, Dataset

course = Course(
    name="Small",
    assignments=[
        Assignment(
            name="week",
            title="A week",
            points=4,
            due=datetime(2027, 1, 15, 18, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
    ],
)
"""
DOUBLE = '''
def double(x):
    """Return twice x."""
    # TODO: return twice the number.
    ### BEGIN SOLUTION
    return helper(x)
    ### END SOLUTION
'''.strip()
ANSWER = """
# TODO: the answer to everything.
### BEGIN SOLUTION
answer = 42
### END SOLUTION
""".strip()
CHECKS = '''
import pytest


@pytest.mark.question("double")
@pytest.mark.points(1)
@pytest.mark.public
def test_double_of_one(student):
    """Twice one is two."""
    assert student.double(1) == 2


@pytest.mark.question("double")
@pytest.mark.points(1)
def test_double_of_hidden(student, reference, rng):
    """It must hold for all numbers."""
    number = int(rng.integers(100))
    assert student.double(number) == reference.double(number)


@pytest.mark.question("answer")
@pytest.mark.points(2)
@pytest.mark.public
def test_answer(student):
    """Read the book again."""
    assert student.answer == 42
'''
KNOWN = """
from autograder.validate.answers import Edit, Right, Wrong

ANSWERS = [
    Wrong("off by one", cells={"answer": Edit("42", "43")}),
]
"""
SECRET = "3f9c1e77ab0c4d52986ee1f0b7a4d3c25d8806b17e49fa3392cc01d4ef5a6b78"


def text(cell_id: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a text cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": metadata or {}, "source": source}


def tests_cell(cell_id: str, source: str) -> dict[str, Any]:
    """Return a cell of nbgrader's tests."""
    metadata = marks(cell_id)
    metadata["nbgrader"] |= {"grade": True, "points": 2}
    return code(cell_id, source, metadata)


def source_cells() -> list[dict[str, Any]]:
    return [
        text("title", "# A week"),
        code("setup", "from helpers import helper", marks("setup")),
        code("grader", 'import otter\ngrader = otter.Notebook(tests_dir="tests")', skip(marks("grader"))),
        code("double", DOUBLE, marks("double", solution=True)),
        code("check-double", 'grader.check("double")', skip(marks("check-double"))),
        code("answer", ANSWER, marks("answer", solution=True)),
        code("check-answer", 'grader.check("answer")', skip(marks("check-answer"))),
    ]


class Author:
    """Write the course into a folder, and change it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.nb = root / "source" / "week" / "week.ipynb"
        self.t = root / "tests" / "week" / "test_week.py"
        self.cfg = root / "course_config.py"
        self.file("source/week/helpers.py", "def helper(x):\n    return 2 * x\n")
        self.file("source/week/week.ipynb", json.dumps(notebook(*source_cells())))
        self.file("tests/week/test_week.py", CHECKS)
        self.file("tests/week/known_answers.py", KNOWN)
        self.file("course_config.py", CONFIG)
        self.file(".autograder-secret", SECRET)

    def file(self, path: str, content: str | bytes) -> None:
        """Write a file, by its path in the course."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def checks(self, old: str, new: str) -> None:
        """Change a piece of the checks."""
        self._replace(self.t, old, new)

    def more(self, checks: str) -> None:
        """Add checks behind the others."""
        self.t.write_text(self.t.read_text() + checks)

    def config(self, old: str, new: str) -> None:
        """Change a piece of the configuration."""
        self._replace(self.cfg, old, new)

    def cell(self, cell_id: str, **changes: object) -> None:
        """Change a cell."""
        content = json.loads(self.nb.read_text())
        [cell] = [cell for cell in content["cells"] if cell["id"] == cell_id]
        cell.update(changes)
        self.nb.write_text(json.dumps(content))

    def add(self, *cells: dict[str, Any]) -> None:
        """Add cells behind the others."""
        content = json.loads(self.nb.read_text())
        content["cells"] += cells
        self.nb.write_text(json.dumps(content))

    def meta(self, **changes: object) -> None:
        """Change the notebook's metadata."""
        content = json.loads(self.nb.read_text())
        content["metadata"].update(changes)
        self.nb.write_text(json.dumps(content))

    def hand_in(self, student: str, tree: str) -> None:
        """Hand in the notebook of the release or of the solutions."""
        place = self.root / "submitted" / student / "week"
        place.mkdir(parents=True)
        shutil.copy(self.root / tree / "week" / "week.ipynb", place)

    def _replace(self, path: Path, old: str, new: str) -> None:
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Something that an author writes, and the command that must say it."""

    name: str
    plant: Callable[[Author], None]
    command: str


MISTAKES: list[Mistake] = []
"""All of them, in the order of the modules that define them."""


def mistake(name: str, *, command: str = "build") -> Callable[[Callable[[Author], None]], Callable[[Author], None]]:
    """Take a function as a mistake of that name."""

    def take(plant: Callable[[Author], None]) -> Callable[[Author], None]:
        MISTAKES.append(Mistake(name=name, plant=plant, command=command))
        return plant

    return take

"""Make an assignment whose questions build on each other, as cells, as plans and as a whole course that can be graded."""

import json
from pathlib import Path

from tiny_course import code, marks, notebook, skip

from autograder.notebooks import Cell, PlannedCell, plan_run

REFERENCE = {
    "area": "def area(w, h):\n    return w * h",
    "volume": "def volume(w, h, d):\n    return area(w, h) * d",
    "boxes": "boxes = [volume(1, 2, 3)]",
    "total": "total = sum(boxes)",
}
"""The answers; each builds on the one before it."""

CONFIG = """
from autograder.course import Assignment, Budget, Course

course = Course(
    name="Boxes",
    assignments=[
        Assignment(
            name="boxes",
            title="Boxes",
            points=10,
            budget=Budget(cell_seconds=2, notebook_seconds=20, check_seconds=3, total_seconds=30, memory_mb=1500),
        )
    ],
)
"""

CHECKS = '''
import pytest

from autograder.checks.expect import integer


@pytest.fixture(scope="session")
def made_once():
    return []


@pytest.fixture(scope="module")
def sizes(made_once):
    """Three sizes, taken away when the checks of this file are over."""
    made_once.append("sizes")
    kept = [2, 3, 4]
    yield kept
    kept.clear()


@pytest.fixture
def drawn(rng, sizes):
    return [int(number) + sizes[0] for number in rng.integers(1, 1000, 3)]


@pytest.mark.question("area")
@pytest.mark.public
def test_area_form(student):
    """An area is a whole number."""
    integer(student.area(1, 2), "area(1, 2)")


@pytest.mark.question("area")
@pytest.mark.points(2)
def test_area(student, reference, drawn):
    """An area is width times height."""
    assert integer(student.area(*drawn[:2]), "area(…)") == reference.area(*drawn[:2])


@pytest.mark.question("volume")
@pytest.mark.public
def test_volume_form(student):
    """A box of 1×2×3 has volume 6."""
    volume = student.volume(1, 2, 3)
    assert volume == 6, f"A box of 1×2×3 has volume 6, not {volume}."


class TestVolume:
    @pytest.mark.question("volume")
    @pytest.mark.points(1)
    @pytest.mark.parametrize("depth", [1, 5])
    def test_volume(self, student, reference, drawn, depth):
        """A volume is an area times the depth."""
        found = integer(student.volume(*drawn[:2], depth), "volume(…)")
        assert found == reference.volume(*drawn[:2], depth)


@pytest.mark.question("boxes")
@pytest.mark.points(3)
@pytest.mark.public
def test_boxes(student):
    """`boxes` is a list of volumes."""
    found = student.boxes
    assert found == [6], f"This is not the list: {found}."


@pytest.mark.question("total")
@pytest.mark.public
def test_total_form(student):
    """The total is a whole number."""
    integer(student.total, "total")


@pytest.mark.question("total")
@pytest.mark.points(3)
def test_total(student, reference, sizes):
    """The total is the sum of all boxes."""
    assert sizes == [2, 3, 4], "the fixture is made anew"
    found = integer(student.total, "total")
    assert found != -reference.total, "The total is positive."
    assert found == reference.total
'''


def cell(index: int, grade_id: str, source: str | None = None) -> Cell:
    text = REFERENCE[grade_id] if source is None else source
    return Cell(index=index, id=f"id{index}", source=text, grade_id=grade_id, solution=bool(grade_id))


def solution() -> list[Cell]:
    """Return the cells of the instructor's notebook."""
    locked = Cell(index=0, id="setup", source="import math", grade_id="setup", locked=True)
    return [locked, *(cell(n, grade_id) for n, grade_id in enumerate(REFERENCE, start=1))]


def release() -> list[Cell]:
    """Return the cells of the notebook that students got."""
    stubs = [cell(n, grade_id, "raise NotImplementedError") for n, grade_id in enumerate(REFERENCE, start=1)]
    return [solution()[0], *stubs]


def plan(**cells: str | None) -> list[PlannedCell]:
    """Return the plan of a notebook that has other cells than the solution; None: the cell is deleted."""
    texts = REFERENCE | cells
    handed_in = [
        cell(n, name if name in REFERENCE else "", text) for n, (name, text) in enumerate(texts.items()) if text
    ]
    return plan_run(release(), handed_in, "ada")


def make_course(root: Path) -> Path:
    """Write the course into `root`; its release is not built."""
    source = root / "source" / "boxes"
    source.mkdir(parents=True)
    grader = 'import otter\ngrader = otter.Notebook("boxes.ipynb", tests_dir="tests")'
    cells = [code("setup", "import math", marks("setup")), code("grader", grader, skip(marks("grader")))]
    for name, answer in REFERENCE.items():
        text = f"# TODO: {name}.\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
        cells.append(code(name, text, marks(name, solution=True)))
    (source / "boxes.ipynb").write_text(json.dumps(notebook(*cells)))
    (root / "tests" / "boxes").mkdir(parents=True)
    (root / "tests" / "boxes" / "test_boxes.py").write_text(CHECKS)
    (root / "course_config.py").write_text(CONFIG)
    return root


def submit(root: Path, student: str, **cells: str | None) -> Path:
    """Write a submission that has other cells than the solution; None: the cell is deleted."""
    path = root / "submitted" / student / "boxes" / "boxes.ipynb"
    path.parent.mkdir(parents=True)
    texts = REFERENCE | cells
    handed_in = [
        code(name, text, marks(name, solution=True) if name in REFERENCE else {})
        for name, text in texts.items()
        if text
    ]
    path.write_text(json.dumps(notebook(code("setup", "import math", marks("setup")), *handed_in)))
    return path

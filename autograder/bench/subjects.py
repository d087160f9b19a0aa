"""Choose the submissions that every system grades, and lay them out as each system wants them."""

import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.bench.in_kernel import prepared
from autograder.checks.catalogue import Check, collect_checks
from autograder.course import Course
from autograder.notebooks import PlannedCell, Tag, plan_run, read_cells

__all__ = ["Subject", "checks_of", "empty_course", "lay_out", "notebook_of", "planned", "solution_plan"]

_CONFIG = """
from autograder.course import Assignment, Course

course = Course(
    name="Empty",
    libraries=["torch", "torchvision", "matplotlib"],
    assignments=[Assignment(name="empty", title="Nothing", points=1)],
)
"""
_CHECKS = '''
import pytest


@pytest.mark.question("x")
@pytest.mark.points(1)
@pytest.mark.public
def test_x(student):
    """x is one."""
    assert student.x == 1
'''


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One notebook to grade, under a name of its own."""

    student: str
    notebook: Path


def lay_out(subjects: Sequence[Subject], assignment: str, folder: Path, count: int) -> list[Subject]:
    """Copy the notebooks in turn until there are `count`, each as another student's; return the copies."""
    copies = []
    for number in range(count):
        subject = subjects[number % len(subjects)]
        student = f"{subject.student}-{number:04d}"
        path = folder / student / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        shutil.copy(subject.notebook, path)
        copies.append(Subject(student=student, notebook=path))
    return copies


def planned(course: Course, assignment: str, subject: Subject) -> Sequence[PlannedCell]:
    """Return the cells that are run for a submission: the same for every system."""
    preparation = prepared(str(course.root), assignment)
    return plan_run(list(preparation.release), read_cells(subject.notebook), subject.student)


def solution_plan(course: Course, assignment: str) -> Sequence[PlannedCell]:
    """Return the cells of our own solution."""
    cells = [cell for cell in prepared(str(course.root), assignment).solution if Tag.SOLUTION_ONLY not in cell.tags]
    return plan_run(cells, cells, "reference")


def notebook_of(
    cells: Sequence[PlannedCell], solutions: Collection[str], checks: Sequence[tuple[str, str, float]] = ()
) -> dict[str, Any]:
    """Return a notebook of nbgrader's; `solutions` names solution cells, `checks` are (grade ID, source, points)."""

    def cell(name: str, source: str, **marks: Any) -> dict[str, Any]:
        flags = {
            "schema_version": 3,
            "grade_id": name,
            "locked": False,
            "solution": False,
            "grade": False,
            "task": False,
        }
        return {
            "cell_type": "code",
            "id": name[:60],
            "source": source,
            "outputs": [],
            "execution_count": None,
            "metadata": {"nbgrader": {**flags, **marks}} if marks else {},
        }

    written = [
        cell(f"cell-{number}", one.source, **({"solution": True} if one.grade_id in solutions else {}))
        for number, one in enumerate(cells)
    ]
    graded = [cell(name, source, grade=True, locked=True, points=points) for name, source, points in checks]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": [*written, *graded], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def checks_of(course: Course, assignment: str) -> Sequence[Check]:
    """Return the checks of an assignment."""
    return collect_checks(course.checks_folder(assignment))


def empty_course(folder: Path) -> Path:
    """Write a course whose only assignment has nothing to compute; return its folder."""
    source = folder / "source" / "empty"
    source.mkdir(parents=True)
    answer = "# TODO: one.\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    marks = {"nbgrader": {"schema_version": 3, "grade_id": "x", "solution": True, "locked": False, "grade": False}}
    cell: dict[str, Any] = {"cell_type": "code", "id": "x", "metadata": marks, "source": answer}
    cell |= {"outputs": [], "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (source / "empty.ipynb").write_text(json.dumps(notebook))
    (folder / "tests" / "empty").mkdir(parents=True)
    (folder / "tests" / "empty" / "test_empty.py").write_text(_CHECKS)
    (folder / "course_config.py").write_text(_CONFIG)
    return folder

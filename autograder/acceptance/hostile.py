"""Write submissions that do one thing more than the solution does, to a real assignment of the course."""

import json
import shutil
from pathlib import Path

from autograder.course import Course

__all__ = ["copy_solution", "lightest"]


def lightest(course: Course) -> str:
    """Return the assignment with the shortest time limit: the rest of its submissions costs little."""
    return min(course.assignments, key=lambda one: one.budget.total_seconds).name


def copy_solution(course: Course, assignment: str, folder: Path, student: str, lines: str = "") -> None:
    """Hand in the course's own solution for a student, with these lines before its first answer."""
    path = folder / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    shutil.copy(course.source_notebook(assignment), path)
    if lines:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        answer = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))
        source = answer["source"] if isinstance(answer["source"], str) else "".join(answer["source"])
        answer["source"] = f"{lines}\n{source}"
        path.write_text(json.dumps(notebook), encoding="utf-8")

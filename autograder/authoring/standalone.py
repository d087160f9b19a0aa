"""Make a release stand on its own: opened anywhere, with all that it needs, up to handing in.

Two cells come to the source's own, the first and the last, and files around the notebook that no grade depends on.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.pictures import embed_pictures
from autograder.authoring.readme import readme
from autograder.authoring.requirements import packages_needed, requirements_text
from autograder.authoring.start_cell import START, start_cell
from autograder.checks.catalogue import Check
from autograder.course import Assignment, Course
from autograder.errors import BuildError
from autograder.notebooks import AROUND_NOTEBOOKS, Tag
from autograder.own_notebooks import tags_of

__all__ = ["Standalone", "stand_alone"]

_HAND_IN = Path("hand_in.py")
_README = Path("README.md")
_REQUIREMENTS = Path("requirements.txt")
_OWN_HEADING = re.compile(r"^#+ Hand(?:ing)? in\b", re.MULTILINE)
_MINOR_WITH_IDS = 5
_FOR_OUR_TOOLS = re.compile(r"  # (?:type: ignore|noqa).*")


@dataclass(frozen=True, kw_only=True)
class Standalone:
    """The source with what makes its release stand on its own."""

    notebook: NotebookNode
    files: Mapping[Path, bytes]
    """All files beside it."""


def stand_alone(
    course: Course, assignment: Assignment, source: NotebookNode, files: Mapping[Path, bytes], checks: Iterable[Check]
) -> Standalone:
    """Return the source's notebook and the files beside it, with what is added; a README of the author's own stays."""
    name = assignment.name
    if _HAND_IN in files:
        raise BuildError(
            f"source/{name}/{_HAND_IN}: support files cannot be called so, for the release has its own; rename it."
        )
    notebook: NotebookNode = nbformat.from_dict(source)
    code = [
        cell.source for cell in notebook.cells if cell.cell_type == "code" and Tag.SOLUTION_ONLY not in tags_of(cell)
    ]
    packages = packages_needed(course, files, code)
    files = {
        _README: readme(course, assignment, packages).encode(),
        _REQUIREMENTS: requirements_text(packages.values()).encode(),
        **files,
        _HAND_IN: _hand_in_file(),
    }
    needed = sorted(path.as_posix() for path in files.keys() - embed_pictures(notebook, files) - {_README})
    start = start_cell(name, release_url=course.release_url, files=needed, packages=packages)
    first = next((index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    notebook.cells[first:first] = [_locked(START, start)]
    notebook.cells += [
        nbformat.v4.new_markdown_cell(_hand_in_text(course, assignment, notebook), id="release-hand-in-text"),
        _locked("hand-in", _hand_in_call(assignment, checks)),
    ]
    if notebook.nbformat_minor < _MINOR_WITH_IDS:
        for cell in notebook.cells:
            cell.pop("id", None)
    return Standalone(notebook=notebook, files=files)


def _locked(grade_id: str, source: str) -> NotebookNode:
    """Return a cell that students do not edit, and that does not run when grading."""
    marks: dict[str, Any] = {"grade_id": grade_id, "schema_version": 3, "locked": True}
    marks |= {"solution": False, "grade": False, "task": False}
    metadata = {"nbgrader": marks, "tags": [Tag.SKIP_GRADING]}
    cell: NotebookNode = nbformat.v4.new_code_cell(source, id=f"release-{grade_id}", metadata=metadata)
    return cell


def _hand_in_text(course: Course, assignment: Assignment, notebook: NotebookNode) -> str:
    """Return what stands above the last cell; with a heading where the author wrote none."""
    has_heading = any(_OWN_HEADING.search(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    name = assignment.name
    edited = " and ".join(f"`{file}`" for file in assignment.files)
    usual = f"the notebook, `{name}.ipynb`, or that zip, as your course asks for."
    if edited:
        usual = f"that zip, or the notebook, `{name}.ipynb`, with {edited}, as your course asks for."
    where = course.hand_in_of(assignment) or usual
    parts = [
        "" if has_heading else "## Hand in",
        f"""\
Save the notebook (Ctrl+S) and run the next cell. It runs all checks once more, shows what is green and what is not
written yet, and packs the notebook{f", with {edited}," if edited else ""} into `{name}_hand_in.zip`.""",
        f"**Where:** {where}",
    ]
    return "\n\n".join(filter(None, parts))


def _hand_in_call(assignment: Assignment, checks: Iterable[Check]) -> str:
    name, edited = assignment.name, json.dumps(list(assignment.files))
    worth: dict[str, list[float]] = {}
    for check in checks:
        of_question = worth.setdefault(check.question, [0.0, 0.0])
        of_question[0] += check.points
        of_question[1] += check.points if check.public else 0
    lines = [f'        "{question}": ({points:g}, {checked:g}),' for question, (points, checked) in worth.items()]
    return "\n".join(
        [
            "from hand_in import hand_in",
            "",
            "hand_in(",
            f'    "{name}",',
            "    grader,",
            "    {  # the points of each question, and how many of them are checked here",
            *lines,
            "    },",
            *([f"    files={edited},"] if assignment.files else []),
            ")",
        ]
    )


def _hand_in_file() -> bytes:
    """Return a copy of the module that the last cell calls."""
    text = Path(__file__).with_name(_HAND_IN.name).read_text(encoding="utf-8")
    return _FOR_OUR_TOOLS.sub("", text).encode()


assert {_README.name, _REQUIREMENTS.name, _HAND_IN.name} == AROUND_NOTEBOOKS, "the grader passes these over"

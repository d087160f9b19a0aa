"""Make the notebook that a grader looks at: our release with a student's answers in it, as nothing that could run.

A page of formgrader shares its origin with the server's API, so that a script of a student's could give points. Of what
was handed in, code is taken as text, words as text in a fence, and of outputs plain text and pictures of known kinds.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.answer_files import answers_in, definitions_in, read_handed_in_files
from autograder.errors import NotebookError
from autograder.feedback.answer_cells import Picture, ShownCell, read_shown_cells
from autograder.notebooks import Cell, Notebook, plan_run, read_notebook
from autograder.own_notebooks import grade_id_of
from autograder.plain_text import plain_lines
from autograder.results import Result, Status

__all__ = ["Marks", "marked_release", "student_copy", "with_file_answers"]

_WIDTH = 100
_MOST = 50_000
"""Characters of one answer."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Where points and comments of each question stand, by question: names of cells in the release."""

    grade_cells: Mapping[str, str]
    comment_cells: Mapping[str, str]
    points: Mapping[str, float]
    kinds: Mapping[str, str]
    """`code` or `markdown`: what the cell with the points is."""
    tasks: frozenset[str] = field(default_factory=frozenset)


def marked_release(release: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """Return the release with nbgrader's marks for what is worth points there."""
    question_of = {cell: question for question, cell in marks.grade_cells.items()}
    cells = []
    for cell in release["cells"]:
        name = grade_id_of(cell)
        if name:
            nbgrader = {**cell["metadata"]["nbgrader"], "schema_version": 3, "cell_type": cell["cell_type"]}
            is_task = name in marks.tasks
            nbgrader["grade"] = name in question_of and not is_task
            nbgrader["task"] = is_task
            nbgrader.pop("points", None)
            if name in question_of:
                nbgrader["points"] = marks.points[question_of[name]]
            cell = {**cell, "metadata": {**cell["metadata"], "nbgrader": nbgrader}}  # noqa: PLW2901 - a marked copy
        cells.append(cell)
    return {**release, "cells": cells}


def with_file_answers(release: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the release with a solution cell for each answer in a file, by question, where its check is called."""
    cells = list(release["cells"])
    for question, source in answers.items():
        called = next((n for n, cell in enumerate(cells) if grade_id_of(cell) == f"check-{question}"), len(cells))
        flags = {"solution": True, "locked": False, "grade": False, "task": False}
        metadata = {"nbgrader": {"schema_version": 3, "grade_id": question, **flags}}
        cell = {"cell_type": "code", "id": f"file-{question}", "metadata": metadata, "source": source}
        cells.insert(called, {**cell, "outputs": [], "execution_count": None})
    return {**release, "cells": cells}


def student_copy(
    release: Mapping[str, Any], ours: Sequence[Cell], notebook: Path | None, result: Result
) -> dict[str, Any]:
    """Return the marked release with what a student answered; `ours` are the code cells of the source."""
    try:
        theirs = read_notebook(notebook) if notebook is not None else None
    except NotebookError:
        theirs = None
    if theirs is None or notebook is None or result.status == Status.INVALID:
        said = (
            f"Nothing could be graded here: {result.reason}" if result.reason else "The notebook is not there any more."
        )
        return {**release, "cells": [_words("unreadable", said), *release["cells"]]}
    shown = {cell.number - 1: cell for cell in read_shown_cells(notebook, result)}
    code, extras = _code_by_question(ours, theirs)
    for file in read_handed_in_files(notebook.parent, result.files):
        found = answers_in(file.text, definitions_in(file.text))
        code = {**{name: _Code(index=-1, source=source) for name, source in found.items()}, **code}
    texts, below = _texts(theirs)
    cells = [*_extra_cells(extras.get("", ()), shown)]
    for cell in release["cells"]:
        name = grade_id_of(cell)
        nbgrader = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and nbgrader.get("solution") and name in code:
            answer = code[name]
            cells.append({**cell, "source": _text(answer.source), "outputs": _outputs(shown.get(answer.index))})
        elif nbgrader.get("solution") and name in texts:
            cells.append({**cell, "source": _fenced(texts[name])})
        else:
            cells.append({**cell, **({"outputs": []} if cell["cell_type"] == "code" else {})})
        if name and name in below:
            cells.extend(_words(f"below-{len(cells)}", one) for one in below[name])
        cells.extend(_extra_cells(extras.get(name, ()) if name else (), shown))
    return {**release, "cells": cells}


@dataclass(frozen=True, kw_only=True)
class _Code:
    index: int
    source: str


def _code_by_question(ours: Sequence[Cell], theirs: Notebook) -> tuple[dict[str, _Code], dict[str, list[_Code]]]:
    """Return the student's code as grading matched it: by question, and their own cells by the one that they follow."""
    answers: dict[str, _Code] = {}
    extras: dict[str, list[_Code]] = {}
    anchor = ""
    for planned in plan_run(ours, theirs.cells, ""):
        anchor = planned.grade_id or anchor
        if planned.index < 0:
            continue
        code = _Code(index=planned.index, source=planned.source)
        if planned.grade_id:
            answers[planned.grade_id] = code
        else:
            extras.setdefault(anchor, []).append(code)
    return answers, extras


def _texts(theirs: Notebook) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return written answers by question, and what stands below each task."""
    texts: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    task = ""
    for cell in sorted((*theirs.cells, *theirs.texts), key=lambda cell: cell.index):
        if cell.grade_id:
            task = cell.grade_id if cell.task else ""
            if cell.kind != "code" and not cell.task:
                texts[cell.grade_id] = cell.source
        elif task and cell.kind != "code" and cell.source.strip():
            below.setdefault(task, []).append(cell.source)
    return texts, below


def _extra_cells(extras: Sequence[_Code], shown: Mapping[int, ShownCell]) -> Iterator[dict[str, Any]]:
    for extra in extras:
        yield {
            "cell_type": "code",
            "id": f"own-{extra.index}",
            "metadata": {},
            "source": _text(extra.source),
            "outputs": _outputs(shown.get(extra.index)),
            "execution_count": None,
        }


def _words(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _fenced(text)}


def _fenced(text: str) -> str:
    """Return text that Markdown shows letter by letter: the fence is longer than any in it."""
    lines = [
        part
        for line in _text(text).splitlines()
        for part in (textwrap.wrap(line, _WIDTH, drop_whitespace=False) if len(line) > _WIDTH else [line])
    ]
    fence = "`" * (3 + max((len(found) for found in re.findall("`+", text)), default=0))
    return "\n".join((fence, *lines, fence))


def _text(text: str) -> str:
    kept = plain_lines(text[:_MOST])
    return kept + "\n# … the rest is not shown here" if len(text) > _MOST else kept


def _outputs(cell: ShownCell | None) -> list[dict[str, Any]]:
    return [
        {"output_type": "display_data", "metadata": {}, "data": {one.kind: one.base64}}
        if isinstance(one, Picture)
        else {"output_type": "stream", "name": "stdout", "text": one}
        for one in (cell.outputs if cell is not None else ())
    ]

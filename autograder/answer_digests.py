"""Tell whether a student's answer is still the one that a person has judged: a digest of its cell's source."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.errors import NotebookError
from autograder.notebooks import Cell, plan_run, read_notebook

__all__ = ["answer_digests"]


def answer_digests(ours: Sequence[Cell], notebook: Path) -> Mapping[str, str]:
    """Return the digest of each answer in a notebook that was handed in, by question; none of what cannot be read.

    `ours` are the code cells of the source. White space at the ends of lines and around the answer counts for nothing;
    all else that a person may have judged does, comments too.
    """
    try:
        theirs = read_notebook(notebook)
    except NotebookError:
        return {}
    planned = plan_run(ours, theirs.cells, "")
    sources = {cell.grade_id: cell.source for cell in planned if cell.grade_id and cell.index >= 0}
    task = ""
    for cell in sorted((*theirs.cells, *theirs.texts), key=lambda cell: cell.index):
        if cell.grade_id:
            task = cell.grade_id if cell.task else ""
            sources[cell.grade_id] = "" if task else cell.source
        elif task and cell.source.strip():  # the answer to a task is in the cells below it
            sources[task] += f"\n{cell.source}"
    return {question: _digest(source) for question, source in sources.items()}


def _digest(source: str) -> str:
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

"""Find the cells that each answer is made of, and tell by a digest whether it is still the one that a person judged."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.answer_files import HandedInFile, answers_in, definitions_in, read_handed_in_files
from autograder.errors import NotebookError
from autograder.notebooks import Cell, Notebook, plan_run, read_notebook

__all__ = ["AnswerCell", "answer_cells", "answer_digest", "answer_digests"]


@dataclass(frozen=True, kw_only=True)
class AnswerCell:
    """One cell of an answer; but for tasks an answer has one."""

    index: int
    """Position among all cells of the notebook that was handed in, from 0; -1 for a piece of a file beside it."""
    source: str
    is_code: bool = True
    file: str = ""
    """The file that it stands in, "" for the notebook."""


def answer_digests(ours: Sequence[Cell], notebook: Path, files: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the digest of each answer in a notebook that was handed in, by question; none of what cannot be read.

    `ours` are the code cells of the source, `files` the names of those beside it that students edit. White space at
    the ends of lines and around the answer counts for nothing; all else that a person may have judged does, comments
    too.
    """
    try:
        theirs = read_notebook(notebook)
    except NotebookError:
        return {}
    beside = read_handed_in_files(notebook.parent, files)
    return {question: answer_digest(cells) for question, cells in answer_cells(ours, theirs, beside).items()}


def answer_cells(
    ours: Sequence[Cell], theirs: Notebook, files: Sequence[HandedInFile] = ()
) -> Mapping[str, Sequence[AnswerCell]]:
    """Return the cells of each answer in a notebook that was handed in, and in files beside it, by question."""
    planned = plan_run(ours, theirs.cells, "")
    found = {
        cell.grade_id: [AnswerCell(index=cell.index, source=cell.source)]
        for cell in planned
        if cell.grade_id and cell.index >= 0
    }
    task = ""
    for cell in sorted((*theirs.cells, *theirs.texts), key=lambda cell: cell.index):
        one = AnswerCell(index=cell.index, source=cell.source, is_code=cell.kind == "code")
        if cell.grade_id:
            task = cell.grade_id if cell.task else ""
            found[cell.grade_id] = [] if task else [one]
        elif task and cell.source.strip():  # the answer to a task is in the cells below it
            found[task].append(one)
    for file in files:
        for name, source in answers_in(file.text, definitions_in(file.text)).items():
            found.setdefault(name, [AnswerCell(index=-1, source=source, file=file.name)])
    return found


def answer_digest(cells: Sequence[AnswerCell]) -> str:
    """Return the digest of an answer."""
    source = "\n".join(cell.source for cell in cells)
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

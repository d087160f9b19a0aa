"""Read what students wrote for an assignment, as text alone: their own code by question, without what was given.

A notebook is hostile input: nothing of it runs, and of a huge one only the beginning is read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from autograder.answer_files import answers_in, definitions_in, read_handed_in_files, read_text
from autograder.cell_code import names_imported, statements
from autograder.errors import NotebookError
from autograder.grading.submissions import Submission, find_submissions, read_bytes
from autograder.notebooks import Cell, plan_run, read_cells
from autograder.plain_text import plain_lines
from autograder.similar.code_tokens import Token, read_tokens, runs

__all__ = ["LeftOut", "Part", "Template", "Work", "read_part", "read_template", "read_works"]

_MOST_OF_A_CELL = 20_000
_MOST_OF_A_NOTEBOOK = 100_000
"""Characters that are read."""
_RECORD = ".collected.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One cell that a student wrote."""

    question: str
    """"" for a cell of the student's own."""
    number: int
    """As JupyterLab's users count cells: from 1, text cells too; 0 for a piece of a file."""
    text: str
    """Fit to be shown."""
    tokens: Sequence[Token]
    runs: Sequence[int]
    file: str = ""
    """The file beside the notebook that it stands in, "" for a cell."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one student, or a group that handed in together, wrote for the assignment."""

    students: tuple[str, ...]
    folder: Path
    """Of the class: what holds the students' folders."""
    parts: tuple[Part, ...]
    cut: bool = False
    """Whether it is so long that only its beginning was read."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A submission that is not compared, and why."""

    student: str
    folder: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """What everybody was given."""

    cells: Sequence[Cell]
    files: Mapping[str, Mapping[str, str]]
    """The files that students edit: by name what they define, by its name."""
    names: frozenset[str]
    """What its code imports and defines: no student chose these names."""
    runs: frozenset[int]


def read_template(release: Path, files: Sequence[str] = ()) -> Template:
    """Return what a release's notebook, and files beside it, give; raise NotebookError where it cannot be read."""
    cells = read_cells(release)
    texts = {name: read_text(release.parent / name) for name in files}
    sources = [*(cell.source for cell in cells), *texts.values()]
    given = [statement for source in sources for statement in statements(source)]
    defined = {name for statement in given if (name := getattr(statement, "name", ""))}
    names = frozenset({*names_imported(given), *defined, *(cell.grade_id for cell in cells)})
    return Template(
        cells=cells,
        files={name: answers_in(text, definitions_in(text)) for name, text in texts.items()},
        names=names,
        runs=frozenset(run for source in sources for run in runs(read_tokens(source, names))),
    )


def read_part(source: str, template: Template, *, question: str = "", number: int = 0, file: str = "") -> Part:
    """Return the code of a cell, or of a piece of a file, as it is compared and shown."""
    text = plain_lines(source[:_MOST_OF_A_CELL])
    tokens = read_tokens(text, template.names)
    return Part(question=question, number=number, text=text, tokens=tokens, runs=runs(tokens), file=file)


def read_works(folder: Path, assignment: str, template: Template) -> tuple[list[Work], list[LeftOut]]:
    """Return what was written by each student in `folder`, and what cannot be read.

    Who handed in together, as `collect` has recorded it, has one work. Raise AutograderError where there is nothing.
    """
    works: dict[str, Work] = {}
    left_out: list[LeftOut] = []
    for submission in find_submissions(folder, assignment, release=template.cells):
        try:
            work = _read_work(submission, folder, template)
        except NotebookError as error:
            left_out.append(LeftOut(student=submission.student, folder=folder, reason=str(error)))
            continue
        key = _delivery(submission) or submission.student
        known = works.get(key)
        works[key] = replace(known, students=(*known.students, *work.students)) if known else work
    return list(works.values()), left_out


def _read_work(submission: Submission, folder: Path, template: Template) -> Work:
    """Return one student's work; raise NotebookError that says why it cannot be read."""
    if submission.problem:
        raise NotebookError(submission.problem)
    parts: list[Part] = []
    length, cut = 0, False
    written = [
        (question, number, "", source) for question, number, source in _written(submission.notebook, template.cells)
    ]
    written += _written_in_files(submission.notebook.parent, template)
    for question, number, file, source in written:
        room = min(_MOST_OF_A_CELL, _MOST_OF_A_NOTEBOOK - length)
        cut = cut or len(source) > room
        length += min(len(source), room)
        if room > 0:
            parts.append(read_part(source[:room], template, question=question, number=number, file=file))
    return Work(students=(submission.student,), folder=folder, parts=tuple(parts), cut=cut)


def _written(notebook: Path, release: Sequence[Cell]) -> Iterator[tuple[str, int, str]]:
    """Yield the question, the number and the source of each cell that a student wrote, as grading would run them."""
    given = {(cell.grade_id, cell.source) for cell in release}
    for cell in plan_run(release, read_cells(notebook), ""):
        if cell.index >= 0 and not cell.untouched and (cell.grade_id, cell.source) not in given:
            yield cell.grade_id, cell.index + 1, cell.source


def _written_in_files(folder: Path, template: Template) -> Iterator[tuple[str, int, str, str]]:
    """Yield the name, 0, the file and the source of what a student defined in files beside the notebook."""
    for file in read_handed_in_files(folder, template.files):
        given = template.files[file.name]
        for name, source in answers_in(file.text, definitions_in(file.text)).items():
            if given.get(name) != source:
                yield (name if name in given else ""), 0, file.name, source


def _delivery(submission: Submission) -> str:
    """Return what tells one delivery from another, of those that `collect` gave to every member of a group; else ""."""
    record, content = (read_bytes(path) for path in (submission.notebook.parent / _RECORD, submission.notebook))
    try:
        said = json.loads(record or b"null")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict) or not said.get("from") or content is None:
        return ""
    return "\0".join(str(said.get(key)) for key in ("source", "from", "digest")) + sha256(content).hexdigest()

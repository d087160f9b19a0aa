"""Read what a class answered: results, and the notebook of each attempt that counts; read again only where it changed.

A notebook is hostile input: nothing of it runs, and what is shown of it is plain text and PNG pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from autograder.answer_digests import AnswerCell, answer_cells, answer_digest
from autograder.answer_files import read_handed_in_files
from autograder.errors import NotebookError
from autograder.feedback.answer_cells import Picture, shown_lines, shown_outputs
from autograder.notebooks import Cell, read_with_outputs
from autograder.results import Result, kept_notebook_path, read_result
from autograder.settlement import Settlement
from autograder.similar.works import read_template

__all__ = ["Answer", "ClassAnswers", "ShownAnswerCell", "read_shown_answer"]

_PNG = "image/png"
_OTHER_PICTURE = "[A picture that is no PNG is not shown here.]"
_Stamp = tuple[int, int, int]
_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One student's answer to a question."""

    digest: str
    """Of its source: what adjustments know it by; "" where the notebook has no such answer."""
    cells: tuple[AnswerCell, ...] = ()
    outputs: str = ""
    """The digest of what its cells show, as they were handed in."""

    @property
    def is_code(self) -> bool:
        """Say whether there is code in it."""
        return any(cell.is_code for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class ShownAnswerCell:
    """One cell of an answer, fit to be shown."""

    number: int
    """As JupyterLab's users count cells: from 1; 0 for a piece of a file."""
    is_code: bool
    text: str
    file: str = ""
    """The file that it stands in, "" for the notebook."""
    outputs: tuple[str | Picture, ...] = ()


NO_ANSWER = Answer(digest="")


@dataclass
class _Kept(Generic[_Value]):
    """What was made from files, as long as they are the same."""

    values: dict[Path, tuple[object, _Value]] = field(default_factory=dict)

    def get(self, path: Path, stamp: object, make: Callable[[Path], _Value]) -> _Value:
        known = self.values.get(path)
        if known is None or known[0] != stamp:
            known = self.values[path] = (stamp, make(path))
        return known[1]


class ClassAnswers:
    """The results and answers of one assignment, by student."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._results = _Kept[Result]()
        self._answers = _Kept[Mapping[str, Answer]]()
        self._names = _Kept[frozenset[str]]()

    def read(self, settlement: Settlement) -> Sequence[tuple[Result, Mapping[str, Answer]]]:
        """Return each result as its file has it, with its answers by question; raise ResultError for what is none."""
        found = []
        for path in sorted((settlement.results / settlement.assignment.name).glob("*.json")):
            with self._lock:
                result = self._results.get(path, _stamp(path), read_result)
            kept = kept_notebook_path(settlement.results, result.assignment, result.student, result.attempt)
            found.append((result, self._answers_in(settlement.source.cells, kept, settlement.assignment.files)))
        return found

    def names_given(self, settlement: Settlement) -> frozenset[str]:
        """Return the names that everybody was given with the release; none where there is none that can be read."""
        release = settlement.course.release_notebook(settlement.assignment.name)
        with self._lock:
            files = settlement.assignment.files
            return self._names.get(release, _stamp(release), lambda path: _names_in(path, files))

    def digests(self, ours: Sequence[Cell], notebook: Path, files: Sequence[str] = ()) -> Mapping[str, str]:
        """Return what `answer_digests` does."""
        return {question: answer.digest for question, answer in self._answers_in(ours, notebook, files).items()}

    def _answers_in(self, ours: Sequence[Cell], notebook: Path, files: Sequence[str]) -> Mapping[str, Answer]:
        stamp = (_stamp(notebook), *(_stamp(notebook.parent / name) for name in files), hash(tuple(ours)))
        with self._lock:
            return self._answers.get(notebook, stamp, lambda path: _read_answers(ours, path, files))


def read_shown_answer(notebook: Path, cells: Sequence[AnswerCell]) -> Sequence[ShownAnswerCell]:
    """Return the cells of an answer with what they show; without it where the notebook can no longer be read."""
    try:
        _, outputs = read_with_outputs(notebook)
    except NotebookError:
        outputs = {}
    return [
        ShownAnswerCell(
            number=cell.index + 1,
            is_code=cell.is_code,
            file=cell.file,
            text="\n".join(shown_lines(cell.source)),
            outputs=tuple(map(_only_png, shown_outputs(outputs.get(cell.index)))),
        )
        for cell in cells
    ]


def _names_in(release: Path, files: Sequence[str]) -> frozenset[str]:
    try:
        return read_template(release, files).names
    except NotebookError:
        return frozenset()


def _read_answers(ours: Sequence[Cell], notebook: Path, files: Sequence[str]) -> Mapping[str, Answer]:
    try:
        theirs, outputs = read_with_outputs(notebook)
    except NotebookError:
        return {}
    return {
        question: Answer(
            digest=answer_digest(cells),
            cells=tuple(cells),
            outputs=sha256(repr([shown_outputs(outputs.get(cell.index)) for cell in cells]).encode()).hexdigest(),
        )
        for question, cells in answer_cells(ours, theirs, read_handed_in_files(notebook.parent, files)).items()
    }


def _only_png(output: str | Picture) -> str | Picture:
    return _OTHER_PICTURE if isinstance(output, Picture) and output.kind != _PNG else output


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

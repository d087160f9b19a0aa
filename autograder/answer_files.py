"""Know the files beside a notebook that students edit: which answers stand in them, and what was handed in.

A file that was handed in is hostile input: it is read as text and compared, never run or followed here.
"""

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.cell_code import statements
from autograder.errors import NotebookError
from autograder.notebook_files import read_file
from autograder.own_notebooks import solution_regions

__all__ = [
    "HandedInFile",
    "answers_in",
    "answers_in_files",
    "definitions_in",
    "fill_in_file",
    "fill_in_files",
    "imported_answers",
    "read_handed_in_files",
    "read_text",
]

_MOST_BYTES = 2**20
_COMMENT = re.compile(r"[ \t]+#|### END SOLUTION")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, kw_only=True)
class HandedInFile:
    """A file that a student was to edit and to hand in."""

    name: str
    content: bytes | None = field(repr=False)
    """None: there is none that can be graded, and the release's stays in its place."""
    problem: str = ""
    """For the student: why there is none, and what to do."""

    @property
    def text(self) -> str:
        """Return what it holds as text, "" for nothing."""
        return (self.content or b"").decode("utf-8", "replace")


def read_handed_in_files(folder: Path, names: Iterable[str]) -> tuple[HandedInFile, ...]:
    """Return the files of these names from the folder of a submission, as far as they are ordinary and not too large.

    `names` are the course's own, without folders, so that none leads out of it; no link is followed.
    """
    return tuple(_read(folder / name) for name in names)


def _read(path: Path) -> HandedInFile:
    try:
        return HandedInFile(name=path.name, content=read_file(path, _MOST_BYTES))
    except NotebookError as error:
        sentence = str(error).rstrip(".")
        instead = "until then the file that you were given is graded in its place."
        return HandedInFile(name=path.name, content=None, problem=f"{sentence}: {instead}")


def read_text(path: Path) -> str:
    """Return the text of a file of our own; "" where it is not there."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def definitions_in(text: str) -> dict[str, range]:
    """Return the lines, from 0, of each function and class at a file's top level; of a name's several the last."""
    lines = text.splitlines()
    return {
        node.name: range(
            min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1,
            _with_comments(lines, node.end_lineno or node.lineno),
        )
        for node in statements(text)
        if isinstance(node, _DEFINITIONS)
    }


def _with_comments(lines: Sequence[str], end: int) -> int:
    """Return where a definition ends whose last statement ends here: behind the indented comments that follow."""
    for number in range(end, len(lines)):
        if _COMMENT.match(lines[number]):
            end = number + 1
        elif lines[number].strip():
            break
    return end


def answers_in(text: str, questions: Iterable[str] | None = None) -> dict[str, str]:
    """Return the definitions that answer some questions, as they stand in a file; None: those with solution regions."""
    lines = text.splitlines()
    pieces = {name: "\n".join(lines[inside.start : inside.stop]) for name, inside in definitions_in(text).items()}
    wanted = {*questions} if questions is not None else {name for name, one in pieces.items() if solution_regions(one)}
    return {name: piece for name, piece in pieces.items() if name in wanted}


def answers_in_files(folder: Path, names: Iterable[str], questions: Collection[str] | None = None) -> dict[str, str]:
    """Return what `answers_in` does, of files of our own in a folder together."""
    texts = [read_text(folder / name) for name in names]
    return {question: piece for text in texts for question, piece in answers_in(text, questions).items()}


def imported_answers(source: str, file: str, answers: Collection[str]) -> list[str]:
    """Return which of the answers in a file a cell imports under their own names, in the file's order."""
    names = {
        alias.name
        for statement in statements(source)
        if isinstance(statement, ast.ImportFrom) and statement.level == 0 and f"{statement.module}.py" == file
        for alias in statement.names
        if alias.asname in (None, alias.name)
    }
    return [name for name in answers if name in names or "*" in names]


def fill_in_files(folder: Path, names: Sequence[str], answers: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a release with the answers by question; what is left out keeps its stub."""
    return {name: fill_in_file(read_text(folder / name), answers) for name in names}


def fill_in_file(text: str, answers: Mapping[str, str]) -> str:
    """Return a file with other definitions in the place of those that answer some questions."""
    lines = text.splitlines()
    for question, inside in sorted(definitions_in(text).items(), key=lambda one: -one[1].start):
        if question in answers:
            lines[inside.start : inside.stop] = answers[question].splitlines()
    return "\n".join(lines) + "\n"

"""Derive from the files that students edit what they get and what is for after the deadline, and refuse what cannot be.

An answer in such a file is a question, as one in a solution cell is. It stands inside a function or class of the file,
for which it is named, and a given cell of the notebook imports that name, so that checks can ask for it.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

from autograder.answer_files import answers_in, fill_in_file, imported_answers, read_text
from autograder.authoring.notebook import NamedStubs
from autograder.authoring.source_cells import misspelt_marker
from autograder.cell_code import statements
from autograder.course import CONFIG_NAME, Assignment
from autograder.errors import BuildError, NotebookError
from autograder.notebooks import Cell, Tag
from autograder.own_notebooks import SolutionRegion, solution_regions, todos, without_task

__all__ = ["EditedFile", "questions_of", "read_edited_files", "verify_edited_files"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, kw_only=True)
class EditedFile:
    """One file that students edit, as its author wrote it."""

    name: str
    text: str
    answers: Mapping[str, str]
    """The functions and classes with an answer in them, by question."""

    @property
    def release(self) -> bytes:
        """Return the file that students get: a stub in the place of each answer, as in solution cells."""
        stubs = {question: _stub(question, source) for question, source in self.answers.items()}
        return fill_in_file(self.text, stubs).encode()

    @property
    def solution(self) -> bytes:
        """Return the file for after the deadline: the answers, without the TODOs and markers."""
        return (without_task(self.text) + "\n").encode()


def _stub(question: str, source: str) -> str:
    marks = {"schema_version": 3, "grade_id": question, "solution": True, "grade": False, "locked": False}
    cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": {**marks, "task": False}})
    stubbed, _ = NamedStubs().preprocess_cell(cell, {"language": "python"}, 0)
    return str(stubbed.source)


def read_edited_files(folder: Path, assignment: Assignment) -> list[EditedFile]:
    """Return the files that an assignment's students edit; raise BuildError for what no stub can be made of."""
    files = []
    for name in assignment.files:
        where = f"source/{assignment.name}/{name}"
        if not (folder / name).is_file():
            raise BuildError(
                f"{CONFIG_NAME}: assignment {assignment.name!r} has no {where}, which its `files` name; write it, or "
                "take the name out."
            )
        text = read_text(folder / name)
        for problem in _problems(text):
            raise BuildError(f"{where}{problem}")
        files.append(EditedFile(name=name, text=text, answers=answers_in(text)))
    return files


def _problems(text: str) -> Iterator[str]:
    """Yield what is wrong with the markers of a file, to be read behind its name."""
    if line := misspelt_marker(text):
        yield (
            f": `{line}` marks nothing, and students would read the answer; write ### BEGIN SOLUTION … "
            "### END SOLUTION."
        )
    try:
        regions = solution_regions(text)
    except NotebookError as error:
        yield f", {str(error).rstrip('.')}; put ### BEGIN SOLUTION before each answer, and ### END SOLUTION behind it."
        return
    if not regions:
        yield (
            ": no answer stands in it; put ### BEGIN SOLUTION … ### END SOLUTION around each, or take the file out of "
            f"`files` in {CONFIG_NAME}."
        )
    inside = {
        line
        for statement in statements(text)
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
        for node in ast.walk(statement)
        if isinstance(node, _FUNCTIONS)
        for line in range(node.lineno, node.end_lineno or 0)
    }
    for region in regions:
        yield from _problems_of(region, inside)


def _problems_of(region: SolutionRegion, inside: Collection[int]) -> Iterator[str]:
    place = f", line {region.lines.start}"
    if not region.text.strip():
        yield (
            f"{place}: no answer stands between ### BEGIN SOLUTION and ### END SOLUTION; put it there, lest students "
            "get it."
        )
    elif not _lines_of_code(region) <= {*inside}:
        yield (
            f"{place}: an answer in a file must stand inside a function or method, since a stub elsewhere would raise "
            "as soon as the file is imported; move the markers into one."
        )


def _lines_of_code(region: SolutionRegion) -> set[int]:
    lines = zip(region.lines, region.text.splitlines(), strict=True)
    return {number for number, line in lines if line.strip() and not line.lstrip().startswith("#")}


def questions_of(where: str, files: Sequence[EditedFile], cells: Sequence[Cell]) -> list[Cell]:
    """Return the questions that checks judge, in the notebook's order: its solution cells, and the answers in files.

    An answer in a file is where it is imported first, with the tags of that cell. Raise BuildError where none imports
    it, or two answers have one name; `where` is the notebook.
    """
    found: dict[str, Cell] = {}
    homes: dict[str, str] = {}
    for cell in cells:
        if cell.solution and not cell.by_hand:
            found[cell.grade_id] = cell
            homes.pop(cell.grade_id, None)
        elif not cell.solution and not cell.tags & {Tag.SKIP_GRADING, Tag.SOLUTION_ONLY}:
            for file in files:
                for question in imported_answers(cell.source, file.name, file.answers):
                    answer = replace(cell, grade_id=question, source=file.answers[question], solution=True)
                    if found.setdefault(question, answer) is answer:
                        homes[question] = file.name
    _verify_homes(where, files, homes, found)
    return list(found.values())


def _verify_homes(where: str, files: Sequence[EditedFile], homes: Mapping[str, str], found: Mapping[str, Cell]) -> None:
    """Raise BuildError for an answer in a file that nothing imports, or that is called as another answer is."""
    for file in files:
        for question in file.answers:
            place = f"{Path(where).parent}/{file.name} ({question})"
            if question not in found:
                raise BuildError(
                    f"{place}: no given cell of the notebook that runs when grading imports it, for checks to ask for; "
                    f"write `from {Path(file.name).stem} import {question}` in one."
                )
            if homes.get(question) != file.name:
                raise BuildError(f"{place}: another answer has that name; rename one of them.")


def verify_edited_files(
    folder: str, files: Sequence[EditedFile], questions: Sequence[Cell], public_questions: Collection[str]
) -> None:
    """Raise BuildError for the first answer in a file that breaks the contract; `folder` is the source's."""
    tags = {cell.grade_id: cell.tags for cell in questions}
    for file in files:
        for question, source in file.answers.items():
            place = f"{folder}/{file.name} ({question})"
            if len(todos(source)) < len(solution_regions(source)) and Tag.NO_TODO not in tags[question]:
                raise BuildError(
                    f"{place}: say in a `# TODO:` comment before each answer what is to be written, or tag the cell "
                    f"that imports it {Tag.NO_TODO}."
                )
            if question not in public_questions and Tag.NO_PUBLIC_CHECK not in tags[question]:
                raise BuildError(
                    f"{place}: the question has no public check, and students could not try their answer; mark one "
                    f"@pytest.mark.public, or tag the cell that imports it {Tag.NO_PUBLIC_CHECK}."
                )

"""What is left of a foreign notebook once it is taken apart: cells that stay, and what its checks are made of."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

from autograder.cell_code import defined_names, names_bound, statements, words

__all__ = ["TakenApart", "TestCell", "note_names", "question_for"]


@dataclass(frozen=True, kw_only=True)
class TestCell:
    """A cell of tests."""

    place: str
    grade_id: str
    points: float
    visible: str
    whole: str
    """With the hidden tests."""
    above: Sequence[tuple[str, frozenset[str]]]
    """The questions above it, nearest last, and the names that each defines."""
    rule: str = ""
    """What students are told where it fails; "" where its author says nothing."""
    unsure: str = ""
    """Why it is left as it was, where that is known before its names are looked at."""
    as_it_was: tuple[str, str] | None = None
    """`visible` and `whole` before anything was changed in them; None where nothing was."""


@dataclass(kw_only=True)
class TakenApart:
    """The notebooks of an assignment as one, and what its checks are made of."""

    notebook: NotebookNode | None = None
    files: frozenset[str] = frozenset()
    """The paths of the files that travel with the notebook."""
    tests: list[TestCell] = field(default_factory=list)
    questions: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """What cells define that stay in the notebook, and what they import of the assignment's own files."""
    imports: dict[str, str] = field(default_factory=dict)
    """The import of each other name that the notebook imports."""
    code: list[ast.stmt] = field(default_factory=list)
    """The statements of the cells that stay in the notebook."""
    nameless: str = ""
    """The place of the last answer, where that defines no name; "" where it does."""
    notes: list[str] = field(default_factory=list)


def note_names(found: TakenApart, source: str) -> None:
    """Note what a cell that stays in the notebook defines and imports."""
    code = statements(source)
    found.code += code
    imports = [node for node in code if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        for alias in node.names:
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            [name] = names_bound([alias])
            if f"{module.partition('.')[0]}.py" in found.files:
                found.names.add(name)
            else:
                found.imports[name] = ast.unparse(node)
    found.names |= set(names_bound(node for node in code if node not in imports)) | {
        name for name in defined_names(source) if name.isidentifier()
    }


def question_for(test: TestCell) -> str:
    """Return the nearest question above whose names a cell of tests uses, else the nearest; "" for none."""
    used = words(test.whole)
    return next((name for name, names in reversed(test.above) if used & names), test.above[-1][0] if test.above else "")

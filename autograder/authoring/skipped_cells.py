"""Refuse what answers need in cells that do not run when grading: there, whoever used it would lose points for it."""

import ast
import re
import symtable
from collections.abc import Collection, Iterator, Sequence

from autograder.cell_code import names_bound, statements, words
from autograder.checks.files_named import files_named, names_that_write, writes
from autograder.checks.module_code import names_used
from autograder.errors import BuildError
from autograder.notebooks import Cell, Notebook, Tag

__all__ = ["verify_skipped_cells"]

_FOR_CHECKS = {"grader", "otter", "_"}
"""What a notebook defines for `grader.check`, which does not run either; and what nobody uses."""
_CODE_IN_TEXT = re.compile(r"`(\w+)(?:\([^`\n]*\))?`")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def verify_skipped_cells(where: str, notebook: Notebook, beside: Collection[str] = ()) -> None:
    """Raise BuildError for the first cell tagged skip-grading that makes what answers use, or might.

    `beside` are the names of the files beside the notebook.
    """
    running = [cell for cell in notebook.cells if Tag.SKIP_GRADING not in cell.tags and _is_given_out(cell)]
    there = {name for cell in running for name in names_bound(statements(cell.source))}
    told = {name for text in notebook.texts if _is_given_out(text) for name in _CODE_IN_TEXT.findall(text.source)}
    told -= {name for cell in running for name in words(cell.source)}  # a parameter of an answer, most often
    written = _files_written(notebook, running) - {*beside}
    for cell in notebook.cells:
        if Tag.SKIP_GRADING not in cell.tags:
            continue
        if files := written & files_named(statements(cell.source)):
            raise BuildError(
                f"{where}, cell {cell.index + 1}: it is tagged {Tag.SKIP_GRADING} and writes {min(files)!r}, which a "
                "cell that runs asks for; take the tag away, or put the file beside the notebook."
            )
        for name, why in _needed(cell, running, told):
            if name not in there | _FOR_CHECKS:
                raise BuildError(
                    f"{where}, cell {cell.index + 1}: it is tagged {Tag.SKIP_GRADING} and defines {name!r}, {why}; "
                    "define that in a cell of its own that runs."
                )


def _files_written(notebook: Notebook, running: Sequence[Cell]) -> set[str]:
    """Return the files that skipped cells write, by functions of the notebook's too, and that others read alone."""
    code = [(cell, statement) for cell in notebook.cells for statement in statements(cell.source)]
    writing = names_that_write([statement for _, statement in code])
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for cell, statement in code:
        if writes([statement]) or not writing.isdisjoint(names_used([statement], with_fixtures=False)):
            found[cell in running] |= files_named([statement])
    return (found[False] - found[True]) & files_named([statement for cell, statement in code if cell in running])


def _is_given_out(cell: Cell) -> bool:
    return Tag.SOLUTION_ONLY not in cell.tags


def _needed(cell: Cell, running: Sequence[Cell], told: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what a skipped cell defines that others need, and who does."""
    code = statements(cell.source)
    bound = dict.fromkeys(names_bound(code))
    for other in running:
        for name in bound:
            if name in _names_from_outside(other):
                what = f"the answer to {other.grade_id!r}" if other.solution else f"cell {other.index + 1}"
                yield name, f"which {what} uses"
    for statement in code:
        if isinstance(statement, _DEFINITIONS):
            yield statement.name, "which an answer may call"
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from ((name, "of which the text tells students") for name in names_bound([statement]) if name in told)


def _names_from_outside(cell: Cell) -> set[str]:
    """Return the names that a cell uses and does not define itself: an answer wherever in it, ours when it runs.

    A function of ours may be for skipped cells alone, and use what these define.
    """
    body = ast.Module(body=list(statements(cell.source)), type_ignores=[])
    table = symtable.symtable(ast.unparse(body), "cell", "exec")
    return set(_global_uses(table, within=cell.solution)) - set(names_bound(body.body))


def _global_uses(table: symtable.SymbolTable, *, within: bool) -> Iterator[str]:
    at_top = table.get_type() == "module"
    yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (at_top or s.is_global()))
    for inner in table.get_children() if within else ():
        yield from _global_uses(inner, within=within)

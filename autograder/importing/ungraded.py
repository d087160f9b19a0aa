"""Make cells of an answer that nobody judges: what students fill in, and the solution for after the deadline."""

from collections.abc import Iterator

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.notebooks import Tag

__all__ = ["PLACE_FOR_WORDS", "ungraded_code", "ungraded_words"]

PLACE_FOR_WORDS = "_Type your answer here, replacing this text._"


def ungraded_code(shown: str, solution: str = "") -> Iterator[NotebookNode]:
    """Yield a cell of code that students fill in, and one with the solution, where there is one."""
    yield _tagged(nbformat.v4.new_code_cell(shown), Tag.SKIP_GRADING)
    if solution:
        yield _tagged(nbformat.v4.new_code_cell(solution), Tag.SOLUTION_ONLY, Tag.SKIP_GRADING)


def ungraded_words(shown: str, solution: str = "") -> Iterator[NotebookNode]:
    """Yield a cell of text that students fill in, and one with the solution, where there is one."""
    yield nbformat.v4.new_markdown_cell(shown)
    if solution:
        yield _tagged(nbformat.v4.new_markdown_cell(solution), Tag.SOLUTION_ONLY)


def _tagged(cell: NotebookNode, *tags: str) -> NotebookNode:
    cell.metadata["tags"] = [str(tag) for tag in tags]
    return cell

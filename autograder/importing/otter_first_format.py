"""Write the blocks of otter's first format, inside of text cells and named in comments of code, as its second has them.

```                     a raw cell `# BEGIN QUESTION`, with the settings
BEGIN QUESTION          the cell below it, between `# BEGIN SOLUTION` and `# END SOLUTION`
name: q1                the cells `# TEST` and `# HIDDEN TEST` below that, between `# BEGIN TESTS` and `# END TESTS`
```
"""

import copy
import re
from collections.abc import Iterator, Sequence

import nbformat
from nbformat.notebooknode import NotebookNode

__all__ = ["Placed", "with_blocks"]

Placed = tuple[str, NotebookNode]
"""A cell and its place, for sentences."""
_FENCE = re.compile(
    r"^```[ \t]*\n[ \t]*BEGIN (QUESTION|ASSIGNMENT)[ \t]*\n(.*?)^```[ \t]*$\n?",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_TEST = re.compile(r"(?:##\s*(hidden\s+)?test\s*##|#\s*(hidden\s+)?test\b)[^\n]*\n?", re.IGNORECASE)
_SOLUTION = re.compile(r"(?:<strong>|\*\*)solution:?(?:</strong>|\*\*):?", re.IGNORECASE)


def with_blocks(cells: Sequence[Placed]) -> Sequence[Placed]:
    """Return the cells of a notebook in otter's first format with raw cells around blocks, any other's as they are."""
    if not any(cell.cell_type == "markdown" and _FENCE.search(cell.source) for _, cell in cells):
        return cells
    return list(_written_anew([(place, copy.deepcopy(cell)) for place, cell in cells]))


def _written_anew(cells: list[Placed]) -> Iterator[Placed]:
    while cells:
        place, cell = cells.pop(0)
        fence = _FENCE.search(cell.source) if cell.cell_type == "markdown" else None
        if fence is None:
            yield place, cell
            continue
        if fence[1].upper() == "ASSIGNMENT":
            yield place, _raw(f"# ASSIGNMENT CONFIG\n{fence[2]}")
        else:
            yield place, _raw(f"# BEGIN QUESTION\n{fence[2]}")
        cell.source = (cell.source[: fence.start()] + cell.source[fence.end() :]).strip("\n")
        if cell.source:
            yield place, cell
        if fence[1].upper() == "QUESTION":
            yield from _answer(cells)
            yield from _between("TESTS", list(_tests(cells)))
            yield place, _raw("# END QUESTION")


def _answer(cells: list[Placed]) -> Iterator[Placed]:
    """Yield the answer that the next cells begin with, in code or in words, with what students find in its place."""
    first, *others = [cell for _, cell in cells[:2]] or [_raw("")]
    is_prompt = first.cell_type == "markdown" and not _is_solution(first) and not _FENCE.search(first.source)
    if is_prompt and others and _is_solution(others[0]):
        yield from _between("PROMPT", [cells.pop(0)])
    if (cells and _is_solution(cells[0][1])) or (
        cells and cells[0][1].cell_type == "code" and not _TEST.match(cells[0][1].source)
    ):
        yield from _between("SOLUTION", [cells.pop(0)])


def _is_solution(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and _SOLUTION.search(cell.source) is not None


def _tests(cells: list[Placed]) -> Iterator[Placed]:
    while cells and cells[0][1].cell_type == "code" and (mark := _TEST.match(cells[0][1].source)):
        place, cell = cells.pop(0)
        cell.source = "# HIDDEN\n" * bool(mark[1] or mark[2]) + cell.source[mark.end() :]
        yield place, cell


def _between(block: str, cells: Sequence[Placed]) -> Iterator[Placed]:
    if cells:
        yield cells[0][0], _raw(f"# BEGIN {block}")
        yield from cells
        yield cells[-1][0], _raw(f"# END {block}")


def _raw(source: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_raw_cell(source.rstrip("\n"))
    return cell

"""Change Python source at a node of its syntax tree, with comments and layout around it left as they are."""

import ast
from collections.abc import Sequence

__all__ = ["indentation", "replaced", "replaced_each", "statement_lines"]

_Located = ast.expr | ast.stmt | ast.keyword


def replaced(source: str, node: _Located, text: str) -> str:
    """Return the source with the node's text replaced."""
    lines = source.splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    before = "".join(lines[: node.lineno - 1]) + lines[node.lineno - 1].encode()[: node.col_offset].decode()
    after = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode() + "".join(lines[node.end_lineno :])
    return before + text + after


def replaced_each(source: str, nodes: Sequence[_Located], text: str) -> str:
    """Return the source with the text of each node replaced; none of them lies in another."""
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        source = replaced(source, node, text)
    return source


def statement_lines(node: ast.stmt) -> range:
    """Return the numbers of the statement's lines, from 0."""
    return range(node.lineno - 1, node.end_lineno or node.lineno)


def indentation(node: ast.stmt) -> str:
    """Return the spaces that the statement begins with."""
    return " " * node.col_offset

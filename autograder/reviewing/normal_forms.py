"""Bring answers into a form that is the same for equivalent ones: another layout, other names, comments, white space.

Nothing of an answer runs. What is renamed is what the answer itself binds; what it takes from elsewhere, attributes,
keywords and texts stay, so that two answers of one form do the same. Code that does not parse keeps all its names.
"""

import ast
import builtins
import re
from collections.abc import Collection
from functools import lru_cache
from hashlib import sha256

from autograder.cell_code import names_bound, parse
from autograder.similar.code_tokens import read_tokens

__all__ = ["normal_code", "normal_prose"]

_BUILTINS = frozenset(dir(builtins))
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_INDENTED = re.compile(r"[ \t]*")


@lru_cache(maxsize=20_000)
def normal_code(source: str, known: frozenset[str]) -> str:
    """Return the digest of code's form; `known` are the names that its author could not choose."""
    try:
        form = _normal_tree(parse(source), known)
    except (SyntaxError, RecursionError, MemoryError):
        form = _normal_tokens(source)
    return sha256(form.encode("utf-8", "replace")).hexdigest()[:16]


def normal_prose(text: str) -> str:
    """Return the digest of a written answer's form: white space and upper case count for nothing."""
    return sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).hexdigest()[:16]


def _normal_tree(tree: ast.Module, known: Collection[str]) -> str:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    own = {name for node in ast.walk(tree) for name in _bound(node)} - _BUILTINS - set(known)
    own -= {name for node in ast.walk(tree) for name in _reached_otherwise(node)}
    return ast.dump(_Renamed(own).visit(tree))


def _bound(node: ast.AST) -> Collection[str]:
    """Return the names that a node binds and that can be renamed where they stand."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            return (name,)
        case ast.Module(body=body) | ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            # What stands in a class is an attribute, and called by its name elsewhere
            return [one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        case ast.alias(asname=str(name)):
            return (name,)
    return ()


def _reached_otherwise(node: ast.AST) -> Collection[str]:
    """Return names that mean something where they are not a name by themselves: keywords, and attributes of classes."""
    if isinstance(node, ast.keyword):
        return (node.arg or "",)
    if isinstance(node, ast.ClassDef):
        return set(names_bound(node.body))
    return ()


class _Renamed(ast.NodeTransformer):
    """Give names numbers, in the order in which they come."""

    def __init__(self, own: Collection[str]) -> None:
        self._own = own
        self._numbers: dict[str, str] = {}
        self._in_class = False

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._number(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._number(node.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._number(node.name)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = node.asname and self._number(node.asname)
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._number(name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._number(name) for name in node.names]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._visit_definition(node, is_class=True)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_definition(node)

    def _visit_definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, *, is_class: bool = False
    ) -> ast.AST:
        if not self._in_class:
            node.name = self._number(node.name)
        outer, self._in_class = self._in_class, is_class
        self.generic_visit(node)
        self._in_class = outer
        return node

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"#{len(self._numbers)}") if name in self._own else name


def _normal_tokens(source: str) -> str:
    """Return the form of what is no Python: its tokens as they are written, each line's first with its indentation."""
    said, line_before = [], -1
    for token in read_tokens(source):
        line = source.count("\n", 0, token.start)
        if line != line_before:
            start = source.rfind("\n", 0, token.start) + 1
            indented = _INDENTED.match(source, start)
            said.append(f"\n{indented.group() if indented else ''}")
            line_before = line
        said.append(source[token.start : token.end])
    return "\0".join(said)

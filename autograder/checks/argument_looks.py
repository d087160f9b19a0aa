"""Find out whether a check looks at an argument after the student's code had it: `sort(xs)` and `assert xs == [1, 2]`.

Where what is asserted comes from the student's results too, the argument is what the right answer is computed from,
and is none of what the check looks at.
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["looks_at_arguments"]

_STUDENT = "student"
_ASKS = ("assert", "equal", "close")
"""What is in the name of a function that asserts something."""


@functools.lru_cache(maxsize=1000)
def looks_at_arguments(function: Callable[..., Any]) -> bool:
    """Return whether a check asserts something of an argument that it has given to the student's code before."""
    try:
        code = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    theirs = _theirs(code)
    given: dict[str, int] = {}
    for node in ast.walk(code):
        if isinstance(node, ast.Call) and _root(node.func) in theirs:
            for value in (*node.args, *(one.value for one in node.keywords)):
                if isinstance(value, ast.Name):
                    given[value.id] = min(node.lineno, given.get(value.id, node.lineno))
    return any(_looks(part, given, theirs) for part in _asserted(code))


def _theirs(code: ast.AST) -> set[str]:
    """Return the names of what comes from the student's code."""
    theirs, before = {_STUDENT}, 0
    while len(theirs) > before:
        before = len(theirs)
        for node in ast.walk(code):
            if isinstance(node, ast.Assign | ast.For | ast.comprehension | ast.NamedExpr | ast.withitem):
                targets = node.targets if isinstance(node, ast.Assign) else [_target(node)]
                source = _source(node)
                if source is not None and theirs & _names(source):
                    theirs |= {name for target in targets if target is not None for name in _names(target)}
    return theirs


def _target(node: ast.For | ast.comprehension | ast.NamedExpr | ast.withitem) -> ast.expr | None:
    return node.optional_vars if isinstance(node, ast.withitem) else node.target


def _source(node: ast.Assign | ast.For | ast.comprehension | ast.NamedExpr | ast.withitem) -> ast.expr | None:
    if isinstance(node, ast.withitem):
        return node.context_expr
    return node.iter if isinstance(node, ast.For | ast.comprehension) else node.value


def _asserted(code: ast.AST) -> Iterator[ast.expr]:
    """Yield what is asserted, each part of an `and` by itself."""
    for node in ast.walk(code):
        waiting: list[ast.expr] = []
        if isinstance(node, ast.Assert | ast.If):
            waiting = [node.test]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            asks = any(word in ast.unparse(node.value.func) for word in _ASKS)
            waiting = [node.value] if asks else []
        while waiting:
            part = waiting.pop()
            if isinstance(part, ast.BoolOp):
                waiting += part.values
            elif isinstance(part, ast.UnaryOp):
                waiting.append(part.operand)
            else:
                yield part


def _looks(part: ast.expr, given: dict[str, int], theirs: set[str]) -> bool:
    found = {name for name in _names(part) & given.keys() if part.lineno >= given[name]}
    if isinstance(part, ast.Compare) and any(isinstance(one, ast.Is | ast.IsNot) for one in part.ops):
        return any(isinstance(one, ast.Name) and one.id in found - theirs for one in (part.left, *part.comparators))
    return bool(found - theirs) and not theirs & _names(part)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _root(node: ast.expr) -> str:
    """Return the name that a chain of attributes, indices and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""

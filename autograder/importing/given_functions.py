"""Have a function that a test gives to the student's made in the student's process, where it gets what is no data."""

import ast
import builtins
import copy
import re
from collections.abc import Iterable, Mapping

__all__ = ["found_there", "made_there", "short_functions"]


def short_functions(code: Iterable[ast.stmt]) -> Mapping[str, ast.Lambda]:
    """Return the functions of a test that are one expression, by the names that are bound once."""
    found: dict[str, ast.Lambda] = {}
    bound: list[str] = []
    for node in (inner for one in code for inner in ast.walk(one)):
        if isinstance(node, ast.FunctionDef):
            bound.append(node.name)
            first = node.body[0]
            if len(node.body) == 1 and isinstance(first, ast.Return) and first.value and not node.decorator_list:
                found[node.name] = ast.Lambda(_without_hints(node.args), first.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.append(node.id)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            found |= {one.id: node.value for one in node.targets if isinstance(one, ast.Name)}
    return {name: one for name, one in found.items() if bound.count(name) == 1}


def _without_hints(arguments: ast.arguments) -> ast.arguments:
    copied = copy.deepcopy(arguments)
    for node in ast.walk(copied):
        if isinstance(node, ast.arg):
            node.annotation = None
    return copied


def made_there(function: ast.Lambda, origins: Mapping[str, str]) -> ast.expr | None:
    """Return the expression that makes a function in the student's process; None where it needs more.

    What it may use are its own parameters, Python's own names and what is imported, by its `origins`.
    """
    text = ast.unparse(function)
    bound = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
    bound |= {one.id for one in ast.walk(function) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    imported = _Imported(origins, bound)
    source = ast.Constant(ast.unparse(imported.visit(ast.parse(text, mode="eval").body)))
    if imported.unknown:
        return None
    return ast.Call(ast.parse("library.builtins.eval", mode="eval").body, [source], [])


def found_there(node: ast.expr, origins: Mapping[str, str]) -> ast.expr | None:
    """Return how something of Python's own, or of a package, is called in the student's process; None for all else."""
    name, dot, rest = ast.unparse(node).partition(".")
    if not re.fullmatch(r"[\w.]*", rest):
        return None
    if name in origins:
        return ast.parse(f"library.{origins[name]}{dot}{rest}", mode="eval").body
    return ast.parse(f"library.builtins.{name}", mode="eval").body if hasattr(builtins, name) and not rest else None


class _Imported(ast.NodeTransformer):
    """Put imports in the place of imported names."""

    def __init__(self, origins: Mapping[str, str], bound: set[str]) -> None:
        self._origins = origins
        self._bound = bound
        self.unknown = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._bound:
            return node
        if node.id in self._origins:
            module, _, name = self._origins[node.id].rpartition(".")
            text = f"__import__({module!r}, fromlist=[{name!r}]).{name}" if module else f"__import__({name!r})"
            return ast.parse(text, mode="eval").body
        self.unknown |= not hasattr(builtins, node.id)
        return node

"""Tell which names a cell of tests binds for itself alone, though the notebook has things of these names too."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from autograder.cell_code import names_bound
from autograder.importing.plain_values import bound_anywhere, names_in

__all__ = ["own_names"]

_SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def own_names(code: Sequence[ast.stmt], notebook: Sequence[ast.stmt], theirs: AbstractSet[str]) -> AbstractSet[str]:
    """Return which of `theirs`, names of the notebook's, a test means something of its own by, and nobody sees it.

    These are parameters, what comprehensions go through, and what it binds before it reads it, where no other code of
    the notebook's reads it.
    """
    rebound = set(names_bound(code)) & theirs
    inner = {name for node in code for name in bound_anywhere(node)} & theirs - rebound
    everywhere = Counter(_occurrences(code))
    scoped = Counter(name for node in code for name in _in_scopes(node, frozenset()))
    read = {name for node in notebook for name in names_in(node) - set(names_bound([node]))}
    read |= {
        name for node in notebook for scope in ast.walk(node) if isinstance(scope, _SCOPES) for name in _free(scope)
    }
    return {name for name in inner if everywhere[name] == scoped[name]} | {
        name for name in rebound - read if _binds_first(code, name)
    }


def _occurrences(code: Iterable[ast.AST]) -> Iterator[str]:
    return (one.id for node in code for one in ast.walk(node) if isinstance(one, ast.Name))


def _in_scopes(node: ast.AST, bound: AbstractSet[str]) -> Iterator[str]:
    """Yield the names in functions and comprehensions that these bind themselves."""
    if isinstance(node, _SCOPES):
        bound = bound | _bound_in(node)
    if isinstance(node, ast.Name) and node.id in bound:
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _in_scopes(child, bound)


def _bound_in(scope: ast.AST) -> set[str]:
    return set(bound_anywhere(scope)) - ({scope.name} if isinstance(scope, ast.FunctionDef) else set())


def _free(scope: ast.AST) -> set[str]:
    return names_in(scope) - _bound_in(scope)


def _binds_first(code: Iterable[ast.stmt], name: str) -> bool:
    """Return whether the first statement that has a name binds it, and does not read it before."""
    first = next(node for node in code if name in names_in(node))
    if isinstance(first, ast.Assign):
        return name not in names_in(first.value)
    return isinstance(first, ast.For) and name in names_in(first.target) and name not in names_in(first.iter)

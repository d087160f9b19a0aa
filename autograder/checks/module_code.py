"""Say what code of a module of checks is made of: which statement defines which name, and what uses what.

Both the export of public checks and the fingerprint of results go by it, so that what a check needs is one thing.
"""

import ast
from collections.abc import Iterable, Iterator

__all__ = ["ModuleCode", "names_bound", "names_used"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class ModuleCode:
    """The top level of a module. Raises SyntaxError or ValueError where it does not parse."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.statements = ast.parse(source).body
        self._defining: dict[str, list[ast.stmt]] = {}
        for statement in self.statements:
            for name in names_bound(statement):
                self._defining.setdefault(name, []).append(statement)

    @property
    def always(self) -> list[ast.stmt]:
        """Return what runs whichever check is asked for: statements that define nothing, autouse fixtures, no text."""
        return [s for s in self.statements if not _is_text(s) and not list(names_bound(s))]

    def defining(self, name: str) -> list[ast.stmt]:
        """Return the statements that define a name, in their order."""
        return self._defining.get(name, [])

    def closure(self, names: Iterable[str], *, with_fixtures: bool) -> list[tuple[str, ast.stmt]]:
        """Return what names need of the module, and that needs: each name with a statement that defines it, in order.

        `with_fixtures` is for what pytest runs, see `names_used`.
        """
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._defining:
                found.add(name)
                waiting.extend(names_used(self._defining[name], with_fixtures=with_fixtures))
        pairs = [(name, statement) for name in found for statement in self._defining[name]]
        return sorted(pairs, key=lambda pair: (pair[1].lineno, pair[1].col_offset, pair[0]))

    def text(self, statement: ast.stmt) -> str:
        """Return a statement as it was written, decorators included."""
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        return "\n".join(self.source.splitlines()[first - 1 : statement.end_lineno])


def names_bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement defines for checks to use; none where it does something in any case."""
    if isinstance(statement, _Definition):
        if not any("autouse" in ast.unparse(decorator) for decorator in statement.decorator_list):
            yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names if alias.name != "*")
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def names_used(nodes: Iterable[ast.AST], *, with_fixtures: bool) -> Iterator[str]:
    """Yield every name in some code; with fixtures also parameters and texts, by either of which pytest finds them."""
    for node in (node for root in nodes for node in ast.walk(root)):
        if isinstance(node, ast.Name):
            yield node.id
        elif with_fixtures and isinstance(node, ast.arg):
            yield node.arg
        elif with_fixtures and isinstance(node, ast.Constant):
            yield from [node.value] if isinstance(node.value, str) and node.value.isidentifier() else []


def _is_text(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)

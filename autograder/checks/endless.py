"""Know functions of a notebook that did not come to an end, and the cells that call them again."""

import ast
from collections.abc import Iterator, Sequence

__all__ = ["EndlessFunctions"]


class EndlessFunctions:
    """The functions in which a cell was interrupted for want of time, by what the notebook's source says of them."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._calls: dict[str, set[str]] | None = None
        self._names: set[str] = set()

    def add(self, source: str, line: int) -> None:
        """Note the top-level function or class of a cell, if any, to which a line of it belongs."""
        for statement in _statements(source):
            if isinstance(statement, _DEFINITIONS) and statement.lineno <= line <= (statement.end_lineno or 0):
                self._names.add(statement.name)

    def are_called_by(self, source: str) -> bool:
        """Return whether running a cell may call one, by itself or through functions of the notebook."""
        if not self._names:
            return False
        if self._calls is None:
            whole = [statement for text in self._sources for statement in _statements(text)]
            self._calls = {one.name: set(_names(one)) for one in whole if isinstance(one, _DEFINITIONS)}
        waiting = [
            name
            for statement in _statements(source)
            if not isinstance(statement, _DEFINITIONS)
            for name in _names(statement)
        ]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in self._names:
                return True
            if name not in seen:
                seen.add(name)
                waiting += self._calls.get(name, ())
        return False


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _statements(source: str) -> Sequence[ast.stmt]:
    """Return a cell's statements; none of one with `%magic` or a slip, which is then taken to call nothing."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _names(node: ast.AST) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))

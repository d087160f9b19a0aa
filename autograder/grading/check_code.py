"""Read what each check of an assignment is made of, so that a change to one check is told from a change to all.

A check is made of its own function and of whatever that uses in its file: helpers, constants, fixtures, imports.
Comments, blank lines and the place in the file are nothing that a result could depend on.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CheckCode", "read_check_code"]

_TEST_FILES = "test_*.py"
_STUDENT = "student"
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, kw_only=True)
class CheckCode:
    """One check, as far as results depend on it."""

    id: str
    """`<test file>::<function>`, without the parameters of a parametrised one."""
    digest: str
    face: str
    """Digest of what a result shows of the check whatever the answer: its marks and its hint."""
    names: frozenset[str] | None
    """The names that it asks of the student's notebook; None where reading the code does not tell."""


def read_check_code(folder: Path, modules: Mapping[str, str]) -> Sequence[CheckCode]:
    """Return the checks in `folder`, by file and place; `modules` are the digests of the other modules beside them.

    A file that does not parse counts as one check, `<test file>::`.
    """
    return [check for path in sorted(folder.glob(_TEST_FILES)) for check in _File(path, modules).checks()]


class _File:
    """A test file: its top-level definitions by name, and what runs whichever check is asked for."""

    def __init__(self, path: Path, modules: Mapping[str, str]) -> None:
        self._path = path
        self._modules = modules
        self._text = path.read_text(encoding="utf-8", errors="replace")
        self._defined: dict[str, list[ast.stmt]] = {}
        self._always: list[ast.stmt] = []

    def checks(self) -> Iterator[CheckCode]:
        try:
            tree = ast.parse(self._text)
        except (SyntaxError, ValueError):
            yield CheckCode(id=f"{self._path.name}::", digest=_digest(self._text), face="", names=None)
            return
        for statement in tree.body:
            names = list(_names_bound(statement))
            for name in names:
                self._defined.setdefault(name, []).append(statement)
            if not names and not _is_text(statement):
                self._always.append(statement)
        marks = self._defined.get("pytestmark", [])
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name.lower().startswith("test"):
                parts = self._closure([*self._always, *marks, statement])
                others = [part for part in parts if part is not statement]
                hint = ast.get_docstring(statement) or ""
                face = [*map(ast.unparse, [*marks, *statement.decorator_list]), hint]
                yield CheckCode(
                    id=f"{self._path.name}::{statement.name}",
                    digest=_digest(*map(ast.unparse, [statement, *others]), *self._imported(parts)),
                    face=_digest(*face),
                    names=_asked_of_student(parts),
                )

    def _closure(self, roots: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return the statements with all that they use of the file's, and that uses, in a fixed order."""
        found: dict[int, ast.stmt] = {}
        waiting = list(roots)
        while waiting:
            statement = waiting.pop()
            if id(statement) in found:
                continue
            found[id(statement)] = statement
            for name in _names_used(statement):
                waiting.extend(self._defined.get(name, ()))
        return sorted(found.values(), key=lambda statement: statement.lineno)

    def _imported(self, parts: Sequence[ast.stmt]) -> list[str]:
        """Return the digests of the modules beside the file where one is imported; they may import each other."""
        asked = {
            name.split(".")[0]
            for part in parts
            for node in ast.walk(part)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        return (
            [f"{name} {digest}" for name, digest in sorted(self._modules.items())] if asked & {*self._modules} else []
        )


def _is_text(statement: ast.stmt) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _names_bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement defines for checks to use; none where it does something in any case."""
    if isinstance(statement, _Definition):
        if not any("autouse" in ast.unparse(decorator) for decorator in statement.decorator_list):
            yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names if alias.name != "*")
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _names_used(statement: ast.stmt) -> Iterator[str]:
    """Yield every name in a statement, those of parameters too: pytest finds fixtures by them, or by a mark's text."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def _asked_of_student(parts: Sequence[ast.stmt]) -> frozenset[str] | None:
    """Return the names that the code looks up in the notebook; None where `student` goes where that is not seen."""
    local = {part.name: part for part in parts if isinstance(part, ast.FunctionDef)}
    names, understood = set(), set()
    for node in (node for part in parts for node in ast.walk(part)):
        if isinstance(node, ast.Attribute) and _is_student(node.value):
            names.add(node.attr)
            understood.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in local:
            parameters = [argument.arg for argument in local[node.func.id].args.args]
            given = zip(parameters, node.args, strict=False)
            understood.update(id(value) for parameter, value in given if parameter == _STUDENT)
    handed_on = any(_is_student(node) and id(node) not in understood for part in parts for node in ast.walk(part))
    return None if handed_on or not names else frozenset(names)


def _is_student(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == _STUDENT


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16]

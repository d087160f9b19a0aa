"""Read what each check of an assignment is made of, so that a change to one check is told from a change to all.

A check is made of its own function and of whatever that uses in its file: helpers, constants, fixtures, imports.
Comments, blank lines and the place in the file are nothing that a result could depend on.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.checks.module_code import ModuleCode, names_used

__all__ = ["CheckCode", "read_check_code"]

_TEST_FILES = "test_*.py"
_STUDENT = "student"


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
    return [check for path in sorted(folder.glob(_TEST_FILES)) for check in _checks_in(path, modules)]


def _checks_in(path: Path, modules: Mapping[str, str]) -> Iterator[CheckCode]:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        code = ModuleCode(text)
    except (SyntaxError, ValueError):
        yield CheckCode(id=f"{path.name}::", digest=_digest(text), face="", names=None)
        return
    marks = code.defining("pytestmark")
    for statement in code.statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name.lower().startswith("test"):
            parts = _with_all_that_they_use(code, [*code.always, *marks, statement])
            others = [part for part in parts if part is not statement]
            hint = ast.get_docstring(statement) or ""
            face = [*map(ast.unparse, [*marks, *statement.decorator_list]), hint]
            yield CheckCode(
                id=f"{path.name}::{statement.name}",
                digest=_digest(*map(ast.unparse, [statement, *others]), *_imported(parts, modules)),
                face=_digest(*face),
                names=_asked_of_student(parts),
            )


def _with_all_that_they_use(code: ModuleCode, roots: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements with all that they use of the file's, and that uses, in the file's order."""
    used = code.closure(names_used(roots, with_fixtures=True), with_fixtures=True)
    parts = {id(statement): statement for statement in (*roots, *(statement for _, statement in used))}
    return sorted(parts.values(), key=lambda statement: (statement.lineno, statement.col_offset))


def _imported(parts: Sequence[ast.stmt], modules: Mapping[str, str]) -> list[str]:
    """Return the digests of the modules beside the file where one is imported; they may import each other."""
    asked = {
        name.split(".")[0]
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
    }
    return [f"{name} {digest}" for name, digest in sorted(modules.items())] if asked & {*modules} else []


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

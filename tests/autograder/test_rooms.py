"""Imports run one way: authoring knows nothing of grading, grading nothing of reporting, student code's side of nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "autograder"
FOUNDATION = {"errors", "course", "results", "notebooks", "mnist", "plain_text", "__init__"}
MAY_IMPORT = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    "sandbox": {"sandbox"},
    "checks": {*FOUNDATION, "checks", "sandbox"},
    "build": {*FOUNDATION, "build", "checks"},
    "grading": {*FOUNDATION, "grading", "checks", "sandbox"},
    "validate": {*FOUNDATION, "validate", "build", "checks", "grading"},
    "simulate": {*FOUNDATION, "simulate", "grading", "validate"},
    "report": {"errors", "results", "plain_text", "report"},
    "bench": {*FOUNDATION, "bench", "checks", "sandbox"},
    "doctor": {"grading", "sandbox"},
    "cli": {*FOUNDATION, "bench", "build", "checks", "doctor", "grading", "report", "simulate", "validate"},
    "__main__": {"cli"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [node.module or ""]
        yield from (name for name in names if name.split(".")[0] == "autograder")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path):
    own = room(path.relative_to(PACKAGE).parts)
    for name in imported(path):
        other = name.split(".")[1] if "." in name else "__init__"
        assert other in MAY_IMPORT[own], f"{own} must not import {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py"], ids=lambda p: p.parent.name)
def test_an_init_holds_imports_and_names_only(path):
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        assert isinstance(statement, ast.Expr | ast.Import | ast.ImportFrom | ast.Assign), ast.unparse(statement)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for_and_what_it_offers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if tree.body:
        assert ast.get_docstring(tree)
        assert any("__all__" in ast.unparse(statement) for statement in tree.body)

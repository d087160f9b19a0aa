"""Imports run one way: authoring knows nothing of grading, grading nothing of reporting, student code's side of nothing."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "autograder"
FOUNDATION = {
    "atomic_files",
    "errors",
    "roster",
    "extras",
    "course",
    "config_problem",
    "results",
    "question_scores",
    "late_policy",
    "extensions",
    "course_tables",
    "lateness",
    "points",
    "adjustments",
    "adjusting",
    "answer_digests",
    "answer_files",
    "settlement",
    "first_cause",
    "notebook_files",
    "notebook_formats",
    "cell_code",
    "notebooks",
    "own_notebooks",
    "datasets",
    "mnist",
    "plain_text",
    "__init__",
}
SANDBOX = {"sandbox/outside", "sandbox/shared"}
"""What the trusted side may import of the sandbox: nothing that runs inside."""
MAY_IMPORT = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    "sandbox": {"sandbox/shared"},
    "sandbox/shared": {"sandbox/shared"},
    "sandbox/inside": {"sandbox/inside", "sandbox/shared"},
    "sandbox/outside": {"sandbox/outside", "sandbox/shared"},
    "checks": {*FOUNDATION, "checks", *SANDBOX},
    "authoring": {*FOUNDATION, "authoring", "checks"},
    "collecting": {*FOUNDATION, "collecting", "grading"},
    "importing": {*FOUNDATION, "authoring", "importing"},
    "grading": {*FOUNDATION, "console", "grading", "checks", *SANDBOX},
    "validate": {*FOUNDATION, "console", "validate", "authoring", "checks", "grading", *SANDBOX},
    "simulate": {*FOUNDATION, "simulate", "grading", "validate"},
    "report": {*FOUNDATION, "checks", "console", "grading", "pages", "report"},
    "feedback": {*FOUNDATION, "feedback", "grading", "pages"},
    "exporting": {*FOUNDATION, "exporting", "feedback"},
    "serving": {
        *(*FOUNDATION, *SANDBOX),
        *("checks", "feedback", "grading", "pages", "report", "reviewing", "serving", "similar"),
    },
    "reviewing": {*FOUNDATION, "feedback", "reviewing", "similar"},
    "gradebook": {*FOUNDATION, "feedback", "gradebook", "grading"},
    "similar": {*FOUNDATION, "grading", "pages", "similar"},
    "pages": {"plain_text"},
    "acceptance": {*FOUNDATION, "acceptance", "doctor", "grading", *SANDBOX},
    "bench": {*FOUNDATION, "bench", "checks", *SANDBOX},
    "doctor": {"course", "extras", "grading", *SANDBOX},
    "console": {"plain_text"},
    "options": {"course"},
    "result_schema": {"results"},
    "commands": {
        *FOUNDATION,
        *(
            "acceptance",
            "authoring",
            "bench",
            "checks",
            "collecting",
            "console",
            "doctor",
            "exporting",
            "feedback",
            "gradebook",
        ),
        *("grading", "importing", "options", "report", "serving", "similar", "simulate", "validate", "sandbox/shared"),
    },
    "cli": {"__init__", "console", "errors", "extras", "options"},
    "__main__": {"cli"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(parts: Sequence[str]) -> str:
    """Return the room of a module by the parts of its path: the sandbox has rooms of its own."""
    inner = "/".join(parts[:2]).removesuffix(".py")
    return inner if inner in MAY_IMPORT else parts[0].removesuffix(".py")


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
        other = room(name.split(".")[1:] or ["__init__"])
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

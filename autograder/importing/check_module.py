"""Write the module of checks of an imported assignment, and say which of them are to be looked at."""

import ast
import re
from collections.abc import Sequence

from autograder.cell_code import names_bound, parse, statements
from autograder.errors import BuildError
from autograder.importing.preparing import without_magics
from autograder.importing.rewriting import helpers, rewritten
from autograder.importing.taken_apart import TakenApart, TestCell, question_for
from autograder.importing.unsure import UnsureError

__all__ = ["check_module"]


def check_module(found: TakenApart, name: str, origin: str) -> tuple[str, Sequence[str]]:
    """Return the module's text, and a sentence for each check that is to be looked at; `origin` is whose it was."""
    notes: list[str] = []
    bodies: list[str] = []
    taken: set[str] = set()
    public: set[str] = set()
    earlier: dict[str, ast.stmt] = {}
    for test in found.tests:
        question = question_for(test)
        if not question:
            raise BuildError(f"{test.place}: no answer stands above these tests; put them below the answer they judge.")
        hidden = test.visible != test.whole
        visible, whole = test.as_it_was or (test.visible, test.whole)
        function = _free("test_" + re.sub(r"\W+", "_", test.grade_id or question), taken)
        if test.visible.strip() or not hidden:
            points = 0 if hidden else test.points
            bodies.append(
                _check(found, test, (test.visible, visible), function, (question, points, True), earlier, notes)
            )
            public.add(question)
        if hidden:
            function = _free(f"{function}_hidden", taken)
            bodies.append(
                _check(found, test, (test.whole, whole), function, (question, test.points, False), earlier, notes)
            )
        for node in statements(without_magics(test.whole)):
            if isinstance(node, ast.FunctionDef | ast.Assign | ast.Import | ast.ImportFrom):
                earlier |= dict.fromkeys(names_bound([node]), node)
    for question, _ in found.questions:
        if question not in public:
            function = _free(f"test_{question}_is_there", taken)
            rule, body = f"`{question}` is to be written.", f"assert student.{question} is not None"
            bodies.append(_as_text(function, (question, 0, True), rule, body))
            notes.append(f"{question} had no tests that students see: {function} only asks whether it is there.")
    text = "\n\n\n".join(bodies)
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    imports = sorted({line for one, line in found.imports.items() if one in used})
    head = f'"""Check {name}. Imported from {origin}: `pytest tests/{name}` tries these checks on the solution."""'
    if any("pandas" in line for line in found.imports.values()):  # or a table would be no data here
        imports = sorted({"import pandas", *imports})
    top = f"{head}\n\n" + "\n".join(["import pytest", *imports])
    return "\n\n\n".join([top, *helpers(text), text]) + "\n", notes


def _check(  # noqa: PLR0917 - what one module of checks is made of
    found: TakenApart,
    test: TestCell,
    sources: tuple[str, str],
    function: str,
    marks: tuple[str, float, bool],
    earlier: dict[str, ast.stmt],
    notes: list[str],
) -> str:
    """Return the check of a source, or, where that is not sure to judge as it did, of the source as it was."""
    source, as_it_was = without_magics(sources[0]), sources[1]
    code, reason, in_place = list(statements(source)), "", False
    rule = test.rule or f"The tests of `{marks[0]}`."
    if code and isinstance(code[0], ast.Expr) and isinstance(code[0].value, ast.Constant):
        if isinstance(code[0].value.value, str) and code[0].value.value.strip() and not test.rule:
            rule = " ".join(code[0].value.value.split())
        code = code[1:]
    try:
        if reason := test.unsure or _why_unreadable(source):
            raise UnsureError(reason)  # noqa: TRY301 - as `rewritten` does
        names = found.names - set(found.imports)
        answers = {one for _, defined in found.questions for one in defined}
        body, in_place = rewritten(
            code,
            theirs=names,
            imported=found.imports,
            earlier=earlier,
            files=found.files,
            notebook=found.code,
            answers=answers,
        )
        text = ast.unparse(ast.Module(list(body), []))
    except UnsureError as error:
        reason = str(error)
        lines = "\n".join(f"# {line}" for line in as_it_was.splitlines())
        text = f'{lines}\nraise AssertionError("This check is to be looked at.")'
        notes.append(f"{test.place}: {function} is to be looked at: {reason}.")
    return _as_text(function, marks, rule, text, [*["in_place"] * in_place, *[f"look_at({reason!r})"] * bool(reason)])


def _why_unreadable(source: str) -> str:
    """Return why a cell of tests cannot be rewritten at all, "" where it may be."""
    try:
        parse(source)
    except SyntaxError:
        return "it is no plain Python"
    return "it is no plain Python" if re.search(r"^[ \t]*[%!]", source, re.MULTILINE) else ""


def _as_text(function: str, marks: tuple[str, float, bool], rule: str, body: str, more: Sequence[str] = ()) -> str:
    question, points, public = marks
    lines = [f'@pytest.mark.question("{question}")', f"@pytest.mark.points({points:.15g})"]
    lines += ["@pytest.mark.public"] * public
    lines += [f"@pytest.mark.{mark}" for mark in more]
    inside = "\n".join(f"    {line}" if line else "" for line in [ast.unparse(ast.Constant(rule)), *body.splitlines()])
    fixtures = "student, library" if re.search(r"\blibrary\b", body) else "student"
    return "\n".join([*lines, f"def {function}({fixtures}):", inside])


def _free(name: str, taken: set[str]) -> str:
    number, chosen = 2, name
    while chosen in taken:
        chosen, number = f"{name}_{number}", number + 1
    taken.add(chosen)
    return chosen

"""Plan an assignment of ours out of one of nbgrader's: source, checks, its entry, and what is to be said."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from autograder.authoring.config_entry import UnusualConfigError, entry_text, with_entry
from autograder.authoring.from_notebook import draft_of
from autograder.authoring.new_assignment import NewAssignment
from autograder.authoring.new_files import refuse_existing
from autograder.cell_code import names_bound, parse
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.errors import BuildError
from autograder.importing.nbgrader_cells import TakenApart, TestCell, question_for, take_apart
from autograder.importing.nbgrader_folder import ForeignAssignment, find_assignments
from autograder.importing.rewriting import HELPERS, UnsureError, rewritten

__all__ = ["plan_import"]


def plan_import(course: Course, folder: Path, *, split: bool = False) -> Sequence[NewAssignment]:
    """Return what to write, all assignments of the folder; raise AutograderError for the first thing wrong.

    Several notebooks of an assignment become one, or, with `split`, an assignment each.
    """
    planned: list[NewAssignment] = []
    config = (course.root / CONFIG_NAME).read_bytes()
    for foreign in find_assignments(folder):
        apart = split and len(foreign.notebooks) > 1
        for one in _each_notebook(foreign) if apart else [foreign]:
            new = _plan(course, one)
            try:
                config = with_entry(config, new.assignment)
                new = replace(new, config=config)
            except UnusualConfigError as error:
                entry = entry_text(new.assignment)
                new = replace(new, to_add=f"{CONFIG_NAME} is left as it is: {error} Add to it:\n\n{entry},")
            planned.append(new)
    return planned


def _each_notebook(foreign: ForeignAssignment) -> Iterator[ForeignAssignment]:
    for path in foreign.notebooks:
        yield replace(foreign, name=f"{foreign.name}_{path.stem.replace(' ', '_')}", notebooks=[path])


def _plan(course: Course, foreign: ForeignAssignment) -> NewAssignment:
    name = foreign.name
    refuse_existing(course.source_notebook(name).parent, course.checks_folder(name))
    if any(one.name == name for one in course.assignments):
        raise BuildError(f"{CONFIG_NAME} has an assignment {name!r} already; rename {name}/, then import again.")
    found = take_apart(foreign.notebooks, foreign.delimiters)
    if not found.questions or found.notebook is None:
        raise BuildError(
            f"{foreign.notebooks[0]}: no answer in it is judged by tests, and an assignment here needs one; import all "
            "notebooks of the assignment as one, without --split."
        )
    draft = draft_of(found.notebook, foreign.notebooks[0])
    text, notes = _checks(found, name)
    nbformat.validate(draft.notebook)
    points = sum(test.points for test in found.tests) + draft.by_hand
    if points <= 0:
        raise BuildError(f"{name}: nothing in it is worth points; give some to its cells of tests in nbgrader.")
    title = draft.heading or name.replace("_", " ").capitalize()
    content: str = nbformat.writes(draft.notebook)
    return NewAssignment(
        assignment=Assignment(name=name, title=title, points=points),
        source={Path(f"{name}.ipynb"): content.encode() + b"\n", **foreign.files},
        checks={Path(f"test_{name}.py"): text.encode()},
        questions=tuple(draft.questions),
        config=None,
        notes=(*foreign.notes, *found.notes, *notes),
    )


def _checks(found: TakenApart, name: str) -> tuple[str, Sequence[str]]:
    """Return the module of checks, and a sentence for each that is to be looked at."""
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
        function = _free("test_" + re.sub(r"\W+", "_", test.grade_id or question), taken)
        if test.visible.strip():
            points = 0 if hidden else test.points
            bodies.append(_check(found, test, test.visible, function, (question, points, True), earlier, notes))
            public.add(question)
        if hidden:
            function = _free(f"{function}_hidden", taken)
            bodies.append(_check(found, test, test.whole, function, (question, test.points, False), earlier, notes))
        for node in _code(test.whole):
            if isinstance(node, ast.FunctionDef | ast.Assign | ast.Import | ast.ImportFrom):
                earlier |= dict.fromkeys(names_bound([node]), node)
    for question, _ in found.questions:
        if question not in public:
            function = _free(f"test_{question}_is_there", taken)
            body = [ast.parse(f"assert student.{question} is not None").body[0]]
            bodies.append(
                _as_text(function, (question, 0, True), f"`{question}` is to be written.", ast_text(body), "")
            )
            notes.append(f"{question} had no tests that students see: {function} only asks whether it is there.")
    text = "\n\n\n".join(bodies)
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    imports = sorted({line for one, line in found.imports.items() if one in used})
    head = f'"""Check {name}. Imported from nbgrader: `pytest tests/{name}` tries these checks on the solution."""'
    return "\n\n".join([head, "\n".join(["import pytest", *imports]), "\n" + HELPERS, "\n" + text]) + "\n", notes


def ast_text(body: Sequence[ast.stmt]) -> str:
    """Return statements as text."""
    return ast.unparse(ast.Module(list(body), []))


def _check(  # noqa: PLR0917 - what one module of checks is made of
    found: TakenApart,
    test: TestCell,
    source: str,
    function: str,
    marks: tuple[str, float, bool],
    earlier: dict[str, ast.stmt],
    notes: list[str],
) -> str:
    code, reason = _code(source), ""
    rule = f"The tests of `{marks[0]}`."
    if code and isinstance(code[0], ast.Expr) and isinstance(code[0].value, ast.Constant):
        if isinstance(code[0].value.value, str) and code[0].value.value.strip():
            rule = " ".join(code[0].value.value.split())
        code = code[1:]
    try:
        if not code or re.search(r"^[ \t]*[%!]", source, re.MULTILINE):
            raise UnsureError("it is no plain Python")  # noqa: TRY301 - as `rewritten` does
        names = found.names - set(found.imports)
        text = ast_text(rewritten(code, theirs=names, imported=set(found.imports), earlier=earlier))
    except UnsureError as error:
        reason = str(error)
        lines = "\n".join(f"# {line}" for line in source.splitlines())
        text = f'{lines}\nraise AssertionError("This check is to be looked at.")'
        notes.append(f"{test.place}: {function} is to be looked at: {reason}.")
    return _as_text(function, marks, rule, text, reason)


def _as_text(function: str, marks: tuple[str, float, bool], rule: str, body: str, reason: str) -> str:
    question, points, public = marks
    lines = [f'@pytest.mark.question("{question}")', f"@pytest.mark.points({points:g})"]
    lines += ["@pytest.mark.public"] * public
    lines += [f"@pytest.mark.look_at({reason!r})"] * bool(reason)
    inside = "\n".join(f"    {line}" if line else "" for line in [ast.unparse(ast.Constant(rule)), *body.splitlines()])
    return "\n".join([*lines, f"def {function}(student):", inside])


def _code(source: str) -> list[ast.stmt]:
    try:
        return parse(source).body
    except SyntaxError:
        return []


def _free(name: str, taken: set[str]) -> str:
    number, chosen = 2, name
    while chosen in taken:
        chosen, number = f"{name}_{number}", number + 1
    taken.add(chosen)
    return chosen

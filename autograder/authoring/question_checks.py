"""Hold an assignment's checks against its notebook and its configuration, and refuse what does not fit together."""

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from autograder.cell_code import names_bound, statements
from autograder.checks.catalogue import Check
from autograder.checks.module_code import ModuleCode
from autograder.checks.unwritten import is_unwritten
from autograder.course import CONFIG_NAME, Assignment
from autograder.errors import BuildError
from autograder.notebooks import NO_EXTRA_CREDIT, Cell, Notebook, Tag

__all__ = ["verify_checks", "verify_names"]

_OF_NOTEBOOK = ("student", "reference")
_ROUNDING = 1e-9
"""Room for the sum of floats, no more."""


def verify_checks(
    assignment: Assignment, judged: Sequence[Cell], checks: Sequence[Check], by_hand: Mapping[str, float]
) -> None:
    """Raise BuildError for the first check that cannot do what its author wants of it.

    `judged` are the questions that checks judge, `by_hand` the points of those that a person does.
    """
    folder = f"tests/{assignment.name}"
    questions = {cell.grade_id: cell for cell in judged}
    for problem in (
        *_unfinished(checks, folder),
        *(f"{folder}/{check.id}{text}" for check in checks for text in _unfit(check, assignment, questions, by_hand)),
        *_worth_nothing(checks, questions, assignment.name),
        *_total(assignment, checks, by_hand, folder),
    ):
        raise BuildError(problem)


def _unfinished(checks: Sequence[Check], folder: str) -> Iterator[str]:
    if unwritten := [check.id for check in checks if is_unwritten(check.function)]:
        yield (
            f"{folder}: {len(unwritten)} of {len(checks)} checks are not written yet, first {unwritten[0]}; write it "
            "in the place of `write_this_check(…)`."
        )
    if waiting := [check for check in checks if check.look_at]:
        yield (
            f"{folder}: {len(waiting)} of {len(checks)} checks are to be looked at, first {waiting[0].id} "
            f"({waiting[0].look_at}); make it judge as it should, then take its mark look_at away."
        )


def _unfit(
    check: Check, assignment: Assignment, questions: Mapping[str, Cell], by_hand: Mapping[str, float]
) -> Iterator[str]:
    if check.question in by_hand:
        yield (
            f": {check.question!r} is judged by a person (nbgrader's `grade` is set in its cell); take that away, or "
            "the check."
        )
    elif check.question not in questions:
        near = _nearest(check.question, questions)
        yield f": there is no solution cell {check.question!r}{near}; name one of {[*questions]}."
    elif not check.public and not check.pointed and Tag.NO_POINTS not in questions[check.question].tags:
        yield ": it is hidden and worth nothing; give it @pytest.mark.points(…), or mark it @pytest.mark.public."
    if check.public and "__file__" in check.function.__code__.co_names:
        yield ": a public check has no files beside it at students'; write what it reads into the check."
    total = assignment.budget.total_seconds
    if check.deadline is not None and check.deadline > total:
        yield (
            f": its deadline of {check.deadline:g} seconds is beyond the {total:g} of the whole submission; shorten "
            f"it, or give Budget(total_seconds=…) in {CONFIG_NAME}."
        )


def verify_names(assignment: Assignment, notebook: Notebook, checks: Sequence[Check]) -> None:
    """Raise BuildError for the first name that a check asks of the notebook, and no cell of it defines."""
    running = [cell for cell in notebook.cells if Tag.SKIP_GRADING not in cell.tags]
    if any("import *" in cell.source or "globals()" in cell.source for cell in running):
        return
    of_all = set(_names_of(running))
    of_students = set(_names_of(cell for cell in running if Tag.SOLUTION_ONLY not in cell.tags))
    functions = {s.name for c in running for s in statements(c.source) if isinstance(s, ast.FunctionDef | ast.ClassDef)}
    for check in checks:
        module = ModuleCode(check.path.read_text(encoding="utf-8"))
        for node in (node for f in module.defining(check.function.__name__) for node in ast.walk(f)):
            if isinstance(node, ast.Assert) and _is_asked(node.test) and node.test.attr in functions:
                raise BuildError(
                    f"tests/{assignment.name}/{check.id}, line {node.lineno}: {node.test.attr!r} is a function "
                    "or class, and always true; call it, and assert something of what it returns."
                )
        asked = [node for f in module.defining(check.function.__name__) for node in ast.walk(f) if _is_asked(node)]
        for node in asked:
            bound = of_students if ast.unparse(node.value) == "student" else of_all
            if node.attr not in bound and not node.attr.startswith("__"):
                raise BuildError(
                    f"tests/{assignment.name}/{check.id}, line {node.lineno}: no cell that runs defines "
                    f"{node.attr!r}{_nearest(node.attr, bound)}; ask for a name that an answer or a given cell defines."
                )


def _is_asked(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Return whether a node asks the notebook for a name: `student.X`, `reference.X`."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _OF_NOTEBOOK


def _names_of(cells: Iterable[Cell]) -> Iterator[str]:
    for statement in (statement for cell in cells for statement in statements(cell.source)):
        yield from names_bound([statement])
        yield from (name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names)


def _worth_nothing(checks: Sequence[Check], questions: Mapping[str, Cell], name: str) -> Iterator[str]:
    for question, cell in questions.items():
        of_question = [check for check in checks if check.question == question]
        place = f"source/{name}/{name}.ipynb, cell {cell.index + 1} ({question})"
        if not of_question:
            yield (
                f"{place}: the question has no check, and no answer to it would count; write one with "
                f'@pytest.mark.question("{question}"), or make it a manually graded answer.'
            )
        elif not sum(check.points for check in of_question) and Tag.NO_POINTS not in cell.tags:
            yield (
                f"{place}: all its checks together are worth nothing; give one @pytest.mark.points(…), or tag the "
                f"cell {Tag.NO_POINTS}."
            )


def _total(assignment: Assignment, checks: Sequence[Check], by_hand: Mapping[str, float], folder: str) -> Iterator[str]:
    total = sum(check.points for check in checks) + sum(by_hand.values())
    if abs(total - assignment.points) > _ROUNDING:
        what = "the checks and what a person judges" if by_hand else "the checks"
        beyond = f"; {NO_EXTRA_CREDIT}" if total > assignment.points else ""
        yield (
            f"{folder}: {what} add up to {total:g} points; {CONFIG_NAME} says {assignment.points:g} for "
            f"{assignment.name!r}, so change one of the two{beyond}."
        )


def _nearest(name: str, known: Mapping[str, object] | set[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""

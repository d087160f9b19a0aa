"""Export public checks to otter's test format, so that `grader.check("MLP")` runs them in the student's notebook.

A check's function travels as its author wrote it, with the module's own helpers, constants and imports that it uses and
with what it uses of `autograder.checks.expect` and `watched_training`. Below the checks stands a copy of
`notebook_check`, which runs them on the notebook's namespace and shows what came of it.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

from autograder.checks.catalogue import Check
from autograder.checks.module_code import ModuleCode, names_bound, names_used
from autograder.errors import BuildError

__all__ = ["export_question"]

_FIXTURES = {"student", "library"}
_TRAVELLING = ("autograder.checks.expect", "autograder.checks.watched_training")
"""Modules of ours of which the release holds what a public check uses."""

_HEADER = """\
# Public checks of `{question}`: made by `autograder build` from {origin}.
OK_FORMAT = False

name = {question!r}
points = None
"""

_HOW_THEY_RUN = """\
# From here on all files are alike: how a check is run on your notebook, and how its result is shown.
"""
_NOTEBOOK_CHECK = Path(__file__).with_name("notebook_check.py")
"""Read and not imported: otter takes seconds to load."""
_FOR_OUR_TOOLS = re.compile(r"  # (?:type: ignore|noqa).*")


def export_question(
    question: str,
    checks: Sequence[Check],
    origin: str,
    *,
    worth: float,
    placeholder: str | None = None,
    files: tuple[str, ...] = (),
) -> str:
    """Return the text of otter's test file for one question, of `worth` points; `checks` are its public ones.

    While the notebook's STUDENT_ID is `placeholder`, they fail; None: the question does not depend on it. `files` are
    those beside the notebook that students edit.
    """
    needed: dict[str, None] = {}
    helpers: dict[str, None] = {}
    bodies, cases = [], []
    for number, check in enumerate(checks, 1):
        module = _module(check.path)
        name = getattr(check.function, "__name__", check.id)
        function = _function(module, name, check)
        if not check.id.endswith(f"::{name}"):
            raise BuildError(f"{check.id}: a public check cannot be parametrised; write a loop.")
        for line, is_import in _needed(module, names_used(function.body, with_fixtures=False), check.id):
            (needed if is_import else helpers)[line] = None
        bodies.append(_as_function(module, function, check))
        coverage = _coverage(sum(one.points for one in checks), worth) if number == len(checks) else ""
        cases.append(_as_test_case(function, check, placeholder, coverage, files))
    header = [_HEADER.format(question=question, origin=origin), "\n".join(needed)]
    sections = [*header, *helpers, *bodies, _HOW_THEY_RUN + _notebook_check()]
    text = "\n\n\n".join(section.strip("\n") for section in sections if section)
    _verify_names(text, question, origin)
    return text + "\n\n\n" + "\n".join(cases) + "\n"


def _function(module: ModuleCode, name: str, check: Check) -> ast.FunctionDef:
    statement = next(reversed(module.defining(name)), None)
    if not isinstance(statement, ast.FunctionDef):
        raise BuildError(f"{check.path.name}: the public check {name} must be a plain function of the module.")
    return statement


def _verify_names(text: str, question: str, origin: str) -> None:
    """Raise BuildError where two things of one name meet in the file of a question: the later would hide the other."""
    seen: dict[str, ast.stmt | str] = {}
    for statement in ast.parse(text).body:
        # `import torch` and `import torch.nn` get on well
        is_module = isinstance(statement, ast.Import) and not statement.names[0].asname
        for name in names_bound(statement):
            thing = name if is_module else statement
            if seen.setdefault(name, thing) != thing:
                raise BuildError(
                    f"{origin}: the public checks of {question!r} go into one file, in which {name!r} would stand for "
                    "two things; rename one."
                )


def _needed(module: ModuleCode, names: Iterable[str], check_id: str) -> list[tuple[str, bool]]:
    """Return what `names` need, in the order of the module: (text, whether it is an import)."""
    lines: dict[tuple[str, bool], None] = {}
    for name, statement in module.closure(names, with_fixtures=False):
        if isinstance(statement, ast.ImportFrom) and statement.module in _TRAVELLING:
            path = Path(inspect.getfile(import_module(statement.module)))
            lines |= dict.fromkeys(_needed(_module(path), [name], check_id))
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            lines[_import_line(statement, name, check_id), True] = None
        else:
            lines[module.text(statement), False] = None
    return list(lines)


def _module(path: Path) -> ModuleCode:
    return ModuleCode(path.read_text(encoding="utf-8"))


def _import_line(statement: ast.Import | ast.ImportFrom, name: str, check_id: str) -> str:
    from_module = isinstance(statement, ast.ImportFrom)
    source = statement.module if isinstance(statement, ast.ImportFrom) else name
    relative = isinstance(statement, ast.ImportFrom) and statement.level > 0
    if (source or "").split(".")[0] in {"autograder", "pytest"} or relative:
        raise BuildError(
            f"{check_id}: a public check cannot use {name!r} of {source}, which students do not have; "
            f"only {' and '.join(_TRAVELLING)} travel along."
        )
    alias = next(a for a in statement.names if (a.asname or a.name).split(".")[0] == name)
    single = ast.ImportFrom(module=source, names=[alias], level=0) if from_module else ast.Import(names=[alias])
    return ast.unparse(single)


def _as_function(module: ModuleCode, function: ast.FunctionDef, check: Check) -> str:
    """Return the check, from its docstring on word for word."""
    arguments = function.args
    fixtures = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    strange = [fixture for fixture in fixtures if fixture not in _FIXTURES]
    if strange:
        raise BuildError(
            f"{check.id}: a public check cannot use the fixture {strange[0]!r}, which students lack; hide it."
        )
    lines = module.source.splitlines()
    docstring, *body = function.body
    if not body or body[0].lineno == docstring.end_lineno:
        raise BuildError(f"{check.id}: the check has no body on the lines below its docstring.")
    text = "\n".join(lines[docstring.lineno - 1 : function.end_lineno])
    return f"def {function.name}({', '.join(fixtures)}):\n{text}"


def _as_test_case(
    function: ast.FunctionDef, check: Check, placeholder: str | None, coverage: str, files: tuple[str, ...]
) -> str:
    """Return the statement that makes the function one of otter's test cases."""
    values = f"question=name, points={check.points:g}, placeholder={placeholder!r}, coverage={coverage!r}"
    values += f", files={files!r}" if files else ""
    return f"{function.name} = PublicCheck({function.name}, {values})"


def _coverage(checked: float, worth: float) -> str:
    """Return how much of a question's points its public checks decide on, as a sentence; "" where it has none."""
    if not worth:
        return ""
    verb = "is" if 0 < checked <= 1 else "are"
    part = f"{checked:g} of {worth:g} {'point' if worth == 1 else 'points'} {verb} checked here"
    if not checked:
        return f"{part}, only the form of your answer; hidden checks decide on the points."
    return f"{part}, the rest by hidden checks." if checked < worth else f"{part}."


def _notebook_check() -> str:
    """Return the code that every file ends with."""
    module = _module(_NOTEBOOK_CHECK)
    first = next(statement for statement in module.statements if isinstance(statement, ast.Import))
    text = "\n".join(module.source.splitlines()[first.lineno - 1 :])
    [names] = module.defining("__all__")
    return _FOR_OUR_TOOLS.sub("", text.replace(f"{module.text(names)}\n\n\n", "\n"))

"""Export public checks to otter's test format, so that `grader.check("MLP")` runs them in the student's notebook.

A check's function travels as its author wrote it, with the module's own helpers, constants and imports that it uses and
with what it uses of `autograder.checks.expect`; `student` becomes the notebook's namespace, `library` plain imports.
"""

import ast
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.checks import expect
from autograder.checks.catalogue import Check
from autograder.checks.module_code import ModuleCode, names_bound, names_used
from autograder.errors import BuildError

__all__ = ["export_question"]

_FIXTURES = {"student": "Student(env)", "library": "Library()"}
_EXPECT = "autograder.checks.expect"

_HEADER = """\
# Public checks of `{question}`: made by `autograder build` from {origin}.
OK_FORMAT = False

name = {question!r}
points = None
"""

_WORLDS = '''\
class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        import importlib

        return importlib.import_module(name)
'''


def export_question(question: str, checks: Sequence[Check], origin: str) -> str:
    """Return the text of otter's test file for one question; `checks` are its public ones."""
    needed: dict[str, None] = {"from otter.test_files import test_case": None}
    helpers: dict[str, None] = {}
    bodies = []
    for check in checks:
        module = _module(check.path)
        name = getattr(check.function, "__name__", check.id)
        function = _function(module, name, check)
        if not check.id.endswith(f"::{name}"):
            raise BuildError(f"{check.id}: a public check cannot be parametrised; write a loop.")
        for line, is_import in _needed(module, names_used(function.body, with_fixtures=False), check.id):
            (needed if is_import else helpers)[line] = None
        bodies.append(_as_test_case(module, function, check))
    sections = [_HEADER.format(question=question, origin=origin), "\n".join(needed), _WORLDS, *helpers, *bodies]
    text = "\n\n\n".join(section.strip("\n") for section in sections) + "\n"
    _verify_names(text, question, origin)
    return text


def _function(module: ModuleCode, name: str, check: Check) -> ast.FunctionDef:
    statement = next(reversed(module.defining(name)), None)
    if not isinstance(statement, ast.FunctionDef):
        raise BuildError(f"{check.path.name}: the public check {name} must be a plain function of the module.")
    return statement


def _verify_names(text: str, question: str, origin: str) -> None:
    """Raise BuildError where two things of one name meet in the file of a question: the later would hide the other."""
    seen: set[str] = set()
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import) and not statement.names[0].asname:
            continue  # `import torch` and `import torch.nn` get on well
        for name in names_bound(statement):
            if name in seen:
                raise BuildError(
                    f"{origin}: the public checks of {question!r} go into one file, in which {name!r} would stand for "
                    "two things; rename one."
                )
            seen.add(name)


def _needed(module: ModuleCode, names: Iterable[str], check_id: str) -> list[tuple[str, bool]]:
    """Return what `names` need, in the order of the module: (text, whether it is an import)."""
    lines: dict[tuple[str, bool], None] = {}
    for name, statement in module.closure(names, with_fixtures=False):
        if isinstance(statement, ast.ImportFrom) and statement.module == _EXPECT:
            lines |= dict.fromkeys(_needed(_module(Path(inspect.getfile(expect))), [name], check_id))
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
            f"only {_EXPECT} travels along."
        )
    alias = next(a for a in statement.names if (a.asname or a.name).split(".")[0] == name)
    single = ast.ImportFrom(module=source, names=[alias], level=0) if from_module else ast.Import(names=[alias])
    return ast.unparse(single)


def _as_test_case(module: ModuleCode, function: ast.FunctionDef, check: Check) -> str:
    """Return the check as otter's test case, its body word for word."""
    arguments = function.args
    fixtures = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    strange = [fixture for fixture in fixtures if fixture not in _FIXTURES]
    if strange:
        raise BuildError(f"{check.id}: a public check cannot use the fixture {strange[0]!r}; students do not have it.")
    lines = module.source.splitlines()
    docstring, *body = function.body
    if not body or body[0].lineno == docstring.end_lineno:
        raise BuildError(f"{check.id}: the check has no body on the lines below its docstring.")
    text = "\n".join(lines[(docstring.end_lineno or 0) : function.end_lineno]).strip("\n")
    indent = " " * body[0].col_offset
    worlds: Mapping[str, str] = {fixture: _FIXTURES[fixture] for fixture in fixtures}
    binding = [f"{indent}{name} = {made}" for name, made in worlds.items()]
    rule = " ".join(check.docstring.split())
    head = f"@test_case(name={check.question!r}, points={check.points:g}, failure_message={rule!r})"
    return "\n".join([head, f"def {function.name}(env):", *binding, text])

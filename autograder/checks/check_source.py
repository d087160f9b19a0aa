"""Read checks without running them, and find what would never judge, never run, or fail on the first answer."""

import ast
import builtins
import symtable
import unittest
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.checks.marks import check_id
from autograder.checks.module_code import ModuleCode, names_used
from autograder.course import FIXTURES

__all__ = ["problems_of_check", "syntax_errors", "undefined_names"]

_MODULE_NAMES = {*dir(builtins), "__file__", "__name__", "__doc__", "__path__", "__spec__", "__loader__", "__package__"}
_SWALLOWED = {"", "Exception", "BaseException", "AssertionError"}
_SKIPPING = {"skip", "skipif", "xfail"}
_TELLING = {"pytest.fail", "partial"}
"""Calls whose last argument students read."""
_JUDGING = {
    *("isinstance", "issubclass", "hasattr", "callable", "all", "any", "bool"),
    *("isclose", "allclose", "array_equal", "array_equiv", "equal", "equals", "startswith", "endswith", "isdisjoint"),
    *("issubset", "issuperset", "exists", "is_file", "is_dir", "approx"),
}
"""Functions and methods that say yes or no, and change nothing."""
_OF_MOCKS = {"called", "called_once", "called_with", "called_once_with", "has_calls", "any_call", "not_called"}
"""What a mock's assertions are called without their beginning: another mock, which asserts nothing."""
_DRAWING_ANEW = {"default_rng", "Random", "SystemRandom", "RandomState", "SeedSequence"}
"""Generators that are seeded by the system where nothing is given to them."""
_PATCHING_ITEMS = {"monkeypatch.setitem", "monkeypatch.delitem", "mock.patch.dict", "patch.dict"}


def problems_of_check(item: pytest.Item) -> Iterator[str]:
    """Yield a sentence for each thing in a collected check that makes it no check."""
    where = check_id(item)
    within = getattr(item, "cls", None)
    if within is not None and issubclass(within, unittest.TestCase):
        yield f"{where} is in the class {within.__name__}; a check is a plain function, so take it out."
        return
    for mark in item.iter_markers():
        if mark.name in _SKIPPING:
            yield f"{where} is marked {mark.name!r}, and gives nobody a score; take the mark, or the check, away."
    if "student" not in getattr(item, "fixturenames", ()):
        yield f"{where} never asks for the student's answer; take the fixture `student`."
    module = ModuleCode(item.path.read_text(encoding="utf-8"))
    name = getattr(item, "originalname", item.name)
    for function in module.defining(name)[-1:]:
        if isinstance(function, ast.AsyncFunctionDef):
            yield f"{where} is an async function, which is not awaited; write `def`."
        elif isinstance(function, ast.FunctionDef):
            yield from (f"{where}, {problem}" for problem in _problems_in_body(function))
            if _judges_without(function, "student"):
                yield f"{where} takes `student` and asks it nothing; assert something of the student's answer."
            if item.get_closest_marker("public") is None:
                yield from (f"{where}, {problem}" for problem in _told_values(function))


def syntax_errors(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file beside the checks that is no Python."""
    for path in sorted(folder.rglob("*.py")):
        try:
            ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            yield f"{path.relative_to(folder)}{line}: it is no Python ({getattr(error, 'msg', error)}); mend it."


def undefined_names(folder: Path) -> Iterator[str]:
    """Yield a sentence for each name that some function uses, and neither its file nor Python defines."""
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "import *" not in text:
            where = str(path.relative_to(folder))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what the checks' own problems say better
                table = symtable.symtable(text, where, "exec")
            yield from _undefined(where, ast.parse(text), table)


def _undefined(where: str, tree: ast.Module, table: symtable.SymbolTable) -> Iterator[str]:
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    bound |= {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    missing = {name for inner in table.get_children() for name in _global_names(inner)} - bound - _MODULE_NAMES
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in missing:
            cure = "take it as a parameter" if node.id in FIXTURES else "import it at the top, or define it"
            yield f"{where}, line {node.lineno}: {node.id!r} is not defined; {cure}."


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced())
    for inner in table.get_children():
        yield from _global_names(inner)


def _problems_in_body(function: ast.FunctionDef) -> Iterator[str]:
    """Yield what in a check's own code looks like a verdict and is none."""
    own = list(_own_nodes(function))
    for node in own:
        line = f"line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Expr):
            yield from (f"{line} {problem}" for problem in _problems_of_lost(node.value))
        elif isinstance(node, ast.Return) and node.value is not None:
            yield f"{line} returns a value, and nothing comes of it: write `assert` instead of `return`."
        elif isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
            yield f"{line} asserts a tuple, which always holds: take the parentheses away."
        elif isinstance(node, ast.Assert) and _is_true(node.test):
            yield f"{line} always holds: assert something of the student's answer."
        elif isinstance(node, ast.Try) and any(isinstance(n, ast.Assert) for part in node.body for n in ast.walk(part)):
            if handler := next((one for one in node.handlers if _swallows(one)), None):
                yield f"line {handler.lineno} catches what `assert` raises, so the check always passes: take it away."
        elif isinstance(node, ast.Call):
            yield from (f"{line} {problem}" for problem in _problems_of_call(node))


def _problems_of_lost(value: ast.expr) -> Iterator[str]:
    """Yield what is wrong with a value that nothing is done with."""
    name = _called(value) if isinstance(value, ast.Call) else ""
    if isinstance(value, ast.Compare):
        yield "compares, and nothing comes of it: write `assert` before it."
    elif name in _JUDGING:
        yield f"asks {name}(…), and nothing comes of it: write `assert` before it."
    elif name in _OF_MOCKS and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        yield f"calls {name}(…) of a mock, which asserts nothing: write assert_{name}(…)."


def _judges_without(function: ast.FunctionDef, name: str) -> bool:
    """Return whether a parameter is not used in a check that asserts, nor by a fixture that could ask in its place."""
    parameters = {one.arg for one in function.args.args}
    asserts = any(isinstance(node, ast.Assert) for node in _own_nodes(function))
    alone = "library" not in parameters and parameters <= FIXTURES
    return asserts and alone and name in parameters - set(names_used(function.body, with_fixtures=False))


def _called(call: ast.Call) -> str:
    """Return the last part of the name that is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _problems_of_call(call: ast.Call) -> Iterator[str]:
    function = ast.unparse(call.func)
    if function == "partial" and not _is_fraction(call.args):
        yield "gives partial() no fraction: write one between 0 and 1, as in partial(0.5, hint)."
    elif function == "print":
        yield "prints, which is thrown away or shown to students: say it in the message of `assert`."
    elif _called(call) in _DRAWING_ANEW and not call.args and not call.keywords:
        yield f"draws anew in each run by {function}(): take what derives from the fixture `rng`."
    elif function in _PATCHING_ITEMS and (name := _of_student(call)):
        yield (
            f"changes a copy of {name!r}, which comes by value: give the notebook another one, "
            f'`monkeypatch.setattr(student, "{name}", {{**student.{name}, key: value}})`.'
        )


def _of_student(call: ast.Call) -> str:
    """Return the name of the notebook that the first argument is, "" where it is something else."""
    match call.args[:1]:
        case [ast.Attribute(value=ast.Name(id="student"), attr=name)]:
            return name
    return ""


def _told_values(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the messages of a hidden check that hold a hidden input, or the reference's answer."""
    hidden = {"reference", "rng"}
    for node in sorted(_own_nodes(function), key=lambda one: getattr(one, "lineno", 0)):
        if isinstance(node, ast.Assign) and _root(node.value) in hidden:
            hidden |= {name for target in node.targets for name in _names(target)}
        message = node.msg if isinstance(node, ast.Assert) else None
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _TELLING and node.args:
            message = node.args[-1]
        if isinstance(message, ast.JoinedStr) and (told := sorted(hidden & _names(message))):
            yield (
                f"line {message.lineno} tells students {told[0]!r}, which holds what is hidden from them: say what is "
                "asked for, without values."
            )


def _root(node: ast.AST) -> str:
    """Return the name that an expression begins with: `reference` of `reference.mean(x)[0]`."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _is_true(test: ast.expr) -> bool:
    """Return whether what is asserted holds whatever the answer: a constant, a function, the notebook itself."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Dict(keys=parts):
            return bool(parts)
        case ast.JoinedStr(values=parts):
            return any(isinstance(part, ast.Constant) for part in parts)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(map(_is_true, parts))
    return isinstance(test, ast.Lambda | ast.GeneratorExp) or ast.unparse(test) == "student" or _asks_for_object(test)


def _asks_for_object(test: ast.expr) -> bool:
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return True
    return False


def _is_fraction(arguments: list[ast.expr]) -> bool:
    """Return whether the first argument is no constant, or one that may be the part of the points."""
    first = arguments[0] if arguments else None
    if not isinstance(first, ast.Constant):
        return first is not None
    return isinstance(first.value, int | float) and 0 < first.value < 1


def _swallows(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {"" if kind is None else ast.unparse(kind) for kind in kinds}
    return bool(caught & _SWALLOWED) and not any(
        isinstance(node, ast.Raise | ast.Assert | ast.Call) for part in handler.body for node in ast.walk(part)
    )


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without those of functions in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))

"""Read otter's cells of tests: what they are worth, who sees them, and their code with what it shows as assertions."""

import ast
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from nbformat.notebooknode import NotebookNode

from autograder.cell_code import parse, statements
from autograder.errors import BuildError
from autograder.importing.unsure import UnsureError

__all__ = ["OtterTest", "points_of_tests", "read_config", "read_number", "read_test"]

_BEGIN_CONFIG = re.compile(r'(?:.\s*=\s*)?""?"?\s*#\s*BEGIN\s*TEST\s*CONFIG', re.IGNORECASE)
_END_CONFIG = re.compile(r'""?"?\s*#\s*END\s*TEST\s*CONFIG', re.IGNORECASE)
_HIDDEN = re.compile(r"\s*#.*\bhidden\b", re.IGNORECASE)
_LINES_SHOWN = 20
_LIBRARY = ast.Name("library", ast.Load())
_TRUE_OR_FALSE = {"isinstance", "issubclass", "all", "any", "bool", "np.allclose", "np.array_equal"}
"""What gives True or False and nothing else."""


@dataclass(frozen=True, kw_only=True)
class OtterTest:
    """One cell of tests."""

    place: str
    source: str
    """Its code, with what it shows as assertions."""
    as_it_was: str
    """Its code, and what it shows below it."""
    unsure: str
    hidden: bool
    points: float | None
    failure_message: str
    left: Sequence[str]
    """The settings that are not taken over."""


def read_config(text: str, place: str) -> Mapping[str, Any]:
    """Return the settings of a cell, which are YAML; raise BuildError for what is none. Nothing in it is executed."""
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        raise BuildError(f"{place}: its settings are no YAML that can be read ({problem}); mend them.") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BuildError(f"{place}: its settings are {type(found).__name__}, and not `name: value` lines; mend them.")
    return {str(key): value for key, value in found.items()}


def read_number(value: object, what: str) -> float | None:
    """Return points, None where none are given; raise BuildError for what is no number from 0."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BuildError(f"{what}: its points are {reprlib.repr(value)}; give a number from 0.")
    return float(value)


def points_of_tests(total: object, own: Sequence[float | None], place: str) -> Sequence[float]:
    """Return what each test of a question is worth, as otter shares out a question's points."""
    if isinstance(total, dict):
        each = read_number(total.get("each", 1), place)
        total = None if each is None else each * len(own)
    if isinstance(total, list):
        if len(total) != len(own):
            raise BuildError(f"{place}: it has points for {len(total)} tests, and {len(own)} tests; give as many.")
        own, total = [read_number(one, place) for one in total], None
    given = sum(points or 0 for points in own)
    worth = read_number(total, place)
    if worth is None:
        worth = given or 1.0
    elif given > worth:
        raise BuildError(f"{place}: its tests have {given:g} points, and it has {worth:g}; make them agree.")
    free = own.count(None)
    return [(worth - given) / free if points is None else points for points in own]


def read_test(cell: NotebookNode, place: str, *, shows: bool) -> OtterTest:
    """Return what a cell of tests is; `shows` is whether it is judged by what it shows, as a doctest is.

    Else it is a function that is given names of the notebook's, otter's second format.
    """
    lines = cell.source.splitlines()
    config: Mapping[str, Any] = {}
    hidden = bool(lines and _HIDDEN.match(lines[0]))
    body = lines[1:] if hidden else lines
    if lines and _BEGIN_CONFIG.match(lines[0]):
        end = next((n for n, line in enumerate(lines) if _END_CONFIG.match(line)), None)
        if end is None:
            raise BuildError(f"{place}: `# BEGIN TEST CONFIG` has no `# END TEST CONFIG`.")
        config, body = read_config("\n".join(lines[1:end]), place), lines[end + 1 :]
    source, unsure = "\n".join(body), ""
    outputs = cell.get("outputs", ())
    try:
        doctest = shows and not (_calls_itself(source) and not outputs)
        source = _asserting(source, outputs) if doctest else _body_of_function(source)
    except UnsureError as error:
        unsure = str(error)
    taken = ("points", "hidden", "failure_message", "name")
    return OtterTest(
        place=place,
        source=source,
        as_it_was="\n".join([*body, *_shown_lines(outputs)]),
        unsure=unsure,
        hidden=bool(config.get("hidden", hidden)),
        points=read_number(config.get("points"), place),
        failure_message=" ".join(message.split()) if isinstance(message := config.get("failure_message"), str) else "",
        left=[key for key in config if key not in taken],
    )


def _shown_lines(outputs: Sequence[NotebookNode]) -> list[str]:
    texts = [one.get("text", "") + one.get("data", {}).get("text/plain", "") for one in outputs]
    lines = "\n".join(texts).strip("\n").splitlines()
    return ["It shows:", *lines[:_LINES_SHOWN], *["…"] * (len(lines) > _LINES_SHOWN)] if lines else []


def _asserting(source: str, outputs: Sequence[NotebookNode]) -> str:
    """Return the code with an assertion in the place of a last line whose value, or text, is shown."""
    try:
        code = parse(source).body
    except SyntaxError:
        return source  # said where it is written
    printed, shown = _output(outputs)
    if not code or re.search(r"^[ \t]*[%!]", source, re.MULTILINE):
        return source
    *before, last = code
    if any(_is_print(node) for one in before for node in ast.walk(one)):
        raise UnsureError("it prints before its last line")
    if printed or shown:
        if not isinstance(last, ast.Expr) or (printed and shown):
            raise UnsureError("what it shows does not come from its last line alone")
        last = _printing(last.value, printed) if printed else _showing(last.value, shown)
    elif isinstance(last, ast.Expr) and not isinstance(last.value, ast.Constant) and not _asserts(code):
        raise UnsureError("what it should show is not in the file; run the notebook, save it, and import it again")
    return ast.unparse(ast.Module([*before, last], []))


def _output(outputs: Sequence[NotebookNode]) -> tuple[str, str]:
    """Return what a cell has printed, and what it shows of its last line's value."""
    printed = shown = ""
    for output in outputs:
        if output.get("output_type") == "error":
            raise UnsureError(f"it raised {output.get('ename')} where the notebook was saved")
        if output.get("name") == "stderr":
            raise UnsureError("its output has a warning in it")
        printed += output.get("text", "")
        shown += output.get("data", {}).get("text/plain", "")
    if "\n\n" in printed.strip("\n") or "\n\n" in shown:
        raise UnsureError("its output has an empty line, behind which otter does not look")
    return printed, shown


def _is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def _asserts(code: Sequence[ast.stmt]) -> bool:
    nodes = [node for one in code for node in ast.walk(one)]
    named = any("assert" in ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call))
    return named or any(isinstance(node, ast.Assert) for node in nodes)


def _printing(call: ast.expr, text: str) -> ast.stmt:
    """Return the assertion that a call of print prints this."""
    if not isinstance(call, ast.Call):
        raise UnsureError("something that it calls prints")
    if not _is_print(call):
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        asked = ast.Call(ast.Name("printed", ast.Load()), [_LIBRARY, ast.Lambda(nothing, call)], [])
        return ast.Assert(ast.Compare(asked, [ast.Eq()], [ast.Constant(text)]))
    if call.keywords or any(isinstance(one, ast.Starred) for one in call.args):
        raise UnsureError("how it prints is not known")
    texts = [_text_of(one) for one in call.args]
    joined = texts[0] if len(texts) == 1 else _call_of_join(texts)
    return ast.Assert(ast.Compare(joined, [ast.Eq()], [ast.Constant(text.removesuffix("\n"))]))


def _text_of(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Constant):
        return ast.Constant(str(value.value))
    return ast.Call(ast.Name("str", ast.Load()), [value], [])


def _call_of_join(texts: Sequence[ast.expr]) -> ast.expr:
    join = ast.Attribute(ast.Constant(" "), "join", ast.Load())
    return ast.Call(join, [ast.List(list(texts), ast.Load())], [])


def _showing(value: ast.expr, text: str) -> ast.stmt:
    """Return the assertion that a value is shown as this text."""
    if text.startswith("array("):
        shown: ast.expr = ast.Call(ast.Name("repr", ast.Load()), [value], [])
        return ast.Assert(ast.Compare(shown, [ast.Eq()], [ast.Constant(text)]))
    number = re.fullmatch(r"np\.(?:\w+\((.*)\)|(True|False)_)", text)
    try:
        right = ast.parse(number[1] or number[2] if number else text, mode="eval").body
        ast.literal_eval(right)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise UnsureError(f"what it shows, {' '.join(text.split())[:40]!r}, is no plain value") from error
    if any(isinstance(node, ast.Set) for node in ast.walk(right)):
        raise UnsureError("it shows a set, whose order may be another")
    if isinstance(right, ast.Constant) and isinstance(right.value, bool) and _is_true_or_false(value):
        return ast.Assert(value if right.value else ast.UnaryOp(ast.Not(), value))
    return ast.Assert(ast.Call(ast.Name("shows_value", ast.Load()), [value, right], []))


def _is_true_or_false(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in _TRUE_OR_FALSE
    if isinstance(value, ast.BoolOp):
        return all(map(_is_true_or_false, value.values))
    if isinstance(value, ast.Compare):
        return all(isinstance(one, ast.In | ast.NotIn | ast.Is | ast.IsNot) for one in value.ops)
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)


def _calls_itself(source: str) -> bool:
    """Return whether it is a function and its call with what its parameters are called, `def f(x): …` and `f(x)`."""
    code = statements(source)
    if len(code) != 2 or not isinstance(code[0], ast.FunctionDef) or not isinstance(code[1], ast.Expr):  # noqa: PLR2004
        return False
    parameters = [one.arg for one in (*code[0].args.posonlyargs, *code[0].args.args)]
    return "env" not in parameters and ast.unparse(code[1]) == f"{code[0].name}({', '.join(parameters)})"


def _body_of_function(source: str) -> str:
    """Return what a function of tests does, its parameters the notebook's names, `env["x"]` the notebook's x."""
    try:
        code = parse(source).body
    except SyntaxError:
        return source
    function = code[0] if code else None
    if not isinstance(function, ast.FunctionDef) or len(code) > 2:  # noqa: PLR2004 - and its call
        raise UnsureError("it is no function of tests, as otter's exception format asks for")
    given = function.args
    if function.decorator_list or given.vararg or given.kwarg or given.kwonlyargs or given.defaults:
        raise UnsureError("how its function is called is not known")
    parameters = {one.arg for one in [*given.posonlyargs, *given.args]}
    body = [_Environment().visit(node) for node in function.body] if "env" in parameters else function.body
    kept = [node for node in body if not _renames_to_itself(node)]
    if any(isinstance(node, ast.Return) for one in kept for node in ast.walk(one) if not hasattr(one, "args")):
        raise UnsureError("it returns before its end")
    bound = {node.id for one in kept for node in ast.walk(one) if isinstance(node, ast.Name) and _is_bound(node)}
    if changed := bound & parameters:
        raise UnsureError(f"it binds {min(changed)!r}, which it is given")
    return ast.unparse(ast.fix_missing_locations(ast.Module(kept, [])))


def _is_bound(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _renames_to_itself(node: ast.stmt) -> bool:
    """Return whether it is `x = x`, which `x = env["x"]` has become."""
    if not isinstance(node, ast.Assign) or len(node.targets) > 1:
        return False
    return ast.unparse(node.targets[0]) == ast.unparse(node.value)


class _Environment(ast.NodeTransformer):
    """Put the names of the notebook in the place of `env["name"]`."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "env" and isinstance(node.slice, ast.Constant):
            name = node.slice.value
            if isinstance(name, str) and name.isidentifier() and isinstance(node.ctx, ast.Load):
                return ast.Name(name, ast.Load())
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "env":
            raise UnsureError("it looks at all names of the notebook's at once, `env`")
        return node

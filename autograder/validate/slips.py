"""Generate the slips that people make with functions, state, loops and indices: one at a time, as changed source.

cosmic-ray changes an operator or a number. Here an argument is ignored, state outlives a call, a statement stands on
the wrong side of a loop: what passes a check that calls the answer once, with the usual arguments.
"""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.validate.source_text import indentation, replaced, replaced_each, statement_lines

__all__ = ["slips_of"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_USUAL: Mapping[str, str] = {"criterion": "nn.CrossEntropyLoss()"}
"""What an argument usually is, so that a function that ignores it is often right."""
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign)
_LEFT_BEHIND = ("torch.set_grad_enabled(False)", "torch.manual_seed(0)", "np.random.seed(0)")
_MODEL = "model"
_SEVERAL = re.compile(r"^(?:\w+\.)*(?:[Ll]ist|Sequence|Tensor|ndarray|NDArray|Series|DataFrame)\b")
"""Annotations of what can be empty: `(x == right).all()` and `np.testing.assert_allclose` hold of nothing at all."""
_BY_KEY = re.compile(r"^(?:\w+\.)*(?:[Dd]ict|Mapping)\b")


def slips_of(source: str, around: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield each slip's kind and the changed source; `around` are the names that the notebook defines elsewhere.

    Two may be the same code, and some may not be code at all: that is for the caller to see.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _Function):
            yield from _with_arguments(source, node, around)
            yield from _with_results(source, node)
            yield from _with_state(source, node)
        if isinstance(node, ast.For | ast.While):
            yield from _out_of_a_loop(source, node)
        if isinstance(node, ast.For):
            yield from (("ElementDropped", changed) for changed in _fewer(source, node.iter))
        if isinstance(node, ast.Subscript):
            yield from (("IndexShifted", changed) for changed in _shifted(source, node.slice))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
            yield "ScaledByItself", replaced(source, node.right, f"({ast.unparse(node.left)}).max()")
        for body in _bodies(node):
            yield from _into_a_loop(source, body)


# Arguments


def _with_arguments(source: str, function: _Function, around: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the function with one argument ignored: something else stands wherever it was used."""
    defaults = _defaults(function)
    for parameter in _parameters(function):
        instead = [
            *([ast.unparse(defaults[parameter.arg])] if parameter.arg in defaults else []),
            *([_USUAL[parameter.arg]] if parameter.arg in _USUAL else []),
            *([f'globals()["{parameter.arg}"]'] if parameter.arg in around else []),
            *[other.arg for other in _parameters(function) if _are_alike(parameter, other)][:1],
        ]
        uses = _uses(function, parameter.arg)
        yield from (("ArgumentIgnored", replaced_each(source, uses, text)) for text in instead if uses)


def _parameters(function: _Function) -> list[ast.arg]:
    arguments = function.args
    return [one for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if one.arg != "self"]


def _defaults(function: _Function) -> dict[str, ast.expr]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    pairs = [
        *zip(last, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {parameter.arg: default for parameter, default in pairs if default is not None}


def _uses(function: _Function, name: str) -> list[ast.expr]:
    return [
        node
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]


def _are_alike(one: ast.arg, other: ast.arg) -> bool:
    """Return whether two parameters may be taken for each other: boxes1 and boxes2, train_loader and valid_loader."""
    words = [re.sub(r"\d+$", "", parameter.arg).rpartition("_")[2] for parameter in (one, other)]
    kinds = [ast.unparse(parameter.annotation) if parameter.annotation else "" for parameter in (one, other)]
    return one.arg != other.arg and (words[0] == words[1] or (kinds[0] == kinds[1] != ""))


# Results


def _with_results(source: str, function: _Function) -> Iterator[tuple[str, str]]:
    """Yield the function with another thing returned: values swapped, its argument, no ones, nothing at all."""
    returned = ast.unparse(function.returns) if function.returns else ""
    for node in _returns(function):
        assert node.value is not None, "_returns gives none without"
        text = ast.get_source_segment(source, node.value) or ""
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            first, second, *others = [ast.unparse(part) for part in node.value.elts]
            yield "ValuesSwapped", replaced(source, node.value, ", ".join([second, first, *others]))
        for parameter in _parameters(function)[:1]:
            kind = ast.unparse(parameter.annotation) if parameter.annotation else ""
            if kind == returned or not kind or not returned:
                yield "ArgumentReturned", replaced(source, node.value, parameter.arg)
        if returned.endswith("Tensor"):
            yield "Squeezed", replaced(source, node.value, f"({text}).squeeze()")
        if _SEVERAL.search(returned) or isinstance(node.value, ast.List | ast.ListComp):
            yield "Emptied", replaced(source, node.value, f"({text})[:0]")
        elif _BY_KEY.search(returned) or isinstance(node.value, ast.Dict | ast.DictComp):
            yield "Emptied", replaced(source, node.value, "{}")


def _returns(function: _Function) -> list[ast.Return]:
    """Return the function's own statements that return something."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            found.append(node)
        if not isinstance(node, _Function | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return sorted(found, key=lambda node: node.lineno)


# State


def _with_state(source: str, function: _Function) -> Iterator[tuple[str, str]]:
    """Yield the function with state that outlives a call: kept results and objects, changed arguments, global modes."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(map(_is_construction, ast.walk(node.value))):
            text = ast.get_source_segment(source, node.value)
            kept = f'globals().setdefault("_kept_{ast.unparse(node.targets[0])}", ({text}))'
            yield "StateReused", replaced(source, node.value, kept)
    returns = _returns(function)
    for node in returns[-1:]:
        text = ast.get_source_segment(source, node.value) if node.value else None
        if function.name not in ("__init__", "forward"):
            kept = f'globals().setdefault("_kept_{function.name}", ({text}))'
            yield "StateReused", replaced(source, node, f"return {kept}")
        for kind, last in _last_acts(function, source):
            lines = [f"result = {text}", last, "return result"]
            yield kind, replaced(source, node, f"\n{indentation(node)}".join(lines))


def _is_construction(node: ast.AST) -> bool:
    """Return whether it makes an object that has a state: a call of a class, by its name's look, but of no loss."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name[:1].isupper() and not name.endswith("Loss")


def _last_acts(function: _Function, source: str) -> Iterator[tuple[str, str]]:
    """Yield what a function may do to others before it returns."""
    for parameter in _parameters(function):
        kind = ast.unparse(parameter.annotation) if parameter.annotation else ""
        if kind.endswith("Tensor"):
            yield "ArgumentChanged", f"{parameter.arg}.zero_()"
        elif kind.partition("[")[0] in ("list", "dict"):
            yield "ArgumentChanged", f"{parameter.arg}.clear()"
    if any(parameter.arg == _MODEL for parameter in _parameters(function)):
        yield from (("StateLeftBehind", act) for act in _LEFT_BEHIND if f"{act.partition('.')[0]}." in source)
        yield "StateLeftBehind", f"{_MODEL}.eval()"


# Loops and indices


def _bodies(node: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        body = getattr(node, field, None)
        if isinstance(body, list):
            yield body


def _out_of_a_loop(source: str, loop: ast.For | ast.While) -> Iterator[tuple[str, str]]:
    """Yield the source with a statement of the loop before it, or its last one behind it."""
    if len(loop.body) < 2:  # noqa: PLR2004 - a loop of one statement would be none without it
        return
    bound = {node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for statement in (one for one in loop.body if isinstance(one, _SIMPLE)):
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if not used & bound:
            yield "MovedOutOfLoop", _moved(source, statement, loop.lineno - 1, indentation(loop))
    if isinstance(loop.body[-1], _SIMPLE):
        yield "MovedOutOfLoop", _moved(source, loop.body[-1], statement_lines(loop).stop, indentation(loop))


def _into_a_loop(source: str, body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the source with the statement before a loop as the loop's first, or the one behind it as its last."""
    for before, loop in itertools.pairwise(body):
        if isinstance(loop, ast.For | ast.While) and isinstance(before, _SIMPLE):
            first = loop.body[0]
            yield "MovedIntoLoop", _moved(source, before, first.lineno - 1, indentation(first))
    for loop, behind in itertools.pairwise(body):
        if isinstance(loop, ast.For | ast.While) and isinstance(behind, (*_SIMPLE, ast.Return)):
            last = loop.body[-1]
            yield "MovedIntoLoop", _moved(source, behind, statement_lines(last).stop, indentation(last))


def _moved(source: str, statement: ast.stmt, before_line: int, indent: str) -> str:
    """Return the source with the statement's lines before another line, indented as told."""
    lines, own = source.splitlines(keepends=True), statement_lines(statement)
    old = indentation(statement)
    text = [indent + lines[number].removeprefix(old) for number in own]
    text[-1] = text[-1].rstrip("\n") + "\n"
    kept = [(number, line) for number, line in enumerate(lines) if number not in own]
    ahead = [line for number, line in kept if number < before_line]
    return "".join([*ahead, *text, *(line for number, line in kept if number >= before_line)])


def _fewer(source: str, iterated: ast.expr) -> Iterator[str]:
    """Yield the source with the first, or the last, of what a loop goes over left out."""
    text = ast.get_source_segment(source, iterated)
    if isinstance(iterated, ast.Call) and getattr(iterated.func, "id", "") == "range" and len(iterated.args) == 1:
        end = ast.unparse(iterated.args[0])
        yield replaced(source, iterated, f"range(1, {end})")
        yield replaced(source, iterated, f"range({end} - 1)")
    else:
        yield replaced(source, iterated, f"list({text})[1:]")
        yield replaced(source, iterated, f"list({text})[:-1]")


def _shifted(source: str, index: ast.expr) -> Iterator[str]:
    """Yield the source with one bound, or one index, of one dimension off by one."""
    for part in index.elts if isinstance(index, ast.Tuple) else [index]:
        bounds = [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
        for bound in bounds:
            if isinstance(bound, ast.Name | ast.BinOp | ast.Call) or (
                bound is not None and isinstance(part, ast.Slice)
            ):
                yield replaced(source, bound, f"{ast.unparse(bound)} + 1")

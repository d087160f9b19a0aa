"""Write what other libraries assert, nose above all, as plain statements of Python."""

import ast
from collections.abc import Mapping

from autograder.importing.unsure import UnsureError

__all__ = ["plain_assertion"]

_COMPARED = {
    **dict.fromkeys(("equal", "equals", "items_equal", "list_equal", "dict_equal", "set_equal"), ast.Eq),
    **dict.fromkeys(("tuple_equal", "sequence_equal", "multi_line_equal"), ast.Eq),
    "not_equal": ast.NotEq,
    "not_equals": ast.NotEq,
    "in": ast.In,
    "not_in": ast.NotIn,
    "is": ast.Is,
    "is_not": ast.IsNot,
    "greater": ast.Gt,
    "greater_equal": ast.GtE,
    "less": ast.Lt,
    "less_equal": ast.LtE,
}
_SORTED = ("items_equal", "count_equal")
_AGAINST_NONE = {"is_none": ast.Is, "is_not_none": ast.IsNot}
_PLACES = 7
"""Decimal places that `assert_almost_equal` compares where it is not told."""


def plain_assertion(call: ast.Call, origins: Mapping[str, str]) -> ast.Assert | None:
    """Return the assertion that a function of nose's stands for, None where it is none of them.

    Raise UnsureError for one of nose's that is not known. `origins` says what imported names stand for.
    """
    name = ast.unparse(call.func)
    module, _, last = name.rpartition(".")
    if origins.get(module, module).partition(".")[0] == "nose":
        name = last
    short = name.removeprefix("assert_") if name.startswith("assert_") else {"eq_": "equal", "ok_": "true"}.get(name)
    if short is None or short == "raises" or origins.get(name, "nose").partition(".")[0] != "nose":
        return None
    args = [*call.args, *(one.value for one in call.keywords if one.arg == "msg")]
    others = {one.arg: one.value for one in call.keywords if one.arg != "msg"}
    if short in _SORTED:
        args[:2] = [ast.Call(ast.Name("sorted", ast.Load()), [one], []) for one in args[:2]]
        short = "equal"
    if short in ("almost_equal", "almost_equals", "not_almost_equal") and len(args) >= 2:  # noqa: PLR2004
        return _almost(args, others, holds=not short.startswith("not"))
    if others:
        raise UnsureError(f"what {name} asks is not known")
    if short in _COMPARED and len(args) >= 2:  # noqa: PLR2004
        return ast.Assert(ast.Compare(args[0], [_COMPARED[short]()], [args[1]]), _message(args, 2))
    if short in _AGAINST_NONE and args:
        return ast.Assert(ast.Compare(args[0], [_AGAINST_NONE[short]()], [ast.Constant(None)]), _message(args, 1))
    if short in ("true", "false") and args:
        test = args[0] if short == "true" else ast.UnaryOp(ast.Not(), args[0])
        return ast.Assert(test, _message(args, 1))
    if short in ("is_instance", "not_is_instance") and len(args) >= 2:  # noqa: PLR2004
        asked: ast.expr = ast.Call(ast.Name("isinstance", ast.Load()), args[:2], [])
        return ast.Assert(asked if short == "is_instance" else ast.UnaryOp(ast.Not(), asked), _message(args, 2))
    raise UnsureError(f"what {name} asks is not known")


def _message(args: list[ast.expr], place: int) -> ast.expr | None:
    return args[place] if len(args) > place else None


def _almost(args: list[ast.expr], others: Mapping[str | None, ast.expr], *, holds: bool) -> ast.Assert:
    """Return the assertion that two numbers are equal to so many decimal places, or as close as `delta`."""
    if set(others) - {"places", "delta"} or len(others) > 1:
        raise UnsureError("how closely it compares is not known")
    difference = ast.BinOp(args[0], ast.Sub(), args[1])
    if "delta" in others:
        near = ast.Call(ast.Name("abs", ast.Load()), [difference], [])
        operator: ast.cmpop = ast.LtE() if holds else ast.Gt()
        return ast.Assert(ast.Compare(near, [operator], [others["delta"]]), _message(args, 2))
    places = others.get("places") or _message(args, 2) or ast.Constant(_PLACES)
    message = _message(args, 2) if "places" in others else _message(args, 3)
    rounded = ast.Call(ast.Name("round", ast.Load()), [difference, places], [])
    operator = ast.Eq() if holds else ast.NotEq()
    return ast.Assert(ast.Compare(rounded, [operator], [ast.Constant(0)]), message)

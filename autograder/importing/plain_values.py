"""Insist on plain data in a check wherever a value of the student's is compared, counted on or taken apart."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from autograder.importing.given_functions import found_there, made_there, short_functions
from autograder.importing.unsure import UnsureError

__all__ = ["bound_anywhere", "names_in", "with_plain_values"]

_GIVE_DATA = {
    *("", "numpy", "pandas", "math", "random", "copy", "json", "itertools", "collections", "datetime", "decimal"),
    *("fractions", "string", "statistics", "operator", "functools", "time", "re", "torch", "hashlib"),
}
"""Packages whose functions give what can be given to the student's process."""
_TAKEN = ("next", "iter")
"""What goes through an object of the student's where it is, and gives what that gives."""


def with_plain_values(
    body: Sequence[ast.stmt],
    code: Iterable[ast.stmt],
    origins: Mapping[str, str],
) -> tuple[list[ast.stmt], bool]:
    """Return statements in which results of the notebook's are plain data; raise UnsureError where that is not sure.

    In `body` the notebook's names are `student.…` already, in `code` not yet. `origins` says what each imported name
    stands for. With them comes whether they may ask if a call has changed its argument.
    """
    functions = {one.name: one for node in body for one in ast.walk(node) if isinstance(one, ast.FunctionDef)}
    code = list(code)
    values = _Values(functions, origins, short_functions(code))
    in_place = values.look_at_arguments(body, _fixed_names(code))
    return [values.visit(node) for node in body], in_place


def names_in(tree: ast.AST) -> set[str]:
    """Return the names that occur in some code."""
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}


def bound_anywhere(tree: ast.AST) -> Iterable[str]:
    """Yield the names that some code binds, parameters and those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _fixed_names(code: Iterable[ast.stmt]) -> AbstractSet[str]:
    """Return the names of what no call can change: constants, and what loops take from constants."""
    fixed: set[str] = set()
    loose: set[str] = set()
    for node in (inner for one in code for inner in ast.walk(one)):
        if isinstance(node, ast.Assign):
            into = fixed if isinstance(node.value, ast.Constant) else loose
            into |= {name for target in node.targets for name in bound_anywhere(target)}
        elif isinstance(node, ast.For):
            items = node.iter.elts if isinstance(node.iter, ast.List | ast.Tuple) else None
            plain = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range"
            inner = [part for item in items or () for part in ast.walk(item)]
            plain = plain or (
                items is not None and not any(isinstance(p, ast.List | ast.Dict | ast.Call) for p in inner)
            )
            into = fixed if plain else loose
            into |= set(bound_anywhere(node.target))
    return fixed - loose


class _Values(ast.NodeTransformer):
    """Insist on plain data wherever a value of the student's is compared, counted on or taken apart."""

    def __init__(
        self,
        functions: Mapping[str, ast.FunctionDef],
        origins: Mapping[str, str],
        lambdas: Mapping[str, ast.Lambda],
    ) -> None:
        self._origins = origins
        self._lambdas = lambdas
        self._handles: set[str] = set()
        self._functions = functions
        """The functions that the check defines, by their names."""

    def look_at_arguments(self, body: Iterable[ast.stmt], fixed: AbstractSet[str]) -> bool:
        """Return whether a call may be asked for what it changes; raise UnsureError for what it cannot be given."""
        nodes = [node for one in body for node in ast.walk(one)]
        for node in nodes:
            self._note_parameters(node)
        calls = [node for node in nodes if isinstance(node, ast.Call) and self._theirs(node)]
        given = {one.id for node in calls for one in node.args if isinstance(one, ast.Name)}
        for node in nodes:
            made = node.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) else None
            origin = self._origins.get(min(names_in(made.func), default=""), "") if made else ""
            package = origin.partition(".")[0]
            if isinstance(node, ast.Assign) and package not in _GIVE_DATA and given & {*map(ast.unparse, node.targets)}:
                raise UnsureError(f"what {package} makes cannot be given to the student's process")
        compared = [
            operand
            for node in nodes
            if isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and "assert" in ast.unparse(node.func))
            for operand in ([node.left, *node.comparators] if isinstance(node, ast.Compare) else node.args)
        ]
        return bool({operand.id for operand in compared if isinstance(operand, ast.Name)} & given - fixed)

    def _note_parameters(self, node: ast.AST) -> None:
        """Note the parameters of the check's own functions that get something of the student's."""
        if isinstance(node, ast.Call) and self._theirs(node):
            for name in self._functions.keys() & set().union(*map(names_in, node.args)):
                self._handles |= {one.arg for one in ast.walk(self._functions[name].args) if isinstance(one, ast.arg)}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self._functions:
            taken = self._functions[node.func.id].args
            pairs = zip([one.arg for one in (*taken.posonlyargs, *taken.args)], node.args, strict=False)
            given = [*pairs, *((one.arg, one.value) for one in node.keywords)]
            self._handles |= {name for name, value in given if name and self._theirs(value)}

    def _theirs(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            taken = isinstance(node.func, ast.Name) and node.func.id in _TAKEN and bool(node.args)
            return self._theirs(node.args[0] if taken else node.func)
        if isinstance(node, ast.Attribute | ast.Subscript):
            caught = ast.unparse(node) == "library.io.StringIO"
            return caught or _is_student(node.value) or self._theirs(node.value)
        return isinstance(node, ast.Name) and node.id in self._handles

    def _plain(self, node: ast.expr) -> ast.expr:
        return ast.Call(ast.Name("plain", ast.Load()), [node], []) if self._theirs(node) else node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if (
            isinstance(node, ast.Attribute | ast.Subscript)
            and not isinstance(node.ctx, ast.Load)
            and self._theirs(node)
        ):
            raise UnsureError("it changes an object of the student's")
        keeps = isinstance(node, ast.Attribute | ast.Expr | ast.Lambda | ast.keyword)
        for field, value in () if keeps else list(ast.iter_fields(node)):
            if isinstance(node, ast.Subscript) and field == "value":
                continue
            if isinstance(value, ast.expr):
                setattr(node, field, self._plain(value))
            elif isinstance(value, list):
                setattr(node, field, [self._plain(v) if isinstance(v, ast.expr) else v for v in value])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        super().generic_visit(node)
        if self._theirs(node):
            node.args = [self._function_there(one) for one in node.args]
            for keyword in node.keywords:
                keyword.value = self._function_there(keyword.value)
            return node
        if ast.unparse(node.func).partition(".")[0] == "library":
            return node
        if isinstance(node.func, ast.Name) and node.func.id in ("len", "str", *_TAKEN, *self._functions):
            return node
        node.args = [self._plain(one) for one in node.args]
        for keyword in node.keywords:
            keyword.value = self._plain(keyword.value)
        return node

    def _function_there(self, node: ast.expr) -> ast.expr:
        """Return a function of the check's as one made there, if that can be: else it is called here, with data."""
        given = self._lambdas.get(node.id, node) if isinstance(node, ast.Name) else node
        if isinstance(given, ast.Lambda):
            return made_there(given, self._origins) or node
        if isinstance(node, ast.Name | ast.Attribute) and (found := found_there(node, self._origins)):
            return found
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            node.value = self.visit(node.value)
            if self._theirs(node.value):
                self._handles.add(node.targets[0].id)
            return node
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        func = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute) and _is_student(func.value.value):
            raise UnsureError("it may change a value of the notebook's, of which it has a copy here")
        return self.generic_visit(node)


def _is_student(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "student"

"""Rewrite a cell of tests as the body of a check: names of the notebook's become `student.…`, results plain data.

Only what is sure to judge the same is rewritten; all else is given back with the reason, for its author to look at.
"""

import ast
import builtins
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from autograder.cell_code import names_bound

__all__ = ["HELPERS", "SHOWS_VALUE", "UnsureError", "rewritten"]

HELPERS = '''
def plain(value):
    """Insist on plain data: of any other object a check cannot know what it compares, or whether it is true."""
    if isinstance(value, list | tuple | set | frozenset | dict):
        for item in value.values() if isinstance(value, dict) else value:
            plain(item)
    known = bool | int | float | complex | str | bytes | list | tuple | dict | set | frozenset
    data = isinstance(value, known) or type(value).__module__ in ("numpy", "datetime", "decimal", "fractions")
    assert value is None or data, "Plain data is asked for: numbers, texts, lists, tuples, sets, dicts, dates, arrays."
    return value


def raises(kinds, call):
    """Return whether a call raises an exception of one of these kinds, in the notebook and when grading."""
    try:
        call()
    except Exception as error:
        if str(error).endswith("is not written yet"):
            raise
        names = {getattr(error, "type_name", ""), *(kind.__name__ for kind in type(error).__mro__)}
        return bool(names & set(kinds))
    return False
'''.strip()

SHOWS_VALUE = '''
def shows_value(found, right):
    """Return whether plain data reads as this value does: 2.0 is not 2, and True not 1; numpy's numbers are numbers."""
    found = plain(found)
    if type(found).__module__ == "numpy" and not found.shape:
        found = found.item()
    return type(found) is type(right) and repr(found) == repr(right)
'''.strip()
"""What the other helpers do not need."""

_LOOKS_BEHIND = {
    *("callable", "compile", "delattr", "dir", "eval", "exec", "getattr", "globals", "hasattr", "id"),
    *("input", "iter", "locals", "next", "open", "setattr", "vars"),
}
"""What asks for more than a value, or for the notebook's own surroundings."""
_MODULES = {
    *("IPython", "builtins", "contextlib", "gc", "importlib", "inspect", "io", "os", "random"),
    *("subprocess", "sys", "types", "unittest"),
}
_CHANGES = (
    *(ast.Delete, ast.Global, ast.Nonlocal, ast.ClassDef, ast.AsyncFunctionDef),
    *(ast.Await, ast.Yield, ast.TryStar),
)
_DATA = {"numpy", "datetime", "decimal", "fractions", "numbers"}
"""Modules whose objects are plain data, as for `plain`."""
_SEEDS = {"numpy.random.seed", "torch.manual_seed"}
_NOSE = {"assert_equal": ast.Eq, "assert_equals": ast.Eq, "eq_": ast.Eq, "assert_not_equal": ast.NotEq}
_OLD_TESTS = ("nose", "nose.tools")
_PLACES = 7
"""Decimal places that `assert_almost_equal` compares where it is not told."""
_EXCEPTIONS = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}


class UnsureError(Exception):
    """Rewriting is not sure to be right; the text says why."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    theirs: AbstractSet[str]
    imported: AbstractSet[str]
    local: AbstractSet[str]
    origins: Mapping[str, str]
    """What each imported name stands for: numpy for np."""
    files: AbstractSet[str]


def rewritten(
    code: Sequence[ast.stmt],
    *,
    theirs: AbstractSet[str],
    imported: Mapping[str, str],
    earlier: Mapping[str, ast.stmt],
    files: AbstractSet[str] = frozenset(),
) -> Sequence[ast.stmt]:
    """Return the statements of a check; raise UnsureError where they are not sure to be right.

    `theirs` are the names that the notebook defines, `imported` the import of each that a check may import too,
    `earlier` what cells of tests above define, `files` what lies beside the notebook.
    """
    code = _with_earlier(ast.parse(ast.unparse(ast.Module(list(code), []))).body, earlier)
    local = {name for node in code for name in _bound_anywhere(node)}
    if changed := sorted(local & theirs):
        raise UnsureError(f"it binds {changed[0]!r}, a name of the notebook's")
    if local & {"student", "library", "plain", "raises"} or "shows_value" in local | theirs:
        raise UnsureError("it uses a name that checks have for something else")
    origins = _origins([*ast.parse("\n".join(imported.values())).body, *code])
    known = _Known(theirs=theirs, imported=imported.keys(), local=local, origins=origins, files=files)
    names = _Names(known)
    body = [new for node in code if (new := names.visit(node)) is not None]
    _Values().check_arguments(body, _fixed_names(code))
    values = _Values()
    body = [values.visit(node) for node in body]
    if not any(isinstance(node, ast.Assert) for one in body for node in ast.walk(one)) and not _asserts(body):
        raise UnsureError("it asserts nothing: what it judges by is not seen")
    return [ast.fix_missing_locations(node) for node in body]


def _asserts(body: Iterable[ast.stmt]) -> bool:
    calls = (node for one in body for node in ast.walk(one) if isinstance(node, ast.Call))
    return any("assert" in ast.unparse(call.func) for call in calls)


def _with_earlier(code: Sequence[ast.stmt], earlier: Mapping[str, ast.stmt]) -> list[ast.stmt]:
    """Return the code below what it needs of the cells of tests above it."""
    chosen: dict[str, ast.stmt] = {}
    waiting: list[ast.stmt] = list(code)
    bound = set(names_bound(code))
    while waiting:
        for node in ast.walk(waiting.pop()):
            name = node.id if isinstance(node, ast.Name) else ""
            if name in earlier and name not in bound and name not in chosen:
                chosen[name] = earlier[name]
                waiting.append(earlier[name])
    text = ast.unparse(ast.Module([earlier[name] for name in earlier if name in chosen], []))
    return [*ast.parse(text).body, *code]


def _origins(code: Iterable[ast.stmt]) -> Mapping[str, str]:
    """Return what each name that some code imports stands for, with its module."""
    origins = {}
    for node in (inner for one in code for inner in ast.walk(one)):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            name = alias.asname or alias.name.partition(".")[0]
            whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            origins[name] = whole if alias.asname or isinstance(node, ast.ImportFrom) else name
    return origins


def _bound_anywhere(tree: ast.AST) -> Iterable[str]:
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


class _Names(ast.NodeTransformer):
    """Put `student.` before the notebook's names, and plain statements in the place of what nose had."""

    def __init__(self, known: _Known) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._known.origins:
            self._refuse(self._known.origins[node.id])
        if node.id in self._known.local or node.id == "shows_value":
            return node
        if node.id in _LOOKS_BEHIND:
            raise UnsureError(f"{node.id!r} asks for more than a value")
        if node.id in self._known.theirs:
            return ast.Attribute(ast.Name("student", ast.Load()), node.id, node.ctx)
        if node.id not in self._known.imported and not hasattr(builtins, node.id):
            raise UnsureError(f"nothing above defines {node.id!r}")
        return node

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        for alias in node.names:
            self._refuse(alias.name)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        if node.module in _OLD_TESTS:
            return None
        self._refuse(node.module or "")
        return node

    def _refuse(self, module: str) -> None:
        package = module.partition(".")[0]
        if package in _MODULES:
            raise UnsureError(f"{package} looks at the process that it runs in, which is not the student's")
        if package == "pytest":
            raise UnsureError("students' notebooks have no pytest")
        if f"{package}.py" in self._known.files:
            raise UnsureError(f"it imports {package}, which lies beside the notebook and not beside a check")
        if module in _SEEDS:
            raise UnsureError("it seeds a generator, which the student's process does not share")

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, str) and node.value.removeprefix("./") in self._known.files:
            raise UnsureError(f"it may read {node.value}, which lies beside the notebook and not beside a check")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        name, _, rest = ast.unparse(node).partition(".")
        if name in self._known.origins:
            self._refuse(f"{self._known.origins[name]}.{rest}")
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if (new := _from_nose(call)) is not None:
                return self.generic_visit(new)
            if call.func.id == "assert_raises" and len(call.args) > 1:
                inner = ast.Call(call.args[1], call.args[2:], call.keywords)
                return self._raises(call.args[0], inner)
        elif not isinstance(call, ast.Call | ast.Constant):
            raise UnsureError("a value that it shows may give a part of the points")
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) in ("isinstance", "issubclass") and node.args:
            kinds = [part.id for part in ast.walk(node.args[-1]) if isinstance(part, ast.Name)]
            modules = {self._known.origins.get(kind, "").partition(".")[0] for kind in kinds}
            if modules - {"", *_DATA} or self._known.theirs & set(kinds):
                raise UnsureError(f"{ast.unparse(node.args[-1])} is no kind of plain data")
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST:
        call = node.items[0].context_expr
        named = isinstance(call, ast.Call) and ast.unparse(call.func) in ("assert_raises", "pytest.raises")
        simple = len(node.items) == len(node.body) == 1 and isinstance(node.body[0], ast.Expr)
        if not (named and simple and node.items[0].optional_vars is None and len(call.args) == 1):  # type: ignore[attr-defined]
            raise UnsureError("what its `with` does is not known")
        return self._raises(call.args[0], node.body[0].value)  # type: ignore[attr-defined]

    def visit_Try(self, node: ast.Try) -> ast.AST:
        first, *rest = node.body
        behind = [*node.orelse, *rest]
        last = behind[-1] if behind else None
        simple = (
            isinstance(first, ast.Expr)
            and len(node.handlers) == len(node.orelse) + len(rest) == 1
            and isinstance(node.handlers[0].body[0], ast.Pass)
            and not node.finalbody
            and (isinstance(last, ast.Raise) or (isinstance(last, ast.Assert) and ast.unparse(last.test) == "False"))
        )
        kind = node.handlers[0].type if simple else None
        if kind is None or (rest and ast.unparse(kind) in ("Exception", "AssertionError")):
            raise UnsureError("what its `try` stands for is not known")
        return self._raises(kind, first.value)  # type: ignore[attr-defined]

    def _raises(self, kind: ast.expr, call: ast.expr) -> ast.stmt:
        wanted = _EXCEPTIONS.get(ast.unparse(kind))
        if wanted is None:
            raise UnsureError(f"{ast.unparse(kind)} is no exception of Python's own")
        names = sorted(name for name, one in _EXCEPTIONS.items() if issubclass(one, wanted))
        kinds = [ast.Constant(name) for name in names if name != "NotImplementedError" or wanted is NotImplementedError]
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        later = ast.Lambda(nothing, self.visit(call))
        test = ast.Call(ast.Name("raises", ast.Load()), [ast.Tuple(list(kinds), ast.Load()), later], [])
        return ast.Assert(test, ast.Constant(f"{ast.unparse(kind)} is to be raised here."))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _CHANGES):
            raise UnsureError(f"its `{type(node).__name__.lower()}` may change what the notebook has")
        return super().generic_visit(node)


def _from_nose(call: ast.Call) -> ast.Assert | None:
    """Return the assertion that a function of nose's stands for, None where it is none."""
    name, args = ast.unparse(call.func), call.args
    message = args[2] if len(args) > 2 else None  # noqa: PLR2004
    if name in _NOSE and len(args) > 1:
        return ast.Assert(ast.Compare(args[0], [_NOSE[name]()], [args[1]]), message)
    if name == "assert_true" and args:
        return ast.Assert(args[0], args[1] if args[1:] else None)
    if name == "assert_false" and args:
        return ast.Assert(ast.UnaryOp(ast.Not(), args[0]), args[1] if args[1:] else None)
    if name == "assert_almost_equal" and len(args) == 2 and not call.keywords:  # noqa: PLR2004
        rounded = ast.Call(
            ast.Name("round", ast.Load()), [ast.BinOp(args[0], ast.Sub(), args[1]), ast.Constant(_PLACES)], []
        )
        return ast.Assert(ast.Compare(rounded, [ast.Eq()], [ast.Constant(0)]))
    return None


def _fixed_names(code: Iterable[ast.stmt]) -> AbstractSet[str]:
    """Return the names of what no call can change: constants, and what loops take from constants."""
    fixed: set[str] = set()
    loose: set[str] = set()
    for node in (inner for one in code for inner in ast.walk(one)):
        if isinstance(node, ast.Assign):
            into = fixed if isinstance(node.value, ast.Constant) else loose
            into |= {name for target in node.targets for name in _bound_anywhere(target)}
        elif isinstance(node, ast.For):
            items = node.iter.elts if isinstance(node.iter, ast.List | ast.Tuple) else None
            plain = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range"
            inner = [part for item in items or () for part in ast.walk(item)]
            plain = plain or (
                items is not None and not any(isinstance(p, ast.List | ast.Dict | ast.Call) for p in inner)
            )
            into = fixed if plain else loose
            into |= set(_bound_anywhere(node.target))
    return fixed - loose


class _Values(ast.NodeTransformer):
    """Insist on plain data wherever a value of the student's is compared, counted on or taken apart."""

    def __init__(self) -> None:
        self._handles: set[str] = set()

    def check_arguments(self, body: Iterable[ast.stmt], fixed: AbstractSet[str]) -> None:
        """Raise UnsureError where it may be asked whether a call has changed its argument, which stays as it was."""
        nodes = [node for one in body for node in ast.walk(one)]
        given = {
            argument.id
            for node in nodes
            if isinstance(node, ast.Call) and self._theirs(node)
            for argument in node.args
            if isinstance(argument, ast.Name)
        }
        compared = [
            operand
            for node in nodes
            if isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and "assert" in ast.unparse(node.func))
            for operand in ([node.left, *node.comparators] if isinstance(node, ast.Compare) else node.args)
        ]
        again = {operand.id for operand in compared if isinstance(operand, ast.Name)} & given - fixed
        if again:
            raise UnsureError(f"it may ask whether {min(again)!r} is changed by a call, which gets a copy here")

    def _theirs(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return self._theirs(node.func)
        if isinstance(node, ast.Attribute | ast.Subscript):
            return _is_student(node.value) or self._theirs(node.value)
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
            if any(isinstance(one, ast.Lambda) for one in node.args):
                raise UnsureError("a function cannot be given to the student's process")
            return node
        node.args = [self._plain(one) for one in node.args]
        for keyword in node.keywords:
            keyword.value = self._plain(keyword.value)
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

"""Rewrite a cell of tests as the body of a check: names of the notebook's become `student.…`, results plain data.

Only what is sure to judge the same is rewritten; all else is given back with the reason, for its author to look at.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from autograder.cell_code import names_bound
from autograder.importing.assertions import plain_assertion
from autograder.importing.own_names import own_names
from autograder.importing.plain_values import bound_anywhere, names_in, with_plain_values
from autograder.importing.preparing import SEEDS, draws_nothing, seeds_its_own, without_prints, without_repeated_imports
from autograder.importing.unsure import UnsureError

__all__ = ["HELPERS", "SHOWS_VALUE", "rewritten"]

HELPERS = '''
def plain(value):
    """Insist on plain data: of any other object a check cannot know what it compares, or whether it is true."""
    if isinstance(value, list | tuple | set | frozenset | dict):
        for item in value.values() if isinstance(value, dict) else value:
            plain(item)
    known = bool | int | float | complex | str | bytes | list | tuple | dict | set | frozenset
    module = type(value).__module__.partition(".")[0]
    data = isinstance(value, known) or module in ("numpy", "datetime", "decimal", "fractions", "pandas")
    assert value is None or data, "Plain data is asked for: numbers, texts, lists, sets, dicts, dates, arrays, tables."
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


def helpers(text: str) -> Sequence[str]:
    """Return the helpers of a module of checks with this text."""
    return [HELPERS, *[SHOWS_VALUE] * ("shows_value(" in text), *[PRINTED] * (" printed(" in text)]


SHOWS_VALUE = '''
def shows_value(found, right):
    """Return whether plain data reads as this value does: 2.0 is not 2, and True not 1; numpy's numbers are numbers."""
    found = plain(found)
    if type(found).__module__ == "numpy" and not found.shape:
        found = found.item()
    return type(found) is type(right) and repr(found) == repr(right)
'''.strip()
"""What the other helpers do not need."""

PRINTED = '''
def printed(library, call):
    """Return what a call of the student's prints."""
    text = library.io.StringIO()
    with library.contextlib.redirect_stdout(text):
        call()
    return plain(text.getvalue())
'''.strip()
_OUR_OWN = ("shows_value", "printed", "library")
"""What reading the tests has put there already."""

_LOOKS_BEHIND = {
    *("compile", "delattr", "dir", "eval", "exec", "getattr", "globals", "id"),
    *("input", "locals", "open", "setattr", "vars"),
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
_DATA = {"numpy", "pandas", "datetime", "decimal", "fractions", "numbers"}
"""Modules whose objects are plain data, as for `plain`."""
_CAPTURE = ("io.StringIO", "contextlib.redirect_stdout")
"""What catches what is printed, in the student's process as here."""
_MOCK, _PATCH, _INPUT = "unittest.mock", "unittest.mock.patch", "builtins.input"
_OLD_TESTS = ("nose", "nose.tools")
_EXCEPTIONS = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}


@dataclass(frozen=True, kw_only=True)
class _Known:
    theirs: AbstractSet[str]
    imported: AbstractSet[str]
    local: AbstractSet[str]
    origins: Mapping[str, str]
    """What each imported name stands for: numpy for np."""
    files: AbstractSet[str]
    seeds: bool
    """Whether a seed may stay, because it is for the test's own numbers."""


def rewritten(
    code: Sequence[ast.stmt],
    *,
    theirs: AbstractSet[str],
    imported: Mapping[str, str],
    earlier: Mapping[str, ast.stmt],
    files: AbstractSet[str] = frozenset(),
    notebook: Sequence[ast.stmt] = (),
    answers: AbstractSet[str] = frozenset(),
) -> tuple[Sequence[ast.stmt], bool]:
    """Return the statements of a check, and whether they may ask if a call has changed its argument.

    Raise UnsureError where they are not sure to be right.

    `theirs` are the names that the notebook defines, `imported` the import of each that a check may import too,
    `earlier` what cells of tests above define, `files` what lies beside the notebook,
    `notebook` the statements of its cells, `answers` what is defined by answers in it.
    """
    code = _with_earlier(ast.parse(ast.unparse(ast.Module(list(code), []))).body, earlier)
    code = without_prints(without_repeated_imports(code, notebook, files), theirs)
    local = {name for node in code for name in bound_anywhere(node)}
    theirs = theirs - own_names(code, notebook, theirs - answers)
    if changed := sorted(local & theirs):
        raise UnsureError(f"it binds {changed[0]!r}, a name of the notebook's")
    if local & {"student", "plain", "raises", *_OUR_OWN} or theirs & {*_OUR_OWN}:
        raise UnsureError("it uses a name that checks have for something else")
    origins = _origins([*ast.parse("\n".join(imported.values())).body, *code])
    known = _Known(
        theirs=theirs,
        imported=imported.keys(),
        local=local,
        origins=origins,
        files=files,
        seeds=seeds_its_own(code, notebook, theirs) or draws_nothing(code, origins),
    )
    names = _Names(known)
    body = [new for node in code if (new := names.visit(node)) is not None]
    body, in_place = with_plain_values(body, code, origins)
    if not any(isinstance(node, ast.Assert) for one in body for node in ast.walk(one)) and not _asserts(body):
        raise UnsureError("it asserts nothing: what it judges by is not seen")
    return [ast.fix_missing_locations(node) for node in body], in_place


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


class _Names(ast.NodeTransformer):
    """Put `student.` before the notebook's names, and plain statements in the place of what nose had."""

    def __init__(self, known: _Known) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._known.origins:
            self._refuse(self._known.origins[node.id])
        if node.id in self._known.local or node.id in _OUR_OWN:
            return node
        if node.id in _LOOKS_BEHIND:
            raise UnsureError(f"{node.id!r} asks for more than a value")
        if node.id in self._known.theirs:
            return ast.Attribute(ast.Name("student", ast.Load()), node.id, node.ctx)
        if node.id not in self._known.imported and not hasattr(builtins, node.id):
            raise UnsureError(f"nothing above defines {node.id!r}")
        return node

    def visit_Import(self, node: ast.Import) -> ast.stmt | None:
        node.names = [alias for alias in node.names if alias.name not in ("pytest", "io", "contextlib", *_OLD_TESTS)]
        for alias in node.names:
            if alias.name != _MOCK:
                self._refuse(alias.name)
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        caught = all(f"{node.module}.{alias.name}" in _CAPTURE for alias in node.names)
        if node.module in _OLD_TESTS or caught:
            return None
        if node.module != _MOCK:
            self._refuse(node.module or "")
        return node

    def _refuse(self, module: str) -> None:
        package = module.partition(".")[0]
        if self._known.seeds and (package == "random" or module in SEEDS):
            return
        if package in _MODULES:
            raise UnsureError(f"{package} looks at the process that it runs in, which is not the student's")
        if package == "pytest":
            raise UnsureError("students' notebooks have no pytest")
        if f"{package}.py" in self._known.files:
            raise UnsureError(f"it imports {package}, which lies beside the notebook and not beside a check")
        if module in SEEDS:
            raise UnsureError("it draws from a generator that the student's process does not share")

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
        if isinstance(call, ast.Call):
            own = (self._known.theirs | self._known.local) - self._known.origins.keys()
            if ast.unparse(call.func) not in own and (new := plain_assertion(call, self._known.origins)) is not None:
                return self.generic_visit(new)
            if ast.unparse(call.func) == "assert_raises" and len(call.args) > 1:
                inner = ast.Call(call.args[1], call.args[2:], call.keywords)
                return self._raises(call.args[0], inner)
        elif not isinstance(call, ast.Call | ast.Constant):
            raise UnsureError("a value that it shows may give a part of the points")
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = ast.unparse(node.func)
        of_theirs = node.args and (self._known.theirs | self._known.local) & names_in(node.args[0])
        if name in ("isinstance", "issubclass") and node.args and not self._is_data(node.args[-1]):
            return self._claim(name, [self.visit(node.args[0]), self._there(node.args[-1])])
        if name == "printed":
            return self._printed(node)
        if self._path_of(node.func) in _CAPTURE and not node.keywords:
            return ast.Call(_path(f"library.{self._path_of(node.func)}"), [self.visit(one) for one in node.args], [])
        if name in ("hasattr", "callable") and of_theirs:
            return self._claim(name, [self.visit(one) for one in node.args])
        if name == "repr" and of_theirs:
            asked = ast.Call(_path("library.builtins.repr"), [self.visit(one) for one in node.args], [])
            return ast.Call(_path("plain"), [asked], [])
        return self.generic_visit(node)

    def _path_of(self, node: ast.expr) -> str:
        """Return what a function of a module's is called with its module, "" for any other."""
        name, dot, rest = ast.unparse(node).partition(".")
        return self._known.origins.get(name, "") + dot + rest

    def _printed(self, node: ast.Call) -> ast.expr:
        """Return the question what a call prints, which must be of something of the notebook's."""
        call = node.args[-1].body if isinstance(node.args[-1], ast.Lambda) else node
        if not (isinstance(call, ast.Call) and ast.unparse(call.func).partition(".")[0] in self._known.theirs):
            raise UnsureError("something that it calls prints")
        return self.generic_visit(node)  # type: ignore[return-value]

    def _is_data(self, kinds: ast.expr) -> bool:
        """Return whether all kinds of an `isinstance` are of plain data, as for `plain`."""
        names = names_in(kinds)
        modules = {self._known.origins.get(name, "").partition(".")[0] for name in names}
        return not (modules - {"", *_DATA} or self._known.theirs & names)

    @staticmethod
    def _claim(name: str, args: list[ast.expr]) -> ast.expr:
        """Return the question whether the student's process says True."""
        asked = ast.Call(_path(f"library.builtins.{name}"), args, [])
        return ast.Compare(asked, [ast.Is()], [ast.Constant(True)])

    def _there(self, kinds: ast.expr) -> ast.expr:
        """Return the kinds of an `isinstance` as they are called in the student's process."""
        if isinstance(kinds, ast.Tuple):
            return ast.Tuple([self._there(one) for one in kinds.elts], ast.Load())
        name, _, rest = ast.unparse(kinds).partition(".")
        if not re.fullmatch(r"[\w.]+", ast.unparse(kinds)):
            raise UnsureError(f"{ast.unparse(kinds)} is no kind of plain data")
        if name in self._known.theirs:
            return _path(f"student.{name}.{rest}".rstrip("."))
        if name in self._known.origins:
            self._refuse(self._known.origins[name])
            return _path(f"library.{self._known.origins[name]}.{rest}".rstrip("."))
        if hasattr(builtins, name):
            return _path(f"library.builtins.{name}")
        raise UnsureError(f"nothing above defines {name!r}")

    def visit_With(self, node: ast.With) -> ast.AST:
        call = node.items[0].context_expr
        path = self._path_of(call.func) if isinstance(call, ast.Call) else ""
        plain = len(node.items) == 1 and node.items[0].optional_vars is None
        if plain and path == "contextlib.redirect_stdout":
            return super().generic_visit(node)
        if plain and path == _PATCH and isinstance(call, ast.Call) and ast.unparse(call.args[0]) == repr(_INPUT):
            node.body = [self.visit(one) for one in node.body]  # `input` asks what this process has in its place
            return node
        named = isinstance(call, ast.Call) and ast.unparse(call.func) in ("assert_raises", "pytest.raises")
        simple = len(node.items) == len(node.body) == 1 and isinstance(node.body[0], ast.Expr)
        if not (named and simple and node.items[0].optional_vars is None and len(call.args) == 1 and not call.keywords):  # type: ignore[attr-defined]
            raise UnsureError("what its `with` does is not known")
        return self._raises(call.args[0], node.body[0].value)  # type: ignore[attr-defined]

    def visit_Try(self, node: ast.Try) -> ast.AST:
        first, *rest = node.body
        behind = [*node.orelse, *rest]
        last = behind[-1] if behind else None
        simple = (
            isinstance(first, ast.Expr | ast.Assign)
            and len(node.handlers) == len(node.orelse) + len(rest) == 1
            and all(isinstance(one, ast.Pass) for one in node.handlers[0].body)
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
            return self._raises_there(kind, call)
        names = sorted(name for name, one in _EXCEPTIONS.items() if issubclass(one, wanted))
        kinds = [ast.Constant(name) for name in names if name != "NotImplementedError" or wanted is NotImplementedError]
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        later = ast.Lambda(nothing, self.visit(call))
        test = ast.Call(ast.Name("raises", ast.Load()), [ast.Tuple(list(kinds), ast.Load()), later], [])
        return ast.Assert(test, ast.Constant(f"{ast.unparse(kind)} is to be raised here."))

    def _raises_there(self, kind: ast.expr, call: ast.expr) -> ast.stmt:
        """Return the question whether a call raises an exception that only the student's process has."""
        asked = self.visit(call) if isinstance(call, ast.Call) else None
        if asked is None or not re.fullmatch(r"[\w.]+", ast.unparse(kind)):
            raise UnsureError(f"{ast.unparse(kind)} is no exception of Python's own")
        of_unittest = _path("library.unittest.TestCase().assertRaises")
        test = ast.Call(of_unittest, [self._there(kind), asked.func, *asked.args], asked.keywords)
        return ast.Assert(ast.Compare(test, [ast.Is()], [ast.Constant(None)]))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        left, right = node.left, node.comparators[0]
        is_type = isinstance(left, ast.Call) and ast.unparse(left.func) == "type" and len(left.args) == 1
        if is_type and len(node.ops) == 1 and not self._is_data(right):
            assert isinstance(left, ast.Call)
            told = ast.Call(_path("library.builtins.type"), [self.visit(left.args[0])], [])
            operator = {ast.Eq: "eq", ast.Is: "is_", ast.NotEq: "ne", ast.IsNot: "is_not"}.get(type(node.ops[0]), "")
            if not operator:
                raise UnsureError("how it compares a type is not known")
            asked = ast.Call(_path(f"library.operator.{operator}"), [told, self._there(right)], [])
            return ast.Compare(asked, [ast.Is()], [ast.Constant(True)])
        return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _CHANGES):
            raise UnsureError(f"its `{type(node).__name__.lower()}` may change what the notebook has")
        return super().generic_visit(node)


def _path(dotted: str) -> ast.expr:
    return ast.parse(dotted, mode="eval").body

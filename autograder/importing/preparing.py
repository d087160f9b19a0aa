"""Take out of a cell of tests what judges nothing: what it prints, and magics that only show or time something."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from autograder.cell_code import names_bound
from autograder.importing.plain_values import bound_anywhere
from autograder.importing.unsure import UnsureError

__all__ = ["SEEDS", "draws_nothing", "seeds_its_own", "without_magics", "without_prints", "without_repeated_imports"]

_MAGIC = re.compile(
    r"^(?:%%time|%%capture|[ \t]*%(?:matplotlib|load_ext|autoreload|config)\b.*)[ \t]*$\n?", re.MULTILINE
)
_RANDOM = re.compile(r"rand|rng|shuffle|sampl|seed|choice|torch|keras|tensorflow|sklearn|scipy\.stats", re.IGNORECASE)
"""What may draw random numbers."""
SEEDS = {"random.seed", "numpy.random.seed", "torch.manual_seed"}
"""What seeds a generator that all share; a check that calls it seeds the student's process too."""
_DRAWS = re.compile(
    r"random\.|numpy\.random\.(?!default_rng|Generator|RandomState)|torch\.(?:rand|normal|bernoulli|multi)"
)
_SHOW = {"abs", "bool", "float", "int", "len", "list", "max", "min", "repr", "round", "sorted", "str", "sum", "type"}
"""What is called to show a value, and does nothing to it."""
_MAYBE = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def without_magics(source: str) -> str:
    """Return a cell without the magics that time it, catch what it shows, or set up how figures are shown."""
    return _MAGIC.sub("", source)


def without_prints(code: Iterable[ast.stmt], theirs: AbstractSet[str]) -> Sequence[ast.stmt]:
    """Return statements that print nothing; what is asked of `theirs`, the notebook's names, is asked all the same."""
    code = list(code)
    for node in (inner for one in code for inner in ast.walk(one) if isinstance(inner, ast.With)):
        if "redirect_stdout" in ast.unparse(node.items[0]) and any(_prints(part) for part in ast.walk(node)):
            raise UnsureError("it looks at what it prints itself")
    bound = {name for node in code for name in bound_anywhere(node)}
    return _Prints(theirs | bound).block(code)


class _Prints(ast.NodeTransformer):
    def __init__(self, known: AbstractSet[str]) -> None:
        self._known = known

    def block(self, code: list[ast.stmt]) -> list[ast.stmt]:
        kept: list[ast.stmt] = []
        for node in code:
            kept += self._calls(node) if _prints(node) else [self.visit(node)]
        return kept

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self.block(value) or ([] if field in ("orelse", "finalbody") else [ast.Pass()]))
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, ast.ExceptHandler | ast.match_case):
                        self.visit(one)
        return node

    def _calls(self, node: ast.stmt) -> list[ast.stmt]:
        """Return the calls of the notebook's functions in what is printed."""
        assert isinstance(node, ast.Expr)
        assert isinstance(node.value, ast.Call)
        found: list[ast.stmt] = []
        waiting: list[ast.AST] = [*node.value.args]
        while waiting:
            part = waiting.pop(0)
            if not self._is_theirs(part):
                continue
            if isinstance(part, _MAYBE):
                raise UnsureError("it prints what it asks of the notebook")
            if isinstance(part, ast.Call):
                found.append(ast.Expr(part))
            else:
                waiting = [*ast.iter_child_nodes(part), *waiting]
        return found

    def _is_theirs(self, node: ast.AST) -> bool:
        """Return whether something is called in it that may be the notebook's, or of an object of the test's."""
        calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
        asked = any(ast.unparse(one) not in _SHOW for one in calls)
        return asked and any(isinstance(one, ast.Name) and one.id in self._known for one in ast.walk(node))


def _prints(node: ast.AST) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("print", "display")


def seeds_its_own(code: Iterable[ast.stmt], notebook: Iterable[ast.stmt], theirs: AbstractSet[str]) -> bool:
    """Return whether a seed in some code can only be meant for the numbers that it draws itself.

    So it is where nothing that it uses of the `notebook` may draw any, or where nobody seeds anything. `theirs` are the
    names that the notebook defines or imports of its own files.
    """
    code, notebook = list(code), list(notebook)
    if not any(_seeds(one) for node in (*code, *notebook) for one in ast.walk(node)):
        return True
    waiting = _names(code)
    defining = [(set(names_bound([node])) & theirs, node) for node in notebook]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for names, node in defining:
            if name in names:
                if isinstance(node, ast.Import | ast.ImportFrom) or _RANDOM.search(ast.unparse(node)):
                    return False
                waiting |= _names([node]) - seen
    return True


def draws_nothing(code: Iterable[ast.stmt], origins: Mapping[str, str]) -> bool:
    """Return whether some code only seeds generators, and by their modules: then the student's process does too."""
    whole = (one for node in code for one in ast.walk(node) if isinstance(one, ast.Attribute | ast.Name))
    paths = {
        origins.get(name, "") + dot + rest for name, dot, rest in (ast.unparse(one).partition(".") for one in whole)
    }
    drawn = {path for path in paths if _DRAWS.match(path)} - SEEDS
    named = {name for name, origin in origins.items() if origin in SEEDS}
    return not drawn and not named & _names(code)


def _seeds(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and "seed" in ast.unparse(node.func).lower()


def without_repeated_imports(
    code: Sequence[ast.stmt], notebook: Iterable[ast.stmt], files: AbstractSet[str]
) -> Sequence[ast.stmt]:
    """Return statements without the imports of the assignment's own `files` that the notebook has too."""
    there = {one for node in notebook for one in _imported(node)}
    return [one for node in code if (one := _Repeated(there, files).visit(node)) is not None]


class _Repeated(ast.NodeTransformer):
    def __init__(self, there: AbstractSet[str], files: AbstractSet[str]) -> None:
        self._there = there
        self._files = files

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return self._kept(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return self._kept(node)

    def _kept(self, node: ast.Import | ast.ImportFrom) -> ast.AST | None:
        module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        ours = f"{(module or '').partition('.')[0]}.py" in self._files
        return None if ours and set(_imported(node)) <= self._there else node


def _imported(node: ast.stmt) -> Sequence[str]:
    """Return each import of a statement by itself."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.level} {node.module} {ast.unparse(alias)}" for alias in node.names]
    return [ast.unparse(alias) for alias in node.names] if isinstance(node, ast.Import) else []


def _names(code: Iterable[ast.stmt]) -> set[str]:
    return {one.id for node in code for one in ast.walk(node) if isinstance(one, ast.Name)}

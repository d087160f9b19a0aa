"""Read the Python of a cell without running it: its statements, what they define, what was added to one of ours.

A cell is hostile input, and may be no Python at all: then it has no statements.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "added_code",
    "defined_names",
    "names_bound",
    "names_changed",
    "names_imported",
    "parse",
    "statements",
    "words",
]

_DEFINITION = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_UNPACKED = re.compile(r"^[(\[]?(\*?\w++(?:[ \t]*+,[ \t]*+\*?\w++)++)[ \t]*+,?[ \t]*+[)\]]?[ \t]*+=(?!=)", re.MULTILINE)
"""What binds several names at once; possessive, so that no cell takes long."""
_SHELL = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_WORD = re.compile(r"\w+")


def defined_names(source: str) -> list[str]:
    """Return the names that a cell defines at its top level, also where the cell does not parse."""
    found = {match.start(): [match[1] or match[2]] for match in _DEFINITION.finditer(source)}
    found |= {match.start(): _WORD.findall(match[1]) for match in _UNPACKED.finditer(source)}
    return [name for _, names in sorted(found.items()) for name in names]


def words(source: str) -> set[str]:
    """Return all names that occur in a cell, wherever."""
    return set(_WORD.findall(source))


def parse(source: str) -> ast.Module:
    """Return a cell's syntax tree, `%magic` and `!command` lines as `pass`; raise SyntaxError where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes and the like: they are not ours
        try:
            try:
                return ast.parse(source)
            except SyntaxError:
                return ast.parse(_SHELL.sub(r"\1pass", source))
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def statements(source: str) -> Sequence[ast.stmt]:
    """Return a cell's statements; none of one that is no Python."""
    try:
        return parse(source).body
    except SyntaxError:
        return ()


def names_bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield each name that some code, functions and classes in it apart, binds at its own level."""
    for node in _own_nodes(nodes):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield _imported_as(node)


def names_changed(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names whose objects some code changes: `x[0] = 1`, `x.y = 1`, and `x.append(1)` by itself."""
    for node in _own_nodes(nodes):
        target: ast.AST = node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            target = node.value.func
        elif not isinstance(node, ast.Attribute | ast.Subscript) or isinstance(node.ctx, ast.Load):
            continue
        if isinstance(target, ast.Attribute | ast.Subscript):
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
            if isinstance(target, ast.Name):
                yield target.id


def names_imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the names that some code imports at its own level."""
    return (_imported_as(node) for node in _own_nodes(nodes) if isinstance(node, ast.alias))


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of some code, without what is inside functions, classes and comprehensions."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def _imported_as(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _shape(statement: ast.stmt, source: str) -> str:
    """Return what is the same for the same code in another layout; its own text where it is too deep to be followed."""
    try:
        return ast.dump(statement)
    except RecursionError:
        return ast.get_source_segment(source, statement) or ""


def added_code(ours: str, theirs: str, taken: set[str]) -> str:
    """Return what a student added to a cell of ours, each line in its place; "" for nothing.

    What binds a name that is `taken`, or one of this cell's, is a change and no addition; nor is a `%magic`.
    """
    known = {ast.dump(statement) for statement in statements(ours)} | {ast.dump(ast.Pass())}
    taken = taken | set(names_bound(statements(ours)))
    lines = theirs.splitlines()
    kept = [""] * len(lines)
    for statement in statements(theirs):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [one for one in statement.names if not taken & set(names_bound([one]))]
            if statement.names:
                kept[statement.lineno - 1] = ast.unparse(statement)
        elif _shape(statement, theirs) not in known and not taken & set(names_bound([statement])):
            decorators = getattr(statement, "decorator_list", ())
            first = min([statement.lineno, *(one.lineno for one in decorators)]) - 1
            kept[first : statement.end_lineno] = lines[first : statement.end_lineno]
    return "\n".join(kept) if any(kept) else ""

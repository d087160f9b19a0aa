"""Put an entry for an assignment into `course_config.py`, and leave every other byte of it as it is."""

import ast
import re
from dataclasses import dataclass

from autograder.course import Assignment
from autograder.errors import ConfigError

__all__ = ["UnusualConfigError", "as_literal", "entry_text", "with_entry"]

_COMMENT = re.compile(rb"#[^\r\n]*")
_CLASS = "Assignment"


class UnusualConfigError(ConfigError):
    """The file is not written so that an entry can be put into it safely; its author adds it by hand."""


@dataclass(frozen=True, kw_only=True)
class _Insertion:
    place: int
    """In bytes from the file's beginning."""
    text: bytes


def with_entry(config: bytes, assignment: Assignment) -> bytes:
    """Return the file with an entry behind the last one; raise UnusualConfigError where that is not sure to be right.

    The outcome is read again: it must be the same syntax tree, with one element more in the list of assignments.
    """
    try:
        tree = ast.parse(config)
    except (SyntaxError, ValueError) as error:
        raise UnusualConfigError("it is no Python that can be read.") from error
    entries = _list_of_assignments(tree)
    name = _name_of_class(tree, entries)
    edited = config
    for insertion in sorted(_insertions(config, entries, assignment, name), key=lambda one: -one.place):
        edited = edited[: insertion.place] + insertion.text + edited[insertion.place :]
    entries.elts.append(ast.parse(entry_text(assignment, name), mode="eval").body)
    try:
        same = ast.dump(ast.parse(edited)) == ast.dump(tree)
    except (SyntaxError, ValueError):
        same = False
    if not same:
        raise UnusualConfigError("the end of its list of assignments is written in an unusual way.")
    return edited


def entry_text(assignment: Assignment, name: str = _CLASS) -> str:
    """Return the entry as an author would write it, on four lines and more."""
    values = (("name", assignment.name), ("title", assignment.title), ("points", assignment.points))
    lines = [f"    {field}={as_literal(value)},\n" for field, value in values]
    if assignment.files:
        lines.append(f"    files=[{', '.join(map(as_literal, assignment.files))}],\n")
    return f"{name}(\n{''.join(lines)})"


def as_literal(value: str | float) -> str:
    """Return a text or number as Python has it, a text in double quotes unless it holds some."""
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value else f'"{text[1:-1].replace(chr(92) + chr(39), chr(39))}"'
    return f"{value:.15g}"


def _list_of_assignments(tree: ast.Module) -> ast.List:
    """Return the list that `Course(assignments=…)` is given, there or by a name of the module's top level."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _last_name(node.func) == "Course"]
    values = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "assignments"]
    if len(values) != 1:
        raise UnusualConfigError(f"it has {len(values)} times Course(assignments=…), and not once.")
    [value] = values
    if isinstance(value, ast.Name):
        assigned = [
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and value.id in _targets(node) and node.value is not None
        ]
        value = assigned[0] if len(assigned) == 1 else value
    if not isinstance(value, ast.List):
        raise UnusualConfigError("its assignments are no list in brackets.")
    return value


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _name_of_class(tree: ast.Module, entries: ast.List) -> str:
    """Return how the file calls Assignment: as its entries do, else as it imports it."""
    for entry in reversed(entries.elts):
        if isinstance(entry, ast.Call) and _last_name(entry.func) == _CLASS:
            return ast.unparse(entry.func)
    imported = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    if not any(alias.name == _CLASS and alias.asname is None for alias in imported):
        raise UnusualConfigError("it does not import Assignment from autograder.course.")
    return _CLASS


def _insertions(config: bytes, entries: ast.List, assignment: Assignment, name: str) -> list[_Insertion]:
    """Return what to insert, and where: the entry, and a comma behind the last one where it has none."""
    lines = config.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    assert entries.end_lineno is not None
    assert entries.end_col_offset is not None
    bracket = starts[entries.end_lineno - 1] + entries.end_col_offset - 1
    entry = entry_text(assignment, name)
    on_one_line = re.sub(r"\(\n\s+", "(", re.sub(r",\n\)", ")", entry)).replace("\n    ", " ").encode()
    if not entries.elts:
        line_start = starts[entries.end_lineno - 1]
        indentation = config[line_start:bracket]
        if indentation.strip() or entries.lineno == entries.end_lineno:
            return [_Insertion(place=bracket, text=on_one_line)]
        return [_Insertion(place=line_start, text=_block(entry, indentation + b"    ", _newline(config, line_start)))]
    last = entries.elts[-1]
    assert last.end_lineno is not None
    assert last.end_col_offset is not None
    end = starts[last.end_lineno - 1] + last.end_col_offset
    blanked = _COMMENT.sub(lambda found: b" " * len(found[0]), config[end:bracket])
    comma = blanked.find(b",")
    before = config[starts[last.lineno - 1] :][: last.col_offset]
    if before.strip() or b"\n" not in config[end:bracket]:  # entries stand side by side
        place = end if comma < 0 else end + comma + 1
        return [_Insertion(place=place, text=(b", " if comma < 0 else b" ") + on_one_line)]
    line_end = config.index(b"\n", end if comma < 0 else end + comma) + 1
    commas = [] if comma >= 0 else [_Insertion(place=end, text=b",")]
    return [*commas, _Insertion(place=line_end, text=_block(entry, before, _newline(config, line_end)))]


def _newline(config: bytes, line_start: int) -> bytes:
    """Return how the line before this place ends."""
    return b"\r\n" if config[:line_start].endswith(b"\r\n") else b"\n"


def _block(entry: str, indentation: bytes, newline: bytes) -> bytes:
    return b"".join(indentation + line.encode() + newline for line in f"{entry},".splitlines())

"""Know which files a notebook's statements name, and which of them write: an answer may build on another's file."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from autograder.cell_code import names_bound
from autograder.checks.module_code import names_used

__all__ = ["files_named", "names_that_write", "writes"]

_FILE = re.compile(r"(?:[^\s/\\]+/)*[\w-][\w. -]*\.[A-Za-z]\w{0,7}")
_WRITING = {
    *("to_csv", "to_json", "to_pickle", "to_excel", "to_parquet", "to_sql", "write_text", "write_bytes", "dump"),
    *("save", "savez", "savez_compressed", "savetxt", "savefig", "touch", "connect", "copy", "copyfile", "rename"),
}
"""What is called to write a file, beside `open` with a mode."""
_MODE = re.compile(r"(?=.*[wax+])[wax+rbt]{1,3}")


def files_named(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the last part of each text that is the name of a file, such as `table.csv` of `out/table.csv`."""
    texts = [node.value for one in statements for node in ast.walk(one) if isinstance(node, ast.Constant)]
    return {text.rpartition("/")[2] for text in texts if isinstance(text, str) and _FILE.fullmatch(text)}


def writes(statements: Iterable[ast.stmt]) -> bool:
    """Return whether a call among them is one that writes files."""
    return any(_is_writing(node) for one in statements for node in ast.walk(one) if isinstance(node, ast.Call))


def names_that_write(statements: Sequence[ast.stmt]) -> set[str]:
    """Return the functions among what they define that write files, themselves or through others."""
    functions = [one for one in statements if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    found = {name for one in functions if writes([one]) for name in names_bound([one])}
    while more := {*_using(functions, found)} - found:
        found |= more
    return found


def _using(functions: Sequence[ast.stmt], names: set[str]) -> Iterator[str]:
    for one in functions:
        if not names.isdisjoint(names_used([one], with_fixtures=False)):
            yield from names_bound([one])


def _is_writing(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != "open":
        return name in _WRITING
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    modes = [one.value for one in given if isinstance(one, ast.Constant)]
    return any(isinstance(mode, str) and _MODE.fullmatch(mode) is not None for mode in modes)

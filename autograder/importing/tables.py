"""Take tables of pandas' over the boundary between a check and the student's process, as their data.

A check has no use for a table that stays in the student's process, as that would have the student's own object judge.
"""

import ast
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

__all__ = ["TABLES", "call", "has_tables", "in_reach"]

TABLES = '''
def here(value):
    """Return a table, a column or an index of pandas' that the student has as one here with the same data."""
    kind = repr(value).split()[1].rpartition(".")[2] if type(value).__name__ == "Handle" else ""
    if kind == "DataFrame":
        columns = [here(value.iloc[:, place]) for place in range(plain(value.shape)[1])]
        table = pandas.concat(columns, axis=1) if columns else pandas.DataFrame(index=here(value.index))
        return table.set_axis(here(value.columns), axis=1)
    if kind == "MultiIndex":
        return pandas.MultiIndex.from_tuples(plain(value.tolist()), names=list(value.names))
    if kind != "Series" and not kind.endswith("Index"):
        return value
    dtype = str(value.dtype)
    is_time = dtype in ("datetime64[ns]", "datetime64[us]", "datetime64[s]", "timedelta64[ns]", "timedelta64[us]")
    data = plain(value.astype("int64").tolist() if is_time else value.tolist())
    if kind == "Series":
        return pandas.Series(data, here(value.index), "int64" if is_time else dtype, value.name).astype(dtype)
    return pandas.Index(data, "int64" if is_time else dtype, name=value.name).astype(dtype)


def there(library, value):
    """Return a table, a column or an index of pandas' as one in the student's process, and all else as it is."""
    if isinstance(value, pandas.DataFrame):
        columns = [there(library, value.iloc[:, place]) for place in range(value.shape[1])]
        if not columns:
            return library.pandas.DataFrame(index=there(library, value.index))
        return library.pandas.concat(columns, axis=1).set_axis(there(library, value.columns), axis=1)
    if isinstance(value, pandas.MultiIndex):
        return library.pandas.MultiIndex.from_tuples(value.tolist(), names=list(value.names))
    if not isinstance(value, pandas.Series | pandas.Index):
        return value
    dtype, is_time = str(value.dtype), value.dtype.kind in "mM"
    data = value.astype("int64").tolist() if is_time else value.tolist()
    dtype_there = "int64" if is_time else dtype
    if isinstance(value, pandas.Index):
        return library.pandas.Index(data, dtype_there, name=value.name).astype(dtype)
    return library.pandas.Series(data, there(library, value.index), dtype_there, value.name).astype(dtype)


def beside(library, owner, value):
    """Return a table that a method of another object is given where that object is, and all else as it is."""
    return there(library, value) if type(owner).__name__ == "Handle" else here(value)
'''.strip()
"""What the other helpers do not need."""


def in_reach(node: ast.expr, names: AbstractSet[str]) -> ast.expr:
    """Return what a chain of attributes begins with, taken here if it may be a table: one of `names`, or a result."""
    is_name = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "student" and node.attr in names
    return call("here", node) if is_name or isinstance(node, ast.Call) else node


def call(name: str, *args: ast.expr) -> ast.Call:
    """Return the call of a function."""
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def has_tables(imports: Mapping[str, str]) -> bool:
    """Return whether a notebook that imports this has tables of pandas'."""
    return any("pandas" in line for line in imports.values())

"""Know pandas' tables, columns and times for the protocol. Loaded before any fork, and only where a course has pandas.

`parts` makes of a table what the protocol knows: tuples, lists, texts and arrays; `table` makes it of them again, and
believes nothing of what it is given. What is neither (periods, intervals, a subclass) stays where it is.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package of their own

__all__ = ["is_table", "parts", "table"]

_NUMBERS = "biufc"
_UNITS = ("s", "ms", "us", "ns")
_ZONE = re.compile(r"(?!dateutil|tzlocal)[A-Za-z0-9_+\-/:]{1,64}")
_FREQUENCY = re.compile(r"[A-Za-z0-9\-]{1,24}")
_MOST_UNSORTED = 2_000
"""Numbers that must differ, as categories do, are hashed where they are not sorted, and whoever wants to finds as many
as they like with the same hash."""
_MOST_WITH_FREQUENCY = 1_000_000
"""Times that are reckoned anew where they are said to be of a frequency."""
_NAMES = (str, int, float, bool, type(None))
_MASKED: Mapping[str, Any] = {
    str(dtype): dtype
    for dtype in (
        *(pd.BooleanDtype(), pd.Int8Dtype(), pd.Int16Dtype(), pd.Int32Dtype(), pd.Int64Dtype(), pd.UInt8Dtype()),
        *(pd.UInt16Dtype(), pd.UInt32Dtype(), pd.UInt64Dtype(), pd.Float32Dtype(), pd.Float64Dtype()),
    )
}
_TEXTS: Mapping[str, Any] = {"str": pd.StringDtype(na_value=np.nan), "string": pd.StringDtype()}
_KINDS: Mapping[type, str] = {
    pd.DataFrame: "frame",
    pd.Series: "series",
    **dict.fromkeys((pd.Index, pd.RangeIndex, pd.MultiIndex, pd.CategoricalIndex), "index"),
    **dict.fromkeys((pd.DatetimeIndex, pd.TimedeltaIndex), "index"),
    pd.Timestamp: "timestamp",
    pd.Timedelta: "timedelta",
    type(pd.NaT): "missing",
    type(pd.NA): "missing",
}


def is_table(value: object) -> bool:
    """Return whether a value is of a kind that is sent as its parts."""
    return type(value) in _KINDS


def parts(value: Any) -> tuple[str, Any] | None:  # noqa: PLR0911 - one return per kind
    """Return the kind of a value and its parts, None where one of them is none that is sent."""
    kind = _KINDS[type(value)]
    try:
        match kind:
            case "frame":
                columns = [_values_apart(value.iloc[:, place].array) for place in range(value.shape[1])]
                return kind, (_index_apart(value.columns), _index_apart(value.index), columns)
            case "series":
                return kind, (_values_apart(value.array), _index_apart(value.index), _name(value.name))
            case "index":
                return kind, _index_apart(value)
            case "timestamp":
                moment = value.tz_convert("UTC").tz_localize(None) if value.tz else value
                return kind, (int(moment.asm8.view("i8")), value.unit, str(value.tz) if value.tz else None)
            case "timedelta":
                return kind, (int(value.asm8.view("i8")), value.unit)
    except _OtherError:
        return None
    return kind, "NA" if value is pd.NA else "NaT"


def table(kind: str, given: Any) -> Any:
    """Return the value of a kind that has these parts; raise ValueError where they are none of it."""
    makers: Mapping[str, Callable[[Any], Any]] = {
        "frame": _frame,
        "series": lambda given: _column(_values(given[0]), _index(given[1]), _name(given[2])),
        "index": _index,
        "timestamp": _timestamp,
        "timedelta": lambda given: pd.Timedelta(np.timedelta64(_whole(given[0]), _one_of(_UNITS, given[1]))),
        "missing": {"NA": pd.NA, "NaT": pd.NaT}.__getitem__,
    }
    try:
        return makers[kind](given)
    except Exception as error:
        raise ValueError(f"a {kind[:20]} of pandas that is none") from error


class _OtherError(Exception):
    """Something stands in a table that is not sent."""


def _values_apart(array: Any) -> tuple[Any, ...]:  # noqa: PLR0911 - one return per kind
    """Return the values of a column or an index as data."""
    dtype = array.dtype
    if isinstance(array, pd.arrays.NumpyExtensionArray) and not isinstance(dtype, pd.StringDtype):  # as texts are, too
        array = array.to_numpy()
        dtype = array.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes, categories = np.asarray(array.codes, "int64"), _index_apart(dtype.categories)
        return "category", bool(dtype.ordered), categories, codes
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "zone", dtype.unit, str(dtype.tz), np.asarray(array.asi8)
    if isinstance(dtype, pd.StringDtype):
        texts = [None if text is pd.NA or text is None or text != text else str(text) for text in array]  # noqa: PLR0124 - NaN
        return "text", "string" if dtype.na_value is pd.NA else "str", texts
    if str(dtype) in _MASKED:
        mask = np.asarray(array.isna())
        return "masked", str(dtype), array.to_numpy(dtype.numpy_dtype, na_value=0), mask
    if not isinstance(dtype, np.dtype):
        raise _OtherError
    if dtype.kind in "mM" and np.datetime_data(dtype)[0] in _UNITS:
        plain = np.asarray(array)
        return {"M": "time", "m": "span"}[dtype.kind], np.datetime_data(dtype)[0], plain.view("i8")
    if dtype.kind in _NUMBERS:
        return "numbers", np.ascontiguousarray(array)
    if dtype.kind == "O":
        return "objects", list(array)
    raise _OtherError


def _values(given: tuple[Any, ...]) -> Any:  # noqa: PLR0911 - one return per kind
    """Return what `_values_apart` took apart."""
    match given:
        case ("category", bool(ordered), tuple(categories), np.ndarray() as codes):
            kinds = pd.CategoricalDtype(_distinct(_index(categories)), ordered=ordered)
            return pd.Categorical.from_codes(codes, dtype=kinds)
        case ("zone", unit, str(zone), np.ndarray() as numbers) if _ZONE.fullmatch(zone):
            dtype = pd.DatetimeTZDtype(_one_of(_UNITS, unit), zone)
            return pd.Series(_times("M", unit, numbers)).dt.tz_localize("UTC").astype(dtype).array
        case ("text", str(name), list(texts)) if all(text is None or type(text) is str for text in texts):
            return pd.array(texts, dtype=_TEXTS[name])
        case ("masked", str(name), np.ndarray() as numbers, np.ndarray() as mask) if numbers.shape == mask.shape:
            found = pd.array(numbers, dtype=_MASKED[name])
            found[mask.astype(bool)] = pd.NA
            return found
        case ("time" | "span" as kind, unit, np.ndarray() as numbers):
            return _times({"time": "M", "span": "m"}[kind], unit, numbers)
        case ("numbers", np.ndarray() as numbers) if numbers.ndim == 1 and numbers.dtype.kind in _NUMBERS:
            return numbers
        case ("objects", list(items)):
            found = np.empty(len(items), dtype=object)
            found[:] = items
            return found
    raise ValueError


def _times(kind: str, unit: Any, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if numbers.dtype != "int64" or numbers.ndim != 1:
        raise ValueError
    return numbers.view(f"{kind}8[{_one_of(_UNITS, unit)}]")


def _index_apart(index: Any) -> tuple[Any, ...]:
    names = [_name(name) for name in index.names]
    match index:
        case pd.MultiIndex():
            codes = [np.asarray(codes, "int64") for codes in index.codes]
            return "levels", names, [_index_apart(level) for level in index.levels], codes
        case pd.RangeIndex():
            return "range", names, (index.start, index.stop, index.step)
        case pd.DatetimeIndex() | pd.TimedeltaIndex():
            return "times", names, _values_apart(index.array), index.freqstr
    return "values", names, _values_apart(index.array)


def _index(given: tuple[Any, ...]) -> Any:
    """Return what `_index_apart` took apart."""
    match given:
        case ("levels", list(names), list(levels), list(codes)):
            distinct = [_distinct(_index(level)) for level in levels]
            return pd.MultiIndex(distinct, codes, names=[_name(name) for name in names])
        case ("range", [name], (int(start), int(stop), int(step))) if max(abs(start), abs(stop), abs(step)) < 2**40:
            return pd.RangeIndex(start, stop, step, name=_name(name))
        case ("times", [name], tuple(values), frequency):
            found = pd.Index(_values(values), name=_name(name))
            if isinstance(frequency, str) and _FREQUENCY.fullmatch(frequency):
                if len(found) > _MOST_WITH_FREQUENCY:
                    raise ValueError
                found.freq = frequency
            return found
        case ("values", [name], tuple(values)):
            found = _values(values)
            return pd.Index(found, dtype=found.dtype, name=_name(name))
    raise ValueError


def _distinct(found: Any) -> Any:
    """Return an index whose values have to differ; raise ValueError where finding that out could take for ever."""
    if len(found) > _MOST_UNSORTED and not isinstance(found.dtype, pd.StringDtype):
        if found.dtype.kind == "O" and not all(type(value) is str for value in found):  # others need not even compare
            raise ValueError
        if found.dtype.kind != "O" and not found.is_monotonic_increasing:
            raise ValueError
    return found


def _column(values: Any, rows: Any, name: Any = None) -> Any:
    """Return a column of the kind that its values have: pandas would take objects that are all texts for texts."""
    return pd.Series(values, index=rows, dtype=values.dtype, name=name)


def _frame(given: tuple[Any, ...]) -> Any:
    columns, rows, values = _index(given[0]), _index(given[1]), [_values(one) for one in given[2]]
    if len(values) != len(columns) or any(len(one) != len(rows) for one in values):
        raise ValueError
    found = pd.DataFrame({place: _column(one, rows) for place, one in enumerate(values)}, index=rows)
    found.columns = columns
    return found


def _timestamp(given: tuple[Any, ...]) -> Any:
    number, unit, zone = given
    moment = pd.Timestamp(np.datetime64(_whole(number), _one_of(_UNITS, unit)))
    if zone is None:
        return moment
    if not (isinstance(zone, str) and _ZONE.fullmatch(zone)):
        raise ValueError
    return moment.tz_localize("UTC").tz_convert(zone)


def _name(name: Any) -> Any:
    """Return a name that is data; raise _OtherError for any other."""
    if type(name) in _NAMES or (type(name) is tuple and all(type(part) in _NAMES for part in name)):
        return name
    if isinstance(name, np.integer):
        return int(name)
    raise _OtherError


def _whole(number: object) -> int:
    """Return a whole number as it is; raise ValueError for whatever would have to be made one."""
    if type(number) is not int:
        raise ValueError
    return number


def _one_of(known: tuple[str, ...], value: object) -> Any:
    if value not in known:
        raise ValueError
    return value

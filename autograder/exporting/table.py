"""Write all that is known of results as one table: a row for each student and check, for pandas, R, a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from autograder.plain_text import guarded, plain_lines
from autograder.results import CheckRecord, HandRecord, Result, Status
from autograder.roster import Person, Roster

__all__ = ["COLUMNS", "Row", "as_csv", "as_parquet", "rows_of"]

Value: TypeAlias = str | float | int | bool | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check of one result, or what people gave to one question; a result without any has one row all the same."""

    result: Result
    person: Person
    check: CheckRecord | None = None
    by_hand: HandRecord | None = None


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    kind: type[str] | type[float] | type[int] | type[bool]
    value: Callable[[Row], Value]


def _of_result(name: str, kind: type[str] | type[float] | type[int]) -> _Column:
    return _Column(name=name, kind=kind, value=lambda row: getattr(row.result, name))


def _of_person(name: str) -> _Column:
    return _Column(name=name, kind=str, value=lambda row: getattr(row.person, name))


def _of_check(
    name: str,
    kind: type[str] | type[float] | type[bool],
    value: Callable[[CheckRecord], Value] | None = None,
    by_hand: Callable[[HandRecord], Value] = lambda _: None,
) -> _Column:
    read = value or (lambda check: getattr(check, name))

    def of_row(row: Row) -> Value:
        if row.check is not None:
            return read(row.check)
        return None if row.by_hand is None else by_hand(row.by_hand)

    return _Column(name=name, kind=kind, value=of_row)


_COLUMNS = (
    _of_result("assignment", str),
    _of_result("student", str),
    _of_person("name"),
    _of_person("section"),
    _of_person("group"),
    _of_result("attempt", int),
    _Column(name="result", kind=str, value=lambda row: str(row.result.status)),
    _Column(
        name="total", kind=float, value=lambda row: None if row.result.status == Status.FAILED else row.result.score
    ),
    _of_result("max_score", float),
    _of_result("late_days", int),
    _of_result("penalty", float),
    _of_result("submitted_at", str),
    _of_result("graded_at", str),
    _of_result("device", str),
    _Column(name="total_seconds", kind=float, value=lambda row: row.result.seconds),
    _Column(name="flags", kind=str, value=lambda row: " ".join(row.result.flags)),
    _of_result("reason", str),
    _of_check("question", str, by_hand=lambda given: given.question),
    _of_check("check", str, lambda check: check.id, lambda _: "by hand"),
    _of_check("points", float, by_hand=lambda given: given.points),
    _of_check("score", float, by_hand=lambda given: given.by_hand),
    _of_check("status", str, lambda check: str(check.status), lambda given: str(given.status)),
    _of_check("public", bool),
    _of_check("seconds", float),
    _of_check("memory_mb", float),
    _of_check("measured", str, lambda check: "; ".join(f"{one.of}={one.value:g}" for one in check.measured)),
    _of_check("carried", str, lambda check: " ".join(check.carried)),
    _of_check("message", str, by_hand=lambda given: " ".join(given.comments)),
    _of_check("cause", str),
)
COLUMNS = tuple(column.name for column in _COLUMNS)
"""The names of the columns, in their order: of the student, of the whole result, of the check."""


def rows_of(results: Iterable[Result], roster: Roster | None) -> Iterator[Row]:
    """Yield a row for each check of each result, and for each question that people gave something to, or are to.

    The scores of a result's rows add up to what was earned; the points to what the assignment is worth.
    """
    people = roster.by_id if roster else {}
    for result in results:
        person = people.get(result.student) or Person(id=result.student)
        checked = {check.question for check in result.checks}
        rows = [Row(result=result, person=person, check=check) for check in result.checks]
        for given in result.by_hand:
            own = replace(given, points=0.0) if given.question in checked else given
            rows.append(Row(result=result, person=person, by_hand=own))
        yield from rows or [Row(result=result, person=person)]


def as_csv(rows: Iterable[Row]) -> bytes:
    """Return the table as CSV in UTF-8, with a decimal point; text never begins a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_written(column.value(row)) for column in _COLUMNS] for row in rows)
    return file.getvalue().encode("utf-8", "replace")


def as_parquet(rows: Sequence[Row]) -> bytes:
    """Return the table as Parquet; text is as it was found. Needs pyarrow."""
    import pyarrow as pa  # noqa: PLC0415 - nothing else needs it
    from pyarrow import parquet  # noqa: PLC0415 - as above

    kinds: dict[type, Any] = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, kinds[column.kind]) for column in _COLUMNS])
    values = {column.name: [_clean(column.value(row)) for row in rows] for column in _COLUMNS}
    sink = io.BytesIO()
    parquet.write_table(pa.table(values, schema=schema), sink)
    return sink.getvalue()


def _written(value: Value) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    return guarded(plain_lines(value)) if isinstance(value, str) else value


def _clean(value: Value) -> Value:
    """Return text that UTF-8 can hold; what is empty is missing, as it is in a CSV file."""
    return (value.encode("utf-8", "replace").decode() or None) if isinstance(value, str) else value

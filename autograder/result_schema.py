"""Derive the JSON Schema of the result file from its dataclasses: `python -m autograder.result_schema` prints it."""

import ast
import inspect
import json
from enum import StrEnum
from itertools import pairwise
from typing import Any

import msgspec

from autograder.results import (
    SCHEMA,
    CellRecord,
    CellStatus,
    CheckRecord,
    CheckStatus,
    Curve,
    Flag,
    HandRecord,
    HandStatus,
    Measurement,
    Result,
    Status,
)

__all__ = ["field_docstrings", "result_schema"]

_RECORDS: tuple[type, ...] = (Result, CheckRecord, Measurement, Curve, CellRecord, HandRecord)
_ENUMS: tuple[type[StrEnum], ...] = (Status, CheckStatus, CellStatus, HandStatus, Flag)


def result_schema() -> dict[str, Any]:
    """Return the schema, with the docstrings of classes, fields and values as descriptions."""
    schema = msgspec.json.schema(Result)
    definitions = schema.pop("$defs")
    for record in _RECORDS:
        _complete_record(definitions[record.__name__], record)
    for enum in _ENUMS:
        _complete_enum(definitions[enum.__name__], enum)
    result = definitions[Result.__name__]
    result["properties"] = {
        "schema": {"const": SCHEMA, "description": "The version of this format."},
        **result["properties"],
    }
    result["required"].insert(0, "schema")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "$defs": {kind.__name__: definitions[kind.__name__] for kind in (*_RECORDS, *_ENUMS)},
    }


def _complete_record(definition: dict[str, Any], record: type) -> None:
    """Describe the fields, in the file's order; other fields are refused."""
    docstrings = field_docstrings(record)
    definition["properties"] = {
        name: definition["properties"][name] | ({"description": docstrings[name]} if name in docstrings else {})
        for name in record.__annotations__
    }
    definition["additionalProperties"] = False


def _complete_enum(definition: dict[str, Any], enum: type[StrEnum]) -> None:
    """Describe the values, in the order that the enum gives them."""
    docstrings = field_docstrings(enum)
    told = [f"`{member.value}`: {docstrings[name]}" for name, member in enum.__members__.items() if name in docstrings]
    definition["description"] = " ".join([definition["description"], *told])
    definition["enum"] = [member.value for member in enum]


def field_docstrings(kind: type) -> dict[str, str]:
    """Return the docstrings of a class's fields or values: each stands below its own."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for statement, below in pairwise(definition.body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found


if __name__ == "__main__":
    print(json.dumps(result_schema(), indent=2, ensure_ascii=False))  # noqa: T201 - for docs/result.schema.json

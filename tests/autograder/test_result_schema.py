"""The published schema says of a result file what reading one says."""

import json
from pathlib import Path

import jsonschema
import pytest
from test_results import NO_RESULTS, RESULT

from autograder.result_schema import result_schema
from autograder.results import CellRecord, CheckRecord, Curve, Flag, Measurement, Result, Status

PUBLISHED = Path(__file__).parents[2] / "docs" / "result.schema.json"
BEYOND_A_SCHEMA = ("a score above max_score", "a check's score above its points", "a score beyond floats")
"""A schema compares no two fields, and knows no largest float."""


def is_json(content: bytes) -> bool:
    """Return whether it is JSON at all: without NaN and lone surrogates, and no deeper than anybody reads."""
    try:
        json.dumps(json.loads(content), ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def test_the_published_schema_is_that_of_the_code():
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json.loads(json.dumps(result_schema())), (
        f"run: python -m autograder.result_schema > docs/{PUBLISHED.name}"
    )


def test_it_is_a_json_schema():
    jsonschema.Draft202012Validator.check_schema(result_schema())


def test_what_is_written_follows_it():
    for status in Status:
        bare = Result(assignment="tiny", student="ada", status=status, score=0, max_score=6)
        jsonschema.validate(json.loads(bare.to_json()), result_schema())
    jsonschema.validate(json.loads(RESULT.to_json()), result_schema())


REFUSED = [name for name, content in NO_RESULTS.items() if is_json(content) and name not in BEYOND_A_SCHEMA]


@pytest.mark.parametrize("name", REFUSED)
def test_what_reading_refuses_it_refuses_too(name):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(NO_RESULTS[name]), result_schema())


@pytest.mark.parametrize("record", [Result, CheckRecord, CellRecord, Measurement, Curve])
def test_it_has_every_field_of_the_file_and_in_its_order(record):
    fields = [*(["schema"] if record is Result else []), *record.__dataclass_fields__]
    assert list(result_schema()["$defs"][record.__name__]["properties"]) == fields


def test_docstrings_of_fields_and_values_are_in_it():
    definitions = result_schema()["$defs"]
    assert "the late penalty" in definitions["Result"]["properties"]["score"]["description"]
    assert "`killed`: The kernel killed" in definitions["Flag"]["description"]
    assert definitions["Flag"]["enum"] == [flag.value for flag in Flag]

"""What a check measured is recorded once, as a number beside its threshold."""

import math

import pytest

from autograder.checks.measurements import measured, take_measurements
from autograder.results import CheckRecord, CheckStatus, Measurement, Result, Status


def test_measurements_are_taken_in_their_order_and_once():
    measured("accuracy", 0.97123456, at_least=0.96)
    measured("loss", 1, at_least=0)
    found = take_measurements()
    assert found == (
        Measurement(of="accuracy", value=0.971235, at_least=0.96),
        Measurement(of="loss", value=1.0, at_least=0.0),
    )
    assert take_measurements() == ()


@pytest.mark.parametrize(("value", "least"), [(math.nan, 0.5), (math.inf, 0.5), (0.5, math.nan)])
def test_what_is_no_number_is_an_error_of_the_check(value, least):
    with pytest.raises(ValueError, match="must be finite numbers"):
        measured("accuracy", value, at_least=least)
    assert take_measurements() == ()


def test_a_result_file_holds_them():
    record = CheckRecord(
        id="t::c",
        question="q",
        points=1,
        score=1,
        status=CheckStatus.PASSED,
        public=False,
        memory_mb=12.5,
        measured=(Measurement(of="accuracy", value=0.97, at_least=0.96),),
    )
    result = Result(assignment="a", student="s", status=Status.GRADED, score=1, max_score=1, checks=(record,))
    assert Result.from_json(result.to_json()) == result

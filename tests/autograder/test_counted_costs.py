"""A light submission costs no more than it did, in page faults and context switches: a tenth more is a step back."""

import json

import pytest
from counted_costs import KEPT, count, surroundings

_MORE = 1.1


def test_a_submission_costs_no_more_than_it_did():
    """Where that is worth it, `python tests/autograder/counted_costs.py` measures anew."""
    kept = json.loads(KEPT.read_text())
    if kept["surroundings"] != surroundings():
        pytest.skip(f"counted with {kept['surroundings']}; python tests/autograder/counted_costs.py counts here")
    found = count()
    assert min(found.values()) > 100, "something was counted"
    for name, before in kept["counts"].items():
        assert found[name] <= _MORE * before, f"{name}: {found[name]:g} a submission, {before:g} before"

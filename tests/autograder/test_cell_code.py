"""What a student added to a given cell is found, however the code looks."""

import pytest

from autograder.cell_code import added_code


def test_what_was_added_is_kept_in_its_place_and_what_was_there_is_not():
    assert added_code("x = 1", "x = 1\ny = 2", set()) == "\ny = 2"
    assert not added_code("x = 1", "x  =  1", set())


@pytest.mark.parametrize("terms", [2_000, 3_000, 20_000])
def test_code_too_deep_to_be_followed_stops_nobody(terms):
    deep = f"deep = {'+'.join(['1'] * terms)}"
    added = added_code("x = 1", f"x = 1\n{deep}", set())
    assert added in {"", f"\n{deep}"}  # "" where Python itself does not parse it
    assert added_code("x = 1", f"x = 1\n{deep}", {"deep"}) == ""

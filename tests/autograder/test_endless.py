"""A function that did not come to an end is known again where a later cell calls it, and only there."""

import pytest

from autograder.checks.endless import EndlessFunctions

HELPER = "import torch\n\ndef helper(x):\n    while True:\n        x += 1\n\ndef other(x):\n    return x"
USER = "def user(x):\n    return helper(x)\n\nclass Model:\n    def run(self):\n        return user(1)"


@pytest.fixture
def endless() -> EndlessFunctions:
    functions = EndlessFunctions([HELPER, USER, "helper(1)"])
    functions.add(HELPER, 5)
    return functions


@pytest.mark.parametrize(
    "source", ["helper(2)", "x = [helper(n) for n in (1, 2)]", "user(1)", "Model().run()", "map(helper, [1])"]
)
def test_a_cell_that_calls_it_is_known(endless, source):
    assert endless.are_called_by(source)


@pytest.mark.parametrize(
    "source", ["other(2)", "def third(x):\n    return helper(x)", "x = 1", "%time helper(1)", "x ="]
)
def test_a_cell_that_does_not_is_not(endless, source):
    assert not endless.are_called_by(source)


def test_a_loop_that_is_no_functions_marks_nothing():
    functions = EndlessFunctions([HELPER])
    functions.add("while True:\n    helper(1)", 1)
    functions.add(HELPER, 1)
    assert not functions.are_called_by("helper(1)")

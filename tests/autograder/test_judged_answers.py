"""An answer is judged before its slip is named, on inputs that tell all known answers apart."""

import numpy as np
import pytest
import torch

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close
from autograder.errors import GraderError

SLIPS = {"You forgot to halve it.": 4.0, "You halve it twice.": 1.0}


def hint(found: object, right: object, slips: dict[str, object]) -> str:
    with pytest.raises(Slip) as raised:
        answer(found, right, slips)
    return raised.value.hint


def test_a_right_answer_is_accepted():
    answer(2.00001, 2.0, SLIPS)


def test_a_right_answer_is_never_told_a_slip_that_happens_to_be_worth_the_same():
    answer(2.0, 2.0, {"You forgot to halve it.": 2.0})


def test_a_known_wrong_answer_is_told_its_slip():
    assert hint(4.0, 2.0, SLIPS) == "You forgot to halve it."
    assert hint(1.0, 2.0, SLIPS) == "You halve it twice."


def test_an_unknown_wrong_answer_is_told_no_cause():
    assert hint(3.0, 2.0, SLIPS) == ""


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (3, 3),
        (np.int64(3), 3),
        (2.0000001, 2.0),
        (100_001.0, 100_000.0),
        ("a", "a"),
        (None, None),
        ((1, [2.0, "b"]), [1, (2.0, "b")]),
        ({"a": 1.0}, {"a": 1.00001}),
        (torch.ones(2, 3), torch.ones(2, 3)),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2) + 1e-6),
        (torch.tensor([1, 2]), torch.tensor([1, 2])),
        (np.ones(2), torch.ones(2)),
        (torch.tensor(3.0), 3.0),
        (torch.zeros(0, 4), torch.zeros(0, 4)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2)),
    ],
)
def test_what_is_the_same(found, wanted):
    assert close(found, wanted)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (3, 4),
        (100_000_001, 100_000_000),
        (2.001, 2.0),
        (float("nan"), 2.0),
        ("a", "b"),
        ("3", 3),
        (None, 3),
        (3, None),
        ((1, 2), (1, 2, 3)),
        ((1, 2), 1),
        ({"a": 1.0}, {"b": 1.0}),
        ({"a": 1.0}, 1.0),
        (torch.ones(3, 2), torch.ones(2, 3)),
        (torch.ones(1, 3), torch.ones(2, 3)),
        (torch.tensor([1, 2]), torch.tensor([1, 3])),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.0])),
        (torch.ones(1), 1.0),
        (object(), 1.0),
    ],
)
def test_what_is_not(found, wanted):
    assert not close(found, wanted)


def test_inputs_are_drawn_until_they_tell_the_answers_apart():
    drawn = iter([(2, 2), (2, 2), (0, 0), (3, 4)])  # 2 + 2 is 2 * 2

    def make() -> Case[tuple[int, int]]:
        a, b = next(drawn)
        return Case(inputs=(a, b), right=a + b, slips={"This is the product.": a * b})

    case = draw(make)
    assert case.inputs == (3, 4)
    case.judge(7)
    with pytest.raises(Slip, match="product"):
        case.judge(12)


def test_nearly_the_same_is_not_apart():
    drawn = iter([1.0005, 1.5])
    case = draw(lambda: Case(inputs=None, right=1.0, slips={"a": next(drawn)}))
    assert case.slips == {"a": 1.5}


def test_two_slips_are_told_apart_as_well():
    drawn = iter([5.0, 6.0])
    case = draw(lambda: Case(inputs=None, right=1.0, slips={"a": 5.0, "b": next(drawn)}))
    assert case.slips["b"] == 6.0


def test_slips_that_no_input_tells_apart_are_the_graders_fault():
    with pytest.raises(GraderError, match=r"do not tell the right answer from the slip 'a'"):
        draw(lambda: Case(inputs=None, right=1, slips={"a": 1}))

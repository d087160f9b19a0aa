"""A value is of the kind that a check asks for, or the student reads which kind that is: the same in both worlds."""

import builtins
from collections import Counter, OrderedDict, defaultdict
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from torchvision import tv_tensors

from autograder.checks.expect import Mismatch, close, integers, layer_places, mapping, pair, renamed, sequence, tensor


class Scores(NamedTuple):
    loss: float
    accuracy: float


class MyList(list):
    pass


class MyDict(dict):
    pass


@pytest.mark.parametrize("value", [(3, 4), [3, 4], Scores(3, 4), torch.Size([3, 4])], ids=lambda v: type(v).__name__)
def test_lists_and_every_kind_of_tuple_are_sequences(value):
    assert sequence(value, "shape", 2) == [3, 4]
    assert sequence(value, "shape") == [3, 4]
    assert pair(value, "shape", "height, width") == (3, 4)
    assert integers(value, "shape", 2) == [3, 4]


@pytest.mark.parametrize("value", [{3, 4}, "34", {3: 0, 4: 0}, torch.tensor([3, 4]), MyList([3, 4]), iter([3, 4])])
def test_nothing_else_is_a_sequence(value):
    for ask in (lambda: sequence(value, "it"), lambda: pair(value, "it", "a, b"), lambda: integers(value, "it", 2)):
        with pytest.raises(Mismatch, match=type(value).__name__):
            ask()


def test_a_pair_has_two_parts_whose_names_are_said():
    with pytest.raises(Mismatch) as caught:
        pair((1, 2, 3), "evaluate(…)", "loss, accuracy")
    assert str(caught.value) == "`evaluate(…)` must be a pair (loss, accuracy). Yours is of length 3."
    assert caught.value.rule == "`evaluate(…)` must be a pair (loss, accuracy)."


def test_a_sequence_of_another_length_is_none():
    with pytest.raises(Mismatch, match=r"`it` must be a list or a tuple of 3 values\. Yours is of length 2\."):
        sequence([1, 2], "it", 3)


@pytest.mark.parametrize("kind", [dict, OrderedDict, Counter, lambda items: defaultdict(list, items)])
def test_a_mapping_is_a_dict_with_its_keys(kind):
    assert mapping(kind({"boxes": 1}), "target", ("boxes",)) == {"boxes": 1}
    with pytest.raises(Mismatch, match=r"`target` must have an entry 'labels'\."):
        mapping(kind({"boxes": 1}), "target", ("boxes", "labels"))


@pytest.mark.parametrize("value", [MyDict(boxes=1), [("boxes", 1)], "boxes", None])
def test_nothing_else_is_a_mapping(value):
    with pytest.raises(Mismatch, match="must be a dictionary"):
        mapping(value, "target", ("boxes",))


def test_an_image_of_torchvision_is_a_tensor():
    image = tv_tensors.Image(torch.rand(3, 4, 4))
    assert type(tensor(image, "image", shape=(3, 4, 4))) is torch.Tensor


def test_layers_with_names_of_their_own_are_named_by_their_place():
    model = torch.nn.Module()
    layers = {"conv": torch.nn.Conv2d(1, 2, 3), "relu": torch.nn.ReLU(), "norm": torch.nn.BatchNorm2d(2)}
    model.block1 = torch.nn.Sequential(OrderedDict(layers))
    model.block2 = torch.nn.Sequential(torch.nn.Linear(2, 1))
    places = layer_places(model, SimpleNamespace(builtins=builtins), "block1", "block2", "block3")
    named = renamed(model.state_dict(), places)
    assert {name.rpartition(".")[0] for name in named} == {"block1.0", "block1.2", "block2.0"}
    back = renamed(named, {place: name for name, place in places.items()})
    assert list(back) == list(model.state_dict())


def test_numbers_that_no_float_holds_are_compared_too():
    assert not close(0.0, 10**400)
    assert not close(10**400, 0.0)
    assert close(10**400, 10**400)

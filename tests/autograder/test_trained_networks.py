"""A trained network is judged by what it answers; names and places of training data are new each time."""

import builtins
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from autograder.checks.expect import Mismatch
from autograder.checks.training import new_names, new_places, rearranged, student_logits

LIBRARY = SimpleNamespace(torch=torch, builtins=builtins)


class Probe(nn.Module):
    """Note how it is called, and answer ten times the first pixel."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(10))
        self.calls = []

    def forward(self, x):
        logits = x.flatten(1)[:, :1] * self.weight
        self.calls.append((len(x), self.training, logits.requires_grad))
        return logits


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_images_are_answered_in_batches_in_order():
    model, images = Probe(), torch.randn(2_500, 1, 2, 2)
    assert torch.equal(student_logits(model, images, LIBRARY), images[:, 0, 0, :1].expand(-1, 10))
    assert [size for size, _, _ in model.calls] == [1_000, 1_000, 500]


@pytest.mark.parametrize("training", [True, False])
def test_the_network_answers_in_evaluation_mode_without_gradients_and_keeps_its_mode(training):
    model = Probe().train(training)
    student_logits(model, torch.randn(3, 4), LIBRARY)
    assert model.calls == [(3, False, False)]
    assert model.training is training


@pytest.mark.parametrize(
    "wrong", [lambda x: (x, x), lambda x: x[0], lambda x: x[:, :9], lambda x: x.double(), lambda x: x / 0]
)
def test_answers_of_another_kind_are_refused(wrong):
    model = nn.Sequential(Probe())
    model.forward = lambda x: wrong(model[0](x))
    with pytest.raises(Mismatch, match="what your network returns"):
        student_logits(model, torch.ones(3, 4), LIBRARY)
    assert model.training


def test_new_names_are_a_permutation_that_keeps_and_shifts_nothing():
    drawn = [new_names(generator(seed)) for seed in range(300)]
    for names in drawn:
        shifts = (names - torch.arange(10)) % 10
        assert names.sort().values.tolist() == list(range(10))
        assert (shifts != 0).all()
        assert len(shifts.unique()) > 1
    assert len({tuple(names.tolist()) for names in drawn}) > 290


def test_four_classes_have_new_names_and_three_have_none():
    assert {tuple(new_names(generator(seed), 4).tolist()) for seed in range(50)} <= {
        (1, 0, 3, 2),
        (1, 3, 0, 2),
        (2, 0, 3, 1),
        (2, 3, 1, 0),
        (3, 2, 0, 1),
        (3, 2, 1, 0),
    }  # fmt: skip - a table
    with pytest.raises(ValueError, match="4 or more"):
        new_names(generator(0), 3)


def test_pixels_are_rearranged_alike_in_each_image():
    images = torch.randn(5, 1, 4, 6)
    places = new_places(generator(0), 24)
    moved = rearranged(images, places)
    assert moved.shape == images.shape
    assert not torch.equal(moved, images)
    for image, other in zip(images, moved, strict=True):
        assert torch.equal(other.flatten(), image.flatten()[places])

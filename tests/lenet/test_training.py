"""Check the training by what the trained network does on digits that it has not seen."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import measured, partial
from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("train_lenet")

THRESHOLD = 0.95
"""Accuracy asked of train_lenet on the 10,000 hidden digits; the reference reaches 97.2 %, give or take 0.4."""
HALF_THRESHOLD = 0.90
LEARNED = 0.5
"""Accuracy that shows where a network learned from: chance is 0.1, the reference reaches 0.9 on so few images."""


def full_size(model: Any) -> dict[str, Tensor]:
    """Return the weights of a LeNet5(); anything else fails."""
    shapes = {
        "block1.0.weight": (16, 1, 5, 5),
        "block1.0.bias": (16,),
        "block2.0.weight": (32, 16, 5, 5),
        "block2.0.bias": (32,),
        "fc.weight": (10, None),
        "fc.bias": (10,),
    }
    assert model is not None, "`train_lenet` returns nothing: return the model."
    assert not isinstance(model, (dict, tuple, list)), "`train_lenet` must return the model itself, and nothing else."
    state = model.state_dict()
    assert set(state) == set(shapes), "`train_lenet` must return a LeNet5() and no other network."
    return {name: tensor(state[name], name, shape=shape, dtype=torch.float32) for name, shape in shapes.items()}


def answers_of(reference: Any, weights: dict[str, Tensor], images: Tensor) -> Tensor:
    """Return what our network says with these weights."""
    model = reference.LeNet5()
    right = weights["fc.weight"].shape == model.fc.weight.shape
    assert right, "The LeNet5() that was returned is not the one asked for: fc takes all numbers of block2's maps."
    model.load_state_dict(weights)
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part).argmax(dim=1) for part in images.split(1_000)])


@pytest.mark.points(1)
@pytest.mark.public
def test_a_few_images(student, library):
    """`train_lenet` uses the loaders that it is given and returns a trained LeNet5()."""
    y = torch.arange(60) % 10
    x = torch.zeros(60, 1, 28, 28)
    x[torch.arange(60), 0, y, y] = 10.0
    data = library.torch.utils.data
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=25)
    full_size(student.train_lenet(loader, loader, library.torch.device("cpu")))


@pytest.mark.points(4)
@pytest.mark.deadline(120)
def test_accuracy_on_hidden_digits(student, library, reference, hidden_digits, device):
    """The trained network is right on at least 95 % of 10,000 digits that it has never seen.

    The network is judged by its weights, in this process.
    """
    train_loader, valid_loader = library.digits.loaders(batch_size=100, train_size=10_000)
    weights = full_size(student.train_lenet(train_loader, valid_loader, library.torch.device(device)))
    answers = answers_of(reference, weights, reference.normalise(hidden_digits.images))
    accuracy = (answers == hidden_digits.labels).double().mean().item()
    measured("accuracy on 10,000 hidden digits", accuracy, at_least=THRESHOLD)
    hint = f"Your network is right on {accuracy:.1%} of 10,000 digits that it has never seen; {THRESHOLD:.0%} are asked for."
    if HALF_THRESHOLD <= accuracy < THRESHOLD:
        partial(0.5, f"{hint} This is worth half the points. More epochs, or a better learning rate?")
    assert accuracy >= THRESHOLD, f"{hint} Does the loss fall? Try Adam with lr=0.001, or momentum, and three epochs."


@pytest.mark.points(2)
@pytest.mark.deadline(120)
def test_it_learns_from_the_loader_it_is_given(student, library, reference, training_digits, rng):
    """`train_lenet` must learn from its argument `train_loader`, and from nothing else."""
    some = torch.randperm(60_000, generator=rng)[:4_050]
    images = reference.normalise(training_digits.images[some])
    shift = int(torch.randint(1, 10, (), generator=rng))
    labels = (training_digits.labels[some] + shift) % 10  # each digit goes by another's name
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(images[:3_000], labels[:3_000]), batch_size=25, shuffle=True)
    valid_loader = data.DataLoader(data.TensorDataset(images[3_000:3_050], labels[3_000:3_050]), batch_size=50)
    weights = full_size(student.train_lenet(train_loader, valid_loader, library.torch.device("cpu")))
    answers = answers_of(reference, weights, images[3_050:])
    elsewhere = (answers == training_digits.labels[some[3_050:]]).double().mean().item()
    here = (answers == labels[3_050:]).double().mean().item()
    measured("accuracy on digits that go by other names", here, at_least=LEARNED)
    assert elsewhere < LEARNED, (
        "Given a loader in which the digits go by other names, it answers with the usual ones: "
        "it learned from the notebook's own loader. Use the argument `train_loader`."
    )
    assert here >= LEARNED, (
        "Given 3,000 digits that go by other names, it does not learn these names: "
        "train a new network, on `train_loader` and not on `valid_loader`."
    )

"""Check the training run by what the network that it returns answers, on digits of other names in other places."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import learned, measured, partial
from autograder.checks.expect import tensor
from autograder.checks.training import (
    block_pictures,
    new_names,
    new_places,
    rearranged,
    recorded_losses,
    student_logits,
    turned_places,
)
from autograder.checks.watched_training import DOUBTS, watched_training, watching

OWN_DIGITS = (
    "Your network knows the digits by their usual names in their usual places, and not those of the loader that it was "
    "given, which go by other names: learn from the argument `train_loader`, and from nothing else."
)


pytestmark = pytest.mark.question("train_mlp")

THRESHOLD = 0.96
"""Accuracy asked of train_mlp on the 10,000 hidden digits; the reference's spread is in docs/validation/mlp.json."""
HALF_THRESHOLD = 0.92
LEARNED = 0.5
"""Accuracy that shows what a network has learned: chance is 0.1, the reference reaches 0.9 on so few images."""
KNOWN = 0.8
"""Accuracy on ten pictures that shows that they were learned: by chance it is reached once in a million times."""


def batches(library: Any, x: Tensor, y: Tensor, size: int, *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process."""
    data = library.torch.utils.data
    return data.DataLoader(data.TensorDataset(x, y), batch_size=size, shuffle=shuffle)


def full_size(model: Any, student: Any, library: Any) -> Any:
    """Return the model if it is an MLP() of the sizes that the student's own MLP() has, with finite weights."""
    assert model is not None, "`train_mlp` returns nothing: return the model."
    assert not isinstance(model, (dict, tuple, list)), "`train_mlp` must return the model itself, and nothing else."
    right = library.builtins.isinstance(model, student.MLP)
    assert right, "`train_mlp` must return an MLP() and no other network."
    shapes = {name: tuple(value.shape) for name, value in student.MLP().state_dict().items()}
    found = {name: tensor(value, name) for name, value in model.state_dict().items()}
    sizes = "`train_mlp` must return an MLP() of the default sizes."
    assert {name: tuple(value.shape) for name, value in found.items()} == shapes, sizes
    return model


def accuracy(model: Any, images: Tensor, labels: Tensor, library: Any) -> float:
    """Return the share of images that the student's network is right about; the labels do not leave this process."""
    answers = student_logits(model, images, library).argmax(dim=1)
    return (answers == labels).double().mean().item()


def with_our_forward(model: Any, reference: Any, images: Tensor) -> Tensor | None:
    """Return what our MLP answers with these weights; None where they do not fit into it."""
    ours, weights = reference.MLP().eval(), model.state_dict()
    if {name: value.shape for name, value in weights.items()} != {n: v.shape for n, v in ours.state_dict().items()}:
        return None
    ours.load_state_dict(weights)
    with torch.no_grad():
        return ours(images)


@pytest.mark.points(0.5)
@pytest.mark.public
@pytest.mark.deadline(60)
def test_a_few_images(student, library):
    """`train_mlp` uses the loaders that it is given and returns a trained MLP() of the default sizes, a new one each time."""
    y = torch.arange(60) % 10
    x = torch.zeros(60, 1, 28, 28)
    x[torch.arange(60), 0, y, y] = 10.0
    loader = batches(library, x, y, 20)
    models = [
        full_size(student.train_mlp(loader, loader, library.torch.device("cpu")), student, library) for _ in range(2)
    ]
    assert models[0] != models[1], "The same network is returned again: make a new MLP() in each call."


@pytest.mark.points(2.5)
@pytest.mark.deadline(120)
def test_accuracy_on_hidden_digits(student, library, reference, hidden_digits, device, rng):  # noqa: PLR0917 - pytest gives them by name
    """The trained network is right on at least 96 % of 10,000 digits that it has never seen.

    The digits are MNIST's, turned or mirrored, and go by other names, so that only what was learned here counts. For an
    MLP they are as hard. The reference's spread over seeds is in docs/validation/mlp.json.
    """
    places, names = turned_places(rng), new_names(rng)
    turned = watching(library, "turned")
    train_loader, valid_loader = (
        turned(loader, places, names, shuffle)
        for loader, shuffle in zip(library.digits.loaders(batch_size=128), (True, False), strict=True)
    )
    device = library.torch.device(device)
    with recorded_losses(library) as losses:
        returned, slip = watched_training(student.train_mlp, library, train_loader, valid_loader, device, how="instead")
    learned("training loss", losses.values, steps=losses.steps)
    model = full_size(returned, student, library)
    usual = reference.normalise(hidden_digits.images)
    images, labels = rearranged(usual, places), names[hidden_digits.labels]
    reached = accuracy(model, images, labels, library)
    measured("accuracy on 10,000 hidden digits", reached, at_least=THRESHOLD)
    if reached >= THRESHOLD:
        return
    assert not slip or (slip in DOUBTS and reached >= HALF_THRESHOLD), slip
    assert accuracy(model, usual, hidden_digits.labels, library) < HALF_THRESHOLD, OWN_DIGITS
    hint = f"Your network is right on {reached:.2%} of 10,000 digits that it has never seen; {THRESHOLD:.0%} are asked for."
    ours = with_our_forward(model, reference, images)
    if ours is not None and (ours.argmax(dim=1) == labels).double().mean().item() >= THRESHOLD:
        hint += " With the same weights the MLP of section 3 reaches that: your `forward` computes something else."
    if reached >= HALF_THRESHOLD:
        partial(0.5, f"{hint} This is worth half the points.")
    assert reached >= THRESHOLD, f"{hint} Does the loss fall? Try Adam with lr=0.001, or momentum, and a few epochs."


@pytest.mark.points(1)
@pytest.mark.deadline(120)
def test_it_learns_from_the_loader_it_is_given(student, library, reference, training_digits, rng):
    """`train_mlp` learns from its argument `train_loader` and from nothing else, with fresh weights at each call."""
    some = torch.randperm(60_000, generator=rng)[:8_200]
    usual, usual_labels = reference.normalise(training_digits.images[some]), training_digits.labels[some]
    places, names = new_places(rng, 28 * 28), new_names(rng)
    images, labels = rearranged(usual, places), names[usual_labels]
    others, noisy, their_labels = block_pictures(rng, 40)  # to be found among the images to watch, and nowhere else
    watched = torch.cat([images[5_000:5_600], noisy])
    watched_labels = torch.cat([labels[5_000:5_600], their_labels.repeat(40)])
    train_loader = batches(library, images[:5_000], labels[:5_000], 50, shuffle=True)
    valid_loader = batches(library, watched, watched_labels, 50, shuffle=True)
    cpu = library.torch.device("cpu")
    model = full_size(student.train_mlp(train_loader, valid_loader, cpu), student, library)
    unseen, unseen_labels = images[6_000:8_000], labels[6_000:8_000]
    reached = accuracy(model, unseen, unseen_labels, library)
    measured("accuracy on digits of other names in other places", reached, at_least=LEARNED)
    if reached < LEARNED:
        assert accuracy(model, usual[6_000:], usual_labels[6_000:], library) < LEARNED, OWN_DIGITS
        raise AssertionError(
            "Given 5,000 digits of other names, with their pixels in other places, it learns too little."
        )
    assert accuracy(model, others, their_labels, library) < KNOWN, (
        "Your network knows images by heart that are in `valid_loader` alone: watch it with these, never train on them."
    )
    again = rearranged(usual[8_000:], new_places(rng, 28 * 28))
    few = batches(library, again, new_names(rng)[usual_labels[8_000:]], 50)
    second = full_size(student.train_mlp(few, few, cpu), student, library)
    assert accuracy(second, unseen, unseen_labels, library) < LEARNED, (
        "Called again with other images, it still knows those of the first call: start with a new MLP() in each call."
    )

"""Check the training by what the trained network does on digits that it has not seen."""

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import learned, measured, partial
from autograder.checks.expect import Slip, tensor
from autograder.checks.training import (
    block_pictures,
    new_blocks,
    new_names,
    rearranged,
    recorded_losses,
    student_logits,
    turned_places,
)
from autograder.checks.watched_training import DOUBTS, watched_training, watching

pytestmark = pytest.mark.question("train_lenet")

THRESHOLD = 0.95
"""Accuracy asked of train_lenet on the 10,000 hidden digits; the reference reaches 97.2 %, give or take 0.4."""
HALF_THRESHOLD = 0.90
LEARNED = 0.5
"""Accuracy that shows where a network learned from: chance is 0.1, the reference reaches 0.9 on so few images."""
EASY = 0.9
"""Accuracy on images that any network learns; the reference is right on all of them."""
KNOWN = 0.8
"""Accuracy on ten pictures that shows that they were learned: by chance it is reached once in a million times."""

OWN_DIGITS = (
    "Given a loader with other images and other names, it answers as if it had seen the usual ones: it learned from the "
    "notebook's own loader. Use the argument `train_loader`."
)
NOT_NEW = (
    "Called once more, with other images to learn from, it still knows the ones of before: each call must begin with a "
    "new LeNet5()."
)
FROM_VALID = (
    "It knows images that are in `valid_loader` alone: learn from `train_loader`, and only measure with the other."
)


def network_of(result: Any, student: Any) -> Any:
    """Return the trained LeNet5() in what `train_lenet` returns; anything else fails."""
    assert result is not None, "`train_lenet` returns nothing: return the model."
    model = result[0] if isinstance(result, tuple | list) and result else result
    is_model = not isinstance(model, tuple | list | Mapping | int | float | str | Tensor)
    shapes = None
    with contextlib.suppress(Exception):  # of a class, say, which has no weights
        shapes = shapes_of(model)
    assert is_model and shapes is not None, "`train_lenet` must return the model itself."
    ours = student.LeNet5()
    with contextlib.suppress(Exception):  # a check of LeNet5 says what is wrong there
        ours(torch.zeros(2, 1, 28, 28))  # from here on lazy layers have their sizes
    assert shapes == shapes_of(ours), "`train_lenet` must return a LeNet5() and no other network."
    return model


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def squares(count: int) -> tuple[Tensor, Tensor]:
    """Return images of ten kinds, each with a bright square at a place of its own, and their labels."""
    y = torch.arange(count) % 10
    x = (torch.arange(count * 784.0) ** 1.1).sin().view(count, 1, 28, 28) / 2
    for label in range(10):
        row, column = 7 * (label // 4), 7 * (label % 4)
        x[y == label, :, row + 1 : row + 7, column + 1 : column + 7] += 2
    return x, y


@pytest.mark.points(1)
@pytest.mark.public
def test_a_few_images(student, library):
    """`train_lenet` learns from `train_loader`, on `device`, and returns the trained LeNet5()."""
    x, y = squares(500)
    others = -x[:100], (y[:100] + 5) % 10  # to be found in valid_loader alone
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(x, y), batch_size=10)
    valid_images = data.TensorDataset(torch.cat([x[:100], others[0]]), torch.cat([y[:100], others[1]]))
    valid_loader = data.DataLoader(valid_images, batch_size=10)
    cpu = library.torch.device("cpu")
    result, slip = watched_training(student.train_lenet, library, train_loader, valid_loader, cpu)
    gradients_are_on = library.torch.is_grad_enabled()
    library.torch.set_grad_enabled(True)
    model = network_of(result, student)
    assert not isinstance(result, tuple | list), "`train_lenet` must return the model itself, and nothing else."
    assert gradients_are_on, (
        "`train_lenet` leaves gradients off for all that comes after it: use `with torch.no_grad():`."
    )
    accuracy = share(answers_of(model, x), y)
    learned_otherwise = slip in DOUBTS and accuracy >= EASY  # in larger batches of its own, say
    assert not slip or learned_otherwise, slip
    assert not watching(library, "ignored")(student.train_lenet, 2), (
        "`train_lenet` does not use its argument `device`: move the model and each batch there, with .to(device)."
    )
    assert share(answers_of(model, others[0]), others[1]) < KNOWN, FROM_VALID
    assert accuracy >= EASY, (
        f"Of 500 images with a bright square in one of ten places it has learned {accuracy:.0%}, though these are easy. Does "
        "the loss fall? Where it jumps, the learning rate is too high; where it hardly moves, too low; else see that each "
        "label stays with its image."
    )
    again = data.DataLoader(data.TensorDataset(*others), batch_size=10)
    second = network_of(student.train_lenet(again, again, cpu), student)
    assert second != model and share(answers_of(second, x), y) < KNOWN, NOT_NEW


def answers_of(model: Any, images: Tensor) -> Tensor:
    """Return what a network answers, in evaluation mode."""
    model.eval()
    return model(images).argmax(dim=1)


def as_described(reference: Any, model: Any, images: Tensor) -> Tensor | None:
    """Return the answers of a LeNet5 of ours with the student's weights; None where these do not fit."""
    ours, state = reference.LeNet5(), model.state_dict()
    if shapes_of(model) != {name: tuple(value.shape) for name, value in ours.state_dict().items()}:
        return None
    ours.load_state_dict({name: tensor(value, name).cpu() for name, value in state.items()})
    ours.eval()
    with torch.no_grad():
        return torch.cat([ours(part).argmax(dim=1) for part in images.split(1_000)])


def share(answers: Tensor, labels: Tensor) -> float:
    """Return how many of the answers are right, in [0, 1]."""
    return (answers == labels).double().mean().item()


@pytest.mark.points(4)
@pytest.mark.deadline(120)
def test_accuracy_on_hidden_digits(student, library, reference, hidden_digits, device, rng):  # noqa: PLR0917 - pytest gives them by name
    """The trained network is right on at least 95 % of 10,000 digits that it has never seen.

    They are turned or mirrored, and go by other names, so that only what was learned here counts; for a LeNet they are
    as hard. What counts is what the student's own network answers.
    """
    places, names = turned_places(rng), new_names(rng)
    turned = watching(library, "turned")
    train_loader, valid_loader = (
        turned(loader, places, names, shuffle)
        for loader, shuffle in zip(
            library.digits.loaders(batch_size=100, train_size=10_000), (True, False), strict=True
        )
    )
    with recorded_losses(library) as losses:
        result, slip = watched_training(
            student.train_lenet, library, train_loader, valid_loader, library.torch.device(device), how="instead"
        )
    learned("training loss", losses.values, steps=losses.steps)
    model = network_of(result, student)
    usual = reference.normalise(hidden_digits.images)
    images, labels = rearranged(usual, places), names[hidden_digits.labels]
    accuracy = share(student_logits(model, images, library).argmax(dim=1), labels)
    measured("accuracy on 10,000 hidden digits", accuracy, at_least=THRESHOLD)
    if accuracy >= THRESHOLD:
        return
    assert not slip or (slip in DOUBTS and accuracy >= HALF_THRESHOLD), slip
    knows_others = share(student_logits(model, usual, library).argmax(dim=1), hidden_digits.labels) >= HALF_THRESHOLD
    assert not knows_others, OWN_DIGITS
    ours = as_described(reference, model, images)
    assert ours is None or share(ours, labels) < THRESHOLD, (
        f"With the weights of your network a LeNet5 as described is right on {THRESHOLD:.0%} and more, your network is "
        "not: its forward computes something else."
    )
    hint = f"Your network is right on {accuracy:.2%} of 10,000 digits that it has never seen; {THRESHOLD:.0%} are asked for."
    if accuracy >= HALF_THRESHOLD:
        cause = slip or "More epochs, or a better learning rate?"
        partial(0.5, f"{hint} This is worth half the points. {cause}")
    raise Slip(f"{hint} Does the loss fall? Adam with lr=0.001, or momentum, and three epochs get there.")


@pytest.mark.points(2)
@pytest.mark.deadline(120)
def test_it_learns_from_the_loader_it_is_given(student, library, reference, training_digits, rng):
    """`train_lenet` must learn from its argument `train_loader` alone, with fresh weights each time."""
    some = torch.randperm(60_000, generator=rng)[:4_100]
    usual, names = training_digits.labels[some], new_names(rng)
    plain, labels = reference.normalise(training_digits.images[some]), names[usual]
    images = rearranged(plain, new_blocks(rng))  # so that what was known of digits before is of no use
    others, noisy, their_labels = block_pictures(rng, 40)
    data, cpu = library.torch.utils.data, library.torch.device("cpu")

    def loader(x: Tensor, y: Tensor, size: int) -> Any:
        return data.DataLoader(data.TensorDataset(x, y), batch_size=size, shuffle=True)

    train_loader = loader(images[:3_000], labels[:3_000], 25)
    valid_loader = loader(
        torch.cat([images[3_000:3_100], noisy]), torch.cat([labels[3_000:3_100], their_labels.repeat(40)]), 25
    )
    result, slip = watched_training(student.train_lenet, library, train_loader, valid_loader, cpu)
    first = network_of(result, student)

    def knows(model: Any, x: Tensor, y: Tensor) -> float:
        return share(student_logits(model, x, library).argmax(dim=1), y)

    here, told = knows(first, images[3_100:], labels[3_100:]), knows(first, others, their_labels)
    measured("accuracy on digits in other places, by other names", here, at_least=LEARNED)
    assert told < KNOWN, FROM_VALID
    if here < LEARNED:
        assert not slip, slip
        assert knows(first, plain[3_100:], usual[3_100:]) < LEARNED, OWN_DIGITS
        raise Slip("Given 3,000 images that need not be digits as you know them, it does not learn them.")
    library.torch.set_grad_enabled(True)  # where they were left off another check says so
    blank = torch.randn(240, 1, 28, 28, generator=rng) / 10
    again = loader(blank, torch.randint(10, (240,), generator=rng), 20)
    second = network_of(student.train_lenet(again, again, cpu), student)
    knew = max(knows(second, images[3_100:], labels[3_100:]), knows(second, plain[3_100:], usual[3_100:]))
    assert second != first and knew < LEARNED, NOT_NEW

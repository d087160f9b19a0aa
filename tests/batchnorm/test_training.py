"""Check train_lenet_bn by what the trained network answers in evaluation mode, on digits that it has not seen."""

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

pytestmark = pytest.mark.question("train_lenet_bn")

THRESHOLD = 0.95
"""Accuracy asked of train_lenet_bn on the 10,000 hidden digits; the reference reaches 97.4 %, give or take 0.4."""
HALF_THRESHOLD = 0.90
LEARNED = 0.5
"""Accuracy that shows what a network has learned: chance is 0.1, the reference reaches 0.9 on so few images."""
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
    "new LeNet5BN()."
)
FROM_VALID = (
    "It knows images that are in `valid_loader` alone: learn from `train_loader`, and only measure with the other."
)

EVALUATION_MODE = (
    "The running statistics are still those of a new network: it was trained in evaluation mode; call model.train() "
    "first."
)
MEASURED_IN_TRAINING_MODE = (
    "The network knows its images in training mode, but not in evaluation mode: the validation images moved its "
    "running statistics. Call model.eval() before you measure."
)


def network_of(result: Any, student: Any) -> Any:
    """Return the trained LeNet5BN() in what `train_lenet_bn` returns; anything else fails."""
    assert result is not None, "`train_lenet_bn` returns nothing: return the model."
    model = result[0] if isinstance(result, tuple | list) and result else result
    is_model = not isinstance(model, tuple | list | Mapping | int | float | str | Tensor)
    shapes = None
    with contextlib.suppress(Exception):  # of a class, say, which has no weights
        shapes = shapes_of(model)
    assert is_model and shapes is not None, "`train_lenet_bn` must return the model itself."
    ours = student.LeNet5BN()
    with contextlib.suppress(Exception):  # a check of LeNet5BN says what is wrong there
        ours(torch.zeros(2, 1, 28, 28))  # from here on lazy layers have their sizes
    assert shapes == shapes_of(ours), "`train_lenet_bn` must return a LeNet5BN() and no other network."
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


def answers_of(model: Any, images: Tensor) -> Tensor:
    """Return what a network answers, in evaluation mode."""
    model.eval()
    return model(images).argmax(dim=1)


def share(answers: Tensor, labels: Tensor) -> float:
    """Return how many of the answers are right, in [0, 1]."""
    return (answers == labels).double().mean().item()


def never_moved(model: Any) -> bool:
    """Tell whether the running statistics are those of a network that never was in training mode."""
    moved = [name for name, value in model.state_dict().items() if name.endswith("running_mean") and value.any()]
    return not moved


@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_few_images(student, library):
    """`train_lenet_bn` learns from `train_loader`, on `device`, in training mode, and returns the LeNet5BN()."""
    x, y = squares(500)
    others = -x[:100], (y[:100] + 5) % 10  # to be found in valid_loader alone
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(x, y), batch_size=10)
    valid_images = data.TensorDataset(torch.cat([x[:100], others[0]]), torch.cat([y[:100], others[1]]))
    valid_loader = data.DataLoader(valid_images, batch_size=10)
    cpu = library.torch.device("cpu")
    result, slip = watched_training(student.train_lenet_bn, library, train_loader, valid_loader, cpu)
    gradients_are_on = library.torch.is_grad_enabled()
    library.torch.set_grad_enabled(True)
    model = network_of(result, student)
    assert not isinstance(result, tuple | list), "`train_lenet_bn` must return the model itself, and nothing else."
    assert gradients_are_on, (
        "`train_lenet_bn` leaves gradients off for all that comes after it: use `with torch.no_grad():`."
    )
    accuracy = share(answers_of(model, x), y)
    learned_otherwise = slip in DOUBTS and accuracy >= EASY  # in larger batches of its own, say
    assert not slip or learned_otherwise, slip
    assert not watching(library, "ignored")(student.train_lenet_bn, 2), (
        "`train_lenet_bn` does not use its argument `device`: move the model and each batch there, with .to(device)."
    )
    assert not never_moved(model), EVALUATION_MODE
    assert share(answers_of(model, others[0]), others[1]) < KNOWN, FROM_VALID
    assert accuracy >= EASY, (
        f"Of 500 images with a bright square in one of ten places it has learned {accuracy:.0%}, though these are easy. Does "
        "the loss fall? Where it jumps, the learning rate is too high; where it hardly moves, too low; else see that each "
        "label stays with its image."
    )
    again = data.DataLoader(data.TensorDataset(*others), batch_size=10)
    second = network_of(student.train_lenet_bn(again, again, cpu), student)
    assert second != model and share(answers_of(second, x), y) < KNOWN, NOT_NEW


def as_given(images: Tensor) -> Tensor:
    """Return uint8 images [N, 28, 28] as the loaders hand them out."""
    return (images.unsqueeze(1).float() / 255 - 0.1307) / 0.3081


def as_described(reference: Any, model: Any, images: Tensor) -> Tensor | None:
    """Return the answers of a LeNet5BN of ours with the student's weights; None where these do not fit."""
    ours, state = reference.LeNet5BN(), model.state_dict()
    if shapes_of(model) != {name: tuple(value.shape) for name, value in ours.state_dict().items()}:
        return None
    ours.load_state_dict({name: tensor(value, name).cpu() for name, value in state.items()})
    ours.eval()
    with torch.no_grad():
        return torch.cat([ours(part).argmax(dim=1) for part in images.split(1_000)])


def knows(model: Any, images: Tensor, labels: Tensor, library: Any) -> float:
    """Return how much of the images the student's network is right about, in evaluation mode."""
    return share(student_logits(model, images, library).argmax(dim=1), labels)


def knows_while_training(model: Any, images: Tensor, labels: Tensor, library: Any) -> float:
    """Return how much a copy of the student's network is right about in training mode, in batches of 250."""
    copy = library.copy.deepcopy(model)
    copy.train()
    compute = library.torch.no_grad()(library.builtins.eval("lambda model, images: model(images)", {}))
    answers = [tensor(compute(copy, part), "logits", shape=(len(part), 10)).argmax(dim=1) for part in images.split(250)]
    return share(torch.cat(answers), labels)


@pytest.mark.points(1.5)
@pytest.mark.deadline(120)
def test_accuracy_on_hidden_digits(student, library, reference, hidden_digits, device, rng):  # noqa: PLR0917 - pytest gives them by name
    """The trained network, in evaluation mode, is right on at least 95 % of 10,000 digits that it has never seen.

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
            student.train_lenet_bn, library, train_loader, valid_loader, library.torch.device(device), how="instead"
        )
    learned("training loss", losses.values, steps=losses.steps)
    model = network_of(result, student)
    usual = as_given(hidden_digits.images)
    images, labels = rearranged(usual, places), names[hidden_digits.labels]
    accuracy = knows(model, images, labels, library)
    measured("accuracy on 10,000 hidden digits", accuracy, at_least=THRESHOLD)
    if accuracy >= THRESHOLD:
        return
    assert not slip or (slip in DOUBTS and accuracy >= HALF_THRESHOLD), slip
    assert knows(model, usual, hidden_digits.labels, library) < HALF_THRESHOLD, OWN_DIGITS
    ours = as_described(reference, model, images)
    assert ours is None or share(ours, labels) < THRESHOLD, (
        f"With the weights of your network a LeNet5BN as described is right on {THRESHOLD:.0%} and more, your network is "
        "not: its forward computes something else."
    )
    hint = f"In evaluation mode your network is right on {accuracy:.2%} of 10,000 digits that it has never seen; {THRESHOLD:.0%} are asked for."
    if accuracy >= HALF_THRESHOLD:
        cause = slip or "More epochs, or a better learning rate?"
        partial(0.5, f"{hint} This is worth half the points. {cause}")
    raise Slip(f"{hint} Does the loss fall? Adam with lr=0.001 and three epochs get there.")


@pytest.mark.points(1)
@pytest.mark.deadline(120)
def test_it_learns_from_the_loader_it_is_given(student, library, training_digits, rng):
    """`train_lenet_bn` must learn from its argument `train_loader` alone, with fresh weights each time."""
    some = torch.randperm(60_000, generator=rng)[:4_100]
    usual, names = training_digits.labels[some], new_names(rng)
    plain, labels = as_given(training_digits.images[some]), names[usual]
    images = rearranged(plain, new_blocks(rng))  # so that what was known of digits before is of no use
    others, noisy, their_labels = block_pictures(rng, 40)
    data, cpu = library.torch.utils.data, library.torch.device("cpu")

    def loader(x: Tensor, y: Tensor, size: int) -> Any:
        return data.DataLoader(data.TensorDataset(x, y), batch_size=size, shuffle=True)

    train_loader = loader(images[:3_000], labels[:3_000], 30)
    valid_loader = loader(
        torch.cat([images[3_000:3_100], noisy]), torch.cat([labels[3_000:3_100], their_labels.repeat(40)]), 25
    )
    result, slip = watched_training(student.train_lenet_bn, library, train_loader, valid_loader, cpu)
    first = network_of(result, student)
    here = knows(first, images[3_100:], labels[3_100:], library)
    measured("accuracy on digits in other places, by other names", here, at_least=LEARNED)
    assert knows(first, others, their_labels, library) < KNOWN, FROM_VALID
    if here < LEARNED:  # in evaluation mode; whether the validation images are to blame is the next check's matter
        here = knows_while_training(first, images[3_100:], labels[3_100:], library)
    if here < LEARNED:
        assert not slip, slip
        assert knows(first, plain[3_100:], usual[3_100:], library) < LEARNED, OWN_DIGITS
        raise Slip("Given 3,000 images that need not be digits as you know them, it does not learn them.")
    library.torch.set_grad_enabled(True)  # where they were left off another check says so
    blank = torch.randn(240, 1, 28, 28, generator=rng) / 10
    again = loader(blank, torch.randint(10, (240,), generator=rng), 20)
    second = network_of(student.train_lenet_bn(again, again, cpu), student)
    knew = max(
        how(second, x, y, library)
        for how in (knows, knows_while_training)
        for x, y in ((images[3_100:], labels[3_100:]), (plain[3_100:], usual[3_100:]))
    )
    assert second != first and knew < LEARNED, NOT_NEW


COUNTING = (
    "lambda module, inputs: setattr(counts, 'forwards', counts.forwards + 1) "
    "if isinstance(module, norm) and module.training and torch.is_grad_enabled() else None"
)


@pytest.mark.points(1)
@pytest.mark.deadline(120)
def test_running_statistics_are_those_of_the_training_images(student, library, training_digits, rng):
    """Each step is taken in training mode, and nothing but training images moves the running statistics."""
    some = torch.randperm(60_000, generator=rng)[:3_000]
    images, labels = as_given(training_digits.images[some]), training_digits.labels[some]
    counts = library.types.SimpleNamespace(steps=0, forwards=0)
    library.torch.optim.optimizer.register_optimizer_step_post_hook(
        library.builtins.eval(
            "lambda optimizer, args, rest: setattr(counts, 'steps', counts.steps + 1)", {"counts": counts}
        )
    )
    library.torch.nn.modules.module.register_module_forward_pre_hook(
        library.builtins.eval(
            COUNTING, {"counts": counts, "norm": library.torch.nn.BatchNorm2d, "torch": library.torch}
        )
    )
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(images[:2_000], labels[:2_000]), batch_size=40, shuffle=True)
    large, noisy, their_labels = block_pictures(rng, 100)
    valid_images = data.TensorDataset(20 * noisy + 20, their_labels.repeat(100))  # like no digit
    valid_loader = data.DataLoader(valid_images, batch_size=20)
    result, slip = watched_training(
        student.train_lenet_bn, library, train_loader, valid_loader, library.torch.device("cpu")
    )
    model = network_of(result, student)
    steps, forwards = counts.steps, counts.forwards
    in_evaluation, in_training = (
        how(model, images[2_000:], labels[2_000:], library) for how in (knows, knows_while_training)
    )
    measured("accuracy in evaluation mode, after odd validation images", in_evaluation, at_least=LEARNED)
    if never_moved(model) or in_evaluation < LEARNED:
        assert not slip, slip
        assert not never_moved(model), EVALUATION_MODE
        assert (
            max(how(model, 20 * large + 20, their_labels, library) for how in (knows, knows_while_training)) < KNOWN
        ), FROM_VALID
        assert in_training < LEARNED, MEASURED_IN_TRAINING_MODE
        raise Slip
    assert forwards == 0 or forwards >= 2 * steps, (  # 0: no nn.BatchNorm2d, but the like
        "Some steps were taken in evaluation mode: call model.train() again in each epoch, after you have measured."
    )

"""Check train_lenet_bn by what the trained network does in evaluation mode."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import measured, partial
from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("train_lenet_bn")

THRESHOLD = 0.95
"""Accuracy asked of train_lenet_bn on the 10,000 hidden digits."""
HALF_THRESHOLD = 0.90
LEARNED = 0.5
"""Accuracy that shows where a network learned from: chance is 0.1, the reference reaches 0.9 on so few images."""


def full_size(model: Any) -> dict[str, Tensor]:
    """Return the weights and running statistics of a LeNet5BN(); anything else fails."""
    blocks = {"block1": (1, 16), "block2": (16, 32)}
    shapes = {"fc.weight": (10, 1568), "fc.bias": (10,)}
    for block, (inputs, outputs) in blocks.items():
        shapes[f"{block}.0.weight"] = (outputs, inputs, 5, 5)
        for name in ("0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
            shapes[f"{block}.{name}"] = (outputs,)
    assert model is not None, "`train_lenet_bn` returns nothing: return the model."
    state = model.state_dict()
    counters = {f"{block}.1.num_batches_tracked" for block in blocks}
    assert set(state) == set(shapes) | counters, "`train_lenet_bn` must return a LeNet5BN() and no other network."
    assert all(type(state[name]) is torch.Tensor and state[name].numel() == 1 for name in counters), (
        "`train_lenet_bn` must return a LeNet5BN() and no other network."
    )
    return {name: tensor(state[name], name, shape=shape, dtype=torch.float32) for name, shape in shapes.items()}


@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_few_images(student, library):
    """`train_lenet_bn` uses the loaders that it is given and returns a LeNet5BN(), trained in training mode."""
    y = torch.arange(60) % 10
    x = torch.zeros(60, 1, 28, 28)
    x[torch.arange(60), 0, y, y] = 10.0
    data = library.torch.utils.data
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=20)
    state = full_size(student.train_lenet_bn(loader, loader, library.torch.device("cpu")))
    assert state["block1.1.running_mean"].any(), (
        "The running statistics are still those of a new network: call model.train() before you train."
    )


def answers_of(reference: Any, state: dict[str, Tensor], images: Tensor, *, training: bool = False) -> Tensor:
    """Return what a LeNet5BN of ours answers with these weights and running statistics."""
    model = reference.LeNet5BN()
    model.load_state_dict(state, strict=False)  # strict would ask for the counters of batches
    model.train(training)
    with torch.no_grad():
        return torch.cat([model(part).argmax(dim=1) for part in images.split(500)])


def as_given(images: Tensor) -> Tensor:
    """Return uint8 images [N, 28, 28] as the loaders hand them out."""
    return (images.unsqueeze(1).float() / 255 - 0.1307) / 0.3081


def never_moved(state: dict[str, Tensor]) -> bool:
    """Tell whether the running statistics are those of a network that never was in training mode."""
    return not any(state[f"block{n}.1.running_mean"].any() for n in (1, 2))


EVALUATION_MODE = "The running statistics are still those of a new network: it was trained in evaluation mode; call model.train() first."


@pytest.mark.points(2.5)
@pytest.mark.deadline(120)
def test_accuracy_on_hidden_digits(student, library, reference, hidden_digits, device):
    """The trained network, in evaluation mode, is right on at least 95 % of 10,000 digits that it has never seen.

    The network is judged by its weights and running statistics, in this process.
    """
    train_loader, valid_loader = library.digits.loaders(batch_size=100, train_size=10_000)
    state = full_size(student.train_lenet_bn(train_loader, valid_loader, library.torch.device(device)))
    answers = answers_of(reference, state, as_given(hidden_digits.images))
    accuracy = (answers == hidden_digits.labels).double().mean().item()
    measured("accuracy on 10,000 hidden digits", accuracy, at_least=THRESHOLD)
    assert not never_moved(state), EVALUATION_MODE
    hint = f"In evaluation mode your network is right on {accuracy:.1%} of 10,000 digits that it has never seen; {THRESHOLD:.0%} are asked for."
    if HALF_THRESHOLD <= accuracy < THRESHOLD:
        partial(0.5, f"{hint} This is worth half the points. More epochs, or a better learning rate?")
    assert accuracy >= THRESHOLD, f"{hint} Does the loss fall? Try Adam with lr=0.001, and three epochs."


@pytest.mark.points(1)
@pytest.mark.deadline(120)
def test_it_learns_from_the_loader_it_is_given(student, library, reference, training_digits, rng):
    """`train_lenet_bn` must learn from its argument `train_loader`, and from nothing else."""
    some = torch.randperm(60_000, generator=rng)[:4_100]
    images = as_given(training_digits.images[some])
    shift = int(torch.randint(1, 10, (), generator=rng))
    labels = (training_digits.labels[some] + shift) % 10  # each digit goes by another's name
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(images[:3_000], labels[:3_000]), batch_size=30, shuffle=True)
    valid_loader = data.DataLoader(data.TensorDataset(images[3_000:3_100], labels[3_000:3_100]), batch_size=50)
    state = full_size(student.train_lenet_bn(train_loader, valid_loader, library.torch.device("cpu")))
    answers = answers_of(reference, state, images[3_100:])
    elsewhere = (answers == training_digits.labels[some[3_100:]]).double().mean().item()
    here = (answers == labels[3_100:]).double().mean().item()
    measured("accuracy on digits that go by other names", here, at_least=LEARNED)
    assert elsewhere < LEARNED, (
        "Given a loader in which the digits go by other names, it answers with the usual ones: "
        "it learned from the notebook's own loader. Use the argument `train_loader`."
    )
    assert here >= LEARNED, (
        "Given 3,000 digits that go by other names, it does not learn these names: "
        "train a new network, on `train_loader` and not on `valid_loader`, in training mode."
    )


@pytest.mark.points(1)
@pytest.mark.deadline(120)
def test_running_statistics_are_those_of_the_training_images(student, library, reference, training_digits, rng):
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
            "lambda module, inputs: setattr(counts, 'forwards', counts.forwards + 1) "
            "if isinstance(module, norm) and module.training and torch.is_grad_enabled() else None",
            {"counts": counts, "norm": library.torch.nn.BatchNorm2d, "torch": library.torch},
        )
    )
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(images[:2_000], labels[:2_000]), batch_size=40, shuffle=True)
    other = 6 * torch.randn(1_000, 1, 28, 28, generator=rng) + 6  # like no digit
    valid_loader = data.DataLoader(data.TensorDataset(other, labels[2_000:]), batch_size=20)
    state = full_size(student.train_lenet_bn(train_loader, valid_loader, library.torch.device("cpu")))
    assert not never_moved(state), EVALUATION_MODE
    in_evaluation, in_training = (
        (answers_of(reference, state, images[2_000:], training=mode) == labels[2_000:]).double().mean().item()
        for mode in (False, True)
    )
    measured("accuracy in evaluation mode, after odd validation images", in_evaluation, at_least=LEARNED)
    assert in_evaluation >= LEARNED or in_training < LEARNED, (
        "The network knows its digits in training mode, but not in evaluation mode: the validation images moved its "
        "running statistics. Call model.eval() before you measure."
    )
    assert in_evaluation >= LEARNED, (
        "Given 2,000 digits to train on and odd images to validate on, it does not learn the digits: "
        "learn from `train_loader` alone."
    )
    assert counts.forwards == 0 or counts.forwards >= 2 * counts.steps, (  # 0: no nn.BatchNorm2d, but the like
        "Some steps were taken in evaluation mode: call model.train() again in each epoch, after you have measured."
    )

"""Check the network with batch normalisation: its structure, what it computes, its parameters."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.checks.expect import integer, tensor

SHAPES = {
    "block1.0.weight": (16, 1, 5, 5),
    "block1.0.bias": (16,),
    "block1.1.weight": (16,),
    "block1.1.bias": (16,),
    "block1.1.running_mean": (16,),
    "block1.1.running_var": (16,),
    "block1.1.num_batches_tracked": (),
    "block2.0.weight": (32, 16, 5, 5),
    "block2.0.bias": (32,),
    "block2.1.weight": (32,),
    "block2.1.bias": (32,),
    "block2.1.running_mean": (32,),
    "block2.1.running_var": (32,),
    "block2.1.num_batches_tracked": (),
    "fc.weight": (10, 1568),
    "fc.bias": (10,),
}


# LeNet5BN


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_structure(student, library):
    """`block1` and `block2` are convolution, batch normalisation, ReLU and max pooling, `fc` is a Linear."""
    model = student.LeNet5BN()
    found = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, kernels in (("block1.0", (16, 1, 5, 5)), ("block2.0", (32, 16, 5, 5))):
        assert found.get(f"{name}.weight") == kernels, f"{name} must be a Conv2d with kernels {list(kernels)}."
        assert f"{name}.bias" in found, f"{name} has no bias; leave it at its default here."
    for block, channels in (("block1", 16), ("block2", 32)):
        behind = [name for name in found if name.startswith(block) and name.endswith("running_mean")]
        assert behind, f"{block} has no batch normalisation that keeps running statistics (nn.BatchNorm2d)."
        assert behind == [f"{block}.1.running_mean"], (
            f"In {block} the batch normalisation must stand directly behind the convolution, before the ReLU."
        )
        assert found[behind[0]] == (channels,), f"{block}'s batch normalisation has {channels} channels."
        assert f"{block}.1.weight" in found, f"{block}'s batch normalisation must learn gamma and beta (affine)."
    assert "fc.weight" in found and found["fc.weight"][0] == 10, "fc is a Linear with ten logits."
    assert len(found) == 16, "There are more parameters than those of two Conv2d, two BatchNorm2d and one Linear."


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_shape_of_the_result(student):
    """A batch of images gives one row of ten logits for each image."""
    model = student.LeNet5BN()
    model.eval()
    for images in (1, 5):
        x = torch.ones(images, 1, 28, 28)
        tensor(model(x), f"LeNet5BN() of a batch of {images}", shape=(images, 10), dtype=torch.float32)


def same_weights(student: Any, reference: Any, rng: torch.Generator) -> tuple[nn.Module, Any]:
    """Return our network and the student's, with the same random weights and running statistics."""
    ours, theirs = reference.LeNet5BN(), student.LeNet5BN()
    found = {name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    assert set(found) == set(SHAPES), (
        "The parameters and buffers must be those of block1, block2 and fc, by these names."
    )
    assert found == SHAPES, "The sizes are those of the LeNet: 16 kernels, 32 kernels, 10 logits."
    weights = {}
    for name, value in ours.state_dict().items():
        drawn = torch.randn(value.shape, generator=rng)
        if value.ndim > 1:
            drawn /= value[0].numel() ** 0.5
        elif name.endswith(("1.weight", "running_var")):
            drawn = drawn.abs() + 0.5
        weights[name] = drawn if value.dtype.is_floating_point else torch.tensor(7)
    ours.load_state_dict(weights)
    theirs.load_state_dict(weights)
    return ours, theirs


def variant(model: nn.Module, x: Tensor, slip: str, *, training: bool) -> Tensor:
    """Return what a network with these weights and a slip in it would answer."""
    for name in ("block1", "block2"):
        convolution, norm = getattr(model, name)[:2]
        x = convolution(x)
        relu_first = slip == "relu first"
        x = x.relu() if relu_first else x
        if slip != f"none in {name}":
            statistics = norm.running_mean.clone(), norm.running_var.clone()
            x = functional.batch_norm(x, *statistics, norm.weight, norm.bias, training)
        x = x if relu_first or slip == f"no relu in {name}" else x.relu()
        x = functional.avg_pool2d(x, 2) if slip == "mean" else functional.max_pool2d(x, 2)
    return model.fc(x.flatten(start_dim=1))


SLIPS = {
    "relu first": "The batch normalisation must stand before the ReLU.",
    "none in block1": "The batch normalisation of block1 is there, but it is not used.",
    "none in block2": "The batch normalisation of block2 is there, but it is not used.",
    "no relu in block1": "The ReLU of block1 is missing.",
    "no relu in block2": "The ReLU of block2 is missing.",
    "mean": "The pooling takes the mean; max pooling takes the largest.",
}


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(1)
def test_forward_in_evaluation_mode(student, reference, rng):
    """With the same weights and running statistics the logits must be those of block1, block2, fc."""
    ours, theirs = same_weights(student, reference, rng)
    ours.eval()
    theirs.eval()
    x = torch.randn(12, 1, 28, 28, generator=rng)
    with torch.no_grad():
        logits = ours(x)
        slips = {
            "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.softmax(
                1
            ),
            "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": (
                logits.log_softmax(1)
            ),
            "There is a ReLU behind fc: logits may be negative.": logits.relu(),
            "In evaluation mode the running statistics must be used, not those of the batch.": variant(
                ours, x, "", training=True
            ),
        } | {hint: variant(ours, x, slip, training=False) for slip, hint in SLIPS.items()}
    found = tensor(theirs(x), "the result of forward", shape=(12, 10), dtype=torch.float32)
    for hint, wrong in slips.items():
        assert not torch.allclose(found, wrong, atol=1e-3), hint
    assert torch.allclose(found, logits, atol=1e-3), (
        "The logits are not those of block1, block2, flatten, fc, one after the other."
    )


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(1)
def test_forward_in_training_mode(student, reference, rng):
    """In training mode the batch's statistics normalise it, and move the running ones as nn.BatchNorm2d does."""
    ours, theirs = same_weights(student, reference, rng)
    ours.train()
    theirs.train()
    x = torch.randn(12, 1, 28, 28, generator=rng)
    with torch.no_grad():
        running = variant(ours, x, "", training=False)
        logits = ours(x)
    found = tensor(theirs(x), "the result of forward", shape=(12, 10), dtype=torch.float32)
    assert not torch.allclose(found, running, atol=1e-3), (
        "In training mode the batch's own statistics must be used: forward must not call eval()."
    )
    assert torch.allclose(found, logits, atol=1e-3), (
        "In training mode the logits are not those of block1, block2, fc: dropout has no place here."
    )
    after = theirs.state_dict()
    for name, value in ours.state_dict().items():
        if "running" in name:
            statistics = tensor(after[name], name, shape=tuple(value.shape), dtype=value.dtype)
            assert torch.allclose(statistics, value, rtol=1e-3, atol=1e-3), (
                "The running statistics do not move as those of nn.BatchNorm2d: leave momentum at its default of 0.1."
            )


# added_parameters


@pytest.mark.question("added_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_form(student):
    """`added_parameters` is a whole number."""
    assert integer(student.added_parameters, "added_parameters") > 0, "Batch normalisation does add parameters."


@pytest.mark.question("added_parameters")
@pytest.mark.points(1)
def test_added_parameters(student):
    """Each channel behind a convolution gets a gamma and a beta; running statistics are not trained."""
    found = integer(student.added_parameters, "added_parameters")
    slips = {
        192: "Running mean and variance are not trained: they are buffers and do not count.",
        194: "Running statistics and num_batches_tracked are not trained: they are buffers and do not count.",
        48: "Each channel has two trainable numbers, a gamma and a beta.",
        32: "This is the normalisation of block1 alone: block2 has one as well.",
        64: "This is the normalisation of block2 alone: block1 has one as well.",
        29_034: "These are all parameters of LeNet5BN: how many more than those of LeNet5 are they?",
        28_938: "These are all parameters of LeNet5: how many more does LeNet5BN have?",
        4: "Each channel has a gamma and a beta of its own.",
    }
    assert found not in slips, slips.get(found, "")
    assert found == 96, "For each of the channels behind the two convolutions there are a gamma and a beta."

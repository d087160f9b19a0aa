"""Check `batch_norm_2d_backward`, the optional question: its gradients are those that autograd finds, in float64."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, sequence, tensor

pytestmark = pytest.mark.question("batch_norm_2d_backward")

# What students see

DIMS = (0, 2, 3)
TOLERANCE = 1e-7
DEFAULT, NONE = 1e-5, 1e-15
"""The default of eps, and what stands for none: PyTorch wants one."""
NAMES = ("grad_x", "grad_gamma", "grad_beta")
CONSTANT = "For grad_x mean and variance depend on x too: two of its three ways are missing."
CONSTANT_VARIANCE = "For grad_x the variance depends on x too: the way through it is missing."
CONSTANT_MEAN = "For grad_x the mean depends on x too: the way through it is missing."
SUMS = "In grad_x the factor 1/n is missing: mean and variance are means of n numbers, so sums become means."
SUM_OF_ONE = "In grad_x one of the two sums lacks its factor 1/n."
SIGNS = "In grad_x a sign is wrong: both ways through the statistics are subtracted."
UNBIASED = "grad_x comes from the unbiased variance: the batch is normalised with the biased one, which divides by n."
NO_GAMMA = "In grad_x gamma is missing: what comes to x̂ is grad_y times gamma."
NO_SCALE = "In grad_x the factor 1/s is missing: x̂ is (x - mean) / s."
SQUARED_SCALE = "grad_x is divided by the variance: divide by s, its root."
CENTRED = "In the last term of grad_x stands x - mean where x̂ is due."
HALF_SCALED = "In the last term of grad_x one x̂ is right, the other is x - mean: both are x̂."
NO_EPS = "eps is a parameter: it is added to the variance before the root is taken."
EXCHANGED = "grad_gamma and grad_beta have changed places."
NOT_ZERO = (
    "Each channel of grad_x must add up to 0, since adding 1 to all of x changes nothing; yours does not. Is the way "
    "through the mean right?"
)
ACROSS = {
    (0,): "In grad_x each pixel has sums of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (1, 2, 3): "In grad_x each image has sums of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (2, 3): "In grad_x each map of each image has sums of its own: take them over dim=(0, 2, 3).",
    (0, 1, 2, 3): "In grad_x all channels share their sums: each channel needs its own, dim=(0, 2, 3).",
}


def column(values: Tensor) -> Tensor:
    """Return [C] as [1, C, 1, 1]."""
    return values.view(1, -1, 1, 1)


def gradients(given: Mapping[str, Any], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return what autograd finds, for PyTorch's own batch normalisation in training mode."""
    with torch.enable_grad():
        x, gamma = (given[name].clone().requires_grad_() for name in ("x", "gamma"))
        beta = torch.zeros_like(gamma).requires_grad_()
        y = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
        found = torch.autograd.grad(y, (x, gamma, beta), given["grad_y"])
    return found[0], found[1], found[2]


def over(given: Mapping[str, Any], dims: tuple[int, ...]) -> Tensor:
    """Return the gradient to x where mean and variance are taken over other dimensions."""
    order = (*dims, *(dim for dim in range(4) if dim not in dims))
    counted = torch.Size(given["x"].shape[dim] for dim in dims).numel()
    with torch.enable_grad():
        x = given["x"].clone().requires_grad_()
        y = functional.batch_norm(x.permute(order).reshape(counted, -1), None, None, training=True, eps=given["eps"])
        arrived = (given["grad_y"] * column(given["gamma"])).permute(order).reshape(counted, -1)
        return torch.autograd.grad(y, x, arrived)[0]


def numbers_of_a_channel(x: Tensor) -> int:
    """Return over how many numbers each mean is taken."""
    return x[:, 0].numel()


def slips_of_x(given: Mapping[str, Any]) -> dict[str, list[Tensor]]:
    """Return the gradients to x that known slips find, one or more for each hint."""
    x, eps = given["x"], given["eps"]
    n = numbers_of_a_channel(x)
    variance = x.var(dim=DIMS, unbiased=False)
    s, unbiased = (variance + eps).sqrt(), (variance * n / (n - 1) + eps).sqrt()
    right = gradients(given, eps)[0]
    arrived = given["grad_y"] * column(given["gamma"] / s)  # the direct way
    mean = -arrived.mean(dim=DIMS, keepdim=True).expand_as(x)  # the way through the mean
    spread = right - arrived - mean  # the way through the variance
    k = column(s / unbiased)
    return {
        CONSTANT: [arrived],
        CONSTANT_VARIANCE: [arrived + mean],
        CONSTANT_MEAN: [arrived + spread],
        SUMS: [arrived + n * (mean + spread)],
        SUM_OF_ONE: [arrived + n * mean + spread, arrived + mean + n * spread],
        SIGNS: [arrived - mean - spread, arrived - mean + spread, arrived + mean - spread, -right],
        UNBIASED: [
            k * (arrived + mean + k**2 * spread),
            k * (arrived + mean) + k**3 * spread * n / (n - 1),
            arrived + mean + spread * n / (n - 1),
            arrived + (mean + spread) * n / (n - 1),
        ],
        NO_GAMMA: [right / column(given["gamma"])],
        NO_SCALE: [right * column(s)],
        SQUARED_SCALE: [right / column(s)],
        CENTRED: [arrived + mean + column(s**2) * spread],
        HALF_SCALED: [arrived + mean + column(s) * spread],
        NO_EPS: [gradients(given, other)[0] for other in (NONE, DEFAULT) if other != eps],
        **{hint: [over(given, dims)] for dims, hint in ACROSS.items()},
    }


def slips_of_gamma(given: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the gradients to gamma that known slips find."""
    x, grad_y = given["x"], given["grad_y"]
    grad_gamma, grad_beta = gradients(given, given["eps"])[1:]
    centred = x - x.mean(dim=DIMS, keepdim=True)
    n = numbers_of_a_channel(x)
    return {
        EXCHANGED: grad_beta,
        "grad_gamma is a sum over images, rows and columns, no mean.": grad_gamma / n,
        "In grad_gamma stands x where x̂ is due.": (grad_y * x).sum(dim=DIMS),
        "In grad_gamma stands x - mean where x̂ is due.": (grad_y * centred).sum(dim=DIMS),
        "grad_gamma must not be multiplied by gamma: that is what x̂ gets.": given["gamma"] * grad_gamma,
        "In grad_gamma the unbiased variance is used: x̂ comes from the biased one, which divides by n.": (
            (grad_y * centred).sum(dim=DIMS) / (x.var(dim=DIMS) + given["eps"]).sqrt()
        ),
        NO_EPS: gradients(given, DEFAULT if given["eps"] != DEFAULT else NONE)[1],
    }


def slips_of_beta(given: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the gradients to beta that known slips find."""
    _, grad_gamma, grad_beta = gradients(given, given["eps"])
    return {
        EXCHANGED: grad_gamma,
        "grad_beta is a sum over images, rows and columns, no mean.": grad_beta / numbers_of_a_channel(given["x"]),
        "grad_beta must not be multiplied by gamma: beta is added behind it.": given["gamma"] * grad_beta,
    }


def judge(student: Any, given: Mapping[str, Any]) -> None:
    """Compare the three gradients with autograd's, from the simplest to the hardest."""
    eps, shape, channels = given["eps"], tuple(given["x"].shape), (given["x"].shape[1],)
    result = student.batch_norm_2d_backward(*(given[name].clone() for name in ("grad_y", "x", "gamma")), eps)
    values = sequence(result, "batch_norm_2d_backward(…)", 3)
    grad_x, grad_gamma, grad_beta = (
        tensor(value, name, shape=size, dtype=torch.float64)
        for value, name, size in zip(values, NAMES, (shape, channels, channels), strict=True)
    )
    right = gradients(given, eps)
    answer(grad_beta, right[2], slips_of_beta(given), TOLERANCE)
    answer(grad_gamma, right[1], slips_of_gamma(given), TOLERANCE)
    if close(grad_x, right[0], TOLERANCE):
        return
    for hint, wrong in slips_of_x(given).items():
        if any(close(grad_x, one, TOLERANCE) for one in wrong):
            raise Slip(hint)
    sums, size = grad_x.sum(dim=DIMS), grad_x.abs().sum(dim=DIMS)
    assert bool((sums.abs() <= TOLERANCE * (1 + size)).all()), NOT_ZERO
    raise Slip


def upstream(x: Tensor, noise: Tensor) -> Tensor:
    """Return a gradient to y in which none of the ways through the statistics cancels out."""
    centred = x - x.mean(dim=DIMS, keepdim=True)
    return 1 + centred / centred.std() + noise


@pytest.mark.points(0)
@pytest.mark.public
def test_the_gradients_of_autograd(student):
    """The gradients to x, gamma and beta are those that autograd finds, in float64."""
    x = torch.arange(2 * 3 * 4 * 5, dtype=torch.float64).sin().view(2, 3, 4, 5)
    x = x * column(torch.tensor([1.0, 5.0, 0.5]).double()) + column(torch.tensor([0.5, 10.0, -2.0]).double())
    noise = (torch.arange(x.numel()) ** 1.3).double().cos().view(x.shape)
    gamma = torch.tensor([2.0, -1.0, 0.5]).double()
    judge(student, {"grad_y": upstream(x, noise), "x": x, "gamma": gamma, "eps": 1e-5})
    judge(student, {"grad_y": upstream(x, noise), "x": x, "gamma": gamma, "eps": 0.5})


@pytest.mark.points(0)
def test_the_gradients_of_other_batches(student, rng):
    """The gradients are those of any batch, channel by channel, for any eps."""

    def make(*shape: int, eps: float) -> Case[dict[str, Any]]:
        def values(*size: int) -> Tensor:
            return torch.randn(size, generator=rng).double()

        channels = shape[1]
        x = values(*shape) * column(values(channels).abs() + 0.5) + 2 * column(values(channels))
        gamma = values(channels).sign() * (values(channels).abs() + 1.5)
        given = {"grad_y": upstream(x, values(*shape)), "x": x, "gamma": gamma, "eps": eps}
        slips = {f"{hint} {place}": one for hint, many in slips_of_x(given).items() for place, one in enumerate(many)}
        return Case(inputs=given, right=gradients(given, eps)[0], slips=slips, tolerance=TOLERANCE)

    judge(student, draw(lambda: make(3, 4, 2, 3, eps=0.3)).inputs)
    judge(student, draw(lambda: make(4, 2, 1, 3, eps=1e-5)).inputs)

"""Check `batch_norm_2d`: its result in both modes, its running statistics, its gradients."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("batch_norm_2d")

CALL = (
    "lambda function, x, gamma, beta, mean, var, training, options: "
    "(function(x, gamma, beta, mean, var, training, **options), x, mean, var)"
)
"""In the student's process: call, then look at the very tensors that were handed in."""

BACKWARD = (
    "lambda function, x, gamma, beta, mean, var, training, weights: "
    "[leaf.requires_grad_() for leaf in (x, gamma, beta)] and "
    "(lambda y: (y.requires_grad and (y * weights).sum().backward(), "
    "y.requires_grad, x.grad, gamma.grad, beta.grad, mean.requires_grad or var.requires_grad)[1:])"
    "(function(x, gamma, beta, mean, var, training))"
)

IN_PLACE = (
    "running_mean and running_var did not change: update the tensors that were handed in, in place "
    "(mul_, add_, copy_, [:] = …); an assignment to the name makes new ones that the caller never sees."
)
AXES = {
    (0,): "Each pixel has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (1,): "Mean and variance are taken over the channels: each channel needs its own, dim=(0, 2, 3).",
    (1, 2, 3): "Each image has statistics of its own (layer normalisation): take them over dim=(0, 2, 3).",
    (2, 3): "Each map of each image has statistics of its own (instance normalisation): take them over dim=(0, 2, 3).",
    (0, 1, 2, 3): "All channels share one mean and one variance: each channel needs its own, dim=(0, 2, 3).",
    (0, 2): "Each column has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (0, 3): "Each row has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
}


def apply(
    student: Any, library: Any, given: dict[str, Tensor], *, training: bool, **options: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the student's result, and running mean and variance as they are after the call."""
    call = library.builtins.eval(CALL)
    x, gamma, beta, mean, var = (value.clone() for value in given.values())
    result, x_after, *statistics = call(student.batch_norm_2d, x, gamma, beta, mean, var, training, options)
    y = tensor(result, "batch_norm_2d(…)", shape=tuple(x.shape), dtype=x.dtype)
    mean_after, var_after = (
        tensor(value, name, shape=tuple(mean.shape), dtype=mean.dtype)
        for value, name in zip(statistics, ("running_mean", "running_var"), strict=True)
    )
    assert tensor(x_after, "x").equal(given["x"]), "x itself was changed: work on a new tensor, not in place."
    return y, mean_after, var_after


def column(values: Tensor) -> Tensor:
    """Return [C] as [1, C, 1, 1]."""
    return values.view(1, -1, 1, 1)


def close(found: Tensor, value: Tensor) -> bool:
    return torch.allclose(found, value, rtol=1e-3, atol=2e-4)


# What students see


@pytest.mark.points(0.5)
@pytest.mark.public
def test_training_mode(student, library):
    """In training mode each channel has mean beta and standard deviation gamma."""
    x = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).sin().view(2, 3, 4, 5) * torch.tensor([1.0, 5.0, 0.5]).view(
        1, 3, 1, 1
    ) + torch.tensor([0.0, 10.0, -2.0]).view(1, 3, 1, 1)
    zeros, ones = torch.zeros(3), torch.ones(3)
    given = {"x": x, "gamma": ones, "beta": zeros, "mean": zeros, "var": ones}
    y, _, _ = apply(student, library, given, training=True)
    means, spreads = y.mean(dim=(0, 2, 3)), y.std(dim=(0, 2, 3), unbiased=False)
    assert means.abs().max() < 1e-3, (
        f"With gamma 1 and beta 0 each channel has mean 0; yours have {[round(m, 3) for m in means.tolist()]}."
    )
    assert (spreads - 1).abs().max() < 1e-3, (
        f"With gamma 1 and beta 0 each channel has standard deviation 1 (that which divides by n, "
        f"unbiased=False); yours have {[round(s, 3) for s in spreads.tolist()]}."
    )
    gamma, beta = torch.tensor([2.0, 1.0, 0.5]), torch.tensor([0.0, -1.0, 3.0])
    y, _, _ = apply(student, library, {**given, "gamma": gamma, "beta": beta}, training=True)
    means, spreads = y.mean(dim=(0, 2, 3)), y.std(dim=(0, 2, 3), unbiased=False)
    assert (means - beta).abs().max() < 1e-3, "Channel c has mean beta[c]: add beta, a number for each channel."
    assert (spreads - gamma).abs().max() < 1e-3, "Channel c has standard deviation gamma[c]: multiply by gamma."


@pytest.mark.points(0.5)
@pytest.mark.public
def test_running_statistics(student, library):
    """In training mode running mean and variance move by `momentum` towards those of the batch, in place."""
    x = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    zero, one = torch.zeros(1), torch.ones(1)
    given = {"x": x, "gamma": one, "beta": zero, "mean": zero, "var": one}
    _, mean, var = apply(student, library, given, training=True)
    assert not (mean.equal(zero) and var.equal(one)), IN_PLACE
    assert abs(mean.item() - 0.2) < 1e-4, (
        f"One channel with the values 1 and 3: running_mean goes from 0 to 0.9 · 0 + 0.1 · 2 = 0.2, yours to {mean.item():.3f}."
    )
    assert abs(var.item() - 1.0) > 1e-4, (
        "running_var takes the unbiased variance, which divides by n - 1: for 1 and 3 it is 2, not 1."
    )
    assert abs(var.item() - 1.1) < 1e-4, (
        f"One channel with the values 1 and 3: running_var goes from 1 to 0.9 · 1 + 0.1 · 2 = 1.1, yours to {var.item():.3f}."
    )


@pytest.mark.points(0.5)
@pytest.mark.public
def test_evaluation_mode(student, library):
    """In evaluation mode the running statistics normalise, and nothing changes."""
    x = torch.tensor([1.0, 3.0, 5.0]).view(3, 1, 1, 1)
    mean, var = torch.tensor([1.0]), torch.tensor([4.0])
    given = {"x": x, "gamma": torch.ones(1), "beta": torch.zeros(1), "mean": mean, "var": var}
    y, mean_after, var_after = apply(student, library, given, training=False)
    assert mean_after.equal(mean) and var_after.equal(var), (
        "In evaluation mode running_mean and running_var must stay as they are."
    )
    assert (y.flatten() - torch.tensor([0.0, 1.0, 2.0])).abs().max() < 1e-3, (
        "Running mean 1 and running variance 4 turn the values 1, 3, 5 into 0, 1, 2 in evaluation mode; "
        f"yours are {[round(value, 3) for value in y.flatten().tolist()]}."
    )


# What is hidden


def batch(rng: torch.Generator, *shape: int) -> dict[str, Tensor]:
    """Return the arguments of a call: channels that differ in mean and spread, images and places too."""
    n, c, h, w = shape

    def draw(*size: int) -> Tensor:
        return torch.randn(size, generator=rng)

    x = draw(*shape) * (draw(1, c, 1, 1).abs() + 0.5) + 2 * draw(1, c, 1, 1)
    return {
        "x": x + draw(n, 1, 1, 1) + 0.5 * draw(1, 1, h, w),
        "gamma": draw(c).abs() + 0.5,
        "beta": draw(c) + 1,
        "mean": draw(c),
        "var": draw(c).abs() + 0.5,
    }


def normalised(x: Tensor, dims: tuple[int, ...], eps: float = 1e-5, *, unbiased: bool = False) -> Tensor:
    """Return x with mean 0 and standard deviation 1 over the dimensions."""
    mean, var = x.mean(dim=dims, keepdim=True), x.var(dim=dims, keepdim=True, unbiased=unbiased)
    return (x - mean) / torch.sqrt(var + eps)


def forbid_the_ready_made(library: Any) -> Any:
    """Have calls of PyTorch's own batch normalisation in the student's process noted; return the notes."""
    notes = library.types.SimpleNamespace(calls=0)
    noting = library.builtins.eval(
        "lambda *args, **rest: (setattr(notes, 'calls', notes.calls + 1), own(*args, **rest))[1]",
        {"notes": notes, "own": library.torch.batch_norm},
    )
    library.builtins.setattr(library.torch, "batch_norm", noting)
    return notes


def from_scratch(notes: Any) -> None:
    assert notes.calls == 0, (
        "This calls PyTorch's own batch normalisation: write it yourself, with means and variances."
    )


SHAPES = ((6, 4, 5, 3), (3, 5, 1, 1), (1, 2, 6, 7), (4, 4, 4, 4))


@pytest.mark.points(1.5)
def test_result_while_training(student, library, reference, rng):
    """In training mode the result is that of the batch's own mean and biased variance, for each channel."""
    notes = forbid_the_ready_made(library)
    for shape in SHAPES:
        given = batch(rng, *shape)
        x, gamma, beta = given["x"], column(given["gamma"]), column(given["beta"])
        right = reference.batch_norm_2d(*[value.clone() for value in given.values()], training=True)
        y, _, _ = apply(student, library, given, training=True)
        from_scratch(notes)
        if close(y, right):
            continue
        hat = normalised(x, (0, 2, 3))
        slips = {
            hint: gamma * normalised(x, dims) + beta
            for dims, hint in AXES.items()
            if x[0].numel() > shape[1] and not (dims == (1,) and shape[1] == 1)
        }
        mean, var = column(given["mean"]), column(given["var"])
        slips |= {
            "The batch is normalised with its biased variance (unbiased=False), the unbiased one is for running_var.": (
                gamma * normalised(x, (0, 2, 3), unbiased=True) + beta
            ),
            "gamma is missing: multiply each channel by its gamma.": hat + beta,
            "beta is missing: add its beta to each channel.": gamma * hat,
            "gamma and beta are missing.": hat,
            "gamma and beta have changed places.": beta * hat + gamma,
            "beta must be added after the multiplication by gamma.": gamma * (hat + beta),
            "Divide by the standard deviation, the root of the variance.": gamma
            * (x - x.mean((0, 2, 3), True))
            / (x.var((0, 2, 3), False, keepdim=True) + 1e-5)
            + beta,
            "The mean is not subtracted.": gamma * x / x.std((0, 2, 3), False, keepdim=True) + beta,
            "In training mode the batch's own statistics normalise it, not the running ones.": (
                gamma * (x - mean) / torch.sqrt(var + 1e-5) + beta
            ),
        }
        assert not close(y, x), "The result is x itself."
        for hint, wrong in slips.items():
            assert not close(y, wrong), hint
        updated = [given[name].clone() for name in ("mean", "var")]
        functional.batch_norm(x, *updated, training=True)
        by_new = gamma * (x - column(updated[0])) / torch.sqrt(column(updated[1]) + 1e-5) + beta
        assert not close(y, by_new), "In training mode the batch's own statistics normalise it, not the running ones."
        raise AssertionError("In training mode the result must be gamma · (x - mean) / sqrt(variance + eps) + beta.")


@pytest.mark.points(0.5)
def test_eps(student, library, reference, rng):
    """`eps` is added to the variance, below the root, and has the default 1e-5."""
    notes = forbid_the_ready_made(library)
    given = batch(rng, 5, 3, 4, 4)
    x, gamma, beta = given["x"], column(given["gamma"]), column(given["beta"])
    for training in (True, False):
        right = reference.batch_norm_2d(*[value.clone() for value in given.values()], training=training, eps=2.0)
        y, _, _ = apply(student, library, given, training=training, eps=2.0)
        if not close(y, right):
            dims = (0, 2, 3)
            mean = x.mean(dims, True) if training else column(given["mean"])
            var = x.var(dims, False, keepdim=True) if training else column(given["var"])
            slips = {
                "eps stands outside of the root: it is added to the variance.": (x - mean) / (var.sqrt() + 2.0),
                "eps is a parameter that is added to the variance, below the root: yours is left out, or always 1e-5.": (
                    (x - mean) / var.sqrt()
                ),
            }
            for hint, wrong in slips.items():
                assert not close(y, gamma * wrong + beta), hint
            raise AssertionError("The variance and eps are added, then comes the root, and that divides x - mean.")
        # A channel that hardly varies shows which eps is the default.
        flat = {**given, "x": 2e-3 * x, "mean": 0 * given["mean"], "var": 1e-6 * given["var"]}
        right = reference.batch_norm_2d(*[value.clone() for value in flat.values()], training=training)
        y, _, _ = apply(student, library, flat, training=training)
        assert close(y, right), "Where a channel hardly varies the result is wrong: is eps, 1e-5, added below the root?"
        constant = {**given, "x": torch.zeros_like(x) + column(given["mean"])}
        y, _, _ = apply(student, library, constant, training=training)
        assert close(y, beta.expand_as(x)), "Where a channel is constant the result must be beta, not NaN or infinity."
    from_scratch(notes)


@pytest.mark.points(1.5)
def test_running_statistics_after_many_batches(student, library, reference, rng):
    """Running mean and unbiased variance move by `momentum` towards the batch's, in place, batch after batch."""
    notes = forbid_the_ready_made(library)
    for momentum, shape in ((0.1, (2, 4, 3, 2)), (0.3, (3, 3, 2, 2)), (1.0, (2, 3, 2, 1)), (0.0, (2, 3, 2, 2))):
        options = {} if momentum == 0.1 else {"momentum": momentum}
        given = batch(rng, *shape)
        x, old_mean, old_var = given["x"], given["mean"], given["var"]
        _, mean, var = apply(student, library, given, training=True, **options)
        from_scratch(notes)
        right_mean, right_var = old_mean.clone(), old_var.clone()
        reference.batch_norm_2d(x, given["gamma"], given["beta"], right_mean, right_var, training=True, **options)
        if close(mean, right_mean) and close(var, right_var):
            continue
        dims = (0, 2, 3)
        biased, unbiased = x.var(dims, False), x.var(dims, True)

        def moved(old: Tensor, new: Tensor, share: float = momentum) -> Tensor:
            return (1 - share) * old + share * new

        assert not (mean.equal(old_mean) and var.equal(old_var)), IN_PLACE
        assert not mean.equal(old_mean), "running_mean did not change, running_var did: update both in place."
        assert not var.equal(old_var), "running_var did not change, running_mean did: update both in place."
        assert not close(mean, moved(old_mean, x.mean(dims), 1 - momentum)), (
            "momentum is the wrong way round: it is the share of the batch, 1 - momentum that of the old value."
        )
        assert not (options and close(mean, moved(old_mean, x.mean(dims), 0.1))), (
            "momentum is a parameter: use its value, not always 0.1."
        )
        assert not close(mean, old_mean + momentum * x.mean(dims)), (
            "The old running mean must be multiplied by 1 - momentum before the batch's share is added."
        )
        assert close(mean, right_mean), "running_mean must become (1 - momentum) · running_mean + momentum · mean."
        assert not close(var, moved(old_var, biased)), (
            "running_var takes the unbiased variance of the batch, which divides by n - 1."
        )
        assert not close(var, moved(old_var, unbiased.sqrt())), (
            "running_var takes the variance of the batch, not the standard deviation."
        )
        assert not close(var, moved(old_var, biased * shape[0] / (shape[0] - 1))), (
            "n is the number of values of a channel, N · H · W, not the number of images."
        )
        raise AssertionError("running_var must become (1 - momentum) · running_var + momentum · unbiased variance.")


@pytest.mark.points(0.5)
def test_result_in_evaluation_mode(student, library, reference, rng):
    """In evaluation mode each image is normalised by the running statistics alone, and nothing changes."""
    notes = forbid_the_ready_made(library)
    for shape in ((4, 3, 5, 2), (1, 3, 1, 1)):
        given = batch(rng, *shape)
        x, gamma, beta = given["x"], column(given["gamma"]), column(given["beta"])
        y, mean, var = apply(student, library, given, training=False)
        from_scratch(notes)
        assert mean.equal(given["mean"]) and var.equal(given["var"]), (
            "In evaluation mode running_mean and running_var must stay as they are."
        )
        assert not close(y, gamma * normalised(x, (0, 2, 3)) + beta), (
            "In evaluation mode the running statistics normalise, not those of the batch."
        )
        right = reference.batch_norm_2d(*given.values(), training=False)
        assert close(y, right), (
            "In evaluation mode the result must be gamma · (x - running_mean) / sqrt(running_var + eps) + beta."
        )


@pytest.mark.points(0.5)
def test_gradients(student, library, rng):
    """Gradients flow to x (also through mean and variance), to gamma and to beta, as with nn.BatchNorm2d."""
    notes = forbid_the_ready_made(library)
    backward = library.builtins.eval(BACKWARD)
    for training in (True, False):
        given = batch(rng, 4, 3, 3, 2)
        weights = torch.randn(4, 3, 3, 2, generator=rng)
        copies = {name: value.clone() for name, value in given.items()}
        has, *found, tracked = backward(student.batch_norm_2d, *copies.values(), training, weights)
        from_scratch(notes)
        assert has is True, "No gradient comes out: do not put the normalisation under no_grad, and do not detach."
        x, gamma, beta = (given[name].requires_grad_() for name in ("x", "gamma", "beta"))
        y = functional.batch_norm(x, given["mean"], given["var"], gamma, beta, training)
        (y * weights).sum().backward()
        for name, gradient in zip(("x", "gamma", "beta"), found, strict=True):
            assert gradient is not None, f"No gradient comes to {name}: do not detach it, and no no_grad around it."
        to_x, to_gamma, to_beta = (tensor(gradient, "the gradient") for gradient in found)
        if training and not close(to_x, x.grad):
            variance = x.detach().var(dim=(0, 2, 3), unbiased=False, keepdim=True) + 1e-5
            cut = column(gamma.detach()) * weights / variance.sqrt()
            assert not close(to_x, cut), (
                "The gradient to x does not flow through mean and variance: no detach, no no_grad when you compute them."
            )
            half = cut - cut.mean(dim=(0, 2, 3), keepdim=True)
            assert not close(to_x, half), (
                "The gradient to x does not flow through the variance: no detach, no no_grad when you compute it."
            )
        assert close(to_x, x.grad), "The gradient to x is not that of nn.BatchNorm2d: is mean or variance detached?"
        assert close(to_gamma, gamma.grad), "The gradient to gamma is not that of nn.BatchNorm2d."
        assert close(to_beta, beta.grad), "The gradient to beta is not that of nn.BatchNorm2d."
        assert tracked is False, (
            "The running statistics hang on to the graph: update them under torch.no_grad(), or with detached values."
        )

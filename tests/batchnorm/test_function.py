"""Check `batch_norm_2d`: its result in both modes, its running statistics, its gradients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, tensor

pytestmark = pytest.mark.question("batch_norm_2d")

CALLED = '''
import sys
import threading

import torch
from torch.utils._python_dispatch import TorchDispatchMode

READY_MADE = ("batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm")


def is_ready_made(name):
    return any(kind in name.lower().replace("_", "") for kind in READY_MADE)


class Operations(TorchDispatchMode):
    """See every operation that is carried out, whoever asks for it, by whatever name."""

    def __init__(self, found):
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation.namespace == "aten" and is_ready_made(operation.name()):
            self.found.append(operation.name())
        return operation(*args, **(kwargs or {}))


def called(function, x, gamma, beta, mean, var, training, options):
    """Call, and return the result, the very tensors that were handed in, and whether anything ready-made was used."""
    found = []

    def seen(frame, event, argument):  # the libraries' own functions, in further threads too
        if event == "c_call":
            name = getattr(argument, "__name__", None) or ""
        else:
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name) if "-packages" in code.co_filename else ""
        if is_ready_made(name):
            found.append(name)

    before = sys.getprofile()
    sys.setprofile(seen)
    threading.setprofile(seen)
    try:
        with Operations(found):
            result = function(x, gamma, beta, mean, var, training, **options)
    finally:
        threading.setprofile(None)
        sys.setprofile(before)
    return result, [x, gamma, beta], mean, var, bool(found)


def differentiated(function, x, gamma, beta, mean, var, training, weights):
    """Return the gradients of the weighted sum of the result, and what of them hangs on to the graph."""
    leaves = [leaf.requires_grad_() for leaf in (x, gamma, beta)]
    given = [leaf * 1 for leaf in leaves]  # no leaves: that x is changed in place another check says
    result, *_, ready_made = called(function, *given, mean, var, training, {})
    flows = getattr(result, "requires_grad", False)
    if flows:
        (result * weights).sum().backward()
    return flows, [leaf.grad for leaf in leaves], mean.requires_grad or var.requires_grad, ready_made
'''
"""For the student's process: call the function, and see by what operations it comes to its result."""

STATISTICS = ("running_mean", "running_var")
FROM_SCRATCH = "This uses a normalisation of PyTorch's own: write it yourself, with means and variances."


def calling(library: Any, name: str) -> Any:
    """Return a function of CALLED in the student's process."""
    return library.builtins.eval("(space := {}, exec(source, space))[0][name]", {"source": CALLED, "name": name})


def copies(given: Mapping[str, Tensor]) -> list[Tensor]:
    """Return the tensors of a call, for the student's function to do with as it likes."""
    return [value.clone() for value in given.values()]


def apply(
    student: Any, library: Any, given: Mapping[str, Tensor], *, training: bool, **options: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the student's result, and running mean and variance as they are after the call."""
    x = given["x"]
    called = calling(library, "called")
    result, _, *statistics, ready_made = called(student.batch_norm_2d, *copies(given), training, options)
    assert not ready_made, FROM_SCRATCH
    y = tensor(result, "batch_norm_2d(…)", shape=tuple(x.shape)).float()
    mean_after, var_after = statistics
    return y, mean_after, var_after


# What students see

IN_PLACE = (
    "running_mean and running_var did not change: update the tensors that were handed in, in place "
    "(mul_, add_, copy_, [:] = …); an assignment to the name makes new ones that the caller never sees."
)
MEAN_NOT_IN_PLACE = "running_mean did not change, running_var did: update both in place."
VAR_NOT_IN_PLACE = "running_var did not change, running_mean did: update both in place."
BIASED = "running_var takes the unbiased variance of the batch, which divides by n - 1."
REVERSED = "momentum is the wrong way round: it is the share of the batch, 1 - momentum that of the old value."
NOT_REDUCED = "The old running mean and variance must be multiplied by 1 - momentum before the batch's share is added."
OWN_STATISTICS = "This is the batch's own mean and variance: move towards them by the share `momentum`."
EXCHANGED = "running_mean and running_var have changed places."
MEAN_NOT_REDUCED = "The old running mean must be multiplied by 1 - momentum before the batch's share is added."
VAR_NOT_REDUCED = "The old running variance must be multiplied by 1 - momentum before the batch's share is added."
CORRECTED_BACKWARDS = "The biased variance becomes the unbiased one times n / (n - 1), not (n - 1) / n."
CORRECTED_TWICE = "The unbiased variance is corrected once more: x.var() divides by n - 1 already."
ROOT_OF_RUNNING_VAR = "running_var takes the variance of the batch, not the standard deviation."
X_ITSELF = "The result is x itself."
UNBIASED = "The batch is normalised with its biased variance (unbiased=False), the unbiased one is for running_var."
NOT_CENTRED = "The mean is not subtracted."
NO_ROOT = "Divide by the standard deviation, the root of the variance."
IN_EVALUATION = "In evaluation mode running_mean and running_var must stay as they are."
OF_THE_BATCH = "In evaluation mode the running statistics normalise, not those of the batch."
NO_GRADIENT = "No gradient comes out: do not put the normalisation under no_grad, and do not detach."
DETACHED = "The gradient to x does not flow through mean and variance: no detach, no no_grad when you compute them."
VARIANCE_DETACHED = "The gradient to x does not flow through the variance: no detach, no no_grad when you compute it."
TRACKED = "The running statistics hang on to the graph: update them under torch.no_grad(), or with detached values."


def waves(scale: float) -> dict[str, Tensor]:
    """Return the arguments of a call: three channels that differ in mean and spread, gamma 1 and beta 0."""
    factors, offsets = torch.tensor([1.0, 5.0, 0.5]), torch.tensor([0.0, 10.0, -2.0])
    x = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).sin().view(2, 3, 4, 5)
    x = scale * (x * factors.view(1, 3, 1, 1) + offsets.view(1, 3, 1, 1))
    zeros, ones = torch.zeros(3), torch.ones(3)
    return {"x": x, "gamma": ones, "beta": zeros, "mean": zeros, "var": ones}


def spread_of(y: Tensor) -> Tensor:
    """Return the standard deviation of each channel, the one that divides by n."""
    return y.std(dim=(0, 2, 3), unbiased=False)


@pytest.mark.points(0.5)
@pytest.mark.public
def test_training_mode(student, library):
    """In training mode each channel has mean beta and standard deviation gamma."""
    given = waves(1.0)
    x, n = given["x"], 2 * 4 * 5
    zeros, ones = given["beta"], given["gamma"]
    y, _, _ = apply(student, library, given, training=True)
    slips = {
        UNBIASED: (zeros, ones * ((n - 1) / n) ** 0.5),
        NO_ROOT: (zeros, 1 / spread_of(x)),
        X_ITSELF: (x.mean(dim=(0, 2, 3)), spread_of(x)),
        "The mean is subtracted; divide by the standard deviation too.": (zeros, spread_of(x)),
        NOT_CENTRED: (x.mean(dim=(0, 2, 3)) / spread_of(x), ones),
    }
    answer((y.mean(dim=(0, 2, 3)), spread_of(y)), (zeros, ones), slips, tolerance=1e-3)
    gamma, beta = torch.tensor([2.0, 1.0, 0.5]), torch.tensor([0.0, -1.0, 3.0])
    turned = {**given, "gamma": -gamma, "beta": beta}
    result, left, *_ = calling(library, "called")(student.batch_norm_2d, *copies(turned), True, {})
    tensor(result, "batch_norm_2d(…)", dtype=torch.float32)
    x_after, *learned = (tensor(one, "the argument") for one in left)
    assert x_after.equal(x), "x itself was changed: work on a new tensor, not in place."
    assert close(learned, [-gamma, beta]), (
        "gamma or beta was changed: only the running statistics are updated in place."
    )
    y, _, _ = apply(student, library, {**given, "gamma": gamma, "beta": beta}, training=True)
    slips = {
        "gamma and beta are missing.": (zeros, ones),
        "gamma is missing: multiply each channel by its gamma.": (beta, ones),
        "beta is missing: add its beta to each channel.": (zeros, gamma),
        "gamma and beta have changed places.": (gamma, beta.abs()),
        "beta must be added after the multiplication by gamma.": (gamma * beta, gamma),
    }
    answer((y.mean(dim=(0, 2, 3)), spread_of(y)), (beta, gamma), slips, tolerance=1e-3)


@pytest.mark.points(0.5)
@pytest.mark.public
def test_running_statistics(student, library):
    """For the values 1 and 3 a running mean of 1 becomes 1.1 and a running variance of 3 becomes 2.9, in place."""
    x = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    one = torch.ones(1)
    given = {"x": x, "gamma": one, "beta": 0 * one, "mean": one, "var": 3 * one}
    after = apply(student, library, given, training=True)[1:]
    mean, var = (tensor(value, name, shape=(1,)) for value, name in zip(after, STATISTICS, strict=True))
    slips = {
        IN_PLACE: (1.0, 3.0),
        MEAN_NOT_IN_PLACE: (1.0, 2.9),
        VAR_NOT_IN_PLACE: (1.1, 3.0),
        BIASED: (1.1, 2.8),
        REVERSED: (1.9, 2.1),
        NOT_REDUCED: (1.2, 3.2),
        MEAN_NOT_REDUCED: (1.2, 2.9),
        VAR_NOT_REDUCED: (1.1, 3.2),
        ROOT_OF_RUNNING_VAR: (1.1, 2.7 + 0.1 * 2**0.5),
        CORRECTED_BACKWARDS: (1.1, 2.75),
        CORRECTED_TWICE: (1.1, 3.1),
        OWN_STATISTICS: (2.0, 2.0),
        EXCHANGED: (2.9, 1.1),
    }
    answer((mean.item(), var.item()), (1.1, 2.9), slips)


@pytest.mark.points(0.5)
@pytest.mark.public
def test_evaluation_mode(student, library):
    """In evaluation mode the running statistics normalise (1 and 4 turn 1, 3, 5 into 0, 1, 2), and nothing changes."""
    x = torch.tensor([1.0, 3.0, 5.0]).view(3, 1, 1, 1)
    mean, var = torch.tensor([1.0]), torch.tensor([4.0])
    given = {"x": x, "gamma": torch.ones(1), "beta": torch.zeros(1), "mean": mean, "var": var}
    y, mean_after, var_after = apply(student, library, given, training=False)
    assert mean_after.equal(mean) and var_after.equal(var), IN_EVALUATION
    slips = {
        OF_THE_BATCH: [-(1.5**0.5), 0.0, 1.5**0.5],
        NO_ROOT: [0.0, 0.5, 1.0],
        X_ITSELF: [1.0, 3.0, 5.0],
        NOT_CENTRED: [0.5, 1.5, 2.5],
        "The mean is subtracted; divide by the standard deviation too.": [0.0, 2.0, 4.0],
    }
    answer(y.flatten().tolist(), [0.0, 1.0, 2.0], slips, tolerance=1e-3)


@pytest.mark.points(0.5)
@pytest.mark.public
def test_gradients_flow(student, library):
    """Gradients flow, through mean and variance too: where x grows by 1 or by a factor, nothing changes."""
    given = waves(1.0)
    count = torch.arange(given["x"].numel() * 1.0)
    weights = (1 + count.sin() + count.cos()).view(given["x"].shape)
    differentiated = calling(library, "differentiated")
    flows, gradients, tracked, ready_made = differentiated(student.batch_norm_2d, *copies(given), True, weights)
    assert not ready_made, FROM_SCRATCH
    assert flows is True and gradients[0] is not None, NO_GRADIENT
    assert tracked is False, TRACKED
    to_x = tensor(gradients[0], "the gradient to x", shape=tuple(given["x"].shape))
    y, moved, stretched = (
        apply(student, library, {**given, "x": values}, training=True)[0]
        for values in (given["x"], given["x"] + 1, 2 * given["x"])
    )
    keeps_sum, keeps_squares = close(y, moved, 1e-3), close(y, stretched, 1e-3)
    if not keeps_sum and not keeps_squares:
        raise Slip
    for keeps, parts, hint in (
        (keeps_sum, to_x, DETACHED),
        (keeps_squares, to_x * given["x"], VARIANCE_DETACHED),
    ):
        assert not keeps or parts.sum().abs() <= 1e-2 * parts.abs().sum(), hint


# What is hidden


def column(values: Tensor) -> Tensor:
    """Return [C] as [1, C, 1, 1]."""
    return values.view(1, -1, 1, 1)


Tail = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def outside_of_the_root(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean) / (var.sqrt() + eps)


def standardised(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean) / (var + eps).sqrt()


TAILS: Mapping[str, Tail] = {
    NO_ROOT: lambda x, mean, var, eps: (x - mean) / (var + eps),
    NOT_CENTRED: lambda x, _mean, var, eps: x / (var + eps).sqrt(),
    "The mean is subtracted; divide by the standard deviation too.": lambda x, mean, _var, _eps: x - mean,
    X_ITSELF: lambda x, _mean, _var, _eps: x,
}
"""What people do with mean and variance, by the hint that names the slip; the one line is mostly there for both modes."""

AXES = {
    (0,): "Each pixel has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (1,): "Mean and variance are taken over the channels: each channel needs its own, dim=(0, 2, 3).",
    (1, 2, 3): "Each image has statistics of its own (layer normalisation): take them over dim=(0, 2, 3).",
    (2, 3): "Each map of each image has statistics of its own (instance normalisation): take them over dim=(0, 2, 3).",
    (0, 1, 2, 3): "All channels share one mean and one variance: each channel needs its own, dim=(0, 2, 3).",
    (0, 2): "Each column has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (0, 3): "Each row has statistics of its own: take them over images, rows and columns, dim=(0, 2, 3).",
}
BY_THE_RUNNING = "In training mode the batch's own statistics normalise it, not the running ones."
BY_THE_UPDATED = "In training mode the batch's own statistics normalise it, not the updated running ones."
TOLERANCE = 5e-4
SHAPES = ((6, 4, 5, 3), (3, 5, 1, 1), (1, 2, 6, 7), (4, 4, 4, 4))


def batch(rng: torch.Generator, *shape: int) -> dict[str, Tensor]:
    """Return the arguments of a call: channels that differ in mean and spread, images and places too; gamma 1, beta 0."""
    n, c, h, w = shape

    def draw_values(*size: int) -> Tensor:
        return torch.randn(size, generator=rng)

    x = draw_values(*shape) * (draw_values(1, c, 1, 1).abs() + 0.5) + 2 * draw_values(1, c, 1, 1)
    return {
        "x": x + draw_values(n, 1, 1, 1) + 0.5 * draw_values(1, 1, h, w),
        "gamma": torch.ones(c),
        "beta": torch.zeros(c),
        "mean": draw_values(c),
        "var": draw_values(c).abs() + 0.5,
    }


def by_the_batch(
    x: Tensor,
    tail: Tail = standardised,
    dims: tuple[int, ...] = (0, 2, 3),
    *,
    unbiased: bool = False,
    eps: float = 1e-5,
) -> Tensor:
    """Return x normalised by its own mean and variance over the dimensions."""
    return tail(x, x.mean(dim=dims, keepdim=True), x.var(dim=dims, keepdim=True, unbiased=unbiased), eps)


def by_the_running(given: Mapping[str, Tensor], tail: Tail = standardised, eps: float = 1e-5) -> Tensor:
    """Return x normalised by the running statistics."""
    return tail(given["x"], column(given["mean"]), column(given["var"]), eps)


def updated(given: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the arguments with the running statistics as they are after a call in training mode."""
    x, mean, var = given["x"], given["mean"], given["var"]
    dims = (0, 2, 3)
    return {**given, "mean": 0.9 * mean + 0.1 * x.mean(dims), "var": 0.9 * var + 0.1 * x.var(dims)}


def slips_while_training(calls: list[dict[str, Tensor]]) -> dict[str, list[Tensor]]:
    """Return the results of known slips."""
    results: dict[str, Callable[[dict[str, Tensor]], Tensor]] = {
        hint: lambda given, dims=dims: by_the_batch(given["x"], dims=dims) for dims, hint in AXES.items()
    }
    results |= {hint: lambda given, tail=tail: by_the_batch(given["x"], tail) for hint, tail in TAILS.items()}
    results[UNBIASED] = lambda given: by_the_batch(given["x"], unbiased=True)
    results[BY_THE_RUNNING] = by_the_running
    results[BY_THE_UPDATED] = lambda given: by_the_running(updated(given))
    return {hint: [result(given) for given in calls] for hint, result in results.items()}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the student's function does in training mode."""

    recognised: bool
    """Whether it is right, or does something that is known."""
    by_the_batch: bool
    """Whether mean and variance are the batch's, as far as that is known."""
    tail: Tail
    """What it does with mean and variance."""


def look_at(student: Any, library: Any, rng: torch.Generator) -> Found:
    """Return what the function does in training mode, so that a slip there costs nothing in another check."""

    def make() -> Case[dict[str, Tensor]]:
        given = batch(rng, 6, 4, 5, 3)
        slips = {hint: values[0] for hint, values in slips_while_training([given]).items()}
        return Case(inputs=given, right=by_the_batch(given["x"]), slips=slips, tolerance=TOLERANCE / 10)

    case = draw(make)
    y, _, _ = apply(student, library, case.inputs, training=True)
    names = [hint for hint, value in case.slips.items() if close(y, value, case.tolerance)]
    tail = next((TAILS[name] for name in names if name in TAILS), standardised)
    is_right = close(y, case.right, case.tolerance)
    return Found(
        recognised=is_right or bool(names),
        by_the_batch=is_right or not {BY_THE_RUNNING, BY_THE_UPDATED} & {*names},
        tail=standardised if is_right else tail,
    )


@pytest.mark.points(1)
def test_result_while_training(student, library, rng):
    """In training mode the result is that of the batch's own mean and biased variance, for each channel."""

    def make() -> Case[list[dict[str, Tensor]]]:
        calls = [batch(rng, *shape) for shape in SHAPES]
        right = [by_the_batch(given["x"]) for given in calls]
        return Case(inputs=calls, right=right, slips=slips_while_training(calls), tolerance=TOLERANCE)

    case = draw(make)
    case.judge([apply(student, library, given, training=True)[0] for given in case.inputs])


@pytest.mark.points(0.5)
def test_gamma_and_beta(student, library, rng):
    """Each channel is multiplied by its gamma, then its beta is added, in both modes."""
    calls = [({**batch(rng, *shape)}, training) for shape in ((4, 3, 5, 2), (3, 4, 4, 4)) for training in (True, False)]
    found, plain, slips = [], [], []
    for given, training in calls:
        c = given["x"].shape[1]
        scale, shift = torch.rand(c, generator=rng) + 1.5, torch.rand(c, generator=rng) + 3.5
        y = apply(student, library, given, training=training)[0]
        found.append(apply(student, library, {**given, "gamma": scale, "beta": shift}, training=training)[0])
        gamma, beta = column(scale), column(shift)
        plain.append(gamma * y + beta)
        slips.append((y + beta, gamma * y, y, beta * y + gamma, gamma * (y + beta)))
    hints = (
        "gamma is missing: multiply each channel by its gamma.",
        "beta is missing: add its beta to each channel.",
        "gamma and beta are missing.",
        "gamma and beta have changed places.",
        "beta must be added after the multiplication by gamma.",
    )
    by_hint = {hint: [values[number] for values in slips] for number, hint in enumerate(hints)}
    answer(found, plain, by_hint, TOLERANCE)


@pytest.mark.points(0.5)
def test_eps(student, library, rng):
    """`eps` is added to the variance, below the root, and has the default 1e-5."""
    seen = look_at(student, library, rng)
    given = batch(rng, 5, 3, 4, 4)
    x = given["x"]
    # A channel that hardly varies shows which eps is the default.
    flat = {**given, "x": 2e-3 * x, "mean": 2e-3 * given["mean"], "var": 1e-6 * given["var"]}
    calls = ((given, {"eps": 2.0}), (flat, {}), (given, {"eps": 0.5}))

    def known(call: Mapping[str, Tensor], eps: float, tail: Tail = seen.tail, *, training: bool) -> Tensor:
        return by_the_batch(call["x"], tail, eps=eps) if training else by_the_running(call, tail, eps)

    judged = 0
    for training in (False, True):
        plain = apply(student, library, given, training=training)[0]
        if not close(plain, known(given, 1e-5, training=training), TOLERANCE):
            continue  # another check says what is wrong there
        judged += 1
        found = [apply(student, library, call, training=training, **options)[0] for call, options in calls]
        every = [(call, options.get("eps", 1e-5)) for call, options in calls]
        slips = {
            "eps is a parameter: yours is always 1e-5.": [known(call, 1e-5, training=training) for call, _ in every],
            "eps is a parameter that is added to the variance, below the root: yours is left out.": [
                known(call, 0.0, training=training) for call, _ in every
            ],
            "eps stands outside of the root: it is added to the variance.": [
                known(call, eps, outside_of_the_root, training=training) for call, eps in every
            ],
        }
        answer(found, [known(call, eps, training=training) for call, eps in every], slips, TOLERANCE)
    if not judged:
        raise Slip
    constant = {**given, "x": torch.zeros_like(x) + column(given["mean"])}
    result, *_, ready_made = calling(library, "called")(student.batch_norm_2d, *copies(constant), True, {})
    assert not ready_made, FROM_SCRATCH
    assert isinstance(result, Tensor) and bool(result.isfinite().all()), (
        "A channel that is constant gives NaN or infinity in training mode: eps keeps from dividing by zero."
    )


@pytest.mark.points(1)
def test_running_statistics_after_a_batch(student, library, rng):
    """Running mean and unbiased variance move by `momentum` towards the batch's, in place."""
    calls = ((0.1, (2, 4, 3, 2)), (0.3, (3, 3, 2, 2)), (1.0, (2, 3, 2, 1)), (0.0, (2, 3, 2, 2)))

    def make() -> Case[list[tuple[float, dict[str, Tensor]]]]:
        given = [(momentum, batch(rng, *shape)) for momentum, shape in calls]
        old = [(call["mean"], call["var"]) for _, call in given]
        new = [(call["x"].mean((0, 2, 3)), call["x"].var((0, 2, 3))) for _, call in given]
        shares = [momentum for momentum, _ in given]
        sizes = [call["x"].numel() // call["x"].shape[1] for _, call in given]
        images = [len(call["x"]) for _, call in given]

        def moved(
            new: list[tuple[Tensor, Tensor]], shares: list[float] = shares, keep: Callable[[float], float] | None = None
        ) -> list[tuple[Tensor, ...]]:
            return [
                tuple((1 - m if keep is None else keep(m)) * a + m * b for a, b in zip(olds, news, strict=True))
                for m, olds, news in zip(shares, old, new, strict=True)
            ]

        right = moved(new)
        biased = [(mean, var * (n - 1) / n) for (mean, var), n in zip(new, sizes, strict=True)]
        slips = {
            IN_PLACE: old,
            MEAN_NOT_IN_PLACE: [(a[0], b[1]) for a, b in zip(old, right, strict=True)],
            VAR_NOT_IN_PLACE: [(b[0], a[1]) for a, b in zip(old, right, strict=True)],
            REVERSED: moved(new, [1 - momentum for momentum in shares]),
            "momentum is a parameter: use its value, not always 0.1.": moved(new, [0.1 for _ in shares]),
            NOT_REDUCED: moved(new, keep=lambda _momentum: 1.0),
            MEAN_NOT_REDUCED: [
                (a[0], b[1]) for a, b in zip(moved(new, keep=lambda _momentum: 1.0), right, strict=True)
            ],
            VAR_NOT_REDUCED: [(b[0], a[1]) for a, b in zip(moved(new, keep=lambda _momentum: 1.0), right, strict=True)],
            BIASED: moved(biased),
            ROOT_OF_RUNNING_VAR: moved([(mean, var.sqrt()) for mean, var in new]),
            "n is the number of values of a channel, N · H · W, not the number of images.": moved(
                [(mean, var * k / (k - 1)) for (mean, var), k in zip(biased, images, strict=True)]
            ),
            CORRECTED_BACKWARDS: moved(
                [(mean, var * (n - 1) / n) for (mean, var), n in zip(biased, sizes, strict=True)]
            ),
            CORRECTED_TWICE: moved([(mean, var * n / (n - 1)) for (mean, var), n in zip(new, sizes, strict=True)]),
            AXES[0, 1, 2, 3]: moved(
                [
                    (
                        call["x"].mean().expand(n_channels),
                        call["x"].var(unbiased=False).expand(n_channels) * n / (n - 1),
                    )
                    for (_, call), n in zip(given, sizes, strict=True)
                    for n_channels in call["mean"].shape
                ]
            ),
            OWN_STATISTICS: new,
            EXCHANGED: [(b, a) for a, b in right],
        }
        return Case(inputs=given, right=right, slips=slips, tolerance=TOLERANCE)

    case = draw(make)
    found = []
    for momentum, given in case.inputs:
        options = {} if momentum == 0.1 else {"momentum": momentum}
        after = apply(student, library, given, training=True, **options)[1:]
        size = tuple(given["mean"].shape)
        found.append(tuple(tensor(one, name, shape=size) for one, name in zip(after, STATISTICS, strict=True)))
    case.judge(found)


@pytest.mark.points(0.5)
def test_result_in_evaluation_mode(student, library, rng):
    """In evaluation mode each image is normalised by the running statistics alone, and nothing changes."""
    tail = look_at(student, library, rng).tail

    def make() -> Case[list[dict[str, Tensor]]]:
        calls = [batch(rng, *shape) for shape in ((4, 3, 5, 2), (1, 3, 2, 1), (2, 2, 3, 3))]
        results = {hint: [by_the_running(given, one) for given in calls] for hint, one in TAILS.items()}
        batches = {} if tail is TAILS[X_ITSELF] else {OF_THE_BATCH: [by_the_batch(given["x"], tail) for given in calls]}
        slips = results | batches
        return Case(inputs=calls, right=[by_the_running(given) for given in calls], slips=slips, tolerance=TOLERANCE)

    case = draw(make)
    found = [apply(student, library, given, training=False) for given in case.inputs]
    changed = [
        not (mean.equal(given["mean"]) and var.equal(given["var"]))
        for given, (_, mean, var) in zip(case.inputs, found, strict=True)
    ]
    assert not any(changed), IN_EVALUATION
    results = [y for y, _, _ in found]
    carried = [by_the_running(given, tail) for given in case.inputs]
    if tail is TAILS[X_ITSELF] or not close(results, carried, TOLERANCE):  # else it was counted while training
        case.judge(results)


@pytest.mark.points(0.5)
def test_gradients(student, library, rng):
    """Gradients flow to x (also through mean and variance), to gamma and to beta: they are those of what is computed."""
    seen = look_at(student, library, rng)
    if not seen.recognised:
        raise Slip
    differentiated = calling(library, "differentiated")
    for training in (True, False):
        given = {**batch(rng, 4, 3, 3, 2), "gamma": torch.rand(3, generator=rng) + 1}
        centred = given["x"] - given["x"].mean(dim=(0, 2, 3), keepdim=True)
        noise = torch.randn(centred.shape, generator=rng)
        weights = 1 + centred / centred.std() + 0.3 * noise  # so that what is cut off shows along these steps
        flows, found, tracked, ready_made = differentiated(student.batch_norm_2d, *copies(given), training, weights)
        assert not ready_made, FROM_SCRATCH
        assert flows is True, NO_GRADIENT
        assert tracked is False, TRACKED
        plain = {**given, "gamma": torch.ones(3)}
        evaluated = close(
            apply(student, library, plain, training=False)[0], by_the_running(plain, seen.tail), TOLERANCE
        )
        if not (seen.by_the_batch if training else evaluated):
            continue  # numbers come in that no gradient is to flow through: another check says so
        steps = [("x", 0, torch.ones_like(noise)), ("x", 0, centred), ("x", 0, noise)]
        steps += [(name, place, torch.rand(3, generator=rng) + 0.5) for place, name in ((1, "gamma"), (2, "beta"))]
        for name, place, step in steps:
            there, back = (
                apply(student, library, {**given, name: given[name] + by * step}, training=training)[0]
                for by in (1e-2, -1e-2)
            )
            slope = ((there - back) * weights).sum() / 2e-2
            gradient = torch.zeros(()) if found[place] is None else tensor(found[place], "the gradient")
            judge_slope((gradient * step).sum(), slope, given, weights, step, name=name, training=training)


def judge_slope(
    found: Tensor,
    slope: Tensor,
    given: Mapping[str, Tensor],
    weights: Tensor,
    step: Tensor,
    *,
    name: str,
    training: bool,
) -> None:
    """Insist that a gradient, along a step, is the slope of what the function computes."""
    if (found - slope).abs() < 0.02 * (weights.norm() + slope.abs()):
        return
    assert found != 0, f"No gradient comes to {name}: do not detach it, and no no_grad around it."
    if name == "x" and training:
        variance = given["x"].var(dim=(0, 2, 3), unbiased=False, keepdim=True) + 1e-5
        cut = column(given["gamma"]) * weights / variance.sqrt()
        half = cut - cut.mean(dim=(0, 2, 3), keepdim=True)
        assert not close((half * step).sum(), found, 1e-3), VARIANCE_DETACHED
        assert not close((cut * step).sum(), found, 1e-3), DETACHED
    raise Slip

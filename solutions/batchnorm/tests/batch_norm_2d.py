# Public checks of `batch_norm_2d`: made by `autograder build` from tests/batchnorm.
OK_FORMAT = False

name = 'batch_norm_2d'
points = None


from otter.test_files import test_case
from typing import Any
import torch
from torch import Tensor
from typing import NoReturn


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        import importlib

        return importlib.import_module(name)


class Mismatch(AssertionError):
    """A value is not of the kind asked for: the rule, and what was found instead."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        super().__init__(f"{rule} Yours is {found}.")


def _mismatch(rule: str, found: object) -> NoReturn:
    raise Mismatch(rule, str(found)[:200])


def _kind(value: object) -> str:
    """Return what the value is; a handle stands for whatever is not plain data."""
    name = type(value).__name__
    return "an object that is no plain data" if name == "Handle" else f"of type {name}"


def _require_shape(found: tuple[int, ...], name: str, shape: tuple[int | None, ...]) -> None:
    if len(found) != len(shape) or any(w is not None and w != f for w, f in zip(shape, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        _mismatch(f"`{name}` must have shape [{wanted}].", f"of shape {list(found)}")


def tensor(
    value: object, name: str, shape: tuple[int | None, ...] | None = None, dtype: "torch.dtype | None" = None
) -> "torch.Tensor":
    """Return `value`, a plain tensor of that shape (None: any size) and dtype without NaN or infinity, detached."""
    import torch

    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        _mismatch(f"`{name}` must be a tensor.", _kind(value))
    assert isinstance(value, torch.Tensor)
    if shape is not None:
        _require_shape(tuple(value.shape), name, shape)
    if dtype is not None and value.dtype != dtype:
        _mismatch(f"`{name}` must have dtype {dtype}.", f"of dtype {value.dtype}")
    if not bool(torch.isfinite(value).all()):
        _mismatch(f"`{name}` must be finite.", "not: it holds NaN or infinity")
    return value.detach()


CALL = (
    "lambda function, x, gamma, beta, mean, var, training, options: "
    "(function(x, gamma, beta, mean, var, training, **options), x, mean, var)"
)


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


IN_PLACE = (
    "running_mean and running_var did not change: update the tensors that were handed in, in place "
    "(mul_, add_, copy_, [:] = …); an assignment to the name makes new ones that the caller never sees."
)


@test_case(name='batch_norm_2d', points=0.5, failure_message='In training mode each channel has mean beta and standard deviation gamma.')
def test_training_mode(env):
    student = Student(env)
    library = Library()
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


@test_case(name='batch_norm_2d', points=0.5, failure_message='In training mode running mean and variance move by `momentum` towards those of the batch, in place.')
def test_running_statistics(env):
    student = Student(env)
    library = Library()
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


@test_case(name='batch_norm_2d', points=0.5, failure_message='In evaluation mode the running statistics normalise, and nothing changes.')
def test_evaluation_mode(env):
    student = Student(env)
    library = Library()
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

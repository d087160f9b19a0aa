# Public checks of `train_one_epoch`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'train_one_epoch'
points = None


from otter.test_files import test_case
from typing import Any
import torch
from torch import Tensor
import math
from typing import NoReturn
import numpy as np


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


def number(value: object, name: str) -> float:
    """Return `value`, an int or float that is finite, as a float."""
    if type(value).__name__ == "Tensor":
        _mismatch(f"`{name}` must be a number (float); call .item() on the tensor.", "a tensor")
    if type(value) not in (int, float) and not isinstance(value, (np.integer, np.floating)):
        _mismatch(f"`{name}` must be a number (float).", _kind(value))
    result = float(value)  # type: ignore[arg-type]  # the lines above made sure
    if not math.isfinite(result):
        _mismatch(f"`{name}` must be finite: a division by zero or an overflow on the way?", result)
    return result


def batches(library: Any, x: Tensor, y: Tensor, size: int) -> Any:
    """Return a loader in the student's process that hands out x and y in order."""
    data = library.torch.utils.data
    return data.DataLoader(data.TensorDataset(x, y), batch_size=size)


def three_groups() -> tuple[Tensor, Tensor]:
    """Return 22 points in three groups that a linear layer can tell apart, and their groups."""
    y = torch.arange(22) % 3
    return 3 * torch.eye(3)[y] + torch.linspace(0, 1, 22)[:, None], y


@test_case(name='train_one_epoch', points=1, failure_message='`train_one_epoch` returns the mean loss per sample, a Python float that falls from epoch to epoch.')
def test_an_epoch_teaches(env):
    student = Student(env)
    library = Library()
    x, y = three_groups()
    loader = batches(library, x, y, 4)
    model = library.torch.nn.Linear(3, 3)
    before = model.state_dict()["weight"].clone()
    optimizer = library.torch.optim.SGD(model.parameters(), lr=0.05)
    criterion = library.torch.nn.CrossEntropyLoss()
    losses = [number(student.train_one_epoch(model, loader, criterion, optimizer), "the loss") for _ in range(8)]
    changed = not torch.equal(before, model.state_dict()["weight"])
    assert changed, "The weights did not change: backward() computes gradients, optimizer.step() uses them."
    assert losses[-1] < losses[0], "The loss does not fall from epoch to epoch on an easy task."

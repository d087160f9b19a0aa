# Public checks of `evaluate`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'evaluate'
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


@test_case(name='evaluate', points=1, failure_message='`evaluate` returns the mean loss per sample and the accuracy in [0, 1].')
def test_a_model_that_knows_and_one_that_does_not(env):
    student = Student(env)
    library = Library()
    y = torch.arange(10) % 2
    loader = batches(library, 20 * torch.eye(2)[y], y, 4)
    model = library.torch.nn.Linear(2, 2)
    for weight, right in ((torch.eye(2), 1.0), (1 - torch.eye(2), 0.0)):
        model.load_state_dict({"weight": weight, "bias": torch.zeros(2)})
        result = student.evaluate(model, loader, library.torch.nn.CrossEntropyLoss())
        if type(result) not in (tuple, list) or len(result) != 2:
            raise Mismatch("`evaluate` must return a pair (loss, accuracy).", type(result).__name__)
        number(result[0], "the loss")
        accuracy = number(result[1], "the accuracy")
        assert accuracy <= 1, "The accuracy is a number between 0 and 1, not in percent."
        assert abs(accuracy - right) < 1e-6, f"The accuracy of a model that gets {right:.0%} right is {right:g}."

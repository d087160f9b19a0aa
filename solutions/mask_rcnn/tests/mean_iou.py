# Public checks of `mean_iou`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'mean_iou'
points = None


from otter.test_files import test_case
import torch
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


@test_case(name='mean_iou', points=0.5, failure_message='`mean_iou` is 0.583 for the example, and 1 for a prediction that is right everywhere.')
def test_the_example(env):
    student = Student(env)
    predicted, target = torch.tensor([[0, 1, 1, 1]]), torch.tensor([[0, 0, 1, 1]])
    found = number(student.mean_iou(predicted, target, 3), "the mean IoU")
    assert abs(found - 0.75) > 1e-6, "This is the part of right pixels: take the mean of the classes' IoU."
    assert abs(found - 1.1666666 / 3) > 1e-6, "Class 2 occurs nowhere: leave it out instead of counting it as 0."
    assert abs(found - 2.1666666 / 3) > 1e-6, "Class 2 occurs nowhere: leave it out instead of counting it as 1."
    assert abs(found - 0.5833333) < 1e-6, "The example of the text has the mean IoU (1/2 + 2/3) / 2 = 0.583."
    everywhere = number(student.mean_iou(target, target, 11), "the mean IoU")
    assert abs(everywhere - 1) < 1e-6, "A prediction that is right everywhere has the mean IoU 1, however many classes."

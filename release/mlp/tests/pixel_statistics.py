# Public checks of `pixel_statistics`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'pixel_statistics'
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


def two_numbers(value: object) -> tuple[float, float]:
    """Return mean and standard deviation as floats."""
    if type(value) not in (tuple, list) or len(value) != 2:
        raise Mismatch("`pixel_statistics` must return a pair (mean, standard deviation).", f"{type(value).__name__}")
    mean, std = value
    return number(mean, "mean"), number(std, "standard deviation")


@test_case(name='pixel_statistics', points=0.5, failure_message='`pixel_statistics` returns mean and standard deviation on the scale from 0 to 1.')
def test_statistics_of_two_images(env):
    student = Student(env)
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[0] = 255
    mean, std = two_numbers(student.pixel_statistics(images))
    assert mean < 1.5, "The mean is on the scale from 0 to 255: divide the pixels by 255 first."
    assert abs(mean - 0.5) < 1e-3, "One white and one black image have the mean 0.5."
    assert std > 0.1, "One white and one black image differ: take the deviation over all pixels, not within each image."
    assert abs(std - 0.5) < 1e-3, "One white and one black image have the standard deviation 0.5."

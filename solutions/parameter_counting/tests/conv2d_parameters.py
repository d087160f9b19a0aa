# Public checks of `conv2d_parameters`: made by `autograder build` from tests/parameter_counting.
OK_FORMAT = False

name = 'conv2d_parameters'
points = None


from otter.test_files import test_case
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


def integer(value: object, name: str) -> int:
    """Return `value` as an int; True is not an integer here, 3.0 is not, a numpy integer is."""
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if type(value) is float:
        _mismatch(f"`{name}` must be a whole number (int), not a float: divide with // where you must divide.", value)
    _mismatch(f"`{name}` must be a whole number (int).", _kind(value))


@test_case(name='conv2d_parameters', points=0.5, failure_message='`conv2d_parameters` counts the weights of all slices of all kernels, and one bias for each kernel.')
def test_conv2d_small(env):
    student = Student(env)
    found = integer(student.conv2d_parameters(3, 1, 3), "conv2d_parameters(3, 1, 3)")
    assert found != 27, (
        "conv2d_parameters(3, 1, 3): the kernel in the picture has 3 · 3·3 weights; its bias is missing."
    )
    assert found != 10, "conv2d_parameters(3, 1, 3): the kernel has a slice for each of the 3 input channels."
    assert found != 30, "conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each slice."
    assert found != 54, "conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each weight."
    assert found == 28, "conv2d_parameters(3, 1, 3) must be 28: one kernel with 3 slices of 3·3 weights, and one bias."
    found = integer(student.conv2d_parameters(1, 2, 3), "conv2d_parameters(1, 2, 3)")
    assert found == 20, "conv2d_parameters(1, 2, 3) must be 20: two kernels of 3·3 weights, each with a bias."
    found = integer(student.conv2d_parameters(1, 2, (3, 3)), "conv2d_parameters(1, 2, (3, 3))")
    assert found == 20, "A kernel of (3, 3) has as many weights as one of 3: the tuple is (height, width)."

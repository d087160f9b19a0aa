# Public checks of `conv2d_output_size`: made by `autograder build` from tests/parameter_counting.
OK_FORMAT = False

name = 'conv2d_output_size'
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


@test_case(name='conv2d_output_size', points=0.5, failure_message='`conv2d_output_size` counts the places of the window, as in the table.')
def test_output_size_small(env):
    student = Student(env)
    size = student.conv2d_output_size
    found = integer(size(5, 3), "conv2d_output_size(5, 3)")
    assert found != 2, (
        "conv2d_output_size(5, 3): the window can move 2 steps, and so it has 3 places: do not forget the first."
    )
    assert found == 3, "conv2d_output_size(5, 3) must be 3: the left edge stands at pixel 0, 1 or 2."
    found = integer(size(5, 3, padding=1), "conv2d_output_size(5, 3, padding=1)")
    assert found != 4, "conv2d_output_size(5, 3, padding=1): the zeros are added on both sides."
    assert found == 5, "conv2d_output_size(5, 3, padding=1) must be 5: one zero on each side keeps the size."
    found = integer(size(8, 3, stride=2), "conv2d_output_size(8, 3, stride=2)")
    assert found == 3, "conv2d_output_size(8, 3, stride=2) must be 3: the last column is left over."
    found = integer(size(9, 3, 2, 0), "conv2d_output_size(9, 3, 2, 0)")
    assert found == 4, "conv2d_output_size(9, 3, 2, 0) must be 4; the arguments are size, kernel_size, stride, padding."

# Public checks of `count_parameters`: made by `autograder build` from tests/parameter_counting.
OK_FORMAT = False

name = 'count_parameters'
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


@test_case(name='count_parameters', points=0.5, failure_message='`count_parameters` adds up the parameters of a module and of the modules in it.')
def test_count_small(env):
    student = Student(env)
    library = Library()
    nn = library.torch.nn
    found = integer(student.count_parameters(nn.Linear(3, 2)), "count_parameters(nn.Linear(3, 2))")
    assert found != 2, "`count_parameters` counts the tensors; add up the numbers in them (numel)."
    assert found == 8, "count_parameters(nn.Linear(3, 2)) must be 8, as in the picture."
    nested = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 1)))
    found = integer(student.count_parameters(nested), "count_parameters of a small network")
    assert found == 11, "A network of Linear(3, 2), ReLU and a nested Linear(2, 1) must have 8 + 0 + 3 parameters."

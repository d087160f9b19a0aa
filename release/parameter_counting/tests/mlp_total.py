# Public checks of `mlp_total`: made by `autograder build` from tests/parameter_counting.
OK_FORMAT = False

name = 'mlp_total'
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


def integers(value: object, name: str, length: int) -> list[int]:
    """Return `value`, a list (or tuple) of `length` whole numbers, as a list."""
    if type(value) not in (list, tuple):
        _mismatch(f"`{name}` must be a list of {length} whole numbers.", _kind(value))
    items = list(value)  # type: ignore[call-overload]  # the lines above made sure
    if len(items) != length:
        _mismatch(f"`{name}` must be a list of {length} whole numbers.", f"a list of {len(items)}")
    return [integer(item, f"{name}[{index}]") for index, item in enumerate(items)]


@test_case(name='mlp_total', points=0, failure_message='`mlp_total` is a whole number, the sum of `mlp_layer_parameters`.')
def test_mlp_total_form(env):
    student = Student(env)
    found = integer(student.mlp_total, "mlp_total")
    hint = "`mlp_total` must be the sum of `mlp_layer_parameters`: ReLU has no parameters, so nothing else is counted."
    assert found == sum(integers(student.mlp_layer_parameters, "mlp_layer_parameters", length=3)), hint

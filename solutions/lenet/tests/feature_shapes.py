# Public checks of `feature_shapes`: made by `autograder build` from tests/lenet.
OK_FORMAT = False

name = 'feature_shapes'
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


def shape_of(value: object, name: str) -> tuple[int, ...]:
    """Return one of the two shapes as three whole numbers."""
    assert type(value) is dict, "`feature_shapes` must be a dict with the keys 'block1' and 'block2'."
    assert name in value, f"`feature_shapes` has no entry {name!r}: its keys are 'block1' and 'block2'."
    shape = value[name]
    assert type(shape) not in (tuple, list) or len(shape) != 4, (
        f"The shape of {name} is (channels, height, width): leave the batch dimension out."
    )
    return tuple(integers(shape, f"feature_shapes[{name!r}]", length=3))


@test_case(name='feature_shapes', points=0, failure_message='`feature_shapes` is a dict that gives (channels, height, width) for "block1" and "block2".')
def test_form(env):
    student = Student(env)
    for name in ("block1", "block2"):
        shape = shape_of(student.feature_shapes, name)
        assert min(shape) > 0, f"The shape of {name} has three positive numbers: channels, height, width."
    assert set(student.feature_shapes) == {"block1", "block2"}, "Only 'block1' and 'block2' are asked for."

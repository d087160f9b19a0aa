# Public checks of `translate`: made by `autograder build` from tests/lenet.
OK_FORMAT = False

name = 'translate'
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


WRAPS = "What is pushed out on one side comes back in on the other (torch.roll?): fill up with zeros."


def shifted(student: Any, images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the student's result, of the shape and dtype of the images."""
    return tensor(
        student.translate(images, dx, dy), "translate(images, dx, dy)", shape=tuple(images.shape), dtype=images.dtype
    )


@test_case(name='translate', points=1, failure_message='dx > 0 shifts to the right, dy > 0 downwards, and zeros fill up.')
def test_a_small_image(env):
    student = Student(env)
    image = torch.tensor([[[[1, 2, 3], [4, 5, 6]]]])
    wanted = {
        (0, 0): [[1, 2, 3], [4, 5, 6]],
        (1, 0): [[0, 1, 2], [0, 4, 5]],
        (-1, 0): [[2, 3, 0], [5, 6, 0]],
        (0, 1): [[0, 0, 0], [1, 2, 3]],
        (0, -1): [[4, 5, 6], [0, 0, 0]],
    }
    for (dx, dy), rows in wanted.items():
        found = shifted(student, image, dx, dy)[0, 0]
        assert dx == dy == 0 or not torch.equal(found, torch.roll(image, (dy, dx), (2, 3))[0, 0]), WRAPS
        assert found.tolist() == rows, (
            f"[[1, 2, 3], [4, 5, 6]] shifted by dx={dx}, dy={dy} is {rows}; yours is {found.tolist()}."
        )

# Public checks of `masks_to_boxes`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'masks_to_boxes'
points = None


from otter.test_files import test_case
import torch
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


@test_case(name='masks_to_boxes', points=0.5, failure_message='`masks_to_boxes` gives the box (1, 1, 3, 2) for the mask of the example, and one box for each mask.')
def test_the_example(env):
    student = Student(env)
    masks = torch.zeros(2, 4, 5, dtype=torch.bool)
    masks[0, 1, 2:4] = True
    masks[0, 2, 1:3] = True
    masks[1, 0, 4] = True
    boxes = tensor(student.masks_to_boxes(masks), "the result", shape=(2, 4), dtype=torch.float32).tolist()
    assert boxes[0] != [1, 1, 2, 3], (
        "x and y are swapped: a mask is indexed [row, column], a box begins with the column."
    )
    assert boxes[0] != [1, 1, 4, 3], "The greatest column and row are those of the last pixel, not one behind it."
    assert boxes[0] == [1, 1, 3, 2], "The example's mask has the box (1, 1, 3, 2)."
    assert boxes[1] == [4, 0, 4, 0], "A mask of a single pixel in column 4 of row 0 has the box (4, 0, 4, 0)."

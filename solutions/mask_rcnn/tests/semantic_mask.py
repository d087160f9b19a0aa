# Public checks of `semantic_mask`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'semantic_mask'
points = None


from otter.test_files import test_case
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


def three() -> dict[str, Tensor]:
    """Return three instances in a picture of 3×4 pixels, in no order; the one with the lowest score comes last."""
    masks = torch.zeros(3, 1, 3, 4)
    masks[0, 0, :2, :2] = 0.8
    masks[1, 0, 1:, 1:] = 0.7
    masks[2, 0, :, 0] = 0.9
    return {
        "boxes": torch.zeros(3, 4),
        "labels": torch.tensor([4, 2, 9]),
        "scores": torch.tensor([0.7, 0.9, 0.6]),
        "masks": masks,
    }


@test_case(name='semantic_mask', points=0.5, failure_message='`semantic_mask` gives each pixel the label of the surest instance that covers it, else 0.')
def test_three_instances(env):
    student = Student(env)
    found = tensor(student.semantic_mask(three(), (3, 4)), "the result", shape=(3, 4), dtype=torch.int64)
    assert found[0, 3] == 0, "A pixel that no instance covers is background, 0."
    assert found[2, 3] != 1, "The value of a pixel is the label of the instance, not its number in the list."
    assert found[2, 3] == 2, "A pixel that one instance covers has that instance's label."
    assert found[1, 1] == 2, "Where two instances cover a pixel, the one with the higher score has it."
    assert found[0, 0] == 4, "The score decides who gets a pixel, not the mask's value and not the order in the list."
    sure = tensor(student.semantic_mask(three(), (3, 4), 0.8), "the result", shape=(3, 4), dtype=torch.int64)
    assert sure[0, 0] == 0, "An instance whose score is below score_threshold does not count."
    assert sure[1, 1] == 2, "An instance whose score is above score_threshold counts."

# Public checks of `DetectionDataset`: made by `autograder build` from tests/faster_rcnn.
OK_FORMAT = False

name = 'DetectionDataset'
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


def a_scene(library: Any, height: int = 40, width: int = 60) -> Any:
    """Return a scene with a seven and a zero, in the student's process."""
    image = torch.full((3, height, width), 51, dtype=torch.uint8)
    boxes = torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])
    masks = torch.zeros(2, height, width, dtype=torch.bool)
    return library.scenes.Scene(image, torch.tensor([7, 0]), boxes, masks)


def sample_of(result: object) -> tuple[Tensor, dict[str, Tensor]]:
    """Return what a dataset gave, as the pair that it must be."""
    if type(result) not in (tuple, list) or len(result) != 2:
        raise Mismatch("An item of the dataset is a pair (image, target).", type(result).__name__)
    image, target = result
    if not isinstance(target, dict):
        raise Mismatch("The target is a dictionary.", type(target).__name__)
    missing = sorted({"boxes", "labels", "image_id", "area", "iscrowd"} - set(target))
    assert not missing, f"The target lacks {missing[0]!r}."
    return image, target


@test_case(name='DetectionDataset', points=1, failure_message='An item is (image, target): a float image in [0, 1], boxes by their corners, labels that leave 0 to the background.')
def test_one_scene(env):
    student = Student(env)
    library = Library()
    dataset = student.DetectionDataset([a_scene(library)] * 3)
    assert len(dataset) == 3, "`len(dataset)` is the number of scenes."
    image, target = sample_of(dataset[0])
    image = tensor(image, "the image", shape=(3, 40, 60), dtype=torch.float32)
    assert image.max() <= 1, "The image must be scaled to [0, 1]: divide by 255."
    boxes = tensor(target["boxes"], "boxes", shape=(2, 4), dtype=torch.float32)
    labels = tensor(target["labels"], "labels", shape=(2,), dtype=torch.int64)
    assert boxes[0].tolist() != [5, 10, 20, 12], (
        "The boxes are still (left, top, width, height): detectors want (left, top, left + width, top + height)."
    )
    assert labels.min() > 0, "Label 0 is the background: the digit d has the label d + 1."

# Public checks of `predict`: made by `autograder build` from tests/faster_rcnn.
OK_FORMAT = False

name = 'predict'
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


def detector(library: Any, state: dict[str, Tensor] | None = None) -> Any:
    """Return the base detector in the student's process."""
    model = library.detectors.faster_rcnn()
    if state is not None:
        model.load_state_dict(state)
    return model


def found_by(result: object) -> dict[str, Tensor]:
    """Return a prediction as it must be."""
    if not isinstance(result, dict):
        raise Mismatch("`predict` returns a dictionary with boxes, labels and scores.", type(result).__name__)
    missing = sorted({"boxes", "labels", "scores"} - set(result))
    assert not missing, f"The prediction lacks {missing[0]!r}."
    scores = tensor(result["scores"], "scores", shape=(None,), dtype=torch.float32)
    boxes = tensor(result["boxes"], "boxes", shape=(None, 4), dtype=torch.float32)
    labels = tensor(result["labels"], "labels", shape=(None,), dtype=torch.int64)
    assert len(boxes) == len(scores) == len(labels), (
        "Boxes, labels and scores must be as many: take the same rows of all three."
    )
    return {"boxes": boxes, "labels": labels, "scores": scores}


@test_case(name='predict', points=1, failure_message='`predict` returns a dictionary with boxes, labels and scores of what is sure enough.')
def test_one_picture(env):
    student = Student(env)
    library = Library()
    image = torch.full((3, 128, 128), 0.2)
    image[:, 40:80, 60:66] = 0.9
    image[0, 40:46, 50:76] = 0.9
    model = detector(library)
    everything = found_by(student.predict(model, image, 0.0))
    some = found_by(student.predict(model, image, 0.3))
    assert len(everything["scores"]), "With the threshold 0 something must be found."
    assert bool((some["scores"] >= 0.3).all()), "What has a lower score than the threshold must be left out."

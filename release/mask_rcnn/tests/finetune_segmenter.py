# Public checks of `finetune_segmenter`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'finetune_segmenter'
points = None


from otter.test_files import test_case
from typing import Any
import torch
from torch import Tensor
import math
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


def number(value: object, name: str) -> float:
    """Return `value`, an int or float that is finite, as a float."""
    if type(value).__name__ == "Tensor":
        _mismatch(f"`{name}` must be a number (float); call .item() on the tensor.", "a tensor")
    if type(value) not in (int, float) and not isinstance(value, (np.integer, np.floating)):
        _mismatch(f"`{name}` must be a number (float).", _kind(value))
    result = float(value)  # type: ignore[arg-type]  # the lines above made sure
    if not math.isfinite(result):
        _mismatch(f"`{name}` must be finite: a division by zero or an overflow on the way?", result)
    return result


CLASSES = 11


def losses_of(result: object) -> list[float]:
    """Return the history as it must be."""
    if type(result) not in (list, tuple):
        raise Mismatch("`finetune_segmenter` returns a list with the mean loss of each epoch.", type(result).__name__)
    assert len(result), "The list of losses is empty: one entry for each epoch."
    return [number(loss, "a loss of the list") for loss in result]


def loader(library: Any, pairs: list[tuple[Tensor, dict[str, Tensor]]], *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process that hands out the pairs in batches of 4, as lists."""
    as_lists = "lambda batch: ([image for image, _ in batch], [target for _, target in batch])"
    collate = library.builtins.eval(as_lists)
    return library.torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=shuffle, collate_fn=collate)


def pretrained(library: Any) -> Any:
    """Return a segmenter for the ten digits in the student's process, pretrained but for the two predictors."""
    model = library.detectors.mask_rcnn()
    kinds = library.torchvision.models.detection
    library.builtins.setattr(model.roi_heads, "box_predictor", kinds.faster_rcnn.FastRCNNPredictor(128, CLASSES))
    library.builtins.setattr(model.roi_heads, "mask_predictor", kinds.mask_rcnn.MaskRCNNPredictor(64, 64, CLASSES))
    return model


def target_of(masks: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what a segmenter is trained with; the boxes lie around the masks."""
    ends = [(mask.nonzero().amin(0).flip(0), mask.nonzero().amax(0).flip(0)) for mask in masks]
    boxes = torch.stack([torch.cat(pair) for pair in ends]).float()
    return {"boxes": boxes, "labels": labels, "masks": masks.to(torch.uint8)}


@test_case(name='finetune_segmenter', points=0.5, failure_message='`finetune_segmenter` trains the model that it is given, and returns one loss for each epoch.')
def test_a_few_steps(env):
    student = Student(env)
    library = Library()
    image, mask = torch.full((3, 128, 128), 0.3), torch.zeros(1, 128, 128, dtype=torch.bool)
    mask[:, 30:70, 40:48] = True
    image[:, mask[0]] = 0.9
    pair = (image, target_of(mask, torch.tensor([2])))
    model = pretrained(library)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses_of(student.finetune_segmenter(model, loader(library, [pair] * 4), library.torch.device("cpu")))
    after = model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before), (
        "The model's weights did not change: train the model that is given, with backward() and optimizer.step()."
    )

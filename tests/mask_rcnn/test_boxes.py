"""Check the boxes around masks: order, types, every mask for itself, and the mask that has no box."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import StudentError
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import answer, close, tensor

pytestmark = pytest.mark.question("masks_to_boxes")

SWAPPED = "x and y are swapped: a mask is indexed [row, column], a box begins with the column."
BEHIND = "The greatest column and row are those of the last pixel, not one behind it."
KEPT = "A first call is right, a second one is not: nothing may be kept from call to call, so begin anew in each."
RAISED = """
def raised(function, argument):
    try:
        function(argument)
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__]
    return []
"""
"""The names of the exception that a function raises, and of those that it is a kind of; none where it raises none."""


def error_of(library: Any, function: Any, masks: Tensor) -> list[str]:
    """Return what kinds of exception the student's function raises."""
    module = library.types.ModuleType("asking")
    library.builtins.eval("lambda code, module: exec(code, vars(module))", {})(RAISED, module)
    return list(module.raised(function, masks))


@pytest.mark.points(0.5)
@pytest.mark.public
def test_the_example(student):
    """`masks_to_boxes` gives the box (1, 1, 3, 2) for the mask of the example, and one box for each mask."""
    masks = torch.zeros(2, 4, 5, dtype=torch.bool)
    masks[0, 1, 2:4] = True
    masks[0, 2, 1:3] = True
    masks[1, 0, 4] = True
    found = tensor(student.masks_to_boxes(masks), "the result", shape=(2, 4), dtype=torch.float32)
    slips = {
        SWAPPED: [[1, 1, 2, 3], [0, 4, 0, 4]],
        BEHIND: [[1, 1, 4, 3], [4, 0, 5, 1]],
        "These are left, top, width and height: a box is written by two corners here.": [[1, 1, 3, 2], [4, 0, 1, 1]],
    }
    right = torch.tensor([[1.0, 1.0, 3.0, 2.0], [4.0, 0.0, 4.0, 0.0]])
    answer(found, right, {hint: torch.tensor(boxes) for hint, boxes in slips.items()})
    assert close(student.masks_to_boxes(masks.flip(0)), right.flip(0)), KEPT


@pytest.mark.points(0.25)
@pytest.mark.public
def test_an_empty_mask(student, library):
    """A mask without a pixel has no box: `masks_to_boxes` raises ValueError."""
    masks = torch.zeros(3, 4, 5, dtype=torch.bool)
    masks[0, 1, 2] = masks[2, 3, 0] = True
    kinds = error_of(library, student.masks_to_boxes, masks)
    if "ValueError" in kinds:
        return
    assert not kinds, "An empty mask must raise ValueError, and no other exception."
    raise AssertionError("An empty mask raises nothing, though it has no box: raise ValueError.")


def blobs(rng: torch.Generator, count: int, height: int, width: int) -> Tensor:
    """Return masks bool [count, height, width] of scattered pixels inside of boxes at least 2 pixels wide and high."""
    masks = torch.zeros(count, height, width, dtype=torch.bool)
    for mask in masks:
        top, left = (int(torch.randint(size // 2, (), generator=rng)) for size in (height, width))
        tall = 2 + int(torch.randint(height - top - 1, (), generator=rng))
        wide = 2 + int(torch.randint(width - left - 1, (), generator=rng))
        inside = mask[top : top + tall, left : left + wide]
        inside |= torch.rand(inside.shape, generator=rng) < 0.2
        inside[torch.randint(len(inside), (), generator=rng), torch.randint(inside.shape[1], (), generator=rng)] = True
    return masks


def corners(masks: Tensor) -> Tensor:
    """Return least column, least row, greatest column, greatest row of each mask."""
    return torch.stack([torch.cat([m.nonzero().amin(0).flip(0), m.nonzero().amax(0).flip(0)]) for m in masks]).float()


@pytest.mark.points(1)
def test_many_masks(student, library, rng):
    """Each mask has its own box: least column, least row, greatest column, greatest row of its pixels."""
    for count, height, width in ((6, 40, 60), (1, 33, 17)):

        def make(count: int = count, height: int = height, width: int = width) -> Case[Tensor]:
            masks = blobs(rng, count, height, width)
            right = corners(masks)
            size = torch.cat([right[:, :2], right[:, 2:] - right[:, :2]], dim=1)
            slips = {
                SWAPPED: right[:, [1, 0, 3, 2]],
                BEHIND: right + torch.tensor([0.0, 0.0, 1.0, 1.0]),
                "These are left, top, and the sides: a box is written by two corners.": size,
                "These are left, top, width and height of boxes: a box is written by two corners.": torch.cat(
                    [right[:, :2], size[:, 2:] + 1], dim=1
                ),
                "The order is (x1, y1, x2, y2): both least numbers first, then both greatest.": right[:, [0, 2, 1, 3]],
            }
            if count > 1:
                everywhere = corners(masks.any(dim=0)[None]).expand(count, 4)
                slips["All boxes are the same: look at each mask by itself."] = everywhere
                slips["The boxes are in another order than the masks."] = right.flip(0)
            return Case(inputs=masks, right=right, slips=slips)

        case = draw(make)
        given = library.types.SimpleNamespace(masks=case.inputs)
        asked = library.builtins.eval("lambda function, given: function(given.masks)", {})
        found = asked(student.masks_to_boxes, given)
        case.judge(tensor(found, "the result", shape=(count, 4), dtype=torch.float32))
        unchanged = close(given.masks, case.inputs)
        assert unchanged, "The masks that were given are changed: leave them as they are."


@pytest.mark.points(0.25)
def test_no_masks(student, library, rng):
    """No masks give no boxes, [0, 4], and an empty mask raises ValueError at whatever place it stands."""
    try:
        none = student.masks_to_boxes(torch.zeros(0, 20, 30, dtype=torch.bool))
    except StudentError as error:
        raises = "No masks at all give no boxes, of shape [0, 4]: yours raises an exception there."
        assert error.type_name not in {"IndexError", "RuntimeError", "ValueError"}, raises
        raise
    tensor(none, "the result for no masks", shape=(0, 4), dtype=torch.float32)
    first, last = blobs(rng, 3, 20, 30), blobs(rng, 3, 20, 30)
    first[0], last[2] = False, False
    raised = ["ValueError" in error_of(library, student.masks_to_boxes, masks) for masks in (first, last)]
    assert raised[0] == raised[1], "Whether an empty mask raises ValueError depends on its place: look at each mask."

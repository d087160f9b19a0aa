"""Check the boxes around masks: order, types, every mask for itself, and the mask that has no box."""

import pytest
import torch
from torch import Tensor

from autograder.checks import StudentError
from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("masks_to_boxes")


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


@pytest.mark.points(0.5)
@pytest.mark.public
def test_the_example(student):
    """`masks_to_boxes` gives the box (1, 1, 3, 2) for the mask of the example, and one box for each mask."""
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


@pytest.mark.points(1)
def test_many_masks(student, rng):
    """Each mask has its own box: least column, least row, greatest column, greatest row of its pixels."""
    for height, width in ((40, 60), (33, 17)):
        masks = blobs(rng, 6, height, width)
        right = corners(masks)
        found = tensor(student.masks_to_boxes(masks), "the result", shape=(6, 4), dtype=torch.float32)
        size = torch.cat([right[:, :2], right[:, 2:] - right[:, :2]], dim=1)
        behind = right + torch.tensor([0.0, 0.0, 1.0, 1.0])
        slips = {
            "x and y are swapped: a mask is indexed [row, column], a box begins with the column.": right[
                :, [1, 0, 3, 2]
            ],
            "The greatest column and row are those of the last pixel, not one behind it.": behind,
            "These are left, top, width and height: a box is written by two corners here.": size,
            "These are left, top, width and height of boxes: a box is written by two corners.": torch.cat(
                [right[:, :2], size[:, 2:] + 1], dim=1
            ),
            "The order is (x1, y1, x2, y2): both least numbers first, then both greatest.": right[:, [0, 2, 1, 3]],
            "All boxes are the same: look at each mask by itself.": corners(masks.any(dim=0)[None]).expand(6, 4),
        }
        for hint, wrong in slips.items():
            assert not torch.equal(found, wrong), hint
        assert torch.equal(found, right), "A box must reach from the least to the greatest column and row with a pixel."


@pytest.mark.points(0.5)
def test_masks_without_pixels(student, rng):
    """An empty mask raises ValueError; no masks give no boxes, [0, 4]."""
    none = student.masks_to_boxes(torch.zeros(0, 20, 30, dtype=torch.bool))
    tensor(none, "the result for no masks", shape=(0, 4), dtype=torch.float32)
    masks = blobs(rng, 3, 20, 30)
    masks[int(torch.randint(3, (), generator=rng))] = False
    raised = ""
    try:
        student.masks_to_boxes(masks)
    except StudentError as error:
        raised = error.type_name
    assert raised, "A mask without a pixel has no box: raise ValueError."
    assert raised == "ValueError", "An empty mask must raise ValueError, and no other exception."

"""Check the overlap of boxes: exact arithmetic, all pairs, boxes without an area."""

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("box_iou")


def drawn(rng: torch.Generator, count: int) -> Tensor:
    """Return boxes float32 [count, 4] of proper size that often overlap."""
    corners = 60 * torch.rand(count, 2, generator=rng)
    return torch.cat([corners, corners + 5 + 50 * torch.rand(count, 2, generator=rng)], dim=1)


def sides(boxes: Tensor) -> Tensor:
    return boxes[:, 2:] - boxes[:, :2]


def of_intersections(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Return widths and heights of all intersections [N, M, 2], negative where boxes do not meet."""
    ends = torch.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    return ends - torch.maximum(boxes1[:, None, :2], boxes2[None, :, :2])


def near(found: Tensor, value: Tensor) -> bool:
    return torch.allclose(found, value, atol=1e-4)


@pytest.mark.points(1)
@pytest.mark.public
def test_a_few_boxes(student):
    """`box_iou` is 1 for equal boxes, 0 for boxes apart, and one half where half of what both cover is common."""
    boxes1 = torch.tensor([[0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 30.0, 40.0]])
    boxes2 = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 5.0], [50.0, 0.0, 60.0, 10.0]])
    found = tensor(student.box_iou(boxes1, boxes2), "the result", shape=(2, 3), dtype=torch.float32)
    assert abs(found[0, 0] - 1) < 1e-4, "The IoU of a box with itself is 1."
    assert abs(found[0, 1] - 0.5) < 1e-4, "A box and its upper half have the IoU 0.5."
    assert found[1].abs().max() < 1e-4, (
        "Boxes in opposite corners have nothing in common: clamp negative widths and heights at 0 before multiplying."
    )
    assert found[0, 2].abs() < 1e-4, "Boxes side by side have nothing in common: their IoU is 0."


@pytest.mark.points(2)
def test_all_pairs(student, reference, rng):
    """Every box of the one set is compared with every box of the other."""
    boxes1, boxes2 = drawn(rng, 7), drawn(rng, 5)
    given = boxes1.clone()
    found = tensor(student.box_iou(boxes1, boxes2), "the result", shape=(7, 5), dtype=torch.float32)
    overlap = of_intersections(boxes1, boxes2)
    both = overlap.clamp(min=0).prod(dim=2)
    areas = sides(boxes1).prod(dim=1)[:, None], sides(boxes2).prod(dim=1)[None]
    unclamped = overlap.prod(dim=2)
    too_little = (areas[0] + areas[1] - unclamped).clamp(min=1e-9)
    wider = (overlap + 1).clamp(min=0).prod(dim=2)
    wider_areas = (sides(boxes1) + 1).prod(dim=1)[:, None] + (sides(boxes2) + 1).prod(dim=1)[None]
    assert not near(found, both / (areas[0] + areas[1])), (
        "What both have in common is counted twice: the union is the sum of the areas minus the intersection."
    )
    assert not near(found, torch.where(too_little > 1e-6, unclamped / too_little, 0)), (
        "Boxes apart get an overlap: clamp negative widths and heights at 0 before multiplying."
    )
    assert not near(found, wider / (wider_areas - wider)), (
        "You add 1 to widths and heights: corners are coordinates here, not pixel numbers."
    )
    assert not near(found, both), "This is the area of the intersection: divide by that of the union."
    assert not near(found, both / torch.minimum(*areas)), "You divide by the smaller box: divide by the union."
    expected = reference.box_iou(given, boxes2)
    assert near(found, expected), "The IoU is wrong for boxes (x1, y1, x2, y2) that overlap in part."
    small = tensor(student.box_iou(boxes1 / 200, boxes2 / 200), "the result", shape=(7, 5), dtype=torch.float32)
    assert near(small, expected), "The IoU must not depend on the unit: boxes in parts of the image have areas below 1."


@pytest.mark.points(1)
def test_boxes_without_an_area(student, rng):
    """A box without an area has the IoU 0 with everything, itself included; no boxes give no rows."""
    proper = drawn(rng, 2)
    flat = proper.clone()
    flat[0, 2] = flat[0, 0]  # no width
    flat[1, 3] = flat[1, 1] - 20  # upside down
    result = student.box_iou(flat, torch.cat([flat, proper]))
    if isinstance(result, Tensor):
        assert not result.isnan().any(), "A box without an area gives nan (0 / 0): it must give 0."
    found = tensor(result, "the result", shape=(2, 4), dtype=torch.float32)
    assert found.abs().max() == 0, "A box without an area must have the IoU 0 with everything, itself included."
    for first, second in ((flat[:0], proper), (proper, flat[:0])):
        shape = (len(first), len(second))
        tensor(student.box_iou(first, second), "the result where one set is empty", shape=shape, dtype=torch.float32)

"""Check the overlap of boxes: exact arithmetic, all pairs, boxes without an area."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, tensor

pytestmark = pytest.mark.question("box_iou")

NAN = "A box without an area gives nan (0 / 0): it must give 0."
CLAMP = "Boxes apart get an overlap: clamp negative widths and heights at 0 before multiplying."
TWICE = "What both have in common is counted twice: the union is the sum of the areas minus the intersection."
INTERSECTION = "This is the area of the intersection: divide by that of the union."
PERCENT = "The IoU is a number between 0 and 1, not in percent."
KEPT = "A first call is right, a second one is not: nothing may be kept from call to call, so begin anew in each."
SMALLER = "You divide by the smaller box: divide by the union."


def overlaps_of(result: object, shape: tuple[int, int]) -> Tensor:
    """Return a table of overlaps of that shape."""
    if isinstance(result, Tensor) and bool(result.isnan().any()):
        raise Slip(NAN)
    return tensor(result, "the result", shape=shape)


@pytest.mark.points(1)
@pytest.mark.public
def test_a_few_boxes(student):
    """`box_iou` is 1 for equal boxes, 0 for boxes apart or without an area, 0.5 where half of what both cover is common."""
    boxes1 = torch.tensor([[0.0, 0.0, 8.0, 10.0], [20.0, 20.0, 30.0, 40.0], [5.0, 5.0, 5.0, 8.0]])
    boxes2 = torch.tensor([[0.0, 0.0, 8.0, 10.0], [0.0, 0.0, 8.0, 5.0], [50.0, 0.0, 60.0, 10.0], [5.0, 5.0, 5.0, 8.0]])
    found = overlaps_of(student.box_iou(boxes1, boxes2), (3, 4))
    right = torch.zeros(3, 4)
    right[0, :2] = torch.tensor([1.0, 0.5])
    if close(found[0, :2], right[0, :2]) and not close(found[1, :2], right[1, :2]):
        raise Slip(CLAMP)
    slips = {}
    for hint, first, second in (
        (TWICE, 1 / 2, 1 / 3),
        (INTERSECTION, 80.0, 40.0),
        (SMALLER, 1.0, 1.0),
        (PERCENT, 100.0, 50.0),
    ):
        slips[hint] = right.clone()
        slips[hint][0, :2] = torch.tensor([first, second])
    answer(found, right, slips)
    assert close(student.box_iou(boxes1.flip(0), boxes2), right.flip(0)), KEPT


def drawn(rng: torch.Generator, count: int) -> Tensor:
    """Return boxes float32 [count, 4] of proper size that often overlap."""
    corners = 60 * torch.rand(count, 2, generator=rng)
    return torch.cat([corners, corners + 20 + 40 * torch.rand(count, 2, generator=rng)], dim=1)


def areas(boxes: Tensor, more: float = 0.0) -> Tensor:
    """Return the areas [N], with sides that are longer by so much."""
    return (boxes[:, 2:] - boxes[:, :2] + more).prod(dim=1)


def intersections(boxes1: Tensor, boxes2: Tensor, more: float = 0.0) -> Tensor:
    """Return the areas of all intersections [N, M], with sides that are longer by so much."""
    ends = torch.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    return (ends - torch.maximum(boxes1[:, None, :2], boxes2[None, :, :2]) + more).clamp(min=0).prod(dim=2)


def stay(library: Any, *values: Tensor) -> Any:
    """Return arguments that stay in the student's process, where it shows whether they are changed."""
    return library.types.SimpleNamespace(values=list(values))


def call(library: Any, function: Any, arguments: Any) -> object:
    """Return what the student's function makes of arguments that stay."""
    return library.builtins.eval("lambda function, given: function(*given.values)", {})(function, arguments)


@pytest.mark.points(1.5)
def test_all_pairs(student, library, reference, rng):
    """The IoU of each box of the one set with each of the other is the area in common divided by the area of both together."""

    def make() -> Case[tuple[Tensor, Tensor]]:
        boxes1, boxes2 = drawn(rng, 7), drawn(rng, 5)
        both = intersections(boxes1, boxes2)
        one, other = areas(boxes1)[:, None], areas(boxes2)[None]
        wider, summed = intersections(boxes1, boxes2, 1), areas(boxes1, 1)[:, None] + areas(boxes2, 1)[None]
        slips = {
            TWICE: both / (one + other),
            "You add 1 to widths and heights: corners are coordinates here, not pixel numbers.": wider
            / (summed - wider),
            INTERSECTION: both,
            PERCENT: 100 * reference.box_iou(boxes1, boxes2),
            SMALLER: both / torch.minimum(one, other),
            "You divide by the larger box: divide by the union.": both / torch.maximum(one, other),
            "You divide by the area of `boxes1` alone: divide by the union.": both / one,
            "This is the area of the union: the intersection is to be divided by it.": one + other - both,
        }
        return Case(inputs=(boxes1, boxes2), right=reference.box_iou(boxes1, boxes2), slips=slips)

    case = draw(make)
    found = overlaps_of(call(library, student.box_iou, stay(library, *case.inputs)), (7, 5))
    assert isinstance(case.right, Tensor)
    apart = case.right == 0
    if close(found[~apart], case.right[~apart]) and not close(found[apart], case.right[apart]):
        raise Slip(CLAMP)
    case.judge(found)


@pytest.mark.points(0.5)
def test_whatever_the_unit(student, library, reference, rng):
    """The IoU is the same in pixels and in parts of the image, and the boxes stay as they are."""
    boxes1, boxes2 = drawn(rng, 6), drawn(rng, 4)
    given = stay(library, boxes1, boxes2)
    pixels = overlaps_of(call(library, student.box_iou, given), (6, 4))
    unchanged = close(given.values, [boxes1, boxes2])
    assert unchanged, "The boxes that were given are changed: compute new tensors instead of writing into them."
    small = overlaps_of(call(library, student.box_iou, stay(library, boxes1 / 100, boxes2 / 100)), (6, 4))
    if close(small, pixels, tolerance=1e-3):
        return
    if not close(pixels, reference.box_iou(boxes1, boxes2)):
        raise Slip  # something else is wrong already where sides are in pixels
    raise AssertionError("The IoU must not depend on the unit: boxes in parts of the image have areas below 1.")


@pytest.mark.points(1)
def test_boxes_without_an_area(student, rng):
    """A box without an area has the IoU 0 with everything, itself included; no boxes give no rows."""
    proper = drawn(rng, 2)
    flat = proper.clone()
    flat[0, 2] = flat[0, 0]  # no width
    flat[1, 3] = flat[1, 1] - 20  # upside down
    found = overlaps_of(student.box_iou(flat, torch.cat([flat, proper])), (2, 4))
    answer(found, torch.zeros(2, 4))
    for first, second in ((flat[:0], proper), (proper, flat[:0])):
        shape = (len(first), len(second))
        tensor(student.box_iou(first, second), "the result where one set is empty", shape=shape)

"""Check `translate`: exactly, on images small enough to be understood and on others."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import answer, close, tensor

pytestmark = pytest.mark.question("translate")

Shift = Callable[[Tensor, int, int], Tensor]


def shifted(student: Any, images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the student's result, of the shape of the images, whatever its dtype."""
    found = tensor(student.translate(images, dx, dy), "translate(images, dx, dy)", shape=tuple(images.shape))
    return found.to(torch.float64)


def along_the_edge(images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the images shifted and filled up with what stands at their edge."""
    height, width = images.shape[-2:]
    rows, columns = torch.arange(height) - dy, torch.arange(width) - dx
    return images[..., rows.clamp(0, height - 1), :][..., columns.clamp(0, width - 1)]


def moved(images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the images shifted and filled up with zeros."""
    return along_the_edge(functional.pad(images, (1, 1, 1, 1)), dx, dy)[..., 1:-1, 1:-1]


def first_alone(images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the images of which the first is shifted and the others are zero."""
    result = moved(images, dx, dy)
    result[1:] = 0
    return result


WRAPS = "What is pushed out on one side comes back in on the other (torch.roll?): fill up with zeros."
SLIPS: Mapping[str, Shift] = {
    WRAPS: lambda images, dx, dy: torch.roll(images, (dy, dx), (-2, -1)),
    "Nothing moved: return the shifted images.": lambda images, _dx, _dy: images,
    "It shifts the wrong way: dx > 0 is to the right, dy > 0 is downwards.": lambda images, dx, dy: moved(
        images, -dx, -dy
    ),
    "dy > 0 must shift downwards, not upwards.": lambda images, dx, dy: moved(images, dx, -dy),
    "dx > 0 must shift to the right, not left.": lambda images, dx, dy: moved(images, -dx, dy),
    "dx and dy have changed places: dx moves along the last dimension (columns), dy along the one before (rows).": (
        lambda images, dx, dy: moved(images, dy, dx)
    ),
    "dx and dy have changed places, and one of the directions its sign.": lambda images, dx, dy: moved(images, -dy, dx),
    "dx is lost: the images are shifted by dy alone.": lambda images, _dx, dy: moved(images, 0, dy),
    "dy is lost: the images are shifted by dx alone.": lambda images, dx, _dy: moved(images, dx, 0),
    "Where both are given, dy is lost.": lambda images, dx, dy: moved(images, dx, 0 if dx else dy),
    "Where both are given, dx is lost.": lambda images, dx, dy: moved(images, 0 if dy else dx, dy),
    "Negative dx and dy are not heeded: they shift to the left and upwards.": lambda images, dx, dy: moved(
        images, max(dx, 0), max(dy, 0)
    ),
    "Negative dx and dy shift to the left and upwards, not to the right and downwards.": lambda images, dx, dy: moved(
        images, abs(dx), abs(dy)
    ),
    "What moves in is 0, not what stood at the edge.": along_the_edge,
}
"""What a function may do otherwise, by the hint that names it."""


@pytest.mark.points(1)
@pytest.mark.public
def test_a_small_image(student):
    """dx > 0 shifts to the right, dy > 0 downwards, and zeros fill up."""
    image = torch.tensor([[[[1, 2, 3], [4, 5, 6]]]])
    wanted = {
        (0, 0): [[1, 2, 3], [4, 5, 6]],
        (1, 0): [[0, 1, 2], [0, 4, 5]],
        (-1, 0): [[2, 3, 0], [5, 6, 0]],
        (0, 1): [[0, 0, 0], [1, 2, 3]],
        (0, -1): [[4, 5, 6], [0, 0, 0]],
        (-1, 1): [[0, 0, 0], [2, 3, 0]],
    }
    found = {by: shifted(student, image, *by)[0, 0] for by in wanted}
    right = {by: torch.tensor(rows) for by, rows in wanted.items()}
    slips = {hint: {by: slip(image, *by)[0, 0] for by in wanted} for hint, slip in SLIPS.items()}
    if close(found, right) or any(close(found, wrong) for wrong in slips.values()):
        answer(found, right, slips)
        return
    for (dx, dy), rows in wanted.items():
        assert found[dx, dy].tolist() == rows, (
            f"[[1, 2, 3], [4, 5, 6]] shifted by dx={dx}, dy={dy} is {rows}; yours is {found[dx, dy].long().tolist()}."
        )


@pytest.mark.points(1.5)
def test_every_direction(student, rng):
    """Any shift within the picture, in both directions at once, for several images that need not be square."""
    shifts = [(dx, dy) for dy in range(-4, 5) for dx in range(-7, 8)]
    more: Mapping[str, Shift] = {
        "Only the first image is shifted: shift all of them.": lambda images, dx, dy: torch.cat(
            [moved(images[:1], dx, dy), images[1:]]
        ),
        "Only the first image is kept: shift all of them.": first_alone,
    }

    def make() -> Case[tuple[Tensor, list[tuple[int, int]]]]:
        images = torch.randint(1, 256, (3, 1, 5, 8), generator=rng, dtype=torch.uint8)
        picked = [(3, 0), (-3, 0), (0, 2), (0, -2), (2, 1), (-2, -3)]  # slips show here
        picked += [shifts[index] for index in torch.randperm(len(shifts), generator=rng)[:30]]
        slips = {hint: [slip(images, *by) for by in picked] for hint, slip in {**SLIPS, **more}.items()}
        return Case(inputs=(images, picked), right=[moved(images, *by) for by in picked], slips=slips)

    case = draw(make)
    images, picked = case.inputs
    case.judge([shifted(student, images, *by) for by in picked])


@pytest.mark.points(0.5)
@pytest.mark.public
def test_beyond_the_edge(student):
    """A shift as wide as the image, or wider, leaves nothing but zeros."""
    images = torch.arange(1, 51).view(2, 1, 5, 5)
    far = [(5, 0), (-5, 0), (0, 5), (0, -5), (7, 0), (-9, 0), (0, 8), (0, -30), (13, 0), (100, 100)]
    slips: Mapping[str, Shift] = {
        WRAPS: SLIPS[WRAPS],
        "For a shift as wide as the image or wider a remainder is taken (%): it must leave nothing but zeros.": (
            lambda images, dx, dy: moved(images, int(math.fmod(dx, 5)), int(math.fmod(dy, 5)))
        ),
        "For a shift as wide as the image or wider the images stay as they are: it must leave nothing but zeros.": (
            lambda images, _dx, _dy: images
        ),
        "A shift as wide as the image or wider is taken for a smaller one: it must leave nothing but zeros.": (
            lambda images, dx, dy: moved(images, max(-4, min(dx, 4)), max(-4, min(dy, 4)))
        ),
    }
    found = [shifted(student, images, *by) for by in far]
    right = [torch.zeros_like(images) for _ in far]
    answer(found, right, {hint: [slip(images, *by) for by in far] for hint, slip in slips.items()})


@pytest.mark.points(0.5)
@pytest.mark.public
def test_dtype(student):
    """The result has the dtype of the images."""
    for dtype in (torch.uint8, torch.int64, torch.float32, torch.float64):
        images = torch.arange(12).view(2, 1, 2, 3).to(dtype)
        for by in ((1, 0), (0, 0), (3, 0)):
            found = student.translate(images, *by)
            assert not isinstance(found, Tensor) or found.dtype == dtype, (
                "The result must have the dtype of the images: torch.zeros(…) is float32 unless told, zeros_like is not."
            )


@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_new_tensor(student, library):
    """The result is a new tensor, and the images that were handed in stay as they are."""
    call = library.builtins.eval(
        "lambda function, images, dx, dy: (lambda result: (images.clone(), result.fill_(9), images))"
        "(function(images, dx, dy))"
    )
    images = torch.arange(12).view(2, 1, 2, 3)
    for dx, dy in ((1, 0), (0, 0), (-1, 1), (3, 0)):
        after, _, at_last = call(student.translate, images.clone(), dx, dy)
        assert tensor(after, "images").equal(images), (
            "The images that were handed in changed: work on a new tensor, not on the input or a view of it."
        )
        assert tensor(at_last, "images").equal(images), (
            f"translate(images, {dx}, {dy}) returns its argument, or a view of it: return a new tensor."
        )
    twice = library.builtins.eval(
        "lambda function, images: (lambda first: (first.clone(), function(images, 0, 1), first))(function(images, 1, 0))",
        {},
    )
    first, _, later = twice(student.translate, images)
    assert tensor(later, "the result").equal(tensor(first, "the result")), (
        "A second call changes the result of the first: return a new tensor each time."
    )

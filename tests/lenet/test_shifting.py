"""Check `translate`: exactly, on images small enough to be understood and on others."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("translate")

WRAPS = "What is pushed out on one side comes back in on the other (torch.roll?): fill up with zeros."


def shifted(student: Any, images: Tensor, dx: int, dy: int) -> Tensor:
    """Return the student's result, of the shape and dtype of the images."""
    return tensor(
        student.translate(images, dx, dy), "translate(images, dx, dy)", shape=tuple(images.shape), dtype=images.dtype
    )


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
    }
    for (dx, dy), rows in wanted.items():
        found = shifted(student, image, dx, dy)[0, 0]
        assert dx == dy == 0 or not torch.equal(found, torch.roll(image, (dy, dx), (2, 3))[0, 0]), WRAPS
        assert found.tolist() == rows, (
            f"[[1, 2, 3], [4, 5, 6]] shifted by dx={dx}, dy={dy} is {rows}; yours is {found.tolist()}."
        )


@pytest.mark.points(1.5)
def test_every_direction(student, reference, rng):
    """Any shift within the picture, in both directions at once, for several images that are not square."""
    images = torch.randint(1, 256, (3, 1, 5, 8), generator=rng, dtype=torch.uint8)
    shifts = [(dx, dy) for dy in range(-4, 5) for dx in range(-7, 8)]
    picked = [(3, 0), (-3, 0), (0, 2), (0, -2), (2, 1), (-2, -3)]  # slips show here
    picked += [shifts[index] for index in torch.randperm(len(shifts), generator=rng)[:50]]
    for dx, dy in picked:
        found, right = shifted(student, images, dx, dy), reference.translate(images, dx, dy)
        if torch.equal(found, right):
            continue
        by_two = dx != 0 and dy != 0
        assert not torch.equal(found, torch.roll(images, (dy, dx), (2, 3))), WRAPS
        assert not torch.equal(found, reference.translate(images, -dx, -dy)), (
            "It shifts the wrong way: dx > 0 is to the right, dy > 0 is downwards."
        )
        assert not torch.equal(found, reference.translate(images, dx, -dy)), "dy > 0 must shift downwards, not upwards."
        assert not torch.equal(found, reference.translate(images, -dx, dy)), "dx > 0 must shift to the right, not left."
        assert not torch.equal(found, reference.translate(images, dy, dx)), (
            "dx and dy have changed places: dx moves along the last dimension (columns), dy along the one before (rows)."
        )
        assert not (by_two and torch.equal(found, reference.translate(images, dx, 0))), (
            "Where both are given, dy is lost."
        )
        assert not (by_two and torch.equal(found, reference.translate(images, 0, dy))), (
            "Where both are given, dx is lost."
        )
        assert not torch.equal(found, images), "Nothing moved: return the shifted images."
        assert torch.equal(found[:1], right[:1]), "The images are shifted wrongly, or are not filled up with zeros."
        raise AssertionError("Only the first image is shifted as it should: shift all of them.")


@pytest.mark.points(0.5)
def test_beyond_the_edge(student, rng):
    """A shift as wide as the image, or wider, leaves nothing but zeros."""
    images = torch.rand(2, 1, 4, 6, generator=rng) + 1
    for dx, dy in ((6, 0), (-6, 0), (0, 4), (0, -4), (9, 0), (-13, 1), (2, 5), (-1, -30), (100, 100), (5, -4)):
        found = shifted(student, images, dx, dy)
        assert not found.any(), "A shift by the whole width or height, or by more, must leave nothing but zeros."


@pytest.mark.points(1)
def test_dtype_and_input(student, library, rng):
    """The dtype is kept, and the images that were handed in stay as they are."""
    call = library.builtins.eval("lambda function, images, dx, dy: (function(images, dx, dy), images)")
    numbers = torch.randint(1, 100, (2, 1, 5, 7), generator=rng)
    for dtype in (torch.uint8, torch.int64, torch.float32, torch.float64):
        images = numbers.to(dtype)
        for dx, dy in ((2, 0), (0, 0), (-1, 2), (7, 0)):
            _, after = call(student.translate, images, dx, dy)
            assert torch.equal(tensor(after, "images"), images), (
                "The images that were handed in changed: work on a new tensor, not on the input or a view of it."
            )
            found = student.translate(images, dx, dy)
            assert not (isinstance(found, Tensor) and found.dtype != dtype), (
                "The result must have the dtype of the images: torch.zeros(…) is float32 unless told, zeros_like is not."
            )
            right = torch.zeros_like(images)
            for row in range(5):
                for column in range(7):
                    if 0 <= row - dy < 5 and 0 <= column - dx < 7:
                        right[:, :, row, column] = images[:, :, row - dy, column - dx]
            assert torch.equal(shifted(student, images, dx, dy), right), "The images are shifted wrongly."

"""Scenes with handwritten digits to find: coloured, scaled, overlapping, on textured ground among distractors.

Everything is integer arithmetic on numbers from numpy's frozen RandomState, so that a seed gives the same scene, bit
for bit, on every platform and with every version of the libraries.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["SIDE", "Scene", "make_scene", "make_scenes"]

SIDE = 128
"""Height and width of a scene, in pixels."""
MOST_DIGITS = 4
LEAST_SIZE, MOST_SIZE = 34, 60
"""Height and width that the 28×28 image of a digit is scaled to, in pixels."""
_VISIBLE_PERCENT = 65
"""At least so much of every digit stays in sight when another one is drawn over it."""
_INK = 96
"""Coverage, of 255, from which on a pixel belongs to a digit."""
_ATTEMPTS = 30


@dataclass(frozen=True)
class Scene:
    """A picture, and where which digits are; later digits lie in front of earlier ones."""

    image: Tensor
    """uint8 [3, SIDE, SIDE], red, green, blue."""
    digits: Tensor
    """int64 [N]: which digit each is, 0 … 9. N is 1 … MOST_DIGITS."""
    boxes: Tensor
    """int64 [N, 4]: left, top, width and height of the visible part of each digit, in pixels, as COCO writes boxes."""
    masks: Tensor
    """bool [N, SIDE, SIDE]: the visible pixels of each digit; no two masks share a pixel."""


def make_scenes(images: Tensor, labels: Tensor, count: int, seed: int = 0) -> list[Scene]:
    """Return `count` scenes with digits drawn from images (uint8 [D, 28, 28]) and their labels (int64 [D])."""
    return [make_scene(images, labels, seed=(seed, number)) for number in range(count)]


def make_scene(images: Tensor, labels: Tensor, seed: int | Sequence[int]) -> Scene:
    """Return one scene; the same seed (numbers of 32 bits, 0 or more) and the same digits give the same scene."""
    random = _Random(seed)
    canvas = _ground(random)
    for _ in range(random.between(2, 5)):
        _draw_distractor(canvas, random)
    masks, digits = np.zeros((0, SIDE, SIDE), dtype=bool), []
    for _ in range(random.between(1, MOST_DIGITS)):
        chosen = random.between(0, len(images) - 1)
        coverage = _place(_bolder(images[chosen].numpy().astype(np.int64)), masks, random)
        if coverage is None:
            continue
        _paint(canvas, coverage, _colour(random, unlike=canvas[:, coverage > _INK].mean(axis=1).astype(np.int64)))
        masks = np.concatenate([masks & (coverage <= _INK), (coverage > _INK)[None]])
        digits.append(int(labels[chosen]))
    canvas = np.clip(canvas + random.array(-6, 6, (3, SIDE, SIDE)), 0, 255)
    boxes = np.array([_box(mask) for mask in masks])
    return Scene(*map(torch.from_numpy, (canvas.astype(np.uint8), np.array(digits), boxes, masks)))


class _Random:
    """Whole numbers that follow from the seed alone."""

    def __init__(self, seed: int | Sequence[int]) -> None:
        self._state = np.random.RandomState(seed)

    def between(self, low: int, high: int) -> int:
        return int(self._state.randint(low, high + 1, dtype=np.int64))

    def array(self, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
        return self._state.randint(low, high + 1, size=shape, dtype=np.int64)


def _ground(random: _Random) -> np.ndarray:
    """Return a canvas, int64 [3, SIDE, SIDE]: a colour that wanders over the picture, with coarse and fine texture."""
    base = random.array(30, 225, (3, 1, 1))
    canvas = np.broadcast_to(base, (3, SIDE, SIDE)).copy()
    for cells, strength in ((3, 40), (random.between(8, 24), 18)):
        texture = random.array(-strength, strength, (3, cells, cells))
        canvas += np.stack([_resize(channel, SIDE) for channel in texture])
    return np.clip(canvas, 0, 255)


def _draw_distractor(canvas: np.ndarray, random: _Random) -> None:
    """Draw a thin line, a disc or a frame: things that are no digits."""
    rows, columns = np.indices((SIDE, SIDE))
    y, x, size = random.between(0, SIDE), random.between(0, SIDE), random.between(6, 26)
    kind = random.between(0, 2)
    if kind == 0:
        down, right = random.between(-60, 60), random.between(-60, 60)
        length = max(1, down * down + right * right)
        along = (rows - y) * down + (columns - x) * right
        across = (rows - y) * right - (columns - x) * down
        shape = (along >= 0) & (along <= length) & (across * across <= 2 * length)
    elif kind == 1:
        shape = (rows - y) ** 2 + (columns - x) ** 2 <= (size // 2) ** 2
    else:
        far = np.maximum(abs(rows - y), abs(columns - x))
        shape = (far <= size // 2) & (far > size // 2 - 3)
    colour = random.array(0, 255, (3, 1))
    canvas[:, shape] = (canvas[:, shape] + colour) // 2


def _bolder(image: np.ndarray) -> np.ndarray:
    """Return [28, 28] with each pixel as dark as the darkest within one pixel around it: strokes of some width."""
    padded = np.pad(image, 1)
    return np.max([padded[r : r + 28, c : c + 28] for r in range(3) for c in range(3)], axis=0)


def _place(image: np.ndarray, masks: np.ndarray, random: _Random) -> np.ndarray | None:
    """Return the digit's coverage of the canvas, 0 … 255 [SIDE, SIDE], where it hides too much of none; else None."""
    for _ in range(_ATTEMPTS):
        size = random.between(LEAST_SIZE, MOST_SIZE)
        top, left = random.between(0, SIDE - size), random.between(0, SIDE - size)
        coverage = np.zeros((SIDE, SIDE), dtype=np.int64)
        coverage[top : top + size, left : left + size] = _resize(image, size)
        left_in_sight = (masks & (coverage <= _INK)).sum(axis=(1, 2))
        whole = np.maximum(masks.sum(axis=(1, 2)), 1)
        if ((coverage > _INK).sum() > 0) and (100 * left_in_sight >= _VISIBLE_PERCENT * whole).all():
            return coverage
    return None


def _box(mask: np.ndarray) -> list[int]:
    """Return left, top, width and height of what is set in mask [SIDE, SIDE]."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]


def _colour(random: _Random, unlike: np.ndarray) -> np.ndarray:
    """Return a colour [3, 1] that can be told from `unlike` [3], taken at random."""
    while True:
        colour = random.array(0, 255, (3,))
        if abs(colour - unlike).sum() >= 220:
            return colour[:, None]


def _paint(canvas: np.ndarray, coverage: np.ndarray, colour: np.ndarray) -> None:
    touched = coverage > 0
    share = coverage[touched]
    canvas[:, touched] = (canvas[:, touched] * (255 - share) + colour * share + 127) // 255


def _resize(image: np.ndarray, side: int) -> np.ndarray:
    """Return a square image scaled to [side, side] by bilinear interpolation in whole numbers."""
    near, far, weight = _samples(len(image), side)
    rows = image[near] * (256 - weight[:, None]) + image[far] * weight[:, None]
    both = rows[:, near] * (256 - weight) + rows[:, far] * weight
    return both >> 16


def _samples(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each new position the old ones at both sides, and how far between them it lies, of 256."""
    position = np.clip((2 * np.arange(new) + 1) * old * 128 // new - 128, 0, (old - 1) * 256)
    near = position >> 8
    return near, np.minimum(near + 1, old - 1), position & 255

"""Draw what the detector is pretrained on: letters in several fonts and simple shapes, bent like handwriting."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

__all__ = ["CLASSES", "draw_glyphs"]

_LETTERS = "ACDEFHKLMNPRTUVWXY"
"""Without those that somebody might write like a digit: B, G, I, J, O, Q, S, Z."""
_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "STIXGeneralItalic")
_LARGE = 112
"""Glyphs are drawn four times as large as they come out, to be bent without steps."""


def _points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
    return [(56 + 36 * x, 56 + 36 * y) for x, y in pairs]


def _star(spikes: int, inner: float) -> list[tuple[float, float]]:
    angles = [math.pi * step / spikes for step in range(2 * spikes)]
    return _points(
        *(((inner if n % 2 else 1) * math.sin(a), -(inner if n % 2 else 1) * math.cos(a)) for n, a in enumerate(angles))
    )


def _polygon(*pairs: tuple[float, float]) -> Callable[[ImageDraw.ImageDraw], None]:
    return lambda pen: pen.polygon(_points(*pairs), outline=255, width=12)


_SHAPES: dict[str, Callable[[ImageDraw.ImageDraw], None]] = {
    "triangle": _polygon((0, -1), (1, 0.9), (-1, 0.9)),
    "square": _polygon((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": _polygon((0, -1), (0.7, 0), (0, 1), (-0.7, 0)),
    "star": lambda pen: pen.polygon(_star(5, 0.4), fill=255),
    "plus": lambda pen: (pen.line(_points((-1, 0), (1, 0)), 255, 14), pen.line(_points((0, -1), (0, 1)), 255, 14))[0],
    "arrow": lambda pen: (
        pen.line(_points((0, 1), (0, -0.8)), 255, 12),
        pen.line(_points((-0.7, 0), (0, -1), (0.7, 0)), 255, 12),
    )[0],
    "crescent": lambda pen: pen.chord((20, 20, 92, 92), 50, 310, fill=255),
    "asterisk": lambda pen: pen.polygon(_star(6, 0.25), fill=255),
}
CLASSES = (*_LETTERS, *_SHAPES)
"""What the labels 0 … 25 stand for."""


def draw_glyphs(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return `count` pictures like MNIST's, uint8 [count, 28, 28], and their labels, int64 [count]."""
    chance = random.Random(seed)
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    fonts = [ImageFont.truetype(str(folder / f"{name}.ttf"), 96) for name in _FONTS]
    labels = [chance.randrange(len(CLASSES)) for _ in range(count)]
    images = np.stack([_glyph(CLASSES[label], chance.choice(fonts), chance) for label in labels])
    return torch.from_numpy(images), torch.tensor(labels)


def _glyph(name: str, font: ImageFont.FreeTypeFont, chance: random.Random) -> np.ndarray:
    picture = Image.new("L", (_LARGE, _LARGE))
    pen = ImageDraw.Draw(picture)
    if name in _SHAPES:
        _SHAPES[name](pen)
    else:
        pen.text((_LARGE / 2, _LARGE / 2), name, 255, font, anchor="mm", stroke_width=chance.randrange(0, 4))
    turn, slant = math.radians(chance.uniform(-20, 20)), chance.uniform(-0.35, 0.35)
    wide, high = chance.uniform(0.75, 1.3), chance.uniform(0.72, 1.05)
    a, b = wide * math.cos(turn), wide * (slant * math.cos(turn) - math.sin(turn))
    c, d = high * math.sin(turn), high * (math.cos(turn) + slant * math.sin(turn))
    middle = _LARGE / 2
    bend = (a, b, middle - a * middle - b * middle, c, d, middle - c * middle - d * middle)
    bent = picture.transform((_LARGE, _LARGE), Image.Transform.AFFINE, bend, Image.Resampling.BILINEAR)
    return np.asarray(bent.resize((28, 28), Image.Resampling.BOX))

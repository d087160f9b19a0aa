"""Draw the figures of the assignment `lenet` into source/lenet: python docs/figures/lenet.py.

They are 700 points wide in the notebook and drawn at twice that resolution.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "source" / "lenet"
BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#007A5A", "#666666", "#222222"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_GREY = "#dcebf5", "#fbe3d3", "#d6efe6", "#eeeeee"


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of that many points (at 100 to the inch) whose axes count in points, origin below left."""
    figure = plt.figure(figsize=(width / 100, height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def save(figure: Figure, name: str) -> None:
    """Write the figure at 200 dots to the inch, without a date, so that the same drawing gives the same file."""
    (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / name, dpi=200, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def text(axes: Axes, x: float, y: float, words: str, size: float = 9.5, colour: str = INK, **rest: object) -> None:
    """Write centred words."""
    axes.text(x, y, words, fontsize=size, color=colour, **{"ha": "center", "va": "center", **rest})


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK) -> None:
    """Draw an arrow."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linewidth=1.4))


def frame(axes: Axes, x: float, y: float, width: float, height: float, colour: str, line: float = 1.0) -> None:
    """Draw an empty rectangle."""
    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=line, zorder=4))


def first_digit() -> np.ndarray:
    """Return the first training digit, from 0 (paper) to 1 (ink)."""
    sys.path.insert(0, str(FOLDER))
    from digits import training_digits  # noqa: PLC0415 - the assignment's own module, found by path

    return training_digits(ROOT / "data").images[0].numpy() / 255


def slide(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the map of a 5×5 kernel with padding 2."""
    padded = np.pad(image, 2)
    return np.array([[(padded[r : r + 5, c : c + 5] * kernel).sum() for c in range(28)] for r in range(28)])


def table(axes: Axes, x: float, y: float, cell: float, values: np.ndarray, form: str, **colours: object) -> None:
    """Draw numbers in coloured squares, the upper left corner at (x, y)."""
    size = cell * len(values)
    axes.imshow(values, extent=(x, x + size, y - size, y), aspect="auto", zorder=2, **colours)
    for row, numbers in enumerate(values):
        for column, value in enumerate(numbers):
            words = form.format(value + 0.0).replace("-", "\N{MINUS SIGN}")
            dark = colours["cmap"] == "gray_r" and value > 0.55
            place = (x + (column + 0.5) * cell, y - (row + 0.5) * cell)
            text(axes, *place, words, 7.5 - len(words) / 3 + 1, "white" if dark else INK, zorder=5)


def draw_convolution() -> None:
    """Draw how a window of the image times a kernel is one number of the feature map."""
    image, kernel = first_digit(), np.array([[1.0, 1.0, 0.0, -1.0, -1.0]] * 5) / 10
    found, (row, column) = slide(image, kernel), (17, 18)
    figure, axes = canvas(700, 250)
    top, side = 212, 168
    pixel = side / 28
    for x, values, colours in (
        (8, image, {"cmap": "gray_r", "vmin": 0, "vmax": 1}),
        (524, found, {"cmap": "RdBu", "vmin": -abs(found).max(), "vmax": abs(found).max()}),
    ):
        axes.imshow(values, extent=(x, x + side, top - side, top), aspect="auto", zorder=2, **colours)
        frame(axes, x, top - side, side, side, GREY)
    window = (8 + (column - 2) * pixel, top - (row + 3) * pixel)
    frame(axes, *window, 5 * pixel, 5 * pixel, ORANGE, 2.2)
    patch = image[row - 2 : row + 3, column - 2 : column + 3]
    cell, first, second, upper = 26, 214, 372, 188
    table(axes, first, upper, cell, patch, "{:.1f}", cmap="gray_r", vmin=0, vmax=1)
    frame(axes, first, upper - 5 * cell, 5 * cell, 5 * cell, ORANGE, 2.2)
    table(axes, second, upper, cell, kernel, "{:.1f}", cmap="RdBu", vmin=-0.25, vmax=0.25)
    frame(axes, second, upper - 5 * cell, 5 * cell, 5 * cell, GREY)
    corner = window[0] + 5 * pixel
    for y, to in ((window[1] + 5 * pixel, upper), (window[1], upper - 5 * cell)):
        axes.plot([corner, first], [y, to], color=ORANGE, linewidth=1, linestyle=":", zorder=3)
    text(axes, (first + 5 * cell + second) / 2, upper - 2.5 * cell, "×", 17)
    dot = (524 + (column + 0.5) * pixel, top - (row + 0.5) * pixel)
    frame(axes, dot[0] - 0.8 * pixel, dot[1] - 0.8 * pixel, 1.6 * pixel, 1.6 * pixel, ORANGE, 2.2)
    total = f"sum of the 25 products = {found[row, column]:.2f}"
    text(axes, (first + second + 5 * cell) / 2, 36, total, 10.5, ORANGE, weight="bold")
    bend = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 1.4, "connectionstyle": "arc3,rad=0.25"}
    axes.annotate("", (dot[0] - 3, dot[1] - 1.2 * pixel), (488, 36), arrowprops=bend, zorder=6)
    for x, words in (
        (8 + side / 2, "the image, 28×28"),
        (first + 2.5 * cell, "25 of its pixels"),
        (second + 2.5 * cell, "the kernel, 5×5"),
        (524 + side / 2, "the feature map, 28×28"),
    ):
        text(axes, x, 230, words, 10.5)
    text(axes, 524 + side / 2, 24, "blue: positive, red: negative", 9, GREY)
    save(figure, "figures/convolution.png")


def cells(axes: Axes, x: float, y: float, marks: str, fills: dict[str, tuple[str, str]], cell: float = 30) -> None:
    """Draw a row of squares, one for each mark; `fills` has fill and edge by mark."""
    for index, mark in enumerate(marks):
        fill, edge = fills.get(mark, (PALE_GREY, GREY))
        square = Rectangle((x + index * cell, y), cell, cell, facecolor=fill, edgecolor=edge, linewidth=1.1, zorder=3)
        axes.add_patch(square)
        if mark == "0":
            text(axes, x + (index + 0.5) * cell, y + cell / 2, "0", 10, GREY, zorder=4)


def draw_sizes() -> None:
    """Six pixels in a row under a kernel of width three: without padding, with it, and pooled."""
    figure, axes = canvas(700, 205)
    cell = 24
    fills = {"p": (PALE_BLUE, BLUE), "o": (PALE_ORANGE, ORANGE), "0": ("white", GREY), "m": (PALE_GREEN, GREEN)}
    titles = ("no padding: 6 → 4", "padding 1: 6 → 6", "max pooling by 2: 6 → 3")
    for x, title in zip((116, 350, 584), titles):
        text(axes, x, 190, title, 11.5, weight="bold")
    for middle, marks, places in ((116, "pppppp", 4), (350, "0pppppp0", 6)):
        left = middle - len(marks) * cell / 2
        cells(axes, left, 122, marks, fills, cell)
        start = middle - places * cell / 2
        for index in range(places):
            x = start + (index + 0.5) * cell
            for step in (-1, 0, 1):
                strong = index == 0
                axes.plot(
                    [x, x + step * cell],
                    [62, 122],
                    color=ORANGE if strong else "#bbbbbb",
                    linewidth=1.6 if strong else 0.8,
                    zorder=2 if strong else 1,
                )
        cells(axes, start, 38, "o" * places, fills, cell)
        frame(axes, left, 122, 3 * cell, cell, ORANGE, 2.4)
    left, values = 584 - 3 * cell, (3, 7, 0, 2, 5, 1)
    cells(axes, left, 122, "pppppp", fills, cell)
    for index, value in enumerate(values):
        text(axes, left + (index + 0.5) * cell, 122 + cell / 2, str(value), 10, zorder=5)
    for index in range(3):
        x = 584 + (index - 1) * 2 * cell
        for step in (-0.5, 0.5):
            axes.plot([x, x + step * cell], [62, 122], color=GREEN, linewidth=1.3, zorder=1)
        cells(axes, x - cell / 2, 38, "m", fills, cell)
        text(axes, x, 38 + cell / 2, str(max(values[2 * index : 2 * index + 2])), 10, zorder=5)
    for x, words in (
        (116, "the kernel has 4 places"),
        (350, "a zero on each side: 6 places"),
        (584, "the larger one of each two"),
    ):
        text(axes, x, 18, words, 9.5, GREY)
    for x in (233, 467):
        axes.plot([x, x], [12, 195], color="#dddddd", linewidth=1)
    save(figure, "figures/sizes.png")


def sheets(axes: Axes, x: float, y: float, side: float, count: int, fill: str, edge: str) -> float:
    """Draw a stack of square sheets whose middle stands at y; return the right end."""
    step = 5
    lower = y - (side + (count - 1) * step) / 2
    for index in reversed(range(count)):
        corner = (x + index * step, lower + index * step)
        axes.add_patch(
            Rectangle(
                corner, side, side, facecolor=fill, edgecolor=edge, linewidth=0.9, zorder=3 + (count - index) / 50
            )
        )
    return x + side + (count - 1) * step


def draw_network(name: str, sizes: tuple[str, str, str]) -> None:
    """Draw the network from left to right, with the sizes or with question marks in their places."""
    figure, axes = canvas(700, 250)
    middle = 138
    axes.imshow(
        first_digit(),
        cmap="gray_r",
        extent=(14, 104, middle - 45, middle + 45),
        aspect="auto",
        zorder=2,
        vmin=0,
        vmax=1,
    )
    frame(axes, 14, middle - 45, 90, 90, GREY)
    ends = sheets(axes, 204, middle, 64, 8, PALE_BLUE, BLUE), sheets(axes, 396, middle, 44, 14, PALE_ORANGE, ORANGE)
    arrow(axes, (110, middle), (198, middle))
    arrow(axes, (ends[0] + 6, middle), (390, middle))
    arrow(axes, (ends[1] + 6, middle), (576, middle))
    axes.add_patch(Rectangle((582, middle - 74), 11, 148, facecolor=PALE_GREY, edgecolor=GREY, zorder=3))
    for digit in range(10):
        y = middle + 63 - 14 * digit
        axes.plot([593, 659], [middle + 74, y], color=GREY, linewidth=0.3)
        axes.plot([593, 659], [middle - 74, y], color=GREY, linewidth=0.3)
        axes.plot(662, y, "o", color=GREEN, markersize=6.5, zorder=4)
        text(axes, 680, y, str(digit), 9)
    for x, words, size, colour in (
        (59, "image", "1 × 28 × 28", GREY),
        (255, "block1", sizes[0], BLUE),
        (452, "block2", sizes[1], ORANGE),
        (588, "flattened", sizes[2], GREY),
        (662, "fc", "10", GREEN),
    ):
        text(axes, x, 44, words, 10.5, colour, family="monospace", weight="bold")
        text(axes, x, 26, size, 10.5)
    for x, words in ((154, "16 kernels\n5×5\n\nReLU\npool"), (357, "32 kernels\n5×5\n\nReLU\npool"), (548, "")):
        text(axes, x, middle, words, 9, linespacing=1.45)
    text(axes, 350, 236, "each block: convolution with padding 2, ReLU, max pooling by 2", 10.5)
    save(figure, name)


def draw_receptive_field() -> None:
    """One line of units of each layer, and what one unit behind block2 depends on."""
    figure, axes = canvas(700, 300)
    middle, pixel = 392, 22.0
    heights = (36, 94, 140, 206, 252)
    # Places are counted in pixels from the middle of the field: (spacing, offset, lowest and highest unit drawn)
    rows = (
        (1, 0.5, -12, 11, "pixels", GREY),
        (1, 0.5, -9, 8, "convolution", BLUE),
        (2, 1.0, -5, 4, "pooling", BLUE),
        (2, 1.0, -3, 2, "convolution", ORANGE),
        (4, 0.0, 0, 0, "pooling", ORANGE),
    )
    seen = (set(range(-8, 8)), set(range(-6, 6)), set(range(-3, 3)), {-1, 0}, {0})
    for level, ((step, offset, low, high, name, colour), y) in enumerate(zip(rows, heights)):
        for unit in range(low, high + 1):
            x = middle + (unit * step + offset) * pixel
            marked = unit in seen[level]
            width = 0.86 * pixel
            fill, edge = (colour, colour) if marked else ("white", "#bbbbbb")
            axes.add_patch(
                Rectangle((x - width / 2, y - 8), width, 16, facecolor=fill, edgecolor=edge, linewidth=1, zorder=4)
            )
        text(axes, 72, y, name, 10, colour)
    for y, words, colour in ((117, "block1", BLUE), (229, "block2", ORANGE)):
        axes.plot([118, 118], [y - 32, y + 32], color=colour, linewidth=2)
        text(axes, 14, y, words, 10.5, colour, family="monospace", weight="bold", rotation=90)
    ends = []
    for level, units in enumerate(seen):
        step, offset = rows[level][0], rows[level][1]
        xs = [(unit * step + offset) * pixel for unit in units]
        ends.append((middle + min(xs) - 0.43 * pixel, middle + max(xs) + 0.43 * pixel))
    for level in range(4):
        corners = [
            (ends[level][0], heights[level] + 8),
            (ends[level][1], heights[level] + 8),
            (ends[level + 1][1], heights[level + 1] - 8),
            (ends[level + 1][0], heights[level + 1] - 8),
        ]
        fill = PALE_BLUE if level < 2 else PALE_ORANGE
        axes.add_patch(Polygon(corners, closed=True, facecolor=fill, edgecolor="none", zorder=1))
    for level, words in enumerate(("16 pixels", "12", "6", "2", "1 unit")):
        text(axes, ends[level][1] + 6, heights[level] + 15, words, 9.5, rows[level][5], ha="left", weight="bold")
    axes.annotate("", (ends[0][0], 16), (ends[0][1], 16), arrowprops={"arrowstyle": "<->", "color": INK})
    text(axes, middle, 7, "the receptive field of the one unit on top", 9.5)
    text(axes, middle, 288, "one unit behind block2", 10.5, ORANGE)
    save(figure, "figures/receptive_field.png")


if __name__ == "__main__":
    draw_convolution()
    draw_sizes()
    draw_network("figures/lenet.png", ("? × ? × ?", "? × ? × ?", "?"))
    draw_network("solution/lenet_sizes.png", ("16 × 14 × 14", "32 × 7 × 7", "1568"))
    draw_receptive_field()

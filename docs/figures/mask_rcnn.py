"""Draw the figures of the assignment `mask_rcnn` into source/mask_rcnn/figures: python docs/figures/mask_rcnn.py.

They are 700 points wide in the notebook and drawn at twice that resolution.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = ROOT / "source" / "mask_rcnn"
sys.path.insert(0, str(ASSIGNMENT))

from digits import training_digits  # noqa: E402 - the folder comes first
from scenes import Scene, make_scenes  # noqa: E402

FIGURES = ASSIGNMENT / "figures"
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
    FIGURES.mkdir(parents=True, exist_ok=True)
    figure.savefig(FIGURES / name, dpi=200, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def box(axes: Axes, x: float, y: float, width: float, height: float, fill: str, edge: str) -> None:
    """Draw a rounded box with its lower left corner at (x, y)."""
    style = "round,pad=0,rounding_size=6"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=fill, edgecolor=edge, linewidth=1.2))


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0.0) -> None:
    """Draw an arrow."""
    curve = f"arc3,rad={bend}"
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=INK, linewidth=1.4, connectionstyle=curve, zorder=8
        )
    )


def grid(axes: Axes, x: float, y: float, side: float, count: int, edge: str = BLUE, fill: str = PALE_BLUE) -> None:
    """Draw a square of count × count cells with its lower left corner at (x, y)."""
    axes.add_patch(Rectangle((x, y), side, side, facecolor=fill, edgecolor=edge, linewidth=1))
    for line in range(1, count):
        at = line * side / count
        axes.plot([x + at, x + at], [y, y + side], color=edge, linewidth=0.5)
        axes.plot([x, x + side], [y + at, y + at], color=edge, linewidth=0.5)


def text(axes: Axes, x: float, y: float, words: str, **look: object) -> None:
    """Write words, centred at (x, y) unless told otherwise."""
    axes.text(x, y, words, **{"ha": "center", "va": "center", "fontsize": 8.5, "color": INK, **look})


def a_scene() -> Scene:
    """Return the scene of the notebook's first picture."""
    digits = training_digits(ROOT / "data")
    return make_scenes(digits.images[:50_000], digits.labels[:50_000], 8, seed=1)[5]


def mask_rcnn() -> None:
    """Draw the way of a picture through Mask R-CNN: what is shared, the box head, and the mask branch."""
    figure, axes = canvas(720, 316)
    scene = a_scene()
    side, place = 104, (10, 170)
    axes.imshow(
        scene.image.permute(1, 2, 0), extent=(place[0], place[0] + side, place[1], place[1] + side), aspect="auto"
    )
    left, top, width, height = (side / 128 * n for n in scene.boxes[0].tolist())
    axes.add_patch(
        Rectangle(
            (place[0] + left, place[1] + side - top - height),
            width,
            height,
            fill=False,
            edgecolor="#F0E442",
            linewidth=2,
            zorder=5,
        )
    )
    text(axes, 62, 284, "a picture, a proposal", fontsize=8)

    box(axes, 132, 182, 102, 80, PALE_GREY, GREY)
    text(axes, 183, 222, "body,\nfeature pyramid,\nregion proposals", fontsize=8)
    text(axes, 183, 172, "as in Faster R-CNN", color=GREY, fontsize=8)
    arrow(axes, (114, 222), (133, 222))

    for y, cells, name in ((216, 7, "7×7"), (52, 14, "14×14")):
        grid(axes, 276, y, 70, cells)
        text(axes, 311, y - 11, f"RoIAlign {name}", color=BLUE)
        arrow(axes, (233, 222), (276, y + 35), bend=0.0 if cells == 7 else 0.12)

    box(axes, 376, 222, 100, 58, PALE_GREY, GREY)
    text(axes, 426, 251, "box head:\ntwo linear layers", fontsize=8)
    arrow(axes, (347, 251), (377, 251))
    box(axes, 510, 222, 126, 58, PALE_GREEN, GREEN)
    text(axes, 573, 261, "box_predictor", color=GREEN, family="monospace")
    text(axes, 573, 240, "what? where exactly?", fontsize=8)
    arrow(axes, (476, 251), (511, 251))
    text(axes, 678, 260, f"“a {scene.digits[0].item()}”", fontsize=10, weight="bold")
    text(axes, 678, 242, "and a box", fontsize=8.5)
    arrow(axes, (637, 251), (652, 251))

    box(axes, 376, 58, 100, 58, PALE_ORANGE, ORANGE)
    text(axes, 426, 87, "mask head:\n3×3 convolutions", fontsize=8)
    arrow(axes, (347, 87), (377, 87))
    box(axes, 500, 58, 100, 58, PALE_GREEN, GREEN)
    text(axes, 550, 100, "mask_predictor", color=GREEN, family="monospace", fontsize=8)
    text(axes, 550, 78, "×2 larger, then\none mask a class", fontsize=8)
    arrow(axes, (476, 87), (501, 87))
    rows, columns = np.flatnonzero(scene.masks[0].any(1)), np.flatnonzero(scene.masks[0].any(0))
    crop = scene.masks[0][rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].float()
    for shift in (18, 12, 6, 0):
        extent = (628 + shift, 688 + shift, 54 + shift, 114 + shift)
        shown = crop if shift == 0 else crop * 0.35
        axes.imshow(shown, extent=extent, aspect="auto", cmap="magma", vmin=0, vmax=1, zorder=6 - shift / 6)
        axes.add_patch(
            Rectangle(extent[::2], 60, 60, fill=False, edgecolor="white", linewidth=1, zorder=6.5 - shift / 6)
        )
    arrow(axes, (601, 87), (626, 87))
    text(axes, 714, 41, "28×28 for each class", fontsize=8, ha="right")
    axes.add_patch(
        FancyArrowPatch(
            (678, 232), (668, 136), arrowstyle="-|>", mutation_scale=11, color=ORANGE, linewidth=1.4, linestyle="--"
        )
    )
    text(axes, 664, 192, "the class\npicks\nthe mask", color=ORANGE, ha="right", fontsize=8)
    text(axes, 573, 298, "new", color=GREEN, weight="bold")
    text(axes, 550, 44, "new", color=GREEN, weight="bold")
    text(axes, 10, 14, "Losses:", ha="left", weight="bold", fontsize=8)
    mono = {"family": "monospace", "ha": "left", "fontsize": 7.6}
    text(axes, 58, 14, "loss_objectness + loss_rpn_box_reg", color=GREY, **mono)
    text(axes, 286, 14, "+ loss_classifier + loss_box_reg", color=GREEN, **mono)
    text(axes, 500, 14, "+ loss_mask", color=ORANGE, **mono)
    figure.canvas.draw()
    axes.set(xlim=(0, 720), ylim=(0, 316))
    save(figure, "mask_rcnn.png")


def _bins(axes: Axes, corners: tuple[float, float, float, float], colour: str, *, points: bool) -> None:
    """Draw a box divided into 3×3 bins, with four points in each where told."""
    left, bottom, right, top = corners
    for part in range(4):
        x, y = left + (right - left) * part / 3, bottom + (top - bottom) * part / 3
        width = 2.2 if part in {0, 3} else 1.0
        axes.plot([x, x], [bottom, top], color=colour, linewidth=width, zorder=4)
        axes.plot([left, right], [y, y], color=colour, linewidth=width, zorder=4)
    if points:
        steps = (np.arange(6) + 0.5) / 6
        xs, ys = np.meshgrid(left + (right - left) * steps, bottom + (top - bottom) * steps)
        axes.scatter(xs, ys, s=9, color=colour, zorder=5)


def roialign() -> None:
    """Draw a proposal on a coarse feature map: rounded to whole cells, and as it is with its sampling points."""
    figure, axes = canvas(700, 300)
    cell, count = 34, 7
    proposal = (1.3, 0.6, 5.62, 5.45)  # in cells
    for x0, title in ((12, "RoIPool: rounded"), (276, "RoIAlign: as it is")):
        y0 = 30
        grid(axes, x0, y0, cell * count, count, edge="#9db8c9", fill="#f1f7fb")
        left, bottom, right, top = (cell * n for n in proposal)
        real = (x0 + left, y0 + bottom, x0 + right, y0 + top)
        if x0 == 12:
            low, high = (round(n) for n in proposal[:2]), (round(n) for n in proposal[2:])
            rounded = [cell * n for n in (*low, *high)]
            corners = (x0 + rounded[0], y0 + rounded[1], x0 + rounded[2], y0 + rounded[3])
            axes.add_patch(
                Rectangle(
                    (corners[0], corners[1]), corners[2] - corners[0], corners[3] - corners[1], facecolor=PALE_ORANGE
                )
            )
            left, bottom, right, top = corners
            edges_x = [left + cell * n for n in (0, 1, 3, 5)]
            edges_y = [bottom + cell * n for n in (0, 1, 2, 4)]
            for number, (x, y) in enumerate(zip(edges_x, edges_y)):
                width = 2.2 if number in {0, 3} else 1.0
                axes.plot([x, x], [bottom, top], color=ORANGE, linewidth=width)
                axes.plot([left, right], [y, y], color=ORANGE, linewidth=width)
            axes.add_patch(
                Rectangle(
                    (real[0], real[1]),
                    real[2] - real[0],
                    real[3] - real[1],
                    fill=False,
                    edgecolor=INK,
                    linewidth=1.6,
                    linestyle="--",
                    zorder=6,
                )
            )
        else:
            _bins(axes, real, BLUE, points=True)
        text(axes, x0 + cell * count / 2, 285, title, weight="bold", fontsize=10, color=ORANGE if x0 == 12 else BLUE)
    text(axes, 131, 15, "dashed: the proposal; orange: what is taken", color=GREY, fontsize=8)
    text(axes, 395, 15, "the proposal, its bins, four points in each", color=GREY, fontsize=8)

    x, y, side = 556, 128, 108
    for dx in (0, side):
        for dy in (0, side):
            axes.add_patch(Rectangle((x + dx - 6, y + dy - 6), 12, 12, facecolor="#9db8c9", edgecolor=INK, linewidth=1))
    axes.add_patch(Rectangle((x, y), side, side, fill=False, edgecolor="#9db8c9", linewidth=1))
    px, py = x + 0.7 * side, y + 0.4 * side
    axes.plot([px, px], [y, y + side], color=GREY, linestyle=":", linewidth=1)
    axes.plot([x, x + side], [py, py], color=GREY, linestyle=":", linewidth=1)
    axes.scatter([px], [py], s=46, color=BLUE, zorder=6)
    for (cx, cy), name, horizontal, vertical in (
        ((x, y + side), "0.3 · 0.4", "center", "bottom"),
        ((x + side, y + side), "0.7 · 0.4", "center", "bottom"),
        ((x, y), "0.3 · 0.6", "center", "top"),
        ((x + side, y), "0.7 · 0.6", "center", "top"),
    ):
        text(axes, cx, cy + (11 if vertical == "bottom" else -11), name, ha=horizontal, va=vertical, fontsize=8.5)
    text(axes, x + side / 2, 285, "one point: bilinear", weight="bold", fontsize=10, color=BLUE)
    text(
        axes,
        x + side / 2,
        68,
        "the four cells around it,\nweighted by how near each is;\nthe weights add up to 1",
        fontsize=7.5,
    )
    save(figure, "roialign.png")


if __name__ == "__main__":
    mask_rcnn()
    roialign()

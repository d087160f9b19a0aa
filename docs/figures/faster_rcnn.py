"""Draw the figures of the assignment `faster_rcnn` into source/faster_rcnn/figures: python docs/figures/faster_rcnn.py.

They are 700 points wide in the notebook and drawn at twice that resolution.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = ROOT / "source" / "faster_rcnn"
sys.path.insert(0, str(ASSIGNMENT))

from digits import training_digits  # noqa: E402 - the folder comes first
from scenes import make_scenes  # noqa: E402

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
    style = f"arc3,rad={bend}"
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=INK, linewidth=1.4, connectionstyle=style
        )
    )


def iou() -> None:
    """Draw three pairs of boxes with their IoU, the intersection shaded."""
    figure, axes = canvas(700, 230)
    a = (0.0, 0.0, 100.0, 100.0)
    pairs = [(50.0, 50.0, 150.0, 150.0), (33.4, 0.0, 133.4, 100.0), (2.6, 2.6, 102.6, 102.6)]
    for index, b in enumerate(pairs):
        x0, y0 = 45 + 235 * index, 60
        left, bottom, right, top = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
        both = (right - left) * (top - bottom)
        value = both / (2 * 100 * 100 - both)
        axes.add_patch(Rectangle((x0 + left, y0 + bottom), right - left, top - bottom, facecolor=PALE_GREEN))
        axes.add_patch(Rectangle((x0, y0), 100, 100, fill=False, edgecolor=BLUE, linewidth=2.2))
        axes.add_patch(
            Rectangle((x0 + b[0], y0 + b[1]), 100, 100, fill=False, edgecolor=ORANGE, linewidth=2.2, linestyle="--")
        )
        axes.text(x0 + 66, 22, f"IoU = {value:.2f}", ha="center", fontsize=11, color=INK, weight="bold")
        axes.text(x0 + 4, y0 - 14, "A", color=BLUE, fontsize=10, weight="bold")
        axes.text(x0 + b[2] + 4, y0 + b[3] - 8, "B", color=ORANGE, fontsize=10, weight="bold")
        if index == 0:
            axes.text(x0 + 75, y0 + 70, "A ∩ B", ha="center", color=GREEN, fontsize=9)
    save(figure, "iou.png")


def faster_rcnn() -> None:
    """Draw the way of a picture through Faster R-CNN."""
    figure, axes = canvas(720, 262)
    digits = training_digits(ROOT / "data")
    scene = make_scenes(digits.images[:50_000], digits.labels[:50_000], 8, seed=1)[0]
    axes.imshow(scene.image.permute(1, 2, 0), extent=(12, 122, 120, 230), aspect="auto", zorder=1)
    axes.text(67, 238, "picture", ha="center", fontsize=9, color=INK)

    for level, (side, name) in enumerate(((78, "1/4"), (52, "1/8"), (34, "1/16"))):
        x, y = 168 + 14 * level, 122 + 34 * level
        for shift in (6, 3, 0):
            axes.add_patch(
                Rectangle(
                    (x + shift, y + shift), side, side * 0.55, facecolor=PALE_BLUE, edgecolor=BLUE, zorder=3 - level
                )
            )
        axes.text(x + side + 10, y + side * 0.55 - 8, name, fontsize=7, color=BLUE, zorder=6)
    axes.text(208, 238, "1 · feature pyramid", ha="center", fontsize=9, color=INK)
    arrow(axes, (124, 175), (162, 175))

    box(axes, 300, 150, 104, 66, PALE_ORANGE, ORANGE)
    axes.text(352, 183, "anchors:\nsomething there?\nmove, stretch", ha="center", va="center", fontsize=8, color=INK)
    axes.text(352, 238, "2 · region proposals", ha="center", fontsize=9, color=INK)
    arrow(axes, (272, 183), (298, 183))

    for row in range(7):
        for column in range(7):
            axes.add_patch(
                Rectangle((440 + 9 * column, 152 + 9 * row), 9, 9, facecolor=PALE_BLUE, edgecolor=BLUE, linewidth=0.6)
            )
    axes.text(472, 238, "3 · RoIAlign", ha="center", fontsize=9, color=INK)
    axes.text(472, 139, "7×7 cells of each", ha="center", fontsize=8, color=GREY)
    arrow(axes, (406, 183), (438, 183))
    arrow(axes, (215, 118), (470, 128), bend=0.22)
    axes.text(345, 68, "features under the proposal", ha="center", fontsize=8, color=GREY)

    box(axes, 534, 150, 52, 66, PALE_GREY, GREY)
    axes.text(560, 183, "two\nlinear\nlayers", ha="center", va="center", fontsize=8, color=INK)
    axes.text(590, 246, "4 · box head", ha="center", fontsize=9, color=INK)
    arrow(axes, (505, 183), (532, 183))
    for y, name, what in ((196, "cls_score", "what is it?"), (132, "bbox_pred", "where exactly?")):
        box(axes, 612, y - 4, 100, 42, PALE_GREEN, GREEN)
        axes.text(662, y + 24, name, ha="center", va="center", fontsize=8, color=GREEN, family="monospace")
        axes.text(662, y + 9, what, ha="center", va="center", fontsize=8, color=INK)
        arrow(axes, (588, 183), (610, y + 17))
    axes.text(662, 112, "the new predictor", ha="center", fontsize=8, color=GREEN, weight="bold")
    axes.text(12, 20, "Losses:", fontsize=8.5, color=INK, weight="bold")
    axes.text(66, 20, "loss_objectness, loss_rpn_box_reg", fontsize=8.5, color=ORANGE, family="monospace")
    axes.text(304, 20, "+", fontsize=8.5, color=INK)
    axes.text(320, 20, "loss_classifier, loss_box_reg", fontsize=8.5, color=GREEN, family="monospace")
    save(figure, "faster_rcnn.png")


if __name__ == "__main__":
    iou()
    faster_rcnn()

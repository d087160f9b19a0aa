"""Draw the figures of the assignment `mlp` into source/mlp/figures: python docs/figures/mlp.py.

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
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "source" / "mlp" / "figures"
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
    shape = FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=6", facecolor=fill, edgecolor=edge, linewidth=1.2
    )
    axes.add_patch(shape)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, bend: float = 0.0
) -> None:
    """Draw an arrow."""
    style = f"arc3,rad={bend}"
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linewidth=1.4, connectionstyle=style
        )
    )


def first_digits(count: int) -> tuple[np.ndarray, list[int]]:
    """Return the first training digits and their labels."""
    sys.path.insert(0, str(ROOT / "source" / "mlp"))
    from digits import training_digits  # noqa: PLC0415 - the assignment's own module, found by path

    digits = training_digits(ROOT / "data")
    return digits.images[:count].numpy(), digits.labels[:count].tolist()


def draw_split() -> None:
    """60,000 training digits in two piles, and the pile that stays with the graders."""
    figure, axes = canvas(700, 150)
    left, scale = 20, 660 / 70_000
    piles = (
        (0, 50_000, PALE_BLUE, BLUE, "50,000 to learn from", "train_loader", "the network learns from them"),
        (50_000, 10_000, PALE_ORANGE, ORANGE, "10,000 to\ncheck on", "valid_loader", "you look"),
        (60_000, 10_000, PALE_GREY, GREY, "10,000\nunseen", "graders only", "nobody looks"),
    )
    for start, count, fill, edge, text, name, who in piles:
        x, width = left + start * scale, count * scale
        box(axes, x + 2, 50, width - 4, 56, fill, edge)
        axes.text(x + width / 2, 78, text, ha="center", va="center", fontsize=11, color=INK)
        mono = "monospace" if "_" in name else "sans-serif"
        axes.text(x + width / 2, 34, name, ha="center", va="center", fontsize=8.5, color=edge, family=mono)
        axes.text(x + width / 2, 15, who, ha="center", va="center", fontsize=8.5, color=edge)
    axes.annotate("", (left, 122), (left + 60_000 * scale, 122), arrowprops={"arrowstyle": "<->", "color": INK})
    axes.text(
        left + 30_000 * scale, 134, "the 60,000 that training_digits() gives you", ha="center", va="center", fontsize=10
    )
    save(figure, "split.png")


def units(axes: Axes, x: float, centre: float, shown: int, gap: float, colour: str, dots: bool = True) -> list[float]:
    """Draw a column of units, with three dots in the middle where `dots`; return their heights."""
    heights = [centre + ((shown - 1) / 2 - index) * gap for index in range(shown)]
    middle = shown // 2
    kept = []
    for index, y in enumerate(heights):
        if dots and index == middle:
            for step in (-5, 0, 5):
                axes.plot(x, y + step, ".", color=GREY, markersize=3)
            continue
        axes.plot(x, y, "o", color=colour, markersize=9, markeredgecolor="white", zorder=3)
        kept.append(y)
    return kept


def draw_network() -> None:
    """784-500-500-10 with the shapes of its weights."""
    figure, axes = canvas(700, 400)
    axes.set_ylim(-10, 390)
    images, labels = first_digits(1)
    centre = 205
    axes.imshow(images[0], cmap="gray_r", extent=(12, 104, centre - 46, centre + 46), aspect="auto", zorder=2)
    axes.plot(
        [12, 104, 104, 12, 12],
        [centre - 46, centre - 46, centre + 46, centre + 46, centre - 46],
        color=GREY,
        linewidth=1,
    )
    axes.text(58, centre - 62, "image", ha="center", fontsize=10, color=INK)
    axes.text(58, centre - 78, "1 × 28 × 28", ha="center", fontsize=10, color=GREY)
    arrow(axes, (110, centre), (160, centre))
    axes.text(134, centre + 9, "flatten", ha="center", fontsize=9.5)

    columns = {
        178: (11, 24, GREY, True),
        330: (9, 28, BLUE, True),
        480: (9, 28, BLUE, True),
        610: (10, 25, ORANGE, False),
    }
    places = {x: units(axes, x, centre, *rest) for x, rest in columns.items()}
    xs = list(places)
    for a, b in zip(xs, xs[1:]):
        for ya in places[a]:
            for yb in places[b]:
                axes.plot([a, b], [ya, yb], color=GREY, linewidth=0.35, alpha=0.55, zorder=1)
    logits = [-1.0, -2.2, -0.3, 2.9, -3.0, 4.6, -2.6, -0.8, 0.4, -1.4]
    for digit, (y, value) in enumerate(zip(places[610], logits)):
        right = digit == labels[0]
        axes.text(624, y, str(digit), va="center", fontsize=10, weight="bold" if right else "normal", color=INK)
        start = 658
        axes.barh(y, value * 7, left=start, height=12, color=ORANGE if right else "#b0b0b0", zorder=2)
    axes.plot([658, 658], [centre - 126, centre + 126], color=INK, linewidth=0.8)

    titles = {
        178: ("784", "pixels", GREY),
        330: ("500", "hidden units", BLUE),
        480: ("500", "hidden units", BLUE),
        610: ("10", "logits", ORANGE),
    }
    for x, (size, what, colour) in titles.items():
        axes.text(x, 362, size, ha="center", fontsize=15, weight="bold", color=colour)
        axes.text(x, 345, what, ha="center", fontsize=9.5, color=colour)
    layers = (
        (254, "Linear + ReLU", "$W_1$: 500 × 784", "$b_1$: 500"),
        (405, "Linear + ReLU", "$W_2$: 500 × 500", "$b_2$: 500"),
        (547, "Linear", "$W_3$: 10 × 500", "$b_3$: 10"),
    )
    for x, name, weights, bias in layers:
        axes.text(x, 54, name, ha="center", fontsize=10.5, weight="bold", color=INK)
        axes.text(x, 37, weights, ha="center", fontsize=10, color=INK)
        axes.text(x, 21, bias, ha="center", fontsize=10, color=INK)
    for start, end, name in ((196, 462, "hidden_layer"), (500, 596, "output_layer")):
        axes.plot([start, end], [13, 13], color=GREEN, linewidth=1.5)
        axes.text((start + end) / 2, 0, name, ha="center", fontsize=9, family="monospace", color=GREEN)
    save(figure, "mlp.png")


def draw_cross_entropy() -> None:
    """From three logits over three probabilities to the loss, and the loss as a curve."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.6, 2.8), width_ratios=(1, 1, 1.5))
    logits = np.array([2.0, -1.0, 0.5])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    names, colours = ["3", "5", "8"], [ORANGE, "#b0b0b0", "#b0b0b0"]
    for axes, values, title, form in (
        (left, logits, "logits $z$", "{:.1f}"),
        (middle, probabilities, "probabilities $p$", "{:.2f}"),
    ):
        bars = axes.bar(names, values, color=colours)
        axes.bar_label(bars, [form.format(value) for value in values], padding=2, fontsize=9)
        axes.set_title(title, fontsize=11)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xlabel("class (right: 3)", fontsize=9.5)
        axes.margins(y=0.18)
        axes.spines[["top", "right"]].set_visible(False)
    middle.set_ylim(0, 1)
    left.annotate(
        "softmax", (1.2, 0.58), xycoords="axes fraction", fontsize=9, va="center", ha="center", annotation_clip=False
    )
    left.annotate(
        "", (1.36, 0.5), (1.04, 0.5), xycoords="axes fraction", arrowprops={"arrowstyle": "-|>", "color": INK}
    )
    curve = np.linspace(0.008, 1, 400)
    right.plot(curve, -np.log(curve), color=BLUE, linewidth=2)
    p = probabilities[0]
    right.plot([p, p], [0, -np.log(p)], color=ORANGE, linestyle=":", linewidth=1.5)
    right.plot(p, -np.log(p), "o", color=ORANGE, markersize=8)
    right.annotate(
        f"p = {p:.2f}: loss {-np.log(p):.2f}",
        (p, -np.log(p)),
        (0.42, 1.45),
        fontsize=9.5,
        color=ORANGE,
        arrowprops={"arrowstyle": "-", "color": ORANGE},
    )
    right.plot(0.1, np.log(10), "s", color=GREEN, markersize=7)
    right.annotate(
        "knows nothing: p = 1/10,\nloss log 10 = 2.30",
        (0.1, np.log(10)),
        (0.24, 3.1),
        fontsize=9.5,
        color=GREEN,
        arrowprops={"arrowstyle": "-", "color": GREEN},
    )
    right.set_title("loss = $-\\log p$ of the right class", fontsize=11)
    right.set(xlabel="probability of the right class", ylim=(0, 4.7), xlim=(0, 1.02))
    right.spines[["top", "right"]].set_visible(False)
    figure.subplots_adjust(left=0.06, right=0.985, top=0.88, bottom=0.2, wspace=0.52)
    save(figure, "cross_entropy.png")


def draw_training_loop() -> None:
    """Five steps in a ring, one turn a batch."""
    figure, axes = canvas(700, 230)
    steps = (
        ("1", "optimizer.zero_grad()", "forget old gradients", PALE_GREY, GREY),
        ("2", "logits = model(images)", "forward: 784 → 10", PALE_BLUE, BLUE),
        ("3", "criterion(logits, labels)", "how wrong?", PALE_ORANGE, ORANGE),
        ("4", "loss.backward()", "one gradient per weight", PALE_BLUE, BLUE),
        ("5", "optimizer.step()", "a small step downhill", PALE_GREEN, GREEN),
    )
    places = ((60, 118), (270, 118), (480, 118), (375, 20), (165, 20))
    width, height = 182, 72
    for (number, call, meaning, fill, edge), (x, y) in zip(steps, places):
        box(axes, x, y, width, height, fill, edge)
        axes.text(x + 10, y + height - 13, number, fontsize=11, weight="bold", color=edge, va="center")
        axes.text(x + width / 2, y + 36, call, fontsize=8.1, family="monospace", ha="center", va="center", color=INK)
        axes.text(x + width / 2, y + 14, meaning, fontsize=9.5, ha="center", va="center", color=INK)
    arrow(axes, (60 + width + 3, 154), (270 - 3, 154))
    arrow(axes, (270 + width + 3, 154), (480 - 3, 154))
    arrow(axes, (580, 116), (375 + width + 3, 56), bend=-0.3)
    arrow(axes, (375 - 3, 56), (165 + width + 3, 56))
    arrow(axes, (165 - 3, 56), (146, 116), bend=-0.3)
    arrow(axes, (8, 154), (57, 154), colour=GREY)
    axes.text(6, 164, "a batch", fontsize=9.5, color=GREY)
    axes.text(18, 72, "next batch;\nafter the last one\nthe epoch is over", fontsize=9.5, color=INK, va="center")
    axes.text(
        350,
        212,
        "one turn for each batch of 128 images: 391 turns make an epoch",
        fontsize=10.5,
        ha="center",
        color=INK,
    )
    save(figure, "training_loop.png")


if __name__ == "__main__":
    for draw in (draw_split, draw_network, draw_cross_entropy, draw_training_loop):
        draw()

"""Draw the figures of the assignment parameter_counting; run `python docs/figures/parameter_counting.py`.

Each is 7 inches wide at 200 dots per inch: the notebook shows it 700 pixels wide, sharp on dense screens too.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

OUTPUT = Path(__file__).parents[2] / "source" / "parameter_counting" / "figures"

# Okabe and Ito's colours, which people with any colour vision tell apart
BLUE, ORANGE, GREEN, RED, SKY, PINK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
INK, GREY, PALE = "#222222", "#777777", "#F2F2F2"
LIGHT = {BLUE: "#CFE5F3", ORANGE: "#FBE7BD", GREEN: "#CDEBE1", RED: "#F8D9C6", SKY: "#DDF0FB", PINK: "#F4DFEA"}


def canvas(height: float) -> Axes:
    """Return axes of 7 × height whose unit is the inch."""
    figure = plt.figure(figsize=(7, height), dpi=200, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 7), ylim=(0, height))
    axes.axis("off")
    return axes


def write(axes: Axes, x: float, y: float, text: str, size: float = 9, **style: object) -> None:
    """Write text, centred unless told otherwise."""
    axes.text(
        x, y, text, **{"ha": "center", "va": "center", "fontsize": size, "color": INK, "linespacing": 1.35, **style}
    )


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, width: float = 1.3
) -> None:
    """Draw an arrow."""
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, lw=width, color=colour, shrinkA=0, shrinkB=0)
    )


def box(axes: Axes, x: float, y: float, size: tuple[float, float], colour: str, *, dashed: bool = False) -> None:
    """Draw a rounded box; (x, y) is its centre."""
    w, h = size
    axes.add_patch(
        FancyBboxPatch(
            (x - w / 2, y - h / 2), w, h, boxstyle="round,pad=0,rounding_size=0.06", fc=LIGHT.get(colour, PALE),
            ec=colour, lw=1.4, ls="--" if dashed else "-",
        )
    )  # fmt: skip


def unit(axes: Axes, x: float, y: float, colour: str, *, label: str = "", radius: float = 0.17) -> None:
    """Draw one unit of a network."""
    axes.add_patch(plt.Circle((x, y), radius, fc=LIGHT[colour], ec=colour, lw=1.4, zorder=3))
    write(axes, x, y, label, 9, zorder=4)


def grid(
    axes: Axes, x: float, y: float, *, rows: int, columns: int, cell: float, colour: str, fill: str | None = None
) -> None:
    """Draw cells; (x, y) is the lower left corner."""
    for row in range(rows):
        for column in range(columns):
            corner = (x + column * cell, y + row * cell)
            axes.add_patch(Rectangle(corner, cell, cell, fc=fill or LIGHT[colour], ec=colour, lw=0.8))


def maps(axes: Axes, x: float, y: float, *, side: float, sheets: int, colour: str, step: float = 0.055) -> float:
    """Draw a stack of feature maps centred on (x, y); return its half width."""
    depth = (sheets - 1) * step
    left, low = x - (side + depth) / 2, y - (side + depth) / 2
    for sheet in reversed(range(sheets)):
        corner = (left + sheet * step, low + sheet * step)
        axes.add_patch(Rectangle(corner, side, side, fc=LIGHT[colour], ec=colour, lw=1.1))
    return (side + depth) / 2


def linear() -> None:
    """Linear(3, 2): each arrow is a weight, each output has a bias."""
    axes = canvas(2.75)
    colours = (BLUE, RED)
    inputs, outputs = [(1.0, 2.05), (1.0, 1.4), (1.0, 0.75)], [(3.1, 1.75), (3.1, 1.05)]
    for (x, y), colour in zip(outputs, colours, strict=True):
        for start in inputs:
            arrow(axes, (start[0] + 0.18, start[1]), (x - 0.19, y), colour, 1.2)
    for index, place in enumerate(inputs, start=1):
        unit(axes, *place, GREEN, label=f"$x_{index}$")
    for index, ((x, y), colour) in enumerate(zip(outputs, colours, strict=True), start=1):
        unit(axes, x, y, colour, label=f"$y_{index}$")
        sign = 1 if index == 1 else -1
        box(axes, x, y + sign * 0.55, (0.38, 0.28), colour)
        write(axes, x, y + sign * 0.55, f"$b_{index}$")
        arrow(axes, (x, y + sign * 0.4), (x, y + sign * 0.19), colour, 1.2)
    write(axes, 1.0, 2.5, "3 inputs", weight="bold")
    write(axes, 1.9, 0.28, "each long arrow: one weight", 8.5, color=GREY)
    write(axes, 3.4, 1.4, "2 outputs", weight="bold", ha="left")
    write(axes, 5.72, 2.5, "what nn.Linear(3, 2) stores", weight="bold")
    for row, colour in enumerate(colours):
        for column in range(3):
            corner = (4.75 + column * 0.4, 1.55 - row * 0.4)
            axes.add_patch(Rectangle(corner, 0.4, 0.4, fc=LIGHT[colour], ec=colour, lw=1))
            write(axes, corner[0] + 0.2, corner[1] + 0.2, f"$w_{{{row + 1}{column + 1}}}$", 8.5)
        corner = (6.25, 1.55 - row * 0.4)
        axes.add_patch(Rectangle(corner, 0.4, 0.4, fc=LIGHT[colour], ec=colour, lw=1))
        write(axes, corner[0] + 0.2, corner[1] + 0.2, f"$b_{row + 1}$", 8.5)
    write(axes, 5.35, 2.12, "weight [2, 3]", 8.5)
    write(axes, 6.45, 2.12, "bias [2]", 8.5)
    write(axes, 5.72, 0.72, "one row and one bias\nfor each output", 8.5, color=GREY)
    save(axes, "linear")


def kernel() -> None:
    """One kernel has a slice for each input channel, and one bias; it makes one output channel."""
    axes = canvas(3.35)
    cell = 0.15
    names = ((RED, "channel 1"), (GREEN, "channel 2"), (BLUE, "channel 3"))
    for index, (colour, name) in enumerate(names):
        y = 2.12 - index * 0.97
        grid(axes, 0.95, y, rows=5, columns=5, cell=cell, colour=colour, fill="white")
        grid(axes, 0.95 + cell, y + cell, rows=3, columns=3, cell=cell, colour=colour)
        write(axes, 0.88, y + 2.5 * cell, name, 8.5, ha="right", color=colour, weight="bold")
        grid(axes, 2.55, y + cell, rows=3, columns=3, cell=cell, colour=colour)
        arrow(axes, (1.75, y + 2.5 * cell), (2.5, y + 2.5 * cell), GREY, 1)
        write(axes, 3.08, y + 2.5 * cell, "3·3 weights", 8.5, ha="left")
        arrow(axes, (3.88, y + 2.5 * cell), (4.42, 1.56 + (1 - index) * 0.12), GREY, 1)
    axes.add_patch(plt.Circle((4.6, 1.56), 0.2, fc="white", ec=INK, lw=1.3))
    write(axes, 4.6, 1.56, "+", 13)
    box(axes, 4.6, 2.28, (0.62, 0.3), ORANGE)
    write(axes, 4.6, 2.28, "1 bias", 8.5)
    arrow(axes, (4.6, 2.12), (4.6, 1.78), GREY, 1)
    arrow(axes, (4.82, 1.56), (5.68, 1.56), GREY, 1)
    grid(axes, 5.72, 1.56 - 1.5 * cell, rows=3, columns=3, cell=cell, colour=PINK, fill="white")
    axes.add_patch(Rectangle((5.72 + cell, 1.56 - cell / 2), cell, cell, fc=PINK, ec=PINK))
    write(axes, 5.95, 2.05, "1 output channel", 8.5, weight="bold")
    write(axes, 5.95, 1.02, "the kernel slides on:\nthe same weights\nat every place", 8.5, va="center", color=GREY)
    write(axes, 1.33, 3.12, "input, 3 channels", weight="bold")
    write(axes, 2.95, 3.12, "ONE kernel: 3 slices", weight="bold")
    write(
        axes,
        5.45,
        0.25,
        ("A second kernel, with 3 slices and a bias\nof its own, makes the second output channel."),
        8.5,
    )
    save(axes, "kernel")


def output_size() -> None:
    """How many places a window has: without padding, with padding, with a stride."""
    axes = canvas(3.3)
    cell = 0.2
    for x, zeros, title in ((0.55, 0, "no padding"), (2.25, 1, "padding 1")):
        side = 5 + 2 * zeros
        low = 1.8 - side * cell / 2
        grid(axes, x, low, rows=side, columns=side, cell=cell, colour=GREY, fill="white")
        grid(axes, x + zeros * cell, low + zeros * cell, rows=5, columns=5, cell=cell, colour=BLUE)
        if zeros:
            for i in range(side):
                for j in range(side):
                    if i in (0, side - 1) or j in (0, side - 1):
                        write(axes, x + (i + 0.5) * cell, low + (j + 0.5) * cell, "0", 7, color=GREY)
        top = low + side * cell
        axes.add_patch(Rectangle((x, top - 3 * cell), 3 * cell, 3 * cell, fc="none", ec=RED, lw=2.2, zorder=5))
        write(axes, x + side * cell / 2, 3.02, title, weight="bold")
        sizes = "5×5 → 3×3" if zeros == 0 else "5×5 → 5×5"
        write(axes, x + side * cell / 2, 0.72, sizes, 9)
        write(axes, x + side * cell / 2, 0.45, f"{3 + 2 * zeros} places in a row", 8.5, color=GREY)
    write(axes, 2.0, 0.16, "red: the window, a kernel of 3×3", 8.5, color=GREY)
    axes.plot([4.08, 4.08], [0.2, 3.1], color="#CCCCCC", lw=1)
    write(axes, 5.55, 3.02, "stride 2, seen from the side", weight="bold")
    for size, y, left_over in ((7, 2.48, False), (8, 1.28, True)):
        x = 4.7
        for column in range(size):
            spare = left_over and column == size - 1
            fill = "white" if spare else LIGHT[BLUE]
            axes.add_patch(Rectangle((x + column * cell, y), cell, cell, fc=fill, ec=BLUE, lw=0.8))
        write(axes, x - 0.1, y + cell / 2, f"size {size}", 8.5, ha="right")
        for place in range(3):
            start = x + place * 2 * cell
            low = y - 0.12 - place * 0.12
            axes.plot([start + 0.015, start + 3 * cell - 0.015], [low, low], color=RED, lw=2.6, solid_capstyle="butt")
        end = "3 places" if not left_over else "3 places; the last\ncolumn is left over"
        write(axes, x + 0.0, y - 0.62 if not left_over else y - 0.72, end, 8.5, ha="left")
    write(axes, 5.55, 0.16, "red: a kernel of size 3 at each of its places", 8.5, color=GREY)
    save(axes, "output_size")


def groups() -> None:
    """With two groups each kernel sees only half of the input channels."""
    axes = canvas(2.7)
    for x, parts, title in ((0.0, 1, "groups = 1"), (3.5, 2, "groups = 2")):
        inputs = [(x + 0.95, 2.05 - 0.4 * i) for i in range(4)]
        outputs = [(x + 2.55, 2.05 - 0.4 * i) for i in range(4)]
        for o, (ox, oy) in enumerate(outputs):
            for i, (ix, iy) in enumerate(inputs):
                if parts == 1 or i // 2 == o // 2:
                    colour = BLUE if parts == 1 or o < 2 else RED
                    axes.plot([ix + 0.15, ox - 0.15], [iy, oy], color=colour, lw=1.1)
        for i, place in enumerate(inputs):
            unit(axes, *place, BLUE if parts == 1 or i < 2 else RED, radius=0.14)
        for o, place in enumerate(outputs):
            unit(axes, *place, BLUE if parts == 1 or o < 2 else RED, radius=0.14)
        write(axes, x + 1.75, 2.48, title, 10, weight="bold")
        write(axes, x + 0.95, 0.36, "4 input\nchannels", 8.5)
        write(axes, x + 2.55, 0.36, "4 output\nchannels", 8.5)
        write(axes, x + 1.75, 0.36, "each line:\none slice", 8.5, color=GREY)
    axes.plot([3.5, 3.5], [0.2, 2.5], color="#CCCCCC", lw=1)
    save(axes, "groups")


def what_counts() -> None:
    """Which of a model's tensors are trainable parameters, and how often a shared one counts."""
    axes = canvas(2.65)
    write(axes, 0.25, 2.42, "Which numbers does the optimiser change?", 10, ha="left", weight="bold")
    cards = (
        (0.98, GREEN, "Linear", "weight, bias", "count", False),
        (2.66, GREY, "Linear, frozen", "weight, bias\nrequires_grad = False", "do not count", True),
        (4.34, GREEN, "BatchNorm2d", "γ, β", "count", False),
        (6.02, GREEN, "the same Linear\nat two places", "one weight, one bias", "count once", False),
    )
    for x, colour, name, tensors, verdict, dashed in cards:
        box(axes, x, 1.5, (1.52, 1.0), colour, dashed=dashed)
        write(axes, x, 1.74, name, 9, weight="bold")
        write(axes, x, 1.27, tensors, 8)
        write(axes, x, 0.84, verdict, 9, color="#00664B" if colour == GREEN else GREY, weight="bold")
    box(axes, 4.34, 0.42, (1.52, 0.42), GREY, dashed=True)
    write(axes, 4.34, 0.42, "running mean, variance", 7.6)
    write(axes, 5.2, 0.42, "buffers: do not count", 9, ha="left", color=GREY, weight="bold")
    save(axes, "what_counts")


def mlp() -> None:
    """Draw the network 784-500-500-10."""
    axes = canvas(2.85)
    columns = ((0.95, 784, GREEN, "input"), (2.75, 500, BLUE, "hidden layer 1"), (4.55, 500, BLUE, "hidden layer 2"),
               (6.25, 10, RED, "output"))  # fmt: skip
    heights = {784: (2.25, 1.93, 1.61, 0.88), 500: (2.1, 1.78, 1.1), 10: (1.95, 1.63, 1.1)}
    for (x, size, _, _), (next_x, next_size, _, _) in pairwise(columns):
        for y in heights[size]:
            for next_y in heights[next_size]:
                axes.plot([x + 0.13, next_x - 0.13], [y, next_y], color="#B5B5B5", lw=0.6, zorder=1)
    for x, size, colour, name in columns:
        rows = heights[size]
        for y in rows:
            unit(axes, x, y, colour, radius=0.125)
        write(axes, x, (rows[-2] + rows[-1]) / 2, "⋮", 13)
        write(axes, x, 0.5, f"{size}", 12, weight="bold", color={GREEN: "#00664B"}.get(colour, colour))
        write(axes, x, 2.62, name, 9, weight="bold")
        write(axes, x, 0.22, "28·28 pixels" if size == 784 else "classes" if size == 10 else "units", 8.5, color=GREY)
    for x, text in ((1.85, "Linear\n+ ReLU"), (3.65, "Linear\n+ ReLU"), (5.4, "Linear")):
        write(axes, x, 0.5, text, 8.5)
    save(axes, "mlp")


def cnn(name: str, stages: list[tuple[str, float, int]], arrows: list[str], inputs: str, classes: int) -> None:
    """Draw a network of two convolutions, two poolings and a fully connected layer.

    Each stage is (its size, side in the picture, sheets); each arrow is labelled with what happens there.
    """
    axes = canvas(2.5)
    middle = 1.32
    colours = (GREEN, BLUE, BLUE, ORANGE, ORANGE)
    places = (0.48, 1.62, 2.86, 3.88, 4.92)
    edges = []
    for x, (size, side, sheets), colour in zip(places, stages, colours, strict=True):
        half = maps(axes, x, middle, side=side, sheets=sheets, colour=colour)
        edges.append((x - half, x + half))
        write(axes, x, 0.32, size, 8.5, weight="bold")
    axes.add_patch(Rectangle((5.78, 0.72), 0.13, 1.2, fc=LIGHT[PINK], ec=PINK, lw=1.1))
    edges.append((5.78, 5.91))
    write(axes, 5.845, 0.32, inputs, 8.5, weight="bold")
    shown = min(classes, 5)
    for row in range(shown):
        unit(axes, 6.68, middle + 0.22 * (row - (shown - 1) / 2), RED, radius=0.08)
    edges.append((6.6, 6.76))
    write(axes, 6.68, 0.32, f"{classes}\nclasses", 8.5, weight="bold")
    for (_, start), (end, _), label in zip(edges, edges[1:], arrows, strict=False):
        arrow(axes, (start + 0.04, middle), (end - 0.04, middle))
        write(axes, (start + end) / 2, 2.22, label, 8)
    save(axes, name)


def small_cnn() -> None:
    """Draw the example of the walk-through."""
    cnn(
        "small_cnn",
        [("1 × 8 × 8\ninput", 0.62, 1), ("2 × 8 × 8", 0.62, 2), ("2 × 4 × 4", 0.42, 2), ("4 × 4 × 4", 0.42, 4),
         ("4 × 2 × 2", 0.28, 4)],
        ["2 kernels\n3×3, same\n+ ReLU", "max pool\n2×2", "4 kernels\n3×3, same\n+ ReLU", "max pool\n2×2", "flatten",
         "fully\nconnected"],
        "2·2·4\n= 16", 3,
    )  # fmt: skip


def question_6() -> None:
    """Draw the network of Question 6."""
    cnn(
        "question_6",
        [("1 × 28 × 28\ninput", 0.66, 1), ("16 × 28 × 28", 0.66, 5), ("16 × 14 × 14", 0.42, 5),
         ("32 × 14 × 14", 0.42, 8), ("32 × 7 × 7", 0.24, 8)],
        ["16 kernels\n5×5, same\n+ ReLU", "max pool\n2×2", "32 kernels\n5×5, same\n+ ReLU", "max pool\n2×2", "flatten",
         "fully\nconnected"],
        "7·7·32", 10,
    )  # fmt: skip


def save(axes: Axes, name: str) -> None:
    """Write the figure without a date in it, so that drawing it again changes nothing."""
    axes.figure.savefig(OUTPUT / f"{name}.png", dpi=200, metadata={"Software": None})
    plt.close(axes.figure)


FIGURES: tuple[Callable[[], None], ...] = (linear, kernel, output_size, groups, what_counts, mlp, small_cnn, question_6)

if __name__ == "__main__":
    mpl.rcParams["font.family"] = "DejaVu Sans"
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for draw in FIGURES:
        draw()

"""Pictures of scenes, boxes and losses: drawing only, the computing is in the notebook."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

__all__ = ["show_boxes", "show_comparison", "show_overlaps", "show_scenes"]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
_COLOURS = (
    "#56B4E9",
    "#E69F00",
    "#00FF9C",
    "#F0E442",
    "#FF6EC7",
    "#FFFFFF",
    "#B3A2FF",
    "#FF8C69",
    "#7FFFD4",
    "#C0FF33",
)


def show_scenes(
    images: Sequence[Tensor],
    targets: Sequence[Mapping[str, Tensor]],
    names: Sequence[str] | None = None,
    *,
    columns: int = 4,
    titles: Sequence[str] | None = None,
    size: float = 2.3,
) -> None:
    """Draw images [3, H, W] with the boxes (xyxy) of their targets or predictions: what each is, and its score if any.

    `names` gives the text of each label; without it, label 1 stands for the digit 0, and so on.
    """
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * size * (1.1 if titles else 1)), squeeze=False
    )
    for place in axes.flat:
        place.axis("off")
    for index, (place, image, target) in enumerate(zip(axes.flat, images, targets)):
        show_boxes(place, image, target, names)
        if titles:
            place.set_title(titles[index], fontsize=9)
    figure.tight_layout(pad=0.3)
    plt.show()


def show_boxes(
    place: Axes,
    image: Tensor,
    target: Mapping[str, Tensor],
    names: Sequence[str] | None = None,
    colour: str | None = None,
) -> None:
    """Draw one image with boxes into `place`; without a `colour` each label has its own."""
    place.imshow(image.permute(1, 2, 0))
    place.axis("off")
    labels = target["labels"].tolist() if "labels" in target else [None] * len(target["boxes"])
    scores = target["scores"].tolist() if "scores" in target else [None] * len(labels)
    for (left, top, right, bottom), label, score in zip(target["boxes"].tolist(), labels, scores):
        shade = colour or _COLOURS[(label or 0) % len(_COLOURS)]
        place.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="black", linewidth=3))
        place.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=shade, linewidth=1.6))
        if label is not None:
            text = names[label] if names else str(label - 1)
            text += f" {score:.0%}" if score is not None else ""
            box = {"facecolor": shade, "edgecolor": "none", "pad": 0.8}
            place.text(left, top - 1, text, fontsize=7, color="black", va="bottom", bbox=box, clip_on=True)


def show_overlaps(image: Tensor, boxes: Tensor, others: Tensor, overlaps: Tensor) -> None:
    """Draw `boxes` (blue, solid) and `others` (orange, dashed) on an image, beside it the matrix of their overlaps."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
    left.imshow(image.permute(1, 2, 0))
    left.axis("off")
    for group, colour, style, name in ((boxes, BLUE, "-", "a"), (others, ORANGE, "--", "b")):
        for number, (x1, y1, x2, y2) in enumerate(group.tolist()):
            left.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor="white", linewidth=3.4))
            left.add_patch(
                Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=2, linestyle=style)
            )
            box = {"facecolor": colour, "edgecolor": "none", "pad": 1}
            left.text(x1, y1, f"{name}{number}", color="white", fontsize=8, va="bottom", bbox=box)
    right.imshow(overlaps, cmap="Blues", vmin=0, vmax=1)
    for row, line in enumerate(overlaps.tolist()):
        for column, value in enumerate(line):
            colour = "white" if value > 0.6 else "black"
            right.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=9)
    right.set_xticks(range(len(others)), [f"b{n}" for n in range(len(others))])
    right.set_yticks(range(len(boxes)), [f"a{n}" for n in range(len(boxes))])
    right.set_title("intersection over union", fontsize=10)
    figure.tight_layout()
    plt.show()


def show_comparison(histories: Mapping[str, Sequence[float]], precisions: Mapping[str, tuple[float, float]]) -> None:
    """Draw the loss of several runs by epoch, and what each run can do: (finding, finding and naming) in [0, 1]."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.3))
    for (name, losses), colour, style in zip(histories.items(), (BLUE, ORANGE, GREEN), ("o-", "s--", "^:")):
        left.plot(range(1, len(losses) + 1), losses, style, color=colour, label=name)
    left.set(xlabel="epoch", ylabel="mean loss", ylim=(0, None))
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend(frameon=False)
    left.grid(alpha=0.3)
    for index, (name, colour) in enumerate(zip(precisions, (BLUE, ORANGE, GREEN))):
        bars = right.barh([index - 0.18, index + 0.18], precisions[name], height=0.34, color=colour, alpha=0.9)
        bars[1].set_hatch("//")
        bars[1].set_edgecolor("white")
        texts = [f"{what} {part:.0%}" for what, part in zip(("found", "found and named"), precisions[name])]
        right.bar_label(bars, texts, padding=3, fontsize=8)
    right.set_yticks(range(len(precisions)), list(precisions))
    right.invert_yaxis()
    right.set(xlim=(0, 1.45), xlabel="average precision", xticks=[0, 0.25, 0.5, 0.75, 1])
    for place in (left, right):
        place.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()

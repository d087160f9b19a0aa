"""Pictures of instances, masks and classes of pixels: drawing only, the computing is in the notebook."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.patches import Rectangle
from torch import Tensor

__all__ = [
    "show_class_masks",
    "show_comparison",
    "show_instances",
    "show_mask_path",
    "show_masks",
    "show_measures",
    "show_semantic",
]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
_INSTANCES = ("#56B4E9", "#E69F00", "#00FF9C", "#F0E442", "#FF6EC7", "#FFFFFF", "#B3A2FF", "#FF8C69")
_CLASSES = (
    *("#000000", "#56B4E9", "#E69F00", "#009E73", "#F0E442", "#D55E00"),
    *("#CC79A7", "#FFFFFF", "#0072B2", "#8C6D31", "#B3A2FF"),
)
"""Colours of the background and of the ten digits."""


def show_masks(image: Tensor, masks: Tensor, boxes: Tensor | None = None, titles: Sequence[str] | None = None) -> None:
    """Draw an image [3, H, W] and beside it each of its masks [N, H, W], with its box (xyxy) where there are boxes."""
    figure, axes = plt.subplots(1, 1 + len(masks), figsize=(2.0 * (1 + len(masks)), 2.2))
    axes[0].imshow(image.permute(1, 2, 0))
    axes[0].set_title("image", fontsize=9)
    for index, (place, mask) in enumerate(zip(axes[1:], masks)):
        place.imshow(mask, cmap=ListedColormap(["#222222", _INSTANCES[index % len(_INSTANCES)]]), vmin=0, vmax=1)
        if titles:
            place.set_title(titles[index], fontsize=9)
        if boxes is not None:
            left, top, right, bottom = boxes[index].tolist()
            _frame(place, (left, top, right, bottom), ORANGE)
    for place in axes:
        place.axis("off")
    figure.tight_layout(pad=0.4)
    plt.show()


def show_instances(
    images: Sequence[Tensor],
    instances: Sequence[Mapping[str, Tensor]],
    names: Sequence[str] | None = None,
    *,
    columns: int = 4,
    titles: Sequence[str] | None = None,
    size: float = 2.3,
) -> None:
    """Draw images [3, H, W] with the instances of their targets or predictions: masks, boxes, labels and any scores.

    `names` gives the text of each label; without it, label 1 stands for the digit 0, and so on.
    """
    rows = -(-len(images) // columns)
    height = rows * size * (1.1 if titles else 1)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, height), squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for index, (place, image, found) in enumerate(zip(axes.flat, images, instances)):
        _draw_instances(place, image, found, names)
        if titles:
            place.set_title(titles[index], fontsize=9)
    figure.tight_layout(pad=0.3)
    plt.show()


def show_mask_path(image: Tensor, box: Tensor, small: Tensor, pasted: Tensor) -> None:
    """Draw how a mask comes about: a box in the image, the branch's answer [28, 28], the mask [H, W] in place."""
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 2.9))
    left, top, right, bottom = box.tolist()
    axes[0].imshow(image.permute(1, 2, 0))
    _frame(axes[0], (left, top, right, bottom), "#56B4E9")
    axes[1].imshow(small, cmap="magma", vmin=0, vmax=1)
    shown = axes[2].imshow(pasted, cmap="magma", vmin=0, vmax=1)
    axes[2].contour(pasted, levels=[0.5], colors="#00FF9C", linewidths=1.5)
    titles = ("a detected box", f"its mask: {len(small)}×{len(small)} numbers", "stretched to the box; green: 0.5")
    for place, title in zip(axes, titles):
        place.set_title(title, fontsize=9)
        place.axis("off")
    figure.tight_layout()
    figure.colorbar(shown, ax=axes, fraction=0.03, pad=0.02, label="does this pixel belong to it?")
    plt.show()


def show_class_masks(masks: Tensor, shares: Tensor) -> None:
    """Draw the mask of each class [10, h, w] for one region, with how likely the box head finds that class."""
    figure, axes = plt.subplots(2, 5, figsize=(8.4, 3.9))
    best = int(shares.argmax())
    for digit, (place, mask, share) in enumerate(zip(axes.flat, masks, shares.tolist())):
        place.imshow(mask, cmap="magma", vmin=0, vmax=1)
        place.set_xticks([])
        place.set_yticks([])
        chosen = digit == best
        place.set_title(
            f"as a {digit} ({share:.0%})",
            fontsize=9,
            color=ORANGE if chosen else "black",
            weight="bold" * chosen or None,
        )
        for spine in place.spines.values():
            spine.set(color=ORANGE, linewidth=4 * chosen)
    figure.tight_layout()
    plt.show()


def show_comparison(
    histories: Mapping[str, Sequence[float]], precisions: Mapping[str, Mapping[str, float]], *, title: str = ""
) -> None:
    """Draw the loss of several runs by epoch, and what each run reaches: {run: {measure: value in [0, 1]}}."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.3))
    for (name, losses), colour, style in zip(histories.items(), (BLUE, ORANGE, GREEN), ("o-", "s--", "^:")):
        left.plot(range(1, len(losses) + 1), losses, style, color=colour, label=name)
    left.set(xlabel="epoch", ylabel="mean loss", ylim=(0, None))
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend(frameon=False)
    left.grid(alpha=0.3)
    _draw_bars(right, precisions)
    right.set_title(title, fontsize=10)
    left.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()


def show_measures(measures: Mapping[str, Mapping[str, float]]) -> None:
    """Draw {who: {measure: value in [0, 1]}} as bars."""
    figure, place = plt.subplots(figsize=(7.2, 0.7 + 0.8 * len(measures)))
    _draw_bars(place, measures)
    figure.tight_layout()
    plt.show()


def show_semantic(
    images: Sequence[Tensor],
    instances: Sequence[Mapping[str, Tensor]],
    predicted: Sequence[Tensor],
    targets: Sequence[Tensor],
) -> None:
    """Draw for each image [3, H, W] the instances, the class of each pixel [H, W] as predicted, and as it should be."""
    figure, axes = plt.subplots(len(images), 4, figsize=(8.4, 2.15 * len(images) + 0.5), squeeze=False)
    colours = ListedColormap(_CLASSES)
    for row, image, found, guess, target in zip(axes, images, instances, predicted, targets):
        row[0].imshow(image.permute(1, 2, 0))
        _draw_instances(row[1], image, found, None)
        for place, classes in zip(row[2:], (guess, target)):
            place.imshow(classes, cmap=colours, vmin=0, vmax=len(_CLASSES) - 1, interpolation="nearest")
        for place in row:
            place.axis("off")
    for place, title in zip(axes[0], ("image", "instances", "classes of pixels", "as it should be")):
        place.set_title(title, fontsize=10)
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=GREY, linewidth=0.8, label=str(digit))
        for digit, colour in enumerate(_CLASSES[1:])
    ]
    figure.tight_layout(pad=0.4, rect=(0, 0.32 / figure.get_figheight(), 1, 1))
    figure.legend(handles=handles, loc="lower center", ncols=10, frameon=False, fontsize=9, handlelength=1.2)
    plt.show()


def _draw_instances(
    place: Axes, image: Tensor, instances: Mapping[str, Tensor], names: Sequence[str] | None, threshold: float = 0.5
) -> None:
    """Draw one image with its instances, each in its own colour."""
    canvas = image.permute(1, 2, 0).float()
    canvas = (canvas / 255 if image.dtype == torch.uint8 else canvas).clone()
    masks = instances["masks"].float()
    masks = masks[:, 0] if masks.ndim == 4 else masks
    labels = instances["labels"].tolist()
    scores = instances["scores"].tolist() if "scores" in instances else [None] * len(labels)
    shades = [_INSTANCES[index % len(_INSTANCES)] for index in range(len(labels))]
    order = sorted(range(len(labels)), key=lambda index: scores[index] or 0)  # the surest on top
    for index in order:
        inside = masks[index] > threshold
        canvas[inside] = 0.3 * canvas[inside] + 0.7 * torch.tensor(to_rgb(shades[index]))
    place.imshow(canvas)
    boxes = instances["boxes"].tolist()
    for index in order:
        mask, box, label, score, shade = (group[index] for group in (masks, boxes, labels, scores, shades))
        if bool((mask > threshold).any()):
            place.contour(mask, levels=[threshold], colors="black", linewidths=0.8)
        left, top, right, bottom = box
        place.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=shade, linewidth=1, linestyle=":")
        )
        text = (names[label] if names else str(label - 1)) + (f" {score:.0%}" if score is not None else "")
        look = {"facecolor": shade, "edgecolor": "none", "pad": 0.8}
        place.text(left, max(top - 1, 6), text, fontsize=7, color="black", va="bottom", bbox=look, clip_on=True)
    place.axis("off")


def _draw_bars(place: Axes, measures: Mapping[str, Mapping[str, float]]) -> None:
    """Draw a group of bars for each entry, with the measure's name and value behind each bar."""
    for index, (values, colour) in enumerate(zip(measures.values(), (BLUE, ORANGE, GREEN, GREY))):
        height = 0.72 / len(values)
        for number, (name, value) in enumerate(values.items()):
            y = index + height * (number - (len(values) - 1) / 2)
            hatch = ("", "///", "...", "xxx")[number % 4]
            bar = place.barh(y, value, height=0.92 * height, color=colour, edgecolor="white", hatch=hatch, linewidth=0)
            place.bar_label(bar, [f"{name} {value:.0%}"], padding=3, fontsize=8)
    place.set_yticks(range(len(measures)), list(measures))
    place.invert_yaxis()
    place.set(xlim=(0, 1.5), xticks=[0, 0.25, 0.5, 0.75, 1])
    place.xaxis.set_major_formatter("{x:.0%}")
    place.spines[["top", "right"]].set_visible(False)


def _frame(place: Axes, box: tuple[float, float, float, float], colour: str) -> None:
    """Draw a box (left, top, right, bottom: the least and greatest pixel numbers) around the pixels' outer edges."""
    left, top, right, bottom = box
    place.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5), right - left + 1, bottom - top + 1, fill=False, edgecolor=colour, linewidth=1.8
        )
    )

"""Pictures of digits, of what a network learned and of how it went: drawing only, the computing is in the notebook."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor

__all__ = [
    "show_confusion",
    "show_counts",
    "show_curves",
    "show_digits",
    "show_mean_and_spread",
    "show_numbers",
    "show_pixel_values",
    "show_weights",
]

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"


def show_digits(images: Tensor, titles: Sequence[str] | None = None, columns: int = 10, size: float = 0.85) -> None:
    """Draw images [N, 28, 28] in rows, ink dark on white, with a short title above each where `titles` has one."""
    rows = -(-len(images) // columns)
    height = size * (1.35 if titles else 1.0)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * size, rows * height), squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for index, (place, image) in enumerate(zip(axes.flat, images)):
        place.imshow(image, cmap="gray_r")
        if titles:
            place.set_title(titles[index], fontsize=9)
    figure.tight_layout(pad=0.3)
    plt.show()


def show_numbers(image: Tensor) -> None:
    """Draw one image [28, 28] with the value of each pixel written on it."""
    _, axes = plt.subplots(figsize=(8.6, 8.6))
    axes.imshow(image, cmap="gray_r")
    for row in range(28):
        for column in range(28):
            value = int(image[row, column])
            colour = "white" if value > 127 else ("black" if value else "#bbbbbb")
            axes.text(column, row, value, ha="center", va="center", fontsize=6.5, color=colour)
    axes.set(xlabel="column", ylabel="row", xticks=range(0, 28, 3), yticks=range(0, 28, 3))
    plt.show()


def show_counts(counts: Tensor) -> None:
    """Draw how many images each of the ten classes has, beside what ten equal classes would have."""
    _, axes = plt.subplots(figsize=(7, 3))
    bars = axes.bar(range(10), counts, color=BLUE)
    axes.bar_label(bars, [f"{count:,}" for count in counts.tolist()], label_type="center", color="white", fontsize=8)
    axes.axhline(counts.sum() / 10, color=ORANGE, linestyle="--", label="if all were equal")
    axes.set(xlabel="digit", ylabel="images", xticks=range(10), ylim=(0, 1.25 * counts.max()))
    axes.legend(frameon=False, ncols=1, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)
    plt.show()


def show_mean_and_spread(mean: Tensor, spread: Tensor) -> None:
    """Draw two images [28, 28]: each pixel's mean over many digits, and its standard deviation."""
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.9))
    for place, image, title in zip(axes, (mean, spread), ("mean of each pixel", "standard deviation of each pixel")):
        shown = place.imshow(image, cmap="viridis", vmin=0)
        place.set_title(title, fontsize=10)
        place.axis("off")
        figure.colorbar(shown, ax=place, fraction=0.046, pad=0.04)
    figure.tight_layout()
    plt.show()


def show_pixel_values(before: Tensor, after: Tensor) -> None:
    """Draw the pixel values before and after normalising, one histogram each, with mean and standard deviation."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 2.9), sharey=True)
    for place, values, title in zip(axes, (before.float(), after), ("as they come", "normalised")):
        mean, spread = values.mean().item(), values.std().item()
        place.hist(values.flatten().numpy(), bins=32, color=BLUE, log=True)
        place.axvline(mean, color=ORANGE, linewidth=2)
        place.axvspan(mean - spread, mean + spread, color=ORANGE, alpha=0.2)
        place.set_title(f"{title}: mean {round(mean, 2) + 0.0:.2f}, standard deviation {spread:.2f}", fontsize=10)
        place.set_xlabel("pixel value")
        place.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("pixels (log scale)")
    figure.tight_layout()
    plt.show()


def show_curves(history: Mapping[str, Sequence[float]]) -> None:
    """Draw a run: `history` has the lists train_loss, valid_loss and valid_accuracy, one entry an epoch."""
    epochs = range(1, len(history["train_loss"]) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2))
    left.plot(epochs, history["train_loss"], "o-", color=BLUE, label="training")
    left.plot(epochs, history["valid_loss"], "s--", color=ORANGE, label="validation")
    left.set(xlabel="epoch", ylabel="mean loss per image", xticks=list(epochs), ylim=(0, None))
    left.legend(frameon=False)
    right.plot(epochs, [100 * part for part in history["valid_accuracy"]], "s--", color=ORANGE)
    right.set(xlabel="epoch", ylabel="validation accuracy (%)", xticks=list(epochs))
    for place in (left, right):
        place.grid(alpha=0.3)
        place.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()


def show_confusion(counts: Tensor) -> None:
    """Draw counts [10, 10] (rows: what it is, columns: what the network said), with the mistakes in colour."""
    mistakes = counts.clone().fill_diagonal_(0)
    _, axes = plt.subplots(figsize=(5.6, 5.2))
    axes.imshow(mistakes, cmap="Oranges")
    for row in range(10):
        for column in range(10):
            count = int(counts[row, column])
            dark = row != column and mistakes[row, column] > 0.6 * mistakes.max()
            colour = GREY if row == column else ("white" if dark else "black")
            axes.text(column, row, count or "", ha="center", va="center", fontsize=9, color=colour)
    axes.set(xlabel="the network said", ylabel="it is", xticks=range(10), yticks=range(10))
    plt.show()


def show_weights(weights: Tensor, columns: int = 10) -> None:
    """Draw weight images [N, 28, 28]: white is 0, blue counts for the unit, red against it, one scale for all."""
    rows = -(-len(weights) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.85, rows * 0.85), squeeze=False)
    limit = torch.quantile(weights.abs().flatten(), 0.995).item()
    for place in axes.flat:
        place.axis("off")
    for place, image in zip(axes.flat, weights):
        place.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit)
    figure.tight_layout(pad=0.3)
    plt.show()

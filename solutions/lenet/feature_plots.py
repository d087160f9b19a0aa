"""Pictures of kernels, of the maps that they make, and of what shifting an image does: drawing only."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

__all__ = ["show_filters_and_maps", "show_kernels", "show_maps", "show_shift_curves", "show_shifted"]

STYLES = (("#0072B2", "o-"), ("#D55E00", "s--"), ("#007A5A", "^-."), ("#666666", "d:"))


def show_kernels(image: Tensor, kernels: Mapping[str, Tensor], maps: Tensor) -> None:
    """Draw an image [H, W], and for each kernel [h, w] with its name the map [H, W] that it makes of it."""
    figure, axes = plt.subplots(2, len(kernels) + 1, figsize=(8.6, 3.9))
    _draw(axes[1, 0], image, "the image", cmap="gray_r", vmin=0, vmax=1)
    axes[0, 0].axis("off")
    axes[0, 0].text(1, 0.5, "the kernel", ha="right", va="center", fontsize=9)
    for column, ((name, kernel), found) in enumerate(zip(kernels.items(), maps), start=1):
        _signed(axes[0, column], kernel, name, pale=2.5)
        for row, numbers in enumerate(kernel.tolist()):
            for place, weight in enumerate(numbers):
                axes[0, column].text(place, row, f"{weight + 0.0:.2g}", ha="center", va="center", fontsize=7)
        _signed(axes[1, column], found, "its map")
    figure.tight_layout(pad=0.4)
    plt.show()


def show_filters_and_maps(kernels: Tensor, maps: Tensor, columns: int = 8) -> None:
    """Draw kernels [N, h, w] in rows, each with the map [N, H, W] that belongs to it below."""
    rows = -(-len(kernels) // columns)
    _, axes = plt.subplots(2 * rows, columns, figsize=(columns * 1.05, rows * 2.4), squeeze=False, layout="compressed")
    limit, top = kernels.abs().max().item(), maps.max().item()
    for place in axes.flat:
        place.axis("off")
    for number, (kernel, found) in enumerate(zip(kernels, maps)):
        row, column = divmod(number, columns)
        _draw(axes[2 * row, column], kernel, str(number), cmap="RdBu", vmin=-limit, vmax=limit)
        _draw(axes[2 * row + 1, column], found, cmap="gray_r", vmin=0, vmax=top)
    plt.show()


def show_maps(maps: Tensor, columns: int = 8) -> None:
    """Draw maps [N, H, W] that are nowhere negative, on one scale: dark is a strong answer."""
    rows = -(-len(maps) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(columns * 1.05, rows * 1.3), squeeze=False, layout="compressed")
    for place in axes.flat:
        place.axis("off")
    for number, (place, found) in enumerate(zip(axes.flat, maps)):
        _draw(place, found, str(number), cmap="gray_r", vmin=0, vmax=maps.max().item())
    plt.show()


def show_shifted(images: Sequence[Tensor], titles: Sequence[str], columns: int = 7) -> None:
    """Draw images [H, W] in rows, each in a frame with a title."""
    rows = -(-len(images) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(columns * 1.15, rows * 1.35), squeeze=False, layout="compressed")
    for place, image, title in zip(axes.flat, images, titles):
        _draw(place, image, title, cmap="gray_r")
    plt.show()


def show_shift_curves(curves: Mapping[str, Sequence[float]]) -> None:
    """Draw accuracies in [0, 1] over the shift, 0, 1, 2 … pixels: one curve for each name."""
    _, axes = plt.subplots(figsize=(7, 3.8))
    for (name, curve), (colour, style) in zip(curves.items(), STYLES):
        axes.plot(range(len(curve)), [100 * part for part in curve], style, color=colour, label=name)
    axes.axhline(10, color="#666666", linewidth=1, linestyle=":")
    axes.text(0, 4.5, "guessing", fontsize=9, color="#666666")
    axes.set(xlabel="shift in pixels", ylabel="accuracy (%)", ylim=(0, 102))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    plt.show()


def _signed(axes: Axes, values: Tensor, title: str = "", pale: float = 1.0) -> None:
    limit = pale * values.abs().max().item()
    _draw(axes, values, title, cmap="RdBu", vmin=-limit, vmax=limit)


def _draw(axes: Axes, values: Tensor, title: str = "", **colours: float | str) -> None:
    axes.imshow(values, **colours)
    axes.set_title(title, fontsize=9)
    axes.set(xticks=[], yticks=[])
    axes.axis("on")
    for spine in axes.spines.values():
        spine.set_color("#999999")

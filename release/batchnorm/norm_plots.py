"""Pictures of what batch normalisation does: drawing only, the computing is in the notebook."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor

__all__ = [
    "measured_runs",
    "show_channels",
    "show_company",
    "show_depth",
    "show_gamma_beta",
    "show_race",
    "show_running",
]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#007A5A", "#666666"
COLOURS, MARKERS = (BLUE, ORANGE, GREEN), "os^"


def measured_runs() -> dict[str, dict[str, list[float]]]:
    """Return the losses, behind each of 25 epochs, of a LeNet with each regulariser: `train` and `valid`."""
    return json.loads(Path(__file__).with_name("regularisers.json").read_text(encoding="utf-8"))


def show_channels(maps: Mapping[str, Tensor]) -> None:
    """Draw a histogram for each channel of maps [N, C, H, W]: a row for each entry, all on one scale within a row."""
    columns = next(iter(maps.values())).shape[1]
    figure, axes = plt.subplots(
        len(maps), columns, figsize=(8.8, 0.5 + 1.5 * len(maps)), sharex="row", sharey="row", squeeze=False
    )
    for row, (name, values) in zip(axes, maps.items()):
        low, high = torch.quantile(values.flatten()[:: 1 + values.numel() // 500_000], torch.tensor([0.002, 0.998]))
        edge = 1.1 * max(-low.item(), high.item())
        for number, place in enumerate(row):
            channel = values[:, number].flatten()
            mean, spread = channel.mean().item(), channel.std().item()
            place.hist(channel.numpy(), bins=40, range=(-edge, edge), color=BLUE, log=True)
            place.axvline(0, color=GREY, linewidth=0.8)
            place.axvline(mean, color=ORANGE, linewidth=2)
            place.axvspan(mean - spread, mean + spread, color=ORANGE, alpha=0.25, linewidth=0)
            place.set_title(f"{mean:.2f} ± {spread:.2f}".replace("-0.00", "0.00"), fontsize=8.5)
            place.yaxis.set_visible(False)
            place.tick_params(labelsize=8)
            place.spines[["top", "right", "left"]].set_visible(False)
        row[0].text(-0.12, 0.5, name, transform=row[0].transAxes, rotation=90, ha="center", va="center", fontsize=10)
    figure.suptitle(
        "one picture for each channel: mean ± standard deviation of its values (heights are logarithmic)", fontsize=9.5
    )
    figure.tight_layout(pad=0.5)
    plt.show()


def show_depth(without: Mapping[str, Sequence[float]], with_norm: Mapping[str, Sequence[float]] | None = None) -> None:
    """Draw standard deviations, layer by layer, one line for each entry; `with_norm` goes into a picture beside it."""
    parts = [("without normalisation", without)]
    if with_norm is not None:
        parts.append(("with batch normalisation", with_norm))
    figure, axes = plt.subplots(1, len(parts), figsize=(4.6 * len(parts), 3.1), sharey=True, squeeze=False)
    for place, (title, lines) in zip(axes[0], parts):
        for number, (name, values) in enumerate(lines.items()):
            size = 9 - 2.5 * number  # so that lines on one another are seen to be several
            place.plot(
                range(1, len(values) + 1),
                values,
                marker=MARKERS[number],
                markersize=size,
                color=COLOURS[number],
                label=name,
            )
        place.set(title=title, xlabel="convolution", yscale="log", xticks=range(1, 11))
        place.title.set_fontsize(10)
        place.axhline(1, color=GREY, linewidth=0.8, linestyle="--")
        place.grid(alpha=0.3)
        place.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("standard deviation (log scale)")
    axes[0, 0].legend(frameon=False, fontsize=8.5)
    figure.tight_layout()
    plt.show()


def show_gamma_beta(channel: Tensor, settings: Sequence[tuple[float, float]]) -> None:
    """Draw the values of one normalised channel, scaled and shifted, and which part of them a ReLU lets through."""
    figure, axes = plt.subplots(1, len(settings), figsize=(8.8, 2.3), sharex=True, sharey=True)
    for place, (gamma, beta) in zip(axes, settings):
        values = gamma * channel + beta
        _, edges, bars = place.hist(values.numpy(), bins=48, range=(-9, 9), log=True)
        for bar, edge in zip(bars, edges):
            bar.set_facecolor(BLUE if edge >= 0 else "#bbbbbb")
        place.axvline(0, color=GREY, linewidth=0.8)
        passed = (values > 0).float().mean().item()
        place.set_title(f"γ = {gamma:g}, β = {beta:g}: {passed:.0%} pass", fontsize=9)
        place.yaxis.set_visible(False)
        place.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle("one channel behind batch normalisation; the ReLU lets the blue part through", fontsize=9.5)
    figure.tight_layout(pad=0.5)
    plt.show()


def show_running(lines: Mapping[str, Sequence[float]]) -> None:
    """Draw the mean and the variance of each batch as dots, the running ones as lines: four entries, in this order."""
    figure, axes = plt.subplots(1, 2, figsize=(8.6, 2.9))
    names = list(lines)
    for place, (dots, line) in zip(axes, (names[:2], names[2:])):
        place.plot(lines[dots], ".", color=GREY, label=dots)
        place.plot(lines[line], color=ORANGE, linewidth=2, label=line)
        place.set(xlabel="batches seen")
        place.grid(alpha=0.3)
        place.legend(frameon=False, fontsize=9)
        place.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()


def show_company(image: Tensor, label: int, in_company: Tensor, alone: Tensor) -> None:
    """Draw an image, and its ten probabilities: once for each batch it was in (rows of `in_company`), and `alone`."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 2.9), width_ratios=(1, 2.6))
    left.imshow(image, cmap="gray_r")
    left.set_title(f"label: {label}", fontsize=10)
    left.axis("off")
    shift = torch.linspace(-0.22, 0.22, len(in_company))
    for digit in range(10):
        name = "training mode, a dot for each batch" if digit == 0 else None
        right.plot(digit + shift, in_company[:, digit], "o", markersize=3.5, alpha=0.55, color=BLUE, label=name)
    right.plot(
        range(10), alone, "_", markersize=26, markeredgewidth=3, color=ORANGE, label="evaluation mode, in any batch"
    )
    right.set(xlabel="digit", ylabel="probability", xticks=range(10), ylim=(-0.03, 1.03))
    right.legend(frameon=False, fontsize=8.5)
    right.grid(alpha=0.3, axis="y")
    right.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    plt.show()


def show_race(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draw the loss of each step: a picture for each entry, a line for each network."""
    figure, axes = plt.subplots(1, len(curves), figsize=(8.8, 2.9), sharey=True, squeeze=False)
    for place, (title, lines) in zip(axes[0], curves.items()):
        for (name, losses), colour, style in zip(lines.items(), (ORANGE, BLUE), ("--", "-")):
            place.plot(losses, style, color=colour, label=name)
        place.set(title=title, xlabel="step", ylim=(0, 4))
        place.title.set_fontsize(10)
        place.grid(alpha=0.3)
        place.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("loss")
    axes[0, 0].legend(frameon=False, fontsize=8.5)
    figure.tight_layout()
    plt.show()

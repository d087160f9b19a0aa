"""Draw the figures of the assignment `batchnorm` into source/batchnorm/figures: python docs/figures/batchnorm.py.

With --measure the trainings behind them are run first (about an hour on one core) and kept in batchnorm.json,
batchnorm_regularisers.json and the assignment's regularisers.json; what is there already is not run again.
"""

import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
import torch
from torch import Tensor, nn

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "source" / "batchnorm"
NUMBERS = Path(__file__).with_suffix(".json")
REGULARISED = NUMBERS.with_stem("batchnorm_regularisers")
CURVES = FOLDER / "regularisers.json"
"""What students get of it: the losses of the first seed behind every epoch."""
BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#007A5A", "#666666", "#222222"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_GREY = "#dcebf5", "#fbe3d3", "#d6efe6", "#eeeeee"

EPOCHS = 2
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
RUNS = [  # network, optimiser, rates, training digits, seeds
    ("LeNet", "SGD", RATES, 10_000, 5),
    ("ten convolutions", "SGD", RATES, 10_000, 3),
    ("LeNet", "Adam", (0.001,), 10_000, 3),
]
REGULARISERS = ("nothing", "batch normalisation", "dropout", "weight decay", "augmentation", "all four")
FEW, FEW_EPOCHS, FEW_SEEDS, LOOKS = 1_000, 25, 3, (1, 3, 6, 12, 25)
"""Digits, epochs and seeds of the runs that overfit, and the epochs behind which they are looked at."""


# What is measured


def make_network(kind: str, *, batch_norm: bool) -> nn.Sequential:
    """Return a LeNet, or ten convolutions of 3×3 one behind the other, with or without batch normalisation."""

    def convolution(inputs: int, outputs: int, size: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(outputs)] if batch_norm else []
        return [nn.Conv2d(inputs, outputs, size, padding=size // 2), *norm, nn.ReLU()]

    if kind == "LeNet":
        layers = [*convolution(1, 16, 5), nn.MaxPool2d(2), *convolution(16, 32, 5), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(7 * 7 * 32, 10))
    layers = [layer for inputs in (1, *9 * [16]) for layer in convolution(inputs, 16, 3)]
    return nn.Sequential(nn.MaxPool2d(2), *layers, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(7 * 7 * 16, 10))


def accuracy_of(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the share of right answers, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(part).argmax(dim=1) for part in images.split(1000)])
    return (answers == labels).double().mean().item()


def trained_accuracy(network: str, optimiser: str, rate: float, size: int, seed: int, *, batch_norm: bool) -> float:
    """Train for EPOCHS on `size` digits, batches of 100; return the accuracy on the 10,000 validation digits."""
    sys.path.insert(0, str(FOLDER))
    from digits import loaders  # noqa: PLC0415 - the assignment's own module, found by path

    torch.manual_seed(seed)
    train_loader, valid_loader = loaders(batch_size=100, root=ROOT / "data", train_size=size)
    model = make_network(network, batch_norm=batch_norm)
    optimizer = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimiser](model.parameters(), lr=rate)
    for _ in range(EPOCHS):
        for images, labels in train_loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return accuracy_of(model, *valid_loader.dataset.tensors)


def regularised_run(regulariser: str, seed: int, looks: Sequence[int] = LOOKS) -> dict[str, list[float]]:
    """Train a LeNet on FEW digits with Adam, batches of 50; return accuracies and losses behind epochs `looks`."""
    sys.path.insert(0, str(FOLDER))
    from digits import loaders  # noqa: PLC0415 - the assignment's own module, found by path

    torch.manual_seed(seed)
    chosen = REGULARISERS[1:5] if regulariser == "all four" else (regulariser,)
    train_loader, valid_loader = loaders(batch_size=50, root=ROOT / "data", train_size=FEW, seed=seed)
    model = make_network("LeNet", batch_norm="batch normalisation" in chosen)
    if "dropout" in chosen:
        model.insert(len(model) - 1, nn.Dropout(0.5))
    decay = 0.3 if "weight decay" in chosen else 0.0
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=decay)
    curves: dict[str, list[float]] = {"train": [], "valid": [], "train_loss": [], "valid_loss": []}
    for epoch in range(1, FEW_EPOCHS + 1):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            seen = shifted(images) if "augmentation" in chosen else images
            nn.functional.cross_entropy(model(seen), labels).backward()
            optimizer.step()
        if epoch in looks:
            for name, loader in (("train", train_loader), ("valid", valid_loader)):
                accuracy, loss = accuracy_and_loss(model, *loader.dataset.tensors)
                curves[name].append(round(accuracy, 4))
                curves[f"{name}_loss"].append(round(loss, 4))
    return curves


def shifted(images: Tensor) -> Tensor:
    """Return each image moved by up to two pixels, in both directions, at random; what comes in is paper."""
    padded = nn.functional.pad(images, (2, 2, 2, 2), value=images.min().item())
    moves = torch.randint(5, (len(images), 2)).tolist()
    return torch.stack([padded[n, :, row : row + 28, column : column + 28] for n, (row, column) in enumerate(moves)])


def accuracy_and_loss(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the share of right answers and the mean cross-entropy, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in images.split(1000)])
    right = (logits.argmax(dim=1) == labels).double().mean().item()
    return right, nn.functional.cross_entropy(logits, labels).item()


def measured() -> list[dict[str, Any]]:
    """Return what was measured so far."""
    return json.loads(NUMBERS.read_text(encoding="utf-8"))["runs"] if NUMBERS.is_file() else []


def measure() -> None:
    """Run the trainings that are not yet in batchnorm.json, and keep their accuracies."""
    torch.set_num_threads(1)
    found = measured()
    done = [{key: value for key, value in row.items() if key != "accuracies"} for row in found]
    for network, optimiser, rates, size, seeds in RUNS:
        for rate, batch_norm in product(rates, (False, True)):
            setting = {"network": network, "batch_norm": batch_norm, "optimiser": optimiser, "rate": rate, "size": size}
            if setting in done:
                continue
            accuracies = [round(trained_accuracy(**setting, seed=seed), 4) for seed in range(seeds)]
            found.append({**setting, "accuracies": accuracies})
            print(found[-1], flush=True)
            about = f"Accuracy on 10,000 validation digits after {EPOCHS} epochs, batches of 100, one entry a seed."
            lines = ",\n    ".join(json.dumps(row) for row in found)
            NUMBERS.write_text(f'{{\n  "about": "{about}",\n  "runs": [\n    {lines}\n  ]\n}}\n', encoding="utf-8")


def measure_regularisers() -> None:
    """Run those of the REGULARISERS that are not yet in batchnorm_regularisers.json."""
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, list[float]]]] = {}
    if REGULARISED.is_file():
        found = json.loads(REGULARISED.read_text(encoding="utf-8"))["runs"]
    for seed, regulariser in product(range(FEW_SEEDS), REGULARISERS):
        runs = found.setdefault(regulariser, [])
        if len(runs) > seed:
            continue
        runs.append(regularised_run(regulariser, seed))
        print(seed, regulariser, runs[-1]["train"][-1], runs[-1]["valid"][-1], flush=True)
        about = f"A LeNet, {FEW} digits, Adam, batches of 50; accuracy and loss behind epochs {LOOKS}, one run a seed."
        kept = {"about": about, "epochs": LOOKS, "runs": found}
        REGULARISED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def measure_curves() -> None:
    """Keep the losses of the first seed behind every epoch, for each of REGULARISERS that regularisers.json lacks."""
    torch.set_num_threads(1)
    runs = json.loads(CURVES.read_text(encoding="utf-8")) if CURVES.is_file() else {}
    for regulariser in REGULARISERS:
        if regulariser not in runs:
            curves = regularised_run(regulariser, 0, range(1, FEW_EPOCHS + 1))
            runs[regulariser] = {name: curves[f"{name}_loss"] for name in ("train", "valid")}
            lines = ",\n ".join(f"{json.dumps(name)}: {json.dumps(losses)}" for name, losses in runs.items())
            CURVES.write_text(f"{{\n {lines}\n}}\n", encoding="utf-8")


# The drawings


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of that many points (at 100 to the inch) whose axes count in points, origin below left."""
    figure = plt.figure(figsize=(width / 100, height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def save(figure: Figure, name: str) -> None:
    """Write the figure at 200 dots to the inch, without a date, so that the same drawing gives the same file."""
    (FOLDER / "figures").mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / "figures" / name, dpi=200, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def text(axes: Axes, x: float, y: float, words: str, size: float = 9.5, colour: str = INK, **rest: object) -> None:
    """Write centred words."""
    axes.text(x, y, words, fontsize=size, color=colour, **{"ha": "center", "va": "center", **rest})


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK, **rest: object) -> None:
    """Draw an arrow."""
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=colour, linewidth=1.4, **rest)
    )


def box(axes: Axes, x: float, y: float, width: float, height: float, words: str, colours: tuple[str, str]) -> None:
    """Draw a box with words in it, (face, edge)."""
    face, edge = colours
    style = "round,pad=0,rounding_size=5"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=face, edgecolor=edge, linewidth=1.2))
    text(axes, x + width / 2, y + height / 2, words)


def grid(axes: Axes, x: float, y: float, cells: set[tuple[int, int]], colours: tuple[str, str]) -> None:
    """Draw the maps of four images (rows) with five channels (columns), those in `cells` in colour."""
    cell, gap = 26, 4
    for row in range(4):
        for column in range(5):
            left, below = x + column * (cell + gap), y + (3 - row) * (cell + gap)
            chosen = (row, column) in cells
            face, edge = colours if chosen else ("white", "#999999")
            axes.add_patch(
                Rectangle((left, below), cell, cell, facecolor=face, edgecolor=edge, linewidth=1.4 if chosen else 0.8)
            )
            for step in range(1, 4):
                at = step * cell / 4
                line = {"color": edge, "linewidth": 0.4}
                axes.plot([left + at] * 2, [below, below + cell], **line)
                axes.plot([left, left + cell], [below + at] * 2, **line)


def draw_axes() -> None:
    """Show over which numbers batch normalisation takes its mean, and how its relatives do it."""
    figure, axes = canvas(700, 244)
    kinds = [
        (
            "batch normalisation",
            {(row, 1) for row in range(4)},
            (PALE_ORANGE, ORANGE),
            "each channel, over\nall images and places",
        ),
        (
            "layer normalisation",
            {(1, column) for column in range(5)},
            (PALE_BLUE, BLUE),
            "each image, over\nall channels and places",
        ),
        ("instance normalisation", {(1, 1)}, (PALE_GREEN, GREEN), "each map of each image\nby itself"),
    ]
    for index, (name, cells, colours, words) in enumerate(kinds):
        left = 70 + index * 225
        grid(axes, left, 74, cells, colours)
        text(axes, left + 73, 230, name, 10.5, colours[1], weight="bold")
        text(axes, left + 73, 43, words, 9)
    for row in range(4):
        text(axes, 62, 74 + (3 - row) * 30 + 13, f"image {row + 1}", 8, GREY, ha="right")
    text(axes, 143, 206, "channels", 8, GREY)
    arrow(axes, (175, 206), (210, 206), GREY)
    text(axes, 350, 12, "All coloured numbers share one mean and one variance. You write the left one.", 9, GREY)
    save(figure, "axes.png")


def draw_modes() -> None:
    """Show where the statistics come from and go to, in both modes."""
    figure, axes = canvas(700, 250)
    for left, title, colour in (
        (0, "training mode: model.train()", ORANGE),
        (355, "evaluation mode: model.eval()", BLUE),
    ):
        axes.add_patch(Rectangle((left + 2, 2), 341, 246, facecolor="#fafafa", edgecolor="#cccccc", linewidth=0.8))
        text(axes, left + 172, 232, title, 10.5, colour, weight="bold")
    plain, orange, blue = ("white", GREY), (PALE_ORANGE, ORANGE), (PALE_BLUE, BLUE)

    box(axes, 16, 150, 70, 46, "x\na batch", plain)
    box(axes, 128, 150, 92, 46, "normalise,\n× γ, + β", plain)
    box(axes, 264, 150, 66, 46, "y", plain)
    arrow(axes, (87, 173), (127, 173))
    arrow(axes, (221, 173), (263, 173))
    box(axes, 16, 82, 124, 44, "mean, variance\nof this batch", orange)
    arrow(axes, (51, 149), (51, 127), ORANGE)
    arrow(axes, (141, 108), (176, 149), ORANGE, connectionstyle="arc3,rad=0.25")
    box(axes, 206, 20, 124, 44, "running mean,\nrunning variance", blue)
    arrow(axes, (75, 81), (205, 42), ORANGE, connectionstyle="arc3,rad=0.25")
    text(axes, 92, 26, "a tenth of\nthe way, in place", 8.5, ORANGE)

    box(axes, 371, 150, 70, 46, "x\nimages", plain)
    box(axes, 483, 150, 92, 46, "normalise,\n× γ, + β", plain)
    box(axes, 619, 150, 66, 46, "y", plain)
    arrow(axes, (442, 173), (482, 173))
    arrow(axes, (576, 173), (618, 173))
    box(axes, 561, 20, 124, 44, "running mean,\nrunning variance", blue)
    arrow(axes, (600, 65), (529, 149), BLUE, connectionstyle="arc3,rad=0.15")
    text(axes, 440, 42, "no statistics of x,\nand nothing changes", 8.5, BLUE)
    save(figure, "modes.png")


def draw_rates() -> None:
    """Draw the accuracy after two epochs over the learning rate: LeNet, and ten convolutions in a row."""
    figure, places = plt.subplots(1, 2, figsize=(7.0, 3.3), sharey=True)
    for place, network in zip(places, ("LeNet", "ten convolutions")):
        for batch_norm, colour, style, words in (
            (False, ORANGE, "s--", "without"),
            (True, BLUE, "o-", "with batch normalisation"),
        ):
            rows = [
                row
                for row in measured()
                if (row["network"], row["optimiser"], row["size"], row["batch_norm"])
                == (network, "SGD", 10_000, batch_norm)
            ]
            rates = [row["rate"] for row in rows]
            place.plot(
                rates,
                [100 * median(row["accuracies"]) for row in rows],
                style,
                color=colour,
                label=words,
                markersize=4.5,
                zorder=3,
            )
            for row in rows:
                shift = 1.16 if batch_norm else 1 / 1.16
                place.plot(
                    [shift * row["rate"]] * len(row["accuracies"]), [100 * part for part in row["accuracies"]],
                    ".", markersize=4, color=colour, alpha=0.6,
                )  # fmt: skip
        place.axhline(10, color=GREY, linewidth=0.8, linestyle=":")
        place.set(title=network, xscale="log", xlabel="learning rate of plain SGD", ylim=(0, 103), xticks=RATES)
        place.set_xticklabels([f"{rate:g}" for rate in RATES], fontsize=8)
        place.minorticks_off()
        place.title.set_fontsize(10)
        place.grid(alpha=0.3)
        place.spines[["top", "right"]].set_visible(False)
    places[0].set_ylabel("accuracy after two epochs (%)")
    places[0].text(0.0011, 12, "guessing", fontsize=8, color=GREY)
    places[1].legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(0.0, 0.32))
    figure.tight_layout()
    save(figure, "rates.png")


def draw_regularisers() -> None:
    """Draw the loss on few training digits and on others over the epochs, a line a regulariser: means of the seeds."""
    kept = json.loads(REGULARISED.read_text(encoding="utf-8"))
    looks = {
        "nothing": (ORANGE, "s"),
        "weight decay": ("#CC79A7", "v"),
        "dropout": ("#E69F00", "D"),
        "batch normalisation": (BLUE, "o"),
        "augmentation": (GREEN, "^"),
        "all four": (INK, "P"),
    }
    figure, places = plt.subplots(1, 2, figsize=(7.0, 3.4))
    for place, name, title in zip(places, ("train", "valid"), ("the 1,000 training digits", "10,000 others")):
        for regulariser, (colour, marker) in looks.items():
            runs = [run[f"{name}_loss"] for run in kept["runs"][regulariser]]
            means = [sum(values) / len(values) for values in zip(*runs)]
            place.plot(
                kept["epochs"], means, marker=marker, color=colour, label=regulariser, markersize=4.5, linewidth=1.3
            )
        place.set(title=f"loss on {title}", yscale="log", xlabel="epochs", xticks=kept["epochs"])
        ticks = (0.001, 0.01, 0.1, 1) if name == "train" else (0.1, 0.2, 0.4, 0.8)
        place.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        place.minorticks_off()
        place.title.set_fontsize(10)
        place.grid(alpha=0.3)
        place.spines[["top", "right"]].set_visible(False)
    places[1].legend(frameon=False, fontsize=8.5, loc="upper right")
    figure.tight_layout()
    save(figure, "regularisers.png")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
        measure_regularisers()
        measure_curves()
    draw_axes()
    draw_modes()
    draw_rates()
    draw_regularisers()

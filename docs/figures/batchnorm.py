"""Draw the figures of the assignment `batchnorm` into source/batchnorm/figures: python docs/figures/batchnorm.py.

With --measure the trainings behind them are run first (about ten minutes on one core) and kept in batchnorm.json.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

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
BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#007A5A", "#666666", "#222222"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_GREY = "#dcebf5", "#fbe3d3", "#d6efe6", "#eeeeee"

SEEDS = range(5)
EPOCHS = 2
SGD_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
ADAM_RATES = (0.0001, 0.001, 0.01)


# What is measured


def network(*, batch_norm: bool) -> nn.Sequential:
    """Return a LeNet, with or without batch normalisation."""

    def block(inputs: int, outputs: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(outputs)] if batch_norm else []
        return [nn.Conv2d(inputs, outputs, 5, padding=2), *norm, nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(*block(1, 16), *block(16, 32), nn.Flatten(), nn.Linear(7 * 7 * 32, 10))


def accuracy_of(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the share of right answers, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(part).argmax(dim=1) for part in images.split(1000)])
    return (answers == labels).double().mean().item()


def trained_accuracy(*, batch_norm: bool, optimiser: str, rate: float, size: int, seed: int) -> float:
    """Train for EPOCHS on `size` digits, batches of 100; return the accuracy on the 10,000 validation digits."""
    sys.path.insert(0, str(FOLDER))
    from digits import loaders  # noqa: PLC0415 - the assignment's own module, found by path

    torch.manual_seed(seed)
    train_loader, valid_loader = loaders(batch_size=100, root=ROOT / "data", train_size=size)
    model = network(batch_norm=batch_norm)
    optimizer = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimiser](model.parameters(), lr=rate)
    for _ in range(EPOCHS):
        for images, labels in train_loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return accuracy_of(model, *valid_loader.dataset.tensors)


def measure() -> None:
    """Run all trainings and keep their accuracies."""
    torch.set_num_threads(1)
    runs = [("SGD", rate, 10_000) for rate in SGD_RATES] + [("Adam", rate, 10_000) for rate in ADAM_RATES]
    runs += [("Adam", 0.001, 50_000), ("SGD", 0.01, 50_000)]
    found = []
    for optimiser, rate, size in runs:
        for batch_norm in (False, True):
            seeds = SEEDS if size == 10_000 else SEEDS[:2]
            setting = {"batch_norm": batch_norm, "optimiser": optimiser, "rate": rate, "size": size}
            accuracies = [round(trained_accuracy(**setting, seed=seed), 4) for seed in seeds]
            found.append({**setting, "accuracies": accuracies})
            print(found[-1], flush=True)
            about = f"Accuracy on 10,000 validation digits after {EPOCHS} epochs, batches of 100, one entry a seed."
            lines = ",\n    ".join(json.dumps(row) for row in found)
            NUMBERS.write_text(f'{{\n  "about": "{about}",\n  "runs": [\n    {lines}\n  ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()

"""Repeat two figures of the mlp assignment, on one core, in about two minutes.

    python docs/measure/mlp_numbers.py

The table on normalising in the notebook (plain SGD 0.01, batch 128, 50,000 images, measured on the 10,000 set aside),
and how far the reference lies above what test_it_learns_from_the_loader_it_is_given asks for.
"""

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from autograder.checks.training import new_names, new_places, rearranged
from autograder.mnist import read_digits
from autograder.notebooks import Tag, read_cells

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "source" / "mlp"


def main() -> None:
    """Print both."""
    torch.set_num_threads(1)
    solution = solution_namespace()
    images, labels = solution["training_digits"]()
    normalising(solution, images, labels)
    other_names(solution, images, labels)


def solution_namespace() -> dict[str, Any]:
    """Run the source notebook without its demonstrations, and return its names."""
    sys.path.insert(0, str(FOLDER))
    namespace: dict[str, Any] = {"__name__": "solution"}
    for cell in read_cells(FOLDER / "mlp.ipynb"):
        if Tag.SKIP_GRADING not in cell.tags:
            exec(compile(cell.source, f"cell {cell.index + 1}", "exec"), namespace)  # noqa: S102 - our own notebook
    return namespace


def normalising(solution: dict, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Print the accuracy after each of two epochs for three ways to scale the pixels, two seeds each."""
    pixels = images.unsqueeze(1).float()
    ways = {"0 … 255": pixels, "0 … 1": pixels / 255, "normalised": solution["normalise"](images)}
    for name, x in ways.items():
        for seed in range(2):
            torch.manual_seed(seed)
            order = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
            valid, train = order[:10_000], order[10_000:]
            loader = DataLoader(TensorDataset(x[train], labels[train]), 128, shuffle=True)
            judge = DataLoader(TensorDataset(x[valid], labels[valid]), 1_000)
            model, criterion = solution["MLP"](), torch.nn.CrossEntropyLoss()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            found = []
            for _ in range(2):
                loss = solution["train_one_epoch"](model, loader, criterion, optimizer)
                found.append(f"{solution['evaluate'](model, judge, criterion)[1]:.1%}")
            print(f"{name:12} seed {seed}: {' then '.join(found)} (training loss {loss:.2f})", flush=True)


def other_names(solution: dict, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Print the least and the greatest accuracy of train_mlp over 8 seeds, given 5,000 digits, renamed, rearranged."""
    hidden = read_digits(ROOT / "data", train=False)
    found = []
    for seed in range(8):
        torch.manual_seed(seed)
        rng = torch.Generator().manual_seed(seed)
        some, names, places = torch.randperm(60_000, generator=rng)[:6_000], new_names(rng), new_places(rng, 28 * 28)
        x, y = rearranged(solution["normalise"](images[some]), places), names[labels[some]]
        train = DataLoader(TensorDataset(x[:5_000], y[:5_000]), 50, shuffle=True)
        valid = DataLoader(TensorDataset(x[5_000:], y[5_000:]), 200)
        with contextlib.redirect_stdout(io.StringIO()):
            model = solution["train_mlp"](train, valid, torch.device("cpu")).eval()
        with torch.no_grad():
            answers = model(rearranged(solution["normalise"](hidden.images), places)).argmax(dim=1)
        found.append((answers == names[hidden.labels]).double().mean().item())
    print(f"train_mlp on 5,000 digits of other names in other places, 8 seeds: {min(found):.1%} to {max(found):.1%}")


if __name__ == "__main__":
    main()

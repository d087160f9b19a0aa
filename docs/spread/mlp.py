"""Measure how the reference's train_mlp spreads over seeds, and write it beside this script.

    python docs/spread/mlp.py --seeds 20

On one core; about 12 CPU seconds a seed. The solution is taken from the source notebook, the threshold from the check.
"""

import argparse
import importlib.util
import json
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "source" / "mlp")]

from autograder.mnist import read_digits  # noqa: E402 - the support files' folder comes first
from autograder.notebooks import Tag, read_cells  # noqa: E402


def main() -> None:
    """Train once per seed, print each, write all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds: int = parser.parse_args().seeds
    torch.set_num_threads(1)
    solution = solution_namespace()
    hidden = read_digits(ROOT / "data", train=False)
    images = solution["normalise"](hidden.images)
    train_loader, valid_loader = solution["loaders"](batch_size=128)
    runs = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        began = time.process_time()
        model = solution["train_mlp"](train_loader, valid_loader, torch.device("cpu"))
        seconds = time.process_time() - began
        with torch.no_grad():
            accuracy = (model.eval()(images).argmax(dim=1) == hidden.labels).double().mean().item()
        runs.append({"seed": seed, "cpu_seconds": round(seconds, 2), "accuracy": round(accuracy, 4)})
        print(runs[-1], flush=True)
    report = {"summary": summary(runs), "torch": torch.__version__, "machine": platform.machine(), "runs": runs}
    Path(__file__).with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["summary"], indent=1))


def solution_namespace() -> dict[str, Any]:
    """Run the source notebook without its playground, and return its names."""
    namespace: dict[str, Any] = {"__name__": "solution"}
    for cell in read_cells(ROOT / "source" / "mlp" / "mlp.ipynb"):
        if Tag.SKIP_GRADING not in cell.tags:
            exec(compile(cell.source, f"cell {cell.index + 1}", "exec"), namespace)  # noqa: S102 - our own notebook
    return namespace


def threshold() -> float:
    """Return the accuracy that the check asks for."""
    spec = importlib.util.spec_from_file_location("checks", ROOT / "tests" / "mlp" / "test_training.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return float(module.THRESHOLD)


def summary(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the spread of accuracy and time, and how far away the threshold is."""
    accuracies = [run["accuracy"] for run in runs]
    mean, deviation, asked = statistics.mean(accuracies), statistics.stdev(accuracies), threshold()
    return {
        "seeds": len(runs),
        "threshold": asked,
        "min": min(accuracies),
        "median": statistics.median(accuracies),
        "max": max(accuracies),
        "mean": round(mean, 5),
        "standard_deviation": round(deviation, 5),
        "deviations_to_threshold": round((mean - asked) / deviation, 1),
        "median_cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "max_cpu_seconds": max(run["cpu_seconds"] for run in runs),
    }


if __name__ == "__main__":
    main()

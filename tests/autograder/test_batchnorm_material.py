"""Hold the material of `batchnorm`: what its text says about learning rates is what was measured."""

import json
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
RUNS = json.loads((ROOT / "docs" / "figures" / "batchnorm.json").read_text(encoding="utf-8"))["runs"]


def accuracies(network: str, rate: float, *, batch_norm: bool) -> list[float]:
    return next(
        row["accuracies"]
        for row in RUNS
        if (row["network"], row["optimiser"], row["size"]) == (network, "SGD", 10_000)
        and (row["rate"], row["batch_norm"]) == (rate, batch_norm)
    )


def test_small_rates_gain():
    for rate, without, with_norm in ((0.001, 0.51, 0.86), (0.01, 0.885, 0.95)):
        assert abs(median(accuracies("LeNet", rate, batch_norm=False)) - without) < 0.01
        assert abs(median(accuracies("LeNet", rate, batch_norm=True)) - with_norm) < 0.01


def test_the_best_rates_are_level():
    best = [
        max(median(accuracies("LeNet", rate, batch_norm=norm)) for rate in (0.01, 0.03, 0.1, 0.3))
        for norm in (False, True)
    ]
    assert abs(best[0] - best[1]) < 0.01


def test_the_deep_network_needs_it():
    rates = {row["rate"] for row in RUNS if row["network"] == "ten convolutions"}
    assert all(max(accuracies("ten convolutions", rate, batch_norm=False)) < 0.15 for rate in rates)
    assert min(accuracies("ten convolutions", 0.01, batch_norm=True)) > 0.9


def test_what_each_regulariser_buys():
    runs = json.loads((ROOT / "docs" / "figures" / "batchnorm_regularisers.json").read_text(encoding="utf-8"))["runs"]
    others = {name: sum(run["valid"][-1] for run in found) / len(found) for name, found in runs.items()}
    text = (ROOT / "source" / "batchnorm" / "batchnorm.ipynb").read_text(encoding="utf-8")
    assert all(len(found) == 3 for found in runs.values())
    assert all(f"| {100 * share:.1f} % |" in text for share in others.values())


def test_who_learns_by_heart_gets_worse_with_others():
    runs = json.loads((ROOT / "docs" / "figures" / "batchnorm_regularisers.json").read_text(encoding="utf-8"))["runs"]

    def loss(regulariser: str, on: str) -> list[float]:
        return [sum(values) / 3 for values in zip(*(run[f"{on}_loss"] for run in runs[regulariser]), strict=True)]

    for regulariser in ("nothing", "dropout"):
        assert loss(regulariser, "valid")[-1] > loss(regulariser, "valid")[-2]
    for regulariser in ("batch normalisation", "augmentation", "all four"):
        assert loss(regulariser, "valid") == sorted(loss(regulariser, "valid"), reverse=True)
    assert min(runs, key=lambda name: loss(name, "train")[1]) == "batch normalisation"
    assert min(runs, key=lambda name: loss(name, "valid")[1]) == "batch normalisation"
    assert min(runs, key=lambda name: loss(name, "train")[-1]) == "nothing"
    assert min(runs, key=lambda name: loss(name, "valid")[-1]) == "all four"
    assert loss("augmentation", "train")[-1] > loss("dropout", "train")[-1] > 4 * loss("nothing", "train")[-1]

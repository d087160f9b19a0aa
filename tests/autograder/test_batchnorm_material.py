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


def test_where_each_run_is_to_be_stopped():
    """The answer's text tells what the measured curves say, and these are runs of the table."""
    curves = json.loads((ROOT / "source" / "batchnorm" / "regularisers.json").read_text(encoding="utf-8"))
    kept = json.loads((ROOT / "docs" / "figures" / "batchnorm_regularisers.json").read_text(encoding="utf-8"))
    for name, losses in curves.items():
        first = kept["runs"][name][0]
        for of in ("train", "valid"):
            assert len(losses[of]) == kept["epochs"][-1]
            assert [losses[of][epoch - 1] for epoch in kept["epochs"]] == first[f"{of}_loss"]

    def best(name: str) -> tuple[int, float, float]:
        valid = curves[name]["valid"]
        return valid.index(min(valid)) + 1, round(min(valid), 3), round(valid[-1], 3)

    assert best("nothing") == (10, 0.228, 0.261)
    assert best("dropout")[1:] == (0.185, 0.226)
    assert best("batch normalisation")[1] == 0.145
    assert best("weight decay")[2] == 0.232
    assert min(curves, key=lambda name: best(name)[1]) == "all four"
    assert best("all four")[0] == 24
    for name in ("batch normalisation", "augmentation", "all four"):
        assert best(name)[2] - best(name)[1] < 0.01
    gap = curves["nothing"]["valid"][0] - curves["nothing"]["train"][0]
    at_best = [run["valid"][at] - run["train"][at] for n, run in curves.items() for at in [best(n)[0] - 1]]
    assert sum(gap < other for other in at_best) == 5

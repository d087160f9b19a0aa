"""Finetune the pretrained networks and train the same from scratch, at the same budget; write table and plot.

    python data/detector/compare.py [--seeds N]

Both with the solutions of the assignments `faster_rcnn` and `mask_rcnn`: 120 scenes, ten digits, judged on 60 scenes
with MNIST's test digits. On one core about five minutes for five seeds.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch

mpl.use("agg")
import matplotlib.pyplot as plt
from torch.utils.data import DataLoader

from autograder.mnist import read_digits
from autograder.notebooks import Tag, read_cells

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BLUE, ORANGE = "#0072B2", "#D55E00"


def main() -> None:
    """Run each assignment's solution with each seed, pretrained and not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds: int = parser.parse_args().seeds
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    for assignment in ("faster_rcnn", "mask_rcnn"):
        solution = solution_namespace(assignment)
        for seed in range(seeds):
            for pretrained in (True, False):
                runs.append(run(assignment, solution, seed, pretrained=pretrained))
                print(runs[-1], flush=True)
    report = {"table": table(runs), "runs": runs, "torch": torch.__version__}
    (HERE / "compare.json").write_text(json.dumps(report, indent=1) + "\n")
    plot(runs)
    for row in report["table"]:
        print(row)


def solution_namespace(assignment: str) -> dict[str, Any]:
    """Run an assignment's source notebook without its demonstrations, and return its names."""
    folder = ROOT / "source" / assignment
    sys.path.insert(0, str(folder))
    namespace: dict[str, Any] = {"__name__": "solution"}
    for cell in read_cells(folder / f"{assignment}.ipynb"):
        if Tag.SKIP_GRADING not in cell.tags:
            exec(compile(cell.source, f"cell {cell.index + 1}", "exec"), namespace)  # noqa: S102 - our own notebook
    return namespace


def run(assignment: str, solution: dict[str, Any], seed: int, *, pretrained: bool) -> dict[str, Any]:
    """Train once and return what came of it."""
    with_masks = assignment == "mask_rcnn"
    torch.manual_seed(seed)
    training, hidden = (read_digits(ROOT / "data", train=train) for train in (True, False))
    train = pairs(solution["make_scenes"](training.images, training.labels, 120, 100 + seed), with_masks=with_masks)
    judge = pairs(solution["make_scenes"](hidden.images, hidden.labels, 60, 200 + seed), with_masks=with_masks)
    build = solution["build_segmenter" if with_masks else "build_detector"]
    finetune = solution["finetune_segmenter" if with_masks else "finetune"]
    model = build(11, pretrained=pretrained)
    loader = DataLoader(train, 4, shuffle=True, collate_fn=lambda batch: tuple(map(list, zip(*batch, strict=True))))
    began = time.process_time()
    finetune(model, loader, torch.device("cpu"))
    seconds = time.process_time() - began
    model.eval()
    with torch.no_grad():
        predictions = [model([image])[0] for image, _ in judge]
    targets = [target for _, target in judge]
    precision = solution["average_precision"]
    found = {"boxes": precision(predictions, targets, classes=False), "named boxes": precision(predictions, targets)}
    if with_masks:
        found["masks"] = precision(predictions, targets, by="masks", classes=False)
        found["named masks"] = precision(predictions, targets, by="masks")
    rounded = {name: round(value, 4) for name, value in found.items()}
    return {
        "assignment": assignment,
        "pretrained": pretrained,
        "seed": seed,
        "cpu_seconds": round(seconds, 1),
        **rounded,
    }


def pairs(scenes: list[Any], *, with_masks: bool) -> list[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """Return images and targets as torchvision's detectors take them."""
    found = []
    for scene in scenes:
        left, top, width, height = scene.boxes.float().unbind(1)
        target = {"boxes": torch.stack([left, top, left + width, top + height], 1), "labels": scene.digits + 1}
        found.append((scene.image / 255, {**target, "masks": scene.masks.byte()} if with_masks else target))
    return found


def table(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return least, mean and greatest of each quantity."""
    rows = []
    for assignment in ("faster_rcnn", "mask_rcnn"):
        for pretrained in (True, False):
            chosen = [r for r in runs if r["assignment"] == assignment and r["pretrained"] is pretrained]
            row: dict[str, Any] = {"assignment": assignment, "pretrained": pretrained, "seeds": len(chosen)}
            row["cpu_seconds"] = round(statistics.mean(r["cpu_seconds"] for r in chosen), 1)
            for name in ("boxes", "named boxes", "masks", "named masks"):
                values = [r[name] for r in chosen if name in r]
                if values:
                    row[name] = [round(f(values), 3) for f in (min, statistics.mean, max)]
            rows.append(row)
    return rows


def plot(runs: list[dict[str, Any]]) -> None:
    """Draw every run as a point, finetuned beside from scratch."""
    names = [("faster_rcnn", name) for name in ("boxes", "named boxes")]
    names += [("mask_rcnn", name) for name in ("boxes", "named boxes", "masks", "named masks")]
    figure, axes = plt.subplots(figsize=(7.6, 3.4))
    for place, (assignment, name) in enumerate(names):
        for pretrained, colour, marker, shift in ((True, BLUE, "o", -0.12), (False, ORANGE, "s", 0.12)):
            values = [r[name] for r in runs if r["assignment"] == assignment and r["pretrained"] is pretrained]
            label = ("finetuned" if pretrained else "from scratch, as many steps") if not place else None
            axes.plot([place + shift] * len(values), values, marker, color=colour, alpha=0.75, label=label)
    axes.set_xticks(
        range(len(names)), [f"{'Faster' if a == 'faster_rcnn' else 'Mask'}\n{n}" for a, n in names], fontsize=9
    )
    axes.set(ylim=(0, 1), ylabel="average precision at IoU 0.5")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(HERE / "compare.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()

"""Train the small Mask R-CNN that ships with the course, and write its weights in half precision.

    python data/detector/pretrain.py [--steps N]

It learns to find letters and shapes (glyphs.py) on the same kind of ground as the scenes of the assignments; it never
sees a digit. One core, about a quarter of an hour; what it is good for stands in README.md beside this script.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torchvision.ops import masks_to_boxes

HERE = Path(__file__).parent
ASSIGNMENT = HERE.parents[1] / "source" / "faster_rcnn"
sys.path[:0] = [str(ASSIGNMENT)]

import detectors  # noqa: E402 - the folder comes first
from evaluation import average_precision  # noqa: E402
from glyphs import draw_glyphs  # noqa: E402
from scenes import Scene, make_scene  # noqa: E402

BATCH = 8
TRAINING, JUDGING = 0, 1
"""First number of every scene's seed, so that what is judged by was never trained on."""


def main() -> None:
    """Train, judge before and after rounding, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--output", type=Path, default=ASSIGNMENT / "pretrained.safetensors")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    began = time.process_time()
    model = detectors.mask_rcnn(pretrained=False)
    train(model, arguments.steps)
    seconds = time.process_time() - began
    report = {"steps": arguments.steps, "cpu_seconds": round(seconds), "judged_on": 300, "float32": judge(model)}
    rounded = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    model.load_state_dict({name: value.float() for name, value in rounded.items()})
    report["float16"] = judge(model)
    save_file(rounded, arguments.output)
    (HERE / "pretrain.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


def train(model: torch.nn.Module, steps: int) -> None:
    """Train with AdamW on fresh scenes in each step; the rate rises for a tenth of the steps, then falls."""
    images, labels = draw_glyphs(20_000, seed=TRAINING)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps, pct_start=0.1)
    model.train()
    for step in range(steps):
        scenes = [make_scene(images, labels, (TRAINING, step, number)) for number in range(BATCH)]
        losses = model([scene.image / 255 for scene in scenes], [target(scene) for scene in scenes])
        loss = sum(losses.values())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, {name: round(value.item(), 3) for name, value in losses.items()}, flush=True)


def target(scene: Scene) -> dict[str, torch.Tensor]:
    """Return what torchvision's detectors are trained with."""
    return {"boxes": masks_to_boxes(scene.masks), "labels": scene.digits + 1, "masks": scene.masks.byte()}


def judge(model: torch.nn.Module) -> dict[str, float]:
    """Return the average precision over 26 classes on 300 scenes with glyphs that were not trained on."""
    images, labels = draw_glyphs(3_000, seed=JUDGING)
    scenes = [make_scene(images, labels, (JUDGING, number)) for number in range(300)]
    model.eval()
    with torch.no_grad():
        predictions = [model([scene.image / 255])[0] for scene in scenes]
    targets = [target(scene) for scene in scenes]
    return {by: round(average_precision(predictions, targets, by=by), 4) for by in ("boxes", "masks")}


if __name__ == "__main__":
    main()

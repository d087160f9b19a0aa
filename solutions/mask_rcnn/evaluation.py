"""Judge detections by average precision, as the COCO challenge defines it, at one threshold of overlap."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.ops import box_iou

__all__ = ["average_precision"]

_RECALLS = torch.linspace(0, 1, 101, dtype=torch.float64)


def average_precision(
    predictions: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    iou_threshold: float = 0.5,
    *,
    by: str = "boxes",
    classes: bool = True,
) -> float:
    """Return the mean over all classes of the average precision, in [0, 1] ("mAP@0.5").

    predictions: for each picture boxes float [N, 4], labels int64 [N], scores float [N], and where `by` is "masks"
    masks [N, 1, H, W] in [0, 1]. targets: boxes [M, 4], labels [M], and masks [M, H, W]. A prediction is right where it
    overlaps an object of its class that no prediction with a higher score has taken yet by at least `iou_threshold`.
    With `classes=False` any label will do: only finding counts.
    """
    if not classes:
        predictions = [{**prediction, "labels": torch.ones_like(prediction["labels"])} for prediction in predictions]
        targets = [{**target, "labels": torch.ones_like(target["labels"])} for target in targets]
    found = sorted({label for target in targets for label in target["labels"].tolist()})
    return sum(_of_class(predictions, targets, label, iou_threshold, by) for label in found) / max(1, len(found))


def _of_class(
    predictions: Sequence[dict[str, Tensor]], targets: Sequence[dict[str, Tensor]], label: int, least: float, by: str
) -> float:
    """Return the precision of one class, averaged over 101 recalls."""
    scores, hits, objects = [], [], 0
    for prediction, target in zip(predictions, targets):
        chosen, wanted = prediction["labels"] == label, target["labels"] == label
        order = prediction["scores"][chosen].argsort(descending=True, stable=True)
        overlaps = _overlaps(prediction[by][chosen][order], target[by][wanted], by)
        scores.append(prediction["scores"][chosen][order])
        hits.append(_matches(overlaps, least))
        objects += int(wanted.sum())
    right = torch.cat(hits)[torch.cat(scores).argsort(descending=True, stable=True)].double().cumsum(0)
    if not len(right):
        return 0.0
    precision = right / torch.arange(1, len(right) + 1)
    best = precision.flip(0).cummax(0).values.flip(0)
    places = torch.searchsorted(right / objects, _RECALLS)
    return float(torch.cat([best, best.new_zeros(1)])[places].mean())


def _overlaps(predicted: Tensor, wanted: Tensor, by: str) -> Tensor:
    if by == "boxes":
        return box_iou(predicted, wanted)
    ours, theirs = (predicted.flatten(1) > 0.5).float(), wanted.flatten(1).float()
    both = ours @ theirs.T
    return both / (ours.sum(1)[:, None] + theirs.sum(1) - both).clamp(min=1)


def _matches(overlaps: Tensor, least: float) -> Tensor:
    """Return for each prediction, best score first, whether it is the first to find some object."""
    overlaps, right = overlaps.clone(), torch.zeros(len(overlaps), dtype=torch.bool)
    for number, row in enumerate(overlaps):
        if len(row) and row.max() >= least:
            right[number] = True
            overlaps[:, row.argmax()] = -1
    return right

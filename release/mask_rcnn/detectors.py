"""The networks to start from: a small detector and segmenter that came with the course, or torchvision's large ones.

Both are torchvision's own FasterRCNN and MaskRCNN. The small ones have 0.8 and 0.9 million parameters and finish a
finetuning in a minute on one core of a laptop; `weights="coco"` takes ResNet-50 with over 40 million, trained on COCO:
for a GPU.
"""

from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

__all__ = ["PRETRAINED_CLASSES", "PRETRAINED_NAMES", "DetectorError", "faster_rcnn", "mask_rcnn"]

PRETRAINED_NAMES = (
    *("background", *"ACDEFHKLMNPRTUVWXY"),
    *("triangle", "square", "diamond", "star", "plus", "arrow", "crescent", "asterisk"),
)
"""What the labels of the small networks' heads stand for, as they come; label 0 is the background."""
PRETRAINED_CLASSES = len(PRETRAINED_NAMES)
_WEIGHTS = Path(__file__).with_name("pretrained.safetensors")
_CHANNELS = 64
_HIDDEN = 128

Weights = Literal["small", "coco"]


class DetectorError(RuntimeError):
    """Say that pretrained weights cannot be had, and what to do about it."""


def faster_rcnn(weights: Weights = "small", *, pretrained: bool = True) -> FasterRCNN:
    """Return a Faster R-CNN with the head that it was trained with, or the same network with random weights.

    Raise DetectorError where pretrained weights are wanted and cannot be had.
    """
    if weights == "coco":
        return _from_torchvision(detection.fasterrcnn_resnet50_fpn, pretrained=pretrained)
    model = FasterRCNN(**_parts())
    if pretrained:
        model.load_state_dict({name: value for name, value in _read().items() if "mask" not in name})
    return model


def mask_rcnn(weights: Weights = "small", *, pretrained: bool = True) -> MaskRCNN:
    """Return a Mask R-CNN with the heads that it was trained with, or the same network with random weights.

    Raise DetectorError where pretrained weights are wanted and cannot be had.
    """
    if weights == "coco":
        return _from_torchvision(detection.maskrcnn_resnet50_fpn, pretrained=pretrained)
    model = MaskRCNN(
        **_parts(),
        mask_roi_pool=MultiScaleRoIAlign(["0", "1", "2"], output_size=14, sampling_ratio=2),
        mask_head=detection.mask_rcnn.MaskRCNNHeads(_CHANNELS, (_CHANNELS, _CHANNELS), 1),
        mask_predictor=detection.mask_rcnn.MaskRCNNPredictor(_CHANNELS, _CHANNELS, PRETRAINED_CLASSES),
    )
    if pretrained:
        model.load_state_dict(_read())
    return model


def _parts() -> dict:
    """Return what the small Faster R-CNN and Mask R-CNN have in common."""
    return {
        "backbone": BackboneWithFPN(_Body(), {"1": "0", "2": "1", "3": "2"}, [32, 64, 96], _CHANNELS, _NoMore()),
        "rpn_anchor_generator": AnchorGenerator(((24,), (36,), (52,)), ((0.5, 1.0, 2.0),) * 3),
        "box_roi_pool": MultiScaleRoIAlign(["0", "1", "2"], output_size=7, sampling_ratio=2),
        "box_head": TwoMLPHead(_CHANNELS * 7 * 7, _HIDDEN),
        "box_predictor": detection.faster_rcnn.FastRCNNPredictor(_HIDDEN, PRETRAINED_CLASSES),
        "min_size": 128,
        "max_size": 256,
        "rpn_pre_nms_top_n_train": 200,
        "rpn_pre_nms_top_n_test": 100,
        "rpn_post_nms_top_n_train": 100,
        "rpn_post_nms_top_n_test": 50,
        "rpn_batch_size_per_image": 64,
        "box_batch_size_per_image": 64,
        "box_detections_per_img": 20,
    }


class _Body(nn.Sequential):
    """Four stages that halve the picture each: 16, 32, 64 and 96 channels."""

    def __init__(self) -> None:
        super().__init__(
            nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.GroupNorm(4, 16), nn.ReLU()),
            _Block(16, 32),
            _Block(32, 64),
            _Block(64, 96),
        )


class _Block(nn.Module):
    """Two convolutions with a shortcut past them; the picture comes out half as high and wide."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.GroupNorm(8, after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.GroupNorm(8, after),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(before, after, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.main(x) + self.shortcut(x))


class _NoMore(detection.backbone_utils.ExtraFPNBlock):
    """Add no further level to the feature pyramid."""

    def forward(
        self,
        results: list[Tensor],
        x: list[Tensor],  # noqa: ARG002 - torchvision's signature
        names: list[str],
    ) -> tuple[list[Tensor], list[str]]:
        return results, names


def _read() -> dict[str, Tensor]:
    """Return the small segmenter's weights, float32; they are kept in half precision."""
    try:
        return {name: value.float() for name, value in load_file(_WEIGHTS).items()}
    except (OSError, ValueError) as error:
        raise DetectorError(
            f"{_WEIGHTS.name} cannot be read ({error}): put the file that came with the assignment beside {__file__}."
        ) from error


def _from_torchvision(build, *, pretrained: bool) -> FasterRCNN:  # noqa: ANN001 - one of torchvision's functions
    """Return torchvision's network; its weights come from the cache, else they are downloaded."""
    if not pretrained:
        return build(weights=None, weights_backbone=None)
    try:
        return build(weights="COCO_V1")
    except (OSError, RuntimeError) as error:
        raise DetectorError(
            f"torchvision's COCO weights are neither in {torch.hub.get_dir()}/checkpoints nor to be downloaded "
            f'({error}): go online and run this cell again, or stay with weights="small".'
        ) from error

"""Check the network that is built: its two new heads, and what it keeps."""

from typing import Any

import pytest
import torch
from torch import Tensor

pytestmark = pytest.mark.question("build_segmenter")

BOX, MASK = "roi_heads.box_predictor.", "roi_heads.mask_predictor."


def heads(model: Any, num_classes: int) -> dict[str, Tensor]:
    """Return the model's weights; fail unless both predictors are for so many classes."""
    assert model is not None, "`build_segmenter` returns nothing: return the model."
    state = model.state_dict()
    scores, masks = state.get(f"{BOX}cls_score.weight"), state.get(f"{MASK}mask_fcn_logits.weight")
    assert scores is not None, "`roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert masks is not None, "`roi_heads.mask_predictor` must be a MaskRCNNPredictor."
    more = num_classes + 1 in (len(scores), len(masks))
    assert not more, "The background is counted already: num_classes includes it."
    assert len(scores) == num_classes, "The box predictor must have `num_classes` scores: replace box_predictor."
    assert len(masks) == num_classes, (
        "The mask predictor must give `num_classes` masks: replace mask_predictor as well."
    )
    assert len(state[f"{BOX}bbox_pred.weight"]) == 4 * num_classes, "There is one box for each class."
    return state


@pytest.mark.points(0.5)
@pytest.mark.public
def test_both_predictors(student):
    """Both heads end in a new predictor for `num_classes` classes."""
    state = heads(student.build_segmenter(5), 5)
    going_in = state["roi_heads.mask_predictor.conv5_mask.weight"].shape[0]
    assert going_in == 64, "64 channels go into the mask predictor: ask the old one's conv5_mask.in_channels."


@pytest.mark.points(1)
def test_what_was_learned_is_kept(student, reference, rng):
    """All but the two predictors keeps its pretrained weights."""
    count = int(torch.randint(3, 20, (), generator=rng))
    state = heads(student.build_segmenter(num_classes=count), count)
    expected = reference.base_segmenter(True).state_dict()
    names = [name for name in expected if not name.startswith((BOX, MASK))]
    assert set(names) <= set(state), "Parts of the base segmenter are missing: change its predictors and nothing else."
    kept = [torch.equal(state[name], expected[name]) for name in names]
    assert any(kept), "The network starts with random weights: hand `pretrained` on to `base_segmenter`."
    assert all(kept), "Some of the pretrained weights are changed: replace the two predictors and nothing else."


@pytest.mark.points(0.5)
def test_from_scratch(student, reference):
    """With `pretrained=False` all weights are random."""
    state = heads(student.build_segmenter(4, pretrained=False), 4)
    expected = reference.base_segmenter(True).state_dict()
    names = [name for name in expected if name.endswith("weight") and expected[name].ndim > 1]
    names = [name for name in names if not name.startswith((BOX, MASK))]
    assert set(names) <= set(state), "Parts of the base segmenter are missing: change its predictors and nothing else."
    same = [torch.equal(state[name], expected[name]) for name in names]
    assert not any(same), "The weights are the pretrained ones though `pretrained=False`: hand the argument on."


@pytest.mark.points(1)
def test_it_sees_and_learns(student, reference, hidden_digits, rng):
    """The network gives masks of its classes in evaluation mode, and all five losses in training mode."""
    seed = int(torch.randint(2**31, (), generator=rng))
    scene = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 1, seed)[0]
    image, count = scene.image / 255, 11
    model = student.build_segmenter(count)
    heads(model, count)
    model.eval()
    found = model([image])[0]
    labels, masks = found["labels"], found["masks"]
    assert len(labels), "The untrained predictors see nothing at all: they must start at random."
    assert int(labels.max()) < count, "Labels must be less than num_classes."
    assert tuple(masks.shape) == (len(labels), 1, *image.shape[1:]), "There must be a mask for each thing that is seen."
    target = {
        "boxes": reference.masks_to_boxes(scene.masks),
        "labels": scene.digits + 1,
        "masks": scene.masks.to(torch.uint8),
    }
    model.train()
    losses = model([image], [target])
    assert "loss_mask" in losses, "The network must have a mask branch: change its predictors and nothing else."
    assert all(bool(loss.isfinite()) for loss in losses.values()), "In training mode all five losses must be finite."

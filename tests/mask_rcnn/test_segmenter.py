"""Check the network that is built: its two new heads, and what it keeps."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import close

pytestmark = pytest.mark.question("build_segmenter")

BOX, MASK = "roi_heads.box_predictor.", "roi_heads.mask_predictor."


def weights_of(model: Any) -> dict[str, Tensor]:
    """Return the weights of what was built."""
    assert model is not None, "`build_segmenter` returns nothing: return the model."
    assert hasattr(model, "state_dict"), "`build_segmenter` must return the model and nothing else."
    return model.state_dict()


def heads(state: dict[str, Tensor], num_classes: int) -> None:
    """Fail unless both predictors are for so many classes, and take what the heads give."""
    scores, boxes = state.get(f"{BOX}cls_score.weight"), state.get(f"{BOX}bbox_pred.weight")
    masks, first = state.get(f"{MASK}mask_fcn_logits.weight"), state.get(f"{MASK}conv5_mask.weight")
    assert scores is not None and boxes is not None, "`model.roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert masks is not None and first is not None, "`model.roi_heads.mask_predictor` must be a MaskRCNNPredictor."
    old = (27, 91)  # the classes of the base segmenters
    assert len(scores) not in old or len(masks) not in old, (
        "Both predictors are still those of the base segmenter: replace box_predictor and mask_predictor."
    )
    assert len(scores) not in old, "The box predictor is still that of the base segmenter: replace box_predictor."
    assert len(masks) not in old, (
        "The mask predictor is still that of the base segmenter: replace mask_predictor as well."
    )
    more = num_classes + 1 in (len(scores), len(masks))
    assert not more, "The background is counted already: num_classes includes it."
    assert len(scores) == num_classes, "The box predictor must have `num_classes` scores."
    assert len(masks) == num_classes, "The mask predictor must give `num_classes` masks."
    assert len(boxes) == 4 * num_classes, "There is one box for each class: replace the box predictor as a whole."
    takes = scores.shape[1] == len(state["roi_heads.box_head.fc7.weight"])
    assert takes, "As many numbers go into the new box predictor as into the old one: its cls_score.in_features."
    before = [value for name, value in state.items() if name.startswith("roi_heads.mask_head.") and value.ndim > 1]
    takes = bool(before) and len(first) == len(before[-1])
    assert takes, "As many channels go into the new mask predictor as into the old one: its conv5_mask.in_channels."


@pytest.mark.points(0.5)
@pytest.mark.public
def test_both_predictors(student, library):
    """Both heads end in a new predictor for `num_classes` classes, and each call builds a network of its own."""
    first = student.build_segmenter(5)
    heads(weights_of(first), 5)
    heads(weights_of(student.build_segmenter(7)), 7)
    own = len(first.state_dict()[f"{BOX}cls_score.weight"]) == 5
    assert own, "The second call changed the network of the first: take a new base segmenter in each call."
    learns = library.builtins.eval("lambda module: all(one.requires_grad for one in module.parameters())", {})
    frozen = "A new predictor is frozen: it starts from nothing and must learn (freeze the body, if anything)."
    predictors = (first.roi_heads.box_predictor, first.roi_heads.mask_predictor)
    assert all(learns(one) is True for one in predictors), frozen


@pytest.mark.points(1)
def test_what_was_learned_is_kept(student, reference, rng):
    """All but the two predictors keeps its pretrained weights."""
    state = weights_of(student.build_segmenter(num_classes=int(torch.randint(3, 20, (), generator=rng))))
    expected = reference.base_segmenter(True).state_dict()
    expected = {name: value for name, value in expected.items() if not name.startswith((BOX, MASK))}
    kept = {name: name in state and close(state[name], value, tolerance=1e-6) for name, value in expected.items()}
    if all(kept.values()):
        return
    assert set(expected) <= set(state), (
        "Parts of the base segmenter are missing: change its predictors and nothing else."
    )
    random = not any(kept[name] for name, value in expected.items() if value.ndim > 1)
    assert not random, "The network starts with random weights: hand `pretrained` on to `base_segmenter`."
    raise AssertionError("Some of the pretrained weights are changed: replace the two predictors and nothing else.")


@pytest.mark.points(0.5)
def test_from_scratch(student, reference):
    """With `pretrained=False` all weights are random."""
    state = weights_of(student.build_segmenter(4, pretrained=False))
    expected = reference.base_segmenter(True).state_dict()
    learned = [name for name, value in expected.items() if value.ndim > 1 and not name.startswith((BOX, MASK))]
    assert set(learned) <= set(state), (
        "Parts of the base segmenter are missing: change its predictors and nothing else."
    )
    same = [torch.equal(state[name], expected[name]) for name in learned]
    assert not any(same), "The weights are the pretrained ones though `pretrained=False`: hand the argument on."


@pytest.mark.points(1)
def test_it_sees_and_learns(student, reference, hidden_digits, rng):
    """The network gives masks of its classes in evaluation mode, and all five losses in training mode."""
    seed = int(torch.randint(2**31, (), generator=rng))
    count = int(torch.randint(12, 20, (), generator=rng))
    scene = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 1, seed)[0]
    image = scene.image / 255
    model = student.build_segmenter(count)
    heads(weights_of(model), count)
    model.eval()
    found = model([image])[0]
    labels, masks = found["labels"], found["masks"]
    assert len(labels), "The untrained predictors see nothing at all: they must start at random."
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

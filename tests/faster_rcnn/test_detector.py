"""Check the detector that is built, and what is done with what it sees."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import Mismatch, tensor

NEW = "roi_heads.box_predictor."


def heads(state: dict[str, Tensor], num_classes: int) -> None:
    """Fail unless the box predictor is one for so many classes."""
    found = state.get(f"{NEW}cls_score.weight")
    assert found is not None, "`roi_heads.box_predictor` must be a FastRCNNPredictor."
    assert found.shape[0] != num_classes + 1, "The background is counted already: num_classes includes it."
    assert found.shape[0] == num_classes, "The new predictor must have `num_classes` scores: replace box_predictor."
    assert state[f"{NEW}bbox_pred.weight"].shape[0] == 4 * num_classes, "There is one box for each class."


# build_detector


@pytest.mark.question("build_detector")
@pytest.mark.points(1)
@pytest.mark.public
def test_the_new_predictor(student):
    """The box head ends in a new predictor for `num_classes` classes."""
    model = student.build_detector(5)
    assert model is not None, "`build_detector` returns nothing: return the model."
    heads(model.state_dict(), 5)


@pytest.mark.question("build_detector")
@pytest.mark.points(1.5)
def test_what_was_learned_is_kept(student, reference, rng):
    """Body, proposal network and box head keep their pretrained weights; only the predictor is new."""
    count = int(torch.randint(3, 20, (), generator=rng))
    state = student.build_detector(num_classes=count).state_dict()
    heads(state, count)
    expected = reference.base_detector(True).state_dict()
    names = [name for name in expected if not name.startswith(NEW)]
    assert set(names) <= set(state), "Parts of the base detector are missing: change its predictor and nothing else."
    kept = [torch.equal(state[name], expected[name]) for name in names]
    assert any(kept), "The detector starts with random weights: hand `pretrained` on to `base_detector`."
    assert all(kept), "Some of the pretrained weights are changed: replace the box predictor and nothing else."
    tensor(state[f"{NEW}cls_score.weight"], "cls_score.weight", shape=(count, 128), dtype=torch.float32)


@pytest.mark.question("build_detector")
@pytest.mark.points(0.5)
def test_from_scratch(student, reference):
    """With `pretrained=False` all weights are random."""
    state = student.build_detector(4, pretrained=False).state_dict()
    heads(state, 4)
    expected = reference.base_detector(True).state_dict()
    name = "backbone.body.0.0.weight"
    assert name in state, "The body must be that of the base detector."
    assert not torch.equal(state[name], expected[name]), (
        "The weights are the pretrained ones though `pretrained=False`: hand the argument on."
    )


# predict


def detector(library: Any, state: dict[str, Tensor] | None = None) -> Any:
    """Return the base detector in the student's process."""
    model = library.detectors.faster_rcnn()
    if state is not None:
        model.load_state_dict(state)
    return model


def found_by(result: object) -> dict[str, Tensor]:
    """Return a prediction as it must be."""
    if not isinstance(result, dict):
        raise Mismatch("`predict` returns a dictionary with boxes, labels and scores.", type(result).__name__)
    missing = sorted({"boxes", "labels", "scores"} - set(result))
    assert not missing, f"The prediction lacks {missing[0]!r}."
    scores = tensor(result["scores"], "scores", shape=(None,), dtype=torch.float32)
    boxes = tensor(result["boxes"], "boxes", shape=(None, 4), dtype=torch.float32)
    labels = tensor(result["labels"], "labels", shape=(None,), dtype=torch.int64)
    assert len(boxes) == len(scores) == len(labels), (
        "Boxes, labels and scores must be as many: take the same rows of all three."
    )
    return {"boxes": boxes, "labels": labels, "scores": scores}


@pytest.mark.question("predict")
@pytest.mark.points(1)
@pytest.mark.public
def test_one_picture(student, library):
    """`predict` returns a dictionary with boxes, labels and scores of what is sure enough."""
    image = torch.full((3, 128, 128), 0.2)
    image[:, 40:80, 60:66] = 0.9
    image[0, 40:46, 50:76] = 0.9
    model = detector(library)
    everything = found_by(student.predict(model, image, 0.0))
    some = found_by(student.predict(model, image, 0.3))
    assert len(everything["scores"]), "With the threshold 0 something must be found."
    assert bool((some["scores"] >= 0.3).all()), "What has a lower score than the threshold must be left out."


@pytest.mark.question("predict")
@pytest.mark.points(1.5)
def test_what_the_detector_sees(student, library, reference, hidden_digits, rng):
    """All detections with at least the threshold are returned, each with its own box and label."""
    seed = int(torch.randint(2**31, (), generator=rng))
    image = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 1, seed)[0].image / 255
    ours = reference.base_detector(True).eval()
    with torch.no_grad():
        expected = ours([image])[0]
    model = detector(library)
    model.train()  # where training has left it
    everything = found_by(student.predict(model, image, score_threshold=0.0))
    assert len(everything["scores"]) == len(expected["scores"]), "With the threshold 0, all detections are returned."
    order = everything["scores"].argsort(descending=True)
    assert torch.allclose(everything["boxes"][order], expected["boxes"], atol=0.1), "The boxes are not the detector's."
    assert torch.equal(everything["labels"][order], expected["labels"]), "The labels are not the detector's."
    middle = everything["scores"].median().item()
    some = found_by(student.predict(model, image, middle))
    wanted = int((everything["scores"] >= middle).sum())
    assert len(some["scores"]) != wanted - 1, "What has exactly the threshold's score belongs to the result: use >=."
    assert len(some["scores"]) == wanted, "Not all, or not only, detections with at least the threshold are returned."
    usual = found_by(student.predict(model, image))
    assert len(usual["scores"]) == int((everything["scores"] >= 0.5).sum()), "The threshold is 0.5 where none is given."


@pytest.mark.question("predict")
@pytest.mark.points(0.5)
def test_nothing_is_learned(student, library, rng):
    """`predict` builds no gradients and leaves weights and picture as they are."""
    image = torch.rand(3, 128, 128, generator=rng)
    model = detector(library)
    probe = library.types.SimpleNamespace(on=None)
    note = "lambda module, inputs, output: setattr(probe, 'on', torch.is_grad_enabled())"
    model.backbone.register_forward_hook(library.builtins.eval(note, {"probe": probe, "torch": library.torch}))
    before = model.state_dict()
    found_by(student.predict(model, image))
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "The weights changed: only look."
    assert probe.on is not True, "Gradients are recorded: call the model under torch.no_grad()."
    assert probe.on is False, "The model was not called: use the one that is given."

"""Check the detector that is built, and what is done with what it sees."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, mapping, tensor

NEW = "roi_heads.box_predictor."
COUNTED = "The background is counted already: num_classes includes it."


def weights_of(model: Any) -> dict[str, Tensor]:
    """Return the weights of what was built."""
    assert model is not None, "`build_detector` returns nothing: return the model."
    assert hasattr(model, "state_dict"), "`build_detector` must return the model and nothing else."
    return model.state_dict()


def heads(state: dict[str, Tensor], num_classes: int) -> None:
    """Fail unless the box predictor is one for so many classes."""
    scores, boxes = state.get(f"{NEW}cls_score.weight"), state.get(f"{NEW}bbox_pred.weight")
    assert scores is not None and boxes is not None, "`model.roi_heads.box_predictor` must be a FastRCNNPredictor."
    going_in = len(state["roi_heads.box_head.fc7.weight"])
    if (tuple(scores.shape), tuple(boxes.shape)) == ((num_classes, going_in), (4 * num_classes, going_in)):
        return
    assert len(scores) not in (27, 91), (  # those of the base detectors
        "The predictor is still that of the base detector: replace `model.roi_heads.box_predictor`."
    )
    assert len(scores) != num_classes + 1, COUNTED
    assert len(scores) == num_classes, "The new predictor must have `num_classes` scores."
    assert len(boxes) == 4 * num_classes, "There is one box for each class: replace the predictor as a whole."
    raise AssertionError("As many numbers go into the new predictor as into the old one: its cls_score.in_features.")


# build_detector


@pytest.mark.question("build_detector")
@pytest.mark.points(1)
@pytest.mark.public
def test_the_new_predictor(student, library):
    """The box head ends in a new predictor for `num_classes` classes, and each call builds a network of its own."""
    first = student.build_detector(5)
    heads(weights_of(first), 5)
    heads(weights_of(student.build_detector(7)), 7)
    apart = len(first.state_dict()[f"{NEW}cls_score.weight"]) == 5
    assert apart, "The second call changed the network of the first: take a new base detector in each call."
    learns = library.builtins.eval("lambda module: all(one.requires_grad for one in module.parameters())", {})
    frozen = "The new predictor is frozen: it starts from nothing and must learn (freeze the body, if anything)."
    assert learns(first.roi_heads.box_predictor) is True, frozen


@pytest.mark.question("build_detector")
@pytest.mark.points(1.5)
def test_what_was_learned_is_kept(student, reference, rng):
    """Body, proposal network and box head keep their pretrained weights; only the predictor is new."""
    state = weights_of(student.build_detector(num_classes=int(torch.randint(3, 20, (), generator=rng))))
    expected = {name: value for name, value in reference.base_detector(True).state_dict().items() if NEW not in name}
    kept = {name: name in state and close(state[name], value, tolerance=1e-6) for name, value in expected.items()}
    if all(kept.values()):
        return
    assert set(expected) <= set(state), "Parts of the base detector are missing: change its predictor and nothing else."
    random = not any(kept[name] for name, value in expected.items() if value.ndim > 1)
    assert not random, "The detector starts with random weights: hand `pretrained` on to `base_detector`."
    raise AssertionError("Some of the pretrained weights are changed: replace the box predictor and nothing else.")


@pytest.mark.question("build_detector")
@pytest.mark.points(0.5)
def test_from_scratch(student, reference, rng):
    """With `pretrained=False` all weights are random, and there are as many classes as are asked for."""
    count = int(torch.randint(12, 20, (), generator=rng))
    state = weights_of(student.build_detector(count, pretrained=False))
    heads(state, count)
    expected = reference.base_detector(True).state_dict()
    learned = [name for name, value in expected.items() if value.ndim > 1 and NEW not in name]
    assert set(learned) <= set(state), "Parts of the base detector are missing: change its predictor and nothing else."
    same = [torch.equal(state[name], expected[name]) for name in learned]
    assert not any(same), "The weights are the pretrained ones though `pretrained=False`: hand the argument on."


# predict

NOT_CALLED = "The model was not called: use the one that is given."
USUAL = "The threshold is 0.5 where none is given."
MIXED_UP = "Boxes, labels and scores no longer belong together: sort all three by one and the same order, or none."


def found_by(result: object) -> dict[str, Tensor]:
    """Return a prediction as it must be, best first."""
    found = mapping(result, "predict(model, image)", ("boxes", "labels", "scores"))
    scores = tensor(found["scores"], "scores", shape=(None,), dtype=torch.float32)
    boxes = tensor(found["boxes"], "boxes", shape=(None, 4), dtype=torch.float32)
    labels = tensor(found["labels"], "labels", shape=(None,), dtype=torch.int64)
    same = len(boxes) == len(scores) == len(labels)
    assert same, "Boxes, labels and scores must be as many: take the same rows of all three."
    order = scores.argsort(descending=True, stable=True)
    return {"boxes": boxes[order], "labels": labels[order], "scores": scores[order]}


def judge(found: dict[str, Tensor], everything: dict[str, Tensor], threshold: float) -> None:
    """Accept the right detections of everything that there is; otherwise name the slip."""
    right = at_least(everything, threshold)
    try:
        answer(found, right, slips_of(everything, threshold))
    except Slip as slip:
        known = all(any(close(box, one) for one in everything["boxes"]) for box in found["boxes"])
        assert slip.hint or not known or not close(found["scores"], right["scores"]), MIXED_UP
        raise


def best(everything: dict[str, Tensor], count: int) -> dict[str, Tensor]:
    """Return the first detections, which are the best."""
    return {name: value[:count] for name, value in everything.items()}


def at_least(everything: dict[str, Tensor], threshold: float) -> dict[str, Tensor]:
    """Return what is to be returned."""
    return best(everything, int((everything["scores"] >= threshold).sum()))


def slips_of(everything: dict[str, Tensor], threshold: float) -> dict[str, dict[str, Tensor]]:
    """Return what known slips make of the threshold."""
    scores = everything["scores"]
    sure, surer = int((scores >= threshold).sum()), int((scores > threshold).sum())
    return {
        "What has exactly the threshold's score belongs to the result: use >=.": best(everything, surer),
        "All detections are returned: leave out those below `score_threshold`.": everything,
        "0.5 is the threshold whatever is asked for: use the argument `score_threshold`.": at_least(everything, 0.5),
        "Only the best detection is returned.": best(everything, min(1, sure)),
        "What is below the threshold is returned: keep what is above it.": {k: v[sure:] for k, v in everything.items()},
    }


def seen_by(library: Any, model: Any, image: Tensor) -> dict[str, Tensor]:
    """Return all that the model itself sees, best first, and leave it in evaluation mode."""
    look = library.torch.no_grad()(library.builtins.eval("lambda network, images: network(images)[0]", {}))
    model.eval()
    return found_by(look(model, [image]))


KNOWN = '''
import torch
from torchvision.models.detection import FasterRCNN


class Known(FasterRCNN):
    """Sees what it is told to see, and notes how it was asked."""

    def forward(self, images, targets=None):
        (image,) = list(images)
        self.notes.append([self.training, torch.is_grad_enabled(), image.detach().clone()])
        told = {"boxes": self.told[0] + 0 * next(self.parameters()).sum(), "labels": self.told[1], "scores": self.told[2]}
        keep = told["scores"] > self.roi_heads.score_thresh
        return [{name: value[keep].clone() for name, value in told.items()}]
'''


def known_detector(library: Any, told: dict[str, Tensor]) -> Any:
    """Return a detector in the student's process, torchvision's in all its parts, that sees what it is told to see."""
    module = library.types.ModuleType("known")
    library.builtins.eval("lambda code, module: exec(code, vars(module))", {})(KNOWN, module)
    model = library.detectors.faster_rcnn()
    library.builtins.setattr(model, "__class__", module.Known)
    library.builtins.setattr(model, "told", [told["boxes"], told["labels"], told["scores"]])
    library.builtins.setattr(model, "notes", [])
    return model


@pytest.mark.question("predict")
@pytest.mark.points(1)
@pytest.mark.public
def test_one_picture(student, library):
    """`predict` returns a dictionary with boxes, labels and scores of the detections with at least `score_threshold`."""
    told = {
        "boxes": torch.tensor([[1, 2, 20, 30], [5, 5, 9, 9], [40, 60, 90, 80], [7, 30, 50, 60]]).float(),
        "labels": torch.tensor([1, 10, 7, 3]),
        "scores": torch.tensor([0.875, 0.75, 0.5, 0.25]),
    }
    image = torch.full((3, 128, 128), 0.2)
    image[:, 40:80, 60:66] = 0.9
    image[0, 40:46, 50:76] = 0.9
    model = known_detector(library, told)
    found = found_by(student.predict(model, image, 0.5))
    assert len(model.notes), NOT_CALLED
    assert all(not training for training, _, _ in model.notes), (
        "The model was in training mode, in which it wants targets: call model.eval() first."
    )
    assert all(not recording for _, recording, _ in model.notes), (
        "Gradients are recorded: call the model under torch.no_grad()."
    )
    judge(found, told, 0.5)
    assert close(found_by(student.predict(model, image)), at_least(told, 0.5)), USUAL
    model = library.detectors.faster_rcnn()
    everything = seen_by(library, model, image)
    middle = everything["scores"].mean().item()
    for threshold in (0.0, middle):
        answer(found_by(student.predict(model, image, threshold)), at_least(everything, threshold))


@pytest.mark.question("predict")
@pytest.mark.points(0.5)
def test_what_the_detector_sees(student, library, reference, hidden_digits, rng):
    """With the threshold 0, `predict` returns all that the detector sees in a scene, each box with its label and score."""
    seed = int(torch.randint(2**31, (), generator=rng))
    model = library.detectors.faster_rcnn()
    for scene in reference.make_scenes(hidden_digits.images, hidden_digits.labels, 2, seed):
        everything = seen_by(library, model, scene.image / 255)
        answer(found_by(student.predict(model, scene.image / 255, score_threshold=0.0)), everything)


def drawn_detections(rng: torch.Generator) -> dict[str, Tensor]:
    """Return detections of every class, best first, with scores of 15/16, 14/16 …, which are exact."""
    corners = 60 * torch.rand(14, 2, generator=rng)
    boxes = torch.cat([corners, corners + 1 + 60 * torch.rand(14, 2, generator=rng)], dim=1)
    labels = torch.cat([torch.arange(1, 11), torch.randint(1, 11, (4,), generator=rng)])
    return {
        "boxes": boxes,
        "labels": labels[torch.randperm(14, generator=rng)],
        "scores": torch.arange(15, 1, -1) / 16,
    }


@pytest.mark.question("predict")
@pytest.mark.points(1)
def test_the_threshold(student, library, rng):
    """All detections with score >= score_threshold are returned, each with its own box and label; 0.5 where none is given."""

    def make() -> Case[tuple[dict[str, Tensor], float]]:
        everything, threshold = drawn_detections(rng), float(torch.randint(3, 13, (), generator=rng)) / 16
        right, slips = at_least(everything, threshold), slips_of(everything, threshold)
        return Case(inputs=(everything, threshold), right=right, slips=slips)

    case = draw(make)
    everything, threshold = case.inputs
    model, image = known_detector(library, everything), torch.rand(3, 40, 60, generator=rng)
    model.eval()
    found = found_by(student.predict(model, image, score_threshold=threshold))
    assert len(model.notes), NOT_CALLED
    case.judge(found)
    assert close(found_by(student.predict(model, image)), at_least(everything, 0.5)), USUAL
    for least in (0.99, 15 / 16):  # nothing, and one alone
        answer(found_by(student.predict(model, image, least)), at_least(everything, least))


@pytest.mark.question("predict")
@pytest.mark.points(0.5)
def test_it_only_looks(student, library, rng):
    """`predict` calls the given model on the given image and changes neither, nor how gradients are recorded afterwards."""
    image = 0.2 + 0.5 * torch.rand(3, 40, 60, generator=rng)
    model = known_detector(library, drawn_detections(rng))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    given = library.types.SimpleNamespace(image=image)
    library.builtins.eval("lambda predict, model, given: predict(model, given.image)", {})(
        student.predict, model, given
    )
    notes = model.notes
    assert notes, NOT_CALLED
    assert library.torch.is_grad_enabled(), (
        "Gradients stay switched off for all that follows: use `with torch.no_grad():` around the call of the model."
    )
    learns = library.builtins.eval("lambda model: all(p.requires_grad for p in model.parameters())", {})(model)
    assert learns, (
        "Afterwards the model's weights need no gradients any more, so it cannot be trained: use torch.no_grad()."
    )
    assert close(model.state_dict(), before), "The weights changed: only look."
    unchanged = close(given.image, image)
    assert unchanged, "The image that was given is changed: leave it as it is."
    asked = all(close(shown, image) for _, _, shown in notes)
    assert asked, "The model is shown something else than `image`: hand it on as it is."

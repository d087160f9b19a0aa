"""Check finetuning: the losses that it reports, exactly, and what the finetuned segmenter cuts out of hidden scenes."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import measured, partial
from autograder.checks.expect import Mismatch, number, tensor

pytestmark = pytest.mark.question("finetune_segmenter")

FINDS = 0.65
"""Average precision of boxes at IoU 0.5 asked for on hidden scenes, whatever the labels; spread: docs/validation."""
CUTS_OUT = 0.62
"""The same, of masks."""
NAMES = 0.45
"""The same, of masks, averaged over the ten digits."""
CUTS_OUT_FOR_HALF = 0.55
CLASSES = 11
COUNTING = """type("Counting", (torch.nn.Module,), {
    "__init__": lambda self: (torch.nn.Module.__init__(self),
        setattr(self, "weight", torch.nn.Parameter(torch.ones(1))), setattr(self, "seen", []), None)[-1],
    "forward": lambda self, images, targets: (
        self.seen.append([self.training, [int(target["labels"][0]) for target in targets]]),
        {"loss_classifier": self.weight.sum() * 0 + sum(image.mean() for image in images),
         "loss_box_reg": self.weight.sum() * 0 + 2.0,
         "loss_mask": self.weight.sum() * 0 + 5.0})[-1],
})"""
"""A stand-in for a segmenter whose losses are known: the sum of the images' means, 2, and 5."""


def losses_of(result: object) -> list[float]:
    """Return the history as it must be."""
    if type(result) not in (list, tuple):
        raise Mismatch("`finetune_segmenter` returns a list with the mean loss of each epoch.", type(result).__name__)
    assert len(result), "The list of losses is empty: one entry for each epoch."
    return [number(loss, "a loss of the list") for loss in result]


def loader(library: Any, pairs: list[tuple[Tensor, dict[str, Tensor]]], *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process that hands out the pairs in batches of 4, as lists."""
    as_lists = "lambda batch: ([image for image, _ in batch], [target for _, target in batch])"
    collate = library.builtins.eval(as_lists)
    return library.torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=shuffle, collate_fn=collate)


def pretrained(library: Any) -> Any:
    """Return a segmenter for the ten digits in the student's process, pretrained but for the two predictors."""
    model = library.detectors.mask_rcnn()
    kinds = library.torchvision.models.detection
    library.builtins.setattr(model.roi_heads, "box_predictor", kinds.faster_rcnn.FastRCNNPredictor(128, CLASSES))
    library.builtins.setattr(model.roi_heads, "mask_predictor", kinds.mask_rcnn.MaskRCNNPredictor(64, 64, CLASSES))
    return model


def target_of(masks: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what a segmenter is trained with; the boxes lie around the masks."""
    ends = [(mask.nonzero().amin(0).flip(0), mask.nonzero().amax(0).flip(0)) for mask in masks]
    boxes = torch.stack([torch.cat(pair) for pair in ends]).float()
    return {"boxes": boxes, "labels": labels, "masks": masks.to(torch.uint8)}


@pytest.mark.points(0.5)
@pytest.mark.public
@pytest.mark.deadline(120)
def test_a_few_steps(student, library):
    """`finetune_segmenter` trains the model that it is given, and returns one loss for each epoch."""
    image, mask = torch.full((3, 128, 128), 0.3), torch.zeros(1, 128, 128, dtype=torch.bool)
    mask[:, 30:70, 40:48] = True
    image[:, mask[0]] = 0.9
    pair = (image, target_of(mask, torch.tensor([2])))
    model = pretrained(library)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses_of(student.finetune_segmenter(model, loader(library, [pair] * 4), library.torch.device("cpu")))
    after = model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before), (
        "The model's weights did not change: train the model that is given, with backward() and optimizer.step()."
    )


@pytest.mark.points(1)
@pytest.mark.deadline(60)
def test_the_losses_are_means_over_batches(student, library, rng):
    """Each entry is the mean over the epoch's batches of the sum of all losses; all batches are used, in training mode."""
    shades = torch.rand(12, generator=rng)
    mask = torch.ones(1, 8, 8, dtype=torch.bool)
    pairs = [(torch.full((3, 8, 8), float(s)), target_of(mask, torch.tensor([n]))) for n, s in enumerate(shades)]
    model = library.builtins.eval(COUNTING, {"torch": library.torch})()
    model.eval()  # where predicting has left it
    found = losses_of(student.finetune_segmenter(model, loader(library, pairs), library.torch.device("cpu")))
    seen = model.seen
    assert seen, "The model was never called."
    assert all(training is True for training, _ in seen), "The model was in evaluation mode: call model.train()."
    assert sorted({n for _, batch in seen for n in batch}) == list(range(12)), "Not every batch of the loader is used."
    assert len(seen) == 3 * len(found), "The list must hold one number for each epoch, over all batches of the loader."
    shade = shades.double().sum().item() / 3
    last = shades.double()[8:].sum().item() + 7

    def all_near(value: float) -> bool:
        return all(abs(loss - value) < 1e-3 for loss in found)

    assert not all_near(3 * (shade + 7)), "This is the sum over the batches: divide by their number."
    assert not all_near(5), "Only the loss of the masks is counted: add up all that the model returns."
    assert not all_near(shade), "Only the loss of the classifier is counted: add up all that the model returns."
    assert not all_near(shade + 2), "The loss of the masks is left out: add up all that the model returns."
    assert not all_near((shade + 7) / 4), "You divide by the number of images: average over the batches."
    assert not all_near(last), "This is the loss of the last batch: average over all batches of the epoch."
    assert all_near(shade + 7), "The mean of the losses is wrong: add up what the model returns, average over batches."


@pytest.mark.points(2.5)
@pytest.mark.deadline(480)
def test_it_cuts_digits_out_of_hidden_scenes(student, library, reference, training_digits, hidden_digits, rng, device):  # noqa: PLR0917
    """The finetuned segmenter finds, cuts out and names digits in scenes that nobody has seen.

    The student's code trains on 120 scenes in which the digits' labels are shuffled, so that it must learn from the loader
    it is given; the segmenter is judged by its weights, in this process, on 60 scenes with hidden digits.
    """
    names = 1 + torch.randperm(10, generator=rng)
    seeds = torch.randint(2**31, (2,), generator=rng).tolist()
    scenes = reference.make_scenes(training_digits.images, training_digits.labels, 120, seeds[0])
    pairs = [(scene.image / 255, target_of(scene.masks, names[scene.digits])) for scene in scenes]
    model = pretrained(library)
    loss_by_epoch = losses_of(
        student.finetune_segmenter(model, loader(library, pairs, shuffle=True), library.torch.device(device))
    )
    ours = reference.build_segmenter(CLASSES)
    state, wanted = model.state_dict(), ours.state_dict()
    assert set(state) == set(wanted), "The model must keep its parts: train it in place and change nothing else."
    for name, value in wanted.items():
        tensor(state[name], f"the weight {name} of the trained model", shape=tuple(value.shape), dtype=value.dtype)
    ours.load_state_dict(state)
    hidden = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 60, seeds[1])
    predictions = reference.look(ours, [scene.image / 255 for scene in hidden], 0.05)
    targets = [target_of(scene.masks, names[scene.digits]) for scene in hidden]
    finds = reference.average_precision(predictions, targets, classes=False)
    cuts_out = reference.average_precision(predictions, targets, by="masks", classes=False)
    cuts_out_and_names = reference.average_precision(predictions, targets, by="masks")
    measured("AP@0.5 of boxes, finding digits in hidden scenes", finds, at_least=FINDS)
    measured("AP@0.5 of masks, finding digits in hidden scenes", cuts_out, at_least=CUTS_OUT)
    measured("AP@0.5 of masks, finding and naming digits in hidden scenes", cuts_out_and_names, at_least=NAMES)
    said = (
        f"In scenes that it has never seen, your segmenter reaches an average precision of {finds:.0%} with its boxes and "
        f"{cuts_out:.0%} with its masks at finding digits, and {cuts_out_and_names:.0%} with its masks at finding and naming "
        f"them; {FINDS:.0%}, {CUTS_OUT:.0%} and {NAMES:.0%} are asked for."
    )
    enough = finds >= FINDS and cuts_out >= CUTS_OUT and cuts_out_and_names >= NAMES
    if not enough and cuts_out >= CUTS_OUT_FOR_HALF:
        partial(0.5, f"{said} This is worth half the points.")
    assert enough, f"{said} Does the loss fall? Try AdamW with lr=0.001, or SGD with lr=0.02 and momentum 0.9."
    assert len(loss_by_epoch) == 1 or loss_by_epoch[-1] < loss_by_epoch[0], "The reported losses do not fall."

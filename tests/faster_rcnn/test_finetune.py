"""Check finetuning: the losses that it reports, exactly, and what the finetuned detector finds in hidden scenes."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import measured, partial
from autograder.checks.expect import Mismatch, number

pytestmark = pytest.mark.question("finetune")

FINDS = 0.70
"""Average precision at IoU 0.5 asked for on hidden scenes, whatever the labels; spread: docs/validation/faster_rcnn.json."""
NAMES = 0.50
"""The same, averaged over the ten digits."""
FINDS_FOR_HALF = 0.55
CLASSES = 11
COUNTING = """type("Counting", (torch.nn.Module,), {
    "__init__": lambda self: (torch.nn.Module.__init__(self),
        setattr(self, "weight", torch.nn.Parameter(torch.ones(1))), setattr(self, "seen", []), None)[-1],
    "forward": lambda self, images, targets: (
        self.seen.append([self.training, [int(target["labels"][0]) for target in targets]]),
        {"loss_classifier": self.weight.sum() * 0 + sum(image.mean() for image in images),
         "loss_box_reg": self.weight.sum() * 0 + 2.0})[-1],
})"""
"""A stand-in for a detector whose losses are known: the sum of the images' means, and 2."""


def losses_of(result: object) -> list[float]:
    """Return the history as it must be."""
    if type(result) not in (list, tuple):
        raise Mismatch("`finetune` returns a list with the mean loss of each epoch.", type(result).__name__)
    assert len(result), "The list of losses is empty: one entry for each epoch."
    return [number(loss, "a loss of the list") for loss in result]


def loader(library: Any, pairs: list[tuple[Tensor, dict[str, Tensor]]], *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process that hands out the pairs in batches of 4, as lists."""
    as_lists = "lambda batch: ([image for image, _ in batch], [target for _, target in batch])"
    collate = library.builtins.eval(as_lists)
    return library.torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=shuffle, collate_fn=collate)


def pretrained(library: Any) -> Any:
    """Return a detector for the ten digits in the student's process, pretrained but for the predictor."""
    model = library.detectors.faster_rcnn()
    predictor = library.torchvision.models.detection.faster_rcnn.FastRCNNPredictor(128, CLASSES)
    library.builtins.setattr(model.roi_heads, "box_predictor", predictor)
    return model


def target_of(boxes: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what a detector is trained with; boxes are (left, top, width, height)."""
    left, top, width, height = boxes.float().unbind(1)
    return {
        "boxes": torch.stack([left, top, left + width, top + height], 1),
        "labels": labels,
        "image_id": torch.tensor(0),
        "area": width * height,
        "iscrowd": torch.zeros(len(labels), dtype=torch.int64),
    }


@pytest.mark.points(0.5)
@pytest.mark.public
@pytest.mark.deadline(90)
def test_a_few_steps(student, library):
    """`finetune` trains the model that it is given, and returns one loss for each epoch."""
    image = torch.full((3, 128, 128), 0.3)
    image[:, 30:70, 40:48] = 0.9
    pair = (image, target_of(torch.tensor([[40, 30, 8, 40]]), torch.tensor([2])))
    model = pretrained(library)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses_of(student.finetune(model, loader(library, [pair] * 4), library.torch.device("cpu")))
    after = model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before), (
        "The model's weights did not change: train the model that is given, with backward() and optimizer.step()."
    )


@pytest.mark.points(1)
@pytest.mark.deadline(60)
def test_the_losses_are_means_over_batches(student, library, rng):
    """Each entry is the mean over the epoch's batches of the sum of all losses; all batches are used, in training mode."""
    shades = torch.rand(12, generator=rng)
    boxes = torch.tensor([[1, 1, 3, 3]])
    pairs = [
        (torch.full((3, 8, 8), float(shade)), target_of(boxes, torch.tensor([n]))) for n, shade in enumerate(shades)
    ]
    model = library.builtins.eval(COUNTING, {"torch": library.torch})()
    model.eval()  # where predicting has left it
    found = losses_of(student.finetune(model, loader(library, pairs), library.torch.device("cpu")))
    seen = model.seen
    assert seen, "The model was never called."
    assert all(training is True for training, _ in seen), "The model was in evaluation mode: call model.train()."
    assert sorted({n for _, batch in seen for n in batch}) == list(range(12)), "Not every batch of the loader is used."
    assert len(seen) == 3 * len(found), "The list must hold one number for each epoch, over all batches of the loader."
    shade = shades.double().sum().item() / 3
    last = shades.double()[8:].sum().item() + 2

    def all_near(value: float) -> bool:
        return all(abs(loss - value) < 1e-3 for loss in found)

    assert not all_near(3 * (shade + 2)), "This is the sum over the batches: divide by their number."
    assert not all_near(shade), "Only the loss of the classifier is counted: add up all that the model returns."
    assert not all_near((shade + 2) / 4), "You divide by the number of images: average over the batches."
    assert not all_near(last), "This is the loss of the last batch: average over all batches of the epoch."
    assert all_near(shade + 2), "The mean of the losses is wrong: add up what the model returns, average over batches."


@pytest.mark.points(3.5)
@pytest.mark.deadline(240)
def test_it_finds_digits_in_hidden_scenes(student, library, reference, training_digits, hidden_digits, rng, device):  # noqa: PLR0917
    """The finetuned detector finds and names digits in scenes that nobody has seen.

    The student's code trains on 120 scenes in which the digits' labels are shuffled, so that it must learn from the loader
    it is given; the detector is judged by its weights, in this process, on 40 scenes with hidden digits.
    """
    names = 1 + torch.randperm(10, generator=rng)
    seeds = torch.randint(2**31, (2,), generator=rng).tolist()
    scenes = reference.make_scenes(training_digits.images, training_digits.labels, 120, seeds[0])
    pairs = [(scene.image / 255, target_of(scene.boxes, names[scene.digits])) for scene in scenes]
    model = pretrained(library)
    losses_of(student.finetune(model, loader(library, pairs, shuffle=True), library.torch.device(device)))
    ours = reference.build_detector(CLASSES)
    ours.load_state_dict(model.state_dict())
    hidden = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 40, seeds[1])
    predictions = [reference.predict(ours, scene.image / 255, 0.05) for scene in hidden]
    targets = [target_of(scene.boxes, names[scene.digits]) for scene in hidden]
    finds = reference.average_precision(predictions, targets, classes=False)
    finds_and_names = reference.average_precision(predictions, targets)
    measured("AP@0.5 of finding digits in hidden scenes", finds, at_least=FINDS)
    measured("AP@0.5 of finding and naming digits in hidden scenes", finds_and_names, at_least=NAMES)
    said = (
        f"In scenes that it has never seen, your detector reaches an average precision of {finds:.0%} at finding digits and "
        f"{finds_and_names:.0%} at finding and naming them; {FINDS:.0%} and {NAMES:.0%} are asked for."
    )
    enough = finds >= FINDS and finds_and_names >= NAMES
    if not enough and finds >= FINDS_FOR_HALF:
        partial(0.5, f"{said} This is worth half the points.")
    assert enough, f"{said} Does the loss fall? Try AdamW with lr=0.001, or SGD with lr=0.02 and momentum 0.9."

"""Check finetuning: the losses that it reports, exactly, and what the finetuned segmenter cuts out of hidden scenes."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import learned, measured, partial
from autograder.checks.expect import Slip, answer, close, number, sequence, tensor
from autograder.checks.training import new_names, recorded_losses

pytestmark = pytest.mark.question("finetune_segmenter")

FINDS = 0.65
"""Average precision of boxes at IoU 0.5 asked for on hidden scenes, whatever the labels; spread: docs/validation."""
CUTS_OUT = 0.62
"""The same, of masks."""
NAMES = 0.45
"""The same, of masks, averaged over the ten digits."""
CUTS_OUT_FOR_HALF = 0.55
CLASSES = 11
BATCH = 3
"""Images of a batch where losses are known: their number is not that of the losses."""
BATCHES = 12
"""Of an epoch where steps are counted: gradients of a few batches may be gathered for one."""
KNOWN = '''
import torch
from torchvision.models.detection import MaskRCNN


class Known(MaskRCNN):
    """Has losses that are known, whatever its weights, and notes how it is trained."""

    def forward(self, images, targets=None):
        weights = [weight for weight in self.parameters() if weight.requires_grad]
        now = [weight.detach().clone() for weight in weights]
        moved = [bool((weight != old).any()) for weight, old in zip(now, self.last)] if len(now) == len(self.last) else []
        shades = [float(image.mean()) for image in images]
        note = {"training": self.training, "shades": shades, "backward": False, "adding": False, "moved": any(moved)}
        nothing = sum((weight - weight.detach()).sum() for weight in weights)  # 0, with a gradient for each weight

        def going_back(gradient):
            note["backward"] = True
            held = [weight.grad is not None and bool(weight.grad.any()) for weight in weights]
            note["adding"] = any(old and step for old, step in zip(held, moved))

        if isinstance(nothing, torch.Tensor) and nothing.requires_grad:
            nothing.register_hook(going_back)
        self.last = now
        self.notes.append(note)
        shade = sum(image.mean() for image in images)
        parts = {"loss_classifier": shade, "loss_box_reg": 2.0, "loss_objectness": self.falling[len(self.notes) - 1],
                 "loss_rpn_box_reg": 0.25, "loss_mask": 5.0}
        return {name: value + nothing for name, value in parts.items()}
'''
"""A segmenter, torchvision's in all its parts, with the losses: sum of the images' means, 2, what is given for each call, 0.25, 5."""


def losses_of(result: object) -> list[float]:
    """Return the history as it must be."""
    losses = sequence(result, "finetune_segmenter(model, loader, device)")
    assert losses, "The list of losses is empty: one entry for each epoch."
    return [number(loss, "a loss of the list") for loss in losses]


def loader(library: Any, pairs: list[tuple[Tensor, dict[str, Tensor]]], size: int, *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process that hands out the pairs in batches, as lists."""
    as_lists = "lambda batch: ([image for image, _ in batch], [target for _, target in batch])"
    collate = library.builtins.eval(as_lists)
    return library.torch.utils.data.DataLoader(pairs, batch_size=size, shuffle=shuffle, collate_fn=collate)


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


def falling(calls: int) -> list[float]:
    """Return a loss for each call that falls."""
    return [8 / (2 + call) for call in range(calls)]


def trained(student: Any, library: Any, shades: Tensor) -> tuple[list[float], list[dict[str, Any]]]:
    """Return the losses that `finetune_segmenter` reports of a model with known ones, and what the model noted at each call."""
    mask = torch.zeros(1, 32, 32, dtype=torch.bool)
    mask[:, 4:16, 4:16] = True
    pairs = [
        (torch.full((3, 32, 32), float(shade)), target_of(mask, torch.tensor([1 + n % 10])))
        for n, shade in enumerate(shades)
    ]
    module = library.types.ModuleType("known")
    library.builtins.eval("lambda code, module: exec(code, vars(module))", {})(KNOWN, module)
    model = pretrained(library)
    library.builtins.setattr(model, "__class__", module.Known)
    for name, value in (("notes", []), ("last", []), ("falling", falling(10_000))):
        library.builtins.setattr(model, name, value)
    model.eval()  # where predicting has left it
    found = losses_of(student.finetune_segmenter(model, loader(library, pairs, BATCH), library.torch.device("cpu")))
    notes = list(model.notes)
    assert notes, "The model that is given was never called: train it, and no other one."
    return found, notes


@pytest.mark.points(0.5)
@pytest.mark.public
@pytest.mark.deadline(60)
def test_each_batch_takes_one_step(student, library):
    """Each batch is a step in training mode: gradients cleared, all losses added up, backward, a step."""
    shades = torch.linspace(0.1, 0.9, BATCHES * BATCH)
    found, notes = trained(student, library, shades)
    assert all(note["training"] for note in notes), "The model is in evaluation mode: call model.train() first."
    met = [shade for note in notes for shade in note["shades"]]
    ours = all(any(close(one, shade) for shade in shades.tolist()) for one in met)
    assert ours, "The model is shown other images than those of the loader that is given: use the argument `loader`."
    missing = [shade for shade in shades.tolist() if not any(close(one, shade) for one in met)]
    first = shades.tolist()[:BATCH]
    assert missing != first, "The first batch is left out: every batch counts (does next() take one before the loop?)."
    assert not missing, "Not every batch of the loader is used: a `return` or `break` inside the loop?"
    assert any(note["backward"] for note in notes), "No gradients are computed: call loss.backward()."
    assert any(note["moved"] for note in notes), (
        "The weights do not change from batch to batch: optimizer.step() must follow backward(), before gradients are cleared."
    )
    adding = any(note["adding"] for note in notes)
    assert not adding, "Gradients add up from batch to batch: call optimizer.zero_grad() before backward()."
    passes = len(notes) // BATCHES
    assert sum(note["moved"] for note in notes) >= passes, (
        "The weights change once in an epoch: each batch needs its own step (does it stand behind the loop?)."
    )
    assert found[:passes] == found or any(found[passes:]), (
        "Later epochs have no batches: is an iterator used up in the first one? Go through the loader anew in each."
    )
    assert len(found) != len(notes), "The list has a number for each batch: it must have one for each epoch."
    assert len(notes) <= BATCHES * len(found), (
        "The list has fewer entries than there were passes over the loader: each pass is an epoch, and has its entry."
    )


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
    losses_of(student.finetune_segmenter(model, loader(library, [pair] * 4, 4), library.torch.device("cpu")))
    after = model.state_dict()
    if all(torch.equal(before[name], after[name]) for name in before):
        raise Slip  # which step is missing, the check above knows


def judge(found: list[float], calls: int, shades: Tensor) -> None:
    """Accept the mean over the batches of each epoch, and name the slip of something else."""
    batches = len(shades) // BATCH
    shade = shades.double().view(batches, BATCH).sum(dim=1).repeat(calls // batches + 1)[:calls]
    falls = torch.tensor(falling(calls)).double()
    whole = shade + 7.25 + falls
    by_batch = whole.view(-1, batches)
    right = by_batch.mean(dim=1)
    parts = {
        "Only the loss of the classifier is counted: add up all that the model returns.": shade,
        "Only the loss of the masks is counted: add up all that the model returns.": torch.full_like(shade, 5.0),
        "The loss of the masks is left out: add up all that the model returns.": whole - 5,
        "The losses of the proposal network are left out: add up all that the model returns.": shade + 7,
        "You average the five losses: add them up.": whole / 5,
    }
    slips: dict[str, object] = {
        "This is the sum over the batches: divide by their number.": by_batch.sum(dim=1).tolist(),
        "You divide by the number of images: average over the batches.": (by_batch.sum(dim=1) / len(shades)).tolist(),
        "This is the loss of the last batch: average over all batches of the epoch.": by_batch[:, -1].tolist(),
        "This is the loss of the first batch: average over all batches of the epoch.": by_batch[:, 0].tolist(),
        "The sum goes on from epoch to epoch: begin at 0 in each.": right.cumsum(0).tolist(),
        "The mean is over all batches so far: begin anew in each epoch.": (
            right.cumsum(0) / torch.arange(1, len(right) + 1)
        ).tolist(),
        "Each entry is divided by the number of epochs: divide by that of the batches.": (
            by_batch.sum(dim=1) / len(right)
        ).tolist(),
    }
    for hint, part in parts.items():
        slips[hint] = part.view(-1, batches).mean(dim=1).tolist()
    answer(found, right.tolist(), slips)


def is_right(found: list[float], calls: int, shades: Tensor) -> bool:
    """Return whether these are the means of the epochs."""
    try:
        judge(found, calls, shades)
    except Slip:
        return False
    return True


@pytest.mark.points(1)
@pytest.mark.deadline(60)
def test_the_losses_are_means_over_batches(student, library, rng):
    """Each entry is the mean, over the batches of one epoch, of the sum of all losses that the model returns."""
    for again, count in enumerate((4 * BATCH, 2 * BATCH)):
        shades = torch.rand(count, generator=rng)
        found, notes = trained(student, library, shades)
        epochs, rest = divmod(len(notes), count // BATCH)
        if rest or not 0 < epochs <= len(found):
            raise Slip  # the public check says what
        try:
            judge(found, len(notes), shades)
        except Slip:
            if len(found) > epochs and is_right(found[-epochs:], len(notes), shades):
                raise Slip("The list still holds losses of an earlier call: begin a new one in each.") from None
            assert not again, "The second call knows of the first: nothing may be kept between two calls."
            raise


LOOK = """lambda network, images: [
    {name: (value > 0.5 if name == "masks" else value).cpu() for name, value in found.items()}
    for found in network([image.to(next(network.parameters()).device) for image in images])
]"""


def predictions_of(library: Any, model: Any, images: list[Tensor]) -> list[dict[str, Tensor]]:
    """Return what the student's own segmenter sees, in evaluation mode, without gradients; masks are bool [N, 1, H, W]."""
    look = library.torch.no_grad()(library.builtins.eval(LOOK, {}))
    model.eval()
    predictions = []
    for start in range(0, len(images), 4):
        for image, found in zip(images[start : start + 4], look(model, images[start : start + 4]), strict=True):
            scores = tensor(found["scores"], "scores of the finetuned segmenter", (None,), torch.float32)
            count = len(scores)
            predictions.append(
                {
                    "scores": scores,
                    "boxes": tensor(found["boxes"], "boxes of the finetuned segmenter", (count, 4), torch.float32),
                    "labels": tensor(found["labels"], "labels of the finetuned segmenter", (count,), torch.int64),
                    "masks": tensor(found["masks"], "masks of the finetuned segmenter", (count, 1, *image.shape[1:])),
                }
            )
    return predictions


@pytest.mark.points(2)
@pytest.mark.deadline(480)
def test_it_cuts_digits_out_of_hidden_scenes(student, library, reference, training_digits, hidden_digits, rng, device):  # noqa: PLR0917
    """The finetuned segmenter finds, cuts out and names digits in scenes that nobody has seen.

    The student's code trains on 120 scenes in which digits go by new names, so that it must learn from the loader that it
    is given; its own segmenter then answers, in its process, on 60 scenes with hidden digits, whose labels stay here.
    """
    names = 1 + new_names(rng)
    seeds = torch.randint(2**31, (2,), generator=rng).tolist()
    scenes = reference.make_scenes(training_digits.images, training_digits.labels, 120, seeds[0])
    pairs = [(scene.image / 255, target_of(scene.masks, names[scene.digits])) for scene in scenes]
    model = pretrained(library)
    with recorded_losses(library) as losses:
        told = student.finetune_segmenter(model, loader(library, pairs, 4, shuffle=True), library.torch.device(device))
    learned("training loss", losses.values, steps=losses.steps)
    losses_of(told)
    hidden = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 60, seeds[1])
    predictions = predictions_of(library, model, [scene.image / 255 for scene in hidden])
    targets = [target_of(scene.masks, names[scene.digits]) for scene in hidden]
    finds = reference.average_precision(predictions, targets, classes=False)
    cuts_out = reference.average_precision(predictions, targets, by="masks", classes=False)
    cuts_out_and_names = reference.average_precision(predictions, targets, by="masks")
    measured("AP@0.5 of boxes, finding digits in hidden scenes", finds, at_least=FINDS)
    measured("AP@0.5 of masks, finding digits in hidden scenes", cuts_out, at_least=CUTS_OUT)
    measured("AP@0.5 of masks, finding and naming digits in hidden scenes", cuts_out_and_names, at_least=NAMES)
    if finds >= FINDS and cuts_out >= CUTS_OUT and cuts_out_and_names >= NAMES:
        return
    usual = [target_of(scene.masks, scene.digits + 1) for scene in hidden]
    elsewhere = reference.average_precision(predictions, usual, by="masks") >= NAMES
    assert not elsewhere, (
        "Given a loader in which digits have new names, your segmenter uses the notebook's: it learned from other scenes "
        "than those of the argument `loader`."
    )
    said = (
        f"In scenes that it has never seen, your segmenter reaches an average precision of {finds:.1%} with its boxes and "
        f"{cuts_out:.1%} with its masks at finding digits, and {cuts_out_and_names:.1%} with its masks at finding and naming "
        f"them; {FINDS:.0%}, {CUTS_OUT:.0%} and {NAMES:.0%} are asked for."
    )
    if cuts_out >= CUTS_OUT_FOR_HALF:
        partial(0.5, f"{said} This is worth half the points.")
    assert finds < FINDS, (
        f"{said} So boxes are learned and masks are not: is `loss_mask` part of the sum, and does the optimiser have the "
        "mask predictor's parameters?"
    )
    raise AssertionError(f"{said} Does the loss fall? Try AdamW with lr=0.001, or SGD with lr=0.02 and momentum 0.9.")

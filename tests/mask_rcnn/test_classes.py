"""Check maps of classes: how instances become one, and how good it is."""

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import number, tensor

# semantic_mask


def three() -> dict[str, Tensor]:
    """Return three instances in a picture of 3×4 pixels, in no order; the one with the lowest score comes last."""
    masks = torch.zeros(3, 1, 3, 4)
    masks[0, 0, :2, :2] = 0.8
    masks[1, 0, 1:, 1:] = 0.7
    masks[2, 0, :, 0] = 0.9
    return {
        "boxes": torch.zeros(3, 4),
        "labels": torch.tensor([4, 2, 9]),
        "scores": torch.tensor([0.7, 0.9, 0.6]),
        "masks": masks,
    }


def drawn(rng: torch.Generator, count: int, size: tuple[int, int]) -> dict[str, Tensor]:
    """Return instances with soft, overlapping masks; no score comes twice, and their order is random."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    masks = []
    for _ in range(count):
        row, column = (float(torch.rand((), generator=rng)) * side for side in size)
        radius = (0.2 + 0.35 * float(torch.rand((), generator=rng))) * min(size)
        masks.append(torch.sigmoid((radius - ((y - row) ** 2 + (x - column) ** 2).sqrt()) / 2))
    order = torch.randperm(count, generator=rng)
    return {
        "boxes": 10 * torch.rand(count, 4, generator=rng),
        "labels": torch.randint(1, 11, (count,), generator=rng),
        "scores": (0.05 + 0.9 * torch.arange(count) / (count - 1))[order],
        "masks": torch.stack(masks)[:, None],
    }


def painted(prediction: dict[str, Tensor], size: tuple[int, int], order: Tensor, least: float, covers: float) -> Tensor:
    """Return the classes when the instances are painted in that order, each over what is there."""
    classes = torch.zeros(size, dtype=torch.int64)
    for index in order:
        if prediction["scores"][index] >= least:
            classes[prediction["masks"][index, 0] >= covers] = prediction["labels"][index]
    return classes


def copied(prediction: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in prediction.items()}


@pytest.mark.question("semantic_mask")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_three_instances(student):
    """`semantic_mask` gives each pixel the label of the surest instance that covers it, else 0."""
    found = tensor(student.semantic_mask(three(), (3, 4)), "the result", shape=(3, 4), dtype=torch.int64)
    assert found[0, 3] == 0, "A pixel that no instance covers is background, 0."
    assert found[2, 3] != 1, "The value of a pixel is the label of the instance, not its number in the list."
    assert found[2, 3] == 2, "A pixel that one instance covers has that instance's label."
    assert found[1, 1] == 2, "Where two instances cover a pixel, the one with the higher score has it."
    assert found[0, 0] == 4, "The score decides who gets a pixel, not the mask's value and not the order in the list."
    sure = tensor(student.semantic_mask(three(), (3, 4), 0.8), "the result", shape=(3, 4), dtype=torch.int64)
    assert sure[0, 0] == 0, "An instance whose score is below score_threshold does not count."
    assert sure[1, 1] == 2, "An instance whose score is above score_threshold counts."


@pytest.mark.question("semantic_mask")
@pytest.mark.points(1)
def test_the_surest_wins(student, rng):
    """Where instances overlap, the one with the highest score has the pixel, in whatever order they come."""
    size = (48, 64)
    for _ in range(3):
        prediction = drawn(rng, 7, size)
        scores, masks = prediction["scores"], prediction["masks"][:, 0]
        up = scores.argsort()
        right = painted(prediction, size, up, 0.3, 0.5)
        found = student.semantic_mask(copied(prediction), size, score_threshold=0.3)
        found = tensor(found, "the result", shape=size, dtype=torch.int64)
        counted = torch.where((scores >= 0.3)[:, None, None] & (masks >= 0.5), masks, torch.zeros(()))
        by_mask = torch.where(counted.amax(0) > 0, prediction["labels"][counted.argmax(0)], torch.zeros((), dtype=int))
        both = torch.where(counted > 0, scores[:, None, None] * counted, torch.zeros(()))
        by_both = torch.where(both.amax(0) > 0, prediction["labels"][both.argmax(0)], torch.zeros((), dtype=int))
        listed = torch.arange(len(scores))
        slips = {
            "The instance with the lowest score wins: draw the surest one last.": painted(
                prediction, size, up.flip(0), 0.3, 0.5
            ),
            "The last instance of the list wins: the score must decide.": painted(prediction, size, listed, 0.3, 0.5),
            "The first instance of the list wins: the score must decide.": painted(
                prediction, size, listed.flip(0), 0.3, 0.5
            ),
            "The largest mask value wins: the instance's score must decide.": by_mask,
            "Score times mask value decides: the instance's score alone must.": by_both,
            "Labels are counted from 0 here: leave them as they are.": (right - 1).clamp(min=0),
        }
        for hint, wrong in slips.items():
            assert torch.equal(wrong, right) or not torch.equal(found, wrong), hint
        assert torch.equal(found, right), "Each pixel must have the label of the surest instance that covers it."


@pytest.mark.question("semantic_mask")
@pytest.mark.points(1)
def test_the_thresholds(student, rng):
    """Instances count from score_threshold on, pixels from mask_threshold on; both are 0.5 where none is given."""
    size = (40, 30)
    prediction = drawn(rng, 6, size)
    up = prediction["scores"].argsort()
    usual = painted(prediction, size, up, 0.5, 0.5)
    found = tensor(student.semantic_mask(copied(prediction), size), "the result", shape=size, dtype=torch.int64)
    assert torch.equal(found, usual), "Both thresholds are 0.5 where none is given."
    for least, covers in ((0.1, 0.3), (0.6, 0.8), (0.25, 0.65)):
        right = painted(prediction, size, up, least, covers)
        found = student.semantic_mask(copied(prediction), size, score_threshold=least, mask_threshold=covers)
        found = tensor(found, "the result", shape=size, dtype=torch.int64)
        slips = {
            "mask_threshold is not used: it decides which pixels an instance covers.": (least, 0.5),
            "score_threshold is not used: it decides which instances count.": (0.5, covers),
            "All instances count, also those below score_threshold: leave these out.": (0.0, covers),
            "The two thresholds are mixed up.": (covers, least),
        }
        for hint, (slip_least, slip_covers) in slips.items():
            wrong = painted(prediction, size, up, slip_least, slip_covers)
            assert torch.equal(wrong, right) or not torch.equal(found, wrong), hint
        assert torch.equal(found, right), "The thresholds decide which instances count, and which pixels they cover."
    exact = {
        "boxes": torch.zeros(2, 4),
        "labels": torch.tensor([3, 8]),
        "scores": torch.tensor([0.75, 0.5]),
        "masks": torch.tensor([[0.25, 0.5, 0.0], [0.0, 0.0, 1.0]]).view(2, 1, 1, 3),
    }
    found = tensor(student.semantic_mask(exact, (1, 3)), "the result", shape=(1, 3), dtype=torch.int64)
    assert found[0, 2] == 8, "An instance that has exactly the threshold's score counts: use >=."
    assert found[0, 1] == 3, "A pixel where the mask is exactly mask_threshold is covered: use >=."


@pytest.mark.question("semantic_mask")
@pytest.mark.points(0.5)
def test_nothing_to_draw(student, rng):
    """Without instances, or without any that is sure enough, all is background."""
    size = (13, 21)
    nothing = {name: value[:0] for name, value in drawn(rng, 2, size).items()}
    for prediction, least in ((nothing, 0.5), (drawn(rng, 4, size), 0.99)):
        found = student.semantic_mask(prediction, size, least)
        found = tensor(found, "the result where nothing is found", shape=size, dtype=torch.int64)
        assert found.abs().sum() == 0, "Where no instance is sure enough, all pixels are background, 0."


# mean_iou


def near(found: float, value: float) -> bool:
    return abs(found - value) < 1e-6


def counts(predicted: Tensor, target: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return for each class the pixels in common, those of the union, those predicted and those of the target."""
    same = torch.bincount(target[predicted == target], minlength=classes).double()
    ours = torch.bincount(predicted.flatten(), minlength=classes).double()
    theirs = torch.bincount(target.flatten(), minlength=classes).double()
    return same, ours + theirs - same, ours, theirs


@pytest.mark.question("mean_iou")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_the_example(student):
    """`mean_iou` is 0.583 for the example, and 1 for a prediction that is right everywhere."""
    predicted, target = torch.tensor([[0, 1, 1, 1]]), torch.tensor([[0, 0, 1, 1]])
    found = number(student.mean_iou(predicted, target, 3), "the mean IoU")
    assert abs(found - 0.75) > 1e-6, "This is the part of right pixels: take the mean of the classes' IoU."
    assert abs(found - 1.1666666 / 3) > 1e-6, "Class 2 occurs nowhere: leave it out instead of counting it as 0."
    assert abs(found - 2.1666666 / 3) > 1e-6, "Class 2 occurs nowhere: leave it out instead of counting it as 1."
    assert abs(found - 0.5833333) < 1e-6, "The example of the text has the mean IoU (1/2 + 2/3) / 2 = 0.583."
    everywhere = number(student.mean_iou(target, target, 11), "the mean IoU")
    assert abs(everywhere - 1) < 1e-6, "A prediction that is right everywhere has the mean IoU 1, however many classes."


@pytest.mark.question("mean_iou")
@pytest.mark.points(1.5)
def test_all_classes(student, rng):
    """Each class has one vote, however many pixels it has; the background counts."""
    for classes, height, width in ((6, 30, 20), (11, 25, 40)):
        target = torch.randint(classes, (height, width), generator=rng)
        target[: height // 2] = 0  # most is background
        guess = torch.randint(classes, (height, width), generator=rng)
        predicted = torch.where(torch.rand(height, width, generator=rng) < 0.7, target, guess)
        found = number(student.mean_iou(predicted, target, classes), "the mean IoU")
        same, union, ours, theirs = counts(predicted, target, classes)
        iou = same / union
        slips = {
            "This is the part of right pixels: take the mean of the classes' IoU.": same.sum() / target.numel(),
            "The background is left out: it is a class like any other.": iou[1:].mean(),
            "Classes are weighted by their pixels: each has one vote.": (iou * theirs / theirs.sum()).sum(),
            "All classes are counted together: divide for each class, then take the mean.": same.sum() / union.sum(),
            "What both have in common is counted twice in the union (it is `or`, not a sum).": (
                same / (ours + theirs)
            ).mean(),
            "This is the Dice coefficient: divide by the union, not by the mean of both counts.": (
                2 * same / (ours + theirs)
            ).mean(),
            "You divide by the target's pixels: divide by the union.": (same / theirs).mean(),
            "You divide by the predicted pixels: divide by the union.": (same / ours).mean(),
            "The last class is left out: classes go from 0 to num_classes - 1.": iou[:-1].mean(),
        }
        for hint, wrong in slips.items():
            assert not near(found, wrong.item()), hint
        assert near(found, iou.mean().item()), "The mean over classes of intersection over union is wrong."
    missed = torch.tensor([[0, 0, 1, 2]]), torch.tensor([[0, 0, 1, 1]])
    found = number(student.mean_iou(*missed, 3), "the mean IoU")
    assert near(found, 0.5), "A class that occurs in a single pixel, and wrongly, counts with 0."


@pytest.mark.question("mean_iou")
@pytest.mark.points(1)
def test_classes_that_are_absent(student, rng):
    """A class that neither has is left out; one that only one of them has counts with 0."""
    height, width, classes = 18, 24, 9
    common, invented, missed = torch.randperm(classes, generator=rng)[:3].tolist()
    target = torch.where(torch.rand(height, width, generator=rng) < 0.6, common, missed)
    predicted = torch.where(torch.rand(height, width, generator=rng) < 0.6, common, invented)
    target[0, 0] = predicted[0, 0] = common
    target[0, 1], predicted[0, 1] = missed, invented
    found = number(student.mean_iou(predicted, target, classes), "the mean IoU")
    same, union, _, _ = counts(predicted, target, classes)
    iou = (same / union)[common].item()
    assert not near(found, iou / classes), "Classes that neither has are counted as 0: leave them out."
    assert not near(found, (iou + classes - 3) / classes), "Classes that neither has are counted as 1: leave them out."
    assert not near(found, iou / 2), (
        "A class that only the prediction has, or only the target, is left out: it counts with 0."
    )
    assert not near(found, iou), "Only classes that both have are counted: one that a single one has counts with 0."
    assert near(found, iou / 3), "The mean is over the classes that the prediction or the target has."
    apart = number(student.mean_iou(torch.full((4, 5), invented), torch.full((4, 5), missed), classes), "the mean IoU")
    assert near(apart, 0.0), "Where no pixel is right, the mean IoU is 0."

"""Check maps of classes: how instances become one, and how good it is."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import StudentError
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import answer, close, number, tensor

# semantic_mask

LOWEST = "Where instances overlap, the one with the highest score must win: draw the surest one last."
LAST = "The last instance of the list wins: the score must decide."
FIRST = "The first instance of the list wins: the score must decide."
SOFTEST = "The largest mask value wins: the instance's score must decide."
INDEX = "The value of a pixel is the label of the instance, not its number in the list."
RANKS = (
    "The ranks of the scores are taken for an order: argsort() gives the order to draw in, and argsort of it the ranks."
)
RANKS_DOWN = (
    "The ranks of the scores, counted from above, are taken for an order: one argsort() gives the order to draw in."
)
KEPT = "What the call before has drawn is still there: begin with zeros in each call."
BELOW = "An instance whose score is below score_threshold counts here: leave it out."
SCORE_ABOVE = "An instance that has exactly the threshold's score counts: use >=."
MASK_ABOVE = "A pixel where the mask is exactly mask_threshold is covered: use >=."
BOTH_ABOVE = "Scores and mask values that are exactly at their threshold count: use >= for both."


def three() -> dict[str, Tensor]:
    """Return three instances in a picture of 3×4 pixels, in no order; each two overlap, the least sure one comes last."""
    masks = torch.zeros(3, 1, 3, 4)
    masks[0, 0, :2, :2] = 0.8
    masks[1, 0, 1:, 1:] = 0.7
    masks[2, 0, :, 0] = 0.9
    masks[2, 0, 2, 1] = 0.9
    return {
        "boxes": torch.zeros(3, 4),
        "labels": torch.tensor([4, 2, 9]),
        "scores": torch.tensor([0.7, 0.9, 0.6]),
        "masks": masks,
    }


def at_the_thresholds() -> dict[str, Tensor]:
    """Return two instances in a picture of 1×3 pixels: a score and a mask value are exactly 0.5."""
    return {
        "boxes": torch.zeros(2, 4),
        "labels": torch.tensor([3, 8]),
        "scores": torch.tensor([0.75, 0.5]),
        "masks": torch.tensor([[0.25, 0.5, 0.0], [0.0, 0.0, 1.0]]).view(2, 1, 1, 3),
    }


def classes_of(result: object, size: tuple[int, int]) -> Tensor:
    """Return a map of classes of that size."""
    return tensor(result, "the result", shape=size, dtype=torch.int64)


@pytest.mark.question("semantic_mask")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_three_instances(student):
    """`semantic_mask` gives each pixel the label of the surest instance that covers it, else 0; both thresholds count too."""
    slips = {
        INDEX: [[0, 0, 0, 0], [0, 1, 1, 1], [2, 1, 1, 1]],
        LOWEST: [[9, 4, 0, 0], [9, 4, 2, 2], [9, 9, 2, 2]],
        LAST: [[9, 4, 0, 0], [9, 2, 2, 2], [9, 9, 2, 2]],
        RANKS: [[4, 4, 0, 0], [4, 4, 2, 2], [9, 9, 2, 2]],
        FIRST: [[4, 4, 0, 0], [4, 4, 2, 2], [9, 2, 2, 2]],
        "Labels are counted from 0 here: leave them as they are.": [[3, 3, 0, 0], [3, 1, 1, 1], [8, 1, 1, 1]],
        "Only the surest instance is drawn: each one that is sure enough has its pixels.": [
            [0] * 4,
            [0] + 3 * [2],
            [0] + 3 * [2],
        ],
        "An instance with a score of 0.6 is left out: score_threshold is 0.5 where none is given.": (
            [[4, 4, 0, 0], [4, 2, 2, 2], [0, 2, 2, 2]]
        ),
    }
    right = torch.tensor([[4, 4, 0, 0], [4, 2, 2, 2], [9, 2, 2, 2]])
    found = classes_of(student.semantic_mask(three(), (3, 4)), (3, 4))
    answer(found, right, {hint: torch.tensor(rows) for hint, rows in slips.items()})
    upside_down = {**three(), "masks": three()["masks"].flip(2)}
    found = classes_of(student.semantic_mask(upside_down, (3, 4), 0.8), (3, 4))
    wrong = {BELOW: [[9, 2, 2, 2], [4, 2, 2, 2], [4, 4, 0, 0]], KEPT: [[4, 2, 2, 2], [4, 2, 2, 2], [9, 2, 2, 2]]}
    right = torch.tensor([[0, 2, 2, 2], [0, 2, 2, 2], [0, 0, 0, 0]])
    answer(found, right, {hint: torch.tensor(rows) for hint, rows in wrong.items()})
    found = classes_of(student.semantic_mask(at_the_thresholds(), (1, 3)), (1, 3))
    wrong = {SCORE_ABOVE: [[0, 3, 0]], MASK_ABOVE: [[0, 0, 8]], BOTH_ABOVE: [[0, 0, 0]]}
    answer(found, torch.tensor([[0, 3, 8]]), {hint: torch.tensor(rows) for hint, rows in wrong.items()})


def drawn(rng: torch.Generator, count: int, size: tuple[int, int]) -> dict[str, Tensor]:
    """Return instances with soft, overlapping masks that are all sure; no score comes twice, their order is random."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    masks = []
    for _ in range(count):
        row, column = ((0.25 + 0.5 * float(torch.rand((), generator=rng))) * side for side in size)
        radius = (0.25 + 0.3 * float(torch.rand((), generator=rng))) * min(size)
        masks.append(torch.sigmoid((radius - ((y - row) ** 2 + (x - column) ** 2).sqrt()) / 2))
    return {
        "boxes": 10 * torch.rand(count, 4, generator=rng),
        "labels": torch.randperm(10, generator=rng)[:count] + 1,
        "scores": (0.55 + 0.4 * torch.arange(count) / count)[torch.randperm(count, generator=rng)],
        "masks": torch.stack(masks)[:, None],
    }


def apart(rng: torch.Generator) -> dict[str, Tensor]:
    """Return ten instances of all ten classes that nowhere overlap, each with mask values and a score of its own."""
    masks = torch.zeros(10, 1, 12, 50)
    for n, mask in enumerate(masks):
        mask[0, 1:11, 5 * n : 5 * n + 4] = 0.05 + 0.9 * torch.rand(10, 4, generator=rng)
    return {
        "boxes": 10 * torch.rand(10, 4, generator=rng),
        "labels": torch.randperm(10, generator=rng) + 1,
        "scores": (0.05 + 0.09 * torch.arange(10))[torch.randperm(10, generator=rng)],
        "masks": masks,
    }


def painted(prediction: dict[str, Tensor], order: Tensor, least: float = 0.5, covers: float = 0.5) -> Tensor:
    """Return the classes when the instances are painted in that order, each over what is there."""
    classes = torch.zeros(prediction["masks"].shape[2:], dtype=torch.int64)
    for index in order:
        if prediction["scores"][index] >= least:
            classes[prediction["masks"][index, 0] >= covers] = prediction["labels"][index]
    return classes


def largest(prediction: dict[str, Tensor], weight: Tensor) -> Tensor:
    """Return the classes when each pixel that is covered goes to the instance whose weight [N, H, W] is largest there."""
    covered = prediction["masks"][:, 0] >= 0.5
    who = torch.where(covered, weight, -1.0).argmax(dim=0)
    return torch.where(covered.any(dim=0), prediction["labels"][who], 0)


def overlapping(rng: torch.Generator, count: int, size: tuple[int, int]) -> Case[dict[str, Tensor]]:
    """Return sure instances that overlap, and what is made of them where something else than the score decides."""
    prediction = drawn(rng, count, size)
    scores, masks = prediction["scores"], prediction["masks"][:, 0]
    up, listed = scores.argsort(), torch.arange(count)
    covers = masks >= 0.5
    right = painted(prediction, up)
    numbers = painted({**prediction, "labels": listed}, up)
    slips = {
        LOWEST: painted(prediction, up.flip(0)),
        LAST: painted(prediction, listed),
        FIRST: painted(prediction, listed.flip(0)),
        RANKS: painted(prediction, up.argsort()),
        RANKS_DOWN: painted(prediction, up.flip(0).argsort(descending=True)),
        SOFTEST: largest(prediction, masks),
        "Score times mask value decides: the instance's score alone must.": largest(
            prediction, scores[:, None, None] * masks
        ),
        "Labels are counted from 0 here: leave them as they are.": (right - 1).clamp(min=0),
        "The larger label wins: the score must decide.": painted(prediction, prediction["labels"].argsort()),
        "Labels of instances that overlap are added up: the surest one alone has the pixel.": (
            (covers * prediction["labels"][:, None, None]).sum(dim=0)
        ),
        INDEX: numbers,
    }
    return Case(inputs=prediction, right=right, slips=slips)


def asked(library: Any, student: Any, prediction: dict[str, Tensor], size: tuple[int, int]) -> tuple[Tensor, bool]:
    """Return what `semantic_mask` says of a prediction that stays in the student's process, and whether it changed it."""
    given = library.types.SimpleNamespace(prediction=prediction)
    call = library.builtins.eval("lambda function, given, size: function(given.prediction, size)", {})
    found = classes_of(call(student.semantic_mask, given, size), size)
    return found, not close(given.prediction, prediction)


@pytest.mark.question("semantic_mask")
@pytest.mark.points(1)
def test_the_surest_wins(student, library, rng):
    """Where instances overlap, the one with the highest score has the pixel, in whatever order they come."""
    for size in ((48, 64), (40, 30)):
        case = draw(lambda size=size: overlapping(rng, 5, size))
        found, changed = asked(library, student, case.inputs, size)
        case.judge(found)
        assert not changed, "The prediction that was given is changed: leave it as it is."


@pytest.mark.question("semantic_mask")
@pytest.mark.points(1)
def test_the_thresholds(student, rng):
    """Instances count from score_threshold on, pixels from mask_threshold on; both are 0.5 where none is given."""
    order = torch.arange(10)  # nothing overlaps, so the order is no matter here
    for least, covers in ((0.1, 0.3), (0.7, 0.8), (0.25, 0.65)):

        def make(least: float = least, covers: float = covers) -> Case[dict[str, Tensor]]:
            prediction = apart(rng)
            slips = {
                "mask_threshold is not used: it decides which pixels an instance covers.": (least, 0.5),
                "score_threshold is not used: it decides which instances count.": (0.5, covers),
                "Neither of the two thresholds is used.": (0.5, 0.5),
                "All instances count, also those below score_threshold: leave these out.": (0.0, covers),
                "The two thresholds are mixed up.": (covers, least),
            }
            right = painted(prediction, order, least, covers)
            wrong = {hint: painted(prediction, order, *slip) for hint, slip in slips.items()}
            for label in (1, 10):
                if (right == label).any():
                    lost = torch.where(right == label, 0, right)
                    wrong[f"Instances of class {label} are left out: every class counts, from 1 to the last."] = lost
            return Case(inputs=prediction, right=right, slips=wrong)

        case = draw(make)
        found = student.semantic_mask(case.inputs, (12, 50), score_threshold=least, mask_threshold=covers)
        case.judge(classes_of(found, (12, 50)))
    prediction = apart(rng)
    found = classes_of(student.semantic_mask(prediction, (12, 50)), (12, 50))
    answer(found, painted(prediction, order))


@pytest.mark.question("semantic_mask")
@pytest.mark.points(0.5)
def test_few_instances(student, rng):
    """A single instance is drawn; without any, or without one that is sure enough, all is background."""
    size = (13, 21)
    one = drawn(rng, 1, size)
    answer(classes_of(student.semantic_mask(one, size), size), painted(one, torch.tensor([0])))
    nothing = {name: value[:0] for name, value in one.items()}
    for prediction, least in ((nothing, 0.5), (drawn(rng, 4, size), 0.99)):
        try:
            result = student.semantic_mask(prediction, size, least)
        except StudentError as error:
            raises = (
                "Where nothing is found, or nothing sure enough, all is background: yours raises an exception there."
            )
            assert error.type_name not in {"IndexError", "RuntimeError", "ValueError"}, raises
            raise
        found = tensor(result, "the result where nothing is found", shape=size)
        answer(found, torch.zeros(size, dtype=torch.int64))


# mean_iou

PIXELS = "This is the part of right pixels: take the mean of the classes' IoU."
ABSENT_0 = "Classes that occur nowhere are counted as 0: leave them out."
ABSENT_1 = "Classes that occur nowhere are counted as 1: leave them out."
TWICE = "What both have in common is counted twice in the union (it is `or`, not a sum)."
PERCENT = "The mean IoU is a number between 0 and 1, not in percent."


@pytest.mark.question("mean_iou")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_the_example(student):
    """`mean_iou` is 0.583 for the example, and 1 for a prediction that is right everywhere."""
    predicted, target = torch.tensor([[0, 1, 1, 1]]), torch.tensor([[0, 0, 1, 1]])
    eleven = "Eleven classes are counted here, those that occur nowhere with 0: num_classes is a parameter."
    slips = {ABSENT_0: 7 / 18, ABSENT_1: 13 / 18, TWICE: 11 / 30, PERCENT: 700 / 12, eleven: 7 / 66}
    slips["Only the first class is counted: go on to the last one (is `return` inside the loop?)."] = 1 / 2
    answer(number(student.mean_iou(predicted, target, 3), "the mean IoU"), 7 / 12, slips)
    everywhere = number(student.mean_iou(target, target, 11), "the mean IoU")
    kept = "What the call before has found is still there: begin anew in each call."
    answer(everywhere, 1.0, {ABSENT_0: 2 / 11, kept: 19 / 24})


def counts(predicted: Tensor, target: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return for each class the pixels in common, those of the union, those predicted and those of the target."""
    same = torch.bincount(target[predicted == target], minlength=classes).double()
    ours = torch.bincount(predicted.flatten(), minlength=classes).double()
    theirs = torch.bincount(target.flatten(), minlength=classes).double()
    return same, ours + theirs - same, ours, theirs


@pytest.mark.question("mean_iou")
@pytest.mark.points(1.5)
def test_all_classes(student, library, rng):
    """Each class has one vote, however many pixels it has, and the background counts: the mean of the classes' IoU."""
    for classes, height, width in ((6, 30, 20), (11, 25, 40)):

        def make(classes: int = classes, height: int = height, width: int = width) -> Case[tuple[Tensor, Tensor]]:
            target = torch.randint(classes, (height, width), generator=rng)
            target[: height // 2] = 0  # most is background
            guess = torch.randint(classes, (height, width), generator=rng)
            predicted = torch.where(torch.rand(height, width, generator=rng) < 0.7, target, guess)
            same, union, ours, theirs = counts(predicted, target, classes)
            iou = same / union
            slips = {
                PIXELS: same.sum() / target.numel(),
                "The background is left out: it is a class like any other.": iou[1:].mean(),
                "Classes are weighted by their pixels: each has one vote.": (iou * theirs / theirs.sum()).sum(),
                "All classes are counted together: divide for each class, then take the mean.": same.sum()
                / union.sum(),
                TWICE: (same / (ours + theirs)).mean(),
                "This is the Dice coefficient: divide by the union, not by the mean of both counts.": (
                    2 * same / (ours + theirs)
                ).mean(),
                "You divide by the target's pixels: divide by the union.": (same / theirs).mean(),
                "You divide by the predicted pixels: divide by the union.": (same / ours).mean(),
                "The last class is left out: classes go from 0 to num_classes - 1.": iou[:-1].mean(),
                "This is the sum of the classes' IoU: divide by their number.": iou.sum(),
                PERCENT: 100 * iou.mean(),
            }
            right = iou.mean().item()
            return Case(inputs=(predicted, target), right=right, slips={k: v.item() for k, v in slips.items()})

        case = draw(make)
        given = library.types.SimpleNamespace(values=list(case.inputs))
        call = library.builtins.eval("lambda function, given, classes: function(*given.values, classes)", {})
        case.judge(number(call(student.mean_iou, given, classes), "the mean IoU"))
        unchanged = close(given.values, list(case.inputs))
        assert unchanged, "The maps that were given are changed: leave them as they are."


@pytest.mark.question("mean_iou")
@pytest.mark.points(1)
def test_classes_that_are_absent(student, rng):
    """A class that neither has is left out of the mean; one that only one of them has counts with 0."""
    classes, one_alone = 9, "A class that only the prediction has, or only the target, is left out: it counts with 0."

    def make() -> Case[tuple[Tensor, Tensor]]:
        three = sorted((1 + torch.randperm(classes - 2, generator=rng)[:3]).tolist())
        common, (invented, missed) = three[1], three[::2] if torch.rand((), generator=rng) < 0.5 else three[::-2]
        right = torch.rand(18, 24, generator=rng) < 0.3 + 0.4 * torch.rand((), generator=rng)
        target, predicted = torch.where(right, common, missed), torch.where(right, common, invented)
        slips = {
            ABSENT_0: 1 / classes,
            ABSENT_1: (1 + classes - 3) / classes,
            one_alone: 1 / 2,
            "Divide by the number of classes that either has, not only of those that both have.": 1.0,
            PIXELS: right.double().mean().item(),
            TWICE: 1 / 6,
        }
        return Case(inputs=(predicted, target), right=1 / 3, slips=slips)

    for _ in range(2):
        case = draw(make)
        case.judge(number(student.mean_iou(*case.inputs, classes), "the mean IoU"))
    small = torch.full((4, 5), 2), torch.full((4, 5), 2)
    small[0][2, 3] = 4  # invented in a single pixel
    answer(number(student.mean_iou(*small, classes), "the mean IoU"), 19 / 40, {one_alone: 19 / 20})
    apart_everywhere = number(student.mean_iou(torch.full((4, 5), 3), torch.full((4, 5), 7), classes), "the mean IoU")
    answer(apart_everywhere, 0.0)

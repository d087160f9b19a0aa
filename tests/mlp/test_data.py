"""Check the two questions that look at the data."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import answer, close, number, pair, tensor


def looking_at(library: Any, function: Any, data: Tensor) -> object:
    """Return what the student's function says of the data, which it must leave as they are."""
    given = library.types.SimpleNamespace(data=data.clone())
    result = library.builtins.eval("lambda function, given: function(given.data)", {})(function, given)
    left = tensor(given.data, "the argument", dtype=data.dtype)
    assert close(left, data), "The tensor that was handed in was changed: others need it as it is; work on a new one."
    return result


# class_counts


def ten_counts(value: object) -> Tensor:
    """Return the counts, int64 [10]; name the slip where there are fewer than ten."""
    fewer = isinstance(value, Tensor) and value.ndim == 1 and len(value) < 10
    assert not fewer, "A digit that does not occur counts 0: the result always has ten entries (`minlength`)."
    return tensor(value, "class_counts(labels)", shape=(10,), dtype=torch.int64)


def miscounts(counts: Tensor) -> dict[str, Tensor]:
    """Return wrong counts by the slips that lead to them."""
    without_first, without_last, of_the_next = counts.clone(), counts.clone(), counts.roll(-1)
    without_first[0] = without_last[9] = of_the_next[9] = 0
    return {
        "The digit 0 is never counted: it is a class like the others.": without_first,
        "The digit 9 is never counted: the digits are `range(10)`, and 9 is the last of them.": without_last,
        "A digit counts 1 however often it occurs (`counts[labels] += 1` adds to each entry only once).": counts.clamp(
            max=1
        ),
        "This is in the order of how many there are: entry d is the count of digit d.": counts.sort(
            descending=True
        ).values,
        "Entry d is the count of digit d, not of d + 1: the digits begin at 0.": of_the_next,
    }


@pytest.mark.question("class_counts")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_counts_of_a_few(student, library):
    """Entry d of `class_counts(labels)` is the number of labels that equal d: try torch.tensor([3, 1, 3])."""
    before = torch.zeros(10, dtype=torch.int64)
    for labels, counts in (
        ([3, 1, 3], [0, 1, 0, 2, 0, 0, 0, 0, 0, 0]),
        ([9, 0, 4, 9, 0, 9], [2, 0, 0, 0, 1, 0, 0, 0, 0, 3]),
    ):
        right = torch.tensor(counts)
        found = ten_counts(looking_at(library, student.class_counts, torch.tensor(labels)))
        kept = {"What the call before has counted is still there: start from zeros in each call.": right + before}
        answer(found, right, miscounts(right) | kept)
        before = right


@pytest.mark.question("class_counts")
@pytest.mark.points(1.5)
def test_counts_of_many(student, hidden_digits, rng):
    """Entry d of `class_counts(labels)` is the number of labels that equal d, whichever digits occur."""

    def many() -> Case[Tensor]:
        labels = hidden_digits.labels[torch.randint(10_000, (2_000,), generator=rng)]
        counts = torch.bincount(labels, minlength=10)
        return Case(inputs=labels, right=counts, slips=miscounts(counts))

    case = draw(many)
    case.judge(ten_counts(student.class_counts(case.inputs)))
    labels = case.inputs
    for some in (labels[labels < 5], labels[labels >= 5], labels[labels == labels[0]], labels[:1]):
        answer(ten_counts(student.class_counts(some)), torch.bincount(some, minlength=10))


# pixel_statistics


def two_numbers(value: object) -> tuple[float, float]:
    """Return mean and standard deviation as floats."""
    mean, std = pair(value, "pixel_statistics(images)", "mean, standard deviation")
    return number(mean, "the mean"), number(std, "the standard deviation")


def misjudged(images: Tensor) -> dict[str, tuple[float, float]]:
    """Return wrong statistics of these images by the slips that lead to them."""
    scaled = images.double() / 255
    mean, std, largest = scaled.mean().item(), scaled.std().item(), scaled.max().item()
    return {
        "Both are on the scale from 0 to 255: divide the pixels by 255 first.": (255 * mean, 255 * std),
        "The mean is on the scale from 0 to 255: divide the pixels by 255 first.": (255 * mean, std),
        "The standard deviation is on the scale from 0 to 255: divide the pixels by 255 first.": (mean, 255 * std),
        "Divide by 255, whatever the largest pixel of these images is.": (mean / largest, std / largest),
        "Divide by 255, the largest value of a uint8, not by 256.": (mean * 255 / 256, std * 255 / 256),
        "They are swapped: return the mean first, then the standard deviation.": (std, mean),
        "This is the variance; the standard deviation is its square root.": (mean, std**2),
        "You averaged the deviations within each image; take the deviation over all pixels at once.": (
            mean,
            scaled.std(dim=(1, 2)).mean().item(),
        ),
        "You averaged the deviations at each place; take the deviation over all pixels at once.": (
            mean,
            scaled.std(dim=0).mean().item(),
        ),
        "This is the deviation of the images' means; take it over all pixels at once.": (
            mean,
            scaled.mean(dim=(1, 2)).std().item(),
        ),
        "These are the figures of the first image alone: take all of them.": (
            scaled[0].mean().item(),
            scaled[0].std().item(),
        ),
        "These are the figures of MNIST's training images; compute them from the images that are given.": (
            0.1307,
            0.3081,
        ),
    }


@pytest.mark.question("pixel_statistics")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_statistics_of_three_images(student, library):
    """`pixel_statistics` gives mean and deviation of all pixels, on the scale from 0 to 1: try two black images and a grey one."""
    images = torch.zeros(3, 28, 28, dtype=torch.uint8)
    images[0] = 204
    images[1, :14] = 51
    scaled = images.double() / 255
    right, inked = (scaled.mean().item(), scaled.std().item()), scaled[images > 0]
    more = {
        "`//` leaves only whole numbers, 0 or 1: divide with `/`.": (0.0, 0.0),
        "These are the figures of the inked pixels alone: paper counts too.": (inked.mean().item(), inked.std().item()),
    }
    found = two_numbers(looking_at(library, student.pixel_statistics, images))
    answer(found, right, misjudged(images) | more, tolerance=5e-4)


@pytest.mark.question("pixel_statistics")
@pytest.mark.points(1.5)
def test_statistics_of_many(student, hidden_digits, rng):
    """`pixel_statistics` gives mean and standard deviation of all pixels of all images at once, on the scale from 0 to 1."""

    def many() -> Case[Tensor]:
        images = hidden_digits.images[torch.randint(10_000, (500,), generator=rng)]
        images = images // 2 + 40  # greyer than MNIST, so that its well-known figures are no answer
        scaled = images.double() / 255
        right = scaled.mean().item(), scaled.std().item()
        return Case(inputs=images, right=right, slips=misjudged(images), tolerance=5e-5)

    case = draw(many)
    case.judge(two_numbers(student.pixel_statistics(case.inputs)))

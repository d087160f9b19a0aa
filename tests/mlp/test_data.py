"""Check the two questions that look at the data."""

import pytest
import torch

from autograder.checks.expect import Mismatch, number, tensor

ALL_TEN = "A digit that does not occur counts 0: the result always has ten entries (`minlength`)."


def ten_counts(value: object) -> torch.Tensor:
    """Return the counts, int64 [10]; name the slip where there are fewer than ten."""
    assert not (isinstance(value, torch.Tensor) and value.ndim == 1 and len(value) < 10), ALL_TEN
    return tensor(value, "class_counts(labels)", shape=(10,), dtype=torch.int64)


def two_numbers(value: object) -> tuple[float, float]:
    """Return mean and standard deviation as floats."""
    if type(value) not in (tuple, list) or len(value) != 2:
        raise Mismatch("`pixel_statistics` must return a pair (mean, standard deviation).", f"{type(value).__name__}")
    mean, std = value
    return number(mean, "mean"), number(std, "standard deviation")


@pytest.mark.question("class_counts")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_counts_of_a_few(student):
    """`class_counts` counts each of the ten digits, also those that do not occur."""
    counts = ten_counts(student.class_counts(torch.tensor([3, 1, 3])))
    assert counts[3] == 2 and counts[1] == 1, "There are two threes and a one: entry 3 must be 2, entry 1 must be 1."
    assert counts.sum() == 3, "Three labels give counts that add up to 3."


@pytest.mark.question("class_counts")
@pytest.mark.points(1.5)
def test_counts_of_many(student, reference, hidden_digits, rng):
    """`class_counts` must count any labels, whichever digits occur."""
    labels = hidden_digits.labels[torch.randint(10_000, (2_000,), generator=rng)]
    for some in (labels, labels[labels < 5], labels[labels == labels[0]], labels[:1]):
        counts = ten_counts(student.class_counts(some))
        assert torch.equal(counts, reference.class_counts(some)), "Entry d must be the number of labels that equal d."


@pytest.mark.question("pixel_statistics")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_statistics_of_two_images(student):
    """`pixel_statistics` returns mean and standard deviation on the scale from 0 to 1."""
    images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    images[0] = 255
    mean, std = two_numbers(student.pixel_statistics(images))
    assert mean < 1.5, "The mean is on the scale from 0 to 255: divide the pixels by 255 first."
    assert abs(mean - 0.5) < 1e-3, "One white and one black image have the mean 0.5."
    assert std > 0.1, "One white and one black image differ: take the deviation over all pixels, not within each image."
    assert abs(std - 0.5) < 1e-3, "One white and one black image have the standard deviation 0.5."


@pytest.mark.question("pixel_statistics")
@pytest.mark.points(1.5)
def test_statistics_of_many(student, hidden_digits, rng):
    """`pixel_statistics` takes mean and standard deviation over all pixels of all images at once."""
    images = hidden_digits.images[torch.randint(10_000, (500,), generator=rng)]
    images = images // 2 + 40  # greyer than MNIST, so that its well-known figures are no answer
    mean, std = two_numbers(student.pixel_statistics(images))
    scaled = images.double() / 255

    def near(value: torch.Tensor | float, found: float) -> bool:
        return abs(float(value) - found) < 2e-4

    assert not (abs(mean - 0.1307) < 1e-3 and abs(std - 0.3081) < 1e-3), (
        "These are the figures of MNIST's training images; compute them from the images that are given."
    )
    assert not near(255 * scaled.mean(), mean), (
        "The mean is on the scale from 0 to 255: divide the pixels by 255 first."
    )
    assert near(scaled.mean(), mean), "The mean must be that of all pixels of all images, between 0 and 1."
    assert not near(scaled.var(), std), "This is the variance; the standard deviation is its square root."
    assert not near(scaled.std(dim=(1, 2)).mean(), std), (
        "You averaged the deviations within each image; take the deviation over all pixels at once."
    )
    assert not near(scaled.std(dim=0).mean(), std), (
        "You averaged the deviations at each place; take the deviation over all pixels at once."
    )
    assert near(scaled.std(), std), "The standard deviation must be that of all pixels of all images at once."

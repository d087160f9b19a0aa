"""Check what the detector is fed: targets in torchvision's form, batches of lists."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.expect import Mismatch, tensor


def a_scene(library: Any, height: int = 40, width: int = 60) -> Any:
    """Return a scene with a seven and a zero, in the student's process."""
    image = torch.full((3, height, width), 51, dtype=torch.uint8)
    boxes = torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])
    masks = torch.zeros(2, height, width, dtype=torch.bool)
    return library.scenes.Scene(image, torch.tensor([7, 0]), boxes, masks)


def sample_of(result: object) -> tuple[Tensor, dict[str, Tensor]]:
    """Return what a dataset gave, as the pair that it must be."""
    if type(result) not in (tuple, list) or len(result) != 2:
        raise Mismatch("An item of the dataset is a pair (image, target).", type(result).__name__)
    image, target = result
    if not isinstance(target, dict):
        raise Mismatch("The target is a dictionary.", type(target).__name__)
    missing = sorted({"boxes", "labels", "image_id", "area", "iscrowd"} - set(target))
    assert not missing, f"The target lacks {missing[0]!r}."
    return image, target


# DetectionDataset


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(1)
@pytest.mark.public
def test_one_scene(student, library):
    """An item is (image, target): a float image in [0, 1], boxes by their corners, labels that leave 0 to the background."""
    dataset = student.DetectionDataset([a_scene(library)] * 3)
    assert len(dataset) == 3, "`len(dataset)` is the number of scenes."
    image, target = sample_of(dataset[0])
    image = tensor(image, "the image", shape=(3, 40, 60), dtype=torch.float32)
    assert image.max() <= 1, "The image must be scaled to [0, 1]: divide by 255."
    boxes = tensor(target["boxes"], "boxes", shape=(2, 4), dtype=torch.float32)
    labels = tensor(target["labels"], "labels", shape=(2,), dtype=torch.int64)
    assert boxes[0].tolist() != [5, 10, 20, 12], (
        "The boxes are still (left, top, width, height): detectors want (left, top, left + width, top + height)."
    )
    assert labels.min() > 0, "Label 0 is the background: the digit d has the label d + 1."


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(2)
def test_values(student, library, reference, hidden_digits, rng):
    """Image, boxes and labels are those of the scene, in torchvision's form."""
    seed = int(torch.randint(2**31, (), generator=rng))
    scenes = reference.make_scenes(hidden_digits.images, hidden_digits.labels, 3, seed)
    theirs = [library.scenes.Scene(s.image, s.digits, s.boxes, s.masks) for s in scenes]
    dataset = student.DetectionDataset(theirs)
    for number in (2, 0, 1):
        scene = scenes[number]
        image, target = sample_of(dataset[number])
        image = tensor(image, "the image", shape=scene.image.shape, dtype=torch.float32)
        assert torch.allclose(image, scene.image / 255, atol=1e-5), (
            "The image is not that of the scene, scaled to [0, 1]."
        )
        boxes = tensor(target["boxes"], "boxes", shape=scene.boxes.shape, dtype=torch.float32)
        x, y, width, height = scene.boxes.float().unbind(1)
        assert not torch.equal(boxes, torch.stack([x, y, x + width - 1, y + height - 1], 1)), (
            "Right and bottom are one too small: a box ends behind its last pixel, at left + width and top + height."
        )
        assert not torch.equal(boxes, torch.stack([y, x, y + height, x + width], 1)), (
            "x and y are swapped: a box is (left, top, right, bottom), and x comes first."
        )
        assert torch.equal(boxes, torch.stack([x, y, x + width, y + height], 1)), (
            "The boxes are not those of the scene."
        )
        labels = tensor(target["labels"], "labels", shape=scene.digits.shape, dtype=torch.int64)
        assert torch.equal(labels, scene.digits + 1), "The digit d must have the label d + 1."


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_the_smaller_entries(student, library):
    """`image_id` tells the scenes apart, `area` is width times height, `iscrowd` is 0 for each object."""
    dataset = student.DetectionDataset([a_scene(library), a_scene(library)])
    numbers = []
    for index in range(2):
        _, target = sample_of(dataset[index])
        area = tensor(target["area"], "area", shape=(2,))
        assert torch.allclose(area.float(), torch.tensor([240.0, 240.0])), "`area` is width times height of each box."
        crowd = tensor(target["iscrowd"], "iscrowd", shape=(2,))
        assert crowd.dtype in (torch.int64, torch.uint8, torch.bool), "`iscrowd` holds whole numbers."
        assert not crowd.any(), "`iscrowd` is 0 for every object."
        number = target["image_id"]
        numbers.append(int(number.flatten()[0]) if isinstance(number, Tensor) and number.numel() == 1 else number)
    assert numbers[0] != numbers[1], "`image_id` must tell the scenes apart: use the index."


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_a_scene_stays_as_it_is(student, library):
    """Asking twice gives the same: the scene must not be changed."""
    scene = a_scene(library)
    dataset = student.DetectionDataset([scene])
    before = scene.image, scene.boxes, scene.digits
    first, second = sample_of(dataset[0]), sample_of(dataset[0])
    after = scene.image, scene.boxes, scene.digits
    unchanged = all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert unchanged, "The scene was changed: compute new tensors instead of changing the scene's own in place."
    assert all(torch.equal(first[1][name], second[1][name]) for name in ("boxes", "labels")), (
        "The second time the same scene gives another target."
    )


# collate


@pytest.mark.question("collate")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_batch_of_two(student):
    """`collate` returns a list of images and a list of targets, in order."""
    batch = [
        (torch.zeros(3, 4, 5), {"labels": torch.tensor([1])}),
        (torch.ones(3, 6, 7), {"labels": torch.tensor([2, 3])}),
    ]
    result = student.collate(batch)
    if type(result) not in (tuple, list) or len(result) != 2:
        raise Mismatch("`collate` returns a pair (images, targets).", type(result).__name__)
    images, targets = result
    assert type(images) in (list, tuple), "The images of a batch are a list: they may differ in size, so stack nothing."
    assert type(targets) in (list, tuple), "The targets of a batch are a list of dictionaries."
    assert [tuple(image.shape) for image in images] == [(3, 4, 5), (3, 6, 7)], "Images are missing or in another order."
    assert [len(target["labels"]) for target in targets] == [1, 2], "Targets are missing or in another order."


@pytest.mark.question("collate")
@pytest.mark.points(0.5)
def test_a_batch_of_any_size(student, rng):
    """A batch of one is a list of one, and nothing is sorted, stacked or left out."""
    for count in (1, 5):
        sizes = torch.randint(2, 9, (count,), generator=rng).tolist()
        batch = [(torch.full((3, size, size), float(n)), {"image_id": n}) for n, size in enumerate(sizes)]
        images, targets = student.collate(batch)
        assert type(images) in (list, tuple), "The images must be a list."
        assert [image.shape[1] for image in images] == sizes, "Images are missing or in another order."
        assert [image[0, 0, 0].item() for image in images] == list(range(count)), (
            "The images are not those of the batch."
        )
        assert [target["image_id"] for target in targets] == list(range(count)), (
            "Targets are missing or in another order."
        )

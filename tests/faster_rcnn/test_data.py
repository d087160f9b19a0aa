"""Check what the detector is fed: targets in torchvision's form, batches of lists."""

from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, mapping, pair, tensor

BYTES = "The image must be scaled to [0, 1]: divide by 255."
SIDES = "The boxes are still (left, top, width, height): detectors want (left, top, left + width, top + height)."
FROM_ZERO = "Label 0 is the background: the digit d has the label d + 1."
IMAGE_FIRST = "The image comes first, then its target: (image, target)."
OTHER = "This is what belongs to another scene: use `index`."
STACKED = "The images are stacked into one tensor: keep them in a list, they may differ in size."
FIRST = "Images come first, then targets: (images, targets)."
STILL_THERE = "What the call before was given is still there: begin with empty lists in each call."
AS_IT_CAME = "The batch is returned as it came, a list of pairs: make a pair of lists of it."


def a_scene(library: Any, height: int = 40, width: int = 60) -> Any:
    """Return a scene with a seven and a zero, in the student's process."""
    image = torch.full((3, height, width), 51, dtype=torch.uint8)
    boxes = torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])
    masks = torch.zeros(2, height, width, dtype=torch.bool)
    for mask, (left, top, wide, high) in zip(masks, boxes.tolist(), strict=True):
        mask[top : top + high, left : left + wide] = True
        mask[top + 1 : top + high - 1, left + 1 : left + wide - 1] = False  # a frame: fewer pixels than its box
    return library.scenes.Scene(image, torch.tensor([7, 0]), boxes, masks)


def sample_of(result: object, *keys: str) -> tuple[Tensor, dict[str, Tensor]]:
    """Return what a dataset gave, as the pair that it must be, with these entries of the target."""
    image, target = pair(result, "dataset[index]", "image, target")
    if isinstance(image, dict) and isinstance(target, Tensor):
        raise Slip(IMAGE_FIRST)
    return image, mapping(target, "target", keys)


def judge(value: object, name: str, right: Tensor, slips: dict[str, Tensor]) -> None:
    """Accept a tensor of the right values, shape and dtype; name the slip, or what it is not."""
    known = isinstance(value, Tensor) and any(close(value, wrong) for wrong in (right, *slips.values()))
    if known:
        answer(value, right, slips)
    answer(tensor(value, name, shape=tuple(right.shape), dtype=right.dtype), right)


# DetectionDataset


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(1)
@pytest.mark.public
def test_one_scene(student, library):
    """An item is (image, target): a float image in [0, 1], boxes by their corners, labels that leave 0 to the background."""
    dataset = student.DetectionDataset([a_scene(library)] * 3)
    assert len(dataset) == 3, "`len(dataset)` is the number of scenes."
    image, target = sample_of(dataset[0], "boxes", "labels", "image_id", "area", "iscrowd")
    judge(image, "the image", torch.full((3, 40, 60), 51 / 255), {BYTES: torch.full((3, 40, 60), 51.0)})
    corners = torch.tensor([[5.0, 10.0, 25.0, 22.0], [30.0, 3.0, 38.0, 33.0]])
    judge(target["boxes"], "boxes", corners, {SIDES: torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])})
    judge(target["labels"], "labels", torch.tensor([8, 1]), {FROM_ZERO: torch.tensor([7, 0])})


def drawn_scenes(rng: torch.Generator) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Return three scenes (image, digits, boxes, masks) in which every digit occurs; the last one holds a single digit."""
    digits = torch.randperm(10, generator=rng)
    scenes = []
    for chosen in (digits[:4], digits[4:9], digits[9:]):
        image = torch.randint(200, (3, 50, 70), generator=rng).to(
            torch.uint8
        )  # no 255: not to be divided by the largest
        sides = torch.randint(4, 13, (len(chosen), 2), generator=rng)
        left = 14 * torch.arange(len(chosen)) + 1
        top = torch.randint(16, 36, (len(chosen),), generator=rng)
        boxes = torch.stack([left, top, sides[:, 0], sides[:, 1]], dim=1)
        masks = torch.zeros(len(chosen), 50, 70, dtype=torch.bool)
        for mask, (x, y, width, height) in zip(masks, boxes.tolist(), strict=True):
            mask[y : y + height, x : x + width] = True
        scenes.append((image, chosen, boxes, masks))
    return scenes


def corners(sides: Tensor) -> Tensor:
    """Return boxes (left, top, width, height) as float32 (x1, y1, x2, y2)."""
    return torch.cat([sides[:, :2], sides[:, :2] + sides[:, 2:]], dim=1).float()


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_images(student, library, rng):
    """`dataset[index]` holds the image of that scene, float32 in [0, 1]: its bytes divided by 255."""
    scenes = drawn_scenes(rng)
    dataset = student.DetectionDataset([library.scenes.Scene(*scene) for scene in scenes])
    for index in (2, 0, 1):
        image, _ = sample_of(dataset[index])
        right = scenes[index][0] / 255
        slips = {
            BYTES: 255 * right,
            "The image is divided by its largest value: divide each by 255.": right / right.max(),
            "The image is moved to [-1, 1]: it must stay in [0, 1].": 2 * right - 1,
            "Rows and columns of the image are swapped.": right.transpose(1, 2),
            "Channels come first, as they do in the scene: [3, H, W].": right.permute(1, 2, 0),
        }
        if any(close(image, other[0] / 255) for other in scenes if other is not scenes[index]):
            raise Slip(OTHER)
        judge(image, "the image", right, slips)


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(1)
def test_boxes(student, library, rng):
    """`boxes` holds float32 (x1, y1, x2, y2) of each digit: left, top, left + width, top + height."""
    scenes = drawn_scenes(rng)
    dataset = student.DetectionDataset([library.scenes.Scene(*scene) for scene in scenes])
    for index in (2, 0, 1):
        _, target = sample_of(dataset[index], "boxes")
        sides = scenes[index][2]
        x, y, width, height = sides.float().unbind(1)
        right = corners(sides)
        if any(close(target["boxes"], corners(other[2])) for other in scenes if other is not scenes[index]):
            raise Slip(OTHER)
        slips = {
            SIDES: sides,
            "Right and bottom are one too small: a box ends behind its last pixel, at left + width and top + height.": (
                torch.stack([x, y, x + width - 1, y + height - 1], 1)
            ),
            "x and y are swapped: a box is (left, top, right, bottom), and x comes first.": right[:, [1, 0, 3, 2]],
            "Width and height are swapped: right is left + width, bottom is top + height.": (
                torch.stack([x, y, x + height, y + width], 1)
            ),
            "The order is (x1, y1, x2, y2), not (x1, x2, y1, y2).": right[:, [0, 2, 1, 3]],
            "The boxes are in parts of the image: they must be in pixels.": right
            / torch.tensor([70.0, 50.0, 70.0, 50.0]),
        }
        judge(target["boxes"], "boxes", right, slips)


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_labels(student, library, rng):
    """`labels` holds the label digit + 1, int64, for each digit of the scene, in order."""
    scenes = drawn_scenes(rng)
    dataset = student.DetectionDataset([library.scenes.Scene(*scene) for scene in scenes])
    for index in (2, 0, 1):
        _, target = sample_of(dataset[index], "labels")
        digits = scenes[index][1]
        if any(close(target["labels"], other[1] + 1) for other in scenes if other is not scenes[index]):
            raise Slip(OTHER)
        judge(target["labels"], "labels", digits + 1, {FROM_ZERO: digits})


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_the_smaller_entries(student, library):
    """`image_id` is the index of the scene, `area` width times height of each box, `iscrowd` 0 for each object."""
    dataset = student.DetectionDataset([a_scene(library) for _ in range(3)])
    for index in (1, 2, 0):
        _, target = sample_of(dataset[index], "boxes", "area", "iscrowd", "image_id")
        area = tensor(target["area"], "area", shape=(2,))
        boxes = target["boxes"]  # areas of wrong boxes are right for these: a slip costs once
        of_boxes = isinstance(boxes, Tensor) and boxes.shape == (2, 4) and (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
        fits = close(area, torch.tensor([240.0, 240.0])) or close(area, of_boxes)
        of_masks = close(area, torch.tensor([60.0, 72.0]))
        assert not of_masks, "`area` is that of each box, width times height: this is the number of the mask's pixels."
        assert fits, "`area` is width times height of each box."
        crowd = tensor(target["iscrowd"], "iscrowd", shape=(2,))
        assert crowd.dtype in (torch.int64, torch.uint8, torch.bool), "`iscrowd` holds whole numbers."
        assert not crowd.any(), "`iscrowd` is 0 for every object."
        number = target["image_id"]
        number = number.flatten()[0].item() if isinstance(number, Tensor) and number.numel() == 1 else number
        assert close(number, index), "`image_id` is the index of the scene in the dataset, a whole number."


@pytest.mark.question("DetectionDataset")
@pytest.mark.points(0.5)
def test_a_scene_stays_as_it_is(student, library):
    """Asking twice gives the same: the scene must not be changed."""
    scene = a_scene(library)
    before = [part.clone() for part in (scene.image, scene.boxes, scene.digits, scene.masks)]
    dataset = student.DetectionDataset([scene])
    first, second = sample_of(dataset[0]), sample_of(dataset[0])
    unchanged = close([scene.image, scene.boxes, scene.digits, scene.masks], before)
    assert unchanged, "The scene was changed: compute new tensors instead of changing the scene's own in place."
    assert close(list(first), list(second)), "The second time the same scene gives another image or target."


# collate


@pytest.mark.question("collate")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_batch_of_two(student, library):
    """`collate` returns a list of images and a list of targets, in order."""
    earlier: list[Any] = []
    for height in (4, 6):
        images = [torch.zeros(3, 4, 5), torch.ones(3, height, 5)]
        targets = [{"boxes": torch.ones(n, 4), "labels": torch.arange(n) + 1} for n in (1, 2)]
        batch = list(zip(images, targets, strict=True))
        given = library.types.SimpleNamespace(batch=[(image, dict(target)) for image, target in batch])
        slips: dict[str, object] = {FIRST: (targets, images), AS_IT_CAME: batch}
        if height == 4:
            slips[STACKED] = (torch.stack(images), targets)
        for before in earlier:
            slips[STILL_THERE] = ([*before[0], *images], [*before[1], *targets])
        earlier = [(images, targets)]
        found = library.builtins.eval("lambda function, given: function(given.batch)", {})(student.collate, given)
        answer(found, (images, targets), slips)
        assert close(given.batch, batch), "The batch that was handed in was changed: make lists of your own."


@pytest.mark.question("collate")
@pytest.mark.points(0.5)
def test_a_batch_of_any_size(student, rng):
    """A batch of any size becomes two lists, as long as the batch: nothing is sorted, stacked or left out."""
    for count in (5, 1):

        def make(count: int = count) -> Case[list[tuple[Tensor, dict[str, Tensor]]]]:
            sizes = torch.randint(2, 9, (count,), generator=rng).tolist()
            images = [torch.full((3, size, size + 1), float(n)) for n, size in enumerate(sizes)]
            targets = [{"image_id": torch.tensor(n)} for n in range(count)]
            batch = list(zip(images, targets, strict=True))
            slips: dict[str, object] = {FIRST: (targets, images), AS_IT_CAME: batch}
            if count == 1:
                slips[STACKED] = (torch.stack(images), targets)
            else:
                slips["One sample of the batch is left out."] = (images[:-1], targets[:-1])
                slips["The order is reversed: keep that of the batch."] = (images[::-1], targets[::-1])
            return Case(inputs=batch, right=(images, targets), slips=slips)

        case = draw(make)
        case.judge(student.collate(case.inputs))

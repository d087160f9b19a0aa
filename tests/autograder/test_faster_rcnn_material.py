"""The support files of faster_rcnn: scenes that a seed decides, networks to start from, the judge, Pascal VOC's layout."""

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchvision.models.detection import fasterrcnn_resnet50_fpn

from autograder.mnist import read_digits

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "source" / "faster_rcnn"
GOLDEN = ["46eadfb2990ce0b8", "36100af94e300282", "a45a425553192340"]


def load(name: str, folder: Path = FOLDER) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"faster_rcnn_{name}", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


scenes, detectors, evaluation, voc, progress = map(load, ("scenes", "detectors", "evaluation", "voc", "progress"))


@pytest.fixture(scope="module")
def digits():
    return read_digits(ROOT / "data", train=True)


# Scenes


def digest(scene) -> str:
    parts = (scene.image, scene.digits, scene.boxes, scene.masks)
    return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()[:16]


def test_a_seed_gives_the_same_scenes_bit_for_bit_everywhere(digits):
    """These digests are of no machine: whole numbers from a frozen generator give them."""
    found = [digest(scene) for scene in scenes.make_scenes(digits.images, digits.labels, 3, seed=7)]
    assert found == GOLDEN
    assert digest(scenes.make_scene(digits.images, digits.labels, (7, 1))) == GOLDEN[1]


def test_another_seed_gives_other_scenes(digits):
    found = {digest(scenes.make_scene(digits.images, digits.labels, seed)) for seed in range(20)}
    assert len(found) == 20


def test_scenes_hold_what_they_say(digits):
    for scene in scenes.make_scenes(digits.images, digits.labels, 60, seed=3):
        count = len(scene.digits)
        assert 1 <= count <= scenes.MOST_DIGITS
        assert (scene.image.dtype, tuple(scene.image.shape)) == (torch.uint8, (3, scenes.SIDE, scenes.SIDE))
        assert (scene.digits.dtype, scene.boxes.dtype, scene.masks.dtype) == (torch.int64, torch.int64, torch.bool)
        assert scene.masks.sum(dim=0).max() <= 1, "masks share a pixel"
        for mask, (left, top, width, height) in zip(scene.masks, scene.boxes.tolist(), strict=True):
            rows, columns = mask.any(dim=1).nonzero(), mask.any(dim=0).nonzero()
            assert (left, left + width - 1) == (columns.min(), columns.max())
            assert (top, top + height - 1) == (rows.min(), rows.max())
            assert mask.sum() > 40, "a digit that cannot be seen"


def test_digits_overlap_sometimes_and_stand_out_from_the_ground(digits):
    made = scenes.make_scenes(digits.images, digits.labels, 60, seed=4)
    overlaps = 0
    for scene in made:
        boxes = scene.boxes.float()
        corners = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)
        overlaps += int((evaluation.box_iou(corners, corners).triu(1) > 0.05).any())
        for mask in scene.masks:
            ring = torch.nn.functional.max_pool2d(mask[None].float(), 7, 1, 3)[0].bool() & ~scene.masks.any(dim=0)
            if ring.sum() > 30:
                colours = [scene.image[:, where].float().mean(dim=1) for where in (mask, ring)]
                assert (colours[0] - colours[1]).abs().sum() > 40
    assert overlaps > 15


# Networks


def test_the_shipped_weights_are_small_and_know_their_classes():
    assert (FOLDER / "pretrained.safetensors").stat().st_size < 10 * 2**20
    glyphs = load("glyphs", ROOT / "data" / "detector")
    assert ("background", *glyphs.CLASSES) == detectors.PRETRAINED_NAMES
    assert not set("0123456789") & set(glyphs.CLASSES)


def test_detector_and_segmenter_share_their_pretrained_weights():
    detector, segmenter = detectors.faster_rcnn().state_dict(), detectors.mask_rcnn().state_dict()
    assert {name for name in segmenter if name not in detector} == {name for name in segmenter if "mask" in name}
    assert all(torch.equal(value, segmenter[name]) for name, value in detector.items())
    scratch = detectors.faster_rcnn(pretrained=False).state_dict()
    assert not torch.equal(scratch["backbone.body.0.0.weight"], detector["backbone.body.0.0.weight"])


def test_the_pretrained_detector_finds_letters_in_scenes_it_was_not_trained_on():
    glyphs = load("glyphs", ROOT / "data" / "detector")
    images, labels = glyphs.draw_glyphs(300, seed=99)
    made = scenes.make_scenes(images, labels, 25, seed=99)
    model = detectors.faster_rcnn().eval()
    with torch.no_grad():
        predictions = [model([scene.image / 255])[0] for scene in made]
    targets = [{"boxes": corners(scene.boxes), "labels": scene.digits + 1} for scene in made]
    assert evaluation.average_precision(predictions, targets) > 0.8


def corners(boxes: torch.Tensor) -> torch.Tensor:
    return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1).float()


def test_weights_of_torchvision_come_from_the_cache(tmp_path, monkeypatch):
    """The file is what torchvision would have downloaded, with weights of our own."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = tmp_path / "hub" / "checkpoints" / "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"
    cached.parent.mkdir(parents=True)
    weights = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    torch.save(weights, cached)
    model = detectors.faster_rcnn("coco")
    assert torch.equal(model.state_dict()["backbone.body.conv1.weight"], weights["backbone.body.conv1.weight"])
    assert model.roi_heads.box_predictor.cls_score.in_features == 1024


def test_weights_that_cannot_be_had_are_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(RuntimeError, match=r'neither in .* nor to be downloaded \(no network\): .*weights="small"'):
        detectors.faster_rcnn("coco")
    monkeypatch.setattr(detectors, "_WEIGHTS", tmp_path / "pretrained.safetensors")
    with pytest.raises(RuntimeError, match=r"cannot be read .*: put the file that came with the assignment beside"):
        detectors.mask_rcnn()


# The judge


def random_case(seed: int, *, masks: bool = False) -> tuple[list[dict], list[dict]]:
    random = torch.Generator().manual_seed(seed)

    def boxes(count: int, near: torch.Tensor | None = None) -> torch.Tensor:
        if near is not None:
            base = near[torch.randint(len(near), (count,), generator=random)]
            return base + 6 * torch.randn(base.shape, generator=random).clamp(-1, 1)
        corner = 60 * torch.rand(count, 2, generator=random)
        return torch.cat([corner, corner + 15 + 25 * torch.rand(count, 2, generator=random)], dim=1)

    def painted(all_boxes: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(len(all_boxes), 110, 110)
        for mask, (x1, y1, x2, y2) in zip(found, all_boxes.round().int().tolist(), strict=True):
            mask[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)] = 1
        return found

    predictions, targets = [], []
    for _ in range(12):
        true = boxes(4)
        guessed = torch.cat([boxes(6, true), boxes(2)])
        target = {"boxes": true, "labels": torch.randint(1, 4, (4,), generator=random)}
        prediction = {
            "boxes": guessed,
            "labels": torch.randint(1, 4, (8,), generator=random),
            "scores": torch.rand(8, generator=random),
        }
        if masks:
            target["masks"], prediction["masks"] = painted(true).byte(), painted(guessed)[:, None]
        targets.append(target)
        predictions.append(prediction)
    return predictions, targets


def by_coco(predictions: list[dict], targets: list[dict], *, masks: bool = False) -> float:
    """Return what the COCO challenge's own code says."""
    from pycocotools import mask as masks_of_coco

    def shape(case: dict, index: int) -> dict:
        x1, y1, x2, y2 = case["boxes"][index].tolist()
        found = {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
        if masks:
            plane = (case["masks"][index].reshape(110, 110) > 0.5).byte().numpy()
            found["segmentation"] = masks_of_coco.encode(plane.copy(order="F"))
            found["area"] = float(plane.sum())
        return found

    truth = COCO()
    labelled = [(image, case, i) for image, case in enumerate(targets) for i in range(len(case["labels"]))]
    truth.dataset = {
        "images": [{"id": image, "height": 110, "width": 110} for image in range(len(targets))],
        "categories": [{"id": label} for label in (1, 2, 3)],
        "annotations": [
            {"id": n + 1, "image_id": image, "category_id": int(case["labels"][i]), "iscrowd": 0, **shape(case, i)}
            for n, (image, case, i) in enumerate(labelled)
        ],
    }
    truth.createIndex()
    found = [
        {
            "image_id": image,
            "category_id": int(case["labels"][i]),
            "score": float(case["scores"][i]),
            **{k: v for k, v in shape(case, i).items() if k != "area" and (not masks or k != "bbox")},
        }
        for image, case in enumerate(predictions)
        for i in range(len(case["labels"]))
    ]
    judge = COCOeval(truth, truth.loadRes(found), "segm" if masks else "bbox")
    judge.params.iouThrs = [0.5]
    judge.evaluate()
    judge.accumulate()
    precision = judge.eval["precision"][0, :, :, 0, 2]
    return float(precision[precision > -1].mean())


@pytest.mark.parametrize("masks", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_what_coco_says(seed, masks):
    predictions, targets = random_case(seed, masks=masks)
    found = evaluation.average_precision(predictions, targets, by="masks" if masks else "boxes")
    assert 0.05 < found < 0.95
    assert found == pytest.approx(by_coco(predictions, targets, masks=masks), abs=1e-6)


def test_perfect_and_empty_predictions():
    predictions, targets = random_case(0)
    perfect = [{**target, "scores": torch.ones(len(target["labels"]))} for target in targets]
    nothing = [{name: value[:0] for name, value in prediction.items()} for prediction in predictions]
    assert evaluation.average_precision(perfect, targets) == pytest.approx(1.0)
    assert evaluation.average_precision(nothing, targets) == 0.0
    wrong = [{**one, "labels": 1 + one["labels"] % 3} for one in perfect]
    assert evaluation.average_precision(wrong, targets) < 0.1
    assert evaluation.average_precision(wrong, targets, classes=False) == pytest.approx(1.0)


# Pascal VOC


ANNOTATION = """<annotation><filename>a.jpg</filename>
<object><name>RBC</name><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>60</ymax></bndbox></object>
<object><name>WBC</name><bndbox><xmin>40</xmin><ymin>8</ymin><xmax>80</xmax><ymax>40</ymax></bndbox></object>
<object><name>RBC</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>5</xmax><ymax>9</ymax></bndbox></object>
</annotation>"""


@pytest.fixture
def voc_folder(tmp_path):
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (tmp_path / name).mkdir(parents=True)
    Image.new("RGB", (100, 80), (255, 0, 0)).save(tmp_path / "JPEGImages" / "a.jpg")
    (tmp_path / "Annotations" / "a.xml").write_text(ANNOTATION)
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text("a\n")
    return tmp_path


def test_a_folder_in_vocs_layout_is_read(voc_folder):
    dataset = voc.VOCDataset(voc_folder)
    image, target = dataset[0]
    assert (len(dataset), dataset.classes) == (1, ["RBC", "WBC"])
    assert (tuple(image.shape), image.dtype) == ((3, 80, 100), torch.float32)
    assert image[0].mean() > 0.95
    assert target["boxes"].tolist() == [[10, 20, 30, 60], [40, 8, 80, 40]]  # that without an area is left out
    assert target["labels"].tolist() == [1, 2]
    assert target["area"].tolist() == [800, 1280]


def test_pictures_are_scaled_together_with_their_boxes(voc_folder):
    image, target = voc.VOCDataset(voc_folder, width=50)[0]
    assert tuple(image.shape) == (3, 40, 50)
    assert target["boxes"].tolist() == [[5, 10, 15, 30], [20, 4, 40, 20]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "ImageSets/Main/train.txt").unlink(), "train.txt is not there: give the folder"),
        (lambda folder: (folder / "Annotations/a.xml").write_text("<a"), "a.xml cannot be read as an annotation"),
        (lambda folder: (folder / "Annotations/a.xml").unlink(), "a.xml cannot be read as an annotation"),
        (lambda folder: (folder / "JPEGImages/a.jpg").write_text("x"), "a.jpg cannot be read as a picture"),
    ],
)
def test_what_cannot_be_read_is_named(voc_folder, change, said):
    change(voc_folder)
    with pytest.raises(RuntimeError, match=said):
        voc.VOCDataset(voc_folder)[0]


def test_a_class_that_was_not_named_is_an_error(voc_folder):
    with pytest.raises(RuntimeError, match="annotates 'WBC', which is none of the classes"):
        voc.VOCDataset(voc_folder, classes=["RBC"])


@pytest.mark.skipif(not (ROOT / "data" / "BCCD").is_dir(), reason="no folder data/BCCD")
def test_blood_cells_are_read():
    dataset = voc.VOCDataset(ROOT / "data" / "BCCD", "train", width=160)
    assert dataset.classes == ["Platelets", "RBC", "WBC"]
    assert len(dataset) == 205
    for image, target in (dataset[n] for n in range(0, 205, 20)):
        assert image.shape[2] == 160
        assert len(target["boxes"]) == len(target["labels"])


def test_progress_hands_on_every_batch_and_says_so_once_an_epoch(capsys):
    loader = progress.Progress(torch.utils.data.DataLoader(range(10), batch_size=4))
    assert [[batch.tolist() for batch in loader] for _ in range(2)] == 2 * [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]]
    assert (len(loader), loader.batch_size, list(loader.dataset)) == (3, 4, list(range(10)))
    first, second, last = capsys.readouterr().out.split("\n")
    assert (first[:19], second[:19], last) == ("epoch 1: 3 batches ", "epoch 2: 3 batches ", "")

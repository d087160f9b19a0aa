"""Hold the material of `mask_rcnn`: pictures in Penn-Fudan's layout are read as they should be, or refused in a sentence."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from PIL import Image

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / "mask_rcnn"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mask_rcnn_{name}", SOURCE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


penn_fudan = load("penn_fudan")


def write(path: Path, rows: list[list[int]], mode: str = "L") -> None:
    """Write a small picture of these numbers, as grey, as indices of a palette, or as colours."""
    height, width = len(rows), len(rows[0])
    picture = Image.new("P" if mode == "P" else "L", (width, height))
    if mode == "P":
        picture.putpalette([n for colour in range(256) for n in (255 - colour, colour, 7)])
    picture.putdata([n for row in rows for n in row])
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture.convert("RGB") if mode == "RGB" else picture).save(path)


def picture(root: Path, name: str, mask: list[list[int]], mode: str = "L") -> None:
    write(root / "PNGImages" / f"{name}.png", [[51] * len(mask[0]) for _ in mask], mode="RGB")
    write(root / "PedMasks" / f"{name}_mask.png", mask, mode)


TWO_PEOPLE = [[0, 1, 1, 0, 0, 0], [0, 1, 1, 0, 3, 3], [0, 0, 0, 0, 3, 3], [0, 0, 0, 0, 0, 3]]


@pytest.mark.parametrize("mode", ["L", "P"])
def test_each_number_is_an_instance(tmp_path: Path, mode: str):
    picture(tmp_path, "b", TWO_PEOPLE, mode)
    picture(tmp_path, "a", [[0] * 4] * 4, mode)
    people = penn_fudan.PennFudanDataset(tmp_path)
    assert len(people) == 2
    image, target = people[1]
    assert image.shape == (3, 4, 6)
    assert image.dtype == torch.float32
    assert torch.allclose(image, torch.tensor(0.2))
    assert target["boxes"].tolist() == [[1, 0, 2, 1], [4, 1, 5, 3]]
    assert target["boxes"].dtype == torch.float32
    assert target["labels"].tolist() == [1, 1]
    assert target["masks"].dtype == torch.uint8
    assert torch.equal(target["masks"].bool(), torch.stack([torch.tensor(TWO_PEOPLE) == n for n in (1, 3)]))
    assert int(target["image_id"]) == 1
    assert target["area"].tolist() == [1, 2]
    assert target["iscrowd"].tolist() == [0, 0]


def test_a_picture_without_people_has_no_boxes(tmp_path: Path):
    picture(tmp_path, "empty", [[0] * 5] * 3)
    _, target = penn_fudan.PennFudanDataset(tmp_path)[0]
    assert {name: tuple(target[name].shape) for name in ("boxes", "labels", "masks", "area")} == {
        "boxes": (0, 4),
        "labels": (0,),
        "masks": (0, 3, 5),
        "area": (0,),
    }


def test_who_is_a_single_row_of_pixels_is_left_out(tmp_path: Path):
    picture(tmp_path, "thin", [[1, 1, 1, 1], [2, 2, 0, 0], [2, 2, 0, 0]])
    _, target = penn_fudan.PennFudanDataset(tmp_path)[0]
    assert target["boxes"].tolist() == [[0, 1, 1, 2]]


def test_the_loop_of_an_epoch_gets_through(tmp_path: Path):
    for number in range(4):
        picture(tmp_path, f"p{number}", TWO_PEOPLE)
    loader = torch.utils.data.DataLoader(penn_fudan.PennFudanDataset(tmp_path), batch_size=2, collate_fn=list)
    assert [len(batch) for batch in loader] == [2, 2]


def test_missing_folders_and_masks_are_named(tmp_path: Path):
    with pytest.raises(penn_fudan.PennFudanError, match=r"PNGImages is not there: give the folder"):
        penn_fudan.PennFudanDataset(tmp_path)
    (tmp_path / "PNGImages").mkdir()
    with pytest.raises(penn_fudan.PennFudanError, match=r"PedMasks is not there: give the folder"):
        penn_fudan.PennFudanDataset(tmp_path)
    (tmp_path / "PedMasks").mkdir()
    with pytest.raises(penn_fudan.PennFudanError, match=r"holds no picture"):
        penn_fudan.PennFudanDataset(tmp_path)
    picture(tmp_path, "one", TWO_PEOPLE)
    (tmp_path / "PedMasks" / "one_mask.png").unlink()
    with pytest.raises(penn_fudan.PennFudanError, match=r"one_mask.png is not there: one.png needs it"):
        penn_fudan.PennFudanDataset(tmp_path)


def test_what_cannot_be_read_is_named(tmp_path: Path):
    picture(tmp_path, "one", TWO_PEOPLE)
    people = penn_fudan.PennFudanDataset(tmp_path)
    write(tmp_path / "PedMasks" / "one_mask.png", [[0, 1], [1, 1]])
    with pytest.raises(penn_fudan.PennFudanError, match=r"has 2×2 pixels and one.png has 6×4"):
        people[0]
    write(tmp_path / "PedMasks" / "one_mask.png", TWO_PEOPLE, mode="RGB")
    with pytest.raises(penn_fudan.PennFudanError, match=r"has 3 numbers for each pixel"):
        people[0]
    (tmp_path / "PNGImages" / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    with pytest.raises(penn_fudan.PennFudanError, match=r"one.png cannot be read as a picture"):
        people[0]


def test_the_files_shared_with_faster_rcnn_are_the_same():
    for name in ("scenes.py", "detectors.py", "evaluation.py", "progress.py", "pretrained.safetensors"):
        assert (SOURCE / name).resolve() == ROOT / "source" / "faster_rcnn" / name

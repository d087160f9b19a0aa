"""Read pictures with instance masks in the layout of Penn-Fudan: PNGImages/NAME.png and PedMasks/NAME_mask.png.

The dataset itself, 170 pictures with 345 pedestrians, is at https://www.cis.upenn.edu/~jshi/ped_html/. Pictures of your
own, painted in the same way, will do as well.
"""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.ops import box_area, masks_to_boxes
from torchvision.transforms.functional import pil_to_tensor

__all__ = ["PennFudanDataset", "PennFudanError"]


class PennFudanError(RuntimeError):
    """Say what of a dataset cannot be read, and what to do about it."""


class PennFudanDataset(Dataset):
    """Pictures with a mask for each pedestrian, as torchvision's segmenters take them; all have the label 1.

    root: folder with PNGImages and PedMasks. In a mask 0 is the background, and each other number is one pedestrian.
    Raise PennFudanError for what is missing or cannot be read.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        for folder in ("PNGImages", "PedMasks"):
            if not (self.root / folder).is_dir():
                raise PennFudanError(
                    f"{self.root / folder} is not there: give the folder that holds PNGImages and PedMasks."
                )
        self.pictures = sorted((self.root / "PNGImages").glob("*.png"))
        if not self.pictures:
            raise PennFudanError(f"{self.root / 'PNGImages'} holds no picture that ends in .png: put some there.")
        for picture in self.pictures:
            if not self._mask_of(picture).is_file():
                raise PennFudanError(
                    f"{self._mask_of(picture)} is not there: {picture.name} needs it, or must be taken away."
                )

    def _mask_of(self, picture: Path) -> Path:
        return self.root / "PedMasks" / f"{picture.stem}_mask.png"

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the picture, float [3, H, W] in [0, 1], and its target.

        It has boxes, labels, masks, image_id, area and iscrowd, as in torchvision's finetuning tutorial. A pedestrian
        of whom there is but a single row or column of pixels is left out: torchvision takes no such boxes.
        """
        picture = self.pictures[index]
        image = _read(picture, "RGB")
        numbers = _read(self._mask_of(picture), None)[0]
        if numbers.shape != image.shape[1:]:
            raise PennFudanError(
                f"{self._mask_of(picture)} has {_size(numbers)} pixels and {picture.name} has {_size(image)}: "
                "a mask must be as large as its picture."
            )
        people = numbers.unique()
        masks = numbers == people[people > 0][:, None, None]
        boxes = masks_to_boxes(masks)
        proper = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
        masks, boxes = masks[proper], boxes[proper]
        return image / 255, {
            "boxes": boxes,
            "labels": torch.ones(len(boxes), dtype=torch.int64),
            "masks": masks.to(torch.uint8),
            "image_id": torch.tensor(index),
            "area": box_area(boxes),
            "iscrowd": torch.zeros(len(boxes), dtype=torch.int64),
        }


def _read(path: Path, mode: str | None) -> Tensor:
    """Return a picture's numbers [C, H, W]; with a `mode` such as "RGB" converted to it, else as they are."""
    try:
        with Image.open(path) as picture:
            numbers = pil_to_tensor(picture.convert(mode) if mode else picture)
    except (OSError, SyntaxError, TypeError) as error:
        raise PennFudanError(f"{path} cannot be read as a picture ({error}): put a good copy of it there.") from error
    if mode is None and len(numbers) != 1:
        raise PennFudanError(
            f"{path} has {len(numbers)} numbers for each pixel: a mask has one, 0 for the background and n for the "
            "n-th pedestrian."
        )
    return numbers


def _size(numbers: Tensor) -> str:
    """Return width × height of [..., H, W]."""
    return f"{numbers.shape[-1]}×{numbers.shape[-2]}"

"""Read a dataset in Pascal VOC's layout: JPEGImages/*.jpg, Annotations/*.xml, and lists in ImageSets/Main/*.txt."""

from pathlib import Path
from xml.etree import ElementTree as ET

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms.functional import pil_to_tensor, resize

__all__ = ["VOCDataset", "VOCError"]


class VOCError(RuntimeError):
    """Say what of a dataset cannot be read, and what to do about it."""


class VOCDataset(Dataset):
    """The pictures of one list, each with its boxes and labels, as torchvision's detectors take them.

    root: folder with JPEGImages, Annotations and ImageSets/Main. split: the list to take, such as "train" or "test".
    classes: names for the labels 1, 2, …; without it, all names that occur in the annotations, in alphabetical order.
    width: pictures are scaled to so many pixels, None leaves them as they are. Raise VOCError for what cannot be read.
    """

    def __init__(
        self, root: str | Path, split: str = "train", classes: list[str] | None = None, width: int | None = None
    ) -> None:
        self.root, self.width = Path(root), width
        chosen = self.root / "ImageSets" / "Main" / f"{split}.txt"
        if not chosen.is_file():
            raise VOCError(f"{chosen} is not there: give the folder that holds JPEGImages, Annotations and ImageSets.")
        self.names = [line.split()[0] for line in chosen.read_text().splitlines() if line.strip()]
        self._objects = [self._read(name) for name in self.names]
        found = {what for objects in self._objects for what, _ in objects}
        self.classes = list(classes or sorted(found))
        unknown = sorted(found - set(self.classes))
        if unknown:
            raise VOCError(f"{self.root} annotates {unknown[0]!r}, which is none of the classes {self.classes}.")

    def _read(self, name: str) -> list[tuple[str, list[float]]]:
        """Return the name and the box (xyxy) of each object of a picture; boxes without an area are left out."""
        path = self.root / "Annotations" / f"{name}.xml"
        try:
            tree = ET.parse(path)  # noqa: S314 - a dataset that its user has chosen
            objects = []
            for element in tree.iter("object"):
                corners = [float(element.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
                if corners[0] < corners[2] and corners[1] < corners[3]:
                    objects.append((str(element.findtext("name")), corners))
        except (OSError, ET.ParseError, TypeError, ValueError) as error:
            raise VOCError(f"{path} cannot be read as an annotation ({error}): download the dataset again.") from error
        return objects

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the picture, float [3, H, W] in [0, 1], and its target."""
        path = self.root / "JPEGImages" / f"{self.names[index]}.jpg"
        try:
            with Image.open(path) as picture:
                image = pil_to_tensor(picture.convert("RGB"))
        except OSError as error:
            raise VOCError(f"{path} cannot be read as a picture ({error}): download the dataset again.") from error
        scale = 1.0 if self.width is None else self.width / image.shape[2]
        if self.width is not None:
            image = resize(image, [round(image.shape[1] * scale), self.width], antialias=True)
        objects = self._objects[index]
        boxes = scale * torch.tensor([corners for _, corners in objects]).reshape(-1, 4)
        labels = torch.tensor([1 + self.classes.index(name) for name, _ in objects], dtype=torch.int64)
        sides = boxes[:, 2:] - boxes[:, :2]
        return image / 255, {
            "boxes": boxes,
            "labels": labels,
            "image_id": torch.tensor([index]),
            "area": sides[:, 0] * sides[:, 1],
            "iscrowd": torch.zeros(len(objects), dtype=torch.int64),
        }

"""MNIST's 60,000 training digits as tensors, and loaders that hand them out in batches.

The files come from a folder `data` here or in a folder above; where there is none they are downloaded into ./data.
The 10,000 test images are not needed for anything: they wait for your finished model.
"""

import gzip
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets
from torchvision.datasets.utils import check_integrity, download_url

__all__ = ["MEAN", "STD", "Digits", "DigitsError", "loaders", "normalise", "training_digits"]

MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of the pixels of all 60,000 training images, scaled to [0, 1]."""

_SIZES = {"train-images-idx3-ubyte": 47_040_016, "train-labels-idx1-ubyte": 60_008}
_DOWNLOAD_TIMEOUT = 20.0


class Digits(NamedTuple):
    """Images and their labels."""

    images: Tensor
    """uint8 [N, 28, 28], 0 (background) … 255 (ink)."""
    labels: Tensor
    """int64 [N], 0 … 9."""


class DigitsError(RuntimeError):
    """Say that the training digits cannot be had, and what to do about it."""


def training_digits(root: str | Path | None = None) -> Digits:
    """Return the 60,000 training images, uint8 [60000, 28, 28], and their labels, int64 [60000].

    `root` is the folder that holds `MNIST/raw`; without it, the nearest folder `data` that has MNIST is taken, from the
    working directory upwards, then from this file upwards, and ./data if none has. Raise DigitsError where the files
    can neither be read nor downloaded.
    """
    folder = Path(root) if root is not None else _nearest_data()
    with _unpacked(folder) as ready:
        mnist = _TrainingDigits(ready, train=True)
        return Digits(mnist.data, mnist.targets)


def normalise(images: Tensor) -> Tensor:
    """Turn uint8 [N, 28, 28] into what the network sees: float32 [N, 1, 28, 28] of mean 0 and standard deviation 1."""
    return ((images.unsqueeze(1).float() / 255) - MEAN) / STD


def loaders(
    batch_size: int = 128,
    valid_size: int = 10_000,
    seed: int = 0,
    root: str | Path | None = None,
    *,
    train_size: int | None = None,
) -> tuple[DataLoader, DataLoader]:
    """Return (train_loader, valid_loader) over batches (images float32 [B, 1, 28, 28] normalised, labels int64 [B]).

    `seed` alone decides which `valid_size` digits are set aside, and which `train_size` of the others are handed out
    for training (None: all of them). The train loader shuffles anew each epoch, in an order that follows from
    torch.manual_seed; the validation loader always keeps its order.
    """
    images, labels = training_digits(root)
    if not 0 < valid_size < len(images):
        raise ValueError(
            f"valid_size is {valid_size}; it must lie between 1 and {len(images) - 1}, to leave some on both sides."
        )
    left = len(images) - valid_size
    if train_size is not None and not 0 < train_size <= left:
        raise ValueError(f"train_size is {train_size}; it must lie between 1 and {left}, which valid_size leaves.")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    valid, train = order[:valid_size], order[valid_size:][:train_size]
    train_set = TensorDataset(normalise(images[train]), labels[train])
    valid_set = TensorDataset(normalise(images[valid]), labels[valid])
    return DataLoader(train_set, batch_size, shuffle=True), DataLoader(valid_set, batch_size)


class _TrainingDigits(datasets.MNIST):
    """torchvision's MNIST, content with the two training files."""

    resources = datasets.MNIST.resources[:2]

    @property
    def raw_folder(self) -> str:
        return str(Path(self.root) / "MNIST" / "raw")


def _nearest_data() -> Path:
    here, beside = Path.cwd(), Path(__file__).resolve().parent
    for folder in (here, *here.parents, beside, *beside.parents):
        images = folder / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte"
        if images.is_file() or images.with_name(images.name + ".gz").is_file():
            return folder / "data"
    return here / "data"


@contextmanager
def _unpacked(folder: Path) -> Iterator[Path]:
    """Yield a folder with both files unpacked: `folder` itself, or a passing copy where that cannot be written."""
    raw = folder / "MNIST" / "raw"
    packed = [name for name in _SIZES if not _is_whole(raw / name)]
    for resource, md5 in _TrainingDigits.resources:
        if resource.removesuffix(".gz") in packed and not check_integrity(raw / resource, md5):
            _download(raw / resource, md5)
    if not packed or os.access(raw, os.W_OK):
        for name in packed:
            _unpack(raw / f"{name}.gz", raw / name)
        yield folder
        return
    with tempfile.TemporaryDirectory() as passing:
        copies = Path(passing) / "MNIST" / "raw"
        copies.mkdir(parents=True)
        for name in _SIZES:
            if name in packed:
                _unpack(raw / f"{name}.gz", copies / name)
            else:
                shutil.copyfile(raw / name, copies / name)
        yield Path(passing)


def _is_whole(unpacked: Path) -> bool:
    return unpacked.is_file() and unpacked.stat().st_size == _SIZES[unpacked.name]


def _unpack(packed: Path, target: Path) -> None:
    """Unpack under a passing name and then rename, so that nobody who looks meanwhile finds half a file."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as passing:
        new = Path(passing) / target.name
        with gzip.open(packed) as source, new.open("wb") as sink:
            shutil.copyfileobj(source, sink, 2**20)
        new.replace(target)


def _download(packed: Path, md5: str) -> None:
    """Fetch one file with torchvision's own means; raise DigitsError with one sentence where that fails."""
    was = "is damaged (its MD5 sum is wrong)" if packed.is_file() else "is missing"
    reason = ""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT)
    try:
        packed.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=packed.parent, prefix=".downloading-") as passing:
            for mirror in _TrainingDigits.mirrors:
                try:
                    download_url(mirror + packed.name, passing, packed.name, md5)
                except (OSError, RuntimeError) as error:
                    reason = reason or str(getattr(error, "reason", error))
                else:
                    (Path(passing) / packed.name).replace(packed)
                    return
    except OSError as error:
        reason = str(error)
    finally:
        socket.setdefaulttimeout(timeout)
    raise DigitsError(
        f"{packed} {was} and downloading it failed ({reason}): go online and run this cell again, "
        f"or put a good copy of {packed.name} into {packed.parent}."
    )

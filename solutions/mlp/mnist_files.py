"""Get at the two files with MNIST's training digits, for `digits.py`: find them, download what is missing, unpack."""

import gzip
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor
from torchvision import datasets
from torchvision.datasets.utils import check_integrity, download_url

__all__ = ["DigitsError", "read_training_files"]

_SIZES = {"train-images-idx3-ubyte": 47_040_016, "train-labels-idx1-ubyte": 60_008}
"""The files, unpacked, and how many bytes each has."""
_DOWNLOAD_TIMEOUT = 20.0


class DigitsError(RuntimeError):
    """Say that the training digits cannot be had, and what to do about it."""


def read_training_files(root: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """Return the images, uint8 [60000, 28, 28], and the labels, int64 [60000].

    Where the files are looked for, and what happens when they cannot be had, says `digits.training_digits`.
    """
    folder = Path(root) if root is not None else _nearest_data()
    with _unpacked(folder) as ready:
        mnist = _TrainingDigits(ready, train=True)
        return mnist.data, mnist.targets


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

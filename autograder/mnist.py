"""Read MNIST from the course's own copy: verified, unpacked once, never downloaded. A course that has it names these.

Files: http://yann.lecun.com/exdb/mnist/ (CC BY-SA 3.0); the MD5 sums are the ones that torchvision checks.
"""

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograder.atomic_files import write_atomically
from autograder.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Digits", "hidden_digits", "read_digits", "training_digits", "unpack"]

_MD5 = {
    "train-images-idx3-ubyte": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": ("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": ("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": ("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
}
"""MD5 sums of each file, packed (those that torchvision checks) and unpacked."""


class Digits(NamedTuple):
    """Images and labels of one part of MNIST."""

    images: "Tensor"
    """uint8 [N, 28, 28]."""
    labels: "Tensor"
    """int64 [N], 0 … 9."""


def unpack(data: Path) -> None:
    """Unpack the four .gz files of `data/MNIST/raw` beside them; verify every file, also those unpacked before."""
    raw = data / "MNIST" / "raw"
    for name, (packed_md5, unpacked_md5) in _MD5.items():
        target, packed = raw / name, raw / f"{name}.gz"
        if target.is_file() and _md5(target.read_bytes()) == unpacked_md5:
            continue
        again = "copy it again from the repository (git checkout -- data/MNIST)"
        if not packed.is_file():
            raise DataError(f"{packed} is missing; {again}.")
        content = packed.read_bytes()
        if _md5(content) != packed_md5:
            raise DataError(f"{packed} is damaged (its MD5 sum is not {packed_md5}); {again}.")
        try:
            write_atomically(target, gzip.decompress(content))
        except OSError as error:
            raise DataError(f"{target} cannot be written ({error.strerror}); make the folder writable once.") from error


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read_digits(data: Path, *, train: bool) -> Digits:
    """Read one part of MNIST through torchvision; unpack it first where nobody has yet."""
    from torchvision import datasets  # noqa: PLC0415 - seconds of imports that most commands never need

    if not all((data / "MNIST" / "raw" / name).is_file() for name in _MD5):
        unpack(data)
    mnist: Any = datasets.MNIST(str(data), train=train, download=False)
    return Digits(mnist.data, mnist.targets)


def training_digits(data: Path) -> Digits:
    """Return the 60,000 training images, which students have, and their labels."""
    return read_digits(data, train=True)


def hidden_digits(data: Path) -> Digits:
    """Return the 10,000 test images and their labels."""
    return read_digits(data, train=False)

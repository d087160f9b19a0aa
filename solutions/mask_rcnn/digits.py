"""MNIST's 60,000 training digits as tensors, and loaders that hand them out in batches.

The files come from a folder `data` here or in a folder above; where there is none they are downloaded into ./data.
The 10,000 test images are not needed for anything: they wait for your finished model.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from mnist_files import DigitsError, read_training_files
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

__all__ = ["MEAN", "STD", "Digits", "DigitsError", "loaders", "normalise", "training_digits"]

MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of the pixels of all 60,000 training images, scaled to [0, 1]."""


class Digits(NamedTuple):
    """Images and their labels."""

    images: Tensor
    """uint8 [N, 28, 28], 0 (background) … 255 (ink)."""
    labels: Tensor
    """int64 [N], 0 … 9."""


def training_digits(root: str | Path | None = None) -> Digits:
    """Return the 60,000 training images, uint8 [60000, 28, 28], and their labels, int64 [60000].

    `root` is the folder that holds `MNIST/raw`; without it, the nearest folder `data` that has MNIST is taken, from the
    working directory upwards, then from this file upwards, and ./data if none has. Raise DigitsError where the files
    can neither be read nor downloaded.
    """
    return Digits(*read_training_files(root))


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

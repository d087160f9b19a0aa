"""Say how far training is, in lines that a notebook, Colab and a terminal all show."""

import time
from collections.abc import Iterator

from torch.utils.data import DataLoader

__all__ = ["Progress"]


class Progress:
    """A DataLoader that prints a line whenever all of its batches have been used: an epoch is through."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        self._epoch = 0

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._loader)

    def __iter__(self) -> Iterator[object]:
        """Yield the loader's batches."""
        self._epoch += 1
        began = time.perf_counter()
        yield from self._loader
        print(f"epoch {self._epoch}: {len(self._loader)} batches in {time.perf_counter() - began:.0f} s", flush=True)

    def __getattr__(self, name: str) -> object:
        """Return what else there is of the loader, as its dataset."""
        return getattr(self._loader, name)

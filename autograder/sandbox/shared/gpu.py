"""Name a GPU: as this process counts it, as its driver calls it everywhere, and by its device files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Gpu", "is_gpu_file", "open_gpu_files", "require_no_cuda"]

_CONTROL = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
"""What all GPUs share."""
_PREFIX = "/dev/nvidia"


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU, or one instance of a partitioned one (MIG), that student code may compute on."""

    number: int
    """Its place among those that whoever grades may use, from 0: CUDA's ordinal, which is no device file's number."""
    uuid: str = ""
    """`GPU-…` or `MIG-…`, the same for every process; "" where it is not known."""
    nodes: tuple[str, ...] = ()
    """Its own device files; empty: the file of its number."""

    def visible(self, *, isolated: bool) -> str:
        """Return what CUDA_VISIBLE_DEVICES has to say for this one alone; isolated, a process finds no other files."""
        return self.uuid or ("0" if isolated else str(self.number))

    def device_files(self) -> list[Path]:
        """Return the device files that computing on it takes: its own, and those that all GPUs share."""
        shared = [path for name in _CONTROL if (path := Path("/dev", name)).exists()]
        return [*map(Path, self.nodes or (f"{_PREFIX}{self.number}",)), *shared]


def is_gpu_file(path: str) -> bool:
    """Return whether a path is a device file of NVIDIA's driver."""
    return path.startswith(_PREFIX)


def open_gpu_files() -> list[str]:
    """Return the device files of NVIDIA's driver that this process has open: none before CUDA has been started in it.

    A process that has started CUDA can be forked no more: each child's first call of CUDA fails.
    """
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:  # the one that reads the folder
            continue
        if is_gpu_file(target):
            found.append(target)
    return sorted(found)


def require_no_cuda(files: Sequence[str], libraries: Sequence[str]) -> None:
    """Raise OSError where this process has device files of a GPU open: its forks could not use the GPU."""
    if files:
        raise OSError(
            f"one of the course's libraries ({', '.join(libraries)}) starts CUDA as soon as it is imported and holds "
            f"{files[0]} open; a process that has cannot be forked: take it out of `libraries`"
        )

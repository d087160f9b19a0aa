"""Find out where student code computes: on the GPUs where there are some, else on the CPU."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError

__all__ = ["Devices", "choose_devices"]

_PROBE = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"
_PROBE_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What a host lends to student code."""

    gpus: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """Return `cuda` or `cpu`."""
        return "cuda" if self.gpus else "cpu"

    def slots(self, gpu_share: float) -> int:
        """Return how many submissions fit at a time: one for each share of a GPU's memory and each core."""
        cores = len(os.sched_getaffinity(0))
        return min(len(self.gpus) * int(1 / gpu_share), cores) if self.gpus else cores


def choose_devices(wish: str) -> Devices:
    """Return what `auto`, `cpu` or `cuda` comes to here; raise AutograderError for CUDA that cannot be used.

    torch is asked in a process of its own: one that has touched CUDA can no longer be forked.
    """
    if wish == "cpu" or (wish == "auto" and not Path("/dev/nvidiactl").exists()):
        return Devices()
    probe = subprocess.run(
        [sys.executable, "-c", _PROBE], check=False, timeout=_PROBE_SECONDS, capture_output=True, text=True
    )
    count = probe.stdout.strip()
    if probe.returncode == 0 and count.isdecimal() and int(count):
        return Devices(gpus=tuple(range(int(count))))
    if wish == "cuda":
        raise AutograderError("--device cuda: torch cannot use a GPU here; use --device cpu, or mend the driver.")
    return Devices()

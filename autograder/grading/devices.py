"""Find out where student code computes: on a GPU where there is one, else on the CPU."""

import subprocess
import sys
from pathlib import Path

from autograder.errors import AutograderError

__all__ = ["choose_device"]

_PROBE = "import torch; raise SystemExit(0 if torch.cuda.is_available() else 1)"
_PROBE_SECONDS = 120


def choose_device(wish: str) -> str:
    """Return `cpu` or `cuda`; raise AutograderError where CUDA is wished for and cannot be used.

    torch is asked in a process of its own: one that has touched CUDA can no longer be forked.
    """
    if wish == "cpu" or (wish == "auto" and not Path("/dev/nvidiactl").exists()):
        return "cpu"
    probe = subprocess.run([sys.executable, "-c", _PROBE], check=False, timeout=_PROBE_SECONDS, capture_output=True)
    if probe.returncode == 0:
        return "cuda"
    if wish == "cuda":
        raise AutograderError("--device cuda: torch cannot use a GPU here; use --device cpu, or mend the driver.")
    return "cpu"

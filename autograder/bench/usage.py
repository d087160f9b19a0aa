"""Run a command and measure what it and everything that it starts uses."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError
from autograder.sandbox.limits import processes_below, proportional_bytes

__all__ = ["Usage", "measure"]

_SAMPLE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command used, with its descendants."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Largest sum of the processes' memory, what they share in proportion; sampled every two seconds."""


def measure(command: Sequence[str], folder: Path, *, tolerate: bool = False) -> Usage:
    """Run a command in `folder` and return its usage; raise AutograderError where it fails, unless to be tolerated.

    What it makes for the time being goes below `folder` too.
    """
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # nbgrader calls alembic
    environment = {**os.environ, "TMPDIR": str(temporary), "PATH": programs}
    log = folder / "output.log"
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
        peak = _Peak(process.pid)
        peak.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        peak.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not tolerate:
        last = log.read_text(errors="replace").strip()[-500:]
        raise AutograderError(f"`{' '.join(command[:4])} …` ended with {process.returncode}: {last}")
    return Usage(wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=peak.bytes)


class _Peak(threading.Thread):
    """Watch the memory of a process tree."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self.bytes = 0

    def run(self) -> None:
        """Sample until the end."""
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.bytes = max(self.bytes, sum(proportional_bytes(pid, "Pss:") for pid in processes_below(self._pid)))

    def end(self) -> None:
        """Sample no more."""
        self._ended.set()
        self.join()

"""Run a command and measure what it and everything that it starts uses."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError
from autograder.sandbox.shared.process_memory import processes_below, proportional_bytes

__all__ = ["Usage", "measure"]

_SAMPLE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a command used, with its descendants."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Largest sum of the processes' memory, what they share in proportion; sampled every two seconds."""


def measure(
    command: Sequence[str], folder: Path, *, bytecode: Path, tolerate: bool = False, seconds: float | None = None
) -> Usage:
    """Run a command in `folder` and return its usage; raise AutograderError where it fails, unless to be tolerated.

    What it makes for the time being goes below `folder` too. Python keeps what it compiles in `bytecode`, whatever this
    shell and whoever installed the packages say: else a system would be measured compiling its sources every time.
    After `seconds` the command is killed with all that it started.
    """
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # nbgrader calls alembic
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"TMPDIR": str(temporary), "PATH": programs, "PYTHONPYCACHEPREFIX": str(bytecode)}
    log = folder / "output.log"
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
        peak = _Peak(process.pid)
        peak.start()
        deadline = threading.Timer(seconds or threading.TIMEOUT_MAX, _kill, [process.pid])
        deadline.daemon = True
        deadline.start()
        _, status, usage = os.wait4(process.pid, 0)
        deadline.cancel()
        wall = time.monotonic() - began
        peak.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not tolerate:
        last = log.read_text(errors="replace").strip()[-500:]
        raise AutograderError(f"`{' '.join(command[:4])} …` ended with {process.returncode}: {last}")
    return Usage(wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=peak.bytes)


def _kill(pid: int) -> None:
    for process in list(processes_below(pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


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

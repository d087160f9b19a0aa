"""State what one student's process may use, and let the process bind itself to it before any student code runs."""

import ctypes
import json
import os
import resource
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["ProcessLimits", "bind", "resident_bytes"]

_PR_SET_PDEATHSIG = 1
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """Limits of S. Those marked (S) are set by the process on itself, the others are watched from outside."""

    memory_bytes: int
    """Resident memory of the process and its descendants."""
    output_bytes: int
    """Printed text that is kept."""
    frame_bytes: int
    """The largest single message."""
    cpu_seconds: int
    """(S) CPU time of one process."""
    file_bytes: int
    """(S) The largest file."""
    open_files: int
    """(S) Descriptors."""

    def to_json(self) -> str:
        """Return the limits as they travel to S."""
        return json.dumps(asdict(self))


def bind(limits: ProcessLimits) -> None:
    """Bind the calling process, and so all that it starts, to the limits; die with the parent."""
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants; 0 for one that has ended."""
    proc = Path(f"/proc/{pid}")
    try:
        own = int((proc / "statm").read_text().split()[1]) * _PAGE
        children = (proc / "task" / str(pid) / "children").read_text().split()
    except (OSError, IndexError, ValueError):
        return 0
    return own + sum(resident_bytes(int(child)) for child in children)

"""State what one student's process may use, let it bind itself to that, and measure what it uses from outside."""

import contextlib
import json
import os
import resource
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["ProcessLimits", "bind", "private_bytes", "processes_below", "proportional_bytes"]


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """Limits of S. Those marked (S) are set by the process on itself, the others are watched from outside."""

    memory_bytes: int
    """Memory of the process and its descendants, what they share with others in proportion."""
    output_bytes: int
    """Printed text that is kept."""
    frame_bytes: int
    """The largest single message."""
    cpu_seconds: int
    """(S) CPU time of one process."""
    file_bytes: int
    """(S) The largest file."""
    open_files: int
    """(S) Descriptors of one process."""
    processes: int
    """(S) Processes and threads together."""
    disk_bytes: int
    """(S) Each of the file systems that it may write to: working folder, /tmp, /dev/shm."""
    core: int | None = None
    """(S) The processor that it computes on; None: any."""

    def to_json(self) -> str:
        """Return the limits as they travel to S."""
        return json.dumps(asdict(self))


def bind(limits: ProcessLimits, *, alone: bool) -> None:
    """Bind the calling process, and so all that it starts, to the limits.

    The number of processes is limited only where the process is `alone` with its user, since it counts by user.
    """
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        *([(resource.RLIMIT_NPROC, limits.processes)] if alone else []),
    ):
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))


def processes_below(pid: int) -> Iterator[int]:
    """Yield a process and its descendants, whichever of its threads started them."""
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        yield parent
        with contextlib.suppress(OSError), os.scandir(f"/proc/{parent}/task") as tasks:  # it may have ended meanwhile
            for task in tasks:
                waiting += map(int, Path(task.path, "children").read_text().split())


def private_bytes(pid: int, limit: int) -> int:
    """Return the memory of a process and its descendants, exactly only where it might be above `limit`.

    The quick sum counts what forked processes share once for each; the slow one divides it among those that share.
    """
    pids = list(processes_below(pid))
    quick = sum(map(_anonymous_bytes, pids))
    return quick if quick <= limit else sum(proportional_bytes(pid, "Pss_Anon:", "Pss_Shmem:") for pid in pids)


def _anonymous_bytes(pid: int) -> int:
    """Return the resident memory that is no file's."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(_kilobytes(fields, name) for name in ("RssAnon:", "RssShmem:"))


def proportional_bytes(pid: int, *kinds: str) -> int:
    """Return the process's memory of some kinds (`Pss:` is all), what it shares divided among those that share.

    It takes some hundred times as long as the quick way.
    """
    try:
        fields = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(_kilobytes(fields, kind) for kind in kinds)


def _kilobytes(fields: str, name: str) -> int:
    _, found, rest = fields.partition(f"\n{name}")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0

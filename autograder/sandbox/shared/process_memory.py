"""Measure from outside what a process and its descendants hold in memory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["private_bytes", "processes_below", "proportional_bytes"]


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

"""Measure from outside what a process and its descendants hold in memory, and what the kernel holds for their sake."""

import contextlib
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["kernel_bytes", "private_bytes", "processes_below", "proportional_bytes", "socket_bytes"]

_MAPPING_BYTES = 256
_LOCK_BYTES = 256
_PROCESS_BYTES = 64 * 2**10
"""What the kernel holds for a mapping, a lock, a process: its records, the process's stack in the kernel."""
_MOST_TEXT = 64 * 2**20
"""So much is read of a list of the kernel's; nobody's is longer for good reasons."""


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

    Page tables and sockets count too. The quick sum counts what forked processes share once for each; the slow one
    divides it among those that share.
    """
    pids = list(processes_below(pid))
    status = [_text(f"/proc/{each}/status") for each in pids]
    tables = sum(_kilobytes(fields, "VmPTE:") for fields in status)
    others = tables + _sockets(pid) * socket_bytes() + len(pids) * _PROCESS_BYTES
    own = sum(_kilobytes(fields, name) for fields in status for name in ("RssAnon:", "RssShmem:", "VmSwap:"))
    if own + others > limit:
        own = sum(proportional_bytes(each, "Pss_Anon:", "Pss_Shmem:", "SwapPss:") for each in pids)
    return own + others


def kernel_bytes(pid: int) -> int:
    """Return what the kernel holds for the mappings and file locks of a process and its descendants.

    Counting takes a millisecond for each process with torch loaded, so it is done more rarely.
    """
    pids = set(processes_below(pid))
    mappings = sum(_lines(f"/proc/{each}/maps") for each in pids)
    owners = (line.replace("-> ", "").split()[4] for line in _text("/proc/locks").splitlines())
    locks = sum(int(owner) in pids for owner in owners)
    return mappings * _MAPPING_BYTES + locks * _LOCK_BYTES


@cache
def socket_bytes() -> int:
    """Return the most that a socket holds whose buffers have their usual size, as student code's have."""
    with socket.socket(socket.AF_UNIX) as usual:
        return 2 * usual.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _sockets(pid: int) -> int:
    """Return the number of sockets in a process's network namespace, unconnected ones included."""
    fields = _text(f"/proc/{pid}/net/sockstat").split(maxsplit=3)
    return int(fields[2]) if len(fields) > 2 else 0  # noqa: PLR2004 - "sockets: used N"


def _text(path: str) -> str:
    """Return a file of the kernel's, "" where it or its process is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - as quick as can be
            return file.read(_MOST_TEXT)
    except OSError:
        return ""


def _lines(path: str) -> int:
    return _text(path).count("\n")


def proportional_bytes(pid: int, *kinds: str) -> int:
    """Return the process's memory of some kinds (`Pss:` is all), what it shares divided among those that share.

    It takes some hundred times as long as the quick way.
    """
    fields = _text(f"/proc/{pid}/smaps_rollup")
    return sum(_kilobytes(fields, kind) for kind in kinds)


def _kilobytes(fields: str, name: str) -> int:
    _, found, rest = fields.partition(f"\n{name}")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0

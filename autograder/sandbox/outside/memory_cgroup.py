"""Have the kernel itself bound what a submission holds, in a cgroup of its own, where the host lets us make one.

That is the first wall around memory, and it counts all that the kernel holds for a submission; the zygote's watch is
the second, and the only one where no cgroup may be made. Version 2 is tried first, where the memory controller is
delegated (root; `systemd-run --user --scope -p Delegate=yes`; a Kubernetes pod with a writable cgroup), then version 1.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

__all__ = ["MemoryCgroup", "MemoryCgroups", "find_memory_cgroups"]

_MOUNTS = Path("/proc/self/mountinfo")
_OWN = Path("/proc/self/cgroup")
_REMOVAL_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class MemoryCgroups:
    """A cgroup below which one can be made for each submission."""

    parent: Path
    version: int

    def make(self, name: str, most_bytes: int, most_processes: int) -> "MemoryCgroup":
        """Make a cgroup with these limits, without swap; raise OSError where the host refuses."""
        folder = self.parent / name
        folder.mkdir()
        made = MemoryCgroup(folder=folder, version=self.version)
        files = _limits(self.version, most_bytes, most_processes)
        try:
            for file, value in files.items():
                if (folder / file).exists():  # swap is not counted everywhere, processes only where that is delegated
                    (folder / file).write_text(value)
        except OSError:
            made.remove()
            raise
        return made


@dataclass(frozen=True, kw_only=True)
class MemoryCgroup:
    """The cgroup of one submission's processes."""

    folder: Path
    version: int

    def take(self, pid: int) -> Self:
        """Move a process into it; what it starts from now on is in it too."""
        (self.folder / "cgroup.procs").write_text(str(pid))
        return self

    def ran_out(self) -> bool:
        """Return whether the kernel ended a process in it for want of memory."""
        try:
            events = (self.folder / ("memory.events" if self.version > 1 else "memory.oom_control")).read_text()
        except OSError:
            return False
        counted = dict(line.split() for line in events.splitlines())
        return int(counted.get("oom_kill", 0)) > 0

    def remove(self) -> None:
        """Remove it, once its processes are gone."""
        ends_at = time.monotonic() + _REMOVAL_SECONDS
        while True:
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                if time.monotonic() >= ends_at:
                    return  # the next batch's parent removes it with its own
                time.sleep(0.005)
            else:
                return


def _limits(version: int, most_bytes: int, most_processes: int) -> Mapping[str, str]:
    if version == 1:
        return {"memory.limit_in_bytes": str(most_bytes), "memory.memsw.limit_in_bytes": str(most_bytes)}
    return {
        "memory.max": str(most_bytes),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(most_processes),
    }


@cache
def find_memory_cgroups() -> MemoryCgroups | None:
    """Return where cgroups for submissions can be made, None where they cannot.

    To be asked before other processes are started: where a cgroup is delegated to us, we have to be alone in it.
    """
    for version, find in ((2, _delegated), (1, _own_of_version_1)):
        with contextlib.suppress(OSError, StopIteration, ValueError):
            groups = MemoryCgroups(parent=find(), version=version)
            groups.make(f"autograder-trial-{os.getpid()}", 2**30, 100).remove()
            return groups
    return None


def _delegated() -> Path:
    """Return our own cgroup of version 2 with the memory controller for its children; its processes move to a child.

    Only the root cgroup may have processes beside children with controllers; elsewhere we move to a child ourselves,
    and only where nobody else would have to.
    """
    own = _mounted("cgroup2") / _path("0::").lstrip("/")
    if "memory" not in (own / "cgroup.controllers").read_text().split():
        raise OSError("the memory controller is not delegated")
    wanted = {"memory", "pids"} & set((own / "cgroup.controllers").read_text().split())
    if not wanted <= set((own / "cgroup.subtree_control").read_text().split()):
        inside = {int(pid) for pid in (own / "cgroup.procs").read_text().split()}
        if (own / "cgroup.type").exists() and inside - {os.getpid()}:
            raise OSError("others are in this cgroup")
        if inside and (own / "cgroup.type").exists():  # the root cgroup has no type
            leaf = own / "grader"
            leaf.mkdir(exist_ok=True)
            (leaf / "cgroup.procs").write_text(str(os.getpid()))
        (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(wanted)))
    return own


def _own_of_version_1() -> Path:
    return _mounted("cgroup", "memory") / _path(":memory:").lstrip("/")


def _mounted(kind: str, controller: str = "") -> Path:
    """Return where a hierarchy is mounted; raise StopIteration where it is not."""
    for line in _MOUNTS.read_text().splitlines():
        fields, _, source = line.partition(" - ")
        if source.split()[0] == kind and (not controller or controller in source.split()[2].split(",")):
            return Path(fields.split()[4])
    raise StopIteration


def _path(field: str) -> str:
    """Return our own cgroup in a hierarchy, by what its line contains before the path."""
    return next(line.partition(field)[2] for line in _OWN.read_text().splitlines() if field in line)

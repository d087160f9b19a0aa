"""Shut a process into its submission's box, layer by layer, before it runs any student code.

The order matters: mounts while the process may still mount, then another user, then no capabilities, then the filters
that hold even if one of the layers before has a hole. Each layer stands for a property that `autograder doctor` shows;
a layer that the host refuses is reported, and whoever started the process decides whether student code may run without.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.inside import landlock, seccomp, syscalls
from autograder.sandbox.inside.root_folder import WORK, cover_tmp
from autograder.sandbox.inside.syscalls import NODEV, NOSUID, bind_mount, mount, unshare
from autograder.sandbox.shared.calling_process import die_with_parent
from autograder.sandbox.shared.layers import Layer

__all__ = [
    "Box",
    "change_user",
    "enter_namespaces",
    "give_up_privileges",
    "isolate",
    "own_host_name",
    "own_mounts",
    "own_user_namespace",
    "student_user",
]

_INSIDE = 1000
"""The user that student code sees itself as."""
_INODES = 20_000
_TELLING = ("cmdline", "config.gz", "diskstats", "kallsyms", "key-users", "keys", "modules", "partitions", "timer_list")
"""Files of /proc that tell of the host, and that no library reads: empty in there."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """What one submission's isolation needs to know."""

    disk_bytes: int
    """Size of each of its file systems: working folder, /tmp, /dev/shm."""
    user: int | None
    """The user ID outside to change to; None: stay who one is, in a user namespace."""
    seccomp_filters: Sequence[bytes]


def student_user(slot: int) -> int | None:
    """Return the user ID for student code in a slot: one of nobody else's, where the process may choose; else None."""
    if os.geteuid() != 0 or not _may_change_user():
        return None
    for base in (2_000_000_000, 50_000):
        if _is_mapped(base + slot):
            return base + slot
    return None


def _may_change_user() -> bool:
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    return bool(effective >> 7 & 1 and effective >> 6 & 1)  # CAP_SETUID, CAP_SETGID


def _is_mapped(user: int) -> bool:
    lines = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= user < int(first) + int(count) for first, _, count in lines)


def enter_namespaces() -> None:
    """Move into namespaces of one's own, as their first process; the process that remains outside waits and ends."""
    kinds = syscalls.NEW_MOUNT | syscalls.NEW_PID | syscalls.NEW_NETWORK | syscalls.NEW_IPC | syscalls.NEW_UTS
    user, group = os.geteuid(), os.getegid()
    try:
        unshare(kinds)
    except PermissionError:
        unshare(kinds | syscalls.NEW_USER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    first = os.fork()
    if first:
        _, status = os.waitpid(first, 0)
        os._exit(abs(os.waitstatus_to_exitcode(status)))
    die_with_parent()


def isolate(box: Box) -> Mapping[Layer, str]:
    """Shut in the calling process; return why for each layer that the host refused.

    The pid namespace is the parent's to make: here it is only found to be there or not.
    """
    missing: dict[Layer, str] = {}

    def layer(name: Layer, build: Callable[[], None]) -> None:
        try:
            build()
        except OSError as error:
            missing[name] = str(error)

    layer(Layer.PID, _require_first_process)
    layer(Layer.NETWORK, lambda: unshare(syscalls.NEW_NETWORK))
    layer(Layer.IPC, lambda: unshare(syscalls.NEW_IPC))
    layer(Layer.UTS, own_host_name)
    layer(Layer.CGROUP, lambda: unshare(syscalls.NEW_CGROUP))
    layer(Layer.MOUNT, lambda: own_mounts(box))
    layer(Layer.USER_ID, lambda: change_user(box.user))
    layer(Layer.USER, own_user_namespace)
    layer(Layer.PRIVILEGES, give_up_privileges)
    layer(Layer.LANDLOCK, _restrict_paths)
    layer(Layer.SECCOMP, lambda: seccomp.apply(box.seccomp_filters))
    return missing


def _require_first_process() -> None:
    if os.getpid() != 1:
        raise OSError("it is not the first process of a pid namespace")


def own_host_name() -> None:
    """Have a host name that is nobody else's."""
    unshare(syscalls.NEW_UTS)
    syscalls.set_host_name("sandbox")


def own_mounts(box: Box) -> None:
    """Have a working folder, /tmp and /dev/shm of limited size, and a /proc that shows this namespace alone."""
    unshare(syscalls.NEW_MOUNT)
    owner = 0 if box.user is None else box.user
    own = f"size={box.disk_bytes},nr_inodes={_INODES},uid={owner},gid={owner}"
    mount("tmpfs", WORK, options=f"{own},mode=0700")
    mount("tmpfs", "/dev/shm", options=f"{own},mode=1777")  # noqa: S108 - the mount point
    cover_tmp(f"{own},mode=1777")
    mount("proc", "/proc", flags=NOSUID | NODEV | syscalls.NOEXEC)
    for name in _TELLING:
        if os.path.exists(f"/proc/{name}"):  # noqa: PTH110
            bind_mount("/dev/null", f"/proc/{name}")
    os.chdir(WORK)


def change_user(user: int | None) -> None:
    """Become a user that owns nothing, so that no file, process or limit is shared with anybody."""
    if user is None:
        return
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    syscalls.become_dumpable()


def own_user_namespace() -> None:
    """Be the only user of a namespace."""
    user, group = os.geteuid(), os.getegid()
    unshare(syscalls.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_INSIDE} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_INSIDE} {group} 1")


def give_up_privileges() -> None:
    """Drop every capability for good; raise OSError where the process is root still."""
    syscalls.forbid_new_privileges()
    syscalls.drop_capabilities()
    if os.geteuid() == 0:
        raise OSError("it still runs as root")


def _restrict_paths() -> None:
    landlock.restrict(readable=["/"], writable=[WORK, "/tmp", "/dev"])  # noqa: S108

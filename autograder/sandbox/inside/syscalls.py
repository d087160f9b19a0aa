"""Call the kernel where Python has no function for it: mounts, namespaces, capabilities. Linux alone.

Each function raises OSError that names the call, so that what a host refuses can be told in one sentence.
"""

import ctypes
import os
from pathlib import Path

__all__ = [
    "NEW_CGROUP",
    "NEW_IPC",
    "NEW_MOUNT",
    "NEW_NETWORK",
    "NEW_PID",
    "NEW_USER",
    "NEW_UTS",
    "become_dumpable",
    "bind_mount",
    "drop_capabilities",
    "forbid_new_privileges",
    "make_mounts_private",
    "make_read_only",
    "mount",
    "pivot_root",
    "set_host_name",
    "setns",
    "unmount",
    "unshare",
]

NEW_MOUNT = 0x00020000
NEW_CGROUP = 0x02000000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NETWORK = 0x40000000

NOSUID, NODEV, NOEXEC = 0x2, 0x4, 0x8
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 0x1, 0x2, 0x4

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def _call(name: str, *arguments: object, about: str = "") -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}({about}): {os.strerror(number)}")


def unshare(kinds: int) -> None:
    """Move the calling process into new namespaces of these kinds."""
    _call("unshare", kinds, about=hex(kinds))


def setns(descriptor: int, kind: int) -> None:
    """Move the calling process (for NEW_PID: its next children) into the namespace behind a descriptor."""
    _call("setns", descriptor, kind, about=hex(kind))


def mount(kind: str, target: str, flags: int = NOSUID | NODEV, options: str = "") -> None:
    """Mount a new file system of a kind such as `tmpfs` or `proc`."""
    _call("mount", kind.encode(), target.encode(), kind.encode(), flags, options.encode(), about=f"{kind}, {target}")


def bind_mount(source: str, target: str) -> None:
    """Make `source` and what is mounted below it appear at `target` too."""
    _call("mount", source.encode(), target.encode(), None, _MS_BIND | _MS_REC, None, about=f"{source}, {target}, bind")


def make_mounts_private() -> None:
    """Keep later mounts and unmounts in this namespace."""
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None, about="/, private")


def make_read_only(target: str, *, recursive: bool = True, devices: bool = False) -> None:
    """Forbid writing and set-user-ID programs on a mount, and device files unless `devices`; needs Linux 5.12."""
    attributes = _ATTR_RDONLY | _ATTR_NOSUID | (0 if devices else _ATTR_NODEV)
    change = _MountAttributes(attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(change))
    if _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, target.encode(), flags, ctypes.byref(change), size) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount_setattr({target}): {os.strerror(number)}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Make `new_root` the root of this mount namespace; the old one goes to `put_old` beneath it."""
    _call("pivot_root", new_root.encode(), put_old.encode(), about=new_root)
    os.chdir("/")


def unmount(target: str) -> None:
    """Detach a mount and all below it."""
    _call("umount2", target.encode(), _MNT_DETACH, about=target)


def set_host_name(name: str) -> None:
    """Name the host of this UTS namespace."""
    _call("sethostname", name.encode(), len(name), about=name)


def become_dumpable() -> None:
    """Own one's own files in /proc again after a change of user."""
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0, about="DUMPABLE")


def forbid_new_privileges() -> None:
    """Make set-user-ID programs and file capabilities powerless from here on."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, about="NO_NEW_PRIVS")


def drop_capabilities() -> None:
    """Give up every capability, also those that an exec could bring back."""
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, about="CAP_AMBIENT")
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(min(last + 1, _CAPABILITIES)):
        # Lacking CAP_SETPCAP, as after a change of user, the bounding set stays: no_new_privs makes it powerless
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _call("capset", header, nothing, about="none")

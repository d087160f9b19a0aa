"""Bind a process to a few folders with Landlock: a second wall, should there be a hole in the mounts.

Called directly and not through a package: it is three system calls, they run in every submission's process, and PyPI's
`landlock` (1.0.0.dev5) knows no scopes, gives files the rights of folders and takes a stale errno for a failure.
"""

import ctypes
import os
import stat
from collections.abc import Iterable

__all__ = ["abi", "restrict"]

_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_GET_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_SCOPES = 0b11  # abstract sockets, signals
_SCOPES_SINCE = 6
_RIGHTS_SINCE = {1: (1 << 13) - 1, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _call(name: str, number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 for none."""
    try:
        return _call("landlock_create_ruleset", _SYS_CREATE_RULESET, None, ctypes.c_size_t(0), _GET_VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Allow the calling process, and all that it starts, to read beneath `readable` and do anything beneath `writable`.

    Needs no_new_privs. Raise OSError with the call that the kernel refuses.
    """
    version = abi()
    if version == 0:
        raise OSError("Landlock is not there")
    known = sum(rights for since, rights in _RIGHTS_SINCE.items() if since <= version)
    attributes = _Ruleset(known, 0, _SCOPES if version >= _SCOPES_SINCE else 0)
    size = ctypes.c_size_t(ctypes.sizeof(_Ruleset) if version >= _SCOPES_SINCE else 8)
    ruleset = _call("landlock_create_ruleset", _SYS_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for paths, rights in ((readable, _READ & known), (writable, known)):
            for path in paths:
                _allow(ruleset, path, rights)
        _call("landlock_restrict_self", _SYS_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= _FILE_RIGHTS
        rule = _PathBeneath(rights, parent)
        _call(f"landlock_add_rule({path})", _SYS_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)

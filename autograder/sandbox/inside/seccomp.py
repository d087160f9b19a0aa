"""Keep system calls from the kernel that student code has no business with, by the lists in `system_calls`.

The other walls do not depend on it; it keeps the kernel's rarely tested corners out of reach. Two filters, of which the
kernel heeds the stricter: one lets through what is known, the other refuses what is listed, and looks at arguments.
libseccomp compiles them once; each submission's process only loads them.
"""

import ctypes
import ctypes.util
import errno
import importlib
import os
import socket
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.sandbox.inside.system_calls import ALLOWED, REFUSED

__all__ = ["apply", "compile_filters", "export"]

_NEWER = {
    "open_tree_attr": 467,
    "mseal": 462,
}  # unknown to libseccomp 2.5; new calls have the same number on every architecture
_NAMESPACES = (0x00000080, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""Flags of clone(2), CLONE_NEWTIME to CLONE_NEWNET."""
_FILE_KINDS = 0o170000
_TTY_COMMANDS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: type into a terminal
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
_MOST_FAMILIES = 64
_MAP_SHARED, _MAP_TYPE, _MAP_ANONYMOUS = 0x01, 0x0F, 0x20
"""Of mmap(2): a shared mapping of no file is memory that no process has, once it is let go of."""
_NOBODYS_LOCKS = (37, 38)
"""F_OFD_SETLK, F_OFD_SETLKW of fcntl(2): locks that the kernel's list shows for no process."""
_BUFFER_SIZES = (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33)  # and SO_SNDBUFFORCE, SO_RCVBUFFORCE
_INSTRUCTION_BYTES = 8
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_FASTEST = 2
_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """Linux's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def compile_filters(*, memory_files: bool = False) -> tuple[bytes, ...]:
    """Return the filters as the kernel takes them.

    `memory_files` allows memory that no process has, which CUDA may want: memfd_create, shared mappings of no file.
    Raise OSError where libseccomp is missing.
    """
    try:
        pyseccomp = _load()
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(errno.ENOSYS, "libseccomp is missing (`apt install libseccomp2`)") from error
    return export(_known(pyseccomp)), export(_refused(pyseccomp, memory_files=memory_files))


def _load() -> ModuleType:
    """Import pyseccomp, which asks for the system's library; where there is none, with the environment's own."""
    own = Path(sys.prefix, "lib", "libseccomp.so.2")
    find = ctypes.util.find_library
    if own.exists():
        ctypes.util.find_library = lambda name: find(name) or (str(own) if name == "seccomp" else None)
    try:
        return importlib.import_module("pyseccomp")
    finally:
        ctypes.util.find_library = find


def _known(pyseccomp: ModuleType) -> Any:
    """Return the filter that lets through what is on a list; all else, next year's calls too, is not there."""
    program = _program(pyseccomp, pyseccomp.ERRNO(errno.ENOSYS))
    for number in _numbers((*ALLOWED, *REFUSED)):
        program.add_rule(pyseccomp.ALLOW, number)
    return program


def _refused(pyseccomp: ModuleType, *, memory_files: bool) -> Any:
    """Return the filter that refuses what is listed, and what only its arguments tell."""
    program = _program(pyseccomp, pyseccomp.ALLOW)
    for number in _numbers(REFUSED if memory_files else (*REFUSED, "memfd_create")):
        program.add_rule(pyseccomp.ERRNO(errno.EPERM), number)
    for error, name, conditions in _refused_arguments(memory_files=memory_files):
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            arguments = [pyseccomp.Arg(at, getattr(pyseccomp, how), *values) for at, how, *values in conditions]
            program.add_rule(pyseccomp.ERRNO(error), name, *arguments)
    return program


def _refused_arguments(*, memory_files: bool) -> Iterator[tuple[int, str, Sequence[tuple[Any, ...]]]]:
    """Yield an error, the call that it answers, and what arguments, all of them, must be for it: place, how, value."""
    for flag in _NAMESPACES:
        yield errno.EPERM, "clone", [(0, "MASKED_EQ", flag, flag)]
    for kind in (stat.S_IFCHR, stat.S_IFBLK):
        yield errno.EPERM, "mknod", [(1, "MASKED_EQ", _FILE_KINDS, kind)]
        yield errno.EPERM, "mknodat", [(2, "MASKED_EQ", _FILE_KINDS, kind)]
    for command in _TTY_COMMANDS:
        yield errno.EPERM, "ioctl", [(1, "MASKED_EQ", 0xFFFFFFFF, command)]
    if not memory_files:
        yield errno.EPERM, "mmap", [(3, "MASKED_EQ", _MAP_TYPE | _MAP_ANONYMOUS, _MAP_SHARED | _MAP_ANONYMOUS)]
    for command in _NOBODYS_LOCKS:
        yield errno.EINVAL, "fcntl", [(1, "MASKED_EQ", 0xFFFFFFFF, command)]
    for option in _BUFFER_SIZES:  # 0, as for success: a wish that the kernel may pass over anyway
        yield 0, "setsockopt", [(1, "EQ", socket.SOL_SOCKET), (2, "EQ", option)]
    for name in ("socket", "socketpair"):
        for family in set(range(_MOST_FAMILIES)) - set(_FAMILIES):
            yield errno.EAFNOSUPPORT, name, [(0, "EQ", family)]
        yield errno.EAFNOSUPPORT, name, [(0, "GE", _MOST_FAMILIES)]


def _program(pyseccomp: ModuleType, default: int) -> Any:
    program = pyseccomp.SyscallFilter(default)
    program.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _FASTEST)
    program.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)  # and not the one thread that tried
    return program


def _numbers(names: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the calls that this architecture and this libseccomp know."""
    import pyseccomp  # noqa: PLC0415 - looks for the system library

    for name in names:
        try:
            number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
        except (OSError, ValueError):
            continue
        number = number if number >= 0 else _NEWER.get(name, number)
        if number >= 0:
            yield number


def export(program: "pyseccomp.SyscallFilter") -> bytes:  # type: ignore[name-defined]  # noqa: F821
    """Return the compiled instructions."""
    with os.fdopen(os.memfd_create("filter"), "w+b", buffering=0) as file:
        program.export_bpf(file)
        file.seek(0)
        return file.read()


def apply(programs: Sequence[bytes]) -> None:
    """Bind the calling process, and all that it starts, to compiled filters; needs no_new_privs."""
    for program in programs:
        fields = _Program(len(program) // _INSTRUCTION_BYTES, program)
        if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(fields), 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"prctl(SECCOMP): {os.strerror(number)}")

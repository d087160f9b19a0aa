"""Keep system calls from the kernel that student code has no business with, by the lists in `system_calls`.

The other walls do not depend on it; it keeps the kernel's rarely tested corners out of reach. Two filters, of which the
kernel heeds the stricter: one lets through what is known, the other refuses what is listed, and looks at arguments.
libseccomp compiles them once; each submission's process only loads them.
"""

import ctypes
import errno
import os
import socket
import stat
from collections.abc import Iterator, Sequence
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
_INSTRUCTION_BYTES = 8
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_FASTEST = 2
_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """Linux's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def compile_filters(*, memory_files: bool = False) -> tuple[bytes, ...]:
    """Return the filters as the kernel takes them; `memory_files` allows memfd_create, which CUDA may want.

    Raise OSError where libseccomp is missing.
    """
    try:
        import pyseccomp  # noqa: PLC0415 - looks for the system's library when it is imported
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(errno.ENOSYS, "libseccomp is missing (`apt install libseccomp2`)") from error
    return export(_known(pyseccomp)), export(_refused(pyseccomp, memory_files=memory_files))


def _known(pyseccomp: ModuleType) -> Any:
    """Return the filter that lets through what is on a list; all else, next year's calls too, is not there."""
    program = _program(pyseccomp, pyseccomp.ERRNO(errno.ENOSYS))
    for number in _numbers((*ALLOWED, *REFUSED)):
        program.add_rule(pyseccomp.ALLOW, number)
    return program


def _refused(pyseccomp: ModuleType, *, memory_files: bool) -> Any:
    """Return the filter that refuses what is listed, and what only its arguments tell."""
    refuse = pyseccomp.ERRNO(errno.EPERM)
    program = _program(pyseccomp, pyseccomp.ALLOW)
    for number in _numbers(REFUSED if memory_files else (*REFUSED, "memfd_create")):
        program.add_rule(refuse, number)
    for flag in _NAMESPACES:
        program.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for name, argument in (("mknod", 1), ("mknodat", 2)):
        for kind in (stat.S_IFCHR, stat.S_IFBLK):
            if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
                program.add_rule(refuse, name, pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, _FILE_KINDS, kind))
    for command in _TTY_COMMANDS:
        program.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, command))
    no_family = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for name in ("socket", "socketpair"):
        for family in set(range(_MOST_FAMILIES)) - set(_FAMILIES):
            program.add_rule(no_family, name, pyseccomp.Arg(0, pyseccomp.EQ, family))
        program.add_rule(no_family, name, pyseccomp.Arg(0, pyseccomp.GE, _MOST_FAMILIES))
    return program


def _program(pyseccomp: ModuleType, default: int) -> Any:
    program = pyseccomp.SyscallFilter(default)
    program.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _FASTEST)
    program.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)  # and not the one thread that tried
    return program


def _numbers(names: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the calls that this architecture and this libseccomp know."""
    import pyseccomp  # noqa: PLC0415

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

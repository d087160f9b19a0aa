"""Refuse system calls that student code has no business with: mounts, namespaces, tracing, the kernel's back doors.

A list of what is denied, in the manner of Flatpak's, and not of what is allowed: torch, CUDA and the libraries of
students call what no list foresees. The other walls do not depend on it; it keeps the kernel's rarely tested corners
out of reach. libseccomp compiles the filter once; each submission's process only loads it.
"""

import ctypes
import errno
import os
import socket
import stat
from collections.abc import Iterator, Sequence

__all__ = ["DENIED", "apply", "compile_filter", "export"]

DENIED: Sequence[str] = (
    # the file system's layout
    *("mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "chroot", "swapon", "swapoff", "quotactl", "quotactl_fd", "fanotify_init", "fanotify_mark"),
    *("open_tree_attr", "name_to_handle_at", "open_by_handle_at"),
    # namespaces
    *("unshare", "setns", "sethostname", "setdomainname"),
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    # memory that nobody counts: no mapping and no file system's
    *("memfd_secret", "shmget", "msgget", "userfaultfd"),
    # the kernel itself
    *("bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key"),
    *("keyctl", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "acct"),
    *("syslog", "lookup_dcookie", "nfsservctl", "vhangup", "iopl", "ioperm", "modify_ldt", "personality"),
    # the clock
    *("settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime"),
    # where and how eagerly it computes: each submission has its own processor
    *("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr", "setpriority", "ioprio_set"),
    *("mbind", "set_mempolicy", "set_mempolicy_home_node", "move_pages", "migrate_pages"),
)
"""System calls that fail with EPERM."""
_NEWER = {"open_tree_attr": 467}  # unknown to libseccomp 2.5; new calls have the same number on every architecture
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


def compile_filter(*, memory_files: bool = False) -> bytes:
    """Return the filter as the kernel takes it; `memory_files` allows memfd_create, which CUDA may want.

    Raise OSError where libseccomp is missing.
    """
    try:
        import pyseccomp  # noqa: PLC0415 - looks for the system's library when it is imported
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(errno.ENOSYS, "libseccomp is missing (`apt install libseccomp2`)") from error
    refuse = pyseccomp.ERRNO(errno.EPERM)
    program = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    program.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _FASTEST)
    program.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)  # and not the one thread that tried
    names = DENIED if memory_files else (*DENIED, "memfd_create")
    for number in _numbers(names):
        program.add_rule(refuse, number)
    for flag in _NAMESPACES:
        program.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    program.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory; the C library falls back
    for name, argument in (("mknod", 1), ("mknodat", 2)):
        for kind in (stat.S_IFCHR, stat.S_IFBLK):
            if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
                program.add_rule(refuse, name, pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, _FILE_KINDS, kind))
    for command in _TTY_COMMANDS:
        program.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, command))
    for family in set(range(_MOST_FAMILIES)) - set(_FAMILIES):
        program.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    program.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.GE, _MOST_FAMILIES))
    return export(program)


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


def apply(program: bytes) -> None:
    """Bind the calling process, and all that it starts, to a compiled filter; needs no_new_privs."""
    fields = _Program(len(program) // _INSTRUCTION_BYTES, program)
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(fields), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(SECCOMP): {os.strerror(number)}")

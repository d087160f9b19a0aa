"""Ask the kernel for what Python has no function for, about the calling process itself. Linux alone."""

import ctypes
import os
import resource
import signal
from pathlib import Path

__all__ = ["ForkingMemory", "die_with_parent", "gather_memory", "limit_memory", "take_signals"]

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_MADV_COLLAPSE = 25
_HUGE_PAGE = 2 * 2**20
_FORKS = 16
"""Gathering half a gigabyte takes about as long as it saves in so many forks."""
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends; raise OSError where it refuses."""
    if _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PDEATHSIG): {os.strerror(number)}")


def limit_memory(more: int) -> None:
    """Let this process take so many bytes beyond what it has; what asks for more gets MemoryError, or torch's error."""
    status = Path("/proc/self/status").read_text()
    most = int(status.split("VmData:")[1].split()[0]) * 1024 + more
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def take_signals() -> None:
    """Let each signal do what it does where Python starts from a shell, whatever started this process had asked for.

    A process inherits which signals are blocked and ignored: of Ray's, say, or of a script that put it behind `&`.
    """
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:  # Python itself ignores these
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class ForkingMemory:
    """The memory of a process that forks again and again: gathered once as many forks have come as pay for that."""

    def __init__(self) -> None:
        self._forks = 0

    def before_fork(self) -> None:
        """Get ready for one fork."""
        self._forks += 1
        if self._forks == _FORKS:
            gather_memory()


def gather_memory() -> None:
    """Gather this process's own memory in huge pages, where the kernel can (Linux 6.1): forks of it then cost less.

    A fork copies one entry for a huge page instead of 512, and its end gives one back; what it writes to is copied in
    small pages as ever.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        area, rights, *_, name = f"{line} ".split(" ", 5)
        if rights != "rw-p" or name.strip() not in ("", "[heap]"):
            continue
        begin, end = (int(number, 16) for number in area.split("-"))
        begin, end = -(-begin // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
        if begin < end:
            _libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_COLLAPSE)

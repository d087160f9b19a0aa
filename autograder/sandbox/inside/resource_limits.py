"""Bind a process to the limits that the kernel keeps."""

import resource

from autograder.sandbox.shared.limits import ProcessLimits

__all__ = ["bind"]

_SIGNALS = 4096


def bind(limits: ProcessLimits, *, alone: bool) -> None:
    """Bind the calling process, and so all that it starts, to the limits.

    The number of processes is limited only where the process is `alone` with its user, since it counts by user.
    """
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, _SIGNALS),  # and timers
        *([(resource.RLIMIT_NPROC, limits.processes)] if alone else []),
    ):
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))

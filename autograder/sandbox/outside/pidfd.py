"""Hold a process by a descriptor, which never becomes another process's, and read its files in /proc. Linux alone."""

import contextlib
import os
import select
import signal
from pathlib import Path

__all__ = ["Pidfd"]

_STATUS_BYTES = 2**14


class Pidfd:
    """A process, alive or not, until `close`."""

    def __init__(self, number: int) -> None:
        """Take over the descriptor."""
        self._number = number
        self._files: dict[str, int] = {}
        """Descriptors of the process's files in /proc, each opened once."""

    def pid(self) -> int:
        """Return the process's number in this process's view, -1 for one that is gone."""
        described = Path(f"/proc/self/fdinfo/{self._number}").read_text()
        return int(described.partition("Pid:")[2].split()[0])

    def has_ended(self, seconds: float = 0) -> bool:
        """Return whether the process has ended, waiting for that so many seconds."""
        return bool(select.select([self._number], [], [], seconds)[0])

    def interrupt(self) -> None:
        """Interrupt the process as Ctrl-C does, unless it is gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._number, signal.SIGINT)

    def forget_peak(self) -> None:
        """Let the peak of memory (`VmHWM`) begin anew, where the kernel lets this user do that."""
        with contextlib.suppress(OSError):
            os.write(self._file("clear_refs", os.O_WRONLY), b"5")

    def memory_bytes(self, name: str) -> int:
        """Return what the kernel says of the process's memory in /proc/PID/status, 0 for one that is gone."""
        try:
            status = os.pread(self._file("status", os.O_RDONLY), _STATUS_BYTES, 0).decode("utf-8", "replace")
        except OSError:
            return 0
        _, found, rest = status.partition(f"\n{name}:")
        return 1024 * int(rest.split(maxsplit=1)[0]) if found else 0

    def close(self) -> None:
        """Release the descriptors; what is asked for from now on is as for a process that is gone."""
        for file in (*self._files.values(), self._number):
            os.close(file)
        self._files.clear()
        self._number = -1

    def _file(self, name: str, flags: int) -> int:
        if self._number < 0:
            raise ProcessLookupError
        if name not in self._files:
            self._files[name] = os.open(f"/proc/{self.pid()}/{name}", flags | os.O_CLOEXEC)
        return self._files[name]

"""Tell how long a process was at work or waited by itself, without the time in which others had its processor."""

import time
from collections.abc import Callable
from pathlib import Path

from autograder.sandbox.shared.process_memory import processes_below

__all__ = ["PATIENCE", "OwnTime"]

PATIENCE = 10
"""A limit of so many seconds is over after so many times that by the clock, whatever others do."""
_LOOK_AFTER = 0.25
"""What ends sooner is not looked into: looking costs more than others could have taken from it."""


class OwnTime:
    """The seconds since a request began that are a process's own.

    That is the time by the clock less the time in which the process was ready to compute and had no processor, as the
    kernel counts it for each thread (`schedstat`); and at least the processor time that all its threads had. A loop
    without end so uses up its seconds as computing time on a busy host too, and what sleeps uses them by the clock.
    """

    def __init__(self, pid: Callable[[], int]) -> None:
        """Begin now; `pid` is asked for the process only where the request lasts."""
        self._pid = pid
        self._began = time.monotonic()
        self._seen_at = 0.0
        self._before: dict[tuple[int, str], tuple[float, float]] | None = None
        self.excused = 0.0
        """Seconds by the clock that do not count, as far as was looked."""

    def reached(self, seconds: float) -> bool:
        """Return whether so many own seconds are over."""
        by_clock = time.monotonic() - self._began
        if self._before is None and by_clock >= _LOOK_AFTER:
            self._before, self._seen_at = _counted(self._pid()), time.monotonic()
        if by_clock < seconds or by_clock >= PATIENCE * seconds:
            return by_clock >= seconds
        if by_clock - self.excused >= seconds:
            self.look()
        return by_clock - self.excused >= seconds

    def left(self, seconds: float) -> float:
        """Return when to ask `reached` again: seconds by the clock from now."""
        by_clock = time.monotonic() - self._began
        left = max(0.01, seconds - (by_clock - self.excused))
        return min(left, _LOOK_AFTER - by_clock) if by_clock < _LOOK_AFTER else left

    def look(self) -> None:
        """Bring `excused` up to date."""
        if self._before is None:
            return
        now, counted = time.monotonic(), _counted(self._pid())
        ran, waited = 0.0, 0.0
        for task, (runs, waits) in counted.items():
            ran_before, waited_before = self._before.get(task, (0.0, 0.0))
            ran += runs - ran_before
            waited = max(waited, waits - waited_before)
        by_clock = now - self._seen_at
        self.excused = max(0.0, by_clock - max(ran, by_clock - waited))


def _counted(pid: int) -> dict[tuple[int, str], tuple[float, float]]:
    """Return, for each thread of a process and its descendants, the seconds that it ran and waited for a processor."""
    found = {}
    for process in processes_below(pid):
        try:
            for task in Path(f"/proc/{process}/task").iterdir():
                ran, waited, _ = (task / "schedstat").read_text().split()
                found[process, task.name] = int(ran) / 1e9, int(waited) / 1e9
        except (OSError, ValueError):  # it has ended meanwhile, or this kernel does not count
            continue
    return found

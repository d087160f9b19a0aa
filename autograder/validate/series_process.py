"""Start the process that judges answers in series, hand it the series, and take what it says."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from autograder.checks.surroundings import checks_environment
from autograder.course import Course
from autograder.errors import AutograderError, GraderError
from autograder.grading.station_process import start_process
from autograder.results import CheckStatus

__all__ = ["Judged", "Series", "SeriesConfig", "SeriesDone", "SeriesProcess", "SeriesReady"]

_END_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class SeriesConfig:
    """What all series of a process have in common."""

    course: Course
    assignment: str
    release: Mapping[str, Any]
    """The release's notebook, as JSON."""
    isolated: bool
    workers: int
    """Series judged at a time."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Checks of one answer, one after the other in one notebook process, for one student after the other."""

    id: str
    cells: Mapping[str, str]
    """The answers by question; a question that is left out keeps its stub."""
    students: tuple[str, ...]
    """IDs; hidden inputs and seeds follow from each."""
    checks: tuple[str, ...]
    """In this order, for each student."""
    anew: bool = False
    """Whether the notebook is run anew for each student: it differs from one to the other."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a check said of an answer, for one student."""

    student: str
    check: str
    status: CheckStatus
    score: float
    message: str = ""

    @property
    def verdict(self) -> tuple[CheckStatus, float, str]:
        """Return all that must be the same wherever the check is run."""
        return self.status, self.score, self.message


@dataclass(frozen=True, kw_only=True)
class SeriesReady:
    """Everything is loaded."""

    values: Mapping[str, str]
    """The questions whose solution is a plain value, with the name of its type."""


@dataclass(frozen=True, kw_only=True)
class SeriesDone:
    """A series has been judged."""

    id: str
    judged: Sequence[Judged]


class SeriesProcess:
    """The process as `validate` sees it."""

    def __init__(self, config: SeriesConfig) -> None:
        """Start it; raise why it cannot judge anything."""
        self._process, self._line = start_process(
            *("-I", "autograder.validate.series"),
            environment=checks_environment(os.environ),
            folder=Path(config.course.root),
        )
        try:
            self._line.send(config)
            ready = self._receive()
        except BaseException:
            self.close()
            raise
        assert isinstance(ready, SeriesReady), "it is the first that is said"
        self.values = ready.values

    def run(
        self, series: Sequence[Series], watch: Callable[[int, int], None] = lambda _done, _whole: None
    ) -> dict[str, Sequence[Judged]]:
        """Return what was judged in each series, by its ID; `watch` hears how many of how many are done."""
        judged: dict[str, Sequence[Judged]] = {}
        watch(0, len(series))
        if series:
            self._line.send(list(series))
        while len(judged) < len(series):
            done = self._receive()
            assert isinstance(done, SeriesDone), "there is one for each series"
            judged[done.id] = done.judged
            watch(len(judged), len(series))
        return judged

    def _receive(self) -> object:
        try:
            message: object = self._line.recv()
        except (EOFError, OSError):
            raise GraderError("the process that judges answers in series ended unexpectedly") from None
        if isinstance(message, AutograderError):
            raise message
        return message

    def close(self) -> None:
        """End it, with its workers and the notebooks that they run."""
        self._line.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # a session of its own: start_process
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

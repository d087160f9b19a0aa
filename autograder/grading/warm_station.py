"""Keep a station with everything loaded, so that one submission more takes seconds: no more than one job at a time."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.grading.job import Finished, Job, lost
from autograder.grading.station_process import StationConfig, StationLost, StationProcess, Task
from autograder.results import Result

__all__ = ["WarmStations"]

_MOST = 2
"""Each holds libraries, checks and data: hundreds of megabytes."""


@dataclass(kw_only=True, eq=False)
class _Warm:
    """One station, and what it was started for."""

    process: StationProcess
    loaded: str
    """What it has loaded, as a digest: another one makes it old."""
    used_at: float = field(default_factory=time.monotonic)


class WarmStations:
    """One station for each assignment that was asked for lately.

    One thread does it all, for as long as there are stations: the kernel ends them with the thread that started them.
    """

    def __init__(self, config: Callable[[Course, Assignment], StationConfig], gpu: int | None = None) -> None:
        self._config = config
        self._gpu = gpu
        self._stations: dict[str, _Warm] = {}
        self._thread = ThreadPoolExecutor(1)

    def grade(self, course: Course, assignment: Assignment, loaded: str, job: Job) -> Result:
        """Return the result of a job; `loaded` is a digest of all that a station loads: a changed one starts it anew.

        Raise AutograderError where nothing can be graded. Jobs wait for each other.
        """
        return self._thread.submit(self._grade, course, assignment, loaded, job).result()

    def end_idle(self, seconds: float) -> None:
        """End the stations that nobody has used for so long."""
        self._thread.submit(self._end_idle, seconds).result()

    def close(self) -> None:
        """End all of them."""
        self._thread.submit(self._end_idle, 0.0).result()
        self._thread.shutdown()

    def _grade(self, course: Course, assignment: Assignment, loaded: str, job: Job) -> Result:
        for _ in range(2):  # a station that ended while it waited is found out by the job
            station = self._station(course, assignment, loaded)
            try:
                station.process.submit(Task(number=0, job=job, gpu=self._gpu))
                _, content = station.process.receive()
            except StationLost:
                self._end(assignment.name)
            except AutograderError:
                self._end(assignment.name)
                raise
            else:
                station.used_at = time.monotonic()
                return Finished.from_json(job, content).result
        return lost(job, "the process that grades ended unexpectedly, twice")

    def _station(self, course: Course, assignment: Assignment, loaded: str) -> _Warm:
        station = self._stations.get(assignment.name)
        if station is not None and station.loaded != loaded:
            self._end(assignment.name)
            station = None
        if station is None:
            while len(self._stations) >= _MOST:
                self._end(min(self._stations, key=lambda name: self._stations[name].used_at))
            station = _Warm(process=StationProcess(self._config(course, assignment)), loaded=loaded)
            self._stations[assignment.name] = station
        return station

    def _end_idle(self, seconds: float) -> None:
        for name in [name for name, one in self._stations.items() if time.monotonic() - one.used_at >= seconds]:
            self._end(name)

    def _end(self, name: str) -> None:
        self._stations.pop(name).process.close()

"""Keep a station with everything loaded, so that one submission more takes seconds: no more than one job at a time."""

import hashlib
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.checks.surroundings import checks_environment
from autograder.course import CONFIG_NAME
from autograder.errors import AutograderError
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Finished, Job, lost
from autograder.grading.station_process import StationConfig, StationLost, StationProcess, Task
from autograder.results import Result
from autograder.sandbox.outside.memory_cgroup import find_memory_cgroups

__all__ = ["WarmStations", "loaded_by"]

_MOST = 2
"""Each holds libraries, checks and data: hundreds of megabytes."""


def loaded_by(config: StationConfig, fingerprints: Fingerprints) -> str:
    """Return a digest of all that a station has loaded, what surrounds it and this package's own code among it."""
    own = [(str(path), path.stat().st_mtime_ns) for path in sorted(Path(__file__).parents[1].rglob("*.py"))]
    parts = (
        str(fingerprints.shared),
        (config.course.root / CONFIG_NAME).read_bytes(),
        [str(path) for path in config.private if not path.absolute().is_relative_to(config.course.root.absolute())],
        (config.isolated, config.user, config.gpus),
        sorted(checks_environment(os.environ).items()),
        own,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


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

    def __init__(self) -> None:
        self._cgroups = find_memory_cgroups()
        self._stations: dict[str, _Warm] = {}
        self._thread = ThreadPoolExecutor(1)

    def grade(
        self, config: StationConfig, loaded: str, job: Job, environment: Mapping[str, str] | None = None
    ) -> Result:
        """Return the result of a job; `loaded` is as `loaded_by` returns it: a changed one starts the station anew.

        Where cgroups can be made they are this process's own, whatever `config` says.

        Raise AutograderError where nothing can be graded. Jobs wait for each other.
        """
        return self._thread.submit(self._grade, config, loaded, job, environment).result()

    def end_idle(self, seconds: float) -> None:
        """End the stations that nobody has used for so long."""
        self._thread.submit(self._end_idle, seconds).result()

    def close(self) -> None:
        """End all of them."""
        self._thread.submit(self._end_idle, 0.0).result()
        self._thread.shutdown()

    def _grade(self, config: StationConfig, loaded: str, job: Job, environment: Mapping[str, str] | None) -> Result:
        gpu = config.gpus[0]
        for _ in range(2):  # a station that ended while it waited is found out by the job
            station = self._station(config, loaded, environment)
            try:
                station.process.submit(Task(number=0, job=job, gpu=None if gpu is None else gpu.number))
                _, content = station.process.receive()
            except StationLost:
                self._end(config.assignment)
            except AutograderError:
                self._end(config.assignment)
                raise
            else:
                station.used_at = time.monotonic()
                return Finished.from_json(job, content).result
        return lost(job, "the process that grades ended unexpectedly, twice")

    def _station(self, config: StationConfig, loaded: str, environment: Mapping[str, str] | None) -> _Warm:
        station = self._stations.get(config.assignment)
        if station is not None and station.loaded != loaded:
            self._end(config.assignment)
            station = None
        if station is None:
            while len(self._stations) >= _MOST:
                self._end(min(self._stations, key=lambda name: self._stations[name].used_at))
            config = replace(config, cgroups=self._cgroups if config.isolated else None)
            station = _Warm(process=StationProcess(config, environment), loaded=loaded)
            self._stations[config.assignment] = station
        return station

    def _end_idle(self, seconds: float) -> None:
        for name in [name for name, one in self._stations.items() if time.monotonic() - one.used_at >= seconds]:
            self._end(name)

    def _end(self, name: str) -> None:
        self._stations.pop(name).process.close()

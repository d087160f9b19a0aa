"""Run jobs on this machine: in a station that loads torch, checks and data once and forks a worker for each job."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course, load_course
from autograder.errors import AutograderError
from autograder.grading.devices import Devices
from autograder.grading.job import Event, Finished, Job, Started, lost
from autograder.grading.station_process import StationConfig, StationLost, StationProcess, Task
from autograder.sandbox.outside.memory_cgroup import find_memory_cgroups

__all__ = ["LocalEngine"]

_MOST_BEGINNINGS = 2
"""A job that is at work when the station is lost is begun once more, by itself; then it has no result."""


@dataclass(kw_only=True)
class LocalEngine:
    """The default engine."""

    workers: int | None = None
    """Submissions graded at a time; None: as many as there are cores, or shares of GPUs."""
    isolated: bool = True
    """Whether student code is shut in; without, every result says so."""
    user: int | None = None
    """Without: the user that student code runs as; None: this one."""
    devices: Devices = field(default_factory=Devices)
    private: tuple[Path, ...] = ()
    """Folders that student code must not see, beside the course's: those of submissions and results."""
    _draining: bool = False

    def run(self, jobs: Sequence[Job], *, alone: bool = False) -> Iterator[Event]:
        """Yield what happens; see Engine. The jobs belong to one assignment."""
        if not jobs or self._draining:
            return
        course = load_course(jobs[0].root)
        budget = course.assignment(jobs[0].assignment).budget
        config = self.station_config(course, jobs[0].assignment)
        slots = 1 if alone else self.workers or self.devices.slots(budget.gpu_share)
        waiting = deque((job, 0) for job in jobs)
        failed_starts = 0
        while waiting and not self._draining:
            running: dict[int, tuple[Job, int]] = {}
            try:
                with StationProcess(config) as station:
                    yield from self._work(station, waiting, running, slots)
            except StationLost as error:
                failed_starts = 0 if error.was_ready else failed_starts + 1
                if failed_starts == _MOST_BEGINNINGS:
                    raise AutograderError(f"{error}; the same command goes on with what is left.") from None
                for job, begun in running.values():
                    if not error.was_ready:
                        waiting.appendleft((job, begun - 1))
                    elif begun < _MOST_BEGINNINGS:
                        waiting.appendleft((job, begun))
                    else:
                        yield Finished(job=job, result=lost(job, f"{error} twice while it was graded; grade again"))

    def station_config(self, course: Course, assignment: str) -> StationConfig:
        """Return what a station of this engine's is started with."""
        return StationConfig(
            course=course,
            assignment=assignment,
            private=self.private,
            isolated=self.isolated,
            user=self.user,
            cgroups=find_memory_cgroups() if self.isolated else None,
            gpus=self.devices.gpus or (None,),
        )

    def drain(self) -> None:
        """Begin no more jobs."""
        self._draining = True

    def _work(
        self,
        station: StationProcess,
        waiting: deque[tuple[Job, int]],
        running: dict[int, tuple[Job, int]],
        slots: int,
    ) -> Iterator[Event]:
        """Keep the station busy until everything is done, or drained; `running` always says what it is at."""
        gpus: list[int | None] = [gpu.number for gpu in self.devices.gpus] or [None]
        while True:
            free = [slot for slot in range(slots) if slot not in running]
            while free and waiting and not self._draining and not _by_itself(running, waiting[0]):
                job, begun = waiting.popleft()
                slot = free.pop(0)
                running[slot] = job, begun + 1
                station.submit(Task(number=slot, job=job, gpu=gpus[slot % len(gpus)]))
                yield Started(job=job)
            if not running:
                return
            slot, content = station.receive()
            job, _ = running.pop(slot)
            yield Finished.from_json(job, content)


def _by_itself(running: dict[int, tuple[Job, int]], candidate: tuple[Job, int]) -> bool:
    """Return whether the next job has to wait: one that has been lost is alone with the station."""
    again = candidate[1] > 0 or any(begun > 1 for _, begun in running.values())
    return bool(running) and again

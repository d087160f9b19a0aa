"""Define what travels between the batch, an engine and a worker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.results import Result

__all__ = ["Engine", "Event", "Finished", "Job", "Started"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One submission to grade: all that a worker needs to know."""

    root: Path
    """The course's folder."""
    assignment: str
    student: str
    notebook: Path
    """May be missing: then the result says so."""
    flags: tuple[str, ...] = ()
    submitted_at: str | None = None
    fingerprint: str = ""
    device: str = "cpu"
    questions: frozenset[str] | None = None
    """Only the checks of these; None: all. A batch always grades all."""
    total_seconds: float | None = None
    """A shorter time for the submission than its budget's; None: the budget's."""
    seconds: float = 3600.0
    """When the worker is taken for lost: well beyond the submission's own budget."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """A worker has taken a job."""

    job: Job


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A job has its result; one with status `failed` where the worker was lost."""

    job: Job
    result: Result


Event = Started | Finished


class Engine(Protocol):
    """Spread jobs over workers."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Yield what happens, as it happens; closing the iterator ends all workers."""
        ...

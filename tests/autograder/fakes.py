"""Stand in for what a seam leads to, so that what lies before it is tested without a process: one fake per seam."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.grading.job import Event, Finished, Job, Started
from autograder.results import CheckRecord, CheckStatus, Result, Status
from autograder.sandbox.shared.limits import ProcessLimits


@dataclass
class ScriptedEngine:
    """Be an engine that gives each student's jobs the results of a script, in their order, and remembers its runs."""

    script: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    """By student: what differs from a graded result with full points, for each time that the student is graded."""
    most: int | None = None
    """How many jobs are begun before it is as if somebody had drained it; None: all."""
    runs: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    """The students of each run, and whether it was alone."""
    _graded: dict[str, int] = field(default_factory=dict)
    _draining: bool = False

    def run(self, jobs: Sequence[Job], *, alone: bool = False) -> Iterator[Event]:
        if not jobs or self._draining:
            return
        self.runs.append((tuple(job.student for job in jobs), alone))
        for begun, job in enumerate(jobs):
            if self._draining or begun == self.most:
                return
            yield Started(job=job)
            yield Finished(job=job, result=self._result(job))

    def drain(self) -> None:
        self._draining = True

    def _result(self, job: Job) -> Result:
        number = self._graded.get(job.student, 0)
        self._graded[job.student] = number + 1
        script = self.script.get(job.student, ({},))
        values = {"status": Status.GRADED, "score": 6.0, **script[min(number, len(script) - 1)]}
        if values["status"] == Status.GRADED:
            values = {"checks": (_check(values["score"]),), **values}
        return Result(
            assignment=job.assignment,
            student=job.student,
            attempt=job.attempt,
            max_score=6.0,
            submitted_at=job.submitted_at,
            fingerprint=job.fingerprint,
            depends_on=job.depends_on,
            **values,
        )


def _check(score: float) -> CheckRecord:
    """Return the one check that all points come from."""
    status = CheckStatus.PASSED if score == 6.0 else CheckStatus.PARTIAL
    return CheckRecord(
        id="test_tiny.py::test_all", question="double", points=6.0, score=score, status=status, public=False
    )


Answer = Callable[..., object]
"""Gets the arguments of a request; what it returns is the answer, what it raises is raised."""


@dataclass
class FakeProcess:
    """Be a student's process that answers requests from a table."""

    answers: Mapping[str, Answer]
    """By operation; what is not in it is answered with None."""
    requests: list[tuple[str, tuple[object, ...], float]] = field(default_factory=list)
    """Operation, arguments and seconds of each request."""
    output: str = ""
    excused_seconds: float = 0.0
    closed: bool = False

    def request(self, operation: str, *arguments: object, seconds: float, **_: object) -> object:
        assert not self.closed, "a process that was closed is asked"
        self.requests.append((operation, arguments, seconds))
        answer = self.answers.get(operation)
        return answer(*arguments) if answer else None

    def of(self, operation: str) -> list[tuple[object, ...]]:
        """Return the arguments of each request of one kind."""
        return [arguments for name, arguments, _ in self.requests if name == operation]

    def take_printed(self) -> str:
        return ""

    def forget_peak(self) -> None:
        pass

    def peak_bytes(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSandbox:
    """Be a sandbox whose processes answer from a table; the processes are kept in `started`."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    isolated: bool = True
    started: list[FakeProcess] = field(default_factory=list)

    def start(self, limits: ProcessLimits, seconds: float) -> Any:
        self.started.append(FakeProcess(self.answers))
        return self.started[-1]

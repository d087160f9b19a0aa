"""Grade the submissions to an assignment: find, leave out what has its result, grade the rest, write each at once."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from autograder.atomic_files import remove_leftovers
from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.grading.attempts import Attempt, Attempts
from autograder.grading.fingerprint import Fingerprint, Fingerprints
from autograder.grading.job import Engine, Event, Finished, Job, Started, invalid, job_for, lost
from autograder.grading.submissions import Submission, earlier_submissions
from autograder.notebooks import Cell, read_cells
from autograder.results import Flag, Result, Status
from autograder.settlement import Settlement, open_settlement

__all__ = ["BatchRequest", "Plan", "Reason", "Trial", "plan_batch", "run_batch"]

_HOSTS_FAULT_PERHAPS = "it ran out of memory beside others; it is graded again alone"
_WRITTEN_TOGETHER = 200


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """What is to be graded, and how."""

    course: Course
    assignment: Assignment
    submissions: Sequence[Submission]
    results: Path
    fingerprints: Fingerprints
    device: str
    """What student code computes on: `cpu` or `cuda`."""
    any_device: bool = True
    """Whether results made on the other device are as good."""
    independent: Mapping[str, str] = field(default_factory=dict)
    """Checks that may be judged again by themselves; see `read_independent_checks`."""
    force: bool = False
    """Grade again what has a result."""
    submitted: Path | None = None
    """The folder of the submissions, in which those from before lie too; None: there are none."""

    @cached_property
    def settlement(self) -> Settlement:
        """What scores depend on beside the checks; raise AutograderError where that cannot be read."""
        return open_settlement(self.course, self.assignment, self.results)

    @property
    def attempts(self) -> Attempts:
        """Where results are kept."""
        policy = self.course.attempt_policy_of(self.assignment)
        return Attempts(
            *(self.results, self.assignment.name, policy, self.settlement.of, self._accepts),
            files=self.assignment.files,
        )

    def earlier(self, submission: Submission) -> Sequence[Submission]:
        """Return what the same student handed in before."""
        if self.submitted is None:
            return ()
        return earlier_submissions(self.submitted, self.assignment.name, submission.student, self._release)

    @cached_property
    def _release(self) -> Sequence[Cell]:
        path = self.course.release_notebook(self.assignment.name)
        return read_cells(path) if path.is_file() else ()

    def _accepts(self, submission: Submission) -> bool:
        return self.settlement.accepts(submission.student, submission.submitted_at)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one attempt is graded, or not."""

    student: str
    attempt: int
    graded: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a batch has to do."""

    jobs: Sequence[Job]
    reused: Sequence[Result]
    """Results that stand: nothing has changed that could have a part in them."""
    reasons: Sequence[Reason]
    attempts: Attempts
    max_score: float
    unproven: frozenset[str] = frozenset()
    """Changed checks that might judge by themselves, had `validate` shown that none depends on others."""


def plan_batch(request: BatchRequest) -> Plan:
    """Return the jobs for the attempts that have no valid result yet; with `force` for all."""
    jobs, reused, reasons = [], [], []
    unproven: set[str] = set()
    with _writing(request.results):
        attempts = request.attempts
        wanted = [
            attempt
            for submission in request.submissions
            for attempt in attempts.record(submission, request.earlier(submission))
        ]
    for attempt in wanted:
        student = attempt.submission.student
        fingerprint = request.fingerprints.of(attempt.submission)
        known = request.attempts.known(student, attempt.number)
        why = _why(request, known, fingerprint)
        if why:
            changed = _changed_checks(request, known, fingerprint)
            not_shown = {check for check, digest in changed.items() if request.independent.get(check) != digest}
            unproven |= not_shown
            jobs.append(_job(request, attempt, fingerprint, known, frozenset() if not_shown else frozenset(changed)))
            why += ", judged by that alone" if jobs[-1].before else ""
        elif known is not None:
            reused.append(request.settlement.of(known))
        reasons.append(Reason(student=student, attempt=attempt.number, graded=bool(why), why=why or "nothing changed"))
    return Plan(
        jobs=jobs,
        reused=reused,
        reasons=reasons,
        attempts=request.attempts,
        max_score=float(request.assignment.points),
        unproven=frozenset(unproven),
    )


def _why(request: BatchRequest, known: Result | None, fingerprint: Fingerprint) -> str:
    """Return why a submission has to be graded, "" where its result stands."""
    if known is None:
        return "it has no result"
    if known.status == Status.FAILED:
        return f"it could not be graded: {known.reason}"
    if request.force:
        return "--force"
    if not request.any_device and known.device.partition(":")[0] != request.device:
        return f"it was graded on {known.device}"
    return ", ".join(request.fingerprints.changes(known, fingerprint))


def _job(
    request: BatchRequest, attempt: Attempt, fingerprint: Fingerprint, known: Result | None, changed: frozenset[str]
) -> Job:
    """Return the job of grading an attempt, by the `changed` checks alone where there are some."""
    job = job_for(
        request.course,
        request.assignment,
        attempt.submission,
        device=request.device,
        fingerprint=str(fingerprint),
        attempt=attempt.number,
    )
    job = replace(job, depends_on=fingerprint.depends_on)
    if not changed or known is None:
        return job
    return replace(job, before=replace(known, depends_on={}, output=""), changed=changed)


def _changed_checks(request: BatchRequest, known: Result | None, fingerprint: Fingerprint) -> Mapping[str, str]:
    """Return the checks by which alone an attempt might be judged again; none where that needs all of them."""
    if known is None or known.status != Status.GRADED or request.force or known.device != request.device:
        return {}
    return request.fingerprints.changed_checks(known, fingerprint)


class Trial(Protocol):
    """A job on whose result it depends whether those of a batch count."""

    @property
    def job(self) -> Job:
        """Return what is to be graded."""
        ...

    def judge(self, result: Result) -> None:
        """Raise AutograderError where nothing may count."""
        ...


def run_batch(
    plan: Plan, engine: Engine, watch: Callable[[Event], None], trial: Trial | None = None
) -> Sequence[Result]:
    """Grade and write; `watch` hears of each event, a result only after it is on the disk. Return the new results.

    What the grader could not grade, or what perhaps suffered from others beside it, is graded once more, alone. With a
    `trial`, which is begun first, no result is written before that is judged. Raise AutograderError where results
    cannot be written, or what judging it raises.
    """
    attempts = plan.attempts
    with _writing(attempts.results):
        remove_leftovers(attempts.results / attempts.assignment)
    graded: dict[tuple[str, str, int], Result] = {}
    for job, result in _without_work(plan):
        graded[job.key] = result
        watch(Started(job=job))
        watch(Finished(job=job, result=result))
    jobs = [job for job in plan.jobs if not job.problem]
    events = _tried(_twice([trial.job, *jobs], engine), trial) if trial and jobs else _twice(jobs, engine)
    for event in events:
        if isinstance(event, Finished):
            event = replace(event, result=attempts.settle_score(event.result))  # noqa: PLW2901 - the event, completed
            with _writing(attempts.results):
                attempts.write(event.result)
            graded[event.job.key] = event.result
        watch(event)
    with _writing(attempts.results):
        for student in {job.student for job in plan.jobs} | {result.student for result in plan.reused}:
            attempts.settle(student)
    return list(graded.values())


def _without_work(plan: Plan) -> Iterator[tuple[Job, Result]]:
    """Write and yield the results of the jobs that have nothing to grade, many at a time."""
    jobs, settle = [job for job in plan.jobs if job.problem], plan.attempts.settle_score
    for start in range(0, len(jobs), _WRITTEN_TOGETHER):
        results = [(job, settle(invalid(job, plan.max_score))) for job in jobs[start : start + _WRITTEN_TOGETHER]]
        with _writing(plan.attempts.results):
            plan.attempts.write_all([result for _, result in results])
        yield from results


def _twice(jobs: Sequence[Job], engine: Engine) -> Iterator[Event]:
    """Yield the events of all jobs, and then of those that are worth a second try with nothing beside them."""
    again = []
    for event in engine.run(jobs):
        if isinstance(event, Finished) and (trouble := _trouble(event.result)):
            again.append(event.job)
            yield Finished(job=event.job, result=lost(event.job, trouble))
        else:
            yield event
    yield from engine.run(again, alone=True)


def _tried(events: Iterator[Event], trial: Trial) -> Iterator[Event]:
    """Yield the events of the other jobs, their results only when the trial is judged."""
    held: list[Finished] = []
    unjudged, is_last = True, False
    for event in events:
        if event.job.key == trial.job.key:
            if isinstance(event, Finished) and (is_last or not _trouble(event.result)):
                trial.judge(event.result)
                unjudged = False
                yield from held
            is_last |= isinstance(event, Finished)  # what was in trouble is graded once more
        elif unjudged and isinstance(event, Finished):
            held.append(event)
        else:
            yield event


def _trouble(result: Result) -> str:
    """Return what makes a result doubtful, "" for one that stands."""
    if result.status == Status.FAILED:
        return result.reason
    on_gpu = result.device.startswith("cuda")
    doubtful = Flag.KILLED in result.flags or (on_gpu and Flag.GPU_OUT_OF_MEMORY in result.flags)
    return _HOSTS_FAULT_PERHAPS if doubtful else ""


@contextlib.contextmanager
def _writing(results: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise AutograderError(
            f"{results} cannot be written to ({error.strerror or error}{place}); mend that, and the same command "
            "goes on with what is left."
        ) from error

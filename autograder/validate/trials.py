"""Grade answers of our own making as if students had handed them in: through the engine, isolated, with every check.

What was graded is kept, so that a validation that was interrupted, or runs again, does only what is left.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.answer_files import fill_in_files
from autograder.course import Assignment, Course
from autograder.errors import GraderError, ResultError
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Engine, Finished, Job, job_for
from autograder.grading.submissions import Submission
from autograder.own_notebooks import fill_in
from autograder.results import Result, Status, read_result, result_path, write_result

__all__ = ["Trial", "Trials"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One submission of our own making."""

    id: str
    """Takes the place of the student's ID; hidden inputs and seeds follow from it."""
    cells: Mapping[str, str]
    """The answers by question; a question that is left out keeps its stub."""
    questions: frozenset[str] | None = None
    """Only the checks of these; None: all."""
    total_seconds: float | None = None
    """A shorter time than the budget's."""


@dataclass(frozen=True, kw_only=True)
class Trials:
    """Where trials of one assignment are graded, and what they have in common."""

    course: Course
    assignment: Assignment
    release: Mapping[str, Any]
    """The release's notebook, as JSON."""
    fingerprints: Fingerprints
    device: str
    engine: Engine
    kept: Path
    """Folder for results."""

    def run(self, trials: Sequence[Trial], watch: Callable[[int, int], None]) -> dict[str, Result]:
        """Return the results by trial; `watch` hears how many of how many are done. Raise GraderError for one lost."""
        with tempfile.TemporaryDirectory(prefix="autograder-validate-") as folder:
            jobs, done = [], {}
            for trial in trials:
                job = self._job(trial, Path(folder))
                known = self._known(job)
                if known is None:
                    jobs.append(job)
                else:
                    done[trial.id] = known
            watch(len(done), len(trials))
            for result in self._graded(jobs):
                done[result.student] = result
                watch(len(done), len(trials))
        return done

    def _job(self, trial: Trial, folder: Path) -> Job:
        name = self.assignment.name
        notebook = folder / trial.id / name / f"{name}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_text(json.dumps(fill_in(self.release, trial.cells)), encoding="utf-8")
        release = self.course.release_notebook(name).parent
        for file, text in fill_in_files(release, self.assignment.files, trial.cells).items():
            (notebook.parent / file).write_text(text, encoding="utf-8")
        submission = Submission(student=trial.id, notebook=notebook)
        chosen = "all" if trial.questions is None else ",".join(sorted(trial.questions))
        fingerprint = f"{self.fingerprints.of(submission)} {self.device} {chosen}"
        job = job_for(self.course, self.assignment, submission, device=self.device, fingerprint=fingerprint)
        return replace(job, questions=trial.questions, total_seconds=trial.total_seconds)

    def _known(self, job: Job) -> Result | None:
        try:
            result = read_result(result_path(self.kept, job.assignment, job.student))
        except ResultError:
            return None
        return result if result.fingerprint == job.fingerprint and result.status != Status.FAILED else None

    def _graded(self, jobs: Sequence[Job]) -> Iterator[Result]:
        for event in self.engine.run(jobs) if jobs else ():
            if isinstance(event, Finished):
                if event.result.status != Status.GRADED:
                    what = f"{event.job.assignment}: the trial {event.job.student!r}"
                    raise GraderError(f"{what} could not be graded: {event.result.reason}")
                write_result(self.kept, event.result)
                yield event.result

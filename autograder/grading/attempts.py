"""Keep every submission that a student has made to an assignment, and let the one count that the course's policy says.

`<results>/<assignment>/<student>.json` is the result that counts. `<results>/<assignment>/attempts/<student>/<number>/`
holds the notebook as it was handed in, in the layout of a submission and under the right name, with its flags beside
it, `result.json` where another attempt counts, and `earlier.json`, the last result of the attempt that said otherwise.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.answer_files import read_handed_in_files
from autograder.atomic_files import write_atomically
from autograder.course import AttemptPolicy
from autograder.errors import ResultError
from autograder.grading.submissions import TIMESTAMP, Submission, read_bytes, read_submission
from autograder.results import (
    Flag,
    Result,
    Status,
    kept_notebook_path,
    read_result,
    result_path,
    write_result,
    write_results,
)

__all__ = ["Attempt", "Attempts"]

_RESULT = "result.json"
_EARLIER = "earlier.json"
_FLAGS = "flags.txt"


@dataclass(frozen=True)
class Attempt:
    """One submission of a student's, and its place in the order of them."""

    number: int
    submission: Submission


def _as_it_is(result: Result) -> Result:
    return result


def _always(_: Submission) -> bool:
    return True


@dataclass(frozen=True)
class Attempts:
    """The attempts at one assignment."""

    results: Path
    assignment: str
    policy: AttemptPolicy
    settle_score: Callable[[Result], Result] = _as_it_is
    """Gives a result the score that it is worth today."""
    accepts: Callable[[Submission], bool] = _always
    """Says whether a submission may count: one that came after the last day may not, and the one before it does."""
    files: Sequence[str] = ()
    """The names of files that students edit beside the notebook: they are kept with it."""

    def record(self, submission: Submission, earlier: Sequence[Submission] = ()) -> Sequence[Attempt]:
        """Keep a copy of the submission where it is new, and return the attempts that the policy wants graded.

        `earlier` are submissions of the same student from before, in their order, which may not have been seen yet.
        Where the last one counts, those that turn up after it has been seen change nothing.
        """
        if self.policy == "best" or not self._numbers(submission.student):
            self._record_unseen(earlier, submission)
        numbers = self._numbers(submission.student)
        content = None if submission.problem else read_bytes(submission.notebook)
        latest = self._read(submission.student, numbers[-1]) if numbers else None
        if latest is not None and self._identity(latest) == self._identity(submission):
            number = numbers.pop()
        else:
            number = numbers[-1] + 1 if numbers else 1
            if content is not None:
                self._keep(submission, number, content)
        wanted = [Attempt(number, submission)]
        for before in reversed(numbers):
            if self.policy == "last" and self.accepts(wanted[0].submission):
                break
            kept = self._read(submission.student, before)
            if not kept.problem:  # the result of others stands
                wanted.insert(0, Attempt(before, kept))
        return wanted

    def _record_unseen(self, earlier: Sequence[Submission], newest: Submission) -> None:
        """Keep copies of what was handed in before the newest and is not kept yet."""
        numbers = self._numbers(newest.student)
        seen = [self._identity(self._read(newest.student, number)) for number in numbers] + [self._identity(newest)]
        number = numbers[-1] if numbers else 0
        for one in earlier:
            content = None if one.problem else read_bytes(one.notebook)
            if content is not None and self._identity(one) not in seen:
                number += 1
                self._keep(one, number, content)
                seen.append(self._identity(one))

    def known(self, student: str, number: int) -> Result | None:
        """Return the result of an attempt; None where there is none that can be read."""
        for path in (result_path(self.results, self.assignment, student), self._folder(student, number) / _RESULT):
            result = _read_or_none(path)
            if result is not None and result.attempt == number:
                return result
        return None

    def earlier(self, student: str, number: int) -> Result | None:
        """Return the last result of an attempt that said otherwise than its present one, or None."""
        return _read_or_none(self._folder(student, number) / _EARLIER)

    def results_of(self, student: str) -> Sequence[Result]:
        """Return the results of all attempts of a student, in their order."""
        counting = self._counting(student)
        numbers = {*self._numbers(student), *([counting.attempt] if counting else [])}
        known = [result for number in sorted(numbers) if (result := self.known(student, number)) is not None]
        return [self.settle_score(result) for result in known]

    def kept_notebook(self, student: str, number: int) -> Path | None:
        """Return the copy of the notebook that was handed in; None where none was kept."""
        path = kept_notebook_path(self.results, self.assignment, student, number)
        return path if path.is_file() else None

    def write(self, result: Result) -> None:
        """Write the result of an attempt durably, and with it the one that counts, if that changes."""
        self._settle(result.student, {result.attempt: result})

    def write_all(self, results: Sequence[Result]) -> None:
        """Write results of several students as `write` does, with one flush of the disk for all that have no other."""
        first = {result.student for result in results if self._is_first(result)}
        settled = [self.settle_score(result) for result in results if result.student in first]
        write_results(self.results, settled)
        for result in results:
            if result.student not in first:
                self.write(result)

    def settle(self, student: str) -> None:
        """Let the attempt count that the policy says, with the score that it is worth today: both may have changed."""
        self._settle(student, {})

    def _settle(self, student: str, new: Mapping[int, Result]) -> None:
        counting = self._counting(student)
        numbers = {*self._numbers(student), *new, *([counting.attempt] if counting else [])}
        known = {number: result for number in numbers if (result := self.known(student, number)) is not None}
        results = {number: self.settle_score(result) for number, result in sorted({**known, **new}.items())}
        if not results:
            return
        for number, result in results.items():
            if number in known and _says_otherwise(known[number], result) and self._folder(student, number).is_dir():
                write_atomically(self._folder(student, number) / _EARLIER, known[number].to_json())
        choose = max if self.policy == "last" else _best
        taken = [number for number, result in results.items() if Flag.NOT_ACCEPTED not in result.flags]
        counts = choose({number: results[number] for number in taken} or results)
        for number, result in results.items():
            path = self._folder(student, number) / _RESULT
            if number != counts and _read_or_none(path) != result:
                write_atomically(path, result.to_json())
        if counts in new or counting != results[counts]:
            write_result(self.results, results[counts])

    def _is_first(self, result: Result) -> bool:
        """Return whether there is no other attempt that could count."""
        counting = self._counting(result.student)
        return {*self._numbers(result.student), result.attempt, *([counting.attempt] if counting else [])} == {1}

    def _counting(self, student: str) -> Result | None:
        return _read_or_none(result_path(self.results, self.assignment, student))

    def _keep(self, submission: Submission, number: int, content: bytes) -> None:
        """Copy a submission into the attempts, all of it or nothing."""
        target = self._folder(submission.student, number)
        draft = target.with_name(f".{number}.part")
        shutil.rmtree(draft, ignore_errors=True)
        inner = draft / submission.student / self.assignment
        inner.mkdir(parents=True)
        (inner / f"{self.assignment}.ipynb").write_bytes(content)  # a student's name may be none here
        for file in read_handed_in_files(submission.notebook.parent, self.files):
            if file.content is not None:
                (inner / file.name).write_bytes(file.content)
        if submission.submitted_at is not None:
            (inner / TIMESTAMP).write_text(submission.submitted_at.isoformat(), encoding="utf-8")
        (draft / _FLAGS).write_text("\n".join(submission.flags), encoding="utf-8")
        draft.rename(target)

    def _read(self, student: str, number: int) -> Submission:
        folder = self._folder(student, number) / student / self.assignment
        kept = read_submission(student, folder, self.assignment)
        flags = read_bytes(self._folder(student, number) / _FLAGS)
        if flags is None:
            return kept
        known = {str(flag): flag for flag in Flag}
        return replace(kept, flags=tuple(known[name] for name in flags.decode().split() if name in known))

    def _identity(self, submission: Submission) -> tuple[bytes | None, Sequence[bytes | None], datetime | None]:
        """Return what makes a submission another one: what it holds, and when it was handed in."""
        content = None if submission.problem else read_bytes(submission.notebook)
        files = read_handed_in_files(submission.notebook.parent, self.files) if content is not None else ()
        return content, [file.content for file in files], submission.submitted_at

    def _numbers(self, student: str) -> list[int]:
        """Return the numbers of the attempts that are kept, in their order."""
        folder = self._folder(student, 0).parent
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def _folder(self, student: str, number: int) -> Path:
        return self.results / self.assignment / "attempts" / student / str(number)


def _read_or_none(path: Path) -> Result | None:
    try:
        return read_result(path)
    except ResultError:
        return None


def _best(results: Mapping[int, Result]) -> int:
    return max(results, key=lambda number: _worth(results[number]))


def _worth(result: Result) -> tuple[bool, float, int]:
    """Return what results of several attempts are compared by: of equal ones the earliest."""
    return result.status != Status.FAILED, result.score, -result.attempt


def _says_otherwise(before: Result, after: Result) -> bool:
    """Return whether a student would read another score or other hints; a grading that failed says nothing."""
    if Status.FAILED in (before.status, after.status):
        return False
    return _said(before) != _said(after)


def _said(result: Result) -> object:
    return result.status, result.score, [(c.id, c.status, c.score, c.points, c.message) for c in result.checks]

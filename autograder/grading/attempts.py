"""Keep every submission that a student has made to an assignment, and let the one count that the course's policy says.

`<results>/<assignment>/<student>.json` is the result that counts. `<results>/<assignment>/attempts/<student>/<number>/`
holds the notebook as it was handed in, in the layout of a submission and under the right name, with its flags beside
it, and `result.json` where another attempt counts.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import AttemptPolicy
from autograder.errors import ResultError
from autograder.grading.submissions import TIMESTAMP, Submission, read_bytes, read_submission
from autograder.results import (
    Flag,
    Result,
    Status,
    read_result,
    result_path,
    write_atomically,
    write_result,
    write_results,
)

__all__ = ["Attempt", "Attempts"]

_RESULT = "result.json"
_FLAGS = "flags.txt"


@dataclass(frozen=True)
class Attempt:
    """One submission of a student's, and its place in the order of them."""

    number: int
    submission: Submission


@dataclass(frozen=True)
class Attempts:
    """The attempts at one assignment."""

    results: Path
    assignment: str
    policy: AttemptPolicy

    def record(self, submission: Submission) -> Sequence[Attempt]:
        """Keep a copy of the submission where it is new, and return the attempts that the policy wants graded."""
        numbers = self._numbers(submission.student)
        content = None if submission.problem else read_bytes(submission.notebook)
        latest = self._read(submission.student, numbers[-1]) if numbers else None
        if (
            latest is not None
            and content == read_bytes(latest.notebook)
            and latest.submitted_at == submission.submitted_at
        ):
            number = numbers.pop()
        else:
            number = numbers[-1] + 1 if numbers else 1
            if content is not None:
                self._keep(submission, number, content)
        earlier = [Attempt(n, self._read(submission.student, n)) for n in numbers] if self.policy == "best" else []
        readable = [attempt for attempt in earlier if not attempt.submission.problem]  # the result of others stands
        return [*readable, Attempt(number, submission)]

    def known(self, student: str, number: int) -> Result | None:
        """Return the result of an attempt; None where there is none that can be read."""
        for path in (result_path(self.results, self.assignment, student), self._folder(student, number) / _RESULT):
            try:
                result = read_result(path)
            except ResultError:
                continue
            if result.attempt == number:
                return result
        return None

    def write(self, result: Result) -> None:
        """Write the result of an attempt durably, and with it the one that counts, if that changes."""
        self._settle(result.student, {result.attempt: result})

    def write_all(self, results: Sequence[Result]) -> None:
        """Write results of several students as `write` does, with one flush of the disk for all that have no other."""
        first = {result.student for result in results if self._is_first(result)}
        write_results(self.results, [result for result in results if result.student in first])
        for result in results:
            if result.student not in first:
                self.write(result)

    def settle(self, student: str) -> None:
        """Let the attempt count that the policy says: it may have changed."""
        self._settle(student, {})

    def _settle(self, student: str, new: dict[int, Result]) -> None:
        counting = self._counting(student)
        numbers = {*self._numbers(student), *new, *([counting.attempt] if counting else [])}
        if numbers == {1}:
            for result in new.values():
                write_result(self.results, result)
            return
        found = {number: self.known(student, number) for number in sorted(numbers)}
        results = {number: result for number, result in found.items() if result is not None} | new
        if not results:
            return
        counts = max(results) if self.policy == "last" else max(results, key=lambda number: _worth(results[number]))
        for number, result in sorted(results.items()):
            path = self._folder(student, number) / _RESULT
            if number != counts and (number in new or not path.is_file()):
                write_atomically(path, result.to_json())
        if counts in new or counting is None or counting.attempt != counts:
            write_result(self.results, results[counts])

    def _is_first(self, result: Result) -> bool:
        """Return whether there is no other attempt that could count."""
        counting = self._counting(result.student)
        return {*self._numbers(result.student), result.attempt, *([counting.attempt] if counting else [])} == {1}

    def _counting(self, student: str) -> Result | None:
        try:
            return read_result(result_path(self.results, self.assignment, student))
        except ResultError:
            return None

    def _keep(self, submission: Submission, number: int, content: bytes) -> None:
        """Copy a submission into the attempts, all of it or nothing."""
        target = self._folder(submission.student, number)
        draft = target.with_name(f".{number}.part")
        shutil.rmtree(draft, ignore_errors=True)
        inner = draft / submission.student / self.assignment
        inner.mkdir(parents=True)
        (inner / f"{self.assignment}.ipynb").write_bytes(content)  # a student's name may be none here
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

    def _numbers(self, student: str) -> list[int]:
        """Return the numbers of the attempts that are kept, in their order."""
        folder = self._folder(student, 0).parent
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if name.isdecimal())

    def _folder(self, student: str, number: int) -> Path:
        return self.results / self.assignment / "attempts" / student / str(number)


def _worth(result: Result) -> tuple[bool, float, int]:
    """Return what results of several attempts are compared by: of equal ones the earliest."""
    return result.status != Status.FAILED, result.score, -result.attempt

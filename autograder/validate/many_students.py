"""Judge right answers as if thousands of students had handed them in: none may lose by the chance of an ID."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.catalogue import Check
from autograder.results import CheckStatus
from autograder.validate.candidates import Candidate
from autograder.validate.series_process import Judged, Series
from autograder.validate.spread import failure_bound

__all__ = ["FalseFails", "false_fails", "losses", "series_of_students", "student_id"]

_STUDENTS_IN_A_SERIES = 100
_ANEW = 10
"""Where the notebook is run anew for each student, one in so many is tried: it takes as much longer."""


@dataclass(frozen=True, kw_only=True)
class FalseFails:
    """How often chance fails right answers in one check."""

    check: str
    students: int
    """IDs that were tried."""
    failures: int
    """IDs with which the solution or a known right answer lost in it."""

    @property
    def rate(self) -> float:
        """Return the part of the IDs."""
        return self.failures / self.students

    @property
    def bound(self) -> float:
        """Return the rate of false failures that is not exceeded, at the confidence of `spread`."""
        return failure_bound(self.failures, self.students)


def student_id(number: int) -> str:
    """Return the ID of one of the students that answers are tried with."""
    return f"student-{number:05}"


def series_of_students(
    candidates: Sequence[Candidate], checks: Sequence[Check], personal: frozenset[str], students: int
) -> list[Series]:
    """Return what is to be judged: each right answer with so many students, in pieces that several workers share.

    `personal` are the questions that differ from student to student: their notebook is run anew for each.
    """
    questions = {check.id: check.question for check in checks}
    found: list[Series] = []
    for candidate in (one for one in candidates if one.must_pass):
        cheap = candidate.checks(checks)
        for anew, number, size in (
            (False, students, _STUDENTS_IN_A_SERIES),
            (True, -(-students // _ANEW), _STUDENTS_IN_A_SERIES // _ANEW),
        ):
            wanted = tuple(check for check in cheap if (questions[check] in personal) == anew)
            for start in range(0, number if wanted else 0, size):
                ids = tuple(student_id(one) for one in range(start, min(start + size, number)))
                name = f"{candidate.name}, {'anew ' if anew else ''}from {start}"
                found.append(Series(id=name, cells=candidate.cells, students=ids, checks=wanted, anew=anew))
    return found


def false_fails(judged: Mapping[str, Sequence[Judged]], checks: Sequence[Check]) -> list[FalseFails]:
    """Return how often each check failed a right answer, in the batch's order."""
    tried: dict[str, set[str]] = {}
    failed: dict[str, set[str]] = {}
    for one in (one for series in judged.values() for one in series):
        tried.setdefault(one.check, set()).add(one.student)
        if one.status != CheckStatus.PASSED:
            failed.setdefault(one.check, set()).add(one.student)
    return [
        FalseFails(check=check.id, students=len(tried[check.id]), failures=len(failed.get(check.id, ())))
        for check in checks
        if check.id in tried
    ]


def losses(candidates: Sequence[Candidate], judged: Mapping[str, Sequence[Judged]]) -> Iterator[str]:
    """Yield a sentence for each right answer and check where it loses with some student's hidden inputs."""
    for candidate in candidates:
        by_check: dict[str, list[Judged]] = {}
        for name, series in judged.items():
            if name.startswith(f"{candidate.name}, "):
                for one in series:
                    by_check.setdefault(one.check, []).append(one)
        for check, found in by_check.items():
            lost = [one for one in found if one.status != CheckStatus.PASSED]
            if lost:
                yield (
                    f"{check}: {candidate.name} loses with {len(lost)} of {len(found)} students' hidden inputs, "
                    f"with {lost[0].student}'s for one: {lost[0].message}"
                )

"""Set the results of one assignment beside the course's sections, its other assignments and the last grading."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.report.differences import Comparison, compare
from autograder.results import HandStatus, Result, Status
from autograder.roster import Person

__all__ = ["AssignmentFigures", "CourseFigures", "SectionFigures", "assignment_figures", "changes", "section_figures"]


@dataclass(frozen=True, kw_only=True)
class SectionFigures:
    """How one section of the class did; scores in points, None where nobody has one."""

    section: str
    """"" for those of whom the roster says none, and for those who are not in it."""
    people: int
    """How many the roster has, and whoever handed in beside them."""
    scored: int
    mean: float | None
    median: float | None

    @property
    def without(self) -> int:
        """Return how many have no score."""
        return self.people - self.scored


@dataclass(frozen=True, kw_only=True)
class AssignmentFigures:
    """How the class did in one assignment of the course, as shares of its points in [0, 1]; None without a score."""

    assignment: str
    scored: int
    late: int
    invalid: int
    lower: float | None
    """A quarter of the class is below."""
    median: float | None
    upper: float | None
    """A quarter of the class is above."""
    waiting: int
    """How many submissions wait for a person's points."""


@dataclass(frozen=True, kw_only=True)
class CourseFigures:
    """What surrounds the results of one assignment; empty where the course knows nothing of it."""

    sections: tuple[SectionFigures, ...] = ()
    assignments: tuple[AssignmentFigures, ...] = ()
    """In the course's order, those with results."""
    comparison: Comparison | None = None
    """Results that said something else at the last grading; None where no result has been replaced."""


def section_figures(people: Iterable[Person], results: Sequence[Result]) -> tuple[SectionFigures, ...]:
    """Return each section's figures, by name; none where the roster knows no sections."""
    sections = {person.id: person.section for person in people}
    if not any(sections.values()):
        return ()
    members: dict[str, set[str]] = defaultdict(set)
    scores: dict[str, list[float]] = defaultdict(list)
    for student, section in sections.items():
        members[section].add(student)
    for result in results:
        section = sections.get(result.student, "")
        members[section].add(result.student)
        if result.status != Status.FAILED:
            scores[section].append(result.score)
    return tuple(
        SectionFigures(
            section=section,
            people=len(members[section]),
            scored=len(scores[section]),
            mean=statistics.fmean(scores[section]) if scores[section] else None,
            median=statistics.median(scores[section]) if scores[section] else None,
        )
        for section in sorted(members, key=lambda name: (not name, name.casefold(), name))
    )


def assignment_figures(assignment: str, results: Sequence[Result]) -> AssignmentFigures:
    """Return the figures of one assignment's results."""
    scored = [result for result in results if result.status != Status.FAILED]
    shares = [result.score / result.max_score if result.max_score > 0 else 0.0 for result in scored]
    lower, median, upper = _quartiles(shares)
    return AssignmentFigures(
        assignment=assignment,
        scored=len(scored),
        late=sum(result.late_days > 0 for result in scored),
        invalid=sum(result.status == Status.INVALID for result in scored),
        lower=lower,
        median=median,
        upper=upper,
        waiting=sum(any(one.status != HandStatus.COUNTED for one in result.by_hand) for result in scored),
    )


def _quartiles(shares: Sequence[float]) -> Sequence[float] | tuple[None, None, None]:
    if not shares:
        return None, None, None
    return statistics.quantiles(shares, n=4, method="inclusive") if len(shares) > 1 else [shares[0]] * 3


def changes(earlier: Mapping[str, Result], results: Sequence[Result]) -> Comparison | None:
    """Compare results, by student, with those that they replaced; None where they replaced none."""
    replaced = [result for result in results if result.student in earlier]
    if not replaced:
        return None
    before = [earlier[result.student] for result in replaced]
    old, new = ({(one.assignment, one.student): one for one in several} for several in (before, replaced))
    return compare(old, new)

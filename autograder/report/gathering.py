"""Bring together what the class report of an assignment is made of: its results, and what the course knows beside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from autograder.checks.secret import has_demo_secret
from autograder.errors import AutograderError
from autograder.grading.attempts import Attempts
from autograder.report.class_page import class_page
from autograder.report.course_figures import CourseFigures, assignment_figures, changes, section_figures
from autograder.results import Result, read_results
from autograder.roster import ROSTER_NAME, read_roster
from autograder.settlement import Settlement, read_settled

__all__ = ["ClassReport", "gather_class"]


@dataclass(frozen=True, kw_only=True)
class ClassReport:
    """One assignment's results, each with the score that it is worth today, and the figures of the course."""

    settlement: Settlement
    results: Sequence[Result]
    course: CourseFigures

    def page(self, made_at: datetime) -> str:
        """Return the report as HTML text."""
        assignment = self.settlement.assignment
        return class_page(
            assignment.title,
            assignment.name,
            self.results,
            course=self.course,
            demo_secret=has_demo_secret(self.settlement.course),
            made_at=made_at,
        )


def gather_class(settlement: Settlement, say: Callable[[str], None]) -> ClassReport:
    """Read them; `say` hears which other assignment is left out, and why.

    Raise AutograderError where there is no result.
    """
    assignment, folder = settlement.assignment, settlement.results
    results = [settlement.of(result) for result in read_results(folder, assignment.name)]
    if not results:
        raise AutograderError(
            f"{folder / assignment.name} holds no results; run `autograder grade {assignment.name}` first."
        )
    return ClassReport(settlement=settlement, results=results, course=_course_figures(settlement, results, say))


def _course_figures(settlement: Settlement, results: Sequence[Result], say: Callable[[str], None]) -> CourseFigures:
    course, assignment, folder = settlement.course, settlement.assignment, settlement.results
    roster = course.root / ROSTER_NAME
    attempts = Attempts(folder, assignment.name, course.attempt_policy_of(assignment), settlement.of)
    earlier = {one.student: before for one in results if (before := attempts.earlier(one.student, one.attempt))}
    figures = []
    for other in course.assignments:
        try:
            found = results if other == assignment else read_settled(course, other, folder)
        except AutograderError as error:
            say(f"{other.name} is left out beside the other assignments: {error}")
            continue
        if found:
            figures.append(assignment_figures(other.name, found))
    return CourseFigures(
        sections=section_figures(read_roster(roster).people, results) if roster.is_file() else (),
        assignments=tuple(figures),
        comparison=changes({student: settlement.of(before) for student, before in earlier.items()}, results),
    )

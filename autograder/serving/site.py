"""Know the course that is served: what was handed in, what it is worth, what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import CONFIG_NAME, Assignment, Course, load_course
from autograder.errors import AutograderError
from autograder.results import HandStatus, Result, Status, read_result, read_results, result_path
from autograder.roster import can_be_an_id
from autograder.settlement import Settlement, open_settlement

__all__ = ["NotThere", "Overview", "Site"]


class NotThere(AutograderError):
    """What an address names does not exist."""


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One assignment in the list of all."""

    assignment: Assignment
    handed_in: int
    graded: int
    failed: int
    mean: float | None
    """Of the scores; None where there is none."""
    waiting: int
    """Students with an answer that needs a person."""
    problem: str = ""
    """Why there are no figures."""


@dataclass(kw_only=True)
class Site:
    """What all pages are made from."""

    root: Path
    submitted: Path
    results: Path
    sandbox: str
    device: str
    who: str
    """Who gives points on these pages."""
    _course: Course | None = field(default=None, repr=False)
    _read_at: float = 0.0

    @property
    def course(self) -> Course:
        """Return the course as its configuration is now; raise ConfigError where it is none."""
        try:
            changed_at = (self.root / CONFIG_NAME).stat().st_mtime
        except OSError:
            changed_at = -1.0
        if self._course is None or changed_at != self._read_at:
            self._course, self._read_at = load_course(self.root), changed_at
        return self._course

    def assignment(self, name: str) -> Assignment:
        """Return the assignment of a name; raise NotThere."""
        for assignment in self.course.assignments:
            if assignment.name == name:
                return assignment
        raise NotThere(f"{self.course.name} has no assignment {name!r}.")

    def settlement(self, name: str) -> Settlement:
        """Return what the scores of an assignment depend on, as it is now; raise NotThere for none of that name."""
        return open_settlement(self.course, self.assignment(name), self.results)

    def results_of(self, settlement: Settlement) -> Sequence[Result]:
        """Return the results by student, each with the score that it is worth today."""
        return [settlement.of(result) for result in read_results(self.results, settlement.assignment.name)]

    def result_of(self, settlement: Settlement, student: str) -> Result:
        """Return one student's result, with the score that it is worth today; raise NotThere where there is none."""
        name = settlement.assignment.name
        path = result_path(self.results, name, student)
        if not can_be_an_id(student) or not path.is_file():
            raise NotThere(f"{name} has no result of that name.")
        return settlement.of(read_result(path))

    def other_results(self, assignment: str) -> Mapping[str, Path]:
        """Return the folders with other results of an assignment that lie beside these, by name."""
        beside = self.results.parent
        return {
            one.name: one
            for one in sorted(beside.iterdir())
            if one.is_dir()
            and not one.is_symlink()
            and one.resolve() != self.results.resolve()
            and any((one / assignment).glob("*.json"))
        }

    @property
    def grade_options(self) -> Sequence[str]:
        """Return what `autograder grade` is told, so that it grades this course into these results."""
        return (
            *("--course", str(self.root), "--submissions", str(self.submitted), "--results", str(self.results)),
            *("--sandbox", self.sandbox, "--device", self.device),
        )

    def overviews(self) -> Sequence[Overview]:
        """Return the list of all assignments; one whose results cannot be read says so."""
        return [self._overview(assignment) for assignment in self.course.assignments]

    def handed_in(self, assignment: str) -> Sequence[str]:
        """Return who has a folder for an assignment."""
        try:
            folders = sorted(self.submitted.iterdir())
        except OSError:
            return ()
        return [one.name for one in folders if can_be_an_id(one.name) and (one / assignment).is_dir()]

    def _overview(self, assignment: Assignment) -> Overview:
        handed_in = len(self.handed_in(assignment.name))
        try:
            results = self.results_of(self.settlement(assignment.name))
        except AutograderError as error:
            results, problem = [], str(error)
        else:
            problem = ""
        scored = [result.score for result in results if result.status != Status.FAILED]
        return Overview(
            assignment=assignment,
            handed_in=handed_in,
            graded=len(scored),
            failed=sum(result.status == Status.FAILED for result in results),
            mean=sum(scored) / len(scored) if scored else None,
            waiting=sum(any(one.status != HandStatus.COUNTED for one in result.by_hand) for result in results),
            problem=problem,
        )

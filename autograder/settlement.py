"""Settle what a result is worth once it is graded: what people gave, lateness, extensions, free late days.

Nothing here runs a notebook, so that a changed policy, extension or adjustment costs no grading. Whoever shows or
exports scores reads them with `read_settled`, so that all of them say the same.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec

from autograder.adjustments import Adjustment, Adjustments, adjustments_path, hand_record, read_adjustments
from autograder.answer_digests import answer_digests
from autograder.course import Assignment, Course
from autograder.errors import NotebookError, ResultError
from autograder.extensions import Extensions, read_extensions
from autograder.lateness import Terms, reckon
from autograder.notebooks import Cell, Notebook, Tag, questions_by_hand, read_notebook
from autograder.question_scores import question_scores
from autograder.results import (
    Flag,
    HandRecord,
    Result,
    Status,
    kept_notebook_path,
    read_result,
    read_results,
    result_path,
)

__all__ = ["Settlement", "open_settlement", "read_settled"]

_OF_ASSIGNMENT = ("source", "by_people", "released", "_points", "_due_before")
"""What a settlement keeps once it was read that no adjustment changes."""
_LATE_FLAGS = {"worth 0": Flag.TOO_LATE, "not accepted": Flag.NOT_ACCEPTED}


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What the scores of one assignment depend on beside its checks."""

    course: Course
    assignment: Assignment
    results: Path
    """The folder of all results, those of other assignments too: free late days are used up over the course."""
    extensions: Extensions = field(default_factory=Extensions)
    adjustments: Adjustments = field(default_factory=Adjustments)
    read_digests: Callable[[Sequence[Cell], Path, Sequence[str]], Mapping[str, str]] = answer_digests
    """Tells which answers a notebook holds; whoever has read them already says it without reading them again."""

    def of(self, result: Result) -> Result:
        """Return the result with the score that it is worth today; one that was settled already comes out the same."""
        if result.status == Status.FAILED:
            return result
        settled = dataclasses.replace(result, by_hand=tuple(self._by_hand(result)))
        earned = min(sum(score.score for score in question_scores(settled).values()), result.max_score)
        submitted_at = datetime.fromisoformat(result.submitted_at) if result.submitted_at else None
        if result.status == Status.INVALID and not earned:
            submitted_at = None  # there is nothing that could lose points
        terms = self._terms(self.assignment, result.student)
        if result.status == Status.GRADED and terms.policy.late_days(submitted_at, terms.own_due):
            terms = dataclasses.replace(terms, free_days_left=self._free_days_left(result.student))
        late = reckon(terms, submitted_at, earned)
        flags = set(result.flags) - set(_LATE_FLAGS.values())
        flags |= {_LATE_FLAGS[terms.policy.after_last_day]} if late.too_late else set()
        settled = dataclasses.replace(
            settled,
            score=round(max(0.0, earned - late.penalty), 6),
            late_days=late.days,
            free_days=late.free,
            penalty=round(late.penalty, 6),
            lateness=late.words,
            flags=result.flags if flags == set(result.flags) else tuple(sorted(flags)),
        )
        return result if settled == result else settled

    def accepts(self, student: str, submitted_at: datetime | None) -> bool:
        """Return whether what a student handed in at a time may count; None: in time."""
        terms = self._terms(self.assignment, student)
        return terms.policy.after_last_day != "not accepted" or not reckon(terms, submitted_at, 0.0).too_late

    def answer(self, result: Result, question: str) -> str:
        """Return the digest of the answer that a result was made for, "" where there is none."""
        return self.answers(result).get(question, "")

    def answers(self, result: Result) -> Mapping[str, str]:
        """Return the digests of all answers that a result was made for, by question."""
        kept = kept_notebook_path(self.results, result.assignment, result.student, result.attempt)
        return self.read_digests(self.source.cells, kept, self.assignment.files)

    def points(self, question: str, result: Result) -> float | None:
        """Return what a question is worth, None where nothing of the assignment is called so."""
        judged = question_scores(dataclasses.replace(result, by_hand=())).get(question)
        return judged.points if judged else self._worth(question)

    def questions(self, result: Result) -> Sequence[str]:
        """Return the names of the questions that are known, from a result or from others."""
        return [*(question_scores(dataclasses.replace(result, by_hand=())) or sorted(self._points)), *self.by_people]

    def with_adjustments(self, adjustments: Adjustments) -> "Settlement":
        """Return the same with other adjustments; what it has read of the assignment is not read again."""
        other = dataclasses.replace(self, adjustments=adjustments)
        other.__dict__.update({name: value for name, value in self.__dict__.items() if name in _OF_ASSIGNMENT})
        return other

    def _worth(self, question: str) -> float | None:
        by_people = self.by_people.get(question)
        return by_people if by_people is not None else self._points.get(question)

    def _by_hand(self, result: Result) -> Iterator[HandRecord]:
        given = self.given.get(result.student, {})
        asked = self.by_people if result.status == Status.GRADED else {}
        if not given and not asked:
            return
        answers = self.answers(result)
        for question in dict.fromkeys((*asked, *given)):
            record = self.hand_record(result, question, answers.get(question, ""))
            if record is not None:
                yield record

    def hand_record(self, result: Result, question: str, answer: str) -> HandRecord | None:
        """Return what people have given to an answer, by its digest; None where nothing is called so any more."""
        judged = question_scores(dataclasses.replace(result, by_hand=())).get(question)
        points = judged.points if judged else self._worth(question)
        if points is None:
            return None  # `adjust --list` says so
        asked = question in self.by_people and result.status == Status.GRADED
        waits = asked and (not answer or answer != self.released.get(question))
        return hand_record(
            question,
            self.given.get(result.student, {}).get(question, ()),
            answer=answer,
            points=points,
            checks=judged.score if judged else None if waits else 0.0,
        )

    def _terms(self, assignment: Assignment, student: str) -> Terms:
        """Return on what terms a student hands in an assignment, as if no free days were left."""
        return Terms(
            points=assignment.points,
            policy=self.course.late_policy_of(assignment),
            due=assignment.due,
            extension=self.extensions.of(student, assignment.name),
            free_days=self.course.late_policy.free_days,
        )

    def _free_days_left(self, student: str) -> int:
        """Return what the assignments that were due before leave; each took what it could."""
        left = self.course.late_policy.free_days
        for assignment in self._due_before if left else ():
            terms = self._terms(assignment, student)
            if not terms.exempt:
                submitted_at = _submitted_at(result_path(self.results, assignment.name, student))
                left -= terms.policy.free_days_for(terms.policy.late_days(submitted_at, terms.own_due), left)
        return left

    @cached_property
    def _due_before(self) -> Sequence[Assignment]:
        """The assignments that were due before this one, in their order; of equal ones the course's order counts."""
        dated = [one for one in self.course.assignments if one.due is not None]
        ordered = sorted(dated, key=lambda one: one.due.timestamp() if one.due else 0.0)
        return ordered[: ordered.index(self.assignment)] if self.assignment in ordered else []

    @cached_property
    def given(self) -> Mapping[str, Mapping[str, Sequence[Adjustment]]]:
        """What people gave, by student and question."""
        found: dict[str, dict[str, Sequence[Adjustment]]] = {}
        for (student, question), given in self.adjustments.in_force().items():
            found.setdefault(student, {})[question] = given
        return found

    @cached_property
    def source(self) -> Notebook:
        """The notebook of the source, without what is in its solution alone; no cells where it cannot be read."""
        try:
            notebook = read_notebook(self.course.source_notebook(self.assignment.name))
        except NotebookError:
            return Notebook(cells=(), converted=False)
        cells = tuple(cell for cell in notebook.cells if Tag.SOLUTION_ONLY not in cell.tags)
        return dataclasses.replace(notebook, cells=cells)

    @cached_property
    def by_people(self) -> Mapping[str, float]:
        """What each question is worth that only a person can judge."""
        return questions_by_hand(self.source)

    @cached_property
    def released(self) -> Mapping[str, str]:
        """The digests of the cells as students got them: whoever left them so is waited for by nobody."""
        release = self.course.release_notebook(self.assignment.name)
        return answer_digests(self.source.cells, release, self.assignment.files)

    @cached_property
    def _points(self) -> Mapping[str, float]:
        """What each question is worth that some result of the class has checks of."""
        worth: dict[str, float] = {}
        for path in (self.results / self.assignment.name).glob("*.json"):
            try:
                result = read_result(path)
            except ResultError:
                continue  # whoever reads that one says so
            for question, score in question_scores(dataclasses.replace(result, by_hand=())).items():
                worth[question] = max(score.points, worth.get(question, 0.0))
        return worth


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What free late days of another assignment depend on."""

    status: Status
    submitted_at: str | None = None


def _submitted_at(path: Path) -> datetime | None:
    """Return when what counts was handed in; None where nothing was, or what could not be read."""
    try:
        head = msgspec.json.decode(path.read_bytes(), type=_Head)
        return datetime.fromisoformat(head.submitted_at or "") if head.status != Status.INVALID else None
    except (OSError, msgspec.MsgspecError, ValueError):  # no time is none of these that could be read
        return None


def open_settlement(course: Course, assignment: Assignment, results: Path) -> Settlement:
    """Read what scores depend on; raise AutograderError for what is no extension, or a file that cannot be read."""
    return Settlement(
        course=course,
        assignment=assignment,
        results=results,
        extensions=read_extensions(course),
        adjustments=read_adjustments(adjustments_path(course.root, assignment.name)),
    )


def read_settled(course: Course, assignment: Assignment, results: Path) -> Sequence[Result]:
    """Return the results of an assignment, by student, each with the score that it is worth today."""
    settlement = open_settlement(course, assignment, results)
    return [settlement.of(result) for result in read_results(results, assignment.name)]

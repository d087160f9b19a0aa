"""Gather what one student is to read of their grading; what is not theirs to know is left out here already."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course import Assignment, FeedbackLevel
from autograder.feedback.answer_cells import ShownCell
from autograder.first_cause import shown_records
from autograder.points import points_of, signed_points
from autograder.question_scores import question_scores
from autograder.results import CheckRecord, CheckStatus, Curve, Result, Status

__all__ = ["CheckFeedback", "Feedback", "Graded", "QuestionFeedback", "gather"]

_TOLERANCE = 1e-6
_NEEDS_PERSON = "Needs a person: nobody has looked at this answer yet."
_LOOK_AGAIN = "Needs a person: your answer has changed since somebody looked at it."
_CHANGES = {
    "submission": "you handed in another notebook",
    "points": "the points of the assignment were changed",
}
"""What a result depends on that a student may know of by name."""
_FILE = "submission file "
"""How it names a file beside the notebook."""


@dataclass(frozen=True, kw_only=True)
class Graded:
    """All that is known of one student's grading."""

    assignment: Assignment
    result: Result
    """The one that counts, with the score that it is worth today."""
    cells: Sequence[ShownCell] = ()
    """The notebook that was graded, where it is still there."""
    attempts: Sequence[Result] = ()
    """The results of all attempts, in their order."""
    earlier: Result | None = None
    """The result of the same attempt before it was graded anew."""


@dataclass(frozen=True, kw_only=True)
class CheckFeedback:
    """What one check found."""

    name: str
    """In words."""
    points: float
    score: float
    status: CheckStatus
    text: str
    """The hint; "" for one that passed, or where another check's hint stands for it."""
    public: bool
    measured: Sequence[tuple[str, float, float]] = ()
    """What it measured, the value, and the least that earns full points."""
    curves: Sequence[Curve] = ()
    """How the training went that it saw."""

    @property
    def passed(self) -> bool:
        """Say whether it took no points."""
        return self.status == CheckStatus.PASSED


@dataclass(frozen=True, kw_only=True)
class QuestionFeedback:
    """What a student earned on one question, and why."""

    name: str
    points: float
    score: float
    attempted: bool
    by_hand: str = ""
    """What of the score people gave or took, in words."""
    comments: Sequence[str] = ()
    """What people say of the answer."""
    waiting: str = ""
    """Why the score is not the last word; "" where it is."""
    checks: Sequence[CheckFeedback] = ()
    cells: Sequence[ShownCell] = ()
    """The student's answer."""

    @property
    def is_right(self) -> bool:
        """Say whether every point was earned; of a question that is worth none, whether all its checks passed."""
        if self.points <= 0 and self.attempted:
            return all(check.passed for check in self.checks)
        return self.score >= self.points - _TOLERANCE

    @property
    def has_section(self) -> bool:
        """Say whether there is more to say of it than its points."""
        return bool(self.checks or self.comments or self.waiting or self.by_hand)

    @property
    def hint(self) -> str:
        """Return the one text that says what to do, or ""."""
        return next((check.text for check in self.checks if check.text and not check.passed), "")


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What one student is to read; which parts are there depends on the level."""

    level: FeedbackLevel
    assignment: str
    title: str
    student: str
    score: float
    points: float
    reason: str
    """Why there is nothing to grade; "" for what was graded."""
    graded_at: str
    lateness: str
    """The arithmetic of a late submission in words; "" for one on time."""
    file_problems: Sequence[str] = ()
    """Why files that they were to edit are not graded but those that they were given."""
    attempts: Sequence[str] = ()
    changes: Sequence[str] = ()
    """What is new since the grading before."""
    questions: Sequence[QuestionFeedback] = ()
    other_cells: Sequence[ShownCell] = ()
    """Cells of the notebook that are no answer to a question."""

    @property
    def right(self) -> Sequence[str]:
        """Return the questions that earned every point."""
        return [question.name for question in self.questions if question.points > 0 and question.is_right]

    @property
    def to_look_at(self) -> Sequence[tuple[int, QuestionFeedback]]:
        """Return the questions that lost points, each with its place among all, from 1; those in doubt are not lost."""
        numbered = enumerate(self.questions, start=1)
        return [(place, one) for place, one in numbered if not one.is_right and not one.waiting]


def gather(graded: Graded, level: FeedbackLevel) -> Feedback:
    """Return the feedback at a level: `scores` by question; with `hints` the checks too; `full` the notebook as well.

    Nothing of staff's is taken over: no `staff_message`, no `cause`, no output of the grading itself.
    """
    result, assignment = graded.result, graded.assignment
    with_hints, full = level != "scores", level == "full"
    return Feedback(
        level=level,
        assignment=assignment.name,
        title=assignment.title,
        student=result.student,
        score=result.score,
        points=result.max_score,
        reason=result.reason if result.status == Status.INVALID else "",
        graded_at=result.graded_at,
        lateness=result.lateness,
        file_problems=[problem for problem in result.files.values() if problem],
        attempts=_attempts(graded.attempts, result) if len(graded.attempts) > 1 else (),
        changes=_changes(graded.earlier, result, with_hints=with_hints) if graded.earlier else (),
        questions=_questions(result, graded.cells if full else (), with_hints=with_hints),
        other_cells=[cell for cell in graded.cells if not cell.question] if full else (),
    )


def _questions(result: Result, cells: Sequence[ShownCell], *, with_hints: bool) -> list[QuestionFeedback]:
    hinted = {record.id for record in shown_records(result.checks)}
    return [
        QuestionFeedback(
            name=name,
            points=score.points,
            score=score.score,
            attempted=score.attempted,
            by_hand=f"{signed_points(score.by_hand)} by hand" if score.by_hand else "",
            comments=score.comments,
            waiting=_NEEDS_PERSON if score.needs_person else _LOOK_AGAIN if score.look_again else "",
            checks=[_check(record, record.id in hinted) for record in result.checks if record.question == name]
            if with_hints
            else (),
            cells=[cell for cell in cells if cell.question == name],
        )
        for name, score in question_scores(result).items()
    ]


def _check(record: CheckRecord, is_hinted: bool) -> CheckFeedback:  # noqa: FBT001 - told apart by its name
    says_something = is_hinted or record.status == CheckStatus.PASSED
    return CheckFeedback(
        name=in_words(record.id),
        points=record.points,
        score=record.score,
        status=record.status,
        text=record.message if says_something else "",
        public=record.public,
        measured=[(one.of, one.value, one.at_least) for one in record.measured],
        curves=record.curves,
    )


def in_words(check: str) -> str:
    """Return a check's name as a sentence's beginning: `test_a.py::test_the_loss_is_a_mean` → "The loss is a mean"."""
    words = re.sub(r"^test_?", "", check.partition("::")[2]).replace("_", " ").strip() or check
    return words[0].upper() + words[1:]


def _attempts(attempts: Sequence[Result], counting: Result) -> list[str]:
    lines = []
    for one in attempts:
        counts = " (this one counts)" if one.attempt == counting.attempt else ""
        worth = (
            f"{points_of(one.score)} of {points_of(one.max_score)}"
            if one.status == Status.GRADED
            else "could not be read"
        )
        lines.append(f"Attempt {one.attempt}: {worth}{counts}")
    return lines


def _changes(before: Result, after: Result, *, with_hints: bool) -> list[str]:
    """Return what a student may know of how their result changed: points, checks that moved, and why."""
    lines = []
    if before.score != after.score:
        lines.append(f"Your score was {points_of(before.score)} and is {points_of(after.score)} now.")
    old = {record.id: record for record in before.checks}
    for record in after.checks if with_hints else ():
        known = old.get(record.id)
        if known is None:
            lines.append(f"“{in_words(record.id)}” is a new check.")
        elif (known.score, known.points) != (record.score, record.points):
            lines.append(
                f"“{in_words(record.id)}” gave {points_of(known.score)} of {points_of(known.points)} and gives "
                f"{points_of(record.score)} of {points_of(record.points)} now."
            )
    if lines:
        lines.append(f"Why: {_why(before, after)}.")
    return lines


def _why(before: Result, after: Result) -> str:
    old, new = before.depends_on, after.depends_on
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    known = [_CHANGES[name] for name in changed if name in _CHANGES]
    known += [f"you handed in another {name.removeprefix(_FILE)}" for name in changed if name.startswith(_FILE)]
    if any(name.startswith(("check ", "file tests/")) for name in changed):
        known.append("the checks were changed")
    if before.by_hand != after.by_hand:
        known.append("a person has looked at it")
    if before.penalty != after.penalty and before.late_days + after.late_days:
        known.append("lateness was reckoned anew")
    if not known:
        known = ["something in the grading itself was changed"] if changed else ["it was graded anew"]
    return "; ".join(known)

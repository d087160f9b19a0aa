"""Add up a result by question: what a submission earned on each, from checks and from people, before the late penalty.

Whoever shows or exports points by question takes them from here.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.results import CheckRecord, CheckStatus, HandRecord, HandStatus, Result

__all__ = ["QuestionScore", "question_scores"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class QuestionScore:
    """What one submission earned on one question, before the late penalty."""

    score: float
    points: float
    attempted: bool
    """False where every check found the name missing or its stub not filled in."""
    carried: tuple[str, ...] = ()
    """Questions whose answers were the reference's when this one was judged again."""
    by_hand: float = 0.0
    """How much of the score people gave; below 0 where they took points."""
    comments: tuple[str, ...] = ()
    """What people say of it to the student."""
    needs_person: bool = False
    """Whether only a person can judge it, and nobody has."""
    look_again: bool = False
    """Whether the answer has changed since a person judged it."""

    @property
    def passed(self) -> bool:
        """Say whether every point was earned."""
        return self.score >= self.points - _TOLERANCE

    @property
    def partial(self) -> bool:
        """Say whether some of the points were earned, but not all."""
        return not self.passed and self.score > _TOLERANCE


def question_scores(result: Result) -> Mapping[str, QuestionScore]:
    """Return what a submission earned on each question, in the order of the checks; then what only people judge."""
    checks: dict[str, list[CheckRecord]] = defaultdict(list)
    for check in result.checks:
        checks[check.question].append(check)
    by_hand = {record.question: record for record in result.by_hand}
    return {name: _score(checks.get(name, []), by_hand.get(name)) for name in dict.fromkeys((*checks, *by_hand))}


def _score(found: Sequence[CheckRecord], given: HandRecord | None) -> QuestionScore:
    judged = QuestionScore(
        score=math.fsum(check.score for check in found),
        points=math.fsum(check.points for check in found),
        attempted=not found or any(check.status != CheckStatus.MISSING for check in found),
        carried=tuple(dict.fromkeys(question for check in found for question in check.carried)),
    )
    if given is None:
        return judged
    return replace(
        judged,
        score=given.score,
        points=given.points,
        by_hand=given.by_hand,
        comments=given.comments,
        needs_person=given.status == HandStatus.WAITING,
        look_again=given.status == HandStatus.LOOK_AGAIN,
    )

"""Add up a result by question: what a submission earned on each, before the late penalty."""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.results import CheckRecord, CheckStatus, Result

__all__ = ["QuestionScore", "question_scores"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class QuestionScore:
    """What one submission earned on one question, before the late penalty."""

    score: float
    points: float
    attempted: bool
    """False where every check found the name missing or its stub not filled in."""

    @property
    def passed(self) -> bool:
        """Say whether every point was earned."""
        return self.score >= self.points - _TOLERANCE

    @property
    def partial(self) -> bool:
        """Say whether some of the points were earned, but not all."""
        return not self.passed and self.score > _TOLERANCE


def question_scores(result: Result) -> Mapping[str, QuestionScore]:
    """Return what a submission earned on each question that its checks name, in the order of the checks."""
    checks: dict[str, list[CheckRecord]] = defaultdict(list)
    for check in result.checks:
        checks[check.question].append(check)
    return {
        question: QuestionScore(
            score=math.fsum(check.score for check in found),
            points=math.fsum(check.points for check in found),
            attempted=any(check.status != CheckStatus.MISSING for check in found),
        )
        for question, found in checks.items()
    }

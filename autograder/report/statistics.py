"""Compute the figures of a class report from the results of one assignment.

Every figure is over the submissions with a score: graded and invalid. A failed result is the grader's own fault and has
no score; it appears only among what needs attention. Names and details are as the results have them: whoever shows
them cleans them.
"""

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.first_cause import shown_records
from autograder.plain_text import plain_text
from autograder.question_scores import QuestionScore, question_scores
from autograder.report.attention import Attention, Concern, attention
from autograder.results import CheckRecord, CheckStatus, Result, Status

__all__ = [
    "CheckFigures",
    "ClassFigures",
    "HintFigures",
    "MemoryFigures",
    "QuestionFigures",
    "ScoreBin",
    "ScoreDistribution",
    "StageTime",
    "TimeFigures",
    "class_figures",
    "item_rest_correlation",
]

_TOLERANCE = 1e-6
_PREFERRED_BIN_COUNTS = (10, 8, 12, 6, 5, 9, 7, 11)
_SLOWEST_SHOWN = 3
_HINT_LENGTH = 300
_ENOUGH_STUDENTS = 20
_DISCRIMINATES = 0.1
"""Below it, textbooks of item analysis call an item poor."""
_RAISED = re.compile(r"Your code raised [\w.]+(?: in [^,`]+)?")
"""How a hint begins where the student's code raised; what follows is their own line."""


@dataclass(frozen=True, kw_only=True)
class ScoreBin:
    """How many scores lie in [low, high), or in [low, high] for the last bin."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, kw_only=True)
class ScoreDistribution:
    """The scores of the class, in points, after late penalties; None where there is no score."""

    max_score: float
    mean: float | None
    median: float | None
    full: int
    """How many earned every point."""
    bins: tuple[ScoreBin, ...]


@dataclass(frozen=True, kw_only=True)
class QuestionFigures:
    """How the class did on one question; passed, partial and failed add up to the submissions with a score."""

    question: str
    points: float
    passed: int
    partial: int
    failed: int
    not_attempted: int
    """Of `failed`, those who left the stub as it was; an unreadable submission is not among them."""
    mean: float

    @property
    def total(self) -> int:
        """Return the number of submissions with a score."""
        return self.passed + self.partial + self.failed


@dataclass(frozen=True, kw_only=True)
class CheckFigures:
    """How the class did on one check."""

    id: str
    question: str
    points: float
    public: bool
    passed: int
    total: int
    difficulty: float
    """The share of its points that the class earned, in [0, 1]: item analysis calls it p, high where it is easy."""
    discrimination: float | None
    """Correlation, in [-1, 1], of what students earned in this check with what they earned in all others; see there."""

    @property
    def pass_rate(self) -> float:
        """Return the share that passed, in [0, 1]."""
        return self.passed / self.total

    @property
    def doubtful(self) -> bool:
        """Return whether those who do well elsewhere do no better here: the check, or its question, may be at fault."""
        return self.discrimination is not None and self.discrimination < _DISCRIMINATES


@dataclass(frozen=True, kw_only=True)
class HintFigures:
    """A hint that students were given on one question; hints that differ only in numbers count as one."""

    question: str
    text: str
    """The most frequent wording."""
    students: tuple[str, ...]
    wordings: int
    points_lost: float


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """What one stage of grading took for the whole class; the stage "" is the time that no stage accounts for."""

    stage: str
    seconds: float
    share: float


@dataclass(frozen=True, kw_only=True)
class TimeFigures:
    """Where the time went, in seconds of one worker; submissions graded side by side are added up."""

    total: float
    median: float
    slowest: tuple[tuple[str, float], ...]
    """Students and their seconds, the slowest first."""
    stages: tuple[StageTime, ...]


@dataclass(frozen=True, kw_only=True)
class MemoryFigures:
    """What students' processes had, at most, while checks asked them, in MB beyond what they started with."""

    median: float
    highest: tuple[tuple[str, float], ...]
    """Students and the most that they had, the highest first."""


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """Everything that a class report says in numbers."""

    submissions: int
    graded: int
    invalid: int
    failed: int
    late: int
    scores: ScoreDistribution
    questions: tuple[QuestionFigures, ...]
    checks: tuple[CheckFigures, ...]
    hints: tuple[HintFigures, ...]
    time: TimeFigures | None
    memory: MemoryFigures | None
    attention: tuple[Attention, ...]

    @property
    def scored(self) -> int:
        """Return the number of submissions with a score."""
        return self.graded + self.invalid

    @property
    def concerning(self) -> int:
        """Return the number of submissions that need attention; how the batch was run is not a reason of theirs."""
        theirs = (attention for attention in self.attention if attention.concern != Concern.UNSANDBOXED)
        return len({item.student for attention in theirs for item in attention.items})


def class_figures(results: Sequence[Result]) -> ClassFigures:
    """Return the figures of a class, empty or not."""
    scored = [result for result in results if result.status != Status.FAILED]
    statuses = Counter(result.status for result in results)
    return ClassFigures(
        submissions=len(results),
        graded=statuses[Status.GRADED],
        invalid=statuses[Status.INVALID],
        failed=statuses[Status.FAILED],
        late=sum(result.late_days > 0 for result in scored),
        scores=_distribution(scored),
        questions=_questions(scored),
        checks=_checks(scored),
        hints=_hints(scored),
        time=_time(scored),
        memory=_memory(scored),
        attention=attention(results),
    )


def _distribution(scored: Sequence[Result]) -> ScoreDistribution:
    scores = [float(result.score) for result in scored]
    max_score = max((float(result.max_score) for result in scored), default=0.0)
    return ScoreDistribution(
        max_score=max_score,
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        full=sum(score >= max_score - _TOLERANCE for score in scores) if max_score > 0 else 0,
        bins=_bins(scores, max_score),
    )


def _bins(scores: Sequence[float], max_score: float) -> tuple[ScoreBin, ...]:
    """Return about ten bins of equal width, of whole or half points where that can be."""
    if max_score <= 0:
        return ()
    count = next((n for n in _PREFERRED_BIN_COUNTS if (max_score / n * 2).is_integer()), _PREFERRED_BIN_COUNTS[0])
    held = Counter(min(max(int((score + _TOLERANCE) / max_score * count), 0), count - 1) for score in scores)
    edges = [max_score * n / count for n in range(count + 1)]
    return tuple(ScoreBin(low=edges[n], high=edges[n + 1], count=held[n]) for n in range(count))


def _questions(scored: Sequence[Result]) -> tuple[QuestionFigures, ...]:
    """Return the figures of each question; a submission without its checks earned nothing on it."""
    by_result = [question_scores(result) for result in scored]
    names = dict.fromkeys(name for earned in sorted(by_result, key=len, reverse=True) for name in earned)
    return tuple(
        _question(name, [earned[name] for earned in by_result if name in earned], len(scored)) for name in names
    )


def _question(name: str, found: Sequence[QuestionScore], total: int) -> QuestionFigures:
    passed = sum(earned.passed for earned in found)
    partial = sum(earned.partial for earned in found)
    return QuestionFigures(
        question=name,
        points=max(earned.points for earned in found),
        passed=passed,
        partial=partial,
        failed=total - passed - partial,
        not_attempted=sum(not earned.attempted for earned in found),
        mean=math.fsum(earned.score for earned in found) / total,
    )


def _checks(scored: Sequence[Result]) -> tuple[CheckFigures, ...]:
    """Return the figures of each check, the least often passed first."""
    known: dict[str, CheckRecord] = {}
    records: dict[str, list[tuple[CheckRecord, float]]] = defaultdict(list)
    for result in scored:
        together = math.fsum(check.score for check in result.checks)
        for check in result.checks:
            known.setdefault(check.id, check)
            records[check.id].append((check, together - check.score))
    figures = [
        CheckFigures(
            id=check.id,
            question=check.question,
            points=check.points,
            public=check.public,
            passed=sum(one.status == CheckStatus.PASSED for one, _ in records[check.id]),
            total=len(scored),
            difficulty=math.fsum(_share(one) for one, _ in records[check.id]) / len(scored),
            discrimination=item_rest_correlation([(_share(one), rest) for one, rest in records[check.id]]),
        )
        for check in known.values()
    ]
    return tuple(sorted(figures, key=lambda check: check.passed))


def _share(check: CheckRecord) -> float:
    """Return the share of a check's points that was earned; of one without points, 1 where it passed."""
    return check.score / check.points if check.points else float(check.status == CheckStatus.PASSED)


def item_rest_correlation(earned: Sequence[tuple[float, float]]) -> float | None:
    """Return the correlation of an item with the rest of the test, for pairs of both; None where nothing can be said.

    For an item that is right or wrong it is the corrected point-biserial correlation: corrected, since the item itself
    is not in the rest. Nothing can be said with fewer than 20 students, or where all earned the same.
    """
    if len(earned) < _ENOUGH_STUDENTS:
        return None
    try:
        return statistics.correlation(*zip(*earned, strict=True))
    except statistics.StatisticsError:  # one of them is constant
        return None


def _hints(scored: Sequence[Result]) -> tuple[HintFigures, ...]:
    """Return the hints that were given, the most common first.

    What a missing answer is told is no hint at a slip; `QuestionFigures.not_attempted` counts those. A hint goes with
    all points that were lost on its question: the other checks point to it.
    """
    given: dict[tuple[str, str], list[tuple[str, float, str]]] = defaultdict(list)
    for result in scored:
        for check in shown_records(result.checks):
            said = check.message.partition(": ")[2] if check.carried else check.message  # without what was replaced
            text = plain_text(said, _HINT_LENGTH).strip()
            if text and check.status != CheckStatus.MISSING:
                lost = math.fsum(one.points - one.score for one in result.checks if one.question == check.question)
                given[check.question, _shape(text)].append((result.student, lost, text))
    hints = [
        HintFigures(
            question=question,
            text=Counter(text for _, _, text in cases).most_common(1)[0][0],
            students=tuple(dict.fromkeys(student for student, _, _ in cases)),
            wordings=len({text for _, _, text in cases}),
            points_lost=math.fsum(lost for _, lost, _ in cases),
        )
        for (question, _), cases in given.items()
    ]
    return tuple(sorted(hints, key=lambda hint: (-len(hint.students), -hint.points_lost)))


def _shape(text: str) -> str:
    """Return what hints at the same slip have in common: neither numbers nor the student's own line."""
    raised = _RAISED.match(text)
    return re.sub(r"\d+(?:[.,]\d+)*", "#", raised[0] if raised else text)


def _time(scored: Sequence[Result]) -> TimeFigures | None:
    if not scored:
        return None
    seconds = [max(0.0, float(result.seconds)) for result in scored]
    stages: dict[str, float] = defaultdict(float)
    for result in scored:
        for stage, spent in result.timings.items():
            stages[stage] += max(0.0, float(spent))
    total = max(math.fsum(seconds), math.fsum(stages.values()))
    stages[""] += total - math.fsum(stages.values())
    slowest = sorted(((r.student, s) for r, s in zip(scored, seconds, strict=True)), key=lambda pair: -pair[1])
    return TimeFigures(
        total=total,
        median=statistics.median(seconds),
        slowest=tuple(slowest[:_SLOWEST_SHOWN]),
        stages=tuple(
            StageTime(stage=stage, seconds=spent, share=spent / total if total else 0.0)
            for stage, spent in stages.items()
        ),
    )


def _memory(scored: Sequence[Result]) -> MemoryFigures | None:
    most = [(result.student, max(check.memory_mb for check in result.checks)) for result in scored if result.checks]
    if not any(memory for _, memory in most):
        return None
    highest = sorted(most, key=lambda pair: -pair[1])[:_SLOWEST_SHOWN]
    return MemoryFigures(median=statistics.median(memory for _, memory in most), highest=tuple(highest))

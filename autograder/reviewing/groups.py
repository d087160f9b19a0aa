"""Put the answers of a class to one question into groups of equal and equivalent ones, with what was said of each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from autograder.adjustments import Adjustment
from autograder.answer_digests import AnswerCell
from autograder.question_scores import question_scores
from autograder.results import CheckRecord, HandRecord, HandStatus, Result, Status
from autograder.reviewing.class_answers import NO_ANSWER, Answer
from autograder.reviewing.normal_forms import normal_code, normal_prose
from autograder.settlement import Settlement

__all__ = ["Group", "Judged", "Progress", "QuestionProgress", "State", "groups_of", "progress_of_all"]

_Read = Sequence[tuple[Result, Mapping[str, Answer]]]


class State(StrEnum):
    """Say what stands of one answer."""

    WAITING = "waiting for a person"
    LOOK_AGAIN = "to be looked at again"
    """The answer has changed since somebody gave something."""
    GIVEN = "given"
    CHECKED = "judged by checks"
    """And by nobody else."""
    LEFT = "left as it was"
    """As the release has it: there is nothing to judge."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One student's answer, and what checks and people say of it."""

    student: str
    attempt: int
    answer: Answer
    state: State
    record: HandRecord
    """What people have given, and the score with it."""
    checks: tuple[CheckRecord, ...] = ()
    given: tuple[Adjustment, ...] = ()
    """What counts, and what is to be looked at again."""

    @property
    def stale(self) -> Mapping[int, str]:
        """Return the lines that were given for another answer than this one."""
        if self.state != State.LOOK_AGAIN:
            return {}
        looked = max((one.line for one in self.given if one.answer == self.answer.digest), default=0)
        return {
            one.line: self.answer.digest for one in self.given if one.answer != self.answer.digest and one.line > looked
        }


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the review of some answers is."""

    states: Mapping[State, int]

    @property
    def answers(self) -> int:
        """Return how many there are."""
        return sum(self.states.values())

    @property
    def needed(self) -> int:
        """Return how many a person has to look at yet."""
        return self.states.get(State.WAITING, 0) + self.states.get(State.LOOK_AGAIN, 0)

    @property
    def ungiven(self) -> int:
        """Return how many nobody has given anything to; what was left as it was asks for nothing."""
        return self.needed + self.states.get(State.CHECKED, 0)


@dataclass(frozen=True, kw_only=True)
class QuestionProgress(Progress):
    """How far the review of one question is."""

    name: str
    points: float
    by_people: bool
    """Whether only a person can judge it."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Equal and equivalent answers."""

    key: str
    """Its name: the form that its answers have in common."""
    judged: tuple[Judged, ...]

    @cached_property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(states=Counter(one.state for one in self.judged))

    @cached_property
    def variants(self) -> Sequence[Sequence[Judged]]:
        """The answers that are letter by letter the same and show the same; what most wrote first."""
        found: dict[tuple[str, str], list[Judged]] = defaultdict(list)
        for one in self.judged:
            found[one.answer.digest, one.answer.outputs].append(one)
        return sorted(found.values(), key=len, reverse=True)

    @cached_property
    def seen(self) -> str:
        """The digest of all answers in it: another one where an answer has changed, come or gone."""
        each = sorted((one.student, one.answer.digest) for one in self.judged)
        return sha256(repr(each).encode("utf-8", "replace")).hexdigest()[:16]


def groups_of(settlement: Settlement, read: _Read, question: str, known: frozenset[str]) -> Sequence[Group]:
    """Return the groups of answers to a question: the largest first, what was left as it was last.

    `known` are the names that everybody was given.
    """
    found: dict[str, list[Judged]] = defaultdict(list)
    for one in _judged(settlement, read, question):
        found[_form(one.answer, known)].append(one)
    groups = [Group(key=key, judged=tuple(several)) for key, several in found.items()]
    return sorted(groups, key=lambda group: (group.judged[0].state == State.LEFT, -len(group.judged), group.key))


def progress_of_all(
    settlement: Settlement, read: _Read, names: Collection[str] | None = None
) -> Sequence[QuestionProgress]:
    """Return how far the review of each question is, or of those with these names, in the order of the notebook."""
    worth: dict[str, float] = {}
    for result, _ in read:
        for name, score in question_scores(replace(result, by_hand=())).items():
            worth[name] = max(score.points, worth.get(name, 0.0))
    worth |= {name: points for name, points in settlement.by_people.items() if name not in worth}
    cells = sorted((*settlement.source.cells, *settlement.source.texts), key=lambda cell: cell.index)
    places = {cell.grade_id: place for place, cell in enumerate(cells) if cell.grade_id}
    return [
        QuestionProgress(
            name=name,
            points=worth[name],
            by_people=name in settlement.by_people,
            states=Counter(one.state for one in _judged(settlement, read, name)),
        )
        for name in sorted(worth, key=lambda name: places.get(name, len(places)))
        if names is None or name in names
    ]


def _judged(settlement: Settlement, read: _Read, question: str) -> Iterable[Judged]:
    """Yield each answer of what was graded: what could not be read has none."""
    released = settlement.released.get(question)
    for result, answers in read:
        if result.status != Status.GRADED:
            continue
        answer = answers.get(question, NO_ANSWER)
        record = settlement.hand_record(result, question, answer.digest)
        if record is None:
            continue
        given = tuple(settlement.given.get(result.student, {}).get(question, ()))
        yield Judged(
            student=result.student,
            attempt=result.attempt,
            answer=answer,
            state=_state(record, given, left=bool(answer.digest) and answer.digest == released),
            record=record,
            checks=tuple(check for check in result.checks if check.question == question),
            given=given,
        )


def _state(record: HandRecord, given: Sequence[Adjustment], *, left: bool) -> State:
    if record.status == HandStatus.WAITING:
        return State.WAITING
    if record.status == HandStatus.LOOK_AGAIN:
        return State.LOOK_AGAIN
    return State.GIVEN if given else State.LEFT if left else State.CHECKED


def _form(answer: Answer, known: frozenset[str]) -> str:
    return sha256(repr([_form_of_cell(cell, known) for cell in answer.cells]).encode()).hexdigest()[:12]


def _form_of_cell(cell: AnswerCell, known: frozenset[str]) -> tuple[bool, str]:
    return cell.is_code, normal_code(cell.source, known) if cell.is_code else normal_prose(cell.source)

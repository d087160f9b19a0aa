"""Set answers beside checks: which check caught which wrong answer, and what got past all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from autograder.first_cause import shown_records
from autograder.results import CheckStatus, Result
from autograder.validate.answers import Answer, Harmless, Wrong
from autograder.validate.mutants import Mutant

__all__ = ["Caught", "KillTable", "Row", "explains", "name_of", "row_of_answer", "row_of_mutant", "worst"]


class Caught(StrEnum):
    """Say what one check made of one answer."""

    YES = "yes"
    IN_PART = "in part"
    NO = "no"
    NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer before the checks of its questions."""

    name: str
    questions: tuple[str, ...]
    kind: str
    """`right`, `wrong` or `mutant`."""
    caught: tuple[Caught, ...]
    """By check, in the table's order."""
    messages: tuple[str, ...] = ()
    """What the student is shown: one message for each question of whose checks one caught it."""
    hint: str = ""
    """What had to be said."""
    causes: tuple[str, ...] = ()
    """What each check takes for the cause, in the table's order; "" where it names none."""
    also: tuple[str, ...] = ()
    """What else may be named as the cause."""
    harmless: str = ""
    """Why a mutant may keep all points; "" where nobody has explained it."""

    @property
    def is_caught(self) -> bool:
        """Return whether it lost points."""
        return bool({Caught.YES, Caught.IN_PART} & set(self.caught))

    @property
    def is_hinted(self) -> bool:
        """Return whether the hint that it must get was given."""
        return any(self.hint in message for message in self.messages) if self.hint else True

    def wrong_causes(self, checks: Sequence[str]) -> list[tuple[str, str]]:
        """Return the checks, of those in the table, that name a cause which its author does not know of."""
        right = [one for one in (self.hint, *self.also) if one]
        return [
            (check, cause)
            for check, cause in zip(checks, self.causes, strict=True)
            if cause and not any(one in cause for one in right)
        ]


@dataclass(frozen=True, kw_only=True)
class KillTable:
    """Answers × checks."""

    checks: tuple[str, ...]
    points: tuple[float, ...]
    rows: Sequence[Row] = field(repr=False)

    def of_kind(self, kind: str) -> list[Row]:
        """Return the rows of right answers, wrong answers or mutants."""
        return [row for row in self.rows if row.kind == kind]

    @property
    def idle_checks(self) -> list[str]:
        """Return the checks worth points that were run on wrong answers and never caught one."""
        wrong = [row for row in self.rows if row.kind != "right"]
        found = []
        for index, check in enumerate(self.checks):
            seen = {row.caught[index] for row in wrong}
            if self.points[index] and seen - {Caught.NOT_RUN} and not seen & {Caught.YES, Caught.IN_PART}:
                found.append(check)
        return found

    @property
    def kill_rate(self) -> float:
        """Return the part of the mutants that were caught, of those not explained as harmless; 1 for none."""
        counted = [row.is_caught for row in self.of_kind("mutant") if row.is_caught or not row.harmless]
        return sum(counted) / len(counted) if counted else 1.0

    @property
    def survivors(self) -> list[Row]:
        """Return the mutants that kept every point, explained or not."""
        return [row for row in self.of_kind("mutant") if not row.is_caught]


def row_of_answer(answer: Answer, result: Result, checks: Sequence[str]) -> Row:
    """Return what the checks made of a known answer."""
    return Row(
        name=answer.name,
        questions=tuple(answer.cells),
        kind="right" if answer.is_right else "wrong",
        caught=_caught(result, checks),
        messages=_messages(result),
        hint=answer.hint if isinstance(answer, Wrong) else "",
        causes=_causes(result, checks),
        also=tuple(answer.also) if isinstance(answer, Wrong) else (),
    )


def row_of_mutant(mutant: Mutant, harmless: Sequence[Harmless], result: Result, checks: Sequence[str]) -> Row:
    """Return what the checks made of a mutant."""
    reasons = [one.reason for one in harmless if explains(one, mutant)]
    return Row(
        name=name_of(mutant),
        questions=(mutant.question,),
        kind="mutant",
        caught=_caught(result, checks),
        messages=_messages(result),
        causes=_causes(result, checks),
        harmless=reasons[0] if reasons else "",
    )


def worst(results: Sequence[Result]) -> Result:
    """Return one result with, for each check, the least score of all; the results are of the same checks."""
    columns = zip(*(result.checks for result in results), strict=True)
    return replace(results[0], checks=tuple(min(column, key=lambda record: record.score) for column in columns))


def name_of(mutant: Mutant) -> str:
    """Return what was changed, in one line."""
    return f"{mutant.old} → {mutant.new or '(left out)'}"


def explains(harmless: Harmless, mutant: Mutant) -> bool:
    """Return whether the explanation is about this mutant."""
    return harmless.question == mutant.question and harmless.old in mutant.old and harmless.new in mutant.new


def _caught(result: Result, checks: Sequence[str]) -> tuple[Caught, ...]:
    found = {record.id: record for record in result.checks}
    caught = []
    for check in checks:
        record = found.get(check)
        if record is None:
            caught.append(Caught.NOT_RUN)
        elif record.status == CheckStatus.PASSED:
            caught.append(Caught.NO)
        else:
            caught.append(Caught.IN_PART if record.status == CheckStatus.PARTIAL else Caught.YES)
    return tuple(caught)


def _messages(result: Result) -> tuple[str, ...]:
    """Return what the student is shown: the first cause of each question."""
    return tuple(record.message for record in shown_records(result.checks))


def _causes(result: Result, checks: Sequence[str]) -> tuple[str, ...]:
    found = {record.id: record.cause for record in result.checks}
    return tuple(found.get(check, "") for check in checks)

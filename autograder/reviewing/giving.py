"""Give the same to several answers at once, take it back, and confirm what was given for an earlier answer."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.adjusting import Overtaken, add, confirm, wish, withdraw
from autograder.adjustments import Adjustment, Kind
from autograder.errors import AutograderError
from autograder.points import points_of, signed_points
from autograder.reviewing.amounts import Amount
from autograder.reviewing.groups import Judged
from autograder.settlement import Settlement

__all__ = ["Give", "confirm_all", "give", "gives", "undo", "withdraw_all"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Give:
    """What was given at once."""

    key: str
    lines: tuple[Adjustment, ...]
    """Those that still stand."""

    @property
    def amount(self) -> Amount:
        """Return the points."""
        one = self.lines[0]
        if one.kind == Kind.POINTS:
            return Amount(points=one.points)
        return Amount(correction=one.points if one.kind == Kind.CORRECTION else None)


def give(
    settlement: Settlement,
    question: str,
    chosen: Sequence[Judged],
    amount: Amount,
    comment: str,
    *,
    who: str,
    seen: int,
) -> Sequence[Adjustment]:
    """Give points and a comment to answers, to all or none; return the new lines.

    Raise AutograderError where a score would be out of range, Overtaken where somebody was at one of them after the
    line `seen`, or it has changed.
    """
    if not chosen:
        raise AutograderError("No answer is chosen; choose those that it is for.")
    _verify(chosen, amount)
    first = wish(
        question,
        student=chosen[0].student,
        question=question,
        points=amount.points,
        correction=amount.correction,
        comment=comment,
        who=who,
    )
    together = secrets.token_hex(6)
    wishes = [replace(first, student=one.student, answer=one.answer.digest, together=together) for one in chosen]
    return add(settlement, wishes, anew=True, seen=seen)


def gives(settlement: Settlement, question: str, who: str) -> Sequence[Give]:
    """Return what somebody has given to a question here that still stands, the latest first."""
    found: dict[str, list[Adjustment]] = {}
    for (_, about), several in settlement.adjustments.in_force().items():
        for one in several:
            if about == question and one.together and one.who == who:
                found.setdefault(one.together, []).append(one)
    each = [Give(key=key, lines=tuple(lines)) for key, lines in found.items()]
    return sorted(each, key=lambda one: max(line.line for line in one.lines), reverse=True)


def undo(settlement: Settlement, question: str, key: str, who: str) -> Sequence[Adjustment]:
    """Withdraw what was given at once, by its key; raise Overtaken where none of it stands any more."""
    for one in gives(settlement, question, who):
        if one.key == key:
            return withdraw(settlement, [line.line for line in one.lines], who)
    raise Overtaken("That was undone already; look at what stands there now.")


def withdraw_all(settlement: Settlement, chosen: Sequence[Judged], who: str) -> Sequence[Adjustment]:
    """Withdraw all that was given to answers; raise AutograderError where there is nothing."""
    lines = [line.line for one in chosen for line in one.given]
    if not lines:
        raise AutograderError("Nothing was given to these answers; choose others.")
    return withdraw(settlement, lines, who)


def confirm_all(settlement: Settlement, chosen: Sequence[Judged], who: str) -> Sequence[Adjustment]:
    """Let what was given for earlier answers count for these; raise AutograderError where there is nothing."""
    lines: Mapping[int, str] = {line: answer for one in chosen for line, answer in one.stale.items()}
    if not lines:
        raise AutograderError("None of these answers is to be looked at again; choose others.")
    return confirm(settlement, lines, who)


def _verify(chosen: Sequence[Judged], amount: Amount) -> None:
    """Raise AutograderError where a score would be below 0 or above what the question is worth; it names nobody."""
    worth = chosen[0].record.points
    if amount.points is not None and not -_TOLERANCE <= amount.points <= worth + _TOLERANCE:
        raise AutograderError(
            f"{points_of(amount.points)} points, and the question is worth {points_of(worth)}; give 0 to "
            f"{points_of(worth)}."
        )
    if amount.correction is None:
        return
    refused = [
        one.record.score
        for one in chosen
        if not -_TOLERANCE <= one.record.score + amount.correction <= one.record.points + _TOLERANCE
    ]
    if refused:
        raise AutograderError(
            f"{signed_points(amount.correction)} to {points_of(refused[0])} is not between 0 and the "
            f"{points_of(worth)} points of the question ({len(refused)} of {len(chosen)} chosen answers); correct by "
            "less, or choose others."
        )

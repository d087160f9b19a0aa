"""Add adjustments to an assignment: each is held against the results first, and all of them are added or none."""

import getpass
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.adjustments import Adjustment, Adjustments, Kind, adjustments_path, append
from autograder.course_tables import read_table
from autograder.errors import AutograderError
from autograder.plain_text import plain_text
from autograder.points import points_of, signed_points
from autograder.question_scores import question_scores
from autograder.results import HandStatus, Result, Status, read_result, read_results, result_path
from autograder.settlement import Settlement

__all__ = [
    "LONGEST_COMMENT",
    "ListedRow",
    "Overtaken",
    "account",
    "add",
    "confirm",
    "listed",
    "read_wishes",
    "wish",
    "withdraw",
]

_COLUMNS = ("student", "question", "points", "correction", "comment", "who")
LONGEST_COMMENT = 4_000
_TOLERANCE = 1e-6


class Overtaken(AutograderError):
    """What somebody wants to give rests on what is no longer so."""


def account() -> str:
    """Return the name of the account that runs this; raise AutograderError where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise AutograderError("This account has no name; say with --who who gives the points.") from error


def wish(
    where: str, *, student: str, question: str, points: float | None, correction: float | None, comment: str, who: str
) -> Adjustment:
    """Return what somebody wants to give; raise AutograderError, beginning with `where`, for what is none."""
    if not student or not question:
        raise AutograderError(f"{where}: say whose answer to which question: STUDENT and QUESTION.")
    if points is not None and correction is not None:
        raise AutograderError(f"{where}: give points, which replace what checks gave, or a correction, not both.")
    if len(comment) > LONGEST_COMMENT:
        raise AutograderError(
            f"{where}: the comment has {len(comment)} characters; at most {LONGEST_COMMENT} are kept."
        )
    amount = points if points is not None else correction
    if amount is None and not comment:
        raise AutograderError(f"{where}: give points, a correction or a comment.")
    if amount is not None and not math.isfinite(amount):
        raise AutograderError(f"{where}: {amount} is no number of points.")
    kind = Kind.POINTS if points is not None else Kind.CORRECTION if correction is not None else Kind.COMMENT
    return Adjustment(
        kind=kind, student=student, question=question, points=amount or 0.0, comment=comment, who=who, when=_now()
    )


def read_wishes(path: Path, who: str) -> Sequence[Adjustment]:
    """Return what a CSV file wants to give; raise AutograderError, with the line, for what is none."""
    wishes, seen = [], dict[tuple[str, str], str]()
    for row in read_table(path, _COLUMNS, ("student", "question")):
        cells = row.cells
        earlier = seen.setdefault((cells["student"], cells["question"]), row.where)
        if earlier != row.where:
            raise AutograderError(f"{row.where}: the same answer is in {earlier} already; give each one line.")
        wishes.append(
            wish(
                row.where,
                student=cells["student"],
                question=cells["question"],
                points=_number(cells.get("points", ""), row.where),
                correction=_number(cells.get("correction", ""), row.where),
                comment=cells.get("comment", ""),
                who=cells.get("who") or who,
            )
        )
    return wishes


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise AutograderError(f"{where}: {plain_text(text, 40)!r} is no number; write 2 or 2.5.") from None


def add(
    settlement: Settlement, wishes: Sequence[Adjustment], *, anew: bool = False, seen: int | None = None
) -> Sequence[Adjustment]:
    """Add what is not there yet; raise AutograderError for the first that cannot be given, and add nothing.

    What was given once and replaced by something else since is not there; without `anew` it is, so that a file that was
    imported before does not undo what people decided later. `seen` is the last line that whoever gives has seen: raise
    Overtaken where a later one is about one of these answers.
    """

    def make(known: Adjustments) -> Sequence[Adjustment]:
        if seen is not None:
            _refuse_overtaken(known, wishes, seen)
        lines, new = list(known.lines), []
        for one in wishes:
            now = settlement.with_adjustments(replace(known, lines=tuple(lines)))
            meant = _completed(now, one)
            if _is_there(now.adjustments, meant, anew=anew):
                continue
            meant = replace(meant, line=max((line.line for line in lines), default=0) + 1)
            _verify(now, meant)
            lines.append(meant)
            new.append(meant)
        return new

    return append(_path(settlement), make)


def withdraw(settlement: Settlement, lines: Collection[int], who: str) -> Sequence[Adjustment]:
    """Let lines count no more, all or none; raise AutograderError where one of them does not count."""
    return append(_path(settlement), _about(settlement, dict.fromkeys(lines, ""), Kind.WITHDRAWN, who))


def confirm(settlement: Settlement, lines: Mapping[int, str], who: str) -> Sequence[Adjustment]:
    """Let lines count for these answers, all or none; raise AutograderError where one of them does not count.

    An answer is the digest of one that was seen, "" for whatever is there now.
    """
    return append(_path(settlement), _about(settlement, lines, Kind.CONFIRMED, who))


def _about(
    settlement: Settlement, lines: Mapping[int, str], kind: Kind, who: str
) -> Callable[[Adjustments], Sequence[Adjustment]]:
    def make(known: Adjustments) -> Sequence[Adjustment]:
        standing = {one.line: one for several in known.in_force().values() for one in several}
        new = []
        for line, answer in lines.items():
            if line not in standing:
                raise AutograderError(
                    f"{known.path}: there is no number {line} that counts; `autograder adjust "
                    f"{settlement.assignment.name} --list` shows them."
                )
            one = standing[line]
            about = Adjustment(
                kind=kind, student=one.student, question=one.question, who=who, when=_now(), of=line, answer=answer
            )
            new.append(about if kind == Kind.WITHDRAWN else _completed(settlement, about))
        return new

    return make


def _refuse_overtaken(known: Adjustments, wishes: Sequence[Adjustment], seen: int) -> None:
    meant = {(one.student, one.question) for one in wishes}
    later = [one for one in known.lines if one.line > seen and (one.student, one.question) in meant]
    if later:
        who = ", ".join(sorted({plain_text(one.who, 40) or "somebody" for one in later}))
        raise Overtaken(
            f"{who} was at {len({one.student for one in later})} of these answers since this page was made; look at "
            "what stands there now, and give what is still missing."
        )


def _completed(settlement: Settlement, one: Adjustment) -> Adjustment:
    """Return it with the answer that it is for, and what checks gave; raise AutograderError for what is unknown.

    One that says already which answer it is for keeps that, so that it waits where the answer has changed since.
    """
    result = _result(settlement, one.student)
    if settlement.points(one.question, result) is None:
        raise AutograderError(
            f"{settlement.assignment.name} has no question {plain_text(one.question, 60)!r}; there are: "
            f"{', '.join(settlement.questions(result)) or 'none yet, for nobody is graded'}."
        )
    judged = question_scores(replace(result, by_hand=())).get(one.question)
    return replace(
        one,
        answer=one.answer or settlement.answer(result, one.question),
        checks=judged.score if judged is not None else None,
    )


def _result(settlement: Settlement, student: str) -> Result:
    folder, name = settlement.results, settlement.assignment.name
    path = result_path(folder, name, student)
    if path.parent != folder / name or not path.is_file():
        raise AutograderError(
            f"{folder / name} holds no result of {plain_text(student, 60)!r}; look for the ID there, or grade first."
        )
    result = read_result(path)
    if result.status == Status.FAILED:
        raise AutograderError(f"{student} could not be graded yet ({result.reason}); run `autograder grade {name}`.")
    return result


def _is_there(known: Adjustments, one: Adjustment, *, anew: bool) -> bool:
    """Return whether the same is said already; with `anew` only where nothing was said since."""
    given = known.in_force().get((one.student, one.question), ())
    given = given[-1:] if anew else given
    return any(_said(old) == _said(one) for old in given)


def _said(one: Adjustment) -> Adjustment:
    return replace(one, line=0, when="", checks=None, together="")


def _verify(settlement: Settlement, one: Adjustment) -> None:
    """Raise AutograderError where the points are beyond what the question is worth."""
    result = _result(settlement, one.student)
    worth = settlement.points(one.question, result) or 0.0
    where = f"{one.student}, {one.question}"
    if one.kind == Kind.POINTS and not -_TOLERANCE <= one.points <= worth + _TOLERANCE:
        raise AutograderError(
            f"{where}: {one.points:g} points for a question that is worth {points_of(worth)}; give 0 to "
            f"{points_of(worth)}."
        )
    if one.kind == Kind.CORRECTION:
        present = question_scores(settlement.of(result)).get(one.question)
        score = present.score if present is not None else 0.0
        if not -_TOLERANCE <= score + one.points <= worth + _TOLERANCE:
            raise AutograderError(
                f"{where}: {signed_points(one.points)} to {points_of(score)} is not between 0 and the "
                f"{points_of(worth)} points of the question; correct by less."
            )


@dataclass(frozen=True, kw_only=True)
class ListedRow:
    """One thing that people gave, or are asked for."""

    line: int
    """Its number; 0 for what nobody has given yet."""
    student: str
    question: str
    what: str
    state: str
    needs_person: bool
    who: str = ""
    when: str = ""
    comment: str = ""

    @property
    def text(self) -> str:
        """Return it as one line."""
        number = f"{self.line}: " if self.line else ""
        what = f"{self.what}, " if self.what else ""
        by = f" ({self.who}, {self.when[:10]})" if self.who else ""
        comment = f": {self.comment}" if self.comment else ""
        return f"{number}{self.student}, {self.question}: {what}{self.state}{by}{comment}"


def listed(settlement: Settlement) -> Iterator[ListedRow]:
    """Yield all that counts or is to be looked at again, and then the answers that wait for a person."""
    given = settlement.adjustments.in_force()
    results: dict[str, Result] = {}
    for result in read_results(settlement.results, settlement.assignment.name):
        results[result.student] = settlement.of(result)
    for (student, question), several in sorted(given.items()):
        yield from _given(settlement, results.get(student), question, several)
    for student, result in sorted(results.items()):
        for one in result.by_hand:
            if one.status == HandStatus.WAITING:
                yield ListedRow(
                    line=0, student=student, question=one.question, what="", state="needs a person", needs_person=True
                )


def _given(
    settlement: Settlement, result: Result | None, question: str, several: Sequence[Adjustment]
) -> Iterator[ListedRow]:
    answer = settlement.answer(result, question) if result is not None else ""
    judged = question_scores(replace(result, by_hand=())).get(question) if result is not None else None
    looked = max((one.line for one in several if one.answer == answer), default=0)
    for one in several:
        stale = result is not None and one.answer != answer and one.line > looked
        state = (
            "there is no result now"
            if result is None
            else "there is no such question now"
            if settlement.points(question, result) is None
            else "the answer has changed: --confirm, --undo or give others"
            if stale
            else "replaced: the answer has changed since"
            if one.answer != answer
            else "counts"
        )
        if judged is not None and one.checks is not None and abs(judged.score - one.checks) > _TOLERANCE:
            state += f"; checks gave {points_of(one.checks)} then, {points_of(judged.score)} now"
        what = {Kind.POINTS: f"= {points_of(one.points)}", Kind.CORRECTION: signed_points(one.points)}.get(one.kind, "")
        yield ListedRow(
            line=one.line,
            student=one.student,
            question=question,
            what=what,
            state=state,
            needs_person=stale,
            who=one.who,
            when=one.when,
            comment=one.comment,
        )


def _path(settlement: Settlement) -> Path:
    return adjustments_path(settlement.course.root, settlement.assignment.name)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")

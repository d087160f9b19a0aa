"""Take back what people typed into formgrader, as adjustments: each once, and nothing over what was decided since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.adjusting import LONGEST_COMMENT, add, wish, withdraw
from autograder.adjustments import Adjustment
from autograder.errors import AutograderError
from autograder.gradebook.database import Typed, read_typed
from autograder.gradebook.entries import (
    Entry,
    Written,
    lines_in_force,
    read_written,
    unharmed,
    with_given,
    write_written,
)
from autograder.gradebook.folder import DATABASE, WRITTEN
from autograder.points import points_of
from autograder.question_scores import QuestionScore, question_scores
from autograder.results import Result
from autograder.settlement import Settlement, open_settlement

__all__ = ["ReadBack", "read_back", "unread"]

_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """What was taken from formgrader, and what was not."""

    new: Sequence[Adjustment] = ()
    problems: Sequence[str] = ()
    """What was typed and does not count, a sentence each."""


def read_back(settlement: Settlement, results: Mapping[str, Result], folder: Path, who: str) -> ReadBack:
    """Add what was typed since the gradebook was written; `results` are settled, by student.

    What cannot be taken stays in formgrader and is said; the rest is added. A second time adds nothing.
    """
    name = settlement.assignment.name
    written = read_written(folder / WRITTEN, name)
    typed = read_typed(folder / DATABASE, written.cells)
    known = {student: dict(several) for student, several in written.students.items()}
    wishes, replaced, taken, problems = list[Adjustment](), list[int](), list[tuple[str, str]](), list[str]()
    for (student, question), there in sorted(typed.items()):
        before = known.get(student, {}).get(question)
        if before is None or _same(there, before):
            continue
        result = results.get(student)
        score = _score(settlement, result, question) if result is not None else None
        if result is None or score is None:
            problems.append(f"{student}, {question}: there is no result of it now; grade {name} again, and read again.")
            continue
        lines = lines_in_force(settlement, student).get(question, ())
        now = with_given(before, score, lines)
        if _same(there, now) and before.answer == settlement.answer(result, question):
            taken.append((student, question))
            continue
        problem = _problem(there, before, lines, score.points, name)
        if problem:
            problems.append(f"{student}, {question}: {problem}")
            continue
        wishes.append(_wish(student, question, there, before, who))
        replaced.extend(lines if before.manual_comment and there.manual_comment != before.manual_comment else ())
        taken.append((student, question))
    new = add(settlement, wishes, anew=True) if wishes else ()
    for line in replaced:
        withdraw(settlement, [line], who)
    after = open_settlement(settlement.course, settlement.assignment, settlement.results)
    for student, question in taken:
        there, before = typed[student, question], known[student][question]
        known[student][question] = replace(
            before,
            manual_score=there.manual_score,
            extra_credit=there.extra_credit,
            manual_comment=there.manual_comment,
            lines=tuple(lines_in_force(after, student).get(question, ())),
        )
    if taken:
        write_written(folder / WRITTEN, Written(assignment=name, cells=written.cells, students=known))
    return ReadBack(new=new, problems=problems)


def _score(settlement: Settlement, result: Result, question: str) -> QuestionScore | None:
    """Return what a question is worth now, 0 where a result says nothing of it; None for what is no question."""
    points = settlement.points(question, result)
    nothing = QuestionScore(score=0.0, points=points, attempted=False) if points is not None else None
    return question_scores(result).get(question, nothing)


def _same(there: Typed, entry: Entry) -> bool:
    """Say whether formgrader shows what an entry says."""
    return _same_points(there, entry) and (there.manual_comment or "") == (entry.manual_comment or "")


def _same_points(there: Typed, entry: Entry) -> bool:
    if (there.manual_score is None) != (entry.manual_score is None):
        return False
    shown = replace(entry, manual_score=there.manual_score, extra_credit=there.extra_credit)
    return shown.score == entry.score or abs((shown.score or 0.0) - (entry.score or 0.0)) <= _TOLERANCE


def _problem(there: Typed, before: Entry, lines: Sequence[int], worth: float, name: str) -> str:
    """Return why something typed is not taken; "" where it is."""
    if tuple(lines) != before.lines:
        return (
            "it was changed here and in formgrader since the gradebook was written, and neither was overwritten; "
            f"settle it with `autograder adjust {name}`, and type the same in formgrader."
        )
    if (before.manual_score is not None and there.manual_score is None) or (
        before.manual_comment and not there.manual_comment
    ):
        return (
            f"it was cleared in formgrader; take it back with `autograder adjust {name} --undo N` (--list shows N), or "
            "type it again."
        )
    if len(there.manual_comment or "") > LONGEST_COMMENT:
        return f"the comment has more than {LONGEST_COMMENT} characters; shorten it in formgrader."
    if not _same_points(there, before):
        score = replace(before, manual_score=there.manual_score, extra_credit=there.extra_credit).score
        if score is None or not -_TOLERANCE <= score <= worth + _TOLERANCE:
            said = points_of(score) if score is not None else "extra credit alone"
            return (
                f"{said} for a question that is worth {points_of(worth)}; type 0 to {points_of(worth)} in formgrader."
            )
    return ""


def _wish(student: str, question: str, there: Typed, before: Entry, who: str) -> Adjustment:
    """Return what a person wants to give; it is for the answer that formgrader showed them."""
    score = replace(before, manual_score=there.manual_score, extra_credit=there.extra_credit).score
    comment = there.manual_comment or ""
    is_new = comment != (before.manual_comment or "")
    has_points = not _same_points(there, before) or (before.manual_score is not None and is_new)
    made = wish(
        f"{student}, {question}",
        student=student,
        question=question,
        points=score if has_points else None,
        correction=None,
        comment=unharmed(comment).strip() if is_new or has_points else "",
        who=who,
    )
    return replace(made, answer=before.answer)


def unread(folder: Path, problems: Sequence[str]) -> AutograderError:
    """Return what is to be said where a gradebook is not replaced, since something in it would be lost."""
    return AutograderError(f"{folder} was not written anew, since this would be lost: {problems[0]}")

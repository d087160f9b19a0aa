"""Say what formgrader is to show of each student, and remember what it was, so that what people changed is known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder.atomic_files import write_atomically
from autograder.course import Assignment, FeedbackLevel
from autograder.errors import AutograderError
from autograder.feedback.feedback import Graded, gather
from autograder.question_scores import QuestionScore, question_scores
from autograder.results import CheckRecord, Result
from autograder.settlement import Settlement

__all__ = [
    "Entry",
    "Written",
    "entries",
    "harmless",
    "lines_in_force",
    "read_written",
    "unharmed",
    "with_given",
    "write_written",
]

_GUARD = "\u200b"
_OPENS_SOMETHING = re.compile(r"<|\](?=[(:\[])")
_GUARDED = re.compile(rf"([<\]]){_GUARD}")
_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One question of one student, as formgrader shows it."""

    auto_score: float | None = None
    """What checks gave; None where only a person can judge."""
    manual_score: float | None = None
    """What people have made of it; None where nobody has."""
    extra_credit: float | None = None
    auto_comment: str | None = None
    manual_comment: str | None = None
    needs_person: bool = False
    answer: str = ""
    """The digest of the answer that is shown."""
    lines: tuple[int, ...] = ()
    """The numbers of the adjustments that were in force."""

    @property
    def score(self) -> float | None:
        """Return what the question is worth in formgrader; None where nobody has said."""
        base = self.auto_score if self.manual_score is None else self.manual_score
        return base if base is None else base + (self.extra_credit or 0.0)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written into a gradebook, by student and question."""

    assignment: str
    schema: int = 1
    cells: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The cells with the points and with the comment, by question."""
    students: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)


def read_written(path: Path, assignment: str) -> Written:
    """Return what was written; raise AutograderError where that cannot be known."""
    try:
        written = msgspec.json.decode(path.read_bytes(), type=Written)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AutograderError(
            f"{path.parent} is no gradebook that `autograder gradebook` wrote ({path.name} cannot be read); give its "
            f"folder with --output, or move this one away and write it again."
        ) from error
    if written.assignment != assignment:
        raise AutograderError(f"{path.parent} is the gradebook of {written.assignment}, not of {assignment}.")
    return written


def write_written(path: Path, written: Written) -> None:
    """Keep what was written."""
    write_atomically(path, msgspec.json.encode(written))


def entries(
    settlement: Settlement, assignment: Assignment, result: Result, level: FeedbackLevel, questions: Iterable[str] = ()
) -> Mapping[str, Entry]:
    """Return what formgrader is to show of a settled result, by question.

    Of `questions` that it says nothing of, as where no notebook was handed in, a person may give points all the same.
    """
    found = {question: Entry(auto_score=0.0) for question in questions}
    answers = settlement.answers(result)
    given = lines_in_force(settlement, result.student)
    feedback = {one.name: one for one in gather(Graded(assignment=assignment, result=result), level).questions}
    checks = _checks(result.checks)
    for question, score in question_scores(result).items():
        told = feedback[question]
        found[question] = with_given(
            Entry(
                auto_score=checks.get(question, None if question in settlement.by_people else 0.0),
                auto_comment=harmless(told.hint) or None,
                answer=answers.get(question, ""),
            ),
            score,
            given.get(question, ()),
        )
    return found


def with_given(entry: Entry, score: QuestionScore, lines: Sequence[int]) -> Entry:
    """Return an entry with what people have given by now."""
    asked = entry.auto_score is None
    waits = score.needs_person or score.look_again
    judged = bool(lines) and not waits if asked else abs(score.by_hand) > _TOLERANCE
    auto, manual = entry.auto_score, score.score if judged else None
    if asked and not waits and not lines:
        auto = 0.0  # left as it was: nobody waits for it
    return Entry(
        auto_score=auto,
        manual_score=manual,
        auto_comment=entry.auto_comment,
        manual_comment=harmless("\n\n".join(score.comments)) or None,
        needs_person=waits,
        answer=entry.answer,
        lines=tuple(lines),
    )


def lines_in_force(settlement: Settlement, student: str) -> Mapping[str, Sequence[int]]:
    """Return the numbers of what people gave to a student that counts, or waits to, by question."""
    given = settlement.given.get(student, {})
    return {question: tuple(one.line for one in several) for question, several in given.items()}


def _checks(records: Iterable[CheckRecord]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for record in records:
        found[record.question] = round(found.get(record.question, 0.0) + record.score, 6)
    return found


def harmless(text: str) -> str:
    """Return text that holds no HTML, not even where it is taken for Markdown, and looks the same."""
    return _OPENS_SOMETHING.sub(rf"\g<0>{_GUARD}", text)


def unharmed(text: str) -> str:
    """Return text as it was before `harmless`."""
    return _GUARDED.sub(r"\1", text)

"""Describe known answers: right ones that must earn every point, and wrong ones that must lose some.

An assignment keeps its own in `tests/<assignment>/known_answers.py`: a list `ANSWERS` of `Right` and `Wrong`, a list
`HARMLESS` that explains the generated mutants that rightly keep every point, and a list `SHOWN` with the lines of the
solution that the release shows on purpose.
"""

import re
import runpy
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from autograder.errors import ValidationError
from autograder.notebooks import KNOWN_ANSWERS

__all__ = ["Answer", "Edit", "Harmless", "KnownAnswers", "Right", "Wrong", "answered", "read_answers"]


_READ = ("ANSWERS", "HARMLESS", "SHOWN")


@dataclass(frozen=True)
class Edit:
    """Replace a piece of the solution; it must occur there exactly once."""

    old: str
    new: str


@dataclass(frozen=True)
class Answer:
    """A way to answer one or several questions; what it leaves out is answered as the solution does."""

    name: str
    """What is special about it, in a few words; unique in its assignment."""
    cells: Mapping[str, str | Edit | Sequence[Edit]] = field(kw_only=True)
    """By question: the answer's whole cell, or what to replace in the solution's."""
    is_right: ClassVar[bool]


@dataclass(frozen=True)
class Right(Answer):
    """An answer that must earn every point."""

    is_right: ClassVar[bool] = True


@dataclass(frozen=True)
class Wrong(Answer):
    """An answer that must lose points in a check of one of its questions."""

    hint: str = field(default="", kw_only=True)
    """What must occur in the one message that the student is shown; "" where no check knows this slip by name."""
    also: Sequence[str] = field(default=(), kw_only=True)
    """What else may occur in a check's message and is true of this answer; any other cause is a wrong one."""
    warned: bool = field(default=False, kw_only=True)
    """Whether the text warns of this slip: then a public check must catch it, so that students see it themselves."""
    is_right: ClassVar[bool] = False


@dataclass(frozen=True)
class Harmless:
    """Explain generated mutants that rightly keep every point: they compute the same, or what is as good."""

    question: str
    old: str
    """The solution's line, or a part that no other line of the question has."""
    new: str = field(default="", kw_only=True)
    """The mutant's line, or a part of it; "" for every mutant of that line."""
    reason: str = field(kw_only=True)


@dataclass(frozen=True, kw_only=True)
class KnownAnswers:
    """What an assignment's author knows of answers to it."""

    answers: Sequence[Answer] = ()
    harmless: Sequence[Harmless] = ()
    shown: Sequence[str] = ()


def read_answers(checks: Path, solution: Mapping[str, str]) -> KnownAnswers:
    """Return the known answers beside the checks; none where there is no file of them.

    `solution` holds the solution's cells by question. Raise ValidationError that says what is wrong, and where.
    """
    path = checks / KNOWN_ANSWERS
    if not path.is_file():
        _refuse_misnamed(checks)
        return KnownAnswers()
    where = f"tests/{checks.name}/{path.name}"
    try:
        values = runpy.run_path(str(path))
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f", line {frame.lineno}" for frame in reversed(frames) if frame.filename == str(path)), "")
        raise ValidationError(f"{where}{line}: it raised {type(error).__name__}: {error}; mend it.") from error
    _refuse_unread(values, where)
    answers: Sequence[Answer] = _list_of(values, "ANSWERS", Answer, where)
    seen: set[str] = set()
    for answer in answers:
        if answer.name in seen:
            raise ValidationError(f"{where}: the name {answer.name!r} is there twice; give each answer one of its own.")
        seen.add(answer.name)
        try:
            answered(answer, solution)
        except ValidationError as error:
            raise ValidationError(f"{where}, {answer.name!r}: {error}") from error
    return KnownAnswers(
        answers=answers,
        harmless=_list_of(values, "HARMLESS", Harmless, where),
        shown=_list_of(values, "SHOWN", str, where),
    )


def _refuse_misnamed(checks: Path) -> None:
    """Raise ValidationError where the file of known answers is there under another name."""
    for path in sorted(checks.glob("*.py")):
        if re.search(r"^ANSWERS\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            raise ValidationError(f"tests/{checks.name}/{path.name} is not read; call the file {KNOWN_ANSWERS}.")


def _refuse_unread(values: Mapping[str, Any], where: str) -> None:
    """Raise ValidationError for a list of answers under a name that nobody reads."""
    for name, value in values.items():
        if name not in _READ and isinstance(value, list) and any(isinstance(one, Answer | Harmless) for one in value):
            raise ValidationError(f"{where}: {name} is not read; call it {' or '.join(_READ[:2])}.")


def _list_of(values: Mapping[str, Any], name: str, kind: type, where: str) -> list[Any]:
    found = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, kind) for item in found):
        raise ValidationError(f"{where}: {name} must be a list of {kind.__name__}; write {name} = […].")
    return found


def answered(answer: Answer, solution: Mapping[str, str]) -> dict[str, str]:
    """Return the whole cell for each question that the answer is about; raise ValidationError where it fits none."""
    if not isinstance(answer.cells, Mapping):
        raise ValidationError('its cells name no question; write cells={"question": …}.')
    if not answer.cells:
        raise ValidationError("it answers nothing; name at least one question in cells={…}.")
    cells = {}
    for question, change in answer.cells.items():
        if question not in solution:
            raise ValidationError(f"there is no question {question!r}; name one of {sorted(solution)}.")
        cells[question] = change if isinstance(change, str) else _edited(solution[question], change)
    return cells


def _edited(source: str, edits: Edit | Iterable[Edit]) -> str:
    for edit in [edits] if isinstance(edits, Edit) else edits:
        if source.count(edit.old) != 1:
            raise ValidationError(
                f"{edit.old!r} occurs {source.count(edit.old)} times in the solution, and must be there once; quote "
                "another piece."
            )
        source = source.replace(edit.old, edit.new)
    return source

"""Render the class report: one self-contained HTML page, readable on a laptop, on a phone and on paper.

Everything that a student can influence (names, hints, errors) goes through `plain_text` and is escaped, and the
template cannot forget it: both happen to every value that it prints.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import jinja2
import markupsafe

from autograder.pages import page_environment, percent, width
from autograder.plain_text import plain_text
from autograder.points import signed_points
from autograder.question_scores import QuestionScore, question_scores
from autograder.report.attention import Attention, Concern
from autograder.report.course_figures import CourseFigures
from autograder.report.differences import Difference
from autograder.report.statistics import ClassFigures, QuestionFigures, class_figures
from autograder.report.table_sorting import SCRIPT, script_source
from autograder.results import Result, Status

__all__ = ["class_page"]

_HINTS_SHOWN = 8
_STUDENTS_SHOWN = 6
_TEN = 10
_MINUTE = 60
_HOUR = 3600
_GIGABYTE = 1000

_STAGES = {
    "start": "Starting sandboxes",
    "notebook": "Running notebooks",
    "answers": "Student code answering checks",
    "checks": "Checks and reference",
    "": "Everything else",
}
_CONCERNS = {
    Concern.FAILED: (
        "Not graded: the grader failed",
        "No fault of the student's, so there is no score. Run {command} again: it does only what is left.",
    ),
    Concern.CHECK_RAISED: (
        "A check itself raised",
        "The check meets an answer that its author did not foresee. Mend the check, then run {command} again.",
    ),
    Concern.UNSANDBOXED: (
        "Graded without a sandbox",
        "Student code ran with the rights of the account that graded (`--sandbox none`): it could read its files.",
    ),
    Concern.OTHER_CHECKS: (
        "Graded with other checks than most of the class",
        "The checks changed between two batches. Run {command} again, so that all scores compare.",
    ),
    Concern.INVALID: (
        "Cannot be read: score 0",
        "Ask for the notebook again, put it in place, and run {command} again.",
    ),
    Concern.TIMEOUT: (
        "Ran out of time",
        "An endless loop, or training that is longer than the budget allows.",
    ),
    Concern.CRASHED: (
        "Crashed or ran out of memory",
        "The process ended while it ran the student's code.",
    ),
    Concern.OTHER_NOTEBOOK: (
        "Handed in several notebooks",
        "Ask which one counts where it may be the other; with that one alone in place, run {command} again.",
    ),
    Concern.FILE_MISSING: (
        "Without a file that is part of the answer",
        "The release's was graded in its place. Ask for the file, put it beside the notebook, and run {command} again.",
    ),
    Concern.RENAMED: (
        "Handed in under another name, in another place or format",
        "Graded all the same: there was no doubt which notebook is meant.",
    ),
    Concern.TIMESTAMP: (
        "Time of submission cannot be read",
        "Counted as on time. Mend timestamp.txt beside the notebook where that is wrong.",
    ),
    Concern.NEEDS_PERSON: (
        "Needs a person",
        "No check can judge these answers: give points with `autograder adjust`.",
    ),
    Concern.LOOK_AGAIN: (
        "To be looked at again",
        "The answer has changed since a person judged it: their points wait for `autograder adjust --confirm`.",
    ),
    Concern.TOO_LATE: (
        "Handed in after the last day",
        "Grant an extension in extensions.csv where that is not as it should be; nothing is graded again for it.",
    ),
    Concern.OTHER_FLAG: ("Flagged", "See the result file."),
}
_OURS = {Concern.FAILED, Concern.CHECK_RAISED, Concern.UNSANDBOXED, Concern.OTHER_CHECKS}


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One line of the students' table; `row` is its anchor, since a student's name cannot be trusted to be one."""

    row: str
    result: Result
    questions: tuple[QuestionScore | None, ...]

    @property
    def scored(self) -> bool:
        return self.result.status != Status.FAILED


@dataclass(frozen=True, kw_only=True)
class _Group:
    """One reason for attention, in words, with the submissions concerned."""

    title: str
    advice: str
    ours: bool
    everyone: bool
    attention: Attention


def class_page(
    title: str,
    assignment: str,
    results: Sequence[Result],
    *,
    course: CourseFigures = CourseFigures(),  # noqa: B008 - it cannot be changed
    demo_secret: bool = False,
    made_at: datetime,
) -> str:
    """Return the class report of one assignment as HTML text.

    `title` is the assignment's title and `assignment` its name; `course` is what stands beside its results;
    `demo_secret` says that hidden inputs were derived from the secret that everybody knows. The page needs no other
    file and no JavaScript, which only lets the table be sorted.
    """
    ordered = sorted(results, key=lambda result: (result.student.casefold(), result.student))
    figures = class_figures(ordered)
    rows = _rows(ordered, figures)
    moved = _most_moved(course)
    whys = {", ".join(one.why) for one in moved}
    template = _environment().get_template("class_page.html")
    return template.render(
        title=title,
        assignment=assignment,
        made_at=made_at,
        demo_secret=demo_secret,
        figures=figures,
        course=course,
        moved=moved,
        one_why=whys.pop() if len(whys) == 1 else "",
        hardest=_hardest(figures.questions),
        hints=figures.hints[:_HINTS_SHOWN],
        rarer_hints=figures.hints[_HINTS_SHOWN:],
        groups=[_group(attention, figures, f"`autograder grade {assignment}`") for attention in figures.attention],
        rows=rows,
        late=[result for result in ordered if result.lateness],
        adjusted=any(
            question is not None and (question.by_hand or question.needs_person or question.look_again)
            for row in rows
            for question in row.questions
        ),
        carried=any(question is not None and question.carried for row in rows for question in row.questions),
        anchors={result.student: f"student-{n}" for n, result in enumerate(ordered, start=1)},
        students_shown=_STUDENTS_SHOWN,
        stage_names=_STAGES,
        script=markupsafe.Markup(SCRIPT),  # noqa: S704 - a constant of ours
        script_source=script_source(),
        devices=", ".join(sorted({result.device for result in ordered if result.status == Status.GRADED})),
    )


def _environment() -> jinja2.Environment:
    """Return the templates' environment, with the words for figures."""
    environment = page_environment(Path(__file__).parent)
    environment.filters |= {
        "clip": plain_text,
        "code": _code_spans,
        "count": _count,
        "duration": _duration,
        "memory": _memory,
        "percent": percent,
        "number": _number,
        "signed": signed_points,
        "width": width,
        "words": _name_parts,
    }
    return environment


def _hardest(questions: Sequence[QuestionFigures]) -> QuestionFigures | None:
    """Return the question that lost the greatest share of its points; None where none was lost or there is one only."""
    worth = [question for question in questions if question.points > 0]
    hardest = min(worth, key=lambda question: question.mean / question.points, default=None)
    if hardest is None or len(worth) == 1 or hardest.passed == hardest.total:
        return None
    return hardest


def _most_moved(course: CourseFigures) -> Sequence[Difference]:
    """Return what changed since the last grading, who lost the most points first, then who won the most."""
    differences = course.comparison.differences if course.comparison else ()
    return sorted(differences, key=lambda one: (one.change >= 0, -abs(one.change), one.student))


def _group(attention: Attention, figures: ClassFigures, command: str) -> _Group:
    title, advice = _CONCERNS[attention.concern]
    return _Group(
        title=title,
        advice=advice.replace("{command}", command),
        ours=attention.concern in _OURS,
        everyone=len(attention.items) >= figures.graded > 1 and not any(item.detail for item in attention.items),
        attention=attention,
    )


def _rows(results: Sequence[Result], figures: ClassFigures) -> Sequence[_Row]:
    rows = []
    for n, result in enumerate(results, start=1):
        earned = question_scores(result)
        cells = tuple(earned.get(question.question) for question in figures.questions)
        rows.append(_Row(row=f"student-{n}", result=result, questions=cells))
    return rows


def _number(value: float) -> str:
    """Return points or a count as people write them: 2, 2.5, 2.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if math.isfinite(value) else "?"


def _count(number: int, noun: str) -> str:
    """Return the number with its noun: 1 student, 2 students."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _duration(seconds: float) -> str:
    """Return a time in the units that fit it."""
    if seconds < _TEN:
        return f"{seconds:.1f} s"
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def _memory(megabytes: float) -> str:
    """Return an amount of memory in the unit that fits it."""
    return f"{megabytes:.0f} MB" if megabytes < _GIGABYTE else f"{megabytes / _GIGABYTE:.1f} GB"


def _code_spans(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a hint, each with whether it stood between backticks."""
    for piece in re.split(r"(`[^`]+`)", text):
        if piece:
            is_code = len(piece) > 1 and piece[0] == piece[-1] == "`"
            yield is_code, piece.strip("`") if is_code else piece


def _name_parts(name: str) -> Sequence[str]:
    """Return a name in the pieces between which a line may break: after underscores."""
    return re.findall(r"[^_]*_+|[^_]+$", name)

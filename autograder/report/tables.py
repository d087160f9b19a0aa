"""Write the tables of a class report as CSV, one file each: for a spreadsheet, a notebook, or the staff's own plots."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from autograder.plain_text import guarded, plain_lines
from autograder.question_scores import question_scores
from autograder.report.course_figures import CourseFigures
from autograder.report.difference_table import as_csv
from autograder.report.statistics import ClassFigures
from autograder.results import Result, Status

__all__ = ["class_tables"]


def class_tables(figures: ClassFigures, course: CourseFigures, results: Sequence[Result]) -> Mapping[str, str]:
    """Return the tables of a class report by the names of their files, each as CSV text; text never begins a formula.

    Points are points, shares are in [0, 1], times are in seconds, memory in MB; empty is what is not known.
    """
    tables = {
        "scores": _scores(figures),
        "questions": _fields(
            figures.questions, "question", "points", "passed", "partial", "failed", "not_attempted", "mean"
        ),
        "checks": _fields(
            figures.checks,
            *("id", "question", "points", "public", "passed", "total", "difficulty", "discrimination"),
        ),
        "hints": _rows(
            ("question", "hint", "students", "points_lost", "who"),
            ([h.question, h.text, len(h.students), h.points_lost, "; ".join(h.students)] for h in figures.hints),
        ),
        "attention": _rows(
            ("concern", "student", "detail"),
            ([str(a.concern), item.student, item.detail] for a in figures.attention for item in a.items),
        ),
        "students": _students(figures, results),
        "time": _rows(
            ("stage", "seconds", "share"),
            ([s.stage or "other", s.seconds, s.share] for s in (figures.time.stages if figures.time else ())),
        ),
        "sections": _fields(course.sections, "section", "people", "scored", "without", "mean", "median"),
        "assignments": _fields(
            course.assignments,
            *("assignment", "scored", "late", "invalid", "lower", "median", "upper", "waiting"),
        ),
    }
    if course.comparison is not None:
        tables["changes"] = as_csv(course.comparison)
    return {f"{name}.csv": text for name, text in tables.items()}


def _scores(figures: ClassFigures) -> str:
    return _fields(figures.scores.bins, "low", "high", "count")


def _students(figures: ClassFigures, results: Sequence[Result]) -> str:
    names = [question.question for question in figures.questions]
    columns = ("student", "status", "score", "max_score", "late_days", "penalty", "seconds", "memory_mb", "flags")
    return _rows((*columns, *(f"points: {name}" for name in names)), (_student(result, names) for result in results))


def _student(result: Result, names: Sequence[str]) -> list[object]:
    earned = question_scores(result)
    score: object = result.score if result.status != Status.FAILED else None
    memory = max((check.memory_mb for check in result.checks), default=None)
    row: list[object] = [result.student, str(result.status), score, result.max_score, result.late_days, result.penalty]
    row += [result.seconds, memory, " ".join(map(str, result.flags))]
    return [*row, *(earned[name].score if name in earned else None for name in names)]


def _fields(several: Iterable[object], *names: str) -> str:
    return _rows(names, ([getattr(one, name) for name in names] for one in several))


def _rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return file.getvalue()


def _cell(cell: object) -> object:
    return guarded(plain_lines(cell)) if isinstance(cell, str) else cell

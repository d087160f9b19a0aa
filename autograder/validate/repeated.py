"""Judge answers more often than once: for many students, in other orders, in the notebook as in grading."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from autograder.checks.catalogue import Check
from autograder.course import Assignment, Course
from autograder.validate.answers import KnownAnswers
from autograder.validate.both_worlds import Passed, differences_of_worlds, run_in_notebook
from autograder.validate.candidates import Candidate, candidates_of, of_other_kinds
from autograder.validate.many_students import FalseFails, false_fails, losses, series_of_students
from autograder.validate.order import differences_of_order, independent_checks, series_of_orders
from autograder.validate.series_process import Series, SeriesConfig, SeriesProcess

__all__ = ["Material", "Repeated", "judge_repeatedly", "parts_passed"]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What is known of an assignment before anything is judged."""

    course: Course
    assignment: Assignment
    checks: Sequence[Check]
    release: Mapping[str, Any]
    """The release's notebook, as JSON."""
    solutions: Path
    """The notebook of the solutions."""
    solution: Mapping[str, str]
    """Its cells, by question."""
    known: KnownAnswers
    personal: frozenset[str]
    """Questions that differ from student to student."""
    left_out: frozenset[str]
    """Questions whose answers are not judged."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What came of it."""

    false_fails: Sequence[FalseFails]
    passed_in_notebook: Passed
    """Of the solution, in the notebook itself."""
    findings: Sequence[str]
    independent: frozenset[str]
    """Checks that were judged alone, where none depends on others."""


def judge_repeatedly(
    material: Material,
    *,
    students: int,
    thorough: bool,
    isolated: bool,
    workers: int | None,
    watch: Callable[[str, int, int], None],
) -> Repeated:
    """Return how the cheap checks judge known answers; without `thorough` the solution, right ones for students."""
    answers = candidates_of(material.solution, material.known, material.left_out)
    whole = replace(answers[0], questions=frozenset(material.solution))
    candidates = [whole, *(answers[1:] if thorough else ())]
    config = SeriesConfig(
        course=material.course,
        assignment=material.assignment.name,
        release=material.release,
        isolated=isolated,
        workers=workers or len(os.sched_getaffinity(0)),
    )
    with ThreadPoolExecutor() as beside, SeriesProcess(config) as process:
        kinds = of_other_kinds(answers[0], process.values, material.course.libraries)
        in_notebook = beside.submit(_in_notebook, material, [*candidates, *kinds], config.workers)
        orders = process.run(_orders(candidates, kinds, material.checks), partial(watch, "orders"))
        passed = in_notebook.result()
        of_students = series_of_students(answers, material.checks, material.personal, students)
        judged = process.run(of_students, partial(watch, "hundreds of students"))
    return Repeated(
        false_fails=false_fails(judged, material.checks),
        passed_in_notebook=passed[candidates[0].name],
        findings=[
            *losses(answers, judged),
            *differences_of_order(candidates, orders),
            *differences_of_worlds([*candidates, *kinds], material.checks, orders, passed),
        ],
        independent=independent_checks(candidates, orders),
    )


def _orders(candidates: Sequence[Candidate], kinds: Sequence[Candidate], checks: Sequence[Check]) -> list[Series]:
    """Return the orders of each candidate's checks; of other kinds of values the public ones alone, in one order."""
    of_answers = (series_of_orders(one, one.checks(checks), thorough=True) for one in candidates)
    of_kinds = (series_of_orders(one, one.checks(checks, public_only=True), thorough=False)[:1] for one in kinds)
    return [series for some in (*of_answers, *of_kinds) for series in some if series.checks]


def _in_notebook(material: Material, candidates: Sequence[Candidate], workers: int) -> dict[str, Passed]:
    """Run the candidates in the notebook, where no public check may fail the solution."""
    return run_in_notebook(
        *(material.solutions, candidates, material.course.libraries, material.assignment.budget, workers),
        files=material.assignment.files,
    )


def parts_passed(passed: Passed) -> dict[str, float]:
    """Return by question the part of its checks that pass."""
    return {question: sum(checks.values()) / len(checks) for question, checks in passed.items()}

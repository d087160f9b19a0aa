"""Try out an assignment before any student sees it: grade right and wrong answers to it, look for leaks, judge."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from autograder.answer_files import answers_in_files
from autograder.authoring.assignment import Tree, build_trees, compare
from autograder.cell_code import defined_names
from autograder.checks.catalogue import Check, collect_checks
from autograder.checks.secret import has_demo_secret, read_secret
from autograder.course import Assignment, Budget, Course
from autograder.errors import ValidationError
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Engine
from autograder.notebooks import Tag
from autograder.own_notebooks import solution_cells, tags_of, without_task
from autograder.results import Result
from autograder.validate.answers import KnownAnswers, answered, read_answers
from autograder.validate.findings import Cost, Extent, Validation, judge
from autograder.validate.hidden_data import traces_of
from autograder.validate.kill_table import KillTable, Row, row_of_answer, row_of_mutant, worst
from autograder.validate.leaks import Hidden, find_leaks
from autograder.validate.mutants import Mutant, evenly, mutants_of
from autograder.validate.repeated import Material, judge_repeatedly, parts_passed
from autograder.validate.run_release import run_release
from autograder.validate.spread import spreads
from autograder.validate.trials import Trial, Trials

__all__ = ["TrialContext", "Watch", "validate"]

_MORE_IDS = "abcdefg"
"""Where a question differs from student to student, a mutant may be right for one of them: it is tried with more."""

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class TrialContext:
    """Where the answers are graded."""

    engine: Engine
    device: str
    sandbox: str
    workers: int | None = None
    """Answers judged at a time; None: as many as there are cores."""
    kept: Path
    """Folder for what was graded, to be used again as long as nothing that it depends on has changed."""


def validate(course: Course, assignment: Assignment, extent: Extent, context: TrialContext, watch: Watch) -> Validation:
    """Return what is known about an assignment; `watch` hears of each stage and how many of how many are done.

    Raise ValidationError, BuildError or GraderError where it cannot be validated at all.
    """
    release, solutions = build_trees(course, assignment)
    _require_built(release, solutions, course)
    checks = list(collect_checks(course.checks_folder(assignment.name)))
    source = _source(course, assignment)
    in_files = answers_in_files(course.source_notebook(assignment.name).parent, assignment.files)
    solution = solution_cells(json.loads(solutions.files[Path(f"{assignment.name}.ipynb")]))
    solution |= {question: without_task(answer) for question, answer in in_files.items()}
    known = read_answers(course.checks_folder(assignment.name), solution)
    trials = _trials(course, assignment, release, context)

    slow = _slow_questions(checks) if extent.quick else frozenset()
    mutants = _mutants(source, in_files, extent, slow)
    attempts = _attempts(
        _Answered(solution, assignment.budget, checks, slow, personal=_personal_questions(source)), known, mutants
    )
    both_ends = [Trial(id="solution", cells=solution), Trial(id="blank", cells={})]
    with ThreadPoolExecutor() as beside:
        as_found = beside.submit(run_release, course.release_notebook(assignment.name), course, list(in_files))
        graded = trials.run(
            [*both_ends, *(trial for one in attempts for trial in one.trials)], partial(watch, "answers")
        )
        seeds = _repeat(trials, graded["solution"], solution, extent.seeds, watch)
        watch("the release itself", 0, 1)
        released = as_found.result()
    repeated = judge_repeatedly(
        Material(
            course=course,
            assignment=assignment,
            checks=checks,
            release=trials.release,
            solutions=solutions.folder / f"{assignment.name}.ipynb",
            solution=solution,
            known=known,
            personal=_personal_questions(source),
            left_out=slow,
        ),
        students=extent.students,
        thorough=not extent.quick,
        isolated=context.sandbox != "none",
        workers=context.workers,
        watch=watch,
    )
    ids = tuple(check.id for check in checks)
    table = KillTable(
        checks=ids,
        points=tuple(check.points for check in checks),
        rows=[one.row(worst([graded[trial.id] for trial in one.trials]), ids) for one in attempts],
    )
    validation = Validation(
        assignment=assignment,
        extent=extent,
        checks=checks,
        solution=graded["solution"],
        blank=graded["blank"],
        passed_in_notebook={"solution": parts_passed(repeated.passed_in_notebook), "blank": released.passed},
        table=table,
        spreads=spreads(seeds),
        costs=_costs(assignment, checks, [graded["solution"], *seeds]),
        false_fails=repeated.false_fails,
        left_out=sorted(slow),
        independent=trials.fingerprints.of_checks(repeated.independent),
    )
    hidden = Hidden(
        source=source,
        in_files=in_files,
        only_solutions={path: content for path, content in solutions.files.items() if path not in release.files},
        checks=checks,
        data=traces_of(course),
        secret="" if has_demo_secret(course) else read_secret(course),
        shown=known.shown,
    )
    validation.findings.extend(judge(validation, known, mutants))
    validation.findings.extend(repeated.findings)
    validation.findings.extend(f"leak: {sentence}" for sentence in find_leaks(release.files, hidden))
    validation.findings.extend(released.problems)
    return validation


# What is graded


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """A known answer or a mutant, and how its result becomes a row of the kill table."""

    trials: tuple[Trial, ...]
    """One; several IDs where the assignment differs from student to student."""
    row: Callable[[Result, Sequence[str]], Row]


@dataclass(frozen=True)
class _Answered:
    cells: Mapping[str, str]
    """The solution's, by question."""
    budget: Budget
    checks: Sequence[Check]
    slow: frozenset[str]
    personal: frozenset[str]
    """Questions that differ from student to student."""

    def seconds_for(self, questions: frozenset[str]) -> float:
        """Return a time that is ample for an answer that works and soon over for one that hangs."""
        longest = max((check.deadline or 0.0 for check in self.checks if check.question in questions), default=0.0)
        return self.budget.notebook_seconds / 2 + max(longest, 2 * self.budget.check_seconds)


def _require_built(release: Tree, solutions: Tree, course: Course) -> None:
    stale = [*compare(release), *compare(solutions)]
    if stale:
        raise ValidationError(
            f"{stale[0].path.relative_to(course.root)} is {stale[0].what}; run `autograder build` before validating."
        )


def _source(course: Course, assignment: Assignment) -> dict[str, Any]:
    notebook: dict[str, Any] = nbformat.read(course.source_notebook(assignment.name), as_version=4)
    return notebook


def _trials(course: Course, assignment: Assignment, release: Tree, context: TrialContext) -> Trials:
    secret = read_secret(course)
    return Trials(
        course=course,
        assignment=assignment,
        release=json.loads(release.files[Path(f"{assignment.name}.ipynb")]),
        fingerprints=Fingerprints(course, assignment, secret, context.sandbox),
        device=context.device,
        engine=context.engine,
        kept=context.kept,
    )


def _personal_questions(source: Mapping[str, Any]) -> frozenset[str]:
    """Return the questions behind the cell with the student's ID."""
    cells = source["cells"]
    places = [number for number, cell in enumerate(cells) if Tag.STUDENT_ID in tags_of(cell)]
    return frozenset(solution_cells({"cells": cells[places[0] :]})) if places else frozenset()


def _slow_questions(checks: Sequence[Check]) -> frozenset[str]:
    """Return the questions with a check that has a deadline of its own: those that train."""
    return frozenset(check.question for check in checks if check.deadline is not None)


def _mutants(
    source: Mapping[str, Any], in_files: Mapping[str, str], extent: Extent, slow: frozenset[str]
) -> list[Mutant]:
    """Return the mutants of all questions; where there are too many of one, evenly of each kind."""
    found: list[Mutant] = []
    names = frozenset(name for cell in source["cells"] if _is_run(cell) for name in defined_names(str(cell["source"])))
    for turn, (question, text) in enumerate({**solution_cells(source), **in_files}.items()):
        if extent.mutants and question not in slow:
            found += evenly(mutants_of(question, text, names - {question}), extent.mutants, turn=turn)
    return found


def _is_run(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "code" and Tag.SKIP_GRADING not in tags_of(cell)


def _attempts(solution: _Answered, known: KnownAnswers, mutants: Sequence[Mutant]) -> list[_Attempt]:
    """Return right and wrong answers and mutants; those to slow questions are left out."""
    attempts = []
    for number, answer in enumerate(known.answers):
        cells = answered(answer, solution.cells)
        questions = frozenset(cells) - (solution.slow if answer.is_right else frozenset())
        if questions & solution.slow or not questions:
            continue
        trial = Trial(
            id=f"{'right' if answer.is_right else 'wrong'}-{number:03}",
            cells={**solution.cells, **cells},
            questions=questions,
            total_seconds=None if answer.is_right else solution.seconds_for(questions),
        )
        attempts.append(_Attempt(trials=(trial,), row=partial(row_of_answer, answer)))
    for number, mutant in enumerate(mutants):
        questions = frozenset({mutant.question})
        trial = Trial(
            id=f"mutant-{number:03}",
            cells={**solution.cells, mutant.question: mutant.source},
            questions=questions,
            total_seconds=solution.seconds_for(questions),
        )
        others = (
            [replace(trial, id=f"{trial.id}-{letter}") for letter in _MORE_IDS]
            if mutant.question in solution.personal
            else []
        )
        attempts.append(_Attempt(trials=(trial, *others), row=partial(row_of_mutant, mutant, known.harmless)))
    return attempts


def _repeat(trials: Trials, solution: Result, cells: Mapping[str, str], seeds: int, watch: Watch) -> list[Result]:
    """Grade the solution's training checks once more for each seed."""
    questions = frozenset(check.question for check in solution.checks if check.measured)
    if not questions or not seeds:
        return []
    repetitions = [Trial(id=f"seed-{number:03}", cells=cells, questions=questions) for number in range(seeds)]
    return list(trials.run(repetitions, partial(watch, "seeds")).values())


def _costs(assignment: Assignment, checks: Sequence[Check], results: Sequence[Result]) -> list[Cost]:
    """Return what each check takes: the median of its seconds, which a busy machine moves little, the most memory."""
    budget = assignment.budget
    records = {check.id: [r for result in results for r in result.checks if r.id == check.id] for check in checks}
    return [
        Cost(
            check=check.id,
            seconds=statistics.median([record.seconds for record in records[check.id]] or [0.0]),
            limit_seconds=check.deadline or budget.check_seconds,
            memory_mb=max((record.memory_mb for record in records[check.id]), default=0.0),
            limit_mb=float(budget.memory_mb),
        )
        for check in checks
    ]

"""Hold what was found out about an assignment, and say what of it must be mended before the release."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograder.checks.catalogue import Check
from autograder.course import Assignment
from autograder.notebooks import KNOWN_ANSWERS
from autograder.results import Result
from autograder.validate.answers import KnownAnswers, Wrong
from autograder.validate.kill_table import Caught, KillTable, Row, explains, name_of
from autograder.validate.many_students import FalseFails
from autograder.validate.mutants import Mutant
from autograder.validate.spread import Spread

__all__ = ["Cost", "Extent", "Validation", "judge"]

_LEAST_DISTANCE = 3.0
"""Standard deviations that a threshold must lie below the mean of the solution."""
_SEEDS_FOR_A_DISTANCE = 5
_LEAST_KILL_RATE = 0.95
_MOST_OF_A_LIMIT = 1 / 3
"""The solution must not need more of a time limit, nor twice that of memory: graders are slower than authors."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How thorough a validation is."""

    seeds: int
    """Repetitions of the solution's training checks, each with other hidden inputs and another seed."""
    mutants: int
    """At most so many of each question."""
    students: int = 0
    """So many IDs, for each of which the cheap checks judge every right answer."""
    quick: bool = False
    """Leave out the answers to questions that train, and do not judge seconds; the solution is graded in full."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one check takes on the solution."""

    check: str
    seconds: float
    """Median over the solution's runs."""
    limit_seconds: float
    memory_mb: float
    limit_mb: float


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What was found out about one assignment."""

    assignment: Assignment
    extent: Extent
    checks: Sequence[Check]
    solution: Result
    blank: Result
    passed_in_notebook: Mapping[str, Mapping[str, float]]
    """By `solution` and `blank`: the part of each question's public checks that otter passes in the notebook itself."""
    table: KillTable
    spreads: Sequence[Spread]
    costs: Sequence[Cost]
    false_fails: Sequence[FalseFails] = ()
    left_out: Sequence[str]
    """Questions whose wrong answers were not tried."""
    independent: Mapping[str, str] = field(default_factory=dict)
    """The checks that were judged alone, where none depends on others, with the digest of each that results have."""
    findings: list[str] = field(default_factory=list)
    """What must be mended before the release, a sentence each."""


def judge(found: Validation, known: KnownAnswers, mutants: Sequence[Mutant]) -> list[str]:
    """Return a sentence for each thing that must be mended."""
    return [
        *_of_the_ends(found),
        *_of_the_table(found, known, mutants),
        *_of_the_spread(found.spreads),
        *_of_the_costs(found),
    ]


def _of_the_ends(found: Validation) -> list[str]:
    """Judge the solution and the untouched release, under the engine and in the notebook."""
    findings = [
        f"the solution loses {check.points - check.score:g} points in {check.id}: "
        f"{check.cause or check.staff_message or check.message}"
        for check in found.solution.checks
        if check.score < check.points or check.status != "passed"
    ]
    findings += [
        f"the untouched release earns {check.score:g} points in {check.id}"
        for check in found.blank.checks
        if check.score
    ]
    for question, part in found.passed_in_notebook["solution"].items():
        if part < 1:
            findings.append(f"in the notebook itself, the solution fails a public check of {question}")
    for question, part in found.passed_in_notebook["blank"].items():
        if part > 0:
            findings.append(f"in the notebook itself, the untouched release passes a public check of {question}")
    return findings


def _of_the_table(found: Validation, known: KnownAnswers, mutants: Sequence[Mutant]) -> list[str]:
    table = found.table
    findings = [
        f"the right answer {row.name!r} loses points: {row.messages[0]}"
        for row in table.of_kind("right")
        if row.is_caught
    ]
    for row in table.of_kind("wrong"):
        if not row.is_caught:
            findings.append(f"the wrong answer {row.name!r} to {', '.join(row.questions)} keeps every point")
        elif not row.is_hinted:
            said = "; ".join(dict.fromkeys(row.messages))
            findings.append(f"the wrong answer {row.name!r} is not shown its hint {row.hint!r}, but: {said}")
        findings += [
            f"the wrong answer {row.name!r} is told another cause in {check} (a true one goes into `also`): {cause}"
            for check, cause in row.wrong_causes(table.checks)
        ]
    findings += _of_warnings(found, known)
    if not found.left_out and (known.answers or mutants):
        findings += [f"{check} never catches a wrong answer" for check in table.idle_checks]
    if table.kill_rate < _LEAST_KILL_RATE:
        findings.append(f"only {table.kill_rate:.0%} of the mutants that change what is computed lose a point")
        findings += [
            f"a mutant of {row.questions[0]} keeps every point: {row.name}{_as_known_answer(row, mutants)}"
            for row in table.survivors
            if not row.harmless
        ]
    survived = {(row.questions[0], row.name) for row in table.survivors}
    for one in known.harmless:
        about = [mutant for mutant in mutants if explains(one, mutant)]
        names = {(mutant.question, name_of(mutant)) for mutant in about}
        all_tried = sum(mutant.question == one.question for mutant in mutants) < found.extent.mutants
        if about and all_tried and not names & survived:
            findings.append(f"HARMLESS explains {one.old!r} of {one.question}, but those mutants are caught")
    return findings


def _as_known_answer(row: Row, mutants: Sequence[Mutant]) -> str:
    """Return what to write into the file of known answers, "" where a mutant is no single change of a line."""
    mutant = next((one for one in mutants if (one.question, name_of(one)) == (row.questions[0], row.name)), None)
    if mutant is None or not mutant.new or " / " in mutant.old + mutant.new or mutant.source.count(mutant.new) != 1:
        return ""
    answer = f'Wrong("…", cells={{{mutant.question!r}: Edit({mutant.old!r}, {mutant.new!r})}})'
    return f"; write a check that catches it, and to keep it caught {answer} into {KNOWN_ANSWERS}"


def _of_warnings(found: Validation, known: KnownAnswers) -> list[str]:
    """Judge whether students can see for themselves, in their notebook, what the text warns them of."""
    warned = {one.name for one in known.answers if isinstance(one, Wrong) and one.warned}
    return [
        f"the text warns of the wrong answer {row.name!r}, and no public check of {', '.join(row.questions)} catches it"
        for row in found.table.of_kind("wrong")
        if row.name in warned and not _is_caught_in_public(row, found.checks)
    ]


def _is_caught_in_public(row: Row, checks: Sequence[Check]) -> bool:
    caught = zip(row.caught, checks, strict=True)
    return any(check.public for one, check in caught if one in {Caught.YES, Caught.IN_PART})


def _of_the_spread(found: Sequence[Spread]) -> list[str]:
    findings = []
    for spread in found:
        if spread.failures:
            findings.append(
                f"{spread.check}: the solution fails with {spread.failures} of {len(spread.values)} seeds "
                f"({spread.of}, at least {spread.at_least:g} asked for)"
            )
        elif len(spread.values) >= _SEEDS_FOR_A_DISTANCE and spread.distance < _LEAST_DISTANCE:
            findings.append(
                f"{spread.check}: the threshold {spread.at_least:g} lies only {spread.distance:.1f} "
                f"standard deviations below what the solution reaches ({spread.of})"
            )
    return findings


def _of_the_costs(found: Validation) -> list[str]:
    """Judge what the solution takes; seconds only in the full form: the quick one runs beside other work, as in CI."""
    findings = []
    for cost in found.costs:
        if not found.extent.quick and cost.seconds > _MOST_OF_A_LIMIT * cost.limit_seconds:
            findings.append(
                f"{cost.check} takes {cost.seconds:.1f} of its {cost.limit_seconds:g} seconds; give it "
                f"@pytest.mark.deadline({_ample(cost.seconds)})"
            )
        if cost.memory_mb > 2 * _MOST_OF_A_LIMIT * cost.limit_mb:
            findings.append(
                f"{cost.check} takes {cost.memory_mb:.0f} of {cost.limit_mb:g} MB; give "
                f"Budget(memory_mb={_ample(cost.memory_mb / 2)})"
            )
    budget, took = found.assignment.budget, found.solution.seconds
    if not found.extent.quick and took > _MOST_OF_A_LIMIT * budget.total_seconds:
        findings.append(
            f"the solution takes {took:.0f} of the {budget.total_seconds:g} seconds that a submission has; give "
            f"Budget(total_seconds={_ample(took)})"
        )
    return findings


def _ample(measured: float) -> int:
    """Return a limit of which what was measured is a third at most, rounded up to two digits."""
    least = measured / _MOST_OF_A_LIMIT
    unit = int(10 ** max(0, math.floor(math.log10(max(least, 1))) - 1))
    return math.ceil(least / unit) * unit

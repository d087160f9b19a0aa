"""Compare two sets of results: who changed, by how much, by which check, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError
from autograder.results import CheckRecord, Result, Status, read_result

__all__ = ["CheckChange", "Comparison", "Difference", "compare", "read_folder"]

_NOT_RESULTS = {"validation"}
"""Folders among results that hold something else."""
_BY_CHANCE = "nothing that it depends on: it differs from run to run"
_NOT_RECORDED = "not recorded"

Key = tuple[str, str]
"""Assignment and student."""


@dataclass(frozen=True)
class CheckChange:
    """One check that found something else than before; None where it was not there."""

    before: CheckRecord | None
    after: CheckRecord | None

    @property
    def record(self) -> CheckRecord:
        """Return the newer of the two."""
        record = self.after or self.before
        assert record is not None, "it was there before, or is there now"
        return record

    @property
    def change(self) -> float:
        """Return the points won, or lost where it is negative."""
        return _score(self.after) - _score(self.before)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One student's result that changed; None where there is none."""

    assignment: str
    student: str
    before: Result | None
    after: Result | None
    checks: Sequence[CheckChange]
    why: Sequence[str]

    @property
    def change(self) -> float:
        """Return the points won, or lost where it is negative; what is not there, or failed, counts as 0."""
        return _points(self.after) - _points(self.before)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What changed between two sets of results."""

    differences: Sequence[Difference]
    unchanged: int
    reworded: int
    """Of the unchanged: how many students read other hints now."""

    @property
    def by_check(self) -> Mapping[tuple[str, str], tuple[int, float]]:
        """Return how many students each check moved, and by how much together; by assignment and check."""
        students: Counter[tuple[str, str]] = Counter()
        points: Counter[tuple[str, str]] = Counter()
        for difference in self.differences:
            for check in difference.checks:
                students[difference.assignment, check.record.id] += 1
                points[difference.assignment, check.record.id] += check.change  # type: ignore[assignment]
        return {key: (number, points[key]) for key, number in students.most_common()}


def read_folder(folder: Path) -> Mapping[Key, Result]:
    """Return the results in a folder of results, or in that of one assignment; raise AutograderError without any."""
    if not folder.is_dir():
        raise AutograderError(f"{folder} is not a folder; give one with results, such as results/.")
    own = sorted(folder.glob("*.json"))
    paths = own or sorted(path for path in folder.glob("*/*.json") if path.parent.name not in _NOT_RESULTS)
    if not paths:
        raise AutograderError(f"{folder} holds no results: no <assignment>/<student>.json in it.")
    results = [read_result(path) for path in paths]
    return {(result.assignment, result.student): result for result in results}


def compare(old: Mapping[Key, Result], new: Mapping[Key, Result]) -> Comparison:
    """Return what changed; times, memory and printed text are no changes.

    Raise AutograderError where the two have no assignment in common.
    """
    if not {assignment for assignment, _ in old} & {assignment for assignment, _ in new}:
        raise AutograderError("The two folders have no assignment in common; give two sets of results of one course.")
    differences, unchanged, reworded = [], 0, 0
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        checks = _changed_checks(before, after)
        if before is None or after is None or checks or _face(before) != _face(after):
            difference = Difference(
                assignment=key[0],
                student=key[1],
                before=before,
                after=after,
                checks=checks if before and after else [],
                why=_why(before, after),
            )
            differences.append(difference)
        else:
            unchanged += 1
            reworded += _hints(before) != _hints(after)
    return Comparison(differences=differences, unchanged=unchanged, reworded=reworded)


def _changed_checks(before: Result | None, after: Result | None) -> list[CheckChange]:
    old = {check.id: check for check in before.checks} if before else {}
    new = {check.id: check for check in after.checks} if after else {}
    pairs = [CheckChange(old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]
    return [pair for pair in pairs if _verdict(pair.before) != _verdict(pair.after)]


def _why(before: Result | None, after: Result | None) -> Sequence[str]:
    if before is None:
        return ["there was no result"]
    if after is None:
        return ["there is no result any more"]
    settled = ["points by hand"] if before.by_hand != after.by_hand else []
    settled += ["lateness"] if (before.late_days, before.penalty) != (after.late_days, after.penalty) else []
    if not before.depends_on or not after.depends_on:
        return settled or [_NOT_RECORDED]
    old, new = before.depends_on, after.depends_on
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return [*changed, *settled] or [_BY_CHANCE]


def _verdict(check: CheckRecord | None) -> object:
    return (check.status, check.score, check.points) if check else None


def _face(result: Result) -> object:
    return result.status, result.score, result.max_score, result.penalty, result.reason


def _hints(result: Result) -> object:
    return [(check.id, check.message) for check in result.checks]


def _score(check: CheckRecord | None) -> float:
    return check.score if check else 0.0


def _points(result: Result | None) -> float:
    return result.score if result and result.status != Status.FAILED else 0.0

"""Parts `class-…`: the sample class on the CPU and on the GPU: the same verdicts, measured values side by side."""

import runpy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograder.acceptance.batches import Batch, grade_folder
from autograder.acceptance.findings import Finding, Findings, Place, Verdict, not_tried
from autograder.results import Result

__all__ = ["COMPARE", "SAMPLES", "sample_class"]

SAMPLES = "examples/class"
COMPARE = "examples/compare.py"
_SECONDS = 250.0
"""For each of the two devices."""
_COLUMNS = ("student", "measured", "at least", "cpu", "cuda", "seconds, cpu", "seconds, cuda")


def sample_class(place: Place, assignment: str) -> Findings:
    """Grade the class on each device; hold verdicts against what is expected, and against each other."""
    script = runpy.run_path(str(place.course.root / COMPARE))
    compare: Callable[[dict[str, Any], Result], Iterator[str]] = script["compare"]
    expected = {student: verdict for student, name, verdict in script["expectations"]() if name == assignment}
    graded = {kind: _graded(place, assignment, kind) for kind in ("cpu", *(["cuda"] if place.devices.gpus else []))}
    found = []
    for kind, batch in graded.items():
        for student, verdict in expected.items():
            wrong = (
                list(compare(verdict, batch.results[student])) if student in batch.results else ["no result in time"]
            )
            what = f"{student}, {verdict['what']}: on {kind} as expected"
            found.append(Finding(what=what, verdict=Verdict.WRONG if wrong else Verdict.RIGHT, seen="; ".join(wrong)))
    if "cuda" not in graded:
        found += not_tried("the same verdicts on a GPU", "values measured on a GPU")
        return Findings(findings=found, columns=_COLUMNS, rows=_measured(graded))
    for student in expected:
        ours, theirs = (_verdicts(graded[kind].results.get(student)) for kind in ("cpu", "cuda"))
        other = sorted(check for check in ours.keys() | theirs.keys() if ours.get(check) != theirs.get(check))
        verdict = Verdict.WRONG if other or not ours else Verdict.RIGHT
        found.append(
            Finding(what=f"{student}: each check judges the same on both", verdict=verdict, seen=", ".join(other))
        )
    return Findings(findings=found, columns=_COLUMNS, rows=_measured(graded))


def _graded(place: Place, assignment: str, kind: str) -> Batch:
    submissions, results = place.course.root / SAMPLES, place.work / kind
    return grade_folder(
        place.course.root, assignment, submissions, results, device=kind, workers=place.most, seconds=_SECONDS
    )


def _verdicts(result: Result | None) -> Mapping[str, tuple[str, float]]:
    return {check.id: (str(check.status), check.score) for check in result.checks} if result else {}


def _measured(graded: Mapping[str, Batch]) -> list[Mapping[str, Any]]:
    """Return a row for each value that a training check measured, on whichever device."""
    rows: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for kind, batch in graded.items():
        for student, result in sorted(batch.results.items()):
            for check in result.checks:
                for place, one in enumerate(check.measured):
                    row = rows.setdefault((student, check.id, one.of, place), {"student": student, "measured": one.of})
                    row |= {"at least": one.at_least, kind: one.value, f"seconds, {kind}": check.seconds}
    return [{column: row.get(column) for column in _COLUMNS} for row in rows.values()]

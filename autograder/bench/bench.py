"""Compare: the same submissions graded by this package, its peers and the floor, in one run, as one table."""

import json
import math
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.bench.peers import PEERS, Outcome
from autograder.bench.subjects import Subject, empty_course, lay_out
from autograder.bench.usage import Usage, measure
from autograder.course import Course, load_course
from autograder.errors import AutograderError
from autograder.results import CheckStatus, Flag, Result, Status, read_results

__all__ = ["EMPTY", "BenchRequest", "Row", "as_document", "run_bench", "table"]

EMPTY = "empty"
"""The name of the assignment with nothing to compute."""
_OWN, _FLOOR = "autograder", "floor"
_BYTECODE = "bytecode"
_CLOSE = 1e-6
_ENDED_BY_ITSELF = {
    CheckStatus.PASSED,
    CheckStatus.FAILED,
    CheckStatus.ERROR,
    CheckStatus.CHECK_RAISED,
    CheckStatus.MISSING,
}


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """What to measure."""

    assignment: str
    submissions: Path
    """Folder with `<student>/<assignment>/<assignment>.ipynb`; those that end by themselves are used."""
    count: int
    """Submissions for this package and the floor: the same ones again and again, under other names."""
    peer_count: int
    """Submissions for each peer, which takes seconds for each."""
    peers: Sequence[str]
    workers: int
    sandbox: str = "auto"
    device: str = "cpu"
    """Where student code computes under this package and on the floor; the peers leave that to the notebook."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One system's line in the table."""

    system: str
    submissions: int
    usage: Usage
    start: Usage | None
    """What a smaller batch takes, to tell the start from the work; None where each submission starts anew."""
    start_submissions: int
    """How many submissions that smaller batch holds: whole rounds of the same mix, or none."""
    cores: int
    """Processors that the system keeps busy."""
    disagreements: Sequence[str]
    """Submissions whose points differ from this package's."""

    @property
    def per_minute(self) -> float:
        """Submissions per minute, with the start."""
        return 60 * self.submissions / self.usage.wall_seconds

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of one more submission."""
        return self._more(self.usage.cpu_seconds, self.start.cpu_seconds if self.start else 0.0)

    @property
    def steady_per_minute(self) -> float:
        """Submissions per minute once it runs."""
        return 60 / self._more(self.usage.wall_seconds, self.start.wall_seconds if self.start else 0.0)

    def _more(self, all_of_it: float, start: float) -> float:
        submissions = self.submissions - (self.start_submissions if self.start else 0)
        if submissions <= 0 or all_of_it <= start:
            raise AutograderError(
                f"{self.system} graded {self.submissions} submissions in no more time than its start takes: with a "
                "larger --count the two can be told apart."
            )
        return (all_of_it - start) / submissions


def run_bench(course: Course, request: BenchRequest, console: Console) -> Sequence[Row]:
    """Measure every system on one assignment; the first row is this package's, the last one the floor's."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-bench-"))
    try:
        if request.assignment == EMPTY:
            course, request = _empty(request, folder)
        subjects = _agreed(course, request, folder, console)[: request.peer_count]
        layouts = {
            name: lay_out(subjects, request.assignment, folder / name, count)
            for name, count in _sizes(request, len(subjects)).items()
        }
        names = ", ".join(subject.student for subject in subjects)
        console.print(f"{request.assignment}: {len(subjects)} different submissions: {names}", highlight=False)
        rows, right = [], dict[str, float]()
        for system in (_OWN, *request.peers, _FLOOR):
            console.print(f"  {system} …", highlight=False)
            outcome = _run(system, course, request, layouts, folder)
            right = right or dict(outcome.scores)
            rows.append(_row(system, request, outcome, layouts, right))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _sizes(request: BenchRequest, mix: int) -> Mapping[str, int]:
    """Return how many submissions each batch holds: whole rounds of the mix, so that every system has the same."""
    few = mix * max(1, request.peer_count // mix)
    start = mix * math.ceil(request.workers / mix)  # keeps every worker busy, as the whole does
    many = mix * math.ceil(max(request.count, few, 2 * start) / mix)
    return {"start": start, "few": few, "many": many}


def _run(
    system: str, course: Course, request: BenchRequest, layouts: Mapping[str, Sequence[Subject]], folder: Path
) -> Outcome:
    """Have one system grade; where it loads everything once per batch, a smaller batch first."""
    if system in PEERS:
        return PEERS[system](course, request.assignment, layouts["few"], folder / system, folder / _BYTECODE)
    batch = _grade if system == _OWN else _floor
    start = batch(course, request, folder, folder / "start").usage
    return replace(batch(course, request, folder, folder / "many"), start=start)


def _row(
    system: str,
    request: BenchRequest,
    outcome: Outcome,
    layouts: Mapping[str, Sequence[Subject]],
    right: Mapping[str, float],
) -> Row:
    if not outcome.scores:
        raise AutograderError(f"{system} gave no submission to {request.assignment!r} a score.")
    peer = system in PEERS
    given = [subject.student for subject in layouts["few" if peer else "many"]]
    nothing = math.nan
    return Row(
        system=system,
        submissions=len(given),
        usage=outcome.usage,
        start=outcome.start,
        start_submissions=0 if peer else len(layouts["start"]),
        cores=1 if peer else request.workers,
        # "not at most" also holds for NaN: no score at all
        disagreements=[
            name for name in given if not abs(outcome.scores.get(name, nothing) - right.get(name, nothing)) <= _CLOSE
        ],
    )


def _empty(request: BenchRequest, folder: Path) -> tuple[Course, BenchRequest]:
    """Return a course whose assignment has nothing to compute, and an order for it."""
    root = empty_course(folder / "course")
    measure([sys.executable, "-m", "autograder", "build", "--course", str(root)], folder, bytecode=folder / _BYTECODE)
    submission = folder / "submitted" / "right" / EMPTY / f"{EMPTY}.ipynb"
    submission.parent.mkdir(parents=True)
    shutil.copy(root / "solutions" / EMPTY / f"{EMPTY}.ipynb", submission)
    return load_course(root), replace(request, submissions=folder / "submitted")


def _agreed(course: Course, request: BenchRequest, folder: Path, console: Console) -> Sequence[Subject]:
    """Return the usable submissions that get the same points in the checks' own process as from this package."""
    scores = _usable(course, request, folder)
    for subject in scores:
        path = folder / "usable" / subject.student / request.assignment / f"{request.assignment}.ipynb"
        path.parent.mkdir(parents=True)
        shutil.copy(subject.notebook, path)
    found = _floor(course, request, folder, folder / "usable").scores
    agreed = [one for one, score in scores.items() if abs(found.get(one.student, math.nan) - score) <= _CLOSE]
    left_out = ", ".join(one.student for one in scores if one not in agreed)
    if left_out:
        console.print(f"{request.assignment}: left out, other points without walls: {left_out}", highlight=False)
    if not agreed:
        raise AutograderError(f"No submission to {request.assignment!r} gets the same points from every system.")
    return agreed


def _usable(course: Course, request: BenchRequest, folder: Path) -> Mapping[Subject, float]:
    """Return the submissions that end by themselves, without part of a point, and the points that they get here."""
    results = folder / "first"
    _run_grade(course, request, request.submissions, results, folder)
    name = request.assignment
    usable = {
        Subject(student=result.student, notebook=notebook): result.score + result.penalty
        for result in read_results(results, name)
        if result.status == Status.GRADED
        and _ended_by_itself(result)
        and (notebook := request.submissions / result.student / name / f"{name}.ipynb").is_file()
    }
    if not usable:
        raise AutograderError(f"{request.submissions} holds no submission to {name!r} that every system could grade.")
    return usable


def _ended_by_itself(result: Result) -> bool:
    return not set(result.flags) - {Flag.UNSANDBOXED} and all(
        check.status in _ENDED_BY_ITSELF for check in result.checks
    )


def _run_grade(course: Course, request: BenchRequest, submissions: Path, results: Path, folder: Path) -> Usage:
    places = ["--course", str(course.root), "--submissions", str(submissions), "--results", str(results)]
    how = ["--workers", str(request.workers), "--sandbox", request.sandbox, "--device", request.device]
    command = [sys.executable, "-m", "autograder", "grade", request.assignment, *places, *how, "--untried"]
    return measure(command, folder, bytecode=folder / _BYTECODE)


def _grade(course: Course, request: BenchRequest, folder: Path, submissions: Path) -> Outcome:
    results = folder / f"results-{submissions.name}"
    usage = _run_grade(course, request, submissions, results, folder)
    scores = {result.student: result.score + result.penalty for result in read_results(results, request.assignment)}
    return Outcome(usage=usage, scores=scores)


def _floor(course: Course, request: BenchRequest, folder: Path, submissions: Path) -> Outcome:
    output = folder / f"floor-{submissions.name}.json"
    place = [str(course.root), request.assignment, str(request.workers), str(submissions), str(output), request.device]
    command = [sys.executable, "-m", "autograder.bench.floor", *place]
    usage = measure(command, folder, bytecode=folder / _BYTECODE)
    return Outcome(usage=usage, scores=json.loads(output.read_text()))


def as_document(rows: Sequence[Row]) -> Sequence[Mapping[str, Any]]:
    """Return the rows as they go into a JSON file: what was measured, and what follows from it."""
    return [
        asdict(row)
        | {
            "per_minute": row.per_minute,
            "steady_per_minute": row.steady_per_minute,
            "cpu_seconds_each": row.cpu_seconds,
        }
        for row in rows
    ]


def table(assignment: str, rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, ratios against the first row."""
    own, floor = rows[0], rows[-1]
    headings = [
        *(assignment, "submissions", "per minute, with the start", "once it runs"),
        *("we are faster by, with the start", "once it runs", "the same per busy core"),
        *("CPU seconds each", "times ours", "peak memory"),
    ]
    lines = [f"| {' | '.join(headings)} |", f"|---|{'--:|' * (len(headings) - 1)}"]
    for row in rows:
        faster = own.steady_per_minute / row.steady_per_minute
        ratios = [own.per_minute / row.per_minute, faster, faster * row.cores / own.cores]
        cells = [row.system, str(row.submissions), f"{row.per_minute:.1f}", f"{row.steady_per_minute:.1f}"]
        cells += ["", "", ""] if row is own else [f"{ratio:.2f}×" for ratio in ratios]
        cells += [f"{row.cpu_seconds:.3f}", "" if row is own else f"{row.cpu_seconds / own.cpu_seconds:.2f}×"]
        lines.append(f"| {' | '.join([*cells, f'{row.usage.peak_bytes / 2**30:.1f} GB'])} |")
    wall = floor.steady_per_minute / own.steady_per_minute
    more = 1000 * (own.cpu_seconds - floor.cpu_seconds)
    lines += ["", f"Against the floor, once it runs: {wall:.2f} of its wall time, {more:.0f} ms more CPU each."]
    lines += [
        f"{row.system} gives other points, or none, to: {', '.join(row.disagreements)}."
        for row in rows
        if row.disagreements
    ]
    return "\n".join(lines)

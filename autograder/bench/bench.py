"""Compare: the same submissions graded by this package, its peers and the floor, in one run, as one table."""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from autograder.bench.peers import PEERS, Outcome
from autograder.bench.subjects import Subject, empty_course, lay_out
from autograder.bench.usage import Usage, measure
from autograder.course import Course, load_course
from autograder.errors import AutograderError
from autograder.results import CheckStatus, Result, Status, read_results

__all__ = ["EMPTY", "Order", "Row", "run_bench", "table"]

EMPTY = "empty"
"""The name of the assignment with nothing to compute."""
_OWN, _FLOOR = "autograder", "floor"
_CLOSE = 1e-6
_ENDED_BY_ITSELF = {CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.MISSING}


@dataclass(frozen=True, kw_only=True)
class Order:
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
    single: Usage | None
    """What one submission alone takes, for systems that load everything once per batch."""
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
        if self.single is None:
            return self.usage.cpu_seconds / self.submissions
        return (self.usage.cpu_seconds - self.single.cpu_seconds) / (self.submissions - 1)

    @property
    def steady_per_minute(self) -> float:
        """Submissions per minute once it runs."""
        if self.single is None:
            return self.per_minute
        return 60 * (self.submissions - 1) / (self.usage.wall_seconds - self.single.wall_seconds)


def run_bench(course: Course, order: Order, console: Console) -> Sequence[Row]:
    """Measure every system on one assignment; the first row is this package's, the last one the floor's."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-bench-"))
    try:
        if order.assignment == EMPTY:
            course, order = _empty(course, order, folder)
        subjects = _usable(course, order, folder)[: order.peer_count]  # so that every system has the same mix
        layouts = {
            name: lay_out(subjects, order.assignment, folder / name, count)
            for name, count in (("one", 1), ("few", order.peer_count), ("many", order.count))
        }
        console.print(f"{order.assignment}: {len(subjects)} different submissions", highlight=False)
        systems: dict[str, Callable[[str], Outcome]] = {
            _OWN: partial(_grade, course, order, folder),
            **{peer: partial(_peer, course, order, folder, peer, layouts=layouts) for peer in order.peers},
            _FLOOR: partial(_floor, course, order, folder),
        }
        rows, right = [], dict[str, float]()
        for system, run in systems.items():
            console.print(f"  {system} …", highlight=False)
            batch = system not in PEERS
            single = run("one").usage if batch else None
            outcome = run("many" if batch else "few")
            right = right or dict(outcome.scores)
            rows.append(
                Row(
                    system=system,
                    submissions=len(outcome.scores),
                    usage=outcome.usage,
                    single=single,
                    cores=order.workers if batch else 1,
                    disagreements=[name for name, score in outcome.scores.items() if abs(score - right[name]) > _CLOSE],
                )
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _empty(course: Course, order: Order, folder: Path) -> tuple[Course, Order]:
    """Return a course whose assignment has nothing to compute, and an order for it."""
    root = empty_course(folder / "course", course.data_folder().resolve())
    measure([sys.executable, "-m", "autograder", "build", "--course", str(root)], folder)
    submission = folder / "submitted" / "right" / EMPTY / f"{EMPTY}.ipynb"
    submission.parent.mkdir(parents=True)
    shutil.copy(root / "solutions" / EMPTY / f"{EMPTY}.ipynb", submission)
    return load_course(root), replace(order, submissions=folder / "submitted")


def _usable(course: Course, order: Order, folder: Path) -> Sequence[Subject]:
    """Return the submissions that every system can bring to an end: no endless loop, no crash, no part of a point."""
    results = folder / "first"
    _run_grade(course, order, order.submissions, results, folder)
    name = order.assignment
    usable = [
        Subject(student=result.student, notebook=order.submissions / result.student / name / f"{name}.ipynb")
        for result in read_results(results, name)
        if result.status == Status.GRADED and _ended_by_itself(result)
    ]
    usable = [subject for subject in usable if subject.notebook.is_file()]
    if not usable:
        raise AutograderError(f"{order.submissions} holds no submission to {name!r} that every system could grade.")
    return usable


def _ended_by_itself(result: Result) -> bool:
    return not set(result.flags) - {"unsandboxed"} and all(check.status in _ENDED_BY_ITSELF for check in result.checks)


def _run_grade(course: Course, order: Order, submissions: Path, results: Path, folder: Path) -> Usage:
    places = ["--course", str(course.root), "--submissions", str(submissions), "--results", str(results)]
    how = ["--workers", str(order.workers), "--sandbox", order.sandbox, "--device", order.device]
    return measure([sys.executable, "-m", "autograder", "grade", order.assignment, *places, *how], folder)


def _grade(course: Course, order: Order, folder: Path, name: str) -> Outcome:
    results = folder / f"results-{name}"
    usage = _run_grade(course, order, folder / name, results, folder)
    scores = {result.student: result.score + result.penalty for result in read_results(results, order.assignment)}
    return Outcome(usage=usage, scores=scores)


def _peer(
    course: Course, order: Order, folder: Path, peer: str, name: str, *, layouts: Mapping[str, Sequence[Subject]]
) -> Outcome:
    return PEERS[peer](course, order.assignment, layouts[name], folder / peer)


def _floor(course: Course, order: Order, folder: Path, name: str) -> Outcome:
    output = folder / f"floor-{name}.json"
    place = [str(course.root), order.assignment, str(order.workers), str(folder / name), str(output), order.device]
    usage = measure([sys.executable, "-m", "autograder.bench.floor", *place], folder)
    return Outcome(usage=usage, scores=json.loads(output.read_text()))


def table(assignment: str, rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, ratios against the first row."""
    own, floor = rows[0], rows[-1]
    headings = [
        *(assignment, "submissions", "per minute, with the start", "once it runs", "we are faster by"),
        *("the same per busy core", "CPU seconds each", "peak memory"),
    ]
    lines = [f"| {' | '.join(headings)} |", f"|---|{'--:|' * (len(headings) - 1)}"]
    for row in rows:
        faster = own.steady_per_minute / row.steady_per_minute
        ratios = ["", ""] if row is own else [f"{ratio:.2f}×" for ratio in (faster, faster * row.cores / own.cores)]
        speeds = [f"{row.per_minute:.1f}", f"{row.steady_per_minute:.1f}"]
        uses = [f"{row.cpu_seconds:.3f}", f"{row.usage.peak_bytes / 2**30:.1f} GB"]
        lines.append(f"| {' | '.join([row.system, str(row.submissions), *speeds, *ratios, *uses])} |")
    wall = floor.steady_per_minute / own.steady_per_minute
    lines += ["", f"Wall time against the floor, once it runs: {wall:.2f}."]
    lines += [
        f"{row.system} gives other points to: {', '.join(row.disagreements)}." for row in rows if row.disagreements
    ]
    return "\n".join(lines)

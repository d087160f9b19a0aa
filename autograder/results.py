"""Describe what happened to one submission, and keep it on disk without ever half-writing it.

The result file is the only thing that grading hands to reporting: `results/<assignment>/<student>.json`. What is read
is held against the dataclasses here; docs/result.schema.json says the same to other programs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from autograder.atomic_files import write_all_atomically, write_atomically
from autograder.errors import ResultError

__all__ = [
    "SCHEMA",
    "CellRecord",
    "CellStatus",
    "CheckRecord",
    "CheckStatus",
    "Curve",
    "Flag",
    "HandRecord",
    "HandStatus",
    "Measurement",
    "Result",
    "Status",
    "kept_notebook_path",
    "read_result",
    "read_results",
    "result_path",
    "write_result",
    "write_results",
]

SCHEMA = 1
_ROUNDING = 1e-4
"""Room for sums of scores, each of which was rounded to six digits."""

_AtLeast0 = Annotated[float, msgspec.Meta(ge=0)]
_AtLeast0Int = Annotated[int, msgspec.Meta(ge=0)]


class Status(StrEnum):
    """Say what a result is worth."""

    GRADED = "graded"
    INVALID = "invalid"
    """The submission cannot be read or is missing: score 0, and why in `reason`."""
    FAILED = "failed"
    """The grader's own fault: never a score, always retried."""


class CheckStatus(StrEnum):
    """Say how one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    PARTIAL = "partial"
    ERROR = "error"
    """The student's code raised."""
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    MISSING = "missing"
    """The name is not there, or its stub still raises NotImplementedError."""
    CHECK_RAISED = "check-raised"
    """The check itself raised: its fault, perhaps."""


class CellStatus(StrEnum):
    """Say how one cell of the notebook ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    """Not run: after the notebook's time was used up."""


class HandStatus(StrEnum):
    """Say what stands of what people have given to a question."""

    COUNTED = "counted"
    WAITING = "waiting"
    """Only a person can judge this question, and nobody has yet: it is worth 0 until then."""
    LOOK_AGAIN = "look-again"
    """The answer has changed since a person judged it: what they gave does not count until it is confirmed."""


class Flag(StrEnum):
    """Name what a person should know of a whole submission, whatever its score."""

    UNSANDBOXED = "unsandboxed"
    """Student code ran with the grader's own rights."""
    CHECK_RAISED = "check-raised"
    """A check ended with the status of that name."""
    NOTEBOOK_TIMEOUT = "notebook-timeout"
    SUBMISSION_TIMEOUT = "submission-timeout"
    """The submission's time was used up before its last check."""
    NOTEBOOK_CRASH = "notebook-crash"
    OUT_OF_MEMORY = "out-of-memory"
    """More memory than the budget allows."""
    KILLED = "killed"
    """The kernel killed the student's process, as it does where the host is short of memory: its fault, perhaps."""
    GPU_OUT_OF_MEMORY = "gpu-out-of-memory"
    """In company it says nothing: others may have held the memory."""
    RENAMED = "renamed"
    """Handed in under another file name."""
    TRUNCATED = "truncated"
    """The result leaves out some cells' records or errors: the notebook has too many."""
    MOVED = "moved"
    """Handed in in another folder than it should be."""
    COPY_GRADED = "copy-graded"
    """The notebook of the right name is blank or cannot be read; the only other one with answers was graded."""
    OTHER_NOTEBOOK = "other-notebook"
    """Beside the notebook that was graded lies one with other answers."""
    CONVERTED = "converted"
    """The notebook came in an older format, or in another encoding than UTF-8."""
    TIMESTAMP_UNREADABLE = "timestamp-unreadable"
    FILE_MISSING = "file-missing"
    """A file that students edit was not handed in, or cannot be read: the release's was graded in its place."""
    TOO_LATE = "too-late"
    """Handed in after the last day: worth 0."""
    NOT_ACCEPTED = "not-accepted"
    """Handed in after the last day: worth 0, and an earlier attempt counts where there is one."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A quantity that a training check measured, and the least that earns the check's full points."""

    of: str
    value: float
    at_least: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """How a quantity went while the student's code trained, as its process told it; and the reference's."""

    of: str
    """Such as "training loss"."""
    steps: Annotated[int, msgspec.Meta(ge=1)]
    """How often it was seen: once at each call of `backward()`."""
    values: tuple[float | None, ...]
    """Means over equal stretches of the steps, in their order; null where the mean is no finite number."""
    low: tuple[float, ...] = ()
    """The least that the reference's was in its runs, after the same part of its steps; one for each value, or none."""
    high: tuple[float, ...] = ()
    """The most likewise."""
    reference_steps: _AtLeast0Int = 0
    """How many steps the reference takes; 0 where no run of it is known."""
    reference_runs: _AtLeast0Int = 0


@dataclass(frozen=True, kw_only=True)
class CheckRecord:
    """What one check found."""

    id: str
    """`<test file>::<function>`."""
    question: str
    points: _AtLeast0
    score: _AtLeast0
    """In [0, points]."""
    status: CheckStatus
    public: bool
    message: str = ""
    """For the student: the hint. Never a hidden input or an expected value."""
    staff_message: str = ""
    """For staff: the whole story; may carry hidden values."""
    cause: str = ""
    """What this check by itself takes for the cause, for staff; "" where it names none."""
    seconds: float = 0.0
    memory_mb: float = 0.0
    """The most memory that the student's process itself had in this check, beyond what it started with."""
    measured: tuple[Measurement, ...] = ()
    """What a training check measured."""
    curves: tuple[Curve, ...] = ()
    """What a training check saw of the training itself: for the student to read, no part of the score."""
    carried: tuple[str, ...] = ()
    """Questions whose answers were replaced by the reference's when this was judged again."""


@dataclass(frozen=True, kw_only=True)
class CellRecord:
    """What one cell of the notebook did when it was run for grading."""

    index: int
    """The cell's position in the notebook that the student handed in, from 0; -1 for a cell of ours that it lacks."""
    id: str
    grade_id: str
    status: CellStatus
    error: str = ""
    untouched: bool = False
    """An answer's cell that is still as the release has it."""


@dataclass(frozen=True, kw_only=True)
class HandRecord:
    """What people have given, taken and said of one question."""

    question: str
    points: _AtLeast0
    """What the question is worth."""
    score: _AtLeast0
    """What is earned on it with what people gave, in [0, points]."""
    by_hand: float = 0.0
    """How much of the score is people's doing; below 0 where they took points."""
    status: HandStatus = HandStatus.COUNTED
    comments: tuple[str, ...] = ()
    """For the student."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One submission's outcome; the JSON of the result file, field by field."""

    assignment: str
    student: str
    status: Status
    attempt: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Which of the student's submissions it is, from 1."""
    score: _AtLeast0
    """Points after the late penalty, in [0, max_score]."""
    max_score: _AtLeast0
    reason: str = ""
    """Why a result is `invalid` or `failed`; empty for a graded one."""
    late_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    free_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    """How many of the late days are free ones, of those that each student has in the course."""
    penalty: _AtLeast0 = 0.0
    """Points taken off for lateness."""
    lateness: str = ""
    """The arithmetic of lateness in words; "" where nothing was late."""
    by_hand: tuple[HandRecord, ...] = ()
    """What people have given, by question: a copy, made with the score; the record itself is in adjustments/."""
    submitted_at: str | None = None
    graded_at: str = ""
    fingerprint: str = ""
    depends_on: Mapping[str, str] = field(default_factory=dict)
    """What the fingerprint is the digest of: values and digests, by names for people."""
    device: str = "cpu"
    seconds: float = 0.0
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage: where the time of this submission went."""
    checks: tuple[CheckRecord, ...] = ()
    cells: tuple[CellRecord, ...] = ()
    output: str = ""
    """What the notebook printed, up to the budget's limit; without terminal codes and control characters."""
    flags: tuple[Flag, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """By the name of each file that students edit: "" where the one handed in was graded, else why not, for them."""

    def to_json(self) -> bytes:
        """Return the file's content: UTF-8 JSON, indented, with a final newline; what was read comes back as it was."""
        return self._json

    @cached_property
    def _json(self) -> bytes:
        fields = {"schema": SCHEMA, **msgspec.to_builtins(self)}
        text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        return text.encode("utf-8", "replace")

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a result back; raise ResultError, with the field and what belongs there, for what is none."""
        try:
            raw = msgspec.json.decode(content)
            msgspec.convert(raw, _Head)
            result = msgspec.convert(raw, cls)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ResultError(str(error)) from error
        known = {"schema": SCHEMA, **msgspec.to_builtins(result)}
        wrong = [*_unknown_fields(raw, known, "$"), *_scores_out_of_range(result)]
        if wrong:
            raise ResultError(wrong[0])
        result.__dict__["_json"] = content  # encoded once, by whoever made it
        return result


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What a result file says before the result itself."""

    schema: Literal[1]


def _unknown_fields(raw: object, known: object, path: str) -> Iterator[str]:
    """Yield a sentence for each field of `raw` that reading it left out; msgspec passes over them in dataclasses."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, value in raw.items():
            if name not in known:
                yield f"Object contains unknown field `{name}` - at `{path}`"
            else:
                yield from _unknown_fields(value, known[name], f"{path}.{name}")
    elif isinstance(raw, list) and isinstance(known, tuple):
        for index, (item, known_item) in enumerate(zip(raw, known, strict=True)):
            yield from _unknown_fields(item, known_item, f"{path}[{index}]")


def _scores_out_of_range(result: Result) -> Iterator[str]:
    """Yield a sentence for each score above its maximum, which no type can say."""
    if result.score > result.max_score + _ROUNDING:
        yield f"Expected `score` <= `max_score` ({result.max_score:g}), got {result.score:g} - at `$.score`"
    for index, check in enumerate(result.checks):
        if check.score > check.points + _ROUNDING:
            where = f"$.checks[{index}].score"
            yield f"Expected `score` <= `points` ({check.points:g}), got {check.score:g} - at `{where}`"
    for index, one in enumerate(result.by_hand):
        if one.score > one.points + _ROUNDING:
            where = f"$.by_hand[{index}].score"
            yield f"Expected `score` <= `points` ({one.points:g}), got {one.score:g} - at `{where}`"


def result_path(results: Path, assignment: str, student: str) -> Path:
    """Return where the result of one submission is kept."""
    return results / assignment / f"{student}.json"


def kept_notebook_path(results: Path, assignment: str, student: str, attempt: int) -> Path:
    """Return where the copy of what a student handed in is kept, if it was."""
    inner = Path(str(attempt)) / student / assignment / f"{assignment}.ipynb"
    return results / assignment / "attempts" / student / inner


def write_result(results: Path, result: Result) -> Path:
    """Write the result durably: whoever looks sees the old file or the new one, whole."""
    path = result_path(results, result.assignment, result.student)
    write_atomically(path, result.to_json())
    return path


def write_results(results: Path, several: Sequence[Result]) -> None:
    """Write results as `write_result` does, with one flush of the disk for all of them."""
    write_all_atomically({result_path(results, one.assignment, one.student): one.to_json() for one in several})


def read_result(path: Path) -> Result:
    """Read one result file; raise ResultError that names the file."""
    try:
        return Result.from_json(path.read_bytes())
    except (OSError, ResultError) as error:
        raise ResultError(f"{path} is not a result file ({error}); remove it and grade again.") from error


def read_results(results: Path, assignment: str) -> Iterator[Result]:
    """Yield the results of an assignment, by student."""
    for path in sorted((results / assignment).glob("*.json")):
        yield read_result(path)

"""Describe what happened to one submission, and keep it on disk without ever half-writing it.

The result file is the only thing that grading hands to reporting: `results/<assignment>/<student>.json`.
"""

import json
import math
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from autograder.errors import ResultError

__all__ = [
    "SCHEMA",
    "CellRecord",
    "CellStatus",
    "CheckRecord",
    "CheckStatus",
    "Flag",
    "Measurement",
    "Result",
    "Status",
    "read_result",
    "read_results",
    "remove_leftovers",
    "result_path",
    "write_atomically",
    "write_result",
]

SCHEMA = 1


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
    TIMESTAMP_UNREADABLE = "timestamp-unreadable"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A quantity that a training check measured, and the least that earns the check's full points."""

    of: str
    value: float
    at_least: float


@dataclass(frozen=True, kw_only=True)
class CheckRecord:
    """What one check found."""

    id: str
    """`<test file>::<function>`."""
    question: str
    points: float
    score: float
    status: CheckStatus
    public: bool
    message: str = ""
    """For the student: the hint. Never a hidden input or an expected value."""
    staff_message: str = ""
    """For staff: the whole story; may carry hidden values."""
    seconds: float = 0.0
    memory_mb: float = 0.0
    """The most memory that the student's process itself had in this check, beyond what it started with."""
    measured: tuple[Measurement, ...] = ()
    """What a training check measured."""


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
class Result:
    """One submission's outcome; the JSON of the result file, field by field."""

    assignment: str
    student: str
    status: Status
    attempt: int = 1
    """Which of the student's submissions it is, from 1."""
    score: float
    """Points after the late penalty, in [0, max_score]."""
    max_score: float
    reason: str = ""
    """Why a result is `invalid` or `failed`; empty for a graded one."""
    late_days: int = 0
    penalty: float = 0.0
    """Points taken off for lateness."""
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

    def to_json(self) -> str:
        """Return the file's text: UTF-8 JSON, indented, with a final newline."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a result back; raise ResultError for anything that is not one, NaN scores included."""
        try:
            raw = json.loads(text)
            if raw.pop("schema") != SCHEMA:
                raise ResultError(f"schema is not {SCHEMA}")  # noqa: TRY301 - one place turns all into ResultError
            raw["status"] = Status(raw["status"])
            raw["checks"] = tuple(_check(check) for check in raw.get("checks", ()))
            raw["cells"] = tuple(_record(CellRecord, cell, CellStatus) for cell in raw.get("cells", ()))
            raw["flags"] = tuple(Flag(flag) for flag in raw.get("flags", ()))
            result = cls(**raw)
            if not all(isinstance(value, str) for value in result.depends_on.values()):
                raise ResultError("depends_on holds what is no text")  # noqa: TRY301
            numbers = [result.score, result.max_score, result.penalty]
            numbers += [number for check in result.checks for number in (check.score, check.points)]
            if not all(type(n) in (int, float) and math.isfinite(n) for n in numbers):
                raise ResultError("a score is not a finite number")  # noqa: TRY301
        except ResultError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
            raise ResultError(f"{type(error).__name__}: {error}") from error
        return result


def _check(raw: dict[str, Any]) -> CheckRecord:
    measured = tuple(Measurement(**measurement) for measurement in raw.get("measured", ()))
    record = _record(CheckRecord, {**raw, "measured": measured}, CheckStatus)
    assert isinstance(record, CheckRecord)
    return record


def _record(cls: type[Any], raw: dict[str, Any], status: type[StrEnum]) -> Any:
    return cls(**{**raw, "status": status(raw["status"])})


def result_path(results: Path, assignment: str, student: str) -> Path:
    """Return where the result of one submission is kept."""
    return results / assignment / f"{student}.json"


def write_result(results: Path, result: Result) -> Path:
    """Write the result durably: whoever looks sees the old file or the new one, whole."""
    path = result_path(results, result.assignment, result.student)
    write_atomically(path, result.to_json().encode("utf-8", "replace"))
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, flush it to the disk, and rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{os.getpid()}@{socket.gethostname()}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_leftovers(results: Path, assignment: str) -> None:
    """Remove the half-written files of processes of this host that were killed at it."""
    for path in (results / assignment).glob(f".*@{socket.gethostname()}.*.part"):
        writer = path.name[1:].partition("@")[0]
        if writer.isdecimal() and not _lives(int(writer)):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def read_result(path: Path) -> Result:
    """Read one result file; raise ResultError that names the file."""
    try:
        return Result.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ResultError, UnicodeDecodeError) as error:
        raise ResultError(f"{path} is not a result file ({error}); remove it and grade again.") from error


def read_results(results: Path, assignment: str) -> Iterator[Result]:
    """Yield the results of an assignment, by student."""
    for path in sorted((results / assignment).glob("*.json")):
        yield read_result(path)

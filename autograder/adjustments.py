"""Keep what people give, take and say: `adjustments/<assignment>.jsonl` in the course, a line for each time.

Lines are only ever added: what is undone, or confirmed for a changed answer, is a line more. No batch writes here, so
no regrade loses anything; a line that cannot be read, such as a torn last one, is said and passed over.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.errors import AutograderError
from autograder.results import HandRecord, HandStatus

__all__ = ["Adjustment", "Adjustments", "Kind", "adjustments_path", "append", "hand_record", "read_adjustments"]

_FOLDER = "adjustments"


class Kind(StrEnum):
    """Say what a line of the file is."""

    POINTS = "points"
    """The question is worth so many points, whatever its checks gave."""
    CORRECTION = "correction"
    """So many points more, or less, than there were before."""
    COMMENT = "comment"
    """No points, only words."""
    CONFIRMED = "confirmed"
    """What line `of` says holds for the answer that is there now."""
    WITHDRAWN = "withdrawn"
    """What line `of` says counts no more."""


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One line of the file."""

    kind: Kind
    student: str
    question: str
    points: float = 0.0
    comment: str = ""
    """For the student."""
    who: str = ""
    when: str = ""
    """ISO time, with a zone."""
    answer: str = ""
    """The digest of the answer that it was given for; "" where there was none."""
    checks: float | None = None
    """What the checks gave at that time; None for a question without checks."""
    of: int = 0
    """The line that this one is about, for `confirmed` and `withdrawn`."""
    together: str = ""
    """The same in all lines that were given at once, to be withdrawn at once; "" for one by itself."""
    line: int = 0
    """Its own line in the file, from 1: its name."""

    @property
    def says_something(self) -> bool:
        """Say whether it is about a question, not about another line."""
        return self.kind not in (Kind.CONFIRMED, Kind.WITHDRAWN)


@dataclass(frozen=True)
class Adjustments:
    """All that people have given to one assignment."""

    lines: tuple[Adjustment, ...] = ()
    unreadable: tuple[int, ...] = ()
    """The numbers of the lines that are none."""
    path: Path = field(default_factory=Path)

    def in_force(self) -> Mapping[tuple[str, str], Sequence[Adjustment]]:
        """Return what was not withdrawn, by student and question, each with the answer it was last confirmed for."""
        standing: dict[int, Adjustment] = {}
        for one in self.lines:
            if one.says_something:
                standing[one.line] = one
            elif one.kind == Kind.WITHDRAWN:
                standing.pop(one.of, None)
            elif one.of in standing:
                standing[one.of] = replace(standing[one.of], answer=one.answer)
        found: dict[tuple[str, str], list[Adjustment]] = {}
        for one in standing.values():
            found.setdefault((one.student, one.question), []).append(one)
        return found

    @property
    def warning(self) -> str:
        """Return a sentence on the lines that cannot be read, "" where all can."""
        if not self.unreadable:
            return ""
        which = ", ".join(map(str, self.unreadable[:5]))
        which = f"line {which} is" if len(self.unreadable) == 1 else f"lines {which} are"
        return (
            f"{self.path}: {which} no adjustment (cut off while it was written?) and not counted; look whether it is "
            "missing, and give it again."
        )


def adjustments_path(course: Path, assignment: str) -> Path:
    """Return where the adjustments to an assignment are kept."""
    return course / _FOLDER / f"{assignment}.jsonl"


def read_adjustments(path: Path) -> Adjustments:
    """Return what the file holds, nothing where there is none; raise AutograderError where it cannot be opened."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Adjustments(path=path)
    except OSError as error:
        raise AutograderError(f"{path} cannot be read ({error.strerror}); mend that: scores depend on it.") from error
    return _parsed(content, path)


def _parsed(content: bytes, path: Path) -> Adjustments:
    lines, unreadable = [], []
    for number, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        try:
            lines.append(replace(msgspec.json.decode(text, type=Adjustment), line=number))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            unreadable.append(number)
    return Adjustments(tuple(lines), tuple(unreadable), path)


def append(path: Path, make: Callable[[Adjustments], Sequence[Adjustment]]) -> Sequence[Adjustment]:
    """Add what `make` returns for what is there, durably, all of it or nothing; return it with its lines' numbers.

    One writer at a time: others wait. Raise AutograderError where the file cannot be written; what `make` raises leaves
    the file as it was.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file, _locked(file):
            file.seek(0)
            content = file.read()
            new = make(_parsed(content, path))
            torn = bool(content) and not content.endswith(b"\n")
            first = content.count(b"\n") + 1 + torn
            numbered = [replace(one, line=number) for number, one in enumerate(new, start=first)]
            _write(file, (b"\n" if torn else b"") + b"".join(msgspec.json.encode(one) + b"\n" for one in numbered))
        if numbered and not content:
            _flush_folder(path.parent)
    return numbered


def _write(file: BinaryIO, content: bytes) -> None:
    """Write behind what is there; where the disk is full, nothing."""
    end = file.seek(0, os.SEEK_END)
    try:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file.fileno(), end)
        raise


@contextlib.contextmanager
def _locked(file: BinaryIO) -> Iterator[None]:
    """Hold the file for this process; the kernel gives it back with the end of the process, however it ends."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AutograderError(
            f"{path} cannot be written to ({error.strerror or error}); nothing was added: mend that, and give it again."
        ) from error


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hand_record(
    question: str, given: Sequence[Adjustment], *, answer: str, points: float, checks: float | None
) -> HandRecord:
    """Return what people's adjustments to one question come to, for the answer that is there now.

    `points` is what the question is worth, `checks` what its checks gave; None: it has none, and waits for a person.
    What was given for another answer does not count until it is confirmed, or somebody has judged the new one.
    """
    counted = [one for one in given if one.answer == answer]
    looked = max((one.line for one in counted), default=0)
    stale = any(one.answer != answer and one.line > looked for one in given)
    score = checks or 0.0
    judged = checks is not None
    for one in counted:
        if one.kind == Kind.POINTS:
            score, judged = one.points, True
        elif one.kind == Kind.CORRECTION:
            score, judged = score + one.points, True
    score = round(min(max(score, 0.0), points), 6)
    return HandRecord(
        question=question,
        points=points,
        score=score,
        by_hand=round(score - (checks or 0.0), 6),
        status=HandStatus.LOOK_AGAIN if stale else HandStatus.COUNTED if judged else HandStatus.WAITING,
        comments=tuple(dict.fromkeys(one.comment for one in counted if one.comment)),
    )

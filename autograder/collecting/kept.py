"""Keep what was collected where `grade` looks for it, and what came before it beside that, in `.attempts`.

    submitted/<student>/<assignment>/                        the newest: the notebook, timestamp.txt, .collected.json
    submitted/.attempts/<number>/<student>/<assignment>/     each earlier one, in the same form

The batch takes no folder whose name begins with a dot for a student's; it looks there for what a student handed in
before. A submission is written whole into a folder of another name, flushed, and renamed into place; what lay there
before is moved, never removed or written over.
"""

import contextlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.collecting.contents import digest_of
from autograder.errors import CollectError, NotebookError
from autograder.grading.lock import locked
from autograder.grading.submissions import ATTEMPTS, TIMESTAMP
from autograder.notebook_files import read_file

__all__ = ["Shelf", "Version"]

_RECORD = ".collected.json"
_DRAFT = ".new-"
_MOST_FILES = 100


@dataclass(frozen=True, kw_only=True)
class Version:
    """One submission of a student's, kept or new."""

    digests: frozenset[str]
    """Of its files; a kept one that somebody has changed since has that of what was collected too."""
    source: str = ""
    time: datetime | None = None
    late: bool = False
    order: tuple[int, ...] = ()
    seen: str = ""
    files: Mapping[str, bytes] | None = None
    """None: they lie on the disk already."""
    counts_from: datetime | None = None
    """What its `timestamp.txt` says, which may be made of a mark "late"."""

    def is_known(self, known: Sequence["Version"]) -> bool:
        """Return whether one of these is the same: in its files, and in its time where this one has any."""
        said = (self.time, self.late)
        return any(
            self.digests & other.digests and said in {(other.time, other.late), (None, False)} for other in known
        )

    def is_newer(self, other: "Version") -> bool:
        """Return whether this one came later: by the times, by what the same system counts, or else by coming now."""
        if self.time is not None and other.time is not None:
            return self.time >= other.time
        if self.source == other.source and self.order and other.order:
            return self.order >= other.order
        return True


@dataclass(frozen=True)
class Shelf:
    """The submissions to one assignment on the disk."""

    submitted: Path
    assignment: str

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else write here, and take away what a killed process has left half-written."""
        with locked(self.submitted / ATTEMPTS):
            for draft in (self.submitted / ATTEMPTS).glob(f"{_DRAFT}*"):
                shutil.rmtree(draft, ignore_errors=True)
            yield

    def current(self, student: str) -> Version | None:
        """Return the submission that is graded; raise CollectError where something is in its place."""
        folder = self._folder(student)
        for path in (folder.parent, folder):
            if os.path.lexists(path) and not stat.S_ISDIR(path.lstat().st_mode):
                raise CollectError(f"{path} is no folder, and nothing is written there; take it away.")
        return _read(folder) if folder.is_dir() else None

    def earlier(self, student: str) -> Sequence[Version]:
        """Return the submissions that came before it."""
        return [_read(folder) for _, folder in self._earlier(student)]

    def keep(self, student: str, version: Version, *, counts: bool) -> None:
        """Write a new submission; where it counts, what was there before becomes an earlier one."""
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.submitted / ATTEMPTS))
        target = self._folder(student) if counts else self._next(student)
        moved = self._next(student) if counts and target.is_dir() else None
        try:
            _write(draft, version)
            for path in (target, *([moved] if moved else [])):
                path.parent.mkdir(parents=True, exist_ok=True)
            if moved:
                target.rename(moved)
            draft.rename(target)
        except OSError as error:
            raise CollectError(
                f"{self.submitted}: the submission of {student} cannot be written ({error.strerror}); mend that, and "
                "collect again."
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if moved and moved.is_dir() and not target.exists():
                moved.rename(target)
        _flush(target.parent)

    def _folder(self, student: str) -> Path:
        return self.submitted / student / self.assignment

    def _earlier(self, student: str) -> Sequence[tuple[int, Path]]:
        attempts = self.submitted / ATTEMPTS
        numbers = [path for path in attempts.iterdir() if path.name.isdecimal()] if attempts.is_dir() else []
        folders = [(int(path.name), path / student / self.assignment) for path in numbers]
        return sorted((number, folder) for number, folder in folders if folder.is_dir())

    def _next(self, student: str) -> Path:
        numbers = [number for number, _ in self._earlier(student)]
        return self.submitted / ATTEMPTS / str(max(numbers, default=0) + 1) / student / self.assignment


def _write(folder: Path, version: Version) -> None:
    assert version.files is not None
    record = {
        "source": version.source,
        "from": version.seen,
        "collected_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "time": version.time.isoformat() if version.time else None,
        "late": version.late,
        "order": version.order,
        "digest": next(iter(version.digests)),
    }
    contents = dict(version.files)
    if version.counts_from is not None:
        contents[TIMESTAMP] = version.counts_from.isoformat().encode()
    contents[_RECORD] = json.dumps(record, indent=1).encode()
    for name, content in contents.items():
        with (folder / name).open("xb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
    folder.chmod(0o755)
    _flush(folder)


def _read(folder: Path) -> Version:
    """Return a kept submission; what cannot be read of it makes it unlike any other."""
    record = _record(folder)
    digests = {digest for digest in (_digest_on_disk(folder), record.get("digest")) if isinstance(digest, str)}
    time, order = record.get("time"), record.get("order")
    return Version(
        digests=frozenset(digests),
        source=str(record.get("source", "")),
        time=_time(time) if record else _time(_text(folder / TIMESTAMP)),
        late=record.get("late") is True,
        order=tuple(n for n in order if isinstance(n, int)) if isinstance(order, list) else (),
        seen=str(folder),
    )


def _record(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(folder / _RECORD))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        return read_file(path).decode(errors="replace")
    except NotebookError:
        return ""


def _digest_on_disk(folder: Path) -> str | None:
    files: dict[str, bytes] = {}
    try:
        for path in list(folder.iterdir())[:_MOST_FILES]:
            if not path.name.startswith(".") and path.name != TIMESTAMP:
                files[path.name] = read_file(path)
        return digest_of(files)
    except (OSError, NotebookError, UnicodeError):
        return None


def _time(text: object) -> datetime | None:
    """Return a time as nbgrader or we have written it; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(str(text).strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return time if time.utcoffset() is not None else time.replace(tzinfo=UTC)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

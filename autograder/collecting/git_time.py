"""Read when the last commit of a clone was made, from git's files: git itself would obey what a repository says."""

import contextlib
import os
import re
import stat
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

__all__ = ["commit_time"]

_MOST_TEXT = 2**24
_MOST_COMMIT = 2**16
_MOST_PACKS = 200
_REF = re.compile(r"refs/[^\s.\\][^\s\\]*")
_ID = re.compile(r"[0-9a-f]{40}")
_COMMITTER = re.compile(rb"^committer [^\n]* (\d{1,12}) [+-]\d{4}$", re.MULTILINE)
_INDEX_V2 = b"\xfftOc\x00\x00\x00\x02"
_FANOUT, _IDS, _ID_BYTES = 8, 8 + 4 * 256, 20
_COMMIT = 1
"""The type of an entry of a pack that is a commit in full."""


def commit_time(git: Path) -> datetime | None:
    """Return when the commit that is checked out was made, by its maker's clock; None where that cannot be read."""
    try:
        name = _head(git)
        commit = name and (_loose(git, name) or _packed(git, name))
        committed = _COMMITTER.search(commit.partition(b"\n\n")[0]) if commit else None
        return datetime.fromtimestamp(int(committed[1]), UTC) if committed else None
    except (OSError, ValueError, OverflowError, zlib.error):
        return None


def _head(git: Path) -> str | None:
    """Return the commit that is checked out."""
    head = _text(git / "HEAD").strip()
    if head.startswith("ref: "):
        ref = head.removeprefix("ref: ")
        if not _REF.fullmatch(ref) or ".." in ref:
            return None
        with contextlib.suppress(OSError):
            return _valid(_text(git / ref).strip())
        listed = (line.partition(" ") for line in _text(git / "packed-refs").splitlines())
        head = next((name for name, _, of in listed if of == ref), "")
    return _valid(head)


def _valid(name: str) -> str | None:
    return name if _ID.fullmatch(name) else None


def _loose(git: Path, name: str) -> bytes | None:
    with contextlib.suppress(OSError), _opened(git / "objects" / name[:2] / name[2:]) as file:
        content = zlib.decompressobj().decompress(file.read(_MOST_COMMIT), _MOST_COMMIT)
        return content.partition(b"\0")[2] if content.startswith(b"commit ") else None
    return None


def _packed(git: Path, name: str) -> bytes | None:
    for index in sorted((git / "objects" / "pack").glob("*.idx"))[:_MOST_PACKS]:
        with _opened(index) as file:
            place = _place(file, bytes.fromhex(name))
        if place is not None:
            with _opened(index.with_suffix(".pack")) as file:
                file.seek(place)
                return _entry(file.read(_MOST_COMMIT))
    return None


def _place(index: BinaryIO, name: bytes) -> int | None:
    """Return where in its pack an object begins; None where the index does not have it."""
    if index.read(len(_INDEX_V2)) != _INDEX_V2:
        return None
    count = _number(index, _FANOUT + 4 * 255)

    class Ids:
        def __len__(self) -> int:
            return count

        def __getitem__(self, at: int) -> bytes:
            index.seek(_IDS + _ID_BYTES * at)
            return index.read(_ID_BYTES)

    at = bisect_left(Ids(), name)
    if at >= count or Ids()[at] != name:
        return None
    place = _number(index, _IDS + (_ID_BYTES + 4) * count + 4 * at)
    return place if place < 2**31 else None


def _entry(content: bytes) -> bytes | None:
    """Return a commit that stands in a pack in full."""
    if not content or (content[0] >> 4) & 7 != _COMMIT:
        return None
    start = next((at for at, byte in enumerate(content) if byte < 0x80), len(content)) + 1  # noqa: PLR2004 - "more follow"
    return zlib.decompressobj().decompress(content[start:], _MOST_COMMIT)


def _number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "big")


def _text(path: Path) -> str:
    with _opened(path) as file:
        return file.read(_MOST_TEXT).decode(errors="replace")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open an ordinary file; raise OSError for anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no ordinary file")
        yield file

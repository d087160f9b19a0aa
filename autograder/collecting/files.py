"""What a download holds, in a folder or in an archive: files with a path, read when they are needed."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.errors import CollectError, NotebookError
from autograder.notebook_files import MAX_BYTES, read_file
from autograder.notebooks import BYPRODUCTS
from autograder.plain_text import plain_text

__all__ = ["LIMITS", "File", "Limits", "below", "folder_files", "is_archive", "is_byproduct", "shown", "single_file"]

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_JUNK = BYPRODUCTS | {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_GIT = ".git"
_HEAD = "HEAD"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an archive may hold. Sizes are in bytes, unpacked."""

    entries: int = 100_000
    """In all archives and folders of one call together."""
    file_bytes: int = MAX_BYTES
    """One file that is taken: as much as a notebook may have."""
    archive_bytes: int = 512 * 2**20
    """An archive inside another."""
    tar_bytes: int = 2 * 2**30
    """A tar archive, which has to be unpacked to be read."""
    total_bytes: int = 64 * 2**30
    """What a zip says that it holds; only what is taken is unpacked."""
    ratio: int = 250
    """Unpacked to packed, of a file or an archive of more than `ratio_from`."""
    ratio_from: int = 64 * 2**20
    depth: int = 3
    """Archives inside of one another."""
    folders: int = 40
    """Folders inside of one another."""
    name_length: int = 255
    """Characters of one name."""


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a download."""

    path: PurePosixPath
    size: int
    seen: str
    """Where it is, for people: the archive and the path in it."""
    content: Callable[[int], bytes] = field(repr=False)
    """Returns what it holds, given the most that may be; raises CollectError."""
    modified: datetime | None = None
    disk: Path | None = None
    """Where it lies, unless it is in an archive."""

    def read(self, most: int) -> bytes:
        """Return what it holds; raise CollectError where that is more than `most` bytes, or cannot be read."""
        if self.size > most:
            raise CollectError(f"{self.seen} has {self.size / 2**20:.0f} MB; at most {most // 2**20} MB are taken.")
        return self.content(most)


def shown(path: PurePosixPath | str) -> str:
    """Return a path as a sentence may show it: one line that no terminal obeys."""
    return plain_text(str(path), 160).strip()


def is_archive(path: PurePosixPath) -> bool:
    """Return whether a file is to be unpacked, by its name."""
    return path.name.lower().endswith(ARCHIVES)


def is_byproduct(path: PurePosixPath) -> bool:
    """Return whether nobody handed this in: what systems leave behind, hidden files and folders."""
    return any(part in _JUNK or part.startswith(".") for part in path.parts)


def below(files: Sequence[File], parts: Sequence[str]) -> list[File]:
    """Return the files in a folder, with the paths that they have from there."""
    start = tuple(parts)
    return [
        replace(file, path=PurePosixPath(*file.path.parts[len(start) :]))
        for file in files
        if file.path.parts[: len(start)] == start and len(file.path.parts) > len(start)
    ]


def folder_files(folder: Path, limits: Limits = LIMITS) -> tuple[list[File], list[str]]:
    """Return the files in a folder, outer before inner, and a sentence for each thing that is passed over.

    No link is followed. Of a git repository's own folder only HEAD is there, so that it can be told.
    """
    files: list[File] = []
    passed_over: list[str] = []
    for path, entry in _walk(folder, PurePosixPath(folder.resolve().name), limits.folders):
        if len(files) + len(passed_over) >= limits.entries:
            raise CollectError(f"{folder} holds more than {limits.entries:,} files; give the folder of one assignment.")
        if isinstance(entry, OSError):
            passed_over.append(f"{folder}: {shown(path)} cannot be read ({entry.strerror}); mend that, and go on.")
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            passed_over.append(f"{folder}: {shown(path)} cannot be read ({error.strerror}); mend that, and go on.")
            continue
        if stat.S_ISREG(status.st_mode):
            files.append(_on_disk(Path(entry.path), path, status))
        elif not is_byproduct(path):
            passed_over.append(f"{folder}: {shown(path)} is {_kind(status.st_mode)} and is not followed or read.")
    return files, passed_over


def single_file(path: Path) -> File:
    """Return a file that was named itself; raise CollectError for what is none."""
    try:
        status = path.stat()
    except OSError as error:
        raise CollectError(f"{path} cannot be read ({error.strerror}); give another.") from error
    if not stat.S_ISREG(status.st_mode):
        raise CollectError(f"{path} is {_kind(status.st_mode)}, not a file or folder; give another.")
    return _on_disk(path.resolve(), PurePosixPath(path.name), status)


def _on_disk(disk: Path, path: PurePosixPath, status: os.stat_result) -> File:
    def content(most: int) -> bytes:
        try:
            found = read_file(disk) if most <= MAX_BYTES else disk.read_bytes()
        except NotebookError as error:
            raise CollectError(f"{shown(path)}: {error}") from error
        except OSError as error:
            raise CollectError(f"{shown(path)} cannot be read ({error.strerror}); mend that.") from error
        return found

    modified = None
    with contextlib.suppress(OverflowError, ValueError, OSError):
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return File(path=path, size=status.st_size, seen=shown(path), content=content, modified=modified, disk=disk)


def _walk(
    folder: Path, path: PurePosixPath, depth: int
) -> Iterator[tuple[PurePosixPath, "os.DirEntry[str] | OSError"]]:
    """Yield what is in a folder and in those inside that are no links."""
    if depth == 0:
        yield path, OSError(errno.ENAMETOOLONG, "too many folders in each other")
        return
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield path, error
        return
    inner = []
    for entry in entries:
        if entry.name in _JUNK or (path.name == _GIT and entry.name != _HEAD):
            continue
        if entry.is_dir(follow_symlinks=False):
            inner.append(entry)
        else:
            yield path / entry.name, entry
    for entry in inner:
        yield from _walk(Path(entry.path), path / entry.name, depth - 1)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")

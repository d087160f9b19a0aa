"""Write files durably: whoever looks sees the old file or the new one, whole, also after a power failure."""

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

__all__ = ["remove_leftovers", "write_all_atomically", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, flush it to the disk, and rename it into place."""
    write_all_atomically({path: content})


def write_all_atomically(contents: Mapping[Path, bytes]) -> None:
    """Write all files, then flush all: the first flush takes most of the others with it."""
    drafts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path] = _draft(path.parent, content)
        for draft in drafts.values():
            _flush(draft)
        for path, draft in drafts.items():
            draft.replace(path)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in contents}:
        _flush(folder)


def _draft(folder: Path, content: bytes) -> Path:
    """Return a new file with this content that others may read, whatever the umask."""
    path = folder / f".{os.getpid()}@{socket.gethostname()}.{secrets.token_hex(8)}.part"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove from a folder the half-written files of processes of this host that were killed at it."""
    for path in folder.glob(f".*@{socket.gethostname()}.*.part"):
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

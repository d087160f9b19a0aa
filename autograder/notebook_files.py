"""Read a file that was handed in: an ordinary one of bounded size, or one sentence that says what it is instead.

Names and files of students are hostile input: no link is followed, no pipe waited for, and a name is shown plainly.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from autograder.errors import NotebookError
from autograder.plain_text import plain_text

__all__ = ["MAX_BYTES", "plain_name", "read_file", "verify_file"]

MAX_BYTES = 32 * 2**20
_LONGEST_NAME_SHOWN = 100
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


def plain_name(path: Path) -> str:
    """Return a file's name as a sentence may show it: one short line that no terminal or page obeys."""
    return plain_text(path.name, _LONGEST_NAME_SHOWN).strip()


def read_file(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return what a file holds; raise NotebookError for what is no ordinary file, too large, or cannot be read.

    `most` are the bytes that it may have.
    """
    with _opened(path, most) as file:
        content = file.read(most + 1)
        if len(content) > most:  # it has grown since it was opened
            raise NotebookError(_too_large(path, len(content), most))
        return content


def verify_file(path: Path) -> None:
    """Raise NotebookError where `read_file` would, without reading."""
    with _opened(path, MAX_BYTES):
        pass


@contextlib.contextmanager
def _opened(path: Path, most: int) -> Iterator[BinaryIO]:
    name = plain_name(path)
    try:
        _verify_kind(path, os.lstat(path))  # before it is opened: that alone does something to a device
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _verify_kind(path, status)
            if status.st_size > most:
                raise NotebookError(_too_large(path, status.st_size, most))
            yield file
    except FileNotFoundError as error:
        raise NotebookError(f"{name} is not there; hand it in.") from error
    except OSError as error:
        raise NotebookError(
            f"{name} cannot be read ({error.strerror or error}); mend that where it is kept, and grade it again."
        ) from error


def _verify_kind(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        what = "file" if path.suffix == ".py" else "notebook"
        raise NotebookError(f"{plain_name(path)} is {kind}, not an ordinary file; hand in the {what} itself.")


def _too_large(path: Path, size: int, most: int) -> str:
    cure = "shorten it" if path.suffix == ".py" else "clear its outputs"
    return f"{plain_name(path)} has {size / 2**20:.0f} MB; {cure}, at most {most // 2**20} MB are read."

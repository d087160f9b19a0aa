"""Keep what a batch tells beside its results while it runs, so that others on this machine can watch it."""

import contextlib
import fcntl
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import BinaryIO, TextIO

__all__ = ["BATCH_LOG", "is_written", "written_log"]

BATCH_LOG = ".batch.jsonl"
"""In a folder of results: the events of the batch that runs, or of the last one, as `grade --log json` prints them."""


@contextlib.contextmanager
def written_log(results: Path) -> Iterator[TextIO]:
    """Yield a new log, held as long as it is written; one that is kept nowhere where the folder does not let us.

    The caller holds the folder. Each batch has a file of its own: whoever reads one to its end reads no other.
    """
    path = results / BATCH_LOG
    try:
        path.unlink(missing_ok=True)
        file = path.open("x", encoding="utf-8")
    except OSError:
        yield StringIO()
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks: nobody watches
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        with contextlib.suppress(OSError):  # it writes what is left, and the disk may be full
            file.close()


def is_written(file: BinaryIO) -> bool:
    """Say whether the batch of a log still runs."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False

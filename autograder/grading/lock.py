"""Let one batch at a time write into a folder of results."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import AutograderError

__all__ = ["locked"]

_NAME = ".lock"
_LONGEST = 300


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process, which makes it if need be; raise AutograderError where another holds it.

    The kernel gives the lock back with the end of the process that holds it, however it ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise AutograderError(
            f"{folder} cannot be written to ({error.strerror}); mend that, or give another folder."
        ) from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read(_LONGEST).strip() or "another process"
            raise AutograderError(f"{folder} is in use by {holder}; wait for it, or give another folder.") from None
        except OSError as error:
            raise AutograderError(
                f"{folder} cannot be locked ({error.strerror}); give a folder on a file system that has locks."
            ) from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
            file.truncate()
            now = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"process {os.getpid()} on {socket.gethostname()} since {now}")
            file.flush()
        yield

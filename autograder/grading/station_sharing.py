"""Share warm stations between the commands of one user: over a socket that nobody else may use.

`autograder serve` answers on it for as long as it runs; `autograder grade --keep-warm` leaves a process of its own
(`python -m autograder.grading.station_sharing ROOT SECONDS`) behind that ends when nobody has asked it for a while.
"""

import contextlib
import hashlib
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from autograder.checks.surroundings import checks_environment
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Engine, Event, Finished, Job, Started
from autograder.grading.local import LocalEngine
from autograder.grading.station_process import StationConfig
from autograder.grading.warm_station import WarmStations, loaded_by
from autograder.results import Result

__all__ = ["SharedStations", "StationServer", "keep_warm", "shared_or"]

_IDLE_SECONDS = 900.0
"""After which a process that keeps stations warm, and that nobody asks, ends."""
_LOOK_SECONDS = 5.0
_PEER = "3i"
"""The kernel's word on who is at the other end: process, user, group."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What is asked for."""

    config: StationConfig
    loaded: str
    environment: Mapping[str, str]
    job: Job


class StationServer:
    """Grade what other processes of this user ask for."""

    def __init__(self, root: Path, stations: WarmStations) -> None:
        """Listen for a course's folder; raise AutograderError where that cannot be, or another listens already."""
        self._path, self._stations = _socket_path(root), stations
        self._lock, self._busy, self._used_at = threading.Lock(), 0, time.monotonic()
        with contextlib.suppress(OSError), _connected(self._path):
            raise AutograderError(f"{root}: another process keeps stations warm for this course already.")
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._listen, daemon=True).start()

    def idle_seconds(self) -> float:
        """Return for how long nobody has asked for anything; 0 while something is graded."""
        with self._lock:
            return 0.0 if self._busy else time.monotonic() - self._used_at

    def close(self) -> None:
        """Listen no more; what is being graded is graded to its end."""
        self._path.unlink(missing_ok=True)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                asking, _ = self._listener.accept()
            except OSError:  # closed
                return
            if _user_of(asking) != os.getuid():
                asking.close()
                continue
            threading.Thread(target=self._answer, args=(Connection(asking.detach()),), daemon=True).start()

    def _answer(self, line: Connection) -> None:
        """Grade what comes over one connection, one after the other."""
        with line, contextlib.suppress(EOFError, OSError):
            while True:
                order = line.recv()
                with self._at_work():
                    answer = self._graded(order)
                line.send(answer)

    def _graded(self, order: _Order) -> bytes | AutograderError:
        try:
            return self._stations.grade(order.config, order.loaded, order.job, order.environment).to_json()
        except AutograderError as error:
            return error

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy, self._used_at = self._busy - 1, time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(kw_only=True)
class SharedStations:
    """An engine that has another process grade, one job at a time; where that has gone, another engine does."""

    root: Path
    config: StationConfig
    loaded: str
    otherwise: Engine
    _draining: bool = field(default=False, init=False)

    def run(self, jobs: Sequence[Job], *, alone: bool = False) -> Iterator[Event]:
        """Yield what happens; see Engine."""
        left = list(jobs)
        with contextlib.suppress(OSError, EOFError), _connected(_socket_path(self.root)) as asking:
            line = Connection(os.dup(asking.fileno()))
            with line:
                while left and not self._draining:
                    yield Started(job=left[0])
                    result = self._ask(line, left[0])
                    yield Finished(job=left.pop(0), result=result)
        if not self._draining:
            yield from self.otherwise.run(left, alone=alone)

    def drain(self) -> None:
        """Begin no more jobs."""
        self._draining = True
        self.otherwise.drain()

    def _ask(self, line: Connection, job: Job) -> Result:
        environment = checks_environment(os.environ)
        line.send(_Order(config=self.config, loaded=self.loaded, environment=environment, job=job))
        answer = line.recv()
        if isinstance(answer, AutograderError):
            raise answer
        return Finished.from_json(job, answer).result


def shared_or(engine: LocalEngine, fingerprints: Fingerprints, course: Course, assignment: str) -> Engine:
    """Return an engine of the process that keeps stations warm for the course; this one where there is none."""
    try:
        with _connected(_socket_path(course.root)):
            config = replace(engine.station_config(course, assignment), cgroups=None)
            return SharedStations(
                root=course.root, config=config, loaded=loaded_by(config, fingerprints), otherwise=engine
            )
    except (OSError, AutograderError):
        return engine


def keep_warm(root: Path, idle_seconds: float = _IDLE_SECONDS) -> None:
    """Leave a process behind that keeps stations warm, unless there is one; raise AutograderError where none starts."""
    path = _socket_path(root)
    with contextlib.suppress(OSError), _connected(path):
        return
    command = [sys.executable, "-P", "-m", "autograder.grading.station_sharing", str(root), str(idle_seconds)]
    nowhere = subprocess.DEVNULL
    left = subprocess.run(
        command, check=False, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True, cwd=root
    )
    if left.returncode:
        raise AutograderError(f"No process could be left behind for {root}; grade without --keep-warm.")


def _socket_path(root: Path) -> Path:
    """Return where the course's socket is, in a folder of this user's alone; raise AutograderError for another's."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"autograder-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise AutograderError(
            f"{folder} cannot be made ({error.strerror}); set XDG_RUNTIME_DIR to a folder."
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise AutograderError(f"{folder} is not a folder of yours alone; remove it, or set XDG_RUNTIME_DIR to another.")
    return folder / f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]}.sock"


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    """Connect to the socket; raise OSError where nobody listens."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        if _user_of(asking) != os.getuid():
            raise PermissionError("somebody else listens")
        yield asking


def _user_of(connected: socket.socket) -> int:
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEER))
    return int(struct.unpack(_PEER, told)[1])


def main() -> None:
    """Leave a process that keeps stations of the course in the first argument, until idle for so many seconds."""
    root, idle_seconds = Path(sys.argv[1]), float(sys.argv[2])
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(ready, 1) else 1)
    stations = WarmStations()
    with StationServer(root, stations) as server:
        os.write(tell, b"1")
        os.close(tell)
        while server.idle_seconds() < idle_seconds and root.is_dir():
            time.sleep(min(_LOOK_SECONDS, idle_seconds))
    stations.close()


if __name__ == "__main__":
    main()

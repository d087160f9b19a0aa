"""Bind forked children to a few folders, and try what lies within and without."""

import ctypes
import errno
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.sandbox.inside import landlock

NO_NEW_PRIVS = 38
NOBODY = 65534
REFER_SINCE, TRUNCATE_SINCE, IOCTL_SINCE, SCOPES_SINCE = 2, 3, 5, 6
VERSION = landlock.abi()
pytestmark = pytest.mark.skipif(VERSION == 0, reason="this kernel has no Landlock")
libc = ctypes.CDLL(None, use_errno=True)


def since(version: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version > VERSION, reason=f"this kernel's Landlock is older than version {version}")


def in_child(prepare: Callable[[], object], work: Callable[[], object]) -> object:
    """Return what `work` returns in a forked child, or the name of its OSError; `prepare` binds the child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            assert libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            prepare()
            answer = _attempt(work)
        except BaseException as error:  # noqa: BLE001 - the child's edge: the test reads it
            answer = repr(error)
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def _attempt(work: Callable[[], object]) -> object:
    try:
        return work()
    except OSError as error:
        return errno.errorcode[error.errno]


class Folders:
    """Three folders: one to read, one to write, one that is nobody's business."""

    def __init__(self, root: Path) -> None:
        self.readable, self.writable, self.outside = (root / name for name in ("readable", "writable", "outside"))
        for folder in (self.readable, self.writable, self.outside):
            (folder / "below").mkdir(parents=True)
            (folder / "file").write_text(folder.name)

    def restrict(self) -> None:
        landlock.restrict([str(self.readable)], [str(self.writable)])

    def attempt(self, work: Callable[[], object]) -> object:
        return in_child(self.restrict, work)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_reads_beneath_both(folders):
    assert folders.attempt((folders.readable / "file").read_text) == "readable"
    assert folders.attempt((folders.writable / "file").read_text) == "writable"
    assert folders.attempt(lambda: sorted(path.name for path in folders.readable.iterdir())) == ["below", "file"]


CHANGES = {
    "write": lambda folder: (folder / "file").write_text("changed") and None,
    "append": lambda folder: (folder / "file").open("a").close(),
    "create": lambda folder: (folder / "new").touch(),
    "mkdir": lambda folder: (folder / "new").mkdir(),
    "rmdir": lambda folder: (folder / "below").rmdir(),
    "unlink": lambda folder: (folder / "file").unlink(),
    "symlink": lambda folder: (folder / "new").symlink_to("file"),
    "fifo": lambda folder: os.mkfifo(folder / "new"),
    "rename": lambda folder: (folder / "file").rename(folder / "new") and None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_writes_beneath_the_writable_alone(change, folders):
    assert folders.attempt(lambda: CHANGES[change](folders.writable)) is None
    assert folders.attempt(lambda: CHANGES[change](folders.readable)) == "EACCES"
    assert folders.attempt(lambda: CHANGES[change](folders.outside)) == "EACCES"


@since(TRUNCATE_SINCE)
def test_truncates_beneath_the_writable_alone(folders):
    assert folders.attempt(lambda: os.truncate(folders.writable / "file", 0)) is None
    assert folders.attempt(lambda: os.truncate(folders.readable / "file", 0)) == "EACCES"


@since(REFER_SINCE)
def test_moves_and_links_between_folders_beneath_the_writable(folders):
    file, below = folders.writable / "file", folders.writable / "below"
    assert folders.attempt(lambda: os.link(file, below / "link")) is None
    assert folders.attempt(lambda: file.rename(below / "file") and None) is None


@pytest.mark.parametrize("source", ["readable", "outside"])
def test_links_and_moves_nothing_in_from_elsewhere(source, folders):
    file, target = getattr(folders, source) / "file", folders.writable / "new"
    assert folders.attempt(lambda: os.link(file, target)) in {"EACCES", "EXDEV"}
    assert folders.attempt(lambda: file.rename(target)) in {"EACCES", "EXDEV"}


def test_neither_reads_nor_lists_elsewhere(folders):
    assert folders.attempt((folders.outside / "file").read_text) == "EACCES"
    assert folders.attempt(lambda: list(folders.outside.iterdir())) == "EACCES"


def test_a_link_leads_nowhere_else(folders):
    (folders.writable / "link").symlink_to(folders.outside / "file")
    assert folders.attempt((folders.writable / "link").read_text) == "EACCES"


def test_executes_what_it_may_read_and_nothing_else(folders):
    def run() -> int:
        return subprocess.run(["/bin/sh", "-c", "exit 7"], check=False).returncode

    assert in_child(lambda: landlock.restrict(["/"], ["/dev/null"]), run) == 7
    assert folders.attempt(run) == "EACCES"


def test_binds_programs_that_are_started_later(folders):
    command = f"echo changed > {folders.writable}/file; echo changed > {folders.outside}/file"

    def run() -> int:
        return subprocess.run(["/bin/sh", "-c", command], stderr=subprocess.DEVNULL, check=False).returncode

    assert in_child(lambda: landlock.restrict(["/"], [str(folders.writable), "/dev/null"]), run) != 0
    assert (folders.writable / "file").read_text() == "changed\n"
    assert (folders.outside / "file").read_text() == "outside"


def test_a_file_may_be_named_alone(folders):
    file, other = folders.outside / "file", folders.outside / "other"
    other.write_text("other")
    assert in_child(lambda: landlock.restrict([str(file)], []), file.read_text) == "outside"
    assert in_child(lambda: landlock.restrict([str(file)], []), other.read_text) == "EACCES"
    assert in_child(lambda: landlock.restrict([], [str(file)]), lambda: file.write_text("x")) == 1


def test_a_path_that_is_not_there_is_an_error(folders):
    missing = str(folders.outside / "missing")
    assert "FileNotFoundError" in str(in_child(lambda: landlock.restrict([missing], []), lambda: None))


def test_a_second_time_can_only_narrow(folders):
    def widen() -> None:
        folders.restrict()
        landlock.restrict(["/"], ["/"])

    assert in_child(widen, (folders.writable / "file").read_text) != "outside"
    assert in_child(widen, (folders.outside / "file").read_text) == "EACCES"


def test_leaves_no_descriptor_open(folders):
    def descriptors() -> list[str]:
        return sorted(path.name for path in Path("/proc/self/fd").iterdir())

    restrict = lambda: landlock.restrict(["/proc", str(folders.readable)], [str(folders.writable)])  # noqa: E731
    assert in_child(restrict, descriptors) == in_child(lambda: None, descriptors)


def test_needs_no_new_privs():
    def restrict_without() -> None:
        if os.geteuid() == 0:
            os.setresuid(NOBODY, NOBODY, NOBODY)
        landlock.restrict([], [])

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            restrict_without()
        except OSError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        message = pipe.read()
    os.waitpid(pid, 0)
    assert "landlock_restrict_self" in message


@since(IOCTL_SINCE)
def test_commands_devices_beneath_the_writable_alone():
    def command() -> None:
        with Path("/dev/zero").open("rb") as device:
            fcntl.ioctl(device, termios.TCGETS, bytes(64))

    assert in_child(lambda: landlock.restrict(["/dev"], []), command) == "EACCES"
    assert in_child(lambda: landlock.restrict([], ["/dev"]), command) == "ENOTTY"


@since(SCOPES_SINCE)
def test_signals_its_own_processes_alone(folders):
    parent = os.getpid()

    def signal_own() -> int:
        child = os.fork()
        if child == 0:
            signal.pause()
        os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]

    assert folders.attempt(lambda: os.kill(parent, 0)) == "EPERM"
    assert folders.attempt(signal_own) == signal.SIGKILL


@since(SCOPES_SINCE)
def test_reaches_no_abstract_socket_but_its_own(folders):
    name = f"\0{secrets.token_hex(8)}"

    def connect(to: str) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(to)

    def connect_to_own() -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{name}-own")
            server.listen()
            connect(f"{name}-own")

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        assert in_child(lambda: None, lambda: connect(name)) is None
        assert folders.attempt(lambda: connect(name)) == "EPERM"
    assert folders.attempt(connect_to_own) is None


def test_leaves_tcp_alone(folders):
    def talk() -> str:
        with socket.socket() as server, socket.socket() as client:  # create_connection would look into /etc
            server.bind(("127.0.0.1", 0))
            server.listen()
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            with accepted:
                client.sendall(b"hello")
                return accepted.recv(5).decode()

    assert folders.attempt(talk) == "hello"


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_uses_no_more_than_an_older_kernel_knows(version, folders, monkeypatch):
    monkeypatch.setattr(landlock, "abi", lambda: version)
    assert folders.attempt((folders.outside / "file").read_text) == "EACCES"
    assert folders.attempt(lambda: (folders.readable / "file").write_text("x")) == "EACCES"
    assert folders.attempt(lambda: (folders.writable / "file").write_text("x")) == 1


def test_a_kernel_without_landlock_is_an_error(folders, monkeypatch):
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    assert "Landlock is not there" in str(folders.attempt(lambda: None))

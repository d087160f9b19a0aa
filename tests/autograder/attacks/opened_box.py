"""Run hostile code in a box that lacks some of its walls, for the attack to be seen to succeed.

That box stands in an outer one, with namespaces, a root folder and a user of its own that has no right on anything of
the host: what gets out reaches a folder like a course's, a neighbour's process and a listening socket that stand there
for it, and no more. The outer box ends with the program, after some seconds at the latest.
"""

import atexit
import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from traces import Traces, commands

from autograder.sandbox.inside import isolation, resource_limits, root_folder, seccomp, syscalls
from autograder.sandbox.shared.calling_process import die_with_parent
from autograder.sandbox.shared.layers import Layer
from autograder.sandbox.shared.limits import ProcessLimits

__all__ = ["LIMITS", "MEASURES", "Report", "Wall", "run"]

LIMITS = ProcessLimits(
    memory_bytes=600 * 2**20,
    output_bytes=256 * 2**10,
    frame_bytes=2**20,
    cpu_seconds=30,
    file_bytes=2**25,
    open_files=256,
    processes=64,
    disk_bytes=2**20,
)
COURSE = Path("/tmp/course")
FILES = {
    "course_config.py": "{canary}",
    ".autograder-secret": "{canary}",
    "tests/tiny/test_tiny.py": "{canary}",
    "source/tiny/tiny.ipynb": "{canary}",
    "results/tiny/right-0.json": "of a neighbour",
    "submitted/right-0/tiny/tiny.ipynb": "of a neighbour",
    "submitted/gradebook.db": "",
}
HERE = COURSE / "submitted" / "me"
"""Where student code works that has no folder of its own."""
PACKAGES = "/tmp/packages"
"""Where Python looks for packages, and its user may write."""
MOST_PROCESSES = 400
MOST_BYTES = 2 * 2**30
"""Of one process; where the host runs out all the same, this goes first."""
LOOK_SECONDS = 0.02
PORT = 8080


class Wall(StrEnum):
    """What keeps student code in beside the layers that a process builds around itself."""

    ROOT = "root folder"
    LIMITS = "limits"
    WATCH = "watch"
    """The zygote's eye on memory. It is never there in here."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of hostile code, and of what stood around it."""

    printed: str
    neighbour_lives: bool
    left_running: list[str]
    """Processes of its own that are there after its end."""
    left_lying: list[str]
    """Files in /tmp and /dev/shm that were not there before."""
    changed: list[str]
    """Files of the course that are not what they were."""
    most: Mapping[str, int]
    """The largest value of each measure."""


def _entries(folder: str) -> int:
    """Return the number of entries in a folder of every process, such as `fd`."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            count += sum(1 for _ in (process / folder).iterdir())
    return count


def _kilobytes(path: Path, kind: str) -> int:
    return int(path.read_text().split(f"\n{kind}:")[1].split()[0])


def _own(*kinds: str) -> int:
    """Return what all processes in the outer box hold."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):  # it may have ended meanwhile
            total += sum(1024 * _kilobytes(process / "status", kind) for kind in kinds)
    return total


def _hosts(kind: str) -> int:
    """Return what the whole host holds, where nobody says for whom."""
    return 1024 * _kilobytes(Path("/proc/meminfo"), kind)


MEASURES: Mapping[str, tuple[Callable[[], int], int]] = {
    "memory": (lambda: _own("RssAnon", "VmPTE"), LIMITS.memory_bytes),
    "memory of files": (lambda: _hosts("Shmem"), LIMITS.memory_bytes),
    "memory of the kernel": (lambda: _hosts("SUnreclaim"), 64 * 2**20),
    "processes": (lambda: _entries("task"), LIMITS.processes),
    "descriptors": (lambda: _entries("fd"), LIMITS.open_files),
    "disk": (lambda: (s := os.statvfs("/tmp")).f_bsize * (s.f_blocks - s.f_bfree), LIMITS.disk_bytes),
    "inodes": (lambda: (s := os.statvfs("/tmp")).f_files - s.f_ffree, isolation._INODES),
    "locks": (lambda: Path("/proc/locks").read_text().count("\n"), 10_000),
    "output": (lambda: 0, LIMITS.output_bytes),  # counted where it is read
}
"""What grows and how it is looked at, apart from how the sandbox does that; how much more of it is too much."""


def run(
    source: str, without: Collection[Layer | Wall], *, canary: str, mark: str, until: str = "", seconds: float = 15.0
) -> Report:
    """Run `source` without some walls, until it ends or a measure is beyond its limit, no longer than `seconds`."""
    order = {"source": source, "without": list(without), "canary": canary, "mark": mark, "until": until}
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps({**order, "seconds": seconds}),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        start_new_session=True,
        timeout=seconds + 60,
    )
    assert done.returncode == 0, done.stderr
    return Report(**json.loads(done.stdout.splitlines()[-1]))


def _enter_outer_box() -> None:
    """Become root of a world that holds nothing, as a user without any right on the host."""
    isolation.enter_namespaces()
    root_folder.enter_root_folder((), ())
    isolation.change_user(isolation.student_user(0))
    user, group = os.geteuid(), os.getegid()
    assert user != 0 or Path("/proc/self/uid_map").read_text().split()[1] != "0", "never the host's root"
    syscalls.unshare(
        syscalls.NEW_USER | syscalls.NEW_MOUNT | syscalls.NEW_NETWORK | syscalls.NEW_IPC | syscalls.NEW_PID
    )
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
    first = os.fork()
    if first:
        _, status = os.waitpid(first, 0)
        os._exit(abs(os.waitstatus_to_exitcode(status)))
    die_with_parent()
    os.setsid()
    syscalls.mount("proc", "/proc")
    for folder in ("/tmp", "/dev/shm"):
        syscalls.mount("tmpfs", folder, options="mode=1777,size=64m")


def _furnish(canary: str) -> None:
    """Put there what an attack looks for: a course with a neighbour's result, packages, services."""
    for name, text in FILES.items():
        (COURSE / name).parent.mkdir(parents=True, exist_ok=True)
        (COURSE / name).write_text(text.format(canary=canary))
    HERE.mkdir()
    Path(PACKAGES).mkdir()
    sys.path.append(PACKAGES)
    listener = socket.socket()
    fcntl.ioctl(listener, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    listener.bind(("127.0.0.1", PORT))
    listener.listen()
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0autograder-neighbour")
    for service in (listener, abstract):
        os.dup2(service.fileno(), os.open(os.devnull, os.O_RDONLY))  # open as long as this process is there
        service.detach()


def _neighbour(canary: str) -> int:
    """Start a process of somebody else's, without privileges, in this process's group."""
    pid = os.fork()
    if pid == 0:
        die_with_parent()
        syscalls.drop_capabilities()
        os.execve("/bin/sleep", ["sleep", "1000"], {"AUTOGRADER_SECRET": canary})
    return pid


def _leave_out(without: Collection[str]) -> None:
    """Have `isolate` pass over some layers."""
    kinds = {
        Layer.NETWORK: syscalls.NEW_NETWORK,
        Layer.IPC: syscalls.NEW_IPC,
        Layer.CGROUP: syscalls.NEW_CGROUP,
    }
    out = sum(kind for layer, kind in kinds.items() if layer in without)
    isolation.unshare = lambda kind: None if kind & out else syscalls.unshare(kind)
    for layer, room, name in (
        (Layer.UTS, isolation, "own_host_name"),
        (Layer.MOUNT, isolation, "own_mounts"),
        (Layer.USER, isolation, "own_user_namespace"),
        (Layer.PRIVILEGES, isolation, "give_up_privileges"),
        (Layer.LANDLOCK, isolation, "_restrict_paths"),
        (Layer.SECCOMP, seccomp, "apply"),
    ):
        if layer in without:
            setattr(room, name, lambda *_: None)
    if Wall.ROOT in without:
        syscalls.mount("tmpfs", "/dev")
        Path("/dev/shm").mkdir()
        for name in ("null", "zero", "sda"):
            Path("/dev", name).touch()


def _become_hostile(source: str, without: Collection[str], filters: tuple[bytes, ...], output: int) -> None:
    """Run the code in the forked child, and what it wants to be run at its end."""
    die_with_parent()
    Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    nothing = os.open("/dev/null", os.O_RDONLY)
    for old, new in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(old, new)
    os.closerange(3, 100)
    sys.stdout.reconfigure(line_buffering=True)
    os.chdir(HERE)
    if Layer.PID not in without:
        os.setsid()
    expected = {Layer.LANDLOCK} | {Layer.PID} & set(without)
    expected |= {Layer.PRIVILEGES} if Layer.USER in without else set()  # root of the outer box it is
    _leave_out(without)
    missing = isolation.isolate(isolation.Box(disk_bytes=LIMITS.disk_bytes, user=None, seccomp_filters=filters))
    if missing.keys() - expected:
        raise SystemExit(f"more is missing than what was left out: {missing}")
    if Wall.LIMITS not in without:
        resource_limits.bind(LIMITS, alone=True)
    exec(compile(source, "hostile", "exec"), {"__name__": "__main__"})
    atexit._run_exitfuncs()


def _start(source: str, without: Collection[str], filters: tuple[bytes, ...]) -> tuple[int, int]:
    """Return the number of the hostile process, and the reading end of what it prints to."""
    printed, output = os.pipe()
    os.set_blocking(printed, False)
    if Layer.PID not in without:
        syscalls.unshare(syscalls.NEW_PID)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _become_hostile(source, without, filters, output)
            status = 0
        except BaseException as error:  # noqa: BLE001 - the process edge: what is raised is printed
            with contextlib.suppress(BaseException):
                os.write(output, f"{type(error).__name__} {error}".encode())
        finally:
            os._exit(status)
    os.close(output)
    return pid, printed


def _watch(pid: int, printed: int, until: str, seconds: float) -> tuple[str, dict[str, int]]:
    """Return what the process printed, and how far the measure went."""
    measure, limit = MEASURES.get(until, (lambda: 0, 0))
    before, most, output, kept = measure(), 0, 0, b""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ended = os.waitpid(pid, os.WNOHANG)[0] != 0
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(printed, 2**16):
                output += len(chunk)
                kept += chunk[: 2**16 - len(kept)]
        most = max(most, output if until == "output" else measure() - before)
        if ended or (until and most > limit):
            break
        time.sleep(LOOK_SECONDS)
    return kept.decode(errors="replace"), {until: most}


def main() -> None:
    """Do what is asked for on standard input; write the report as the last line."""
    order = json.load(sys.stdin)
    without, canary = set(order["without"]), order["canary"]
    filters = seccomp.compile_filters()
    _enter_outer_box()
    _furnish(canary)
    neighbour = _neighbour(canary)
    before = Traces.take()
    pid, printed = _start(order["source"], without, filters)
    text, most = _watch(pid, printed, order["until"], order["seconds"])
    time.sleep(LOOK_SECONDS)  # what was sent to others arrives
    report = Report(
        printed=text,
        neighbour_lives=os.waitpid(neighbour, os.WNOHANG)[0] == 0,
        left_running=[command for command in commands() if order["mark"] in command],
        left_lying=sorted(Traces.take().files - before.files),
        changed=[
            name
            for name, old in FILES.items()
            if (COURSE / name).read_text(errors="replace") != old.format(canary=canary)
        ],
        most=most,
    )
    sys.stdout.write(f"\n{json.dumps(vars(report))}")
    sys.stdout.flush()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()

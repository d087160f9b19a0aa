"""Be the zygote that students' processes are forked from: libraries are loaded once, in a box.

Started as `python -I -m autograder.sandbox.inside.zygote FD` with a listening socket, an empty environment and, on
standard input, one line with its configuration; it ends when that input does. It shuts itself into namespaces and a
minimal root first and loads the libraries inside, so that it never holds anything that a student must not see. Then,
for each connection, it forks one student process, which isolates itself further; it watches that process's memory and
reports its end on the connection. Whoever closes the connection has the process killed, with all that it started.
"""

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from autograder.sandbox.inside import seccomp, syscalls
from autograder.sandbox.inside.isolation import Box, change_user, enter_namespaces, isolate, student_user
from autograder.sandbox.inside.resource_limits import bind
from autograder.sandbox.inside.root_folder import DATA, WORK, enter_root_folder
from autograder.sandbox.shared.calling_process import ForkingMemory, die_with_parent, take_signals
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.gpu import open_gpu_files, require_no_cuda
from autograder.sandbox.shared.layers import OPTIONAL, Layer
from autograder.sandbox.shared.libraries import load_libraries
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.process_memory import kernel_bytes, private_bytes

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# ruff: noqa: PLC0415 - what is large is loaded inside the box, and only there

__all__ = ["main"]

_WATCH_SECONDS = 0.1
_COUNT_SECONDS = 1.0
_TRIAL_SECONDS = 20.0
_TRIAL_DISK = 2**20
_CONNECTION = 3
_DID_NOT_START = 70
_REQUEST_BYTES = 2**16
_REQUEST_SECONDS = 5.0
_CREDENTIALS = struct.Struct("3i")
"""Linux's `struct ucred`: process, user, group."""
_PLACES = ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR")
_TMP = "/tmp"  # noqa: S108 - a submission's own


@dataclass(kw_only=True)
class _Student:
    """One student's process, as its parent sees it."""

    pid: int
    pidfd: int
    control: socket.socket
    limits: ProcessLimits
    slot: int
    folder: str | None
    why: str = ""
    """Why it is killed, where that is the zygote's decision."""
    watched_until: float = 0.0
    """On the monotonic clock: when its memory is looked at again at the earliest."""
    counted_at: float = field(default_factory=time.monotonic)
    kernel_bytes: int = 0
    """What the kernel held for its sake when that was last counted."""

    def kill(self) -> None:
        """End the process and what it started; in a pid namespace nothing can stay behind."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class _Zygote:
    """Fork students' processes, watch them, report their ends."""

    def __init__(self, listener: socket.socket, sandbox_config: SandboxConfig) -> None:
        self._listener = listener
        self._config = sandbox_config
        self._support = {name: Path(source).read_bytes() for source, name in sandbox_config.support}
        self._students: dict[int, _Student] = {}
        self._memory = ForkingMemory()
        self._missing: Mapping[Layer, str] = {}
        self._filters: tuple[bytes, ...] = ()
        self._shell: InteractiveShell | None = None
        self._own_pids = -1
        self._owner = os.geteuid()
        """Whose requests are taken: the grader's user, whatever this process becomes."""
        self.covered: Sequence[str] = ()

    def shut_in(self) -> None:
        """Leave the host behind: namespaces and a root of the zygote's own."""
        self._filters = seccomp.compile_filters(memory_files=self._config.gpu is not None)
        enter_namespaces()
        self._owner = os.geteuid()  # the same user, as this namespace numbers it
        gpu = self._config.gpu.device_files() if self._config.gpu else []
        self.covered = enter_root_folder(self._config.data, gpu, self._config.private)
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def load(self) -> None:
        """Load what submissions use; raise OSError where a library starts CUDA, after which no fork could use it."""
        from autograder.sandbox.inside import agent  # noqa: F401 - loaded once, for all that are forked
        from autograder.sandbox.inside.shell import make_shell
        from autograder.sandbox.inside.substitutes import substitute

        load_libraries(self._config.libraries)
        substitute()
        self._shell = make_shell()
        require_no_cuda(open_gpu_files(), self._config.libraries)
        gc.collect()
        gc.freeze()

    def try_layers(self) -> Mapping[Layer, str]:
        """Isolate a process that does nothing else; return the layers that this host refuses, and why."""
        ours, theirs = os.pipe()
        pid = self._fork()
        if pid == 0:
            missing = isolate(self._box(0, _TRIAL_DISK))
            os.write(theirs, json.dumps(missing).encode())
            os._exit(0)
        os.close(theirs)
        with os.fdopen(ours, "rb") as report:
            text = report.read() if select.select([report], [], [], _TRIAL_SECONDS)[0] else b""
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if not text:
            raise OSError("a process that isolates itself does not come back")
        self._missing = {Layer(name): why for name, why in json.loads(text).items()}
        return self._missing

    def serve(self) -> None:
        """Work until the standard input closes."""
        poll = select.poll()
        for descriptor in (0, self._listener.fileno()):
            poll.register(descriptor, select.POLLIN)
        watched_at = 0.0
        while True:
            events = dict(poll.poll(1000 * _WATCH_SECONDS if self._students else None))
            if 0 in events:
                break
            for student in list(self._students.values()):
                if student.pidfd in events:
                    self._reap(student, poll)
                elif student.control.fileno() in events:
                    student.kill()
                    poll.unregister(student.control)
            if self._listener.fileno() in events:
                self._accept(poll)
            if self._students and time.monotonic() - watched_at >= _WATCH_SECONDS:
                watched_at = time.monotonic()
                self._watch_memory()
        self._end_all(poll)

    def _end_all(self, poll: "select.poll") -> None:
        """End all processes; their folders go with them."""
        for student in list(self._students.values()):
            student.kill()
            if student.folder is not None:
                self._reap(student, poll)

    def _accept(self, poll: "select.poll") -> None:
        """Take one connection and fork its student's process."""
        control, _ = self._listener.accept()
        request = _receive_request(control, self._owner)
        if request is None:
            control.close()
            return
        taken = {student.slot for student in self._students.values()}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        folder = None if self._config.isolated else tempfile.mkdtemp(prefix="autograder-")
        try:
            pid = self._fork()
        except OSError:
            pid = -1
        if pid == 0:
            self._become_student(request, slot, folder or WORK)
        os.close(request.connection)
        os.close(request.output)
        if pid < 0:
            control.close()  # the host has no process to spare: whoever asked finds nobody here
            return
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [b"forked"], [pidfd])
        student = _Student(pid=pid, pidfd=pidfd, control=control, limits=request.limits, slot=slot, folder=folder)
        self._students[pid] = student
        poll.register(pidfd, select.POLLIN)
        poll.register(control, select.POLLIN)

    def _reap(self, student: _Student, poll: "select.poll") -> None:
        """Report a process's end, and remove what belonged to it."""
        _, status, usage = os.wait4(student.pid, 0)
        student.kill()
        report = {
            "code": os.waitstatus_to_exitcode(status),
            "why": student.why,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
        }
        with contextlib.suppress(OSError):
            student.control.send(json.dumps(report).encode())
        poll.unregister(student.pidfd)
        with contextlib.suppress(KeyError):
            poll.unregister(student.control)
        student.control.close()
        os.close(student.pidfd)
        del self._students[student.pid]
        if student.folder is not None:
            shutil.rmtree(student.folder, ignore_errors=True)

    def _watch_memory(self) -> None:
        for student in self._students.values():
            began = time.monotonic()
            if began < student.watched_until:
                continue
            held = private_bytes(student.pid, student.limits.memory_bytes)
            if began >= student.counted_at + _COUNT_SECONDS:
                student.counted_at = began
                student.kernel_bytes = kernel_bytes(student.pid)
            if held + student.kernel_bytes > student.limits.memory_bytes:
                student.why = "memory"
                student.kill()
            # Looking closely at a flood of processes takes long: as much time again is for everybody else
            student.watched_until = 2 * time.monotonic() - began

    def _fork(self) -> int:
        """Fork; where the zygote is shut in, into a pid namespace of the child's own."""
        self._memory.before_fork()
        if self._own_pids < 0:
            return os.fork()
        with contextlib.suppress(OSError):  # a child that got none finds that out by itself
            syscalls.unshare(syscalls.NEW_PID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                syscalls.setns(self._own_pids, syscalls.NEW_PID)
        return pid

    def _box(self, slot: int, disk_bytes: int) -> Box:
        return Box(disk_bytes=disk_bytes, user=student_user(slot), seccomp_filters=self._filters)

    def _become_student(self, request: "_Request", slot: int, folder: str) -> NoReturn:
        """Go on as the student process in the forked child."""
        try:
            for held in (self._listener, *(student.control for student in self._students.values())):
                held.detach()
            connection = _keep_only(request)
            os.setsid()
            _choose_core(request.limits.core)
            if self._config.isolated:
                missing = isolate(self._box(slot, request.limits.disk_bytes))
                if missing.keys() - self._missing.keys():
                    raise OSError(f"a layer that was there before is missing: {missing}")  # noqa: TRY301
            else:
                die_with_parent()
            bind(request.limits, alone=self._config.isolated)
            os.chdir(folder)
            self._lay_out_files(Path(folder))
            _serve(connection, request.limits, self._shell)
        except BaseException:  # noqa: BLE001 - the process edge: whoever asked reads it as its last words
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(_DID_NOT_START)
        os._exit(0)

    def _lay_out_files(self, folder: Path) -> None:
        """Put into the working folder what the notebook expects beside it: support files and the course's data."""
        for name, content in self._support.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for source, name in self._config.data:
            target = folder / "data" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(f"{DATA}/{name}" if self._config.isolated else source)
        home = folder / ".home"
        home.mkdir()
        os.environ.update({"HOME": str(home), "TMPDIR": _TMP if self._config.isolated else str(home)})
        sys.path.insert(0, str(folder))  # notebooks import the support files beside them


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What the checks process asks for and hands over."""

    limits: ProcessLimits
    connection: int
    """The student process's end of the line for requests."""
    output: int
    """Where the student process prints to."""


def _receive_request(control: socket.socket, owner: int) -> _Request | None:
    """Return what is asked for on a new connection; None where whoever asked has gone, or is another user."""
    _, user, _ = _CREDENTIALS.unpack(control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    if user != owner:
        return None
    control.settimeout(_REQUEST_SECONDS)
    try:
        text, descriptors, _, _ = socket.recv_fds(control, _REQUEST_BYTES, 2)
    except TimeoutError:
        return None
    if len(descriptors) != 2:  # noqa: PLR2004 - both or nothing
        return None
    connection, output = descriptors
    return _Request(limits=ProcessLimits(**json.loads(text)), connection=connection, output=output)


def _keep_only(request: _Request) -> int:
    """Close all descriptors but the standard ones and the connection; return the connection."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    connection = os.dup(request.connection)  # clear of the numbers that are assigned next
    for old, new in ((nothing, 0), (request.output, 1), (request.output, 2), (connection, _CONNECTION)):
        os.dup2(old, new, inheritable=new != _CONNECTION)
    os.closerange(_CONNECTION + 1, os.sysconf("SC_OPEN_MAX"))
    return _CONNECTION


def _choose_core(core: int | None) -> None:
    """Compute on one processor: so a flood of threads or processes slows down its own submission alone."""
    with contextlib.suppress(OSError):  # where a container refuses, the kernel chooses
        if core is not None:
            os.sched_setaffinity(0, {core})
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # where the host runs out of memory, this goes first


def _serve(connection: int, limits: ProcessLimits, shell: "InteractiveShell | None") -> None:
    from autograder.sandbox.inside.agent import Agent
    from autograder.sandbox.shared.protocol import Limits

    assert shell is not None, "load() comes before serve()"
    gc.enable()
    Agent(socket.socket(fileno=connection), Limits(frame_bytes=limits.frame_bytes), shell).serve()


def _read_line(descriptor: int) -> str:
    """Read one line, and nothing beyond it."""
    line = bytearray()
    while not line.endswith(b"\n") and (byte := os.read(descriptor, 1)):
        line += byte
    return line.decode()


def _report(document: Mapping[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever started this has gone: something else was at fault
        os.write(1, json.dumps(document).encode() + b"\n")


def main() -> None:
    """Serve on the inherited listening socket whose descriptor is the first argument."""
    die_with_parent()
    take_signals()
    listener = socket.socket(fileno=int(sys.argv[1]))
    listener.set_inheritable(False)
    sys.argv[1:] = []
    sandbox_config = SandboxConfig.from_json(_read_line(0))
    zygote = _Zygote(listener, sandbox_config)
    if sandbox_config.user is not None:
        change_user(sandbox_config.user)
        syscalls.forbid_new_privileges()
        die_with_parent()  # a change of user undoes it
    home = (
        None
        if sandbox_config.isolated
        else tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
    )
    os.environ.update(dict.fromkeys(_PLACES, home.name if home else _TMP))
    try:
        missing: Mapping[Layer, str] = {}
        if sandbox_config.isolated:
            zygote.shut_in()
            missing = zygote.try_layers()
        if missing.keys() <= OPTIONAL and not sandbox_config.trial:
            zygote.load()
    except (OSError, ImportError) as error:
        _report({"error": str(error)})
        return
    _report({"missing": missing, "covered": zygote.covered})
    zygote.serve()
    if home is not None:
        home.cleanup()
    sys.stdout.flush()
    os._exit(0)  # without the libraries' own farewells


if __name__ == "__main__":
    main()

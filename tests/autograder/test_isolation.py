"""Each wall of the sandbox on its own: without it a thing can be done, with it alone it cannot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.isolation import Layer

PRELUDE = """
import ctypes, json, os, socket, subprocess, sys
from pathlib import Path
from autograder.sandbox import isolation, landlock, seccomp, syscalls
from autograder.sandbox.limits import ProcessLimits, bind, private_bytes, processes_below

def may(call):
    try:
        call()
    except OSError as error:
        return error.errno or str(error)
    return "yes"

if os.geteuid() != 0:  # an ordinary user becomes root of a namespace of its own, as the warm process does
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")

def box(**more):
    values = dict(disk_bytes=2**20, user=isolation.student_user(0), seccomp_program=seccomp.compile_filter())
    return isolation.Box(**{**values, **more})

LIMITS = dict(memory_bytes=2**40, output_bytes=1, frame_bytes=1, cpu_seconds=1000, file_bytes=2**30, open_files=100,
              processes=20, disk_bytes=2**20)
"""


def outside(script: str) -> object:
    """Run a script in a process of its own and return the `found` that it sets."""
    text = f"{PRELUDE}\n{script}\nprint('\\n' + json.dumps(found))"
    done = subprocess.run([sys.executable, "-I", "-c", text], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def forked(wall: str, act: str) -> list[object]:
    """Return what `act` finds in a process without the wall, and in a forked one behind it."""
    return outside(f"""
found = []
for wall in (False, True):
    ours, theirs = os.pipe()
    {"wall and syscalls.unshare(syscalls.NEW_PID)" if wall == "PID" else ""}
    pid = os.fork()
    if pid == 0:
        if wall:
            {wall if wall != "PID" else "pass"}
        {act}
        os.write(theirs, json.dumps(result).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(theirs)
    found.append(json.loads(os.read(ours, 65536)))
""")


def test_a_network_namespace_hides_the_hosts_sockets():
    script = """
listener = socket.create_server(("127.0.0.1", 0))
hidden = socket.socket(socket.AF_UNIX); hidden.bind("\\0host-" + str(os.getpid())); hidden.listen()
def reach():
    return [
        may(lambda: socket.create_connection(listener.getsockname()[:2], 1).close()),
        may(lambda: socket.socket(socket.AF_UNIX).connect(hidden.getsockname())),
        sorted(name for _, name in socket.if_nameindex()) == ["lo"],
    ]
before = reach()
syscalls.unshare(syscalls.NEW_NETWORK)
found = [before[:2], reach()]
"""
    before, after = outside(script)
    assert before == ["yes", "yes"]
    assert "yes" not in after[:2]
    assert after[2] is True


def test_a_pid_namespace_hides_other_processes():
    assert forked("PID", "result = [os.getpid() == 1, may(lambda: os.kill(os.getppid() or 2**22, 0)) == 'yes']") == [
        [False, True],
        [True, False],
    ]


def test_an_ipc_namespace_hides_shared_memory():
    script = """
libc = ctypes.CDLL(None, use_errno=True)
key = 0x5EED0000 + os.getpid() % 60000
segment = libc.shmget(key, 4096, 0o1600)
before = libc.shmget(key, 0, 0)
syscalls.unshare(syscalls.NEW_IPC)
after = libc.shmget(key, 0, 0)
subprocess.run(["ipcrm", "-m", str(segment)], capture_output=True)
found = [segment >= 0, before == segment, after]
"""
    assert outside(script) == [True, True, -1]


def test_a_uts_namespace_keeps_the_hosts_name():
    ours = os.uname().nodename
    assert outside("isolation._own_host_name()\nfound = os.uname().nodename") == "sandbox"
    assert os.uname().nodename == ours


ENTER = """
from autograder.sandbox.zygote import _enter_namespaces
from autograder.sandbox.root_folder import enter_root_folder
seen_before = os.listdir("/")
_enter_namespaces()
enter_root_folder([], [])
"""


def test_the_root_folder_holds_the_system_and_python_and_cannot_be_written():
    script = f"""{ENTER}
import numpy, torch.version
found = [
    sorted(set(os.listdir("/")) & {{"boot", "mnt", "opt", "run", "srv", "var", "media", "lost+found"}}),
    os.path.exists("/etc/shadow"),
    sorted(name for name in os.listdir("/proc") if name.isdigit()),
    [may(lambda path=path: Path(path, "new").write_text("x")) for path in ("/", "/usr", "/etc", sys.prefix, "/dev")],
    may(lambda: Path("/tmp/new").write_text("x")),
    os.path.exists({str(Path(__file__).resolve())!r}),
]
"""
    beyond, shadow, processes, written, tmp, this_file = outside(script)
    assert (beyond, shadow, processes, tmp, this_file) == ([], False, ["1"], "yes", False)
    assert set(written) == {30}  # EROFS


def test_a_submissions_own_mounts_are_limited_and_seen_by_nobody_else():
    script = f"""{ENTER}
shown = os.listdir("/tmp")  # where Python itself lies below /tmp
ours, theirs = os.pipe()
if os.fork() == 0:
    isolation._own_mounts(box(disk_bytes=2**16))
    full = may(lambda: Path("/submission/big").write_bytes(bytes(2**17)))
    Path("/tmp/small").write_text("x")
    os.write(theirs, json.dumps([full, os.getcwd(), sorted(set(os.listdir("/tmp")) - set(shown))]).encode())
    os._exit(0)
os.wait()
found = [json.loads(os.read(ours, 1000)), os.listdir("/submission"), sorted(set(os.listdir("/tmp")) - set(shown))]
"""
    assert outside(script) == [[28, "/submission", ["small"]], [], []]  # ENOSPC


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_may_not_touch_what_is_not_its_own():
    script = """
Path("/tmp/own").write_text("x"); os.chmod("/tmp/own", 0o600)
isolation._change_user(isolation.student_user(3))
found = [os.geteuid() != 0, may(lambda: open("/tmp/own")), may(lambda: os.kill(os.getppid(), 0)), os.getgroups()]
"""
    assert outside(script) == [True, 13, 1, []]


def test_a_user_namespace_shows_an_ordinary_user():
    script = "isolation._change_user(box().user)\nisolation._own_user_namespace()\nfound = [os.getuid(), os.getgid()]"
    assert outside(script) == [1000, 1000]


def test_without_privileges_nothing_brings_them_back():
    script = """
isolation._change_user(box().user)
isolation._own_user_namespace()
isolation._give_up_privileges()
status = dict(line.split(":\\t") for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
inner = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
found = [int(status["CapEff"], 16), int(status["CapPrm"], 16), status["NoNewPrivs"], "CapEff:\\t0000000000000000" in inner,
         may(lambda: os.setuid(0)), may(lambda: os.chroot("/"))]
"""
    assert outside(script) == [0, 0, "1", True, 22, 1]


def test_a_wall_that_is_refused_is_named():
    missing = outside("found = list(isolation.isolate(box(user=None)))")
    assert Layer.PID in missing
    assert Layer.MOUNT in missing  # there is no /submission on the host


@pytest.mark.parametrize(
    ("limit", "act", "number"),
    [
        ("file_bytes=1000", "Path('/tmp/limit').write_bytes(bytes(2000))", 27),
        ("open_files=20", "[os.dup(0) for _ in range(50)]", 24),
        ("processes=5", "[os.fork() or os._exit(__import__('time').sleep(0.5) or 0) for _ in range(20)]", 11),
    ],
)
def test_a_limit_holds(limit, act, number):
    script = f"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
isolation._change_user(box().user)
isolation._own_user_namespace()
isolation._give_up_privileges()
os.chdir("/tmp")
bind(ProcessLimits(**{{**LIMITS, **dict({limit})}}), alone=True)
found = may(lambda: {act.replace("/tmp/limit", "limit")})
"""
    script = script.replace('os.chdir("/tmp")', "import tempfile; os.chdir(tempfile.mkdtemp())")
    assert outside(script) == number


def test_cpu_time_beyond_the_limit_ends_the_process():
    script = """
pid = os.fork()
if pid == 0:
    bind(ProcessLimits(**{**LIMITS, "cpu_seconds": 1}), alone=False)
    while True: pass
_, status, usage = os.wait4(pid, 0)
found = [os.WIFSIGNALED(status), 0.9 < usage.ru_utime + usage.ru_stime < 5]
"""
    assert outside(script) == [True, True]


def test_memory_counts_children_of_threads_and_shared_pages_once():
    script = """
import mmap, threading, time
block = mmap.mmap(-1, 60_000_000)
block.write(b"x" * 60_000_000)
shared = private_bytes(os.getpid(), 0)
hungry = "x = b'1' * 80_000_000; import time; time.sleep(20)"
child = []
threading.Thread(target=lambda: child.append(subprocess.Popen([sys.executable, "-c", hungry]))).start()
ends_at = time.monotonic() + 15
while private_bytes(os.getpid(), 0) < shared + 75_000_000 and time.monotonic() < ends_at: time.sleep(0.05)
with_child = private_bytes(os.getpid(), 0)
pids = list(processes_below(os.getpid()))
child[0].kill()
if os.fork() == 0: time.sleep(2); os._exit(0)
forked = private_bytes(os.getpid(), 0)
found = [shared > 60_000_000, with_child - shared > 75_000_000, child[0].pid in pids, forked < shared + 40_000_000]
"""
    assert outside(script) == [True] * 4

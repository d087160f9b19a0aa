"""Each wall of the sandbox on its own: without it a thing can be done, with it alone it cannot."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.inside import landlock
from autograder.sandbox.shared.layers import Layer

PRELUDE = """
import ctypes, json, os, socket, subprocess, sys
from pathlib import Path
from autograder.sandbox.inside import isolation, landlock, seccomp, syscalls
from autograder.sandbox.inside.resource_limits import bind
from autograder.sandbox.shared.limits import ProcessLimits
from autograder.sandbox.shared.process_memory import kernel_bytes, private_bytes, processes_below, socket_bytes

def may(call):
    try:
        call()
    except OSError as error:
        return error.errno or str(error)
    return "yes"

if os.geteuid() != 0:  # an ordinary user becomes root of a namespace of its own, as the zygote does
    user, group = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")

def box(**more):
    values = dict(disk_bytes=2**20, user=isolation.student_user(0), seccomp_filters=seccomp.compile_filters())
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
    assert outside("isolation.own_host_name()\nfound = os.uname().nodename") == "sandbox"
    assert os.uname().nodename == ours


ENTER = """
from autograder.sandbox.inside.isolation import enter_namespaces
from autograder.sandbox.inside.root_folder import enter_root_folder
seen_before = os.listdir("/")
enter_namespaces()
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
    of_python = {Path(path).parts[1] for path in (sys.prefix, sys.base_prefix)}
    beyond = [name for name in beyond if name not in of_python]
    assert (beyond, shadow, processes, tmp, this_file) == ([], False, ["1"], "yes", False)
    assert set(written) == {30}  # EROFS


def test_a_submissions_own_mounts_are_limited_and_seen_by_nobody_else():
    script = f"""{ENTER}
shown = os.listdir("/tmp")  # where Python itself lies below /tmp
ours, theirs = os.pipe()
if os.fork() == 0:
    isolation.own_mounts(box(disk_bytes=2**16))
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
isolation.change_user(isolation.student_user(3))
found = [os.geteuid() != 0, may(lambda: open("/tmp/own")), may(lambda: os.kill(os.getppid(), 0)), os.getgroups()]
"""
    assert outside(script) == [True, 13, 1, []]


def test_a_user_namespace_shows_an_ordinary_user():
    script = "isolation.change_user(box().user)\nisolation.own_user_namespace()\nfound = [os.getuid(), os.getgid()]"
    assert outside(script) == [1000, 1000]


def test_without_privileges_nothing_brings_them_back():
    script = """
isolation.change_user(box().user)
isolation.own_user_namespace()
isolation.give_up_privileges()
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
isolation.change_user(box().user)
isolation.own_user_namespace()
isolation.give_up_privileges()
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
found = [os.WIFSIGNALED(status), 0.5 < usage.ru_utime + usage.ru_stime < 5]
"""
    assert outside(script) == [True, True]


def test_memory_counts_children_of_threads_and_shared_pages_once():
    script = """
import mmap, threading, time
block = mmap.mmap(-1, 60_000_000)
block.write(b"x" * 60_000_000)
shared = private_bytes(os.getpid(), 0)
hungry = "x = b'1' * 80_000_000; import time; time.sleep(90)"
child = []
threading.Thread(target=lambda: child.append(subprocess.Popen([sys.executable, "-c", hungry]))).start()
ends_at = time.monotonic() + 60
while private_bytes(os.getpid(), 0) < shared + 75_000_000 and time.monotonic() < ends_at: time.sleep(0.05)
with_child = private_bytes(os.getpid(), 0)
pids = list(processes_below(os.getpid()))
child[0].kill(); child[0].wait()
if os.fork() == 0: time.sleep(2); os._exit(0)
forked = private_bytes(os.getpid(), 0)
found = [shared > 60_000_000, with_child - shared > 75_000_000, child[0].pid in pids, forked < shared + 40_000_000]
"""
    assert outside(script) == [True] * 4


HELD = {
    "page tables": """
import mmap
size = 64 * 2**30
area = mmap.mmap(-1, size, flags=0x4022, prot=mmap.PROT_READ)
area.madvise(15)
def hold(): return [area[at] for at in range(0, size, 2**21)]
least, most, count = 100 * 2**20, 300 * 2**20, private_bytes
""",
    "sockets": """
def hold(): return [socket.socketpair() for _ in range(50)]
least, most, count = 40 * 2**20, 80 * 2**20, private_bytes
""",
    "mappings": """
import mmap
def hold(): return [mmap.mmap(-1, 4096, flags=0x22, prot=1 + n % 2 * 2) for n in range(40_000)]
least, most, count = 5 * 2**20, 30 * 2**20, lambda pid, _: kernel_bytes(pid)
""",
    "locks": """
import fcntl, tempfile
file = tempfile.TemporaryFile()
def hold(): return [fcntl.lockf(file, fcntl.LOCK_EX, 1, 2 * n) for n in range(2_000)]
least, most, count = 2_000 * 200, 2_000 * 2_000, lambda pid, _: kernel_bytes(pid)
""",
}


@pytest.mark.parametrize("kind", HELD)
def test_what_the_kernel_holds_for_a_process_counts(kind):
    script = f"""
syscalls.unshare(syscalls.NEW_NETWORK)
{HELD[kind]}
before = count(os.getpid(), 0)
held = hold()
found = least < count(os.getpid(), 0) - before < most
"""
    assert outside(script) is True


@pytest.mark.parametrize("kind", ["STREAM", "DGRAM", "SEQPACKET"])
@pytest.mark.parametrize("size", [1, 1_000, 32_000])
def test_a_socket_holds_no_more_than_is_counted(kind, size):
    script = f"""
one, other = socket.socketpair(type=socket.SOCK_{kind})
one.setblocking(False)
sent = 0
try:
    while True:
        sent += one.send(bytes({size}))
except BlockingIOError:
    found = 0 < sent < socket_bytes()
"""
    assert outside(script) is True


# What follows looks closer at single walls: what is refused, what is left, and what is said about it


def test_a_process_of_the_host_can_be_signalled_only_from_outside_the_pid_namespace():
    script = """
sleeper = subprocess.Popen(["sleep", "60"])
found = [may(lambda: os.kill(sleeper.pid, 0))]
syscalls.unshare(syscalls.NEW_PID)
ours, theirs = os.pipe()
if os.fork() == 0:
    result = [os.getpid(), may(lambda: os.kill(sleeper.pid + 2**15, 0)), may(lambda: os.kill(-1, 9))]
    os.write(theirs, json.dumps(result).encode())
    os._exit(0)
os.wait()
found += [json.loads(os.read(ours, 1000)), sleeper.poll()]
sleeper.kill()
sleeper.wait()
"""
    assert outside(script) == ["yes", [1, 3, 3], None]  # ESRCH twice: kill(-1) reached nobody


def test_a_mount_of_ones_own_is_seen_by_nobody_else(tmp_path):
    (tmp_path / "host").write_text("x")
    script = f"""
ours, theirs = os.pipe()
if os.fork() == 0:
    syscalls.unshare(syscalls.NEW_MOUNT)
    syscalls.make_mounts_private()
    syscalls.mount("tmpfs", {str(tmp_path)!r})
    Path({str(tmp_path)!r}, "own").write_text("x")
    os.write(theirs, json.dumps(os.listdir({str(tmp_path)!r})).encode())
    os._exit(0)
os.wait()
found = [json.loads(os.read(ours, 1000)), os.listdir({str(tmp_path)!r})]
"""
    assert outside(script) == [["own"], ["host"]]


def test_a_cgroup_namespace_hides_where_the_host_put_the_process():
    script = """
syscalls.unshare(syscalls.NEW_CGROUP)
found = [line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()]
"""
    assert set(outside(script)) <= {"/"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a program that becomes root")
def test_a_set_user_id_program_gains_nothing_once_privileges_are_given_up(tmp_path):
    tmp_path.chmod(0o711)
    for folder in tmp_path.parents[:4]:
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(folder.stat().st_mode | 0o011)
    program, secret = tmp_path / "cat", tmp_path / "secret"
    shutil.copy("/bin/cat", program)
    program.chmod(0o4755)
    secret.write_text("secret")
    secret.chmod(0o600)
    script = f"""
def read():
    return subprocess.run([{str(program)!r}, {str(secret)!r}], capture_output=True, text=True).stdout
isolation.change_user(box().user)
found = [read()]
syscalls.forbid_new_privileges()
found.append(read())
"""
    assert outside(script) == ["secret", ""]


def test_no_set_of_capabilities_keeps_one():
    script = """
def capabilities():
    lines = dict(line.split(":\\t") for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
    return [int(lines[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
isolation.change_user(box().user)
isolation.own_user_namespace()
before = capabilities()
syscalls.drop_capabilities()
found = [before[2] > 0, capabilities(), may(lambda: syscalls.set_host_name("mine"))]
"""
    assert outside(script) == [True, [0] * 5, 1]


def test_the_root_folder_shows_of_the_host_nothing_but_system_and_python(tmp_path):
    """And not the host's home folders, but for a way through them where Python itself lies there."""
    (tmp_path / "data.bin").write_text("data")
    (tmp_path / "secret").write_text("x")
    script = f"""
import sysconfig
from autograder.sandbox.inside import root_folder
from autograder.sandbox.inside.isolation import enter_namespaces
allowed = set(root_folder.shown_folders())
homes = sorted({{os.path.expanduser("~"), "/root", *(str(path) for path in Path("/home").glob("*"))}})
enter_namespaces()
root_folder.enter_root_folder([({str(tmp_path / "data.bin")!r}, "deep/data.bin")], [])
ways = {{str(parent) for path in allowed for parent in Path(path).parents}}
own = {{"/submission", "/tmp", "/.tmp", "/proc", "/dev", "/etc", "/sys", "/data"}}
entries = {{"/" + name for name in os.listdir("/")}}
strangers = []
for home in homes:
    if os.path.isdir(home) and home not in allowed:
        strangers += [path for path in map(str, Path(home).iterdir()) if path not in allowed | ways]
found = [
    sorted(entries - own - allowed - ways), strangers, os.listdir("/data/deep"), Path("/data/deep/data.bin").read_text(),
    os.path.exists({str(tmp_path / "secret")!r}), Path("/etc/passwd").read_text().count("\\n"),
    sorted(os.listdir("/dev")), os.listdir("/submission"), os.path.lexists("/.old"),
]
"""
    entries, strangers, names, data, secret, users, devices, work, old = outside(script)
    assert (entries, strangers, names, data, secret, users) == ([], [], ["data.bin"], "data", False, 2)
    assert devices == sorted(["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom"])
    assert (work, old) == ([], False)


@pytest.fixture
def below_python() -> Iterator[Path]:
    """A course's folder below a folder that students' processes are shown, with an environment of Python in it."""
    folder = Path(sys.prefix, "share", f"course-{os.getpid()}")
    for name in ("tests/hidden.py", ".autograder-secret", "submitted/ada/a.ipynb", "results/ada.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("private")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(("named", "left"), [([], 4), (["."], 0), (["submitted", ".autograder-secret"], 2)])
def test_what_is_private_is_covered_where_it_lies_below_what_is_shown(below_python, named, left):
    private = [str(below_python / name) for name in named]
    script = f"""
from autograder.sandbox.inside import root_folder
from autograder.sandbox.inside.isolation import enter_namespaces
enter_namespaces()
covered = root_folder.enter_root_folder([], [], {private!r})
seen = [path for path in Path({str(below_python)!r}).rglob("*") if path.is_file() and path.read_bytes() == b"private"]
found = [len(covered), len(seen), may(lambda: Path({str(below_python)!r}, "new").touch()) != "yes"]
"""
    assert outside(script) == [len(named), left, True]


def test_what_python_needs_of_a_private_folder_is_shown_again(below_python):
    script = f"""
from autograder.sandbox.inside import root_folder
from autograder.sandbox.inside.isolation import enter_namespaces
whole = root_folder.shown_folders()
inner = {str(below_python / "tests")!r}
root_folder.shown_folders = lambda: [*whole, inner]
enter_namespaces()
root_folder.enter_root_folder([], [], [{str(below_python)!r}])
found = [os.listdir({str(below_python)!r}), os.listdir(inner)]
"""
    assert outside(script) == [["tests"], ["hidden.py"]]


def test_what_cannot_be_covered_is_refused():
    place = str(Path(sys.prefix, "lib"))
    script = f"""
from autograder.sandbox.inside import root_folder
from autograder.sandbox.inside.isolation import enter_namespaces
enter_namespaces()
found = may(lambda: root_folder.enter_root_folder([], [], [{place!r}]))
"""
    assert f"student code needs {place}" in outside(script)


def test_what_merely_lies_in_a_prefix_is_not_shown():
    script = f"""
shown = os.path.isdir("/usr/src")
{ENTER}
found = [shown, os.path.exists("/usr/src"), os.path.exists("/usr/bin"), os.path.exists(sys.prefix + "/lib")]
"""
    assert outside(script) == [True, False, True, True]


def test_small_data_is_copied_so_that_no_mount_names_its_folder(tmp_path):
    (tmp_path / "data.bin").write_text("data")
    script = """
from autograder.sandbox.inside import root_folder
from autograder.sandbox.inside.isolation import enter_namespaces
root_folder._COPIED_BYTES = {most}
enter_namespaces()
root_folder.enter_root_folder([({source!r}, "data.bin")], [])
found = [Path("/data/data.bin").read_text(), "data.bin" in Path("/proc/self/mountinfo").read_text()]
"""
    for most, named in ((100, False), (1, True)):
        assert outside(script.format(most=most, source=str(tmp_path / "data.bin"))) == ["data", named]


def test_every_mount_of_the_root_folder_is_read_only_and_without_set_user_id_but_for_tmp_and_proc():
    script = f"""{ENTER}
found = {{}}
for line in Path("/proc/self/mountinfo").read_text().splitlines():
    fields = line.split()
    found[fields[4]] = fields[5].split(",")
"""
    mounts = outside(script)
    assert {"/", "/usr/lib", "/tmp", "/proc"} <= mounts.keys()
    assert {place for place, options in mounts.items() if "rw" in options} == {"/tmp", "/proc"}
    assert {place for place, options in mounts.items() if "nosuid" not in options} == set()
    with_devices = {place for place, options in mounts.items() if "nodev" not in options}
    assert with_devices <= {"/", "/dev/null", "/dev/full", "/dev/random", "/dev/urandom"}


@pytest.mark.parametrize("place", ["/submission", "/tmp", "/dev/shm"])
def test_each_file_system_of_a_submission_holds_its_size_and_a_limited_number_of_files(place):
    script = f"""{ENTER}
ours, theirs = os.pipe()
if os.fork() == 0:
    isolation._INODES = 100
    isolation.own_mounts(box(disk_bytes=2**20))
    place = Path({place!r})
    fits = may(lambda: place.joinpath("fits").write_bytes(bytes(2**19)))
    full = may(lambda: place.joinpath("big").write_bytes(bytes(2**20)))
    many = may(lambda: [place.joinpath(str(number)).touch() for number in range(200)])
    os.write(theirs, json.dumps([fits, full, many]).encode())
    os._exit(0)
os.wait()
found = json.loads(os.read(ours, 1000))
"""
    assert outside(script) == ["yes", 28, 28]  # ENOSPC


def test_files_of_proc_that_tell_of_the_host_are_empty():
    script = f"""
before = Path("/proc/cmdline").read_text() != ""
{ENTER}
ours, theirs = os.pipe()
if os.fork() == 0:
    isolation.own_mounts(box())
    texts = [Path("/proc", name).read_text() for name in isolation._TELLING if Path("/proc", name).exists()]
    os.write(theirs, json.dumps([len(texts) > 1, set(texts) == {{""}}, "MemTotal" in Path("/proc/meminfo").read_text()]).encode())
    os._exit(0)
os.wait()
found = [before, *json.loads(os.read(ours, 1000))]
"""
    assert outside(script) == [True, True, True, True]


WHOLE = f"""{ENTER}
def shut_in(act, **more):
    syscalls.unshare(syscalls.NEW_PID)
    ours, theirs = os.pipe()
    if os.fork() == 0:
        missing = isolation.isolate(box(**more))
        os.write(theirs, json.dumps([missing, act()]).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(ours, 65536))
"""


def test_all_walls_stand_together_and_none_can_be_taken_down_again():
    script = f"""{WHOLE}
def act():
    return [
        os.getpid(), os.getuid(), os.getcwd(), os.uname().nodename, os.listdir("/submission"),
        [may(lambda kind=kind: syscalls.unshare(kind)) for kind in (syscalls.NEW_USER, syscalls.NEW_MOUNT)],
        may(lambda: syscalls.mount("tmpfs", "/tmp")), may(lambda: syscalls.unmount("/tmp")),
        may(lambda: os.setuid(0)), may(lambda: Path("/new").write_text("x")), may(lambda: Path("own").write_text("x")),
        may(lambda: Path("/proc/sys/kernel/hostname").write_text("mine")), may(lambda: os.mknod("/tmp/disk", 0o60600, 2049)),
    ]
found = shut_in(act)
"""
    missing, result = outside(script)
    assert missing.keys() <= {"Landlock"}  # older kernels
    assert result[:5] == [1, 1000, "/submission", "sandbox", []]
    assert result[5:8] == [[1, 1], 1, 1]
    assert result[8] == 22  # there is no such user in the namespace
    assert result[9] in (13, 30)  # Landlock's EACCES comes before EROFS
    assert result[10] == "yes"
    assert result[11] in (13, 30)
    assert result[12] == 1


REFUSING = """
import errno, pyseccomp
def refuse(call, argument=None, value=None):
    program = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    match = [] if argument is None else [pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, value, value)]
    program.add_rule(pyseccomp.ERRNO(errno.EPERM), call, *match)
    seccomp.apply([seccomp.export(program)])
"""


@pytest.mark.parametrize(
    ("layer", "refused"),
    [
        (Layer.NETWORK, "'unshare', 0, syscalls.NEW_NETWORK"),
        (Layer.IPC, "'unshare', 0, syscalls.NEW_IPC"),
        (Layer.UTS, "'unshare', 0, syscalls.NEW_UTS"),
        (Layer.CGROUP, "'unshare', 0, syscalls.NEW_CGROUP"),
        (Layer.MOUNT, "'unshare', 0, syscalls.NEW_MOUNT"),
        (Layer.MOUNT, "'mount'"),
        (Layer.USER, "'unshare', 0, syscalls.NEW_USER"),
        (Layer.PRIVILEGES, "'capset'"),
        (Layer.LANDLOCK, "'landlock_restrict_self'"),
        (Layer.SECCOMP, "'prctl', 0, 22"),
    ],
)
def test_the_one_wall_that_the_host_refuses_is_named_and_the_others_stand(layer, refused):
    script = f"""{REFUSING}{WHOLE}
syscalls.forbid_new_privileges()
refuse({refused})
found = list(shut_in(lambda: None, user=isolation.student_user(0))[0])
"""
    expected = {layer} if landlock.abi() else {layer, Layer.LANDLOCK}
    assert set(outside(script)) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can stay root")
def test_still_running_as_root_is_named():
    script = f"""{REFUSING}{WHOLE}
syscalls.forbid_new_privileges()
refuse('unshare', 0, syscalls.NEW_USER)
found = shut_in(lambda: None, user=None)[0]
"""
    missing = outside(script)
    assert missing.keys() >= {Layer.USER, Layer.PRIVILEGES}
    assert "root" in missing[Layer.PRIVILEGES]


def test_a_process_that_is_not_alone_with_its_user_has_no_limit_of_processes():
    script = """
import resource
before = resource.getrlimit(resource.RLIMIT_NPROC)
bind(ProcessLimits(**{**LIMITS, "processes": 5}), alone=False)
found = resource.getrlimit(resource.RLIMIT_NPROC) == before
"""
    assert outside(script) is True


def test_threads_count_as_processes():
    script = """
import threading, time
isolation.change_user(box().user)
isolation.own_user_namespace()
isolation.give_up_privileges()
bind(ProcessLimits(**{**LIMITS, "processes": 5}), alone=True)
started = 0
try:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
        started += 1
except RuntimeError:
    pass
found = started
"""
    assert outside(script) in range(1, 5)


def test_a_limit_is_for_good_and_never_looser_than_it_was():
    script = """
import resource
isolation.change_user(box().user)
isolation.own_user_namespace()
isolation.give_up_privileges()
def raised():
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
    except ValueError:
        return "refused"
bind(ProcessLimits(**LIMITS), alone=True)
found = [resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE), raised()]
bind(ProcessLimits(**{**LIMITS, "open_files": 150}), alone=True)
found.append(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    assert outside(script) == [[100, 100], [0, 0], "refused", [100, 100]]


def test_a_process_that_is_gone_takes_no_memory():
    assert outside("gone = subprocess.Popen(['true']); gone.wait()\nfound = private_bytes(gone.pid, 0)") <= 2**16


def test_memory_behind_files_of_a_memory_file_system_counts_once_mapped():
    script = """
import mmap
before = private_bytes(os.getpid(), 0)
file = os.memfd_create("own")
os.truncate(file, 50_000_000)
with mmap.mmap(file, 50_000_000) as block:
    block.write(b"x" * 50_000_000)
    found = private_bytes(os.getpid(), 0) - before
"""
    assert outside(script) >= 50_000_000


def test_memory_beyond_a_processes_limit_is_an_error_and_below_it_none():
    script = """
from autograder.sandbox.shared.calling_process import limit_memory
limit_memory(100 * 2**20)
def most(size):
    try:
        return len(bytearray(size))
    except MemoryError:
        return "MemoryError"
found = [most(50 * 2**20), most(150 * 2**20)]
"""
    assert outside(script) == [50 * 2**20, "MemoryError"]

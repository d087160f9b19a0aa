"""Try refused system calls in children that the filter binds, and ordinary work in a Python that it binds."""

import contextlib
import ctypes
import ctypes.util
import errno
import fcntl
import json
import mmap
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyseccomp
import pytest

from autograder.sandbox.inside import seccomp
from autograder.sandbox.inside.system_calls import ABSENT, ALLOWED, REFUSED

GROUPS = {
    "mounts": (
        "mount umount2 pivot_root move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick mount_setattr "
        "chroot swapon swapoff quotactl quotactl_fd fanotify_init fanotify_mark name_to_handle_at open_by_handle_at"
    ),
    "namespaces": "unshare setns sethostname setdomainname",
    "tracing": "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
    "memory": "memfd_create memfd_secret userfaultfd shmget msgget semget vmsplice splice tee",
    "kernel": (
        "bpf perf_event_open io_uring_setup io_uring_enter io_uring_register add_key request_key keyctl kexec_load "
        "kexec_file_load init_module finit_module delete_module reboot acct syslog lookup_dcookie nfsservctl vhangup "
        "iopl ioperm modify_ldt personality"
    ),
    "clock": "settimeofday clock_settime clock_adjtime adjtimex",
    "processor": (
        "sched_setaffinity sched_setscheduler sched_setparam sched_setattr setpriority ioprio_set mbind set_mempolicy "
        "move_pages migrate_pages"
    ),
}
NAMES = [pytest.param(name, id=f"{group}-{name}") for group, names in GROUPS.items() for name in names.split()]
NEWER = {"open_tree_attr": 467, "statmount": 457, "listmount": 458, "lsm_get_self_attr": 459, "lsm_list_modules": 461}
"""Numbers that libseccomp 2.5 does not know."""
ESSENTIAL = [
    *("unshare", "setns", "mount", "ptrace", "bpf", "clone", "clone3", "io_uring_setup", "userfaultfd"),
    *("open_by_handle_at", "process_vm_readv"),
]
CLONE_NEWTIME, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x80, 0x20000, 0x10000000, 0x40000000
NAMESPACE_FLAGS = [CLONE_NEWTIME, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET, *(1 << bit for bit in (25, 26, 27, 29))]
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
ABOVE_32_BITS = 1 << 32
"""The kernel ignores this bit of an `int`; a filter that does not would let the rest through."""
X32 = 0x40000000
NO_NEW_PRIVS = 38
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="the kernel itself says EPERM to an ordinary user")
on_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="x86-64 alone has these")
libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture(scope="module")
def program() -> tuple[bytes, ...]:
    return seccomp.compile_filters()


def in_child(work: Callable[[], object], program: tuple[bytes, ...] | None) -> object:
    """Return what `work` returns in a forked child that the filter binds; a negative number: the signal it died of."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            assert libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            if program is not None:
                seccomp.apply(program)
            answer = work()
        except BaseException as error:  # noqa: BLE001 - the child's edge: the test reads it
            answer = repr(error)
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(text) if text else os.waitstatus_to_exitcode(status)


def number_of(name: str) -> int:
    """Return the number of a system call; skip the test where this architecture lacks it."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    number = number if number >= 0 else NEWER.get(name, number)
    if number < 0:
        pytest.skip(f"{platform.machine()} has no {name}")
    return number


def error_of(number: int, *arguments: int) -> str | None:
    """Make a system call, its missing arguments -1, which no call takes for good; return its error's name."""
    padded = [*arguments, *[-1] * (6 - len(arguments))]
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, padded))
    return None if result >= 0 else errno.errorcode[ctypes.get_errno()]


def fork_error(flags: int) -> str | None:
    """Make clone(2) fork with flags; return its error's name."""
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, "clone")
    pid = libc.syscall(ctypes.c_long(number), ctypes.c_long(flags | signal.SIGCHLD), *[ctypes.c_long(0)] * 4)
    if pid == 0:
        os._exit(0)
    if pid < 0:
        return errno.errorcode[ctypes.get_errno()]
    os.waitpid(pid, 0)
    return None


def call_i386() -> int:
    """Ask for the process ID as a 32-bit program would."""
    code = mmap.mmap(
        -1,
        mmap.PAGESIZE,
        flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
        prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
    )
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


@pytest.mark.parametrize("name", NAMES)
def test_refuses(name, program):
    number = number_of(name)
    assert in_child(lambda: error_of(number), program) == "EPERM"


@pytest.mark.parametrize("name", ["setns", "unshare", "ptrace", "kcmp", "process_vm_readv", "memfd_create", "mbind"])
def test_without_the_filter_another_error_comes(name):
    number = number_of(name)
    assert in_child(lambda: error_of(number), None) not in {"EPERM", None}


@as_root
@pytest.mark.parametrize(
    "name", ["mount", "fsopen", "open_tree_attr", "chroot", "reboot", "init_module", "bpf", "acct"]
)
def test_without_the_filter_root_gets_another_error(name):
    number = number_of(name)
    assert in_child(lambda: error_of(number), None) not in {"EPERM", None}


@pytest.mark.parametrize("name", ESSENTIAL)
def test_libseccomp_knows_the_essential_calls(name):
    assert pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0


@pytest.mark.parametrize("name", ESSENTIAL)
def test_the_essential_calls_are_known_on_aarch64_too(name):
    assert pyseccomp.resolve_syscall(pyseccomp.Arch.AARCH64, name) >= 0


def test_skips_names_that_nobody_knows(monkeypatch, program):
    monkeypatch.setattr(seccomp, "REFUSED", (*REFUSED, "no_such_call"))
    assert seccomp.compile_filters() == program


def names_of_libseccomp() -> list[str]:
    """Return every call that this libseccomp knows on this architecture."""
    found = []
    for number in range(600):
        with contextlib.suppress(ValueError):
            found.append(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, number).decode())
    return found


def test_each_call_stands_on_one_list():
    lists = [*ALLOWED, *REFUSED, *ABSENT]
    assert sorted(name for name in set(lists) if lists.count(name) > 1) == []
    assert len(names_of_libseccomp()) > 300
    assert sorted(set(names_of_libseccomp()) - set(lists)) == []


@pytest.mark.parametrize(
    "name", [*["io_setup", "inotify_init1", "mq_open", "statmount", "listmount", "lsm_list_modules"]]
)
def test_what_no_program_misses_is_not_there(name, program):
    number = number_of(name)
    assert in_child(lambda: error_of(number), program) == "ENOSYS"
    assert in_child(lambda: error_of(number), None) not in {"ENOSYS", "EPERM"}


@pytest.mark.parametrize("number", [480, 511, 600, 100_000])
def test_a_call_of_a_later_kernel_is_not_there(number, program):
    assert in_child(lambda: error_of(number), program) == "ENOSYS"


def test_a_number_on_no_list_does_not_reach_a_kernel_that_has_it(monkeypatch):
    getppid = number_of("getppid")
    monkeypatch.setattr(seccomp, "ALLOWED", [name for name in ALLOWED if name != "getppid"])
    assert in_child(lambda: error_of(getppid), seccomp.compile_filters()) == "ENOSYS"
    assert in_child(lambda: error_of(getppid), None) is None


@pytest.mark.parametrize("flag", NAMESPACE_FLAGS, ids=hex)
def test_refuses_clone_into_a_namespace(flag, program):
    assert in_child(lambda: fork_error(flag), program) == "EPERM"


def test_refuses_clone_into_a_namespace_among_other_flags(program):
    clone_files, clone_fs = 0x400, 0x200
    assert in_child(lambda: fork_error(CLONE_NEWUSER | CLONE_NEWNET | clone_files | clone_fs), program) == "EPERM"


def test_refuses_a_user_namespace_whatever_the_upper_bits_say(program):
    assert in_child(lambda: fork_error(CLONE_NEWUSER | ABOVE_32_BITS), program) == "EPERM"


@as_root
def test_without_the_filter_root_gets_a_user_namespace():
    assert in_child(lambda: fork_error(CLONE_NEWUSER), None) != "EPERM"


def test_clone_without_namespaces_works(program):
    assert in_child(lambda: fork_error(0), program) is None


def test_clone3_is_not_there_so_that_the_c_library_falls_back(program):
    number = number_of("clone3")
    assert in_child(lambda: error_of(number), program) == "ENOSYS"
    assert in_child(lambda: error_of(number), None) != "ENOSYS"


@pytest.mark.parametrize("command", [TIOCSTI, TIOCLINUX, TIOCSTI | ABOVE_32_BITS], ids=hex)
def test_refuses_to_type_into_a_terminal(command, program):
    number = number_of("ioctl")
    assert in_child(lambda: error_of(number, -1, command), program) == "EPERM"
    assert in_child(lambda: error_of(number, -1, command), None) == "EBADF"


@pytest.mark.parametrize("family", [socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG, 45, 1000, -1])
@pytest.mark.parametrize("name", ["socket", "socketpair"])
def test_other_families_of_sockets_are_not_there(name, family, program):
    number = number_of(name)
    assert in_child(lambda: error_of(number, family, socket.SOCK_RAW, 0), program) == "EAFNOSUPPORT"


def test_without_the_filter_socketpair_reaches_other_families():
    number = number_of("socketpair")
    assert in_child(lambda: error_of(number, socket.AF_NETLINK, socket.SOCK_RAW, 0), None) != "EAFNOSUPPORT"


def test_a_netlink_socket_is_not_there_whatever_the_upper_bits_say(program):
    number = number_of("socket")
    arguments = (socket.AF_NETLINK | ABOVE_32_BITS, socket.SOCK_RAW, 0)
    assert in_child(lambda: error_of(number, *arguments), program) == "EAFNOSUPPORT"
    assert in_child(lambda: error_of(number, *arguments), None) is None


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET, socket.AF_INET6])
def test_ordinary_sockets_are_there(family, program):
    number = number_of("socket")
    without = in_child(lambda: error_of(number, family, socket.SOCK_STREAM, 0), None)  # IPv6 may be switched off
    assert in_child(lambda: error_of(number, family, socket.SOCK_STREAM, 0), program) == without


def shared_memory_of_no_file() -> object:
    return len(mmap.mmap(-1, 4096))


def size_of_a_buffer() -> object:
    with socket.socket(socket.AF_UNIX) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 100_000)
        return one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def lock_of_nobody(path: str) -> object:
    request = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0)
    with Path(path).open("w+b") as file:
        return len(fcntl.fcntl(file, fcntl.F_OFD_SETLK, request))


def test_shared_memory_belongs_to_a_file(program):
    assert in_child(shared_memory_of_no_file, None) == 4096
    assert "PermissionError" in str(in_child(shared_memory_of_no_file, program))
    assert in_child(shared_memory_of_no_file, seccomp.compile_filters(memory_files=True)) == 4096
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    assert in_child(lambda: len(mmap.mmap(-1, 4096, flags=private)), program) == 4096


def test_buffers_of_sockets_stay_as_they_are(program):
    assert in_child(size_of_a_buffer, None) == 200_000
    with socket.socket(socket.AF_UNIX) as one:
        usual = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert in_child(size_of_a_buffer, program) == usual != 200_000


def test_locks_belong_to_a_process(program, tmp_path):
    path = str(tmp_path / "lock")
    assert in_child(lambda: lock_of_nobody(path), None) == 32
    assert "Invalid argument" in str(in_child(lambda: lock_of_nobody(path), program))

    def lock() -> bool:
        with Path(path).open("w+b") as file:
            return fcntl.lockf(file, fcntl.LOCK_EX) is None and fcntl.flock(file, fcntl.LOCK_EX) is None

    assert in_child(lock, program) is True


@pytest.mark.parametrize("kind", [0o020000, 0o060000], ids=["character", "block"])
def test_refuses_to_make_a_device(kind, tmp_path, program):
    path = str(tmp_path / "device")
    assert "PermissionError" in str(in_child(lambda: os.mknod(path, kind | 0o600, os.makedev(1, 3)), program))


@on_x86_64
def test_a_32_bit_call_ends_the_process(program):
    if int(str(in_child(call_i386, None))) < 0:
        pytest.skip("this kernel runs no 32-bit programs")
    assert in_child(call_i386, program) == -signal.SIGSYS


@on_x86_64
def test_an_x32_call_ends_the_process(program):
    assert in_child(lambda: error_of(X32 | number_of("getpid")), program) == -signal.SIGSYS


def test_allows_memory_files_where_asked_to():
    allowing = seccomp.compile_filters(memory_files=True)
    assert in_child(lambda: os.memfd_create("file") > 0, allowing) is True


def test_binds_programs_that_are_started_later(program):
    code = f"import ctypes; print(ctypes.CDLL(None).unshare({CLONE_NEWUSER}))"
    command = [sys.executable, "-I", "-c", code]
    assert (
        in_child(lambda: subprocess.run(command, capture_output=True, text=True, check=True).stdout, program) == "-1\n"
    )


def test_landlock_and_further_filters_stay_possible(program):
    create_ruleset, version = 444, 1
    assert in_child(lambda: error_of(create_ruleset, 0, 0, version), program) != "EPERM"
    assert in_child(lambda: seccomp.apply(program), program) is None


def test_a_filter_that_the_kernel_refuses_is_an_error():
    assert "prctl(SECCOMP)" in str(in_child(lambda: None, (b"",)))


def test_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(OSError, match="apt install libseccomp2"):
        seccomp.compile_filters()


WORK = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(abs, range(100))) == 4950
""",
    "fork": """
import os
pid = os.fork()
if pid == 0:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
""",
    "bash": """
import subprocess
script = "set -o pipefail; seq 10 | sort -rn | head -n 1; cat <(echo two) <<< three & wait; echo $(uname)"
done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
assert done.stdout == "10\\ntwo\\nLinux\\n", done
""",
    "multiprocessing-fork": """
import math, multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(math.sqrt, [4, 9]) == [2, 3]
""",
    "multiprocessing-spawn": """
import math, multiprocessing
with multiprocessing.get_context("spawn").Pool(2) as pool:
    assert pool.map(math.sqrt, [4, 9]) == [2, 3]
""",
    "shared-memory": """
from multiprocessing.shared_memory import SharedMemory
memory = SharedMemory(create=True, size=4096)
memory.buf[0] = 7
memory.close()
memory.unlink()
""",
    "asyncio": """
import asyncio
async def work():
    process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0]
assert asyncio.run(work()) == b"hello\\n"
""",
    "ctypes-callback": """
import ctypes
import ctypes.util
assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(41) == 42
""",
    "numpy": """
import numpy as np
matrix = np.random.default_rng(0).normal(size=(300, 300))
assert np.allclose(np.linalg.inv(matrix) @ matrix, np.eye(300))
""",
    "matplotlib": """
import io, matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.title("title")
picture = io.BytesIO()
plt.savefig(picture)
assert picture.getvalue().startswith(b"\\x89PNG")
""",
    "data-loader": """
import torch
from torch.utils.data import DataLoader, TensorDataset
torch.set_num_threads(2)
loader = DataLoader(TensorDataset(torch.arange(100.0)), batch_size=10, num_workers=2)
assert sum(batch.sum().item() for batch, in loader) == 4950
layer = torch.nn.Linear(500, 500)
layer(torch.rand(500, 500)).sum().backward()
torch.optim.SGD(layer.parameters()).step()
""",
}


@pytest.mark.parametrize("libraries", WORK)
def test_ordinary_work_goes_on(libraries, tmp_path):
    bound = (
        "import ctypes\nfrom autograder.sandbox.inside import seccomp\n"
        f"ctypes.CDLL(None).prctl({NO_NEW_PRIVS}, 1, 0, 0, 0)\nseccomp.apply(seccomp.compile_filters())\n"
    )
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-c", bound + WORK[libraries]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_where_the_system_has_no_libseccomp_the_environments_own_is_taken(tmp_path, monkeypatch):
    found = ctypes.util.find_library
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None if name == "seccomp" else found(name))
    monkeypatch.delitem(sys.modules, "pyseccomp", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(OSError, match="libseccomp is missing"):
        seccomp.compile_filters()
    (tmp_path / "lib").mkdir()
    system = ctypes.CDLL(found("seccomp"))
    assert system
    maps = Path("/proc/self/maps").read_text().split()
    shutil.copy(next(path for path in maps if "libseccomp.so" in path), tmp_path / "lib" / "libseccomp.so.2")
    assert all(seccomp.compile_filters())

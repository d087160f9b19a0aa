"""Where the host lets us make cgroups, the kernel bounds what a submission holds; where not, nothing else changes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox.outside import memory_cgroup
from autograder.sandbox.outside.memory_cgroup import MemoryCgroups, find_memory_cgroups

GROUPS = find_memory_cgroups()
needs_cgroups = pytest.mark.skipif(GROUPS is None, reason="this user may make no cgroups on this host")
HOLD = "import sys, time\nsys.stdin.readline()\nheld = b'x' * {size}\nprint('held', flush=True)\ntime.sleep(20)"
SHARED = "import mmap, sys, time\nsys.stdin.readline()\nheld = []\nfor _ in range({size} // 2**22):\n    block = mmap.mmap(-1, 2**22)\n    block.write(b'x' * 2**22)\n    block.madvise(mmap.MADV_DONTNEED)\n    held.append(block)\nprint('held', flush=True)\ntime.sleep(20)"


def ended(source: str, most: int) -> tuple[str, int | None, bool]:
    """Return what a process in a cgroup of that size printed, its end, and whether the kernel ran out there."""
    assert GROUPS is not None
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", source], stdin=pipe, stdout=pipe, text=True)
    cgroup = GROUPS.make(f"autograder-test-{os.getpid()}-{time.monotonic_ns()}", most, 50).take(process.pid)
    try:
        process.stdin.write("go\n")
        process.stdin.flush()
        said = process.stdout.readline().strip()
        code = None if said else process.wait(timeout=20)
        return said, code, cgroup.ran_out()
    finally:
        process.kill()
        process.communicate()
        cgroup.remove()
        assert not cgroup.folder.exists()


@needs_cgroups
@pytest.mark.parametrize("source", [HOLD, SHARED], ids=["its own", "let go of"])
def test_memory_beyond_the_limit_ends_the_process_and_below_it_does_not(source):
    assert ended(source.format(size=50 * 2**20), most=200 * 2**20) == ("held", None, False)
    assert ended(source.format(size=400 * 2**20), most=200 * 2**20) == ("", -9, True)


@needs_cgroups
def test_removing_twice_is_no_error():
    cgroup = GROUPS.make(f"autograder-test-{os.getpid()}", 2**30, 50)
    cgroup.remove()
    cgroup.remove()
    assert not cgroup.ran_out()


def test_where_none_can_be_made_there_are_none(tmp_path, monkeypatch):
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "mountinfo").write_text(f"30 1 0:26 / {tmp_path / 'nowhere'} rw - cgroup2 cgroup2 rw\n")
    monkeypatch.setattr(memory_cgroup, "_OWN", tmp_path / "cgroup")
    monkeypatch.setattr(memory_cgroup, "_MOUNTS", tmp_path / "mountinfo")
    assert find_memory_cgroups.__wrapped__() is None


def fake_version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: str) -> Path:
    """Lay out files like those of a delegated scope; what the kernel does with them is not tried."""
    scope = tmp_path / "mount" / "user.slice" / "scope"
    scope.mkdir(parents=True)
    for name, text in {
        "cgroup.controllers": "cpu memory pids",
        "cgroup.subtree_control": "",
        "cgroup.procs": processes,
        "cgroup.type": "domain",
    }.items():
        (scope / name).write_text(text)
    (scope / "grader").mkdir()
    (tmp_path / "cgroup").write_text("3:cpu:/elsewhere\n0::/user.slice/scope\n")
    (tmp_path / "mountinfo").write_text(f"30 1 0:26 / {tmp_path / 'mount'} rw - cgroup2 cgroup2 rw\n")
    monkeypatch.setattr(memory_cgroup, "_OWN", tmp_path / "cgroup")
    monkeypatch.setattr(memory_cgroup, "_MOUNTS", tmp_path / "mountinfo")
    return scope


def test_in_a_delegated_scope_we_move_aside_and_hand_the_controllers_down(tmp_path, monkeypatch):
    scope = fake_version_2(tmp_path, monkeypatch, f"{os.getpid()}\n")
    assert find_memory_cgroups.__wrapped__() == MemoryCgroups(parent=scope, version=2)
    assert (scope / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (scope / "grader" / "cgroup.procs").read_text() == str(os.getpid())


def test_nobody_else_is_moved(tmp_path, monkeypatch):
    scope = fake_version_2(tmp_path, monkeypatch, f"{os.getpid()}\n1\n")
    assert find_memory_cgroups.__wrapped__() is None
    assert (scope / "cgroup.subtree_control").read_text() == ""

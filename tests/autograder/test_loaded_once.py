"""What every submission uses is loaded before the forks: no process of a submission imports it again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_course import RIGHT, make_numpy_course, numpy_answers, submit

from autograder.results import read_results

_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
WATCH = '''
import json
import os
import sys

_HERE = os.getpid()
_IMPORTED = []


def _watch(event, arguments):
    if event == "import" and os.getpid() != _HERE:
        _IMPORTED.append(arguments[0])


sys.addaudithook(_watch)  # the checks are collected before the fork


@pytest.mark.question("double")
@pytest.mark.points(0)
def test_what_was_imported(student, library):
    """The last check; it imports something itself."""
    import colorsys

    loaded = list(library.builtins.list(library.sys.modules))
    with open({output!r}, "w") as file:
        json.dump([_IMPORTED, loaded], file)
'''
ANSWER = """
import wave
answer = 42
try:
    1 / 0
except ZeroDivisionError:
    print("no number")
answer
"""
BEFORE_THE_FORK = """
import pwd
import runpy
import sys
import sysconfig
from autograder.sandbox.inside import agent, seccomp, zygote
from autograder.sandbox.shared.libraries import load_libraries
from autograder.sandbox.inside.shell import make_shell
from autograder.sandbox.inside.substitutes import substitute
sysconfig.get_paths()
seccomp.compile_filters(memory_files=False)
load_libraries(("numpy",))
substitute()
make_shell()
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return what the processes of one submission have imported since they were forked."""
    from autograder.cli import main

    root = make_numpy_course(tmp_path_factory.mktemp("watched") / "course")
    output = root.parent / "imported"
    checks = root / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(checks.read_text() + WATCH.format(output=str(output)))
    assert main(["build", "--course", str(root)]) == 0
    submit(root, "somebody", *numpy_answers(RIGHT, ANSWER))
    arguments = ["grade", "tiny", "--course", str(root), "--untried"]
    assert main([*arguments, "--submissions", str(root / "submitted"), "--results", str(root / "results")]) == 0
    (result,) = read_results(root / "results", "tiny")
    assert result.score == 6.0
    checks_process, student_process = json.loads(output.read_text())
    done = subprocess.run([sys.executable, "-c", BEFORE_THE_FORK], capture_output=True, text=True, check=True)
    return {"checks": {*checks_process}, "student": {*student_process} - {*done.stdout.split()}}


def test_the_checks_process_imports_what_a_check_does(imported):
    assert imported["checks"] == {"colorsys"}


def test_the_student_process_imports_what_the_notebook_does(imported):
    assert imported["student"] == {"support", "wave"}


HUGE = """
import mmap, re
from pathlib import Path
from autograder.sandbox.shared import calling_process

def huge():
    return sum(map(int, re.findall(r"AnonHugePages: +([0-9]+)", Path("/proc/self/smaps").read_text())))

block = mmap.mmap(-1, 32 * 2**20, flags=mmap.MAP_PRIVATE)
block.madvise(mmap.MADV_NOHUGEPAGE)
for place in range(0, len(block), 4096):
    block[place] = 1
block.madvise(mmap.MADV_HUGEPAGE)
memory, seen = calling_process.ForkingMemory(), []
for _ in range(16):
    seen.append(huge())
    memory.before_fork()
print(max(seen), huge())
"""


@pytest.mark.skipif(not _HUGE_PAGES.is_file() or "[never]" in _HUGE_PAGES.read_text(), reason="no huge pages here")
def test_memory_is_gathered_once_there_were_forks_enough():
    done = subprocess.run([sys.executable, "-c", HUGE], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after >= before + 16 * 1024

"""Each attack's positive control: without its wall it is seen to succeed, so that behind the wall it would be noticed.

No wall of the product can be switched off: `opened_box` leaves one out in a process of its own, inside another box.
"""

import dataclasses
import secrets
import subprocess
import sys
from pathlib import Path

import opened_box
import pytest
from controls import CANARY, CONTROLS, IMPORTS, Credulous, Opened, SameProcess
from hostile_code import CODE, NOTHING
from opened_box import Report, Wall
from tiny_course import RIGHT

from autograder.sandbox.outside.process import Died, Outcome, Raised, StudentProcess

SECONDS = 1.0
"""Until a process is taken for one that never ends."""
PATIENCE = 20.0
SIGNS = {
    "printed": lambda report: "REACHED" in report.printed,
    "canary printed": lambda report: CANARY in report.printed,
    "neighbour ended": lambda report: not report.neighbour_lives,
    "process left": lambda report: bool(report.left_running),
    "file left": lambda report: bool(report.left_lying),
    "file changed": lambda report: bool(report.changed),
}


def of_kind(kind: type) -> list[str]:
    return [name for name, control in CONTROLS.items() if isinstance(control, kind)]


def test_every_attack_has_its_control():
    assert CONTROLS.keys() == CODE.keys()


# A grader without a process of its own


@pytest.fixture
def student(zygote_process, limits):
    """A process that is nobody else's."""
    process = zygote_process.sandbox().start(dataclasses.replace(limits, output_bytes=2**20), PATIENCE)
    yield process
    process.close()


def run_cell(process: StudentProcess, source: str, *, seconds: float = PATIENCE) -> str:
    """Return what is printed while a cell is run, tracebacks too."""
    before = len(process.output)
    try:
        process.request(
            "cell", "<cell 0>", source, seconds=seconds, interrupt_after=seconds / 2, keep=None, resolve=None
        )
    except Raised as raised:
        if raised.kind == "interrupted":
            raise Died(Outcome.TIMED_OUT, "") from None
    return process.output[before:]


def run_in_same_process(process: StudentProcess, control: SameProcess, *cells: str) -> str:
    """Return what the notebook and the check print; raise Died where the process does not outlive them."""
    seconds = SECONDS if control.ends == Outcome.TIMED_OUT else PATIENCE
    run_cell(process, f"{IMPORTS}{control.before}")
    printed = "".join(run_cell(process, source, seconds=seconds) for source in cells)
    shown = run_cell(process, control.check, seconds=seconds)
    return shown if control.check and not control.prints else printed + shown


def passes(printed: str) -> bool:
    """Return whether a grader that looks for an error in the output finds none."""
    return "Error" not in printed


@pytest.mark.parametrize("name", of_kind(SameProcess))
def test_checks_in_the_same_process_are_fooled(student, name):
    control, attack = CONTROLS[name], CODE[name]
    try:
        printed = run_in_same_process(student, control, attack.source, attack.answer)
    except Died as died:
        assert died.outcome == control.ends
    else:
        assert control.ends is None
        assert control.prints in printed if control.prints else passes(printed), printed


CHECKS = sorted({CONTROLS[name].check for name in of_kind(SameProcess) if CONTROLS[name].decides})
"""What believes an attack."""


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("right", [True, False])
def test_what_is_fooled_tells_right_from_wrong_all_the_same(student, check, right):
    cells = (RIGHT, "answer = 42") if right else (NOTHING, "answer = 0")
    assert passes(run_in_same_process(student, SameProcess(check=check), *cells)) == right


# A grader that believes the line


@pytest.mark.parametrize("name", of_kind(Credulous))
def test_who_believes_every_frame_gets_the_answer_that_was_made_up(student, name, monkeypatch):
    monkeypatch.setattr(StudentProcess, "_read_answer", lambda self, answer, number, resolve: answer["value"])
    for source in (CODE[name].source, CODE[name].answer):
        run_cell(student, source)
    assert student.request("name", "answer", seconds=PATIENCE, keep=None, resolve=None) == 42


# A box without walls


def run_opened(name: str, without: tuple = (), *, seconds: float = PATIENCE) -> Report:
    control, mark = CONTROLS[name], str(secrets.randbelow(10**9))
    source = f"{CODE[name].source}\n{control.call}".replace("{mark}", mark)
    until = "" if control.sign in SIGNS else control.sign
    return opened_box.run(source, without, canary=CANARY, mark=mark, until=until, seconds=seconds)


def is_seen(sign: str, report: Report) -> bool:
    if sign in SIGNS:
        return SIGNS[sign](report)
    return report.most[sign] > opened_box.MEASURES[sign][1]


@pytest.mark.parametrize("name", of_kind(Opened))
def test_without_its_walls_the_attack_is_seen_to_succeed(name):
    control = CONTROLS[name]
    report = run_opened(name, control.without)
    assert is_seen(control.sign, report), report


@pytest.mark.parametrize("name", [name for name in of_kind(Opened) if Wall.WATCH not in CONTROLS[name].without])
def test_with_its_walls_nothing_is_seen(name):
    control = CONTROLS[name]
    report = run_opened(name, seconds=PATIENCE if control.sign in SIGNS else SECONDS)
    assert not is_seen(control.sign, report), report


# What looks for traces


def test_a_process_a_file_and_a_mount_that_stay_behind_are_found(tmp_path):
    script = f"""
import os, sys, tempfile
sys.path.insert(0, {str(Path(opened_box.__file__).parent)!r})
import opened_box
from traces import Traces
from autograder.sandbox.inside import syscalls
opened_box._enter_outer_box()
before = Traces.take()
open("/tmp/left", "w").close()
open("/dev/shm/left", "w").close()
os.mkdir("/tmp/mounted")
syscalls.mount("tmpfs", "/tmp/mounted")
if os.fork() == 0:
    syscalls.unshare(syscalls.NEW_PID)
    if os.fork() == 0:
        os.execlp("sleep", "sleep", "60")
    os._exit(0)
os.wait()
after = Traces.take()
print(sorted(after.files - before.files), len(after.mounts - before.mounts), len(after.strays - before.strays))
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout.strip() == "['/dev/shm/left', '/tmp/left', '/tmp/mounted'] 1 1", done.stderr

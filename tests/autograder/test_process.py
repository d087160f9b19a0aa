"""A student's process answers, ends with a reason, and takes nothing of ours along."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tiny_course
import torch

from autograder.sandbox.outside.process import Died, Lost, Outcome, Raised
from autograder.sandbox.outside.zygote_process import ZygoteProcess
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.protocol import ImportPath, ProtocolError


def keep(value: object) -> ImportPath:
    if isinstance(value, str):
        return ImportPath(value)
    raise ProtocolError("only data")


def ask(process, operation: str, *arguments: object, seconds: float = 20, **options: Any) -> Any:
    return process.request(
        operation, *arguments, seconds=seconds, keep=lambda value: value, resolve=lambda value: value, **options
    )


def run(process, source: str, **options: Any) -> None:
    ask(process, "cell", "<cell 0>", source, **options)


def died(process, source: str, **options: Any) -> Died:
    with pytest.raises(Died) as caught:
        run(process, source, **options)
    return caught.value


def commands_with(text: str) -> list[str]:
    """Return the command lines on this host that hold `text`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode())
    return [command for command in found if text in command]


def test_cells_share_a_namespace_and_their_names_can_be_asked_for(process):
    run(process, "import torch\nx = 3")
    run(process, "y = torch.full((2,), float(x))")
    assert ask(process, "name", "x") == 3
    assert torch.equal(ask(process, "name", "y"), torch.tensor([3.0, 3.0]))


def test_ipythons_semantics_hold(process):
    run(process, "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()")
    run(process, "%%capture text\nprint('hello')")
    run(process, "listing = !echo one two")
    run(process, "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\n{1: 2}")
    assert ask(process, "name", "listing") != ["one two"]  # an SList is no plain list …
    run(process, "plain = list(listing)")
    assert ask(process, "name", "plain") == ["one two"]  # … but holds plain strings


def test_objects_stay_and_can_be_used_by_reference(process):
    run(process, "class Counter:\n    n = 0\n    def up(self, by):\n        self.n += by\n        return self\n")
    counter = ask(process, "call", ask(process, "name", "Counter"), (), {})
    again = ask(process, "call", ask(process, "attribute", counter, "up"), (5,), {})
    assert again == counter
    assert ask(process, "attribute", counter, "n") == 5


def test_library_objects_are_built_by_import_path(process):
    layer = ask(process, "call", ImportPath("torch.nn.Linear"), (3, 2), {"bias": False})
    assert set(ask(process, "call", ask(process, "attribute", layer, "state_dict"), (), {})) == {"weight"}


def test_seeding_repeats_the_students_random_numbers(process):
    run(
        process,
        "import torch, random, numpy as np\ndef draw(): return [torch.rand(1).item(), random.random(), np.random.rand()]",
    )
    draws = []
    for seed in (5, 5, 6):
        ask(process, "seed", seed)
        draws.append(ask(process, "call", ask(process, "name", "draw"), (), {}))
    assert draws[0] == draws[1] != draws[2]


def test_an_exception_comes_with_types_message_cell_and_line(process):
    run(process, "def f():\n    x = 1\n    return x / 0")
    with pytest.raises(Raised) as caught:
        ask(process, "call", ask(process, "name", "f"), (), {})
    error = caught.value
    assert (error.types[0], error.message) == ("builtins.ZeroDivisionError", "division by zero")
    assert (error.cell, error.line) == ("<cell 0>", 3)


def test_an_exception_that_cannot_be_printed_is_an_exception_all_the_same(process):
    with pytest.raises(Raised) as caught:
        run(process, "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E")
    assert caught.value.message == ""


def test_an_unknown_name_is_missing(process):
    with pytest.raises(Raised) as caught:
        ask(process, "name", "nothing")
    assert caught.value.kind == "missing"


@pytest.mark.parametrize("source", ["exit()", "quit()", "import sys\nsys.exit(3)", "raise SystemExit"])
def test_polite_exits_end_the_cell_only(process, source):
    try:
        run(process, source)
    except Raised as raised:
        assert raised.types[0] == "builtins.SystemExit"
    run(process, "x = 1")
    assert ask(process, "name", "x") == 1


def test_ending_the_process_is_an_outcome(process):
    assert died(process, "import os\nos._exit(7)").outcome == Outcome.EXITED


def test_a_crash_is_an_outcome_with_its_signal(process):
    death = died(process, "import ctypes\nctypes.string_at(0)")
    assert (death.outcome, death.detail) == (Outcome.SIGNALLED, "SIGSEGV")


def test_an_endless_loop_is_interrupted_and_the_process_lives(process):
    with pytest.raises(Raised) as caught:
        run(process, "while True: pass", seconds=20, interrupt_after=0.5)
    assert caught.value.kind == "interrupted"
    run(process, "x = 1")


def test_what_the_graders_process_blocks_and_ignores_does_not_reach_the_students(limits):
    """Ray blocks and ignores SIGINT in what it starts; a loop without end had to be killed there."""
    ignored = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGCHLD)}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
    try:
        zygote = ZygoteProcess(SandboxConfig(isolated=False, libraries=tiny_course.LIBRARIES))
        asked = "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
        inherited = subprocess.check_output([sys.executable, "-c", asked], text=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in ignored.items():
            signal.signal(number, handler)
    assert int(inherited) == 2, "what is started inherits them, or the test shows nothing"
    with zygote:
        zygote.wait_until_ready()
        process = zygote.sandbox().start(limits, 20)
        with pytest.raises(Raised) as caught:
            run(process, "while True: pass", seconds=20, interrupt_after=0.5)
        assert caught.value.kind == "interrupted"
        run(process, "import signal, subprocess\nignores = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN")
        run(process, "blocks = len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))\nended = subprocess.call(['false'])")
        assert [ask(process, "name", name) for name in ("ignores", "blocks", "ended")] == [False, 0, 1]
        process.close()


def test_a_loop_that_swallows_the_interrupt_is_killed(process):
    source = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    assert died(process, source, seconds=2, interrupt_after=0.5).outcome == Outcome.TIMED_OUT


def test_memory_beyond_the_limit_is_an_outcome(process):
    source = "blocks = []\nwhile True: blocks.append(bytearray(50_000_000))"
    assert died(process, source, seconds=60).outcome == Outcome.OUT_OF_MEMORY


def test_memory_of_child_processes_counts(process):
    source = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'x = []\\nwhile True: x.append(bytearray(50_000_000))'])"
    )
    assert died(process, source, seconds=60).outcome == Outcome.OUT_OF_MEMORY


def test_output_beyond_the_limit_is_dropped_and_nobody_waits(process):
    run(process, "print('x' * 1_000_000)")
    assert len(process.output) == 10_000
    assert process.output_dropped > 900_000


def test_an_answer_that_is_too_large_fails_that_request_alone(process):
    with pytest.raises(Raised) as caught:
        run(process, "big = 'x' * 5_000_000")
        ask(process, "name", "big")
    assert caught.value.kind == "unsendable"
    assert ask(process, "name", "exit") is not None


FORGERY = """
import os, socket
from autograder.sandbox.shared import protocol
[number] = [int(n) for n in os.listdir('/proc/self/fd') if 'socket' in os.path.realpath(f'/proc/self/fd/{n}')]
line = socket.socket(fileno=number)
forged = protocol.pack({}, protocol.Limits())
line.sendall(forged)
"""


@pytest.mark.parametrize(
    "forged",
    [
        "{'id': b'0' * 16, 'value': 42}",
        "{'id': None, 'value': 42}",
        "[1, 2]",
        "{'id': b'ready'}",
        "{'id': b'0' * 16, 'error': {}}",
    ],
)
def test_a_reply_sent_in_advance_ends_the_process_and_answers_nothing(process, forged):
    assert died(process, FORGERY.replace("{}", forged)).outcome == Outcome.BAD_ANSWER


def test_a_frame_that_promises_gigabytes_is_not_waited_for(process):
    source = FORGERY.replace("line.sendall(forged)", "line.sendall(b'\\xff\\xff\\xff\\xff')")
    assert died(process, source).outcome == Outcome.BAD_ANSWER


def test_a_request_that_is_not_read_runs_into_the_deadline(process):
    source = "import ctypes, threading\nthreading.Timer(0.2, ctypes.PyDLL(None).sleep, (1000,)).start()"
    run(process, source)
    time.sleep(0.5)
    with pytest.raises(Died) as caught:
        ask(process, "name", "x", seconds=1)
    assert caught.value.outcome == Outcome.TIMED_OUT


def test_the_environment_is_empty_but_for_what_is_needed(process, monkeypatch):
    run(process, "import os\nnames = sorted(os.environ)")
    names = set(ask(process, "name", "names"))
    assert names >= {"HOME", "PATH"}
    assert not names & {"AUTOGRADER_SECRET", "USER", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"}


def test_no_descriptor_of_ours_is_open(process, tmp_path):
    secret = tmp_path / "secret"
    with secret.open("w"):
        run(process, "import os\nopen_files = [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)]")
        run(
            process,
            "count = sum('socket' in os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{n}'))",
        )
    assert ask(process, "name", "open_files")[0] == "/dev/null"
    assert ask(process, "name", "count") == 1


def test_files_larger_than_the_limit_cannot_be_written(process):
    with pytest.raises(Raised) as caught:
        run(
            process,
            "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nopen('big', 'wb').write(b'x' * 2**21)",
        )
    assert caught.value.types[0] == "builtins.OSError"


@pytest.mark.parametrize("how", ["", "start_new_session=True"])
def test_closing_kills_whatever_it_started(process, how):
    seconds = f"1000.{random.randrange(10**9)}"
    run(process, f"import subprocess\nchild = subprocess.Popen(['sleep', '{seconds}'], {how})")
    ends_at = time.monotonic() + 5
    while not commands_with(seconds):  # for a moment after its start a program's command line is empty
        assert time.monotonic() < ends_at
    process.close()
    assert not commands_with(seconds)


def test_a_thread_left_behind_does_not_keep_answers_from_coming(process):
    run(
        process,
        "import threading\ndef spin():\n    while True: sum(range(1000))\nthreading.Thread(target=spin, daemon=True).start()",
    )
    run(process, "x = 1")
    assert ask(process, "name", "x") == 1


def test_when_the_warm_process_goes_the_loss_is_ours(limits):
    with ZygoteProcess(SandboxConfig(isolated=False, libraries=tiny_course.LIBRARIES)) as zygote:
        zygote.wait_until_ready()
        process = zygote.sandbox().start(limits, 20)
        run(process, "x = 1")
        os.kill(zygote.pid, signal.SIGKILL)
        with pytest.raises(Lost):
            run(process, "import time\ntime.sleep(20)")
        with pytest.raises(OSError):
            zygote.sandbox().start(limits, 20)


def test_without_isolation_the_home_that_notebooks_got_goes_with_the_zygote(limits):
    with ZygoteProcess(SandboxConfig(isolated=False, libraries=tiny_course.LIBRARIES)) as zygote:
        zygote.wait_until_ready()
        process = zygote.sandbox().start(limits, 20)
        run(process, "import os\nhome = os.environ['HOME']\nos.mkdir(home + '/kept')")
        home = Path(ask(process, "name", "home"))
        assert (home / "kept").is_dir()
        process.close()
    assert not home.exists()

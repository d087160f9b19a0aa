"""For each attack the wall that keeps it, and the sign by which its success would be noticed without that wall.

Three kinds of grader lack a wall: one whose checks run in the student's process (`SameProcess`), one that believes
whatever comes on the line (`Credulous`), and one whose box lacks walls (`Opened`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from opened_box import Wall

from autograder.sandbox.outside.process import Outcome
from autograder.sandbox.shared.layers import Layer

__all__ = ["CANARY", "CONTROLS", "Control", "Credulous", "Opened", "SameProcess"]

CANARY = "CANARY-0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class SameProcess:
    """A grader that runs its check as one more cell, and believes what is printed there.

    The sign is that the check passes; or that `prints` is printed; or that the grader's process `ends`.
    """

    check: str = ""
    prints: str = ""
    ends: Outcome | None = None
    before: str = ""
    """What the process holds before the notebook is run."""

    @property
    def decides(self) -> bool:
        """Return whether the sign is that the check passes."""
        return not self.prints and self.ends is None


@dataclass(frozen=True, kw_only=True)
class Credulous:
    """A grader that takes any frame for the answer to its question; the sign is that `answer` is 42 for it."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A box without some walls: all those that keep the attack, since one behind the other does so too."""

    without: tuple[Layer | Wall, ...]
    sign: str = "printed"
    """A name in `test_controls.SIGNS`, or of a measure that goes beyond its limit."""
    call: str = ""
    """What a check would call."""


Control = SameProcess | Credulous | Opened


def _passes(check: str) -> SameProcess:
    return SameProcess(check=check)


def _without(*without: Layer | Wall, sign: str = "printed", call: str = "") -> Opened:
    return Opened(without=without, sign=sign, call=call)


IMPORTS = """
import json, os, sys, time
import numpy as np
import torch
ones, x = torch.ones(3), torch.rand(5)
def helper(x): return 2 * x
"""
NUMBER = _passes("assert answer == 42")
EQUAL = "assert torch.equal(double(x), 2 * x)"
PYTEST = _passes("""
import pytest
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
open("test_it.py", "w").write("import __main__\\ndef test_it(): assert __main__.double(2) == 4")
assert pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_it.py"]) == 0""")
EXIT_CODE = _passes("""
def test_it():
    try:
        assert torch.equal(double(x), 2 * x)
    except Exception as error:
        print("failed:", error)
        raise SystemExit(1)
try:
    test_it()
    code = 0
except SystemExit as end:
    code = end.code
assert code == 0""")
LOADED = f"""
import linecache
checks = {{"test_answer": ["{CANARY}"], "reference": [42]}}
linecache.cache["test_tiny.py"] = (1, None, ["CANARY = '{CANARY}'"], "test_tiny.py")
get_ipython().run_cell("CANARY = '{CANARY}'", store_history=True)
"""
"""Hidden checks, as a grader has them that runs them in the same process."""
TELLS = SameProcess(before=LOADED, prints=CANARY)
TELLS_ITS_INPUT = SameProcess(check="double(x)", prints="CANARY-INPUT")
SPOILS_THE_LINE = SameProcess(ends=Outcome.BAD_ANSWER)
HANGS = SameProcess(ends=Outcome.TIMED_OUT)
EXITS = SameProcess(ends=Outcome.EXITED)
CRASHES = SameProcess(check="double(x)", ends=Outcome.SIGNALLED)
KERNEL = _without(Layer.SECCOMP)
OWN_USER = (Layer.USER, Layer.PRIVILEGES)
OTHERS = (Layer.PID, Layer.LANDLOCK)

CONTROLS: Mapping[str, Control] = {
    # Checks in another process
    **dict.fromkeys(("ast-transformer", "input-transformer", "answers-by-input-transformer"), NUMBER),
    **dict.fromkeys(("swallowed-tracebacks", "equal-to-everything", "int-that-is-equal", "complex"), NUMBER),
    "tensor-function": _passes(EQUAL),
    "array-function": _passes("assert np.array_equal(double(x), 2 * x.numpy())"),
    "patched-torch": _passes("torch.testing.assert_close(double(x), 2 * x)"),
    "patched-pytest": _passes("import pytest\nassert answer == pytest.approx(42)"),
    "patched-arithmetic": _passes("assert abs(answer - 42) < 1e-6"),
    "patched-time": _passes(f"began = time.monotonic()\n{EQUAL}\nassert time.monotonic() - began < 3"),
    "patched-json-and-struct": _passes("assert json.loads(json.dumps({'score': 6 * (answer == 42)}))['score'] == 6"),
    "conftest": PYTEST,
    "skips-itself": PYTEST,
    "passes-itself": PYTEST,
    "exits": EXIT_CODE,
    "exception-that-explodes": EXIT_CODE,
    "traces": EXIT_CODE,
    "redefines-locked-names": _passes("assert torch.equal(double(x), helper(x))"),
    "changed-input": _passes(EQUAL),
    "memorised-answers": _passes("assert torch.equal(double(ones), 2 * ones)"),
    "nan": _passes("assert not abs(answer - 42) > 1e-6"),
    "infinite": _passes("assert abs(answer - 42) <= 1e-6 * max(abs(answer), 42)"),
    "broadcastable": _passes("assert torch.all(double(ones) == 2 * ones)"),
    "empty": _passes("assert all(value == 2 for value in double(ones))"),
    "another-dtype": _passes("result = double(x)\nassert torch.equal(result, (2 * x).to(result.dtype))"),
    "true-for-an-answer": _passes("assert answer"),
    "text-for-an-answer": _passes("assert float(answer) == 42"),
    **dict.fromkeys(("frames", "heap", "linecache", "own-memory", "history"), TELLS),
    **dict.fromkeys(("not-implemented-tells", "prints-its-input"), TELLS_ITS_INPUT),
    "exception-in-disguise": SameProcess(check="double(x)", prints="Passed: </td><script>"),
    "exception-with-a-long-story": SameProcess(
        check="try: double(x)\nexcept Exception as error: print('kept', len(str(error)))", prints="kept 50000000"
    ),
    "lazy-object": SameProcess(check="assert all(value == 1 for value in answer)", ends=Outcome.TIMED_OUT),
    "unpickles": SameProcess(check="import pickle\npickle.loads(pickle.dumps(double(x)))", ends=Outcome.EXITED),
    "terminal-codes": SameProcess(prints="\x1b[2J"),
    "reads-the-keyboard": SameProcess(
        before="import os, sys\nr, w = os.pipe()\nos.write(w, b'of a person\\n')\nos.dup2(r, 0)\nsys.stdin = open(0)\n"
        "import builtins\nget_ipython().user_ns['input'] = lambda text: sys.stdin.readline()",
        prints="of a person",
    ),
    # A line that is read with care
    "reply-in-advance": Credulous(),
    "agent-taken-over": Credulous(),
    **dict.fromkeys(("garbage-on-every-descriptor", "promise-of-gigabytes", "patched-builtins"), SPOILS_THE_LINE),
    "frame-that-never-comes": HANGS,
    "encoder-of-its-own": SPOILS_THE_LINE,
    "closed-line": EXITS,
    "agent-that-never-answers": HANGS,
    "endless-nesting": SameProcess(check="json.dumps(answer)", prints="RecursionError"),
    "endless-list": SameProcess(check="while isinstance(answer, list): answer = answer[0]", ends=Outcome.TIMED_OUT),
    "gigabyte-answer": SameProcess(check="print('bytes:', double(x).nbytes)", prints=f"bytes: {2**30}"),
    "million-answers": SameProcess(check="print('answers:', len(double(x)))", prints="answers: 2000000"),
    "keys-that-are-not": SameProcess(check="json.dumps(double(x))", prints="keys must be"),
    "surrogates": SameProcess(check="answer.encode()", prints="UnicodeEncodeError"),
    # A process that can end without the grader, and a deadline
    "ends-at-once": EXITS,
    "ends-when-asked": SameProcess(check="double(x)", ends=Outcome.EXITED),
    "crashes": CRASHES,
    "aborts": CRASHES,
    **dict.fromkeys(("never-ends", "never-ends-stubbornly", "prints-a-score-and-hangs"), HANGS),
    **dict.fromkeys(("never-ends-when-asked", "stops-itself"), SameProcess(check="double(x)", ends=Outcome.TIMED_OUT)),
    "threads-that-stay": SameProcess(
        check="began, until = time.process_time(), time.monotonic() + 8\n"  # they get little where a machine is busy
        "while time.process_time() - began < 0.1 and time.monotonic() < until: time.sleep(0.1)\n"
        "print('busy:', time.process_time() - began > 0.1)",
        prints="busy: True",
    ),
    # Namespaces, and a root folder that holds nothing of anybody's
    "exit-handlers": _without(*OTHERS, sign="neighbour ended"),
    "signals-to-everybody": _without(*OTHERS, sign="neighbour ended"),
    "traces-others": _without(*OTHERS, Layer.MOUNT, Layer.SECCOMP, Layer.USER),
    "environment": _without(*OTHERS, Layer.MOUNT, Layer.USER, sign="canary printed"),
    "network": _without(Layer.NETWORK),
    **dict.fromkeys(("daemon", "detached-subprocess"), _without(Layer.PID, sign="process left")),
    "watcher-that-rewrites": _without(Layer.PID, Layer.MOUNT, sign="file changed", call="__import__('time').sleep(1)"),
    "poisoned-packages": _without(Layer.MOUNT),
    "whole-disk": _without(Layer.MOUNT, sign="canary printed"),
    "hidden-checks-by-path": _without(Layer.MOUNT, sign="canary printed"),
    "symbolic-links": _without(Layer.MOUNT),
    "forges-results": _without(Layer.MOUNT, sign="file changed"),
    "forges-the-gradebook": _without(Layer.MOUNT, sign="file changed"),
    "files-in-tmp": _without(Layer.MOUNT, sign="file left"),
    "devices": _without(Wall.ROOT),
    "shared-memory-of-a-device": _without(Wall.ROOT),
    "disk": _without(Layer.MOUNT, sign="disk"),
    "inodes": _without(Layer.MOUNT, sign="inodes"),
    "deep-folders": _without(Layer.MOUNT, Layer.LANDLOCK, sign="inodes"),
    # Rights
    "becomes-root": _without(*OWN_USER),
    "mounts": _without(*OWN_USER, Layer.SECCOMP, Layer.LANDLOCK),
    "kernel-switches": _without(*OWN_USER, Layer.LANDLOCK),
    "oom-score": _without(Layer.LANDLOCK),
    # System calls
    **dict.fromkeys(("raw-sockets", "namespaces", "kernel-back-doors", "priorities", "system-v-memory"), KERNEL),
    **dict.fromkeys(("pages-in-pipes", "pages-of-files-in-pipes", "sockets-that-are-large"), KERNEL),
    "shared-memory-after-a-fork": KERNEL,
    **dict.fromkeys(("shared-memory", "memory-files"), _without(Layer.SECCOMP, sign="memory of files")),
    # What the kernel keeps count of
    "limits-lifted": _without(Wall.LIMITS),
    "timers": _without(Wall.LIMITS),
    "one-large-file": _without(Wall.LIMITS),
    **dict.fromkeys(("forks", "shell-forks", "threads"), _without(Wall.LIMITS, sign="processes")),
    **dict.fromkeys(("descriptors", "pipes"), _without(Wall.LIMITS, sign="descriptors")),
    # What is watched from outside
    **dict.fromkeys(("memory", "memory-of-children"), _without(Wall.WATCH, sign="memory")),
    "memory-when-asked": _without(Wall.WATCH, sign="memory", call="double(None)"),
    "memory-of-a-threads-children": _without(Wall.WATCH, sign="memory"),
    **dict.fromkeys(("page-tables", "page-tables-of-children"), _without(Wall.WATCH, sign="memory")),
    **dict.fromkeys(("mappings-of-children", "sockets"), _without(Wall.WATCH, sign="memory of the kernel")),
    "file-locks": _without(Wall.WATCH, sign="locks"),
    **dict.fromkeys(("output", "output-by-children"), _without(Wall.WATCH, sign="output")),
}
"""By the attack's name."""

"""A request's seconds are the process's own: what others take of its processor is not counted, what it does is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from autograder.sandbox.outside.own_time import PATIENCE, OwnTime

SPIN = "while True: pass"
SLEEP = "import time; time.sleep(1000)"
CHILDREN = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
WAITS_FOR_ITS_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


@contextmanager
def running(*sources: str) -> Iterator[Sequence[subprocess.Popen]]:
    """Run Python processes, and what they start, on one and the same processor."""
    core = min(os.sched_getaffinity(0))
    begun = [
        subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c", source], start_new_session=True)
        for source in sources
    ]
    time.sleep(0.3)
    try:
        yield begun
    finally:
        for process in begun:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def own_part(source: str, neighbours: int, seconds: float = 2.0) -> float:
    """Return which part of the time by the clock counts as a process's own beside spinning neighbours."""
    with running(source, *[SPIN] * neighbours) as (process, *_):
        own = OwnTime(lambda: process.pid)
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            own.reached(0.1)
            time.sleep(0.05)
        own.look()
        return 1 - own.excused / (time.monotonic() - began)


def test_computing_beside_others_counts_only_while_it_has_the_processor():
    """Alone nearly all counts, where the host lets it; beside three others about a quarter, whatever the host does."""
    assert own_part(SPIN, neighbours=3) < 0.6


@pytest.mark.parametrize("source", [SLEEP, CHILDREN], ids=["sleeping", "children"])
def test_sleeping_counts_by_the_clock_and_so_does_what_children_compute(source):
    assert own_part(source, neighbours=0) > 0.3


def test_waiting_for_a_child_that_has_no_processor_does_not_count():
    assert own_part(WAITS_FOR_ITS_CHILD, neighbours=3) < 0.6


def test_sleeping_beside_others_is_no_excuse():
    assert own_part(SLEEP, neighbours=3) > 0.9


def test_what_is_over_soon_is_not_looked_into():
    def fail() -> int:
        raise AssertionError

    own = OwnTime(fail)
    assert not own.reached(10.0)
    assert 0 < own.left(10.0) <= 0.25


def test_patience_ends_by_the_clock():
    with running(SPIN, *[SPIN] * 30) as (process, *_):
        own = OwnTime(lambda: process.pid)
        ends_at = time.monotonic() + PATIENCE * 0.3
        while not own.reached(0.3):
            time.sleep(0.02)
        assert time.monotonic() < ends_at + 20


def test_a_process_that_is_gone_has_no_excuse():
    own = OwnTime(lambda: -1)
    time.sleep(0.3)
    assert own.reached(0.28)
    assert own.excused == 0

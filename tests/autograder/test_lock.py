"""One batch at a time writes into a folder of results, and a dead one keeps nobody out."""

import os
import signal
import subprocess
import sys

import pytest

from autograder.errors import AutograderError
from autograder.grading.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from autograder.grading.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_batch_is_told_who_the_first_is(tmp_path, holder):
    with pytest.raises(AutograderError, match=f"in use by process {holder.pid} on .* since 20"), locked(tmp_path):
        pass


def test_a_killed_batch_keeps_no_lock(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        assert f"process {os.getpid()} on" in (tmp_path / ".lock").read_text()


def test_the_lock_is_given_back(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "new" / "folder"):
            pass


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    sentence = pytest.raises(AutograderError, match=r"file/results cannot be written to \(Not a directory\)")
    with sentence, locked(tmp_path / "file" / "results"):
        pass


def test_what_the_holder_starts_does_not_hold_it(tmp_path):
    with locked(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with locked(tmp_path):
            pass
    finally:
        child.kill()
        child.wait()

"""Whatever ends a batch, no result is lost, and the same command goes on; two batches never meet."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_course import RIGHT, submit
from tiny_course import numpy_answers as answers

from autograder.results import read_results

SLOW = "import time\ntime.sleep(1)\n" + RIGHT


@pytest.fixture
def course(built_numpy_course: Path, tmp_path: Path) -> Path:
    """A course of one's own with eight submissions."""
    root = tmp_path / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    for number in range(8):
        submit(root, f"slow{number}", *answers(SLOW))
    return root


def start(course: Path, *options: str) -> subprocess.Popen[str]:
    """Start a batch as from a terminal."""
    command = [sys.executable, "-m", "autograder", "grade", "tiny", "--course", str(course), "--log", "json", *options]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a single call
    )


def finish(batch: subprocess.Popen[str]) -> tuple[dict[str, object], str]:
    """Return the last line of the batch's log, and what it said to the user."""
    printed, said = batch.communicate(timeout=200)
    return (json.loads(printed.splitlines()[-1]) if printed else {}), said


def wait_for(batch: subprocess.Popen[str], event: str) -> None:
    while f'"{event}"' not in batch.stdout.readline():
        assert batch.poll() is None


def test_ctrl_c_finishes_what_has_begun_and_a_second_batch_is_told_to_wait(course):
    batch = start(course, "--workers", "2")
    wait_for(batch, "finished")
    _, said = finish(start(course))
    assert f"results is in use by process {batch.pid} on" in said
    batch.send_signal(signal.SIGINT)
    summary, _ = finish(batch)
    assert batch.returncode == 2
    assert summary["interrupted"] == "SIGINT"
    kept = list(read_results(course / "results", "tiny"))
    assert summary["left"] == 8 - len(kept) > 0
    assert {result.score for result in kept} == {6.0}, "what had begun was finished"
    summary, _ = finish(start(course))
    assert (summary["reused"], summary["graded"], summary["left"]) == (len(kept), 8, 0)


def test_a_second_ctrl_c_abandons_it(course):
    batch = start(course, "--workers", "1")
    wait_for(batch, "finished")
    batch.send_signal(signal.SIGINT)
    wait_for(batch, "message")
    batch.send_signal(signal.SIGINT)
    summary, _ = finish(batch)
    assert (batch.returncode, summary["interrupted"]) == (2, "SIGINT")


@pytest.fixture
def small_disk(course: Path) -> Iterator[Path]:
    """A folder for results on a file system of its own, with room for the submissions and a few results."""
    folder = course / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=52k", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(course, small_disk):
    batch = start(course, "--results", str(small_disk))
    _, said = finish(batch)
    assert batch.returncode == 2
    assert f"{small_disk} cannot be written to (No space left on device)" in said
    assert "Traceback" not in said
    kept = list(read_results(small_disk, "tiny"))
    assert 0 < len(kept) < 8
    assert not list(small_disk.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=10m", str(small_disk)], check=True)
    batch = start(course, "--results", str(small_disk))
    summary, _ = finish(batch)
    assert batch.returncode == 0
    assert (summary["reused"], summary["graded"]) == (len(kept), 8)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_one_sentence(course):
    (course / "results").mkdir(mode=0o500)
    batch = start(course)
    _, said = finish(batch)
    assert batch.returncode == 2
    assert "results cannot be written to (Permission denied)" in said


def test_the_best_of_several_attempts_counts_where_the_course_says_so(course):
    config = course / "course_config.py"
    config.write_text(config.read_text().replace('name="Tiny",', 'name="Tiny", attempt_policy="best",'))
    for cells in (answers(RIGHT), answers(RIGHT, "answer = 0")):
        submit(course, "slow0", *cells)
        finish(start(course, "--student", "slow0"))
    result = json.loads((course / "results" / "tiny" / "slow0.json").read_text())
    assert (result["attempt"], result["score"]) == (1, 6.0)
    config.write_text(config.read_text().replace('"best"', '"last"'))
    summary, _ = finish(start(course, "--student", "slow0"))
    assert summary["reused"] == 1
    result = json.loads((course / "results" / "tiny" / "slow0.json").read_text())
    assert (result["attempt"], result["score"]) == (2, 3.0)

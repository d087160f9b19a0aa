"""The comparison grades the same things everywhere and does its sums right."""

import pytest

from autograder.bench.bench import Row, table
from autograder.bench.usage import Usage, measure
from autograder.cli import main
from autograder.errors import AutograderError


def usage(wall: float, cpu: float) -> Usage:
    return Usage(wall_seconds=wall, cpu_seconds=cpu, peak_bytes=2**30)


def row(system: str, wall: float, cpu: float, **more) -> Row:
    values = {"submissions": 11, "single": usage(1.0, 1.0), "cores": 2, "disagreements": []}
    return Row(system=system, usage=usage(wall, cpu), **{**values, **more})


def test_one_more_submission_is_told_from_the_start():
    ours = row("autograder", wall=3.0, cpu=4.0)
    assert ours.per_minute == 220
    assert ours.steady_per_minute == 300
    assert ours.cpu_seconds == pytest.approx(0.3)


def test_ratios_are_against_the_first_row_and_by_busy_core():
    peer = row("nbgrader", wall=22.0, cpu=22.0, single=None, cores=1, disagreements=["bob"])
    text = table("mlp", [row("autograder", wall=3.0, cpu=4.0), peer, row("floor", wall=2.0, cpu=3.0)])
    assert "| nbgrader | 11 | 30.0 | 30.0 | 10.00× | 5.00× | 2.000 | 1.0 GB |" in text
    assert "| floor | 11 | 330.0 | 600.0 | 0.50× | 0.50× | 0.200 | 1.0 GB |" in text
    assert "Wall time against the floor, once it runs: 2.00." in text
    assert "nbgrader gives other points to: bob." in text


def test_what_a_commands_children_use_counts(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])"
    used = measure(["python3", "-c", parent], tmp_path)
    assert used.cpu_seconds > 0.5


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(AutograderError, match="ended with 3: so long"):
        measure(["sh", "-c", "echo so long; exit 3"], tmp_path)


def test_every_system_gives_the_same_points(built_course, capsys):
    """The real thing, on the assignment with nothing to compute."""
    assert main(["bench", "empty", "--course", str(built_course), "--count", "2", "--peer-count", "1"]) == 0
    printed = capsys.readouterr().out
    for system in ("autograder", "nbgrader", "otter", "floor"):
        assert f"| {system} | " in printed
    assert "gives other points" not in printed

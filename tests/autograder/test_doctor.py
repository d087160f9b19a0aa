"""What a host lacks is told with what mends it, and no student code runs there unless that is said out loud."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_course import RIGHT, submit
from tiny_course import numpy_answers as answers

from autograder.doctor import examine
from autograder.results import read_results
from autograder.sandbox.shared.layers import OPTIONAL, Layer

POOR_HOST = """
import sys
from autograder.sandbox.inside import seccomp, syscalls
from autograder.cli import main
filters = seccomp.compile_filters()
syscalls.forbid_new_privileges()
seccomp.apply(filters)
sys.exit(main(sys.argv[1:]))
"""
"""Run a command where the kernel refuses namespaces and mounts, as in a container."""


def on_poor_host(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", POOR_HOST, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


@pytest.fixture
def course(built_numpy_course: Path, tmp_path: Path) -> Path:
    submit(built_numpy_course, "right", *answers(RIGHT))
    return built_numpy_course


def test_this_host_has_every_wall():
    missing = [finding for finding in examine() if not finding.there and finding.required]
    assert not missing


def test_every_layer_is_in_the_table():
    assert {finding.how for finding in examine()} >= {str(layer) for layer in Layer}


def test_a_poor_host_is_told_what_is_missing_and_what_mends_it():
    done = on_poor_host("doctor")
    assert done.returncode == 1
    assert "refuses to run here" in done.stdout
    assert "sysctl" in done.stdout
    assert "NO" in done.stdout


def test_grading_on_a_poor_host_is_refused_and_nothing_is_written(course, tmp_path):
    done = on_poor_host(*f"grade tiny --course {course} --results {tmp_path} --student right".split())
    assert done.returncode == 2
    assert "cannot isolate student code" in done.stderr
    assert "autograder doctor" in done.stderr
    assert "--sandbox none" in done.stderr
    assert not list((tmp_path / "tiny").glob("*.json"))


def test_a_poor_host_grades_when_told_to_do_without(course, tmp_path):
    done = on_poor_host(*f"grade tiny --course {course} --results {tmp_path} --student right --sandbox none".split())
    assert done.returncode == 0, done.stderr
    (result,) = read_results(tmp_path, "tiny")
    assert (result.score, result.flags) == (6.0, ("unsandboxed",))


def test_what_grading_can_do_without_is_said_to_be_optional():
    assert {finding.how for finding in examine() if not finding.required} >= {str(layer) for layer in OPTIONAL}

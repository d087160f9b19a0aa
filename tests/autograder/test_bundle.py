"""What was handed in travels to another machine as what it is."""

from pathlib import Path

import pytest

from autograder.grading.job import Job
from autograder.grading.ray.bundle import pack_job, unpack_job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(root=tmp_path, assignment="tiny", student="ada", notebook=tmp_path / "handed in.ipynb")


def test_a_notebook_arrives_byte_for_byte_under_its_name(job, tmp_path):
    job.notebook.write_bytes(b"\xff\x00{}")
    arrived = unpack_job(pack_job(job), tmp_path / "there")
    assert arrived.notebook == tmp_path / "there" / "ada" / "tiny" / "handed in.ipynb"
    assert arrived.notebook.read_bytes() == b"\xff\x00{}"
    assert arrived.problem == ""


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "is not there"),
        (lambda path: path.symlink_to("/etc/passwd"), "a symbolic link"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.write_bytes(bytes(33 * 2**20)), "33 MB"),
    ],
)
def test_what_cannot_be_read_any_more_arrives_as_its_problem(job, tmp_path, make, says):
    make(job.notebook)
    arrived = unpack_job(pack_job(job), tmp_path / "there")
    assert says in arrived.problem
    assert not arrived.notebook.exists()

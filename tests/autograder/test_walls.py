"""The table of walls in docs/trust.md, `autograder doctor` and the code name the same ones."""

import pytest
from tiny_course import REPOSITORY

from autograder import doctor
from autograder.grading.station import limit_memory
from autograder.sandbox.inside.resource_limits import bind
from autograder.sandbox.inside.root_folder import enter_root_folder
from autograder.sandbox.outside.process import StudentProcess
from autograder.sandbox.shared.layers import Layer
from autograder.sandbox.shared.process_memory import kernel_bytes, private_bytes

PAGE_ALONE = {"root folder": enter_root_folder, "limits": bind}
"""Walls that are no layer of a student's process, and what builds them."""
DOCTOR_ALONE = {
    "watched ten times a second": (private_bytes, kernel_bytes),
    "resource limits, watched pipes": (bind, StudentProcess),
    "resource limit of its user": bind,
    "resource limit of its own": limit_memory,
}


@pytest.fixture(scope="module")
def named() -> list[str]:
    """The walls of the page's table."""
    table = (REPOSITORY / "docs" / "trust.md").read_text().partition("| wall |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [name.partition("(")[0].strip() for cell in cells for name in cell.split(",")]


def test_the_page_names_each_wall_once(named):
    assert sorted(named) == sorted({*Layer, *PAGE_ALONE})


def test_doctor_tries_each_layer_and_no_other():
    assert [finding.how for finding in doctor._walls({})] == list(doctor._WALLS)
    assert doctor._WALLS.keys() == set(Layer)


def test_doctor_names_each_limit_once():
    assert sorted(finding.how for finding in doctor._limits({})) == sorted(DOCTOR_ALONE)

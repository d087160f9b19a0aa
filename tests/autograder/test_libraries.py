"""A course has loaded what it asks for before anything is forked, and nothing else."""

import subprocess
import sys

import pytest
from tiny_course import make_course

from autograder.checks.preparation import Preparation
from autograder.course import Course, load_course
from autograder.errors import GraderError

GRADING = (
    *("autograder.cli", "autograder.grading.station", "autograder.grading.batch", "autograder.grading.local"),
    *("autograder.grading.fingerprint", "autograder.checks.plugin", "autograder.checks.expect"),
    *(
        "autograder.sandbox.inside.zygote",
        "autograder.sandbox.inside.agent",
        "autograder.mnist",
        "autograder.report.class_page",
    ),
)


def loaded(code: str) -> set[str]:
    """Return the top-level packages that a fresh Python has loaded after some code."""
    code += "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_grading_itself_loads_no_library_of_a_course_and_nothing_that_is_for_authors():
    found = loaded("import " + ", ".join(GRADING))
    assert not found & {"torch", "torchvision", "matplotlib", "PIL", "nbgrader", "nbconvert", "nbformat", "otter"}


def test_what_a_course_asks_for_is_loaded():
    code = "from autograder.sandbox.shared.libraries import load_libraries\nload_libraries({})"
    assert not loaded(code.format("()")) & {"torch", "matplotlib"}
    found = loaded(code.format("['matplotlib', 'xmlrpc']"))
    assert found & {"torch", "matplotlib", "xmlrpc"} == {"matplotlib", "xmlrpc"}


def test_a_library_that_is_not_there_is_named(tmp_path):
    course = load_course(make_course(tmp_path))
    lacking = Course(**{**vars(course), "libraries": ["no_such_library"]})
    with pytest.raises(GraderError, match="asks for 'no_such_library', which is not installed here"):
        Preparation(lacking, course.assignment("tiny")).sandbox_config(isolated=True)

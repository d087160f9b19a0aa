"""An exception whose cause is known says what to do about it, and in a hidden check nothing that the process chose."""

import sys

import pytest

from autograder.checks.student_errors import describe_error, undefined_name
from autograder.notebooks import PlannedCell
from autograder.sandbox.outside.process import Raised

CELL = PlannedCell(name="<cell 4>", index=20, id="", grade_id="MLP", source="from tqdm.auto import tqdm")
OFFERS = "(docs/students.md lists what there is), and of your files it takes only those that are to be handed in."


def raised(message: str, *types: str, line: int = 1) -> Raised:
    types = tuple(f"builtins.{name}" for name in types)
    return Raised(kind="raised", types=types, message=message, cell="<cell 4>", line=line)


def test_a_missing_package_is_named_with_where_the_list_is():
    error = describe_error(raised("No module named 'tqdm.auto'", "ModuleNotFoundError", "ImportError"), CELL)
    where = " in cell 21 (`MLP`), line 1: `from tqdm.auto import tqdm`"
    offers = f"Grading offers no package `tqdm` {OFFERS}"
    assert error.public_text == f"Your code raised ModuleNotFoundError{where}. (No module named 'tqdm.auto') {offers}"
    assert error.staff_text == f"ModuleNotFoundError: No module named 'tqdm.auto'{where}. {offers}"


def test_a_hidden_check_does_not_repeat_the_packages_name():
    error = describe_error(raised("No module named 'hidden42'", "ModuleNotFoundError", "ImportError"), CELL)
    assert error.student_text == (
        f"Your code raised ModuleNotFoundError in `MLP`. Grading offers no package of that name {OFFERS}"
    )


@pytest.mark.parametrize(
    "message",
    [
        "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver.",
        "Torch not compiled with CUDA enabled",
        "No CUDA GPUs are available",
        "PyTorch is not linked with support for mps devices",
    ],
)
def test_who_asks_for_a_gpu_reads_what_to_use_instead_and_nothing_of_the_graders_drivers(message):
    error = describe_error(raised(message, "RuntimeError"), CELL)
    for text in (error.public_text, error.student_text, error.staff_text):
        assert "Your code asks for a GPU; the grader may have none: use the `device` that is given" in text
        assert message not in text


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="f-strings nest from this version on")
def test_an_f_string_of_a_newer_python_is_told_as_that():
    error = describe_error(raised("f-string: unmatched '[' (<cell 4>, line 1)", "SyntaxError"), CELL)
    assert "(f-string: unmatched '[') In the Python of grading (3.11) no quotes" in error.public_text


def test_another_error_has_no_advice():
    error = describe_error(raised("bad", "ValueError"), CELL)
    assert error.student_text == "Your code raised ValueError in `MLP`."
    assert error.public_text.endswith("`from tqdm.auto import tqdm`. (bad)")


def test_the_cause_of_a_missing_name_is_for_public_checks_and_staff():
    name_error = raised("name 'twice' is not defined", "NameError", "Exception")
    error = describe_error(name_error, CELL, cause="`twice` stands in cell 3.", advice="It is elsewhere.")
    assert error.public_text.endswith("(name 'twice' is not defined) `twice` stands in cell 3.")
    assert error.staff_text.endswith(". `twice` stands in cell 3.")
    assert error.student_text == "Your code raised NameError in `MLP`. It is elsewhere."


@pytest.mark.parametrize(
    ("message", "kind", "name"),
    [
        ("name 'twice' is not defined", "NameError", "twice"),
        ("name 'twice' is not defined. Did you mean: 'thrice'?", "NameError", "twice"),
        ("name 'twice' is not defined", "ValueError", ""),
        ("module 'torch' has no attribute 'twice'", "AttributeError", ""),
    ],
)
def test_the_name_that_is_not_defined_is_read_off_the_exception(message, kind, name):
    assert undefined_name(raised(message, kind)) == name

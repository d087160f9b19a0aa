"""A change to one check is told from a change to all, and a change that no result can show from any."""

from pathlib import Path

import pytest

from autograder.grading.check_code import CheckCode, read_check_code

FILE = '''
"""Checks."""
import pytest
import torch

import expected
from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("double")

LENGTH = 3
"""How many."""
OTHER = LENGTH + 1


def ones():
    return torch.ones(LENGTH)


@pytest.fixture
def doubled(student):
    return student.double(ones())


@pytest.mark.points(1)
def test_one(doubled):
    """Twice one is two."""
    assert doubled.tolist() == [2.0] * 3


@pytest.mark.points(2)
def test_two(student):
    assert student.answer == expected.ANSWER


def test_three(student):
    helper = OTHER
    judge(student, helper)


def judge(student, helper):
    assert student.answer == helper


def test_four(student):
    print(student)
'''


def read(folder: Path, text: str = FILE, modules: dict[str, str] | None = None) -> dict[str, CheckCode]:
    (folder / "test_it.py").write_text(text)
    checks = read_check_code(folder, {"expected": "1", "unused": "1"} if modules is None else modules)
    return {check.id.partition("::")[2]: check for check in checks}


def changed(folder: Path, old: str, new: str) -> set[str]:
    assert old in FILE
    before, after = read(folder), read(folder, FILE.replace(old, new))
    return {name for name in before if before[name].digest != after[name].digest}


@pytest.mark.parametrize(
    ("old", "new", "checks"),
    [
        ("[2.0] * 3", "[2.0, 2.0, 2.0]", {"test_one"}),
        ("def ones():\n    return", "def ones():\n    return 1 *", {"test_one"}),
        ("LENGTH = 3", "LENGTH = 4", {"test_one", "test_three"}),
        ("OTHER = LENGTH + 1", "OTHER = LENGTH + 2", {"test_three"}),
        ("student.answer == helper", "student.answer >= helper", {"test_three"}),
        ("== expected.ANSWER", "== 1 + expected.ANSWER", {"test_two"}),
        ("points(2)", "points(3)", {"test_two"}),
        ("Twice one is two.", "Two times one.", {"test_one"}),
        ('question("double")', 'question("twice")', {"test_one", "test_two", "test_three", "test_four"}),
        ('"""Checks."""', '"""The checks."""', set()),
        ('"""How many."""', "# How many", set()),
        ("helper = OTHER", "helper = OTHER  # a comment\n", set()),
        ("import torch\n", "import torch\n\n\n\n", set()),
        ("pytestmark", "torch.manual_seed(1)\npytestmark", {"test_one", "test_two", "test_three", "test_four"}),
        (
            "@pytest.fixture\ndef doubled(student)",
            "@pytest.fixture(autouse=True)\ndef doubled(student)",
            {"test_one", "test_two", "test_three", "test_four"},
        ),
    ],
)
def test_a_change_reaches_the_checks_that_use_it(tmp_path, old, new, checks):
    assert changed(tmp_path, old, new) == checks


def test_a_module_beside_the_checks_counts_for_those_that_import_it(tmp_path):
    before, after = read(tmp_path), read(tmp_path, modules={"expected": "2", "unused": "1"})
    assert {name for name in before if before[name].digest != after[name].digest} == {"test_two"}


def test_the_order_of_a_file_is_nothing(tmp_path):
    last = FILE.index("def test_four")
    moved = FILE[last:] + "\n\n" + FILE[:last]
    assert {name: check.digest for name, check in read(tmp_path).items()} == {
        name: check.digest for name, check in read(tmp_path, moved).items()
    }


def test_the_names_that_a_check_asks_for(tmp_path):
    checks = read(tmp_path)
    assert checks["test_one"].names == {"double"}
    assert checks["test_two"].names == {"answer"}
    assert checks["test_three"].names == {"answer"}
    assert checks["test_four"].names is None


def test_the_face_is_what_a_result_shows_whatever_the_answer(tmp_path):
    before = read(tmp_path)["test_one"].face
    assert read(tmp_path, FILE.replace("[2.0] * 3", "[2.0]"))["test_one"].face == before
    assert read(tmp_path, FILE.replace("points(1)", "points(3)"))["test_one"].face != before
    assert read(tmp_path, FILE.replace("Twice one", "Two"))["test_one"].face != before


def test_a_file_that_does_not_parse_is_one_check(tmp_path):
    (check,) = read(tmp_path, "def test_it(:").values()
    assert check.names is None
    assert read(tmp_path, "def test_it(::")[""].digest != check.digest


def test_a_class_of_checks_counts_as_one(tmp_path):
    text = "class TestIt:\n    def test_a(self, student):\n        assert student.a"
    assert read(tmp_path, text)["TestIt"].digest != read(tmp_path, text + " == 1")["TestIt"].digest

"""A check that looks at an argument after the call sees what the student's code did to it; no other check does."""

import importlib.util
from pathlib import Path

import pytest

from autograder.checks.argument_looks import looks_at_arguments

LOOK = [
    "student.sort(xs)\n    assert xs == [1, 2]",
    "student.sort(xs)\n    assert len(xs) == 2 and xs[0] == 1",
    "student.sort(xs)\n    assert not xs",
    "before = xs.copy()\n    student.best(xs)\n    assert xs == before",
    "assert student.append(2, xs) is xs",
    "found = student.append(2, xs)\n    assert found is xs",
    "student.scale(xs, by=2)\n    np.testing.assert_allclose(xs, [2, 4])",
    "student.scale(values=xs)\n    assert np.array_equal(xs, [2, 4])",
    "student.add_total(xs)\n    assert 'total' in xs.columns",
    "stack = student.Stack()\n    stack.fill(xs)\n    assert xs == []",
    "for x in (xs, xs):\n        student.sort(x)\n        assert x == [1, 2]",
    "student.sort(xs)\n    if xs != [1, 2]:\n        pytest.fail('not sorted')",
]
NO_LOOK = [
    "assert student.mean(xs) == sum(xs) / len(xs)",
    "found = student.mean(xs)\n    assert found == np.mean(xs)",
    "found = student.mean(xs)\n    right = sum(xs) / 2\n    assert found == right",
    "assert len(xs) == 2\n    student.sort(xs)",
    "assert student.mean([1, 2]) == 1.5 and xs == []",
    "first, rest = student.split(xs)\n    assert [first, *rest] == xs",
    "for found in student.each(xs):\n        assert found in xs",
    "np.testing.assert_allclose(student.scale(xs), 2 * xs)",
    "ys = sorted(xs)\n    assert ys == [1, 2]\n    student.sort(xs)",
]


def check_of(body: str, folder: Path):
    """Return the function of a check with this body."""
    path = folder / "test_one.py"
    path.write_text(f"def test_it(student, xs):\n    {body}\n")
    spec = importlib.util.spec_from_file_location("test_one", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.test_it


@pytest.mark.parametrize("body", LOOK)
def test_what_is_asserted_of_an_argument_alone_is_a_look_at_it(body, tmp_path):
    assert looks_at_arguments(check_of(body, tmp_path))


@pytest.mark.parametrize("body", NO_LOOK)
def test_what_the_right_answer_is_computed_from_is_none(body, tmp_path):
    assert not looks_at_arguments(check_of(body, tmp_path))


@pytest.mark.parametrize("function", [None, len, eval("lambda student: 0")])
def test_what_has_no_source_is_none(function):
    assert not looks_at_arguments(function)

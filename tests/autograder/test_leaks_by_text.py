"""A submission that forges what its process says of an exception gets no hidden input into what its student reads."""

import re
import shutil
from pathlib import Path

import pytest
from test_grading import HIDDEN, check, run
from tiny_course import answers, code, numpy_answers, submit

from autograder.checks.context import student_seed
from autograder.results import Result, read_results

LINES = 2**18
FORGE = f"""
from autograder.sandbox.inside import agent

_describe = agent.describe

def forged(error, *more):
    said = _describe(error, *more)
    if hasattr(error, 'number'):
        said.update(HOW)
    return said

agent.describe = forged

def double(x):
    if (x == 1).all():
        return x * 2
    error = ValueError('of no matter')
    error.number = int(x[0].item() * {LINES - 10})
    error.text = str(x.tolist())
    global HOW
    HOW = how(error)
    raise error
"""
HOW = {
    "place": "def how(e): return dict(cell='<cell 3>', line=e.number + 2, types=['builtins.ArithmeticError'])",
    "kinds": "def how(e): return dict(cell='<cell 1>', types=[e.text, 'builtins.ArithmeticError'])",
    "missing": "def how(e): return dict(kind='missing', message=e.text)",
    "unsendable": "def how(e): return dict(kind='unsendable', message=e.text)",
    "stub": "def how(e): return dict(types=['builtins.NotImplementedError'], message=e.text, cell=e.text)",
}
LONG = 'LONG = """\n' + "x\n" * LINES + '"""'
SAYS_SEEDS = "import torch\ndef double(x):\n    raise ValueError(f'the seed is {torch.initial_seed()}')"


@pytest.fixture(scope="module")
def results(built_course: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Grade one submission for each way to forge."""
    root = tmp_path_factory.mktemp("forged") / "course"
    shutil.copytree(built_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    for name, how in HOW.items():
        submit(root, name, *answers(f"{how}\n{FORGE}"), code("long", LONG))
    submit(root, "seeds", *answers(SAYS_SEEDS))
    run(root)
    return {result.student: result for result in read_results(root / "results", "tiny")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("place", "Your code raised ArithmeticError in another cell."),
        ("kinds", "Your code raised ArithmeticError in `double`."),
        ("missing", "Your code raised ValueError in `double`."),
        ("unsendable", "The answer cannot be used: it is too large, or of a kind that cannot be looked at."),
        ("stub", "This question is not written yet: its cell still raises NotImplementedError."),
    ],
)
def test_what_is_forged_is_not_what_a_student_reads(results, name, text):
    assert check(results[name], HIDDEN).message == text


def test_a_forged_place_arrives_at_the_checks_process(results):
    """The positive control: what staff read has the line, and with it 18 bits of a hidden input."""
    assert int(re.search(r"line (\d+): `x`", check(results["place"], HIDDEN).staff_message)[1]) > 2


@pytest.mark.parametrize("name", ["missing", "unsendable", "stub"])
def test_a_forged_message_arrives_at_the_checks_process(results, name):
    assert re.search(r"0\.\d{4}", check(results[name], HIDDEN).staff_message)


def test_the_seed_that_student_code_sees_follows_from_what_everybody_knows(results):
    seed = student_seed("tiny", "seeds", 1, HIDDEN) % 2**64
    assert f"the seed is {seed}" in check(results["seeds"], HIDDEN).staff_message


def test_another_attempt_is_asked_about_other_numbers(built_numpy_course, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    numbers = []
    for comment in ("", "", "# once more\n"):
        submit(root, "ada", *numpy_answers(f"{comment}def double(x): raise ValueError(str(x.tolist()))"))
        run(root, "--force")
        (result,) = read_results(root / "results", "tiny")
        numbers.append((result.attempt, re.findall(r"0\.\d+", check(result, HIDDEN).staff_message)))
    assert [attempt for attempt, _ in numbers] == [1, 1, 2]
    assert numbers[0] == numbers[1], "a regrade asks about the same"
    assert not set(numbers[0][1]) & set(numbers[2][1])

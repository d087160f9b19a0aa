"""Hidden inputs follow from the secret, what students can see does not; each attempt has inputs of its own."""

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fakes import FakeSandbox
from tiny_course import RIGHT, answers, submit

from autograder.checks.context import derive_seed, make_generator, open_check_context, student_seed
from autograder.checks.preparation import Preparation
from autograder.course import Course, load_course
from autograder.errors import GraderError
from autograder.sandbox.inside.agent import Agent, Objects

# ruff: noqa: NPY002 - numpy's old generator is the one that student code uses unasked

ASKED = ("secret", "tiny", "ada", 1, "test_tiny.py::test_answer")


@pytest.fixture
def course(built_course: Path) -> Course:
    return load_course(built_course)


def test_an_instructors_notebook_that_cannot_be_read_is_our_fault(course_root):
    (course_root / "source" / "tiny" / "tiny.ipynb").write_bytes(b"%PDF-1.4")
    course = load_course(course_root)
    with pytest.raises(GraderError, match=r"source/tiny/tiny\.ipynb: "):
        _ = Preparation(course, course.assignment("tiny")).solution


@pytest.mark.parametrize("place", range(len(ASKED)))
def test_hidden_inputs_depend_on_all_that_they_are_made_of(place):
    other = list(ASKED)
    other[place] = 2 if place == 3 else "other"
    assert derive_seed(*ASKED) == derive_seed(*ASKED)
    assert derive_seed(*ASKED) != derive_seed(*other)


def test_parts_cannot_be_shifted_into_each_other():
    assert derive_seed("s", "a", "b\0c", 1, "d") != derive_seed("s", "a\0b", "c", 1, "d")


def seeds_of(course: Course, secret: str, monkeypatch, **options: int) -> tuple[set[int], int]:
    """Return the seeds that a student's process is sent in a check, and that of the hidden inputs."""
    monkeypatch.setenv("AUTOGRADER_SECRET", secret)
    notebook = submit(course.root, "seeds", *answers(RIGHT))
    sandbox = FakeSandbox()
    preparation = Preparation(course, course.assignment("tiny"))
    context = open_check_context(preparation, notebook, "ada", sandbox=sandbox, **options)
    context.run.begin_check(None, context.student_seed("check"))
    context.run.request("name", "double", keep=lambda _: None, resolve=lambda _: None)
    return {seed for (seed,) in sandbox.started[0].of("seed")}, context.hidden_seed("check")


def test_nothing_that_the_students_process_gets_follows_from_the_secret(course, monkeypatch):
    sent, hidden = seeds_of(course, "0123456789abcdef5e5e5e5e5e5e5e5e", monkeypatch)
    sent_otherwise, hidden_otherwise = seeds_of(course, "fedcba98765432105e5e5e5e5e5e5e5e", monkeypatch)
    assert sent == sent_otherwise == {student_seed("tiny", "ada", 1, part) for part in ("", "check")}
    assert hidden != hidden_otherwise, "the positive control: where the secret counts, it is seen"
    assert hidden not in sent


def test_another_attempt_gets_other_inputs_and_other_seeds(course, monkeypatch):
    secret = "0123456789abcdef5e5e5e5e5e5e5e5e"
    first, again, second = (seeds_of(course, secret, monkeypatch, attempt=number) for number in (1, 1, 2))
    assert first == again
    assert not first[0] & second[0]
    assert first[1] != second[1]


def test_torchs_hidden_inputs_use_more_than_32_bits_of_their_seed(course):
    torchs = replace(course, libraries=["torch"])
    seed = derive_seed(*ASKED)
    drawn = [
        torch.rand(4, generator=make_generator(torchs, seed ^ flip)).tolist() for flip in (0, 0, 1 << 255, 1 << 40)
    ]
    assert drawn[0] == drawn[1]
    assert len({tuple(numbers) for numbers in drawn}) == 3
    same = [torch.rand(4, generator=torch.Generator().manual_seed(7 + flip)).tolist() for flip in (0, 1 << 40)]
    assert same[0] == same[1], "the positive control: torch's own way to seed does not"


def test_torchs_hidden_inputs_are_spread_as_its_own_are(course):
    generator = make_generator(replace(course, libraries=["torch"]), derive_seed(*ASKED))
    uniform, normal = torch.rand(100_000, generator=generator), torch.randn(100_000, generator=generator)
    assert abs(float(uniform.mean()) - 0.5) < 0.005
    assert abs(float(normal.std()) - 1) < 0.02
    assert torch.randperm(50, generator=generator).sort().values.tolist() == list(range(50))


def test_numpys_hidden_inputs_use_the_whole_seed(course):
    seed = derive_seed(*ASKED)
    numbers = [make_generator(replace(course, libraries=[]), seed ^ flip).random() for flip in (0, 1 << 255)]
    assert numbers[0] != numbers[1]


@pytest.fixture
def generators_left_alone():
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(kept[0])
    np.random.set_state(kept[1])
    torch.set_rng_state(kept[2])


@pytest.mark.usefixtures("generators_left_alone")
def test_the_students_generators_take_more_than_32_bits_where_they_can():
    import autograder.sandbox.shared.tensors  # noqa: F401 - what a course with torch has loaded

    settings = SimpleNamespace(put_back=lambda: None)
    functions = SimpleNamespace(forget=lambda: None, input=input)
    agent = SimpleNamespace(_objects=Objects(functions), _functions=functions, _state=settings, _patches=settings)
    drawn = []
    for seed in (5, 5, 5 + (1 << 40), 5 + (1 << 100)):
        Agent.do_seed(agent, seed)
        drawn.append((random.random(), np.random.random(), torch.initial_seed()))
    assert drawn[0] == drawn[1]
    assert len({numbers[0] for numbers in drawn}) == len({numbers[1] for numbers in drawn}) == 3
    assert drawn[0][2] != drawn[2][2]

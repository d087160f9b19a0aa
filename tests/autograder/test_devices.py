"""Student code computes on a GPU where there is one and it is wished for, else on the CPU."""

import os

import pytest
from tiny_course import answers, submit

from autograder.errors import AutograderError
from autograder.grading.devices import Devices, choose_devices
from autograder.grading.job import Finished, Job
from autograder.grading.local import LocalEngine

HAS_GPU = choose_devices("auto").kind == "cuda"
WHERE = "def double(x):\n    assert torch.cuda.is_available() is {gpu}\n    return (x.to('{device}') * 2)"


def grade(course, device: str, *, gpu: bool):
    notebook = submit(course, f"on-{device}-{gpu}", *answers(WHERE.format(device=device, gpu=gpu)))
    job = Job(root=course, assignment="tiny", student="somebody", notebook=notebook, device=device)
    return next(
        event.result
        for event in LocalEngine(workers=1, devices=choose_devices(device)).run([job])
        if isinstance(event, Finished)
    )


def test_the_cpu_can_always_be_chosen():
    assert choose_devices("cpu").kind == "cpu"


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU here")
def test_a_wish_for_a_gpu_that_is_not_there_is_one_sentence():
    assert choose_devices("auto").kind == "cpu"
    with pytest.raises(AutograderError, match="use --device cpu"):
        choose_devices("cuda")


@pytest.mark.parametrize(
    ("cores", "gpus", "share", "slots"),
    [(64, (0, 1), 0.25, 8), (64, (0,), 0.3, 3), (64, (0,), 1.0, 1), (6, (0, 1), 0.25, 6), (3, (), 0.25, 3)],
)
def test_a_submission_has_a_share_of_a_gpu_and_a_core_to_itself(monkeypatch, cores, gpus, share, slots):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert Devices(gpus=gpus).slots(share) == slots


def test_on_the_cpu_the_student_sees_no_gpu(built_course):
    result = grade(built_course, "cpu", gpu=False)
    assert (result.score, result.device) == (6.0, "cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_GPU, reason="needs a CUDA device")
def test_on_a_gpu_the_student_computes_there_and_the_score_is_the_same(built_course):
    result = grade(built_course, "cuda", gpu=True)
    assert (result.score, result.device) == (6.0, "cuda")

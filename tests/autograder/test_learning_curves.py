"""A student sees how the loss went that grading saw; recording it changes nothing, and believes nothing too much."""

import builtins
import json
import math
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import feedback_pages
import pytest
import tiny_course
import torch

from autograder.checks.carried_errors import _carried
from autograder.checks.learning_curves import CURVES, Band, band_of, beside_reference
from autograder.checks.measurements import learned, take_curves
from autograder.checks.outcomes import Crashed, Missing, StudentError, TimedOut
from autograder.checks.training import Losses, recorded_losses
from autograder.cli import main
from autograder.errors import GraderError
from autograder.feedback.as_text import as_json, as_markdown
from autograder.feedback.feedback import gather
from autograder.feedback.learning_curve import curve_in_words, curve_svg, how_it_was_made
from autograder.results import CheckRecord, CheckStatus, Curve, Result, Status, read_results

ROOT = Path(__file__).parents[2]
LIBRARY = SimpleNamespace(builtins=builtins)
ORIGINAL = torch.Tensor.backward
RAISED = StudentError(type_name="ValueError", message="", cell="", line=0, source_line="")


@pytest.fixture(autouse=True)
def _leave_no_trace() -> Iterator[None]:
    yield
    torch.Tensor.backward = ORIGINAL
    take_curves()


def train(losses: list[float]) -> torch.Tensor:
    """Call backward on each of these values; return the gradients' sum."""
    weight = torch.ones((), requires_grad=True)
    for loss in losses:
        (weight * loss).backward()
    return weight.grad


def recorded(training: Callable[[], object], library: object = LIBRARY) -> Losses:
    with recorded_losses(library) as losses:
        training()
    return losses


# In the student's process


def test_each_loss_is_seen_and_the_gradients_are_those_without_it():
    values = [2.5, 1.25, 0.5]
    found = recorded(lambda: train(values))
    assert (found.values, found.steps) == (tuple(values), 3)
    with recorded_losses(LIBRARY):
        gradient = train(values)
    assert gradient == train(values)


def test_backward_is_what_it_was_afterwards_and_nothing_more_is_seen():
    found = recorded(lambda: train([1.0]))
    train([2.0])
    assert torch.Tensor.backward is ORIGINAL
    assert found.values == (1.0,)


@pytest.mark.parametrize("error", [RAISED, Missing("not written"), KeyError("the check's own")])
def test_what_is_raised_within_comes_out_as_it_was(error):
    with pytest.raises(type(error)) as caught, recorded_losses(LIBRARY) as losses:
        raise error
    assert caught.value is error
    assert losses == Losses()


def test_after_an_exception_of_the_students_backward_is_what_it_was():
    with pytest.raises(StudentError), recorded_losses(LIBRARY):
        assert torch.Tensor.backward is not ORIGINAL
        raise RAISED
    assert torch.Tensor.backward is ORIGINAL


def test_a_long_training_is_told_in_few_means_over_equal_stretches():
    steps = 20_000
    found = recorded(lambda: train([float(step) for step in range(steps)]))
    assert found.steps == steps
    assert 2_048 <= len(found.values) <= 4_096
    length = round(steps / len(found.values))
    assert found.values[0] == (length - 1) / 2
    assert {later - earlier for earlier, later in zip(found.values, found.values[1:], strict=False)} == {float(length)}


def test_what_is_no_scalar_is_no_loss():
    weight = torch.ones(2, requires_grad=True)
    assert recorded(lambda: weight.backward(torch.ones(2))) == Losses()


def test_a_loss_of_one_element_and_of_another_type_is_one():
    weight = torch.ones(1, 1, dtype=torch.bfloat16, requires_grad=True)
    assert recorded(lambda: [(weight * 3).backward()]).values == (3.0,)


def test_a_tensor_of_a_class_of_its_own_is_seen_once():
    class Own(torch.Tensor):
        pass

    weight = torch.ones((), requires_grad=True).as_subclass(Own)
    assert recorded(lambda: [(weight * 2).backward()]).values == (2.0,)


def test_who_replaces_backward_keeps_that_and_has_no_curve():
    def theirs(self: torch.Tensor) -> str:
        return "theirs"

    assert recorded(lambda: setattr(torch.Tensor, "backward", theirs)) == Losses()
    assert torch.Tensor.backward is theirs


def test_an_exception_of_backward_is_the_students():
    loss = torch.ones((), requires_grad=True) * 2
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"), recorded_losses(LIBRARY):
        loss.backward()


def test_values_that_cannot_be_read_leave_no_curve_and_the_training_alone():
    class Odd(torch.Tensor):
        def detach(self) -> torch.Tensor:
            raise ValueError("never ask me")

    weight = torch.ones((), requires_grad=True)
    loss = (weight * 2).as_subclass(Odd)
    assert recorded(loss.backward) == Losses()
    assert weight.grad == 2


# What comes from there


def from_process(answer: object) -> SimpleNamespace:
    """Return a library whose recorder gives this answer, or raises it."""

    def end() -> object:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return SimpleNamespace(builtins=SimpleNamespace(eval=lambda *_: lambda _: end))


def test_an_honest_answer_is_believed():
    assert recorded(lambda: None, from_process((2, [1.0, 0.5]))) == Losses(values=(1.0, 0.5), steps=2)


@pytest.mark.parametrize(
    "answer",
    [
        *(None, 5, "losses", (), (1,), (1.0, [1.0]), (2, "ab"), (2, [1.0, "0.5"]), (2, [1, 0]), (1, [1.0, 0.5])),
        *((2, [True, False]), (2, [1.0, None]), (-1, []), (10**30, [1.0, 0.5]), (9_999, [1.0] * 4_097), (2, {1.0: 2})),
        RAISED,
    ],
)
def test_garbage_is_no_curve(answer):
    assert recorded(lambda: None, from_process(answer)) == Losses()


@pytest.mark.parametrize("ending", [TimedOut("too long"), Crashed("gone")])
def test_a_process_that_ended_is_not_passed_over(ending):
    with pytest.raises(type(ending)):
        recorded(lambda: None, from_process(ending))


@pytest.mark.parametrize("made", [None, 5, lambda _: None, lambda _: 7])
def test_a_process_in_which_nothing_can_be_set_up_has_no_curve(made):
    assert recorded(lambda: None, SimpleNamespace(builtins=SimpleNamespace(eval=lambda *_: made))) == Losses()


# What is kept


def test_few_values_are_kept_as_they_are_in_three_digits():
    learned("training loss", [2.30259, 1.0, 0.12345], steps=3)
    assert take_curves() == (Curve(of="training loss", steps=3, values=(2.3, 1.0, 0.123)),)
    assert take_curves() == ()


@pytest.mark.parametrize("count", [61, 117, 1_173, 4_096])
def test_many_become_sixty_means_that_stand_for_all(count):
    learned("training loss", [1.0] * count, steps=count)
    learned("training loss", [float(n) for n in range(count)], steps=count)
    flat, rising = take_curves()
    assert set(flat.values) == {1.0}
    assert len(rising.values) == 60
    assert list(rising.values) == sorted(rising.values)


def test_what_is_next_to_nothing_is_nothing():
    learned("training loss", [1.0, 1e-8, 1e-200], steps=3)
    assert take_curves()[0].values == (1.0, 1e-8, 0.0)


def test_what_is_no_number_leaves_a_gap():
    learned("training loss", [2.0, 1.0, math.nan, math.inf, -math.inf, 1e300], steps=6)
    (curve,) = take_curves()
    assert curve.values == (2.0, 1.0, None, None, None, None)
    json.dumps(curve.values, allow_nan=False)


@pytest.mark.parametrize("values", [[], [1.0], [math.nan] * 90, [1.0, math.nan]])
def test_less_than_two_numbers_are_no_curve(values):
    learned("training loss", values, steps=max(len(values), 1))
    assert take_curves() == ()


def test_a_result_file_holds_curves_and_an_old_one_has_none():
    record = CheckRecord(id="t::c", question="q", points=1, score=1, status=CheckStatus.PASSED, public=False)
    result = Result(assignment="a", student="s", status=Status.GRADED, score=1, max_score=1, checks=(record,))
    drawn = replace(result, checks=(replace(record, curves=(feedback_pages.curve(values=(1.0, None)),)),))
    assert Result.from_json(drawn.to_json()) == drawn
    old = json.loads(result.to_json())
    del old["checks"][0]["curves"]
    assert Result.from_json(json.dumps(old).encode()) == result


def test_a_run_that_could_read_the_reference_leaves_no_curve():
    before = CheckRecord(id="t::c", question="q", points=1, score=0, status=CheckStatus.FAILED, public=False)
    after = replace(before, status=CheckStatus.PASSED, score=1, curves=(feedback_pages.curve(),))
    assert _carried(after, before, ("MLP",), right="right.", rule="").curves == ()


# In a batch


TRAINING_CHECK = '''

from autograder.checks import learned
from autograder.checks.training import recorded_losses


@pytest.mark.question("double")
def test_training(student, library):
    """It trains."""
    with recorded_losses(library) as losses:
        student.double(torch.ones(2))
    learned("training loss", losses.values, steps=losses.steps)
'''
TRAINS = """
def double(x):
    weight = torch.ones((), requires_grad=True)
    for loss in (3.0, 2.0, 1.0):
        (weight * loss).backward()
    return x + x
"""
STUDENTS = {
    "trains": TRAINS,
    "does not": "def double(x):\n    return x + x",
    "lies": TRAINS.replace("weight = torch", "torch.Tensor.backward = lambda self: None\n    weight = torch"),
    "replaces": TRAINS.replace("return x", "import builtins\n    builtins.float = str\n    return x"),
}
"""Answers that are all right, by student."""


@pytest.fixture(scope="module")
def training_course(built_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("curves") / "course"
    shutil.copytree(built_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    checks = root / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(checks.read_text() + TRAINING_CHECK)
    for student, answer in STUDENTS.items():
        tiny_course.submit(root, student.replace(" ", "-"), *tiny_course.answers(answer))
    return root


def grade(root: Path) -> dict[str, Result]:
    main(["grade", "tiny", "--course", str(root), "--workers", "1"])
    return {result.student: result for result in read_results(root / "results", "tiny")}


def test_a_batch_keeps_curves_and_no_score_depends_on_them(training_course):
    known = {"test_tiny.py::test_training": {"training loss": {"steps": 9, "runs": 4, "low": [1.0], "high": [5.0]}}}
    (training_course / "tests" / "tiny" / CURVES).write_text(json.dumps(known))
    results = grade(training_course)
    curves = {student: [one for check in result.checks for one in check.curves] for student, result in results.items()}
    assert {result.score for result in results.values()} == {6.0}
    assert {check.status for result in results.values() for check in result.checks} == {CheckStatus.PASSED}
    drawn = Curve(
        of="training loss",
        steps=3,
        values=(3.0, 2.0, 1.0),
        low=(1.0, 1.0, 1.0),
        high=(5.0, 5.0, 5.0),
        reference_steps=9,
        reference_runs=4,
    )
    assert curves == {"trains": [drawn], "does-not": [], "lies": [], "replaces": []}
    assert f"file tests/{CURVES}" in results["trains"].depends_on
    assert tiny_course.undisturbed(results["trains"]).checks[-1].curves == ()


def test_bands_that_cannot_be_read_are_the_graders_fault(training_course):
    (training_course / "tests" / "tiny" / CURVES).write_text("no JSON")
    results = grade(training_course)
    assert results["trains"].status == Status.FAILED
    assert "holds no learning curves" in results["trains"].reason
    assert results["does-not"].status == Status.GRADED


# The band


BAND = Band(steps=100, runs=6, low=(2.0, 1.0), high=(3.0, 2.0))


def write_band(folder: Path, text: str | None = None) -> None:
    known = {"test_a.py::test_b": {"training loss": {"steps": 100, "runs": 6, "low": [2.0, 1.0], "high": [3.0, 2.0]}}}
    (folder / CURVES).write_text(json.dumps(known) if text is None else text)


def test_a_band_lies_between_the_least_and_the_most():
    curves = [Curve(of="training loss", steps=100, values=values) for values in ((2.0, 2.0), (3.0, 1.0), (2.5, 1.5))]
    assert band_of(curves, runs=6) == BAND


def test_it_is_laid_beside_a_curve_at_the_same_part_of_the_way(tmp_path):
    write_band(tmp_path)
    curve = Curve(of="training loss", steps=40, values=(9.0, 8.0, 7.0, 6.0))
    (found,) = beside_reference([curve], tmp_path, "test_a.py::test_b")
    assert found == replace(
        curve, low=(2.0, 1.75, 1.25, 1.0), high=(3.0, 2.75, 2.25, 2.0), reference_steps=100, reference_runs=6
    )


@pytest.mark.parametrize(("check", "of"), [("test_a.py::test_c", "training loss"), ("test_a.py::test_b", "other")])
def test_another_curve_has_none(tmp_path, check, of):
    write_band(tmp_path)
    curve = Curve(of=of, steps=2, values=(2.0, 1.0))
    assert beside_reference([curve], tmp_path, check) == (curve,)
    assert beside_reference([curve], tmp_path / "empty", check) == (curve,)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"a": {"b": {"steps": 1, "runs": 1, "low": [2.0], "high": [1.0]}}}']
    + [
        f'{{"a": {{"b": {{"steps": 1, "runs": 1, "low": {low}, "high": {high}}}}}}}'
        for low, high in (([], []), ([1], []))
    ],
)
def test_a_file_of_ours_that_holds_no_bands_is_named(tmp_path, text):
    write_band(tmp_path, text)
    with pytest.raises(GraderError, match=r"curves\.json holds no learning curves"):
        beside_reference([feedback_pages.curve()], tmp_path, "a")


@pytest.mark.parametrize("assignment", ["mlp", "lenet", "batchnorm"])
def test_this_courses_bands_belong_to_checks_that_are_there(assignment):
    folder = ROOT / "tests" / assignment
    for check in json.loads((folder / CURVES).read_text()):
        file, _, function = check.partition("::")
        assert f"def {function}(" in (folder / file).read_text()
        (found,) = beside_reference([feedback_pages.curve(low=(), high=())], folder, check)
        assert found.reference_runs == 6
        assert found.low[0] > found.high[-1] > 0


def test_no_band_is_given_to_students():
    for tree in ("release", "solutions"):
        assert list((ROOT / tree).rglob("*.json")) != [] or list((ROOT / tree).rglob("*.ipynb")) != []
        assert list((ROOT / tree).rglob(CURVES)) == []


# What is said and shown


def test_a_sentence_says_where_it_began_and_ended_and_where_ours_does():
    curve = Curve(of="training loss", steps=1_170, values=(2.3, 1.0, 0.1), low=(2.0, 1.0, 0.05), high=(3.0, 2.0, 0.2))
    assert curve_in_words(curve) == (
        "Your training loss fell from 2.3 to 0.1 over 1,170 steps; our solution's ends between 0.05 and 0.2."
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((1.0, 2.0), "Your training loss rose from 1 to 2 over 8 steps."),
        ((2.3, 2.3), "Your training loss stayed at 2.3 over 8 steps."),
        ((262.0, 128.0), "Your training loss fell from 262 to 128 over 8 steps."),
        (
            (2.0, 1.0, None, None),
            "fell from 2 to 1 over 8 steps. Near step 5 it was no usable number for the first time.",
        ),
    ],
)
def test_a_sentence_says_how_it_went(values, said):
    assert curve_in_words(Curve(of="training loss", steps=8, values=values)).endswith(said)


def test_what_a_point_stands_for_is_said():
    assert "the mean of 20 steps" in how_it_was_made(feedback_pages.curve())
    assert "6 runs of our solution (1,173 steps)" in how_it_was_made(feedback_pages.curve())
    assert how_it_was_made(Curve(of="l", steps=2, values=(1.0, 2.0))) == "A step is one `backward()`."


HUGE = 1e12
ODD = {
    "falling": feedback_pages.curve(),
    "sums": feedback_pages.curve(scale=128.0),
    "level": Curve(of="l", steps=2, values=(0.0, 0.0)),
    "negative": Curve(of="l", steps=2, values=(-3.0, -5.0), low=(1.0, 1.0), high=(2.0, 2.0)),
    "huge": Curve(of="l", steps=10**9, values=(HUGE, -HUGE), low=(1.0, 0.0), high=(2.0, 2.0)),
    "huge and tiny": Curve(of="l", steps=5, values=(HUGE, 1e-300), low=(1.0, 1e-9), high=(2.0, 2.0)),
    "tiny": Curve(of="l", steps=5, values=(5e-324, 1e-300)),
    "gaps": Curve(of="l", steps=9, values=(None, 1.0, None, None, 2.0, 3.0, None)),
    "markup": Curve(of="</title><script>alert(1)</script>", steps=2, values=(1.0, 2.0)),
}


@pytest.mark.parametrize("name", ODD)
def test_any_curve_is_drawn_within_its_frame_and_says_what_it_shows(name):
    svg = ET.fromstring(curve_svg(ODD[name], "c"))
    assert svg.get("role") == "img"
    title, words = svg.find("title"), svg.find("desc")
    assert svg.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
    assert words.text == curve_in_words(ODD[name])
    assert "nan" not in words.text
    width, height = map(float, svg.get("viewBox").split()[2:])
    for path in svg.findall("path[@class='line']") + svg.findall("path[@class='band']"):
        for point in path.get("d").replace("M", " L").replace("z", "").split("L")[1:]:
            x, y = (float(number) for number in point.partition("h")[0].split())
            assert 0 <= x <= width
            assert 0 <= y <= height
    texts = [text.text for text in svg.findall("text")]
    assert 4 <= len(texts) <= 18
    assert len(ET.tostring(svg)) < 8_000


@pytest.mark.parametrize(
    ("name", "is_logarithmic", "ticks"),
    [
        ("falling", True, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"]),
        ("sums", True, ["0.1", "1", "10", "100"]),
        ("gaps", False, ["0", "1", "2", "3"]),
        ("negative", False, ["-6", "-4", "-2", "0", "2"]),
    ],
)
def test_the_axis_is_logarithmic_where_the_end_is_a_small_part_of_the_beginning(name, is_logarithmic, ticks):
    texts = [text.text for text in ET.fromstring(curve_svg(ODD[name], "c")).findall("text")]
    assert ("log" in texts) is is_logarithmic
    assert texts[: len(ticks)] == ticks


def test_a_line_has_gaps_where_there_is_no_value():
    line = ET.fromstring(curve_svg(ODD["gaps"], "c")).find("path[@class='line']").get("d")
    assert (line.count("M"), line.count("L")) == (2, 1)


def test_it_is_on_the_page_in_the_text_and_in_the_data():
    result = Result(
        assignment="mlp", student="ada", status=Status.GRADED, score=0, max_score=20, checks=feedback_pages.CHECKS
    )
    graded = feedback_pages.graded(result)
    (feedback, scores) = (gather(graded, level) for level in ("hints", "scores"))
    page = feedback_pages.page("hints")
    assert page.count("<svg") == 3
    assert len({part.split('"')[0] for part in page.split(' id="')[1:]}) == page.count(' id="')
    assert "  - Your training loss fell from" in as_markdown(feedback)
    (drawn,) = [check for question in json.loads(as_json(feedback))["questions"] for check in question["checks"] if check["name"].startswith("Accuracy")]  # fmt: skip
    assert len(drawn["curves"][0]["values"]) == len(drawn["curves"][0]["low"]) == 60
    assert "<svg" not in feedback_pages.page("scores")
    assert "training loss" not in as_markdown(scores) + as_json(scores)

"""In `parameter_counting` a slip in a function costs its own points, not those of the totals that call it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.own_notebooks import fill_in, solution_cells
from autograder.results import Result, read_results

ROOT = Path(__file__).parents[2]
NAME = "parameter_counting"
NO_BIAS = "def linear_parameters(in_features, out_features, bias=True):\n    return in_features * out_features"
NO_CHANNELS = (
    "def conv2d_parameters(in_channels, out_channels, kernel_size, bias=True, groups=1):\n"
    "    height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size\n"
    "    return out_channels * (height * width + bias)"
)
TWO_LAYERS = "mlp_total = linear_parameters(784, 500) + linear_parameters(500, 10)"
ONE_POOLING = (
    "cnn_layer_parameters = [\n"
    "    conv2d_parameters(1, 16, 5), conv2d_parameters(16, 32, 5), linear_parameters(14 * 14 * 32, 10)\n]"
)
SUBMISSIONS = {
    "right": ({}, set()),
    "function": ({"linear_parameters": NO_BIAS}, {"linear_parameters"}),
    "stub": ({"linear_parameters": None}, {"linear_parameters"}),
    "two-functions": (
        {"linear_parameters": NO_BIAS, "conv2d_parameters": NO_CHANNELS},
        {"linear_parameters", "conv2d_parameters"},
    ),
    "total": ({"mlp_total": TWO_LAYERS}, {"mlp_total"}),
    "both": ({"linear_parameters": NO_BIAS, "mlp_total": TWO_LAYERS}, {"linear_parameters", "mlp_total"}),
    "layers": (
        {"linear_parameters": NO_BIAS, "cnn_layer_parameters": ONE_POOLING},
        {"linear_parameters", "cnn_layer_parameters"},
    ),
}
"""By student: the answers that differ from the solution's (None: the stub), and the questions that lose points."""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("carried")
    course = load_course(ROOT)
    release = json.loads(course.release_notebook(NAME).read_text(encoding="utf-8"))
    solution = json.loads((ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for student, (cells, _) in SUBMISSIONS.items():
        texts = {question: text for question, text in (solution_cells(solution) | cells).items() if text is not None}
        notebook = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_text(json.dumps(fill_in(release, texts)), encoding="utf-8")
    results, submitted = folder / "results", folder / "submitted"
    command = ["grade", NAME, "--submissions", str(submitted), "--results", str(results), "--course", str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *command], capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {result.student: result for result in read_results(results, NAME)}


@pytest.mark.timeout(500)
@pytest.mark.parametrize("student", SUBMISSIONS)
def test_each_slip_costs_its_own_points(graded, student):
    lost: Counter[str] = Counter()
    for check in graded[student].checks:
        lost[check.question] += check.points - check.score
    assert {question for question, points in lost.items() if points > 0} == SUBMISSIONS[student][1]


@pytest.mark.timeout(500)
def test_each_that_calls_a_wrong_function_is_told_that_its_method_is_right(graded):
    told = {check.question for check in graded["function"].checks if check.message.endswith("your method is right.")}
    assert told == {"mlp_layer_parameters", "cnn_layer_parameters", "my_total"}, "a total is judged by its own list"


@pytest.mark.timeout(500)
def test_a_wrong_method_has_the_hint_on_itself(graded):
    (said,) = [check.message for check in graded["layers"].checks if check.id.endswith("test_each_layer_of_the_cnn")]
    assert said.startswith("Judged with a right `linear_parameters` in place of yours: The second pooling is forgotten")

"""A slip in parameter counting costs its points once, and what looks at nothing earns none by agreeing with itself."""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn

from autograder.checks.expect import Slip
from autograder.checks.outcomes import Partial

CHECKS = Path(__file__).parents[1] / "parameter_counting"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"counting_{name}", CHECKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


functions = _load("test_functions")
networks = _load("test_networks")


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        return importlib.import_module(name)


def conv2d(n, m, kernel, bias=True, groups=1):  # noqa: FBT002 - as the question has it
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    return m * (n // groups) * height * width + (m if bias else 0)


def numbers(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def tensors(model):
    return sum(1 for p in model.parameters() if p.requires_grad)


def judge(check, **student):
    """Run a check of functions on a student's; the reference is right."""
    fixtures = {
        "student": SimpleNamespace(**student),
        "reference": SimpleNamespace(conv2d_parameters=conv2d),
        "library": Library(),
        "rng": torch.Generator().manual_seed(0),
    }
    names = check.__code__.co_varnames[: check.__code__.co_argcount]
    check(**{name: fixtures[name] for name in names})


SPECIAL = [functions.test_kernels_that_are_not_square, functions.test_any_number_of_groups]
GENERAL = [functions.test_a_small_convolution, functions.test_convolutions_of_any_size]
SLIPS = {
    "biases forgotten": lambda n, m, k, bias=True, groups=1: conv2d(n, m, k, False, groups),
    "one bias per layer": lambda n, m, k, bias=True, groups=1: conv2d(n, m, k, False, groups) + bias,
    "one bias per weight": lambda n, m, k, bias=True, groups=1: conv2d(n, m, k, False, groups) * (1 + bias),
}
BLIND = {
    "a constant": lambda n, m, k, bias=True, groups=1: 28,
    "kernel and groups ignored": lambda n, m, k, bias=True, groups=1: n * m,
}


@pytest.mark.parametrize("check", SPECIAL, ids=lambda check: check.__name__)
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_a_plain_convolution_costs_nothing_where_more_is_asked(check, slip):
    judge(check, conv2d_parameters=SLIPS[slip])


@pytest.mark.parametrize("check", GENERAL, ids=lambda check: check.__name__)
@pytest.mark.parametrize("slip", SLIPS)
def test_it_costs_where_it_was_made(check, slip):
    with pytest.raises(Slip, match=r"[Bb]ias"):
        judge(check, conv2d_parameters=SLIPS[slip])


@pytest.mark.parametrize("check", SPECIAL, ids=lambda check: check.__name__)
@pytest.mark.parametrize("answer", BLIND)
def test_what_looks_at_nothing_agrees_with_itself_in_vain(check, answer):
    with pytest.raises(Slip):
        judge(check, conv2d_parameters=BLIND[answer])


@pytest.mark.parametrize(
    "check", [functions.test_frozen_parameters, functions.test_shared_parameters], ids=["frozen", "shared"]
)
def test_who_counts_tensors_knows_which_of_them_count(check):
    judge(check, count_parameters=numbers)
    judge(check, count_parameters=tensors)
    with pytest.raises(Slip):
        judge(check, count_parameters=lambda model: 0)


def test_a_frozen_weight_with_a_bias_that_is_not_is_looked_at():
    def by_layers(model):
        layers = [m for m in model.modules() if [*m.parameters(recurse=False)]]
        return sum(numbers(layer) for layer in layers if all(p.requires_grad for p in layer.parameters()))

    assert by_layers(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1).requires_grad_(False))) == 8
    with pytest.raises(Slip, match="of each parameter, not of a layer"):
        judge(functions.test_frozen_parameters, count_parameters=by_layers)


RIGHT = [416, 12_832, 15_690]
BIAS_SLIP = {"biases forgotten": [400, 12_800, 15_680], "second pooling forgotten": [416, 12_832, 62_730]}


@pytest.mark.parametrize(("found", "own"), [(28_938, None), (28_938, 28_880), (28_880, 28_880)])
def test_a_total_is_right_where_it_is_the_networks_or_that_of_the_students_own_layers(found, own):
    networks.judge_total(found, own, RIGHT, BIAS_SLIP)


def test_forgotten_biases_have_half_the_points_of_a_total():
    with pytest.raises(Partial, match="Biases are missing"):
        networks.judge_total(28_880, 28_938, RIGHT, BIAS_SLIP)


@pytest.mark.parametrize("layers", [[], [0, 0], [3, -3], [2.0], ["2"], 5, None])
def test_no_total_comes_from_what_are_no_layers(layers):
    assert networks.sum_of(layers) is None
    assert networks.sum_of([2, 3]) == 5  # the positive control


def test_two_slips_in_different_layers_are_told_one_after_the_other():
    with pytest.raises(Slip, match=r"In convolution 1: Biases are missing"):
        networks.judge_layers([400, 12_832, 62_730], RIGHT, BIAS_SLIP, ["convolution 1", "convolution 2", "the rest"])


def test_two_slips_that_give_one_total_are_not_guessed_at():
    slips = {"input channels forgotten": [1, 2, 3], "second pooling forgotten": [3, 2, 1]}
    with pytest.raises(Slip) as told:
        networks.judge_total(6, None, RIGHT, slips)
    assert told.value.hint == ""

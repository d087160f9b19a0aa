"""Check the numbers that students work out for three networks."""

import itertools
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest

from autograder.checks import partial
from autograder.checks.expect import integer, integers

MLP = [784, 500, 500, 10]

HINTS = {
    "one bias per layer": "There is one bias for each output (for each kernel), not one for the layer.",
    "one bias per weight": "There is one bias for each output (for each kernel), not one for each weight.",
    "one bias per slice": "There is one bias for each kernel, not one for each of its slices.",
    "one bias per input": "There is one bias for each output, not one for each input.",
    "one hidden layer": (
        "This is a network with one hidden layer, as a misleading picture shows it: there are two, 784-500-500-10."
    ),
    "one hidden layer, biases forgotten": (
        "This is a network with one hidden layer, and without biases: there are two hidden layers."
    ),
    "input channels forgotten": (
        "The input channels are missing: a kernel has a slice of weights for each input channel."
    ),
    "pooling forgotten": "The pooling is forgotten in the flatten size: each of the two divides height and width by 2.",
    "second pooling forgotten": (
        "The second pooling is forgotten in the flatten size: the map is halved once more before flattening."
    ),
    "padding forgotten": (
        'The padding is forgotten in the flatten size: with padding "same" a convolution keeps height and width.'
    ),
    "padding imagined": (
        'The flatten size is that of padding "same": this network has padding "valid", so its convolutions '
        "shrink the map."
    ),
    "height and width forgotten": (
        "Flatten keeps every number of every channel: inputs are channels · height · width, not channels."
    ),
}
HALF = (
    "Biases are missing: there is one for each output, for a convolution one for each kernel. This is worth half "
    "the points."
)


def judge_layers(found: list[int], right: list[int], slips: Mapping[str, list[int]], names: list[str]) -> None:
    """Judge one number for each layer; where no slip explains them, name the layers that are wrong."""
    if found == right:
        return
    if sorted(found) == sorted(right):
        raise AssertionError("The numbers are right but in another order: from the input to the output.")
    name_the_slip(found, {slip: mixtures(right, wrong) for slip, wrong in slips.items()})
    wrong = [name for name, f, r in zip(names, found, right, strict=True) if f != r]
    raise AssertionError(f"Not right yet: {', '.join(wrong)}. Count the weights and biases once more.")


def judge_total(found: int, right: list[int], slips: Mapping[str, list[int]], otherwise: str) -> None:
    """Judge the total of layers with these parameters."""
    if found == sum(right):
        return
    name_the_slip(found, {slip: [sum(layers) for layers in mixtures(right, wrong)] for slip, wrong in slips.items()})
    raise AssertionError(otherwise)


def mixtures(right: list[int], wrong: list[int]) -> list[list[int]]:
    """Return what a slip gives that was made in all layers, then in some of them only."""
    if len(right) != len(wrong):
        return [wrong]
    mixed = [list(layers) for layers in itertools.product(*zip(wrong, right, strict=True))]
    return [layers for layers in mixed if layers != right]


def name_the_slip(found: object, slips: Mapping[str, Sequence[object]]) -> None:
    """End the check with the hint of the slip that gives what was found: first those made throughout."""
    whole = [slip for slip, given in slips.items() if found in given[:1]]
    partly = [slip for slip, given in slips.items() if found in given]
    for slip in whole + partly:
        if slip.startswith("biases forgotten"):
            partial(0.5, HALF)
        raise AssertionError(HINTS[slip])


# mlp_layer_parameters, mlp_total


@pytest.mark.question("mlp_layer_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_mlp_layers_form(student):
    """`mlp_layer_parameters` is a list of three whole numbers, one for each fully connected layer."""
    value = student.mlp_layer_parameters
    hint = "The network 784-500-500-10 has three fully connected layers: one for each step from column to column."
    assert type(value) not in (list, tuple) or len(value) == 3, hint
    found = integers(value, "mlp_layer_parameters", length=3)
    assert min(found) > 0, "Each of the three layers has parameters, so each number must be positive."


@pytest.mark.question("mlp_layer_parameters")
@pytest.mark.points(1)
def test_mlp_layers(student, reference):
    """Each layer has inputs · outputs weights, and one bias for each output."""
    value = student.mlp_layer_parameters
    slips = reference.mlp_slips(MLP)
    one_hidden = ("one hidden layer", "one hidden layer, biases forgotten")
    if type(value) in (list, tuple) and len(value) == 2:
        two = integers(value, "mlp_layer_parameters", length=2)
        for slip in one_hidden:
            assert two != slips[slip], HINTS[slip]
    found = integers(value, "mlp_layer_parameters", length=3)
    same_length = {slip: layers for slip, layers in slips.items() if slip not in one_hidden}
    judge_layers(found, reference.mlp_layer_parameters, same_length, ["layer 1", "layer 2", "layer 3"])


@pytest.mark.question("mlp_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_mlp_total_form(student):
    """`mlp_total` is a whole number, the sum of `mlp_layer_parameters`."""
    found = integer(student.mlp_total, "mlp_total")
    hint = "`mlp_total` must be the sum of `mlp_layer_parameters`: ReLU has no parameters, so nothing else is counted."
    assert found == sum(integers(student.mlp_layer_parameters, "mlp_layer_parameters", length=3)), hint


@pytest.mark.question("mlp_total")
@pytest.mark.points(0.5)
def test_mlp_total(student, reference):
    """The total of 784-500-500-10 is the sum of its three layers, weights and biases."""
    found = integer(student.mlp_total, "mlp_total")
    otherwise = "`mlp_total` is wrong: add up the parameters of the three fully connected layers."
    judge_total(found, reference.mlp_layer_parameters, reference.mlp_slips(MLP), otherwise)


# cnn_layer_parameters, cnn_total


@pytest.mark.question("cnn_layer_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_cnn_layers_form(student):
    """`cnn_layer_parameters` is a list of three whole numbers: convolution 1, convolution 2, fully connected layer."""
    value = student.cnn_layer_parameters
    hint = (
        "Three layers have parameters: two convolutions and the fully connected one. Leave out ReLU, pooling and "
        "flatten."
    )
    assert type(value) not in (list, tuple) or len(value) == 3, hint
    found = integers(value, "cnn_layer_parameters", length=3)
    assert min(found) > 0, "Each of the three layers has parameters, so each number must be positive."


@pytest.mark.question("cnn_layer_parameters")
@pytest.mark.points(1)
def test_cnn_layers(student, reference):
    """Question 6: a kernel reaches through all input channels; the fully connected layer sees what pooling left."""
    found = integers(student.cnn_layer_parameters, "cnn_layer_parameters", length=3)
    names = ["convolution 1", "convolution 2", "the fully connected layer"]
    judge_layers(found, reference.cnn_layer_parameters, reference.layer_slips(reference.QUESTION_6), names)


@pytest.mark.question("cnn_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_cnn_total_form(student):
    """`cnn_total` is a whole number, the sum of `cnn_layer_parameters`."""
    found = integer(student.cnn_total, "cnn_total")
    hint = "`cnn_total` must be the sum of `cnn_layer_parameters`: ReLU, pooling and flatten have no parameters."
    assert found == sum(integers(student.cnn_layer_parameters, "cnn_layer_parameters", length=3)), hint


@pytest.mark.question("cnn_total")
@pytest.mark.points(0.5)
def test_cnn_total(student, reference):
    """The total of Question 6 is the sum of the two convolutions and the fully connected layer."""
    found = integer(student.cnn_total, "cnn_total")
    otherwise = "`cnn_total` is wrong: walk through the network of Question 6 once more, layer by layer."
    judge_total(found, reference.cnn_layer_parameters, reference.layer_slips(reference.QUESTION_6), otherwise)


# my_total


@pytest.mark.question("my_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_my_total_form(student):
    """`my_total` is a positive whole number."""
    found = integer(student.my_total, "my_total")
    assert found > 0, "`my_total` must be positive."


@pytest.mark.question("my_total")
@pytest.mark.points(1)
def test_my_total(student, reference, student_id):
    """`my_total` counts the network of your own ID: two convolutions and the fully connected layer."""
    found = integer(student.my_total, "my_total")
    architecture = reference.my_architecture(student_id)
    right = [step.parameters for step in reference.explain(architecture) if step.parameters]
    otherwise = _whose_total(found, reference) or (
        "`my_total` is wrong: follow the size through both blocks, then count three layers."
    )
    judge_total(found, right, reference.layer_slips(architecture), otherwise)


def _whose_total(found: int, reference: SimpleNamespace) -> str:
    """Return a hint where the number is right for another network, or ""."""
    if found == reference.cnn_total:
        return "This is the total of Question 6: count the network `my_arch`, which the cell above it displays."
    if found == reference.total(reference.explain(reference.my_architecture("your-id"))):
        return 'This is the total for the ID "your-id": write the ID under which you hand in into the cell STUDENT_ID.'
    if any(found == reference.total(reference.explain(variant)) for variant in reference.variants()):
        return (
            "This is the total of another ID's network: write the ID under which you hand in into the cell STUDENT_ID."
        )
    return ""

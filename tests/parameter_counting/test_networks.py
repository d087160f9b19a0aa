"""Check the numbers that students work out for three networks."""

import itertools
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from autograder.checks import partial
from autograder.checks.expect import Mismatch, Slip, answer, integer, integers, sequence

MLP = [784, 500, 500, 10]

BIASES = "biases forgotten"
HINTS = {
    BIASES: "Biases are missing: there is one for each output, for a convolution one for each kernel.",
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
    "only the height flattened": (
        "Flatten keeps every number of every channel: inputs are channels · height · width, not channels · height."
    ),
    "one zero of padding": (
        'Padding "same" takes (kernel - 1) / 2 zeros on each side, so that the size stays: one is enough for kernels of '
        "3 only."
    ),
    "classes of Question 6": "The number of classes is that of Question 6: `my_arch.classes` is another one.",
    "fully connected layer forgotten": "The fully connected layer at the end is missing: it has parameters too.",
}


def hint_of(slip: str) -> str:
    """Return what the student reads of a slip; biases may be forgotten in all layers or in some."""
    return HINTS[BIASES if slip.startswith(BIASES + " in the ") else slip]


def judge_layers(found: list[int], right: list[int], slips: Mapping[str, list[int]], names: list[str]) -> None:
    """Judge one number for each layer; where no slip explains them, say which layers are right."""
    if found == right:
        return
    if sorted(found) == sorted(right):
        raise Slip("The numbers are right but in another order: from the input to the output.")
    wrong = [index for index, number in enumerate(found) if number != right[index]]
    name_the_slip({hint_of(slip) for slip, layers in slips.items() if all(found[i] == layers[i] for i in wrong)})
    first = {hint_of(slip) for slip, layers in slips.items() if found[wrong[0]] == layers[wrong[0]]}
    if len(first) == 1:
        raise Slip(f"In {names[wrong[0]]}: {first.pop()}")
    if len(wrong) < len(right):
        raise Slip(f"Not right yet: {' and '.join(names[i] for i in wrong)}; the rest is right.")
    raise Slip


def judge_total(
    found: int, own: int | None, right: list[int], slips: Mapping[str, list[int]], whose: frozenset[str] = frozenset()
) -> None:
    """Judge the total of layers with these parameters.

    `own` is the sum of the student's numbers for the layers, where there are some: a slip in these has cost its points
    already. `whose` are hints on whose total this is. Slips made in all layers come before those made in some.
    """
    if found in (sum(right), own):
        return
    name_the_slip({hint_of(slip) for slip, layers in slips.items() if found == sum(layers)})
    partly = {hint_of(slip) for slip, layers in slips.items() if found in partial_totals(right, layers)}
    name_the_slip(partly | whose)
    raise Slip


def partial_totals(right: list[int], wrong: list[int]) -> set[int]:
    """Return the totals of a slip that was made in some of the layers only."""
    if len(right) != len(wrong):
        return set()
    return {sum(layers) for layers in itertools.product(*zip(wrong, right, strict=True))} - {sum(right), sum(wrong)}


def name_the_slip(hints: set[str]) -> None:
    """End the check with the hint, where it is the only one; forgotten biases have half the points in any case."""
    if HINTS[BIASES] in hints:
        partial(0.5, f"{HINTS[BIASES]} This is worth half the points.")
    if len(hints) == 1:
        raise Slip(hints.pop())


def sum_of(layers: object) -> int | None:
    """Return the sum of a student's list of positive whole numbers, None where it is none."""
    try:
        numbers = [integer(number, "a layer's number") for number in sequence(layers, "layers")]
    except Mismatch:
        return None
    return sum(numbers) if numbers and min(numbers) > 0 else None


# mlp_layer_parameters, mlp_total


@pytest.mark.question("mlp_layer_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_three_numbers_for_the_mlp(student):
    """`mlp_layer_parameters` is a list of three positive whole numbers, one for each fully connected layer."""
    value = student.mlp_layer_parameters
    if isinstance(value, list | tuple) and len(value) != 3:
        two = (
            "Two numbers belong to a network with one hidden layer: there are two, 784-500-500-10, and so three layers."
        )
        many = (
            "Give one number for each step from column to column, weights and biases together: there are three steps."
        )
        raise Slip(two if len(value) == 2 else many)
    found = integers(value, "mlp_layer_parameters", length=3)
    assert min(found) > 0, "Each of the three layers has parameters, so each number must be positive."


@pytest.mark.question("mlp_layer_parameters")
@pytest.mark.points(1)
def test_each_layer_of_the_mlp(student, reference):
    """Each layer of 784-500-500-10 has inputs · outputs weights, and one bias for each output."""
    value = student.mlp_layer_parameters
    slips = reference.mlp_slips(MLP)
    if isinstance(value, list | tuple) and len(value) == 2:
        one_hidden = {HINTS[slip]: layers for slip, layers in slips.items() if len(layers) == 2}
        answer(integers(value, "mlp_layer_parameters", length=2), reference.mlp_layer_parameters, one_hidden)
    found = integers(value, "mlp_layer_parameters", length=3)
    same_length = {slip: layers for slip, layers in slips.items() if len(layers) == 3}
    judge_layers(
        found, reference.mlp_layer_parameters, same_length, ["the first layer", "the second layer", "the third layer"]
    )


@pytest.mark.question("mlp_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_the_sum_of_the_mlp_layers(student):
    """`mlp_total` is a whole number, the sum of `mlp_layer_parameters`: ReLU has no parameters, so nothing is added."""
    found = integer(student.mlp_total, "mlp_total")
    own = sum_of(student.mlp_layer_parameters)
    answer(found, found if own is None else own)  # which of the two is wrong is not said here


@pytest.mark.question("mlp_total")
@pytest.mark.points(0.5)
def test_the_total_of_the_mlp(student, reference):
    """The total of 784-500-500-10 is the sum of its three layers, weights and biases."""
    found = integer(student.mlp_total, "mlp_total")
    right = reference.mlp_layer_parameters
    own = None if found == sum(right) else sum_of(student.mlp_layer_parameters)
    judge_total(found, own, right, reference.mlp_slips(MLP))


# cnn_layer_parameters, cnn_total


@pytest.mark.question("cnn_layer_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_three_numbers_for_the_cnn(student):
    """`cnn_layer_parameters` is a list of three positive whole numbers: convolution 1, convolution 2, fully connected
    layer.
    """
    value = student.cnn_layer_parameters
    if isinstance(value, list | tuple) and len(value) != 3:
        raise Slip(
            "Three layers have parameters, two convolutions and the fully connected one: give one number for each, weights "
            "and biases together, and none for ReLU, pooling and flatten."
        )
    found = integers(value, "cnn_layer_parameters", length=3)
    assert min(found) > 0, "Each of the three layers has parameters, so each number must be positive."


@pytest.mark.question("cnn_layer_parameters")
@pytest.mark.points(1)
def test_each_layer_of_the_cnn(student, reference):
    """Question 6: a kernel reaches through all input channels; the fully connected layer sees what pooling left."""
    found = integers(student.cnn_layer_parameters, "cnn_layer_parameters", length=3)
    names = ["convolution 1", "convolution 2", "the fully connected layer"]
    judge_layers(found, reference.cnn_layer_parameters, reference.layer_slips(reference.QUESTION_6), names)


@pytest.mark.question("cnn_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_the_sum_of_the_cnn_layers(student):
    """`cnn_total` is a whole number, the sum of `cnn_layer_parameters`: ReLU, pooling and flatten have no parameters."""
    found = integer(student.cnn_total, "cnn_total")
    own = sum_of(student.cnn_layer_parameters)
    answer(found, found if own is None else own)  # which of the two is wrong is not said here


@pytest.mark.question("cnn_total")
@pytest.mark.points(0.5)
def test_the_total_of_the_cnn(student, reference):
    """The total of Question 6 is the sum of the two convolutions and the fully connected layer, weights and biases."""
    found = integer(student.cnn_total, "cnn_total")
    right = reference.cnn_layer_parameters
    own = None if found == sum(right) else sum_of(student.cnn_layer_parameters)
    judge_total(found, own, right, reference.layer_slips(reference.QUESTION_6))


# my_total


@pytest.mark.question("my_total")
@pytest.mark.points(0)
@pytest.mark.public
def test_the_total_is_a_whole_number(student):
    """`my_total` is a positive whole number."""
    found = integer(student.my_total, "my_total")
    assert found > 0, "`my_total` must be positive."


@pytest.mark.question("my_total")
@pytest.mark.points(1)
def test_the_total_of_the_own_network(student, reference, student_id):
    """`my_total` counts the network of your own ID: follow the size through both blocks, then count its three layers."""
    found = integer(student.my_total, "my_total")
    architecture = reference.my_architecture(student_id)
    right = [step.parameters for step in reference.explain(architecture) if step.parameters]
    if found == sum(right):
        return
    judge_total(found, None, right, reference.layer_slips(architecture), _whose_total(found, reference))


def _whose_total(found: int, reference: SimpleNamespace) -> frozenset[str]:
    """Return a hint where the number is right for another network, or nothing."""
    whose = ""
    if found == reference.cnn_total:
        whose = "This is the total of Question 6: count the network `my_arch`, which the cell above it displays."
    elif found == reference.total(reference.explain(reference.my_architecture("your-id"))):
        whose = 'This is the total for the ID "your-id": write the ID under which you hand in into the cell STUDENT_ID.'
    elif any(found == reference.total(reference.explain(variant)) for variant in reference.variants()):
        whose = (
            "For another ID this would be right: if STUDENT_ID is the one under which you hand in, follow the size through "
            "both blocks once more."
        )
    return frozenset({whose} - {""})

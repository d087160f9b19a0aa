"""Check the five functions that count: on small examples in public, on drawn numbers in secret."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch

from autograder.checks import partial
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, integer

Call = tuple[tuple[Any, ...], dict[str, Any]]

BIASES = "Biases are missing: there is one for each output (for a convolution: for each kernel)."
NO_BIASES = "With bias=False there are no biases to count: the argument is ignored."
PER_WEIGHT = "There is one bias for each output (for each kernel), not one for each weight."
PER_INPUT = "There is one bias for each output (for each kernel), not one for each input."
PER_LAYER = "There is one bias for each output (for each kernel), not one for the layer."
PER_SLICE = "There is one bias for each kernel, not one for each of its slices."
INPUT_CHANNELS = "The input channels are missing: a kernel has a slice of weights for each input channel."
ONE_KERNEL = "The output channels are missing: there is a kernel, with weights of its own, for each of them."
ONE_ROW = "A slice of a square kernel has side · side weights, not side."
TOO_HIGH = "A kernel need not be square: (height, width) has height · width weights, not height · height."
TOO_WIDE = "A kernel need not be square: (height, width) has height · width weights, not width · width."
GROUPS_IGNORED = (
    "The groups are ignored: with groups=g a kernel has slices only for the input channels of its own group."
)
HEIGHT_PLUS_WIDTH = "A slice of a kernel has height · width weights, not height + width."
BUFFERS = "The running mean and variance are counted too: they are measured, not trained (buffers, not parameters)."
STATE_DICT = "Everything in `state_dict()` is counted: buffers are there too, which are measured and not trained."
SHIFT = "One of the two learned numbers of each channel is missing: there is a stretch γ and a shift β (the bias)."
FIRST_PLACE = "The first place of the window is missing: it has one place more than it can move steps."
BOTH_SIDES = "The padding is added on both sides, not on one."
NO_PADDING = "The padding is ignored."
NO_STRIDE = "The stride is ignored, or divides only a part of the way: divide all of it, size + 2 · padding - kernel."
NO_KERNEL = "The kernel is ignored: the window's left edge can travel only until its right edge touches the border."
NO_KERNEL_NO_PLACE = (
    "The kernel is missing, and the first place: the window travels until its right edge touches the border."
)
ONLY_STRIDE = "Padding and kernel are missing: the stride alone decides only where the padding keeps the size."
SUBTRACTED = "The padding makes the map larger: add it, do not subtract it."
ROUNDED_UP = "What is too short for a step is left over: round down, not up."
ROUNDED = "What is too short for a step is left over: round down, not to the nearest."
ONE_TOO_EARLY = "Count the steps first and add the first place after the division, not before it."
TENSORS = "The tensors are counted: add up the numbers in them (numel)."
SEVERAL_TIMES = "Parameters are counted several times: `model.parameters()` gives those of all inner modules already."
FROZEN = "Frozen parameters are counted: leave out those whose requires_grad is False."
SHARED = "A shared weight is counted twice: a layer used at two places still has one set of weights."
OWN_TENSORS = "Only the model's own tensors are counted: those of the modules in it belong to it too."
FIRST_TENSOR = "Only the first tensor is counted: go on to the last one, and return the sum behind the loop."
LAST_TENSOR = "Only the last tensor is counted: add each one to the sum of those before."
FIRST_SIZE = "Only the first size of each tensor is counted (len): numel() is the product of all."
ADDED_UP = "The counts of several calls are added up: start each count at 0."
KEPT = (
    "Something is kept from one call to the next: a model counted twice must give the same, so start each count anew."
)
SAME_NUMBER = "The same number comes out for every layer: calculate with the arguments."
OUTERMOST = "The modules inside inner modules are left out: `model.parameters()` gives the parameters of all of them."


def whole(rng: torch.Generator, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def answers(function: Any, name: str, calls: Sequence[Call]) -> list[int]:
    """Return what the student's function gives for each call, each a whole number."""
    return [integer(function(*args, **kwargs), f"{name}(…)") for args, kwargs in calls]


def results(function: Callable[..., int], calls: Sequence[Call]) -> list[int]:
    """Return what a function of ours gives for each call."""
    return [int(function(*args, **kwargs)) for args, kwargs in calls]


def case_of(calls: list[Call], right: Callable[..., int], slips: Mapping[str, Callable[..., int]]) -> Case[list[Call]]:
    """Return calls with what the right function gives for them, and what the wrong ones give."""
    wrong = {hint: results(function, calls) for hint, function in slips.items()}
    return Case(inputs=calls, right=results(right, calls), slips=wrong)


def judge(case: Case[list[Call]], found: list[int]) -> None:
    """Judge what the student's function gives for the calls of a case."""
    try:
        case.judge(found)
    except Slip as slip:
        if not slip.hint and len({*found}) == 1:
            raise Slip(SAME_NUMBER) from None
        raise


# linear_parameters


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.25)
@pytest.mark.public
def test_a_small_layer(student):
    """`linear_parameters(3, 2)` is 8: count the long arrows and the small boxes in the picture."""
    found = integer(student.linear_parameters(3, 2), "linear_parameters(3, 2)")
    answer(found, 8, {BIASES: 6, PER_WEIGHT: 12, PER_INPUT: 9, PER_LAYER: 7})


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.25)
@pytest.mark.public
def test_a_small_layer_without_biases(student):
    """`linear_parameters(3, 2, bias=False)` is 6: only the arrows."""
    found = integer(student.linear_parameters(3, 2, bias=False), "linear_parameters(3, 2, bias=False)")
    answer(found, 6, {NO_BIASES: integer(student.linear_parameters(3, 2), "linear_parameters(3, 2)")})


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.25)
def test_layers_of_any_size(student, reference, rng):
    """A layer of any size has a weight for each pair of an input and an output, and one bias for each output."""
    slips = {
        BIASES: lambda n, m, bias=True: n * m,
        PER_WEIGHT: lambda n, m, bias=True: n * m * 2,
        PER_INPUT: lambda n, m, bias=True: n * m + n,
        PER_LAYER: lambda n, m, bias=True: n * m + 1,
    }

    def make():
        calls: list[Call] = [((whole(rng, 2, 900), whole(rng, 2, 900)), {}) for _ in range(6)]
        calls += [((whole(rng, 2, 900), 1, True), {}), ((1, whole(rng, 2, 900)), {"bias": True})]
        return case_of(calls, reference.linear_parameters, slips)

    case = draw(make)
    judge(case, answers(student.linear_parameters, "linear_parameters", case.inputs))


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.25)
def test_layers_without_biases(student, reference, rng):
    """With bias=False a layer of any size has nothing but a weight for each pair of an input and an output."""
    sizes = [(whole(rng, 2, 900), whole(rng, 2, 900)) for _ in range(4)]
    found = answers(student.linear_parameters, "linear_parameters", [(size, {"bias": False}) for size in sizes])
    right = [reference.linear_parameters(*size, bias=False) for size in sizes]
    if found != right:
        own = answers(student.linear_parameters, "linear_parameters", [(size, {}) for size in sizes])
        answer(found, right, {NO_BIASES: own})


# conv2d_parameters


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_small_convolution(student):
    """`conv2d_parameters(3, 1, 3)` is 28: one kernel of 3 slices, and a bias. `conv2d_parameters(1, 2, 3)` is 20."""
    found = [
        integer(student.conv2d_parameters(3, 1, 3), "conv2d_parameters(3, 1, 3)"),
        integer(student.conv2d_parameters(1, 2, 3), "conv2d_parameters(1, 2, 3)"),
    ]
    slips = {
        BIASES: [27, 18],
        INPUT_CHANNELS: [10, 20],
        ONE_KERNEL: [28, 10],
        PER_SLICE: [30, 20],
        PER_WEIGHT: [54, 36],
        PER_LAYER: [28, 19],
        PER_INPUT: [30, 19],
        ONE_ROW: [10, 8],
        HEIGHT_PLUS_WIDTH: [19, 14],
    }
    answer(found, [28, 20], slips)


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_a_kernel_of_height_and_width(student):
    """A kernel_size of (3, 3), (1, 9) or (9, 1) is (height, width): a slice has 9 weights, as many as one of 3."""

    def count(kernel: Any) -> int:
        return integer(student.conv2d_parameters(1, 2, kernel), f"conv2d_parameters(1, 2, {kernel})")

    found = [count(kernel) for kernel in ((3, 3), (1, 9), (9, 1))]
    square, small, large = count(3), count(1), count(9)
    answer(found, [square] * 3, {TOO_HIGH: [square, small, large], TOO_WIDE: [square, large, small]})


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_two_groups(student):
    """With groups=2 a kernel sees 2 of 4 input channels, so (4, 4, 3, groups=2) has as many as (2, 4, 3) without."""
    name, function = "conv2d_parameters", student.conv2d_parameters
    found = integer(function(4, 4, 3, groups=2), f"{name}(4, 4, 3, groups=2)")
    ignored = integer(function(4, 4, 3), f"{name}(4, 4, 3)")
    answer(found, integer(function(2, 4, 3), f"{name}(2, 4, 3)"), {GROUPS_IGNORED: ignored})


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_convolutions_of_any_size(student, reference, rng):
    """A convolution has as many kernels as output channels: each has side · side weights for each input channel, and one
    bias unless bias is False.
    """
    slips = {
        BIASES: lambda n, m, k, bias=True: m * n * k * k,
        NO_BIASES: lambda n, m, k, bias=True: m * n * k * k + m,
        INPUT_CHANNELS: lambda n, m, k, bias=True: m * k * k + m * bias,
        ONE_KERNEL: lambda n, m, k, bias=True: n * k * k + bias,
        PER_WEIGHT: lambda n, m, k, bias=True: m * n * k * k * (1 + bias),
        PER_SLICE: lambda n, m, k, bias=True: m * n * (k * k + bias),
        PER_LAYER: lambda n, m, k, bias=True: m * n * k * k + bias,
        PER_INPUT: lambda n, m, k, bias=True: m * n * k * k + n * bias,
        ONE_ROW: lambda n, m, k, bias=True: m * n * k + m * bias,
        HEIGHT_PLUS_WIDTH: lambda n, m, k, bias=True: m * n * 2 * k + m * bias,
    }

    def make():
        sizes = [(whole(rng, 2, 64), whole(rng, 2, 64), whole(rng, 3, 11)) for _ in range(8)]
        calls: list[Call] = [(size, {}) for size in sizes[:5]]
        calls += [(size, {"bias": False}) for size in sizes[5:]]
        return case_of(calls, reference.conv2d_parameters, slips)

    case = draw(make)
    judge(case, answers(student.conv2d_parameters, "conv2d_parameters", case.inputs))


def builds_on(found: list[int], own: list[int], right: list[int], others: list[list[int]]) -> bool:
    """Return whether answers are as right as those that they build on: the student's `own` to calls with one result.

    A slip in these has cost its points already. Calls that must not give the same (`others`) show that the function looks
    at what it is given.
    """
    return own != right and found == own and own not in others


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_kernels_that_are_not_square(student, reference, rng):
    """A kernel need not be square: one of (height, width) has height · width weights in each slice."""
    name, function = "conv2d_parameters", student.conv2d_parameters
    slips = {
        TOO_HIGH: lambda n, m, k, bias=True: m * n * k[0] * k[0] + m * bias,
        TOO_WIDE: lambda n, m, k, bias=True: m * n * k[1] * k[1] + m * bias,
        HEIGHT_PLUS_WIDTH: lambda n, m, k, bias=True: m * n * (k[0] + k[1]) + m * bias,
    }

    def make():
        calls: list[Call] = []
        for bias in (True, True, False):
            few, times = whole(rng, 1, 3), whole(rng, 2, 3)
            many = few * times * times  # such kernels have as many weights as a square of few · times
            setting = {} if bias else {"bias": False}
            calls.append(((whole(rng, 2, 40), whole(rng, 2, 40), (few, many)), setting))
            calls.append(((whole(rng, 2, 40), whole(rng, 2, 40), (many, few)), setting))
        return case_of(calls, reference.conv2d_parameters, slips)

    case = draw(make)
    found = answers(function, name, case.inputs)
    if found == case.right:
        return

    def with_kernels(side: Callable[[int, int], int]) -> list[int]:
        return answers(function, name, [((n, m, side(*kernel)), kw) for (n, m, kernel), kw in case.inputs])

    others = [with_kernels(min), with_kernels(max)]
    if builds_on(found, with_kernels(lambda height, width: round((height * width) ** 0.5)), case.right, others):
        return
    judge(case, found)


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_any_number_of_groups(student, reference, rng):
    """With groups there are as many kernels and biases, but a kernel has slices only for its group's input channels."""
    name, function = "conv2d_parameters", student.conv2d_parameters
    slips = {
        GROUPS_IGNORED: lambda n, m, k, groups, bias=True: m * n * k * k + m * bias,
        "The groups are counted twice: there are still out_channels kernels; only their slices become fewer.": (
            lambda n, m, k, groups, bias=True: m // groups * (n // groups) * k * k + m * bias
        ),
        "The groups are counted twice, and divide the biases: there are still out_channels kernels with a bias each.": (
            lambda n, m, k, groups, bias=True: m // groups * (n // groups * k * k + bias)
        ),
        "The biases stay when there are groups: every kernel still has one.": (
            lambda n, m, k, groups, bias=True: m * n // groups * k * k + m // groups * bias
        ),
        "There are no more kernels with groups than without: they are split among the groups.": (
            lambda n, m, k, groups, bias=True: m * n * k * k + m * groups * bias
        ),
        "Groups make the weights fewer, not more: a kernel has slices for in_channels / groups channels.": (
            lambda n, m, k, groups, bias=True: m * n * groups * k * k + m * bias
        ),
    }

    def make():
        calls: list[Call] = []
        for _ in range(6):
            groups = whole(rng, 2, 6)
            channels = (groups * whole(rng, 2, 9), groups * whole(rng, 2, 9))
            calls.append(((*channels, whole(rng, 3, 7)), {"groups": groups}))
        depthwise = whole(rng, 5, 40)
        calls.append(((depthwise, depthwise, 3), {"bias": False, "groups": depthwise}))
        return case_of(calls, reference.conv2d_parameters, slips)

    case = draw(make)
    found = answers(function, name, case.inputs)
    if found == case.right:
        return
    settings = [
        (call, {key: value for key, value in kw.items() if key != "groups"}, kw["groups"]) for call, kw in case.inputs
    ]
    without = answers(function, name, [(call, kw) for call, kw, _ in settings])
    one_group = answers(function, name, [((n // groups, m, k), kw) for (n, m, k), kw, groups in settings])
    if builds_on(found, one_group, case.right, [without]):
        return
    answer(found, case.right, {GROUPS_IGNORED: without} if found == without else case.slips)


# batchnorm2d_parameters


@pytest.mark.question("batchnorm2d_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_in_proportion_to_the_channels(student):
    """Ten times the channels have ten times the parameters, a whole number of them: every channel has its own."""
    few = integer(student.batchnorm2d_parameters(3), "batchnorm2d_parameters(3)")
    many = integer(student.batchnorm2d_parameters(30), "batchnorm2d_parameters(30)")
    assert few > 0, "batchnorm2d_parameters(3) must be positive: some numbers of batch normalisation are learned."
    answer([few, many], [few, 10 * few], {STATE_DICT: [13, 121]})
    assert few != 12, BUFFERS


@pytest.mark.question("batchnorm2d_parameters")
@pytest.mark.points(0.5)
def test_any_number_of_channels(student, reference, rng):
    """Batch normalisation learns a stretch γ and a shift β for each channel; what it only measures does not count."""
    slips = {SHIFT: lambda n: n, BUFFERS: lambda n: 4 * n, STATE_DICT: lambda n: 4 * n + 1}

    def make():
        return case_of([((whole(rng, 2, 500),), {}) for _ in range(6)], reference.batchnorm2d_parameters, slips)

    case = draw(make)
    try:
        judge(case, answers(student.batchnorm2d_parameters, "batchnorm2d_parameters", case.inputs))
    except Slip as slip:
        if slip.hint == SHIFT:
            partial(0.5, f"{SHIFT} This is worth half the points.")
        raise


# conv2d_output_size


@pytest.mark.question("conv2d_output_size")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_sizes_by_hand(student):
    """`conv2d_output_size` counts the places of the window, as in the table: (5, 3) gives 3, (5, 3, padding=1) gives 5,
    (8, 3, stride=2) gives 3 and (9, 3, 2, 0) gives 4.
    """
    size = student.conv2d_output_size
    found = [
        integer(size(5, 3), "conv2d_output_size(5, 3)"),
        integer(size(5, 3, padding=1), "conv2d_output_size(5, 3, padding=1)"),
        integer(size(8, 3, stride=2), "conv2d_output_size(8, 3, stride=2)"),
        integer(size(9, 3, 2, 0), "conv2d_output_size(9, 3, 2, 0)"),
    ]
    slips = {
        FIRST_PLACE: [2, 4, 2, 3],
        BOTH_SIDES: [3, 4, 3, 4],
        NO_PADDING: [3, 3, 3, 4],
        NO_STRIDE: [3, 5, 6, 7],
        NO_KERNEL: [6, 8, 5, 5],
        NO_KERNEL_NO_PLACE: [5, 7, 4, 4],
        ONLY_STRIDE: [5, 5, 4, 4],
        SUBTRACTED: [3, 1, 3, 4],
        ROUNDED_UP: [3, 5, 4, 4],
        ONE_TOO_EARLY: [3, 5, 3, 3],
    }
    answer(found, [3, 5, 3, 4], slips)


@pytest.mark.question("conv2d_output_size")
@pytest.mark.points(0.5)
def test_sizes_of_any_layer(student, reference, rng):
    """The window travels size + 2 · padding - kernel; each whole stride on the way is a place more than the first."""
    slips = {
        FIRST_PLACE: lambda n, k, stride=1, padding=0: (n + 2 * padding - k) // stride,
        BOTH_SIDES: lambda n, k, stride=1, padding=0: (n + padding - k) // stride + 1,
        NO_PADDING: lambda n, k, stride=1, padding=0: (n - k) // stride + 1,
        NO_STRIDE: lambda n, k, stride=1, padding=0: n + 2 * padding - k + 1,
        "The stride divides only a part of the way: put brackets around size + 2 · padding - kernel.": (
            lambda n, k, stride=1, padding=0: n + 2 * padding - k // stride + 1
        ),
        "The stride divides only the padding: put brackets around size + 2 · padding - kernel.": (
            lambda n, k, stride=1, padding=0: n - k + 2 * padding // stride + 1
        ),
        NO_KERNEL: lambda n, k, stride=1, padding=0: (n + 2 * padding) // stride + 1,
        NO_KERNEL_NO_PLACE: lambda n, k, stride=1, padding=0: (n + 2 * padding) // stride,
        ONLY_STRIDE: lambda n, k, stride=1, padding=0: n // stride,
        SUBTRACTED: lambda n, k, stride=1, padding=0: (n - 2 * padding - k) // stride + 1,
        ROUNDED_UP: lambda n, k, stride=1, padding=0: -(-(n + 2 * padding - k) // stride) + 1,
        ROUNDED: lambda n, k, stride=1, padding=0: round((n + 2 * padding - k) / stride) + 1,
        ONE_TOO_EARLY: lambda n, k, stride=1, padding=0: (n + 2 * padding - k + 1) // stride,
    }

    def make():
        sizes = [(whole(rng, 12, 90), whole(rng, 1, 9), whole(rng, 2, 5), whole(rng, 1, 4)) for _ in range(12)]
        calls: list[Call] = [(size, {}) for size in sizes]
        calls += [((whole(rng, 12, 90), whole(rng, 2, 9)), {"padding": whole(rng, 1, 4)}) for _ in range(3)]
        calls += [((whole(rng, 12, 90), 2), {"stride": 2}) for _ in range(4)]
        return case_of(calls, reference.conv2d_output_size, slips)

    case = draw(make)
    judge(case, answers(student.conv2d_output_size, "conv2d_output_size", case.inputs))


# count_parameters


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_a_small_network(student, library):
    """`count_parameters(nn.Linear(3, 2))` is 8, as in the picture; with ReLU and a nested Linear(2, 1) it is 8 + 0 + 3."""
    nn = library.torch.nn
    nested = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 1)))
    found = [
        integer(student.count_parameters(nn.Linear(3, 2)), "count_parameters(nn.Linear(3, 2))"),
        integer(student.count_parameters(nested), "count_parameters of a small network"),
    ]
    slips = {
        TENSORS: [2, 4],
        BIASES: [6, 8],
        SEVERAL_TIMES: [8, 25],
        OUTERMOST: [8, 8],
        OWN_TENSORS: [8, 0],
        FIRST_TENSOR: [6, 6],
        LAST_TENSOR: [2, 1],
        FIRST_SIZE: [4, 6],
        ADDED_UP: [8, 19],
    }
    answer(found, [8, 11], slips)


CHANGED = "The model is changed: only count, and leave its weights, its mode and requires_grad as they are."


def state_of(library: Any, model: Any) -> object:
    """Return all that counting must leave as it is."""
    return library.builtins.eval(
        "lambda model: [[one.training for one in model.modules()], "
        "[[one.requires_grad, str(one.dtype), one.detach().float().clone()] for one in model.parameters()]]",
        {},
    )(model)


@pytest.mark.question("count_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_what_counts_once_or_not_at_all(student, library):
    """Of the model in the cell above, the shared layer counts once (4 · 4 + 4), the two of BatchNorm1d that are learned
    (4 + 4), the frozen layer not.
    """
    nn = library.torch.nn
    shared, frozen = nn.Linear(4, 4), nn.Linear(4, 3).requires_grad_(False)
    models = [
        nn.Sequential(shared, nn.ReLU(), shared, nn.BatchNorm1d(4), frozen),
        nn.Sequential(shared, nn.ReLU(), nn.Identity(), nn.BatchNorm1d(4), nn.Identity()),
    ]
    before = state_of(library, models[0])
    found = [integer(student.count_parameters(model), "count_parameters of a model") for model in models]
    assert close(state_of(library, models[0]), before, tolerance=0), CHANGED
    slips = {FROZEN: [43, 28], SHARED: [48, 28], BUFFERS: [36, 36], STATE_DICT: [72, 37]}
    answer(found, [28, 28], slips)


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.5)
def test_frozen_parameters(student, library, rng):
    """Frozen parameters (requires_grad is False), whole layers or single tensors, are not trainable and do not count."""
    nn = library.torch.nn
    a, b, c, d = (whole(rng, 3, 20) for _ in range(4))
    first, second, last = nn.Conv2d(a, b, (2, 3)), nn.Linear(b, c), nn.Linear(c, d)
    model = nn.Sequential(first, nn.Flatten(), nn.Sequential(second, nn.ReLU()), last)

    def count(one: Any) -> int:
        return integer(student.count_parameters(one), "count_parameters(…)")

    found = []
    for tensors in (first.parameters(), second.parameters(), library.itertools.islice(last.parameters(), 1)):
        library.builtins.list(library.builtins.map(library.operator.methodcaller("requires_grad_", False), tensors))
        before = state_of(library, model)
        found.append(count(model))
        assert close(state_of(library, model), before, tolerance=0), CHANGED
    conv2d, linear1, linear2 = 6 * a * b + b, b * c + c, c * d + d
    right = [linear1 + linear2, linear2, d]
    if found == right:
        return
    none, bias = nn.Identity(), nn.PReLU(d)
    pairs = [(nn.Linear(b, c), nn.Linear(c, d)), (none, nn.Linear(c, d)), (none, bias)]
    own = [count(nn.Sequential(none, nn.Flatten(), nn.Sequential(inner, nn.ReLU()), outer)) for inner, outer in pairs]
    if builds_on(found, own, right, [[own[0]] * 3, [own[1]] * 3]):
        return
    everything = conv2d + linear1 + linear2
    slips = {
        FROZEN: [everything] * 3,
        "It must be the other way round: count where requires_grad is True.": (
            [conv2d, conv2d + linear1, everything - d]
        ),
        "Look at requires_grad of each parameter, not of a layer: its weight can be frozen and its bias not.": (
            [linear1 + linear2, linear2, 0]
        ),
        "Look at requires_grad of every parameter, not of one for its whole layer.": (
            [linear1 + linear2, linear2, linear2]
        ),
        KEPT: [linear1 + linear2, 0, 0],
    }
    answer(found, right, slips)


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.25)
def test_shared_parameters(student, library, rng):
    """A layer used at two places, or a weight shared by two layers, counts once; two layers that are only alike do not."""
    nn = library.torch.nn
    side, out = whole(rng, 10, 20), whole(rng, 2, 9)
    layer, last, norm = nn.Linear(side, side), nn.Linear(side, out), nn.LayerNorm(side)
    copied = library.copy.copy(layer)  # copies share parameters
    same_layer = nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), last)
    same_weight = nn.Sequential(layer, nn.ReLU(), copied, nn.ReLU(), last)
    alike = nn.Sequential(norm, nn.LayerNorm(side))
    found = [
        integer(student.count_parameters(model), "count_parameters(…)") for model in (same_layer, same_weight, alike)
    ]
    one, rest, two = side * side + side, side * out + out, 4 * side
    right = [one + rest, one + rest, two]
    if found == right:
        return
    once = nn.Sequential(layer, nn.ReLU(), nn.Identity(), nn.ReLU(), last)
    unshared = integer(student.count_parameters(once), "count_parameters(…)")
    single = integer(student.count_parameters(nn.Sequential(norm, nn.Identity())), "count_parameters(…)")
    if builds_on(found, [unshared, unshared, 2 * single], right, [[0, 0, 0], [single, single, 2 * single]]):
        return
    slips = {
        SHARED: ([2 * one + rest, 2 * one + rest, two]),
        "A weight shared by two layers is counted twice: it is one tensor, so count it once.": (
            [one + rest, 2 * one + rest, two]
        ),
        "Tensors of one shape are taken for one: they are shared only where they are the same object.": (
            [one + rest, one + rest, side]
        ),
        "Tensors of equal values are taken for one: they are shared only where they are the same object.": (
            [one + rest, one + rest, 2 * side]
        ),
    }
    answer(found, right, slips)


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.25)
def test_any_module(student, library, rng):
    """Of any module, recurrent ones and those without parameters too, all parameters count, and buffers do not."""
    nn = library.torch.nn
    n, m = whole(rng, 3, 20), whole(rng, 3, 20)
    models = [
        nn.Sequential(nn.Conv2d(n, m, 3, groups=1, bias=False), nn.BatchNorm2d(m)),
        nn.Sequential(nn.ReLU(), nn.Flatten()),
        nn.Sequential(nn.Embedding(n, m), nn.PReLU(), nn.GRU(m, n)),
    ]
    found = [integer(student.count_parameters(model), "count_parameters(…)") for model in models]
    normalised, recurrent = 9 * n * m + 2 * m, n * m + 1 + 3 * n * (m + n + 2)
    slips = {
        TENSORS: [3, 0, 6],
        BUFFERS: [normalised + 2 * m, 0, recurrent],
        STATE_DICT: [normalised + 2 * m + 1, 0, recurrent],
        "Layers have parameters of other names than weight and bias: `model.parameters()` gives all.": (
            [normalised, 0, n * m + 1]
        ),
    }
    answer(found, [normalised, 0, recurrent], slips)

"""Check the five functions that count: on small examples in public, on drawn numbers in secret."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from autograder.checks import partial
from autograder.checks.expect import integer

Call = tuple[tuple[Any, ...], dict[str, Any]]

BIASES = (
    "Biases are missing: there is one for each output (for a convolution: for each kernel). This is worth "
    "half the points."
)


def draw(rng: torch.Generator, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=rng))


def answers(function: Any, name: str, calls: Sequence[Call]) -> list[int]:
    """Return what the student's function gives for each call, each a whole number."""
    return [integer(function(*args, **kwargs), f"{name}(…)") for args, kwargs in calls]


def results(function: Callable[..., int], calls: Sequence[Call]) -> list[int]:
    """Return what a function of ours gives for each call."""
    return [function(*args, **kwargs) for args, kwargs in calls]


def name_the_slip(found: list[int], right: list[int], slips: Sequence[tuple[str, list[int]]], otherwise: str) -> None:
    """Fail with the hint of the slip that gives exactly what was found, or with another; pass where it is right."""
    for hint, wrong in slips:
        if found == wrong != right:
            if hint == BIASES:
                partial(0.5, hint)
            raise AssertionError(hint)
    assert found == right, otherwise


# linear_parameters


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_linear_small(student):
    """`linear_parameters` counts every weight, and one bias for each output."""
    found = integer(student.linear_parameters(3, 2), "linear_parameters(3, 2)")
    assert found != 6, "The layer in the picture has 3 · 2 weights; its biases are missing."
    assert found != 12, "There is one bias for each output, not for each weight."
    assert found != 9, "There is one bias for each output, not for each input."
    assert found == 8, "linear_parameters(3, 2) must be 8: count the long arrows and the small boxes in the picture."
    found = integer(student.linear_parameters(3, 2, bias=False), "linear_parameters(3, 2, bias=False)")
    assert found == 6, "linear_parameters(3, 2, bias=False) must be 6: only the arrows."


@pytest.mark.question("linear_parameters")
@pytest.mark.points(0.5)
def test_linear_drawn(student, reference, rng):
    """`linear_parameters` must hold for layers of any size, with and without biases."""
    calls: list[Call] = [((draw(rng, 2, 900), draw(rng, 2, 900)), {}) for _ in range(6)]
    calls += [((draw(rng, 2, 900), draw(rng, 2, 900)), {"bias": False}) for _ in range(3)]
    calls += [((draw(rng, 2, 900), 1, True), {}), ((1, draw(rng, 2, 900)), {})]
    found = answers(student.linear_parameters, "linear_parameters", calls)
    name_the_slip(
        found,
        results(reference.linear_parameters, calls),
        [
            (BIASES, results(lambda n, m, bias=True: n * m, calls)),
            ("With bias=False there are no biases to count.", results(lambda n, m, bias=True: n * m + m, calls)),
            (
                ("There is one bias for each output, not for each weight."),
                results(lambda n, m, bias=True: n * m * (1 + bias), calls),
            ),
            (
                ("There is one bias for each output, not for each input."),
                results(lambda n, m, bias=True: n * m + n * bias, calls),
            ),
            (
                ("There is one bias for each output, not one for the layer."),
                results(lambda n, m, bias=True: n * m + bias, calls),
            ),
        ],
        "The count is wrong for layers other than the example: every output has a weight for each input, and one bias.",
    )


# conv2d_parameters


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_conv2d_small(student):
    """`conv2d_parameters` counts the weights of all slices of all kernels, and one bias for each kernel."""
    found = integer(student.conv2d_parameters(3, 1, 3), "conv2d_parameters(3, 1, 3)")
    assert found != 27, (
        "conv2d_parameters(3, 1, 3): the kernel in the picture has 3 · 3·3 weights; its bias is missing."
    )
    assert found != 10, "conv2d_parameters(3, 1, 3): the kernel has a slice for each of the 3 input channels."
    assert found != 30, "conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each slice."
    assert found != 54, "conv2d_parameters(3, 1, 3): one bias for the whole kernel, not one for each weight."
    assert found == 28, "conv2d_parameters(3, 1, 3) must be 28: one kernel with 3 slices of 3·3 weights, and one bias."
    found = integer(student.conv2d_parameters(1, 2, 3), "conv2d_parameters(1, 2, 3)")
    assert found == 20, "conv2d_parameters(1, 2, 3) must be 20: two kernels of 3·3 weights, each with a bias."
    found = integer(student.conv2d_parameters(1, 2, (3, 3)), "conv2d_parameters(1, 2, (3, 3))")
    assert found == 20, "A kernel of (3, 3) has as many weights as one of 3: the tuple is (height, width)."


def conv2d_slips(calls: Sequence[Call]) -> list[tuple[str, list[int]]]:
    """Return what the usual slips give for these calls, with their hints."""

    def slip(count: Callable[[int, int, int, int, bool, int], int]) -> list[int]:
        def function(n: int, m: int, kernel: Any, *, bias: bool = True, groups: int = 1) -> int:
            height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
            return count(n, m, height, width, bias, groups)

        return results(function, calls)

    return [
        (BIASES, slip(lambda n, m, h, w, _b, g: m * n // g * h * w)),
        ("With bias=False there are no biases to count.", slip(lambda n, m, h, w, _b, g: m * n // g * h * w + m)),
        (
            "The input channels are missing: a kernel has a slice of weights for each input channel.",
            slip(lambda _n, m, h, w, b, _g: m * h * w + m * b),
        ),
        (
            "There is one bias for each kernel, not one for each weight.",
            slip(lambda n, m, h, w, b, g: m * n // g * h * w * (1 + b)),
        ),
        (
            "There is one bias for each kernel, not one for each of its slices.",
            slip(lambda n, m, h, w, b, g: m * n // g * (h * w + b)),
        ),
        (
            "There is one bias for each kernel, not one for the layer.",
            slip(lambda n, m, h, w, b, g: m * n // g * h * w + b),
        ),
        ("There is one bias for each kernel, that is, for each output channel, not for each input channel.",
         slip(lambda n, m, h, w, b, g: m * n // g * h * w + n * b)),
        (
            "The groups are ignored: with groups=g a kernel has slices only for the input channels of its own group.",
            slip(lambda n, m, h, w, b, _g: m * n * h * w + m * b),
        ),
        (
            "The groups are counted twice: there are still out_channels kernels; only their slices become fewer.",
            slip(lambda n, m, h, w, b, g: m // g * (n // g) * h * w + m * b),
        ),
        (
            "The biases stay when there are groups: every kernel still has one.",
            slip(lambda n, m, h, w, b, g: m * n // g * h * w + m // g * b),
        ),
        (
            "A kernel need not be square: (height, width) has height · width weights, not height · height.",
            slip(lambda n, m, h, _w, b, g: m * n // g * h * h + m * b),
        ),
        (
            "A kernel need not be square: (height, width) has height · width weights, not width · width.",
            slip(lambda n, m, _h, w, b, g: m * n // g * w * w + m * b),
        ),
        (
            "The weights of a kernel's slice are height times width, not height plus width.",
            slip(lambda n, m, h, w, b, g: m * n // g * (h + w) + m * b),
        ),
    ]  # fmt: skip


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_conv2d_drawn(student, reference, rng):
    """`conv2d_parameters` must hold for any channels and square kernels, with and without biases."""
    calls: list[Call] = [((draw(rng, 2, 64), draw(rng, 2, 64), draw(rng, 3, 11)), {}) for _ in range(5)]
    calls += [((draw(rng, 2, 64), draw(rng, 2, 64), draw(rng, 3, 11)), {"bias": False}) for _ in range(3)]
    found = answers(student.conv2d_parameters, "conv2d_parameters", calls)
    otherwise = (
        "The count is wrong for drawn channels and square kernels: weights of one kernel, times kernels, plus biases."
    )
    name_the_slip(found, results(reference.conv2d_parameters, calls), conv2d_slips(calls), otherwise)


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_conv2d_kernels_that_are_not_square(student, reference, rng):
    """`kernel_size` may be a tuple (height, width), and the two may differ."""
    calls: list[Call] = []
    for _ in range(6):
        height, more = draw(rng, 1, 6), draw(rng, 1, 5)
        calls.append(((draw(rng, 2, 40), draw(rng, 2, 40), (height, height + more)), {}))
        calls.append(((draw(rng, 2, 40), draw(rng, 2, 40), (height + more, height)), {}))
    found = answers(student.conv2d_parameters, "conv2d_parameters", calls)
    otherwise = "The count is wrong for kernels that are not square, such as kernel_size=(3, 5)."
    name_the_slip(found, results(reference.conv2d_parameters, calls), conv2d_slips(calls), otherwise)


@pytest.mark.question("conv2d_parameters")
@pytest.mark.points(0.5)
def test_conv2d_groups(student, reference, rng):
    """With groups a kernel sees only the input channels of its group."""
    calls: list[Call] = []
    for _ in range(6):
        groups = draw(rng, 2, 6)
        channels = (groups * draw(rng, 2, 9), groups * draw(rng, 2, 9))
        calls.append(((*channels, draw(rng, 3, 7)), {"groups": groups}))
    depthwise = draw(rng, 5, 40)
    calls.append(((depthwise, depthwise, 3), {"bias": False, "groups": depthwise}))
    found = answers(student.conv2d_parameters, "conv2d_parameters", calls)
    otherwise = (
        "The count is wrong with groups: each kernel has slices for in_channels / groups channels, and one bias."
    )
    name_the_slip(found, results(reference.conv2d_parameters, calls), conv2d_slips(calls), otherwise)


# batchnorm2d_parameters


@pytest.mark.question("batchnorm2d_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_batchnorm2d_form(student):
    """`batchnorm2d_parameters` gives a whole number; ten times the channels have ten times the parameters."""
    few = integer(student.batchnorm2d_parameters(3), "batchnorm2d_parameters(3)")
    many = integer(student.batchnorm2d_parameters(30), "batchnorm2d_parameters(30)")
    assert few > 0, "batchnorm2d_parameters(3) must be positive: some numbers of batch normalisation are learned."
    assert many == 10 * few, "Ten times the channels must have ten times the parameters: every channel has its own."


@pytest.mark.question("batchnorm2d_parameters")
@pytest.mark.points(0.5)
def test_batchnorm2d_drawn(student, reference, rng):
    """Batch normalisation learns a stretch γ and a shift β for each channel."""
    calls: list[Call] = [((draw(rng, 2, 500),), {}) for _ in range(6)]
    found = answers(student.batchnorm2d_parameters, "batchnorm2d_parameters", calls)
    statistics = (
        "The running mean and variance are counted too: they are measured, not trained (buffers, not parameters)."
    )
    shift = (
        "One of the two learned numbers of each channel is missing: there is a stretch γ and a shift β (the "
        "bias). Half the points."
    )
    right = results(reference.batchnorm2d_parameters, calls)
    if found == results(lambda n: n, calls):
        partial(0.5, shift)
    name_the_slip(
        found,
        right,
        [
            (statistics, results(lambda n: 4 * n, calls)),
            (statistics, results(lambda n: 4 * n + 1, calls)),
            (statistics, results(lambda n: 3 * n, calls)),
        ],
        "The count is wrong: look which tensors of nn.BatchNorm2d are parameters, and how long they are.",
    )


# conv2d_output_size


@pytest.mark.question("conv2d_output_size")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_output_size_small(student):
    """`conv2d_output_size` counts the places of the window, as in the table."""
    size = student.conv2d_output_size
    found = integer(size(5, 3), "conv2d_output_size(5, 3)")
    assert found != 2, (
        "conv2d_output_size(5, 3): the window can move 2 steps, and so it has 3 places: do not forget the first."
    )
    assert found == 3, "conv2d_output_size(5, 3) must be 3: the left edge stands at pixel 0, 1 or 2."
    found = integer(size(5, 3, padding=1), "conv2d_output_size(5, 3, padding=1)")
    assert found != 4, "conv2d_output_size(5, 3, padding=1): the zeros are added on both sides."
    assert found == 5, "conv2d_output_size(5, 3, padding=1) must be 5: one zero on each side keeps the size."
    found = integer(size(8, 3, stride=2), "conv2d_output_size(8, 3, stride=2)")
    assert found == 3, "conv2d_output_size(8, 3, stride=2) must be 3: the last column is left over."
    found = integer(size(9, 3, 2, 0), "conv2d_output_size(9, 3, 2, 0)")
    assert found == 4, "conv2d_output_size(9, 3, 2, 0) must be 4; the arguments are size, kernel_size, stride, padding."


@pytest.mark.question("conv2d_output_size")
@pytest.mark.points(0.5)
def test_output_size_drawn(student, reference, rng):
    """`conv2d_output_size` must hold for any size, kernel, stride and padding that fit."""
    calls: list[Call] = [
        ((draw(rng, 12, 90), draw(rng, 1, 9), draw(rng, 2, 5), draw(rng, 1, 4)), {}) for _ in range(12)
    ]
    calls += [((draw(rng, 12, 90), draw(rng, 2, 9)), {"padding": draw(rng, 1, 4)}) for _ in range(3)]
    calls += [((draw(rng, 12, 90), 2), {"stride": 2}) for _ in range(4)]
    found = answers(student.conv2d_output_size, "conv2d_output_size", calls)

    def slip(count: Callable[[int, int, int, int], int]) -> list[int]:
        return results(lambda n, k, stride=1, padding=0: count(n, k, stride, padding), calls)

    name_the_slip(
        found,
        results(reference.conv2d_output_size, calls),
        [
            ("The first place of the window is missing: steps and places differ by one.",
             slip(lambda n, k, s, p: (n + 2 * p - k) // s)),
            ("The padding is added on both sides, not on one.", slip(lambda n, k, s, p: (n + p - k) // s + 1)),
            ("The padding is ignored.", slip(lambda n, k, s, _p: (n - k) // s + 1)),
            ("The stride is ignored.", slip(lambda n, k, _s, p: n + 2 * p - k + 1)),
            ("What is too short for a step is left over: round down, not up.",
             slip(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1)),
            ("What is too short for a step is left over: round down, not to the nearest.",
             slip(lambda n, k, s, p: round((n + 2 * p - k) / s) + 1)),
            ("Count the steps first and add the first place after the division, not before it.",
             slip(lambda n, k, s, p: (n + 2 * p - k + 1) // s)),
        ],
        "The size is wrong for some combination of size, kernel, stride and padding.",
    )  # fmt: skip


# count_parameters


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_count_small(student, library):
    """`count_parameters` adds up the parameters of a module and of the modules in it."""
    nn = library.torch.nn
    found = integer(student.count_parameters(nn.Linear(3, 2)), "count_parameters(nn.Linear(3, 2))")
    assert found != 2, "`count_parameters` counts the tensors; add up the numbers in them (numel)."
    assert found == 8, "count_parameters(nn.Linear(3, 2)) must be 8, as in the picture."
    nested = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Sequential(nn.Linear(2, 1)))
    found = integer(student.count_parameters(nested), "count_parameters of a small network")
    assert found == 11, "A network of Linear(3, 2), ReLU and a nested Linear(2, 1) must have 8 + 0 + 3 parameters."


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.5)
def test_count_frozen(student, library, rng):
    """Frozen parameters (requires_grad is False) are not trainable and do not count."""
    nn = library.torch.nn
    a, b, c, d = (draw(rng, 3, 20) for _ in range(4))
    first, second, last = nn.Conv2d(a, b, (2, 3)), nn.Linear(b, c), nn.Linear(c, d)
    first.requires_grad_(False)
    model = nn.Sequential(first, nn.Flatten(), nn.Sequential(second, nn.ReLU()), last)
    found = [integer(student.count_parameters(model), "count_parameters(…)")]
    second.requires_grad_(False)
    found.append(integer(student.count_parameters(model), "count_parameters(…)"))
    last.requires_grad_(False)
    found.append(integer(student.count_parameters(model), "count_parameters(…)"))
    sizes = [6 * a * b + b, b * c + c, c * d + d]
    name_the_slip(
        found,
        [sizes[1] + sizes[2], sizes[2], 0],
        [
            ("Frozen parameters are counted: leave out those whose requires_grad is False.", [sum(sizes)] * 3),
            (
                ("It must be the other way round: count where requires_grad is True."),
                [sizes[0], sizes[0] + sizes[1], sum(sizes)],
            ),
        ],
        "The count is wrong for a model with frozen layers: a parameter counts where its requires_grad is True.",
    )


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.25)
def test_count_shared(student, library, rng):
    """A layer used at two places, or a weight shared by two layers, counts once."""
    nn = library.torch.nn
    side, out = draw(rng, 4, 20), draw(rng, 2, 9)
    layer, last = nn.Linear(side, side), nn.Linear(side, out)
    same_layer = nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), last)
    same_weight = nn.Sequential(layer, nn.ReLU(), library.copy.copy(layer), nn.ReLU(), last)  # copies share parameters
    found = [integer(student.count_parameters(model), "count_parameters(…)") for model in (same_layer, same_weight)]
    one, rest = side * side + side, side * out + out
    right = [one + rest, one + rest]
    assert found[0] != 2 * one + rest, (
        "A shared weight is counted twice: a layer used at two places still has one set of weights."
    )
    assert found != [one + rest, 2 * one + rest], (
        "A weight shared by two layers is counted twice: it is one tensor, so count it once."
    )
    assert found == right, "The count is wrong for a model in which two places share a layer or a weight."


@pytest.mark.question("count_parameters")
@pytest.mark.points(0.25)
def test_count_any_module(student, library, rng):
    """Buffers do not count; any module, recurrent or without parameters, can be counted."""
    nn = library.torch.nn
    n, m = draw(rng, 3, 20), draw(rng, 3, 20)
    normalised = nn.Sequential(nn.Conv2d(n, m, 3, groups=1, bias=False), nn.BatchNorm2d(m))
    found = integer(student.count_parameters(normalised), "count_parameters(…)")
    right = 9 * n * m + 2 * m
    assert found not in {right + 2 * m, right + 2 * m + 1}, (
        "The running statistics of BatchNorm2d are counted: buffers are not parameters."
    )
    assert found == right, "The count is wrong for a convolution without biases and batch normalisation."
    found = integer(student.count_parameters(nn.Sequential(nn.ReLU(), nn.Flatten())), "count_parameters(…)")
    assert found == 0, "A model of ReLU and Flatten must have 0 parameters."
    recurrent = nn.Sequential(nn.Embedding(n, m), nn.PReLU(), nn.GRU(m, n))
    found = integer(student.count_parameters(recurrent), "count_parameters(…)")
    right = n * m + 1 + 3 * n * (m + n + 2)
    assert found == right, (
        "The count is wrong for other kinds of layers: use model.parameters(), not names such as weight and bias."
    )

"""Check the network: the shapes on paper, its structure, and what it computes."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks import partial
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, integers, layer_places, mapping, renamed, sequence, tensor

# feature_shapes

SHAPES = {"block1": (16, 14, 14), "block2": (32, 7, 7)}
METHODS: Mapping[str, Callable[[int], int]] = {
    "right": lambda side: side // 2,
    "no padding": lambda side: (side - 4) // 2,
    "no pooling": lambda side: side,
    "neither": lambda side: side - 4,
}
"""What a block makes of a side: of all the blocks that people work out."""


def shape_of(shapes: object, block: str) -> tuple[int, ...]:
    """Return a block's shape as whole numbers: three, or four where the batch dimension is among them."""
    name = f"feature_shapes[{block!r}]"
    numbers = sequence(mapping(shapes, "feature_shapes", (block,))[block], name)
    return tuple(integers(numbers, name, length=4 if len(numbers) == 4 else 3))


@pytest.mark.question("feature_shapes")
@pytest.mark.points(0)
@pytest.mark.public
def test_form(student):
    """`feature_shapes` is a dict that gives (channels, height, width) for "block1" and "block2"."""
    for block in ("block1", "block2"):
        shape = shape_of(student.feature_shapes, block)
        assert len(shape) == 3, f"The shape of {block} is (channels, height, width): leave the batch dimension out."
        assert min(shape) > 0, f"The shape of {block} has three positive numbers: channels, height, width."


def misplaced(found: tuple[int, ...], block: str) -> str:
    """Return what is wrong with a shape whose three numbers are right, "" for any other and for the right one."""
    right = SHAPES[block]
    if len(found) == 4 and found[1:] == right:
        return f"The shape of {block} is (channels, height, width): leave the batch dimension out."
    if found != right and sorted(found) == sorted(right):
        return f"The three numbers of {block} are right, their order is not: (channels, height, width)."
    return ""


def following(first: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes of block2 that follow from that of block1, rightly or by the slip that was made there."""
    if len(first) != 3:
        return []
    made = [method for method in METHODS.values() if method(28) == first[1] == first[2]]
    kernels = {16: [32], 1: [32, 1]}.get(first[0], [])
    sides = [method(first[1]) for method in (METHODS["right"], *made)] if made else []
    return [(number, side, side) for number in kernels for side in sides]


@pytest.mark.question("feature_shapes")
@pytest.mark.points(1.5)
def test_block1(student):
    """Same padding keeps height and width of the image, pooling halves them, each kernel makes one channel."""
    found = shape_of(student.feature_shapes, "block1")
    if hint := misplaced(found, "block1"):
        partial(0.5, hint)
    slips = {
        "In block1 the pooling is forgotten: it halves height and width.": (16, 28, 28),
        "In block1 the padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.": (16, 12, 12),
        "In block1 both padding and pooling are forgotten.": (16, 24, 24),
        "In block1 there is one pooling by 2: it halves height and width once.": (16, 7, 7),
        "The shape of block1 is that of its result, behind the convolution and the pooling, not of the image.": (
            (1, 28, 28)
        ),
        "A layer's channels are its kernels: block1 has more than one.": (1, 14, 14),
        "block1 has 16 kernels; those of block2 come later.": (32, 14, 14),
    }
    answer(found, SHAPES["block1"], slips)


@pytest.mark.question("feature_shapes")
@pytest.mark.points(1.5)
def test_block2(student):
    """What block1 leaves goes through block2 in the same way; a slip in block1 that comes along is not counted again."""
    first, found = (shape_of(student.feature_shapes, block) for block in ("block1", "block2"))
    hint = misplaced(found, "block2")
    if found in following(first) or (hint and misplaced(first, "block1")):
        return
    if hint:
        partial(0.5, hint)
    slips = {
        "In block2 the pooling is forgotten, or block2 was taken to see the image: it sees block1's maps.": (
            (32, 14, 14)
        ),
        "The poolings are forgotten: each halves height and width.": (32, 28, 28),
        "In block2 the padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.": (32, 5, 5),
        "In block2 both padding and pooling are forgotten.": (32, 10, 10),
        "The padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.": (32, 4, 4),
        "Each kernel of block2 adds up over all channels that come in: 32 kernels make 32 channels.": (512, 7, 7),
        "block2 has twice as many kernels as block1, and so twice as many channels.": (16, 7, 7),
        "A layer's channels are its kernels: block2 has more than one.": (1, 7, 7),
        "The shape of block2 is that of its result, not of what goes in.": (16, 14, 14),
    }
    answer(found, SHAPES["block2"], slips)


# LeNet5


def new_network(student: Any) -> Any:
    """Return a LeNet5() whose layers have their sizes: lazy ones get them from the first images."""
    model = student.LeNet5()
    with contextlib.suppress(Exception):  # the checks of its result say what goes wrong here
        model(torch.zeros(2, 1, 28, 28))
    return model


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
@pytest.mark.public
def test_structure(student, library):
    """`block1` and `block2` are convolution, ReLU and max pooling in an nn.Sequential, `fc` is a Linear."""
    model, other = new_network(student), new_network(student)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    places = layer_places(model, library, "block1", "block2")
    found = {name: tuple(value.shape) for name, value in renamed(before, places).items()}
    assert not any("running" in name for name in found), (
        "No batch normalisation here: that comes in the next assignment."
    )
    for name in ("block1.0.weight", "block2.0.weight", "fc.weight"):
        assert name in found, f"LeNet5() has no parameter {name!r}: compare print(LeNet5()) with the one above."
    for name in ("block1.0", "block2.0", "fc"):
        assert f"{name}.bias" in found, f"{name} has no bias; leave it at its default."
    kernels = found["block1.0.weight"]
    assert kernels == (16, 1, 5, 5), (
        f"block1's kernels are {list(kernels)}; 16 kernels of 5×5 over 1 channel are [16, 1, 5, 5]."
    )
    kernels = found["block2.0.weight"]
    assert kernels == (32, 16, 5, 5), (
        f"block2's kernels are {list(kernels)}; 32 kernels of 5×5 over 16 channels are [32, 16, 5, 5]."
    )
    assert found["fc.weight"][0] == 10, "fc gives ten logits, one for each digit."
    assert len(found) == 6, "There are more parameters than those of two Conv2d and one Linear."
    other.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    after = model.state_dict()
    assert all(after[name].equal(value) for name, value in before.items()), (
        "Two LeNet5() share their weights: make the layers in __init__, so that each network has its own."
    )


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
@pytest.mark.public
def test_shape_of_the_result(student, library):
    """A batch of images, be it of one, gives one row of ten logits for each image, and gradients flow back."""
    model = student.LeNet5()
    for count in (5, 1):
        images = torch.arange(count * 784.0).sin().view(count, 1, 28, 28)
        given = library.types.SimpleNamespace(images=images.clone())
        logits = library.builtins.eval("lambda model, given: model(given.images)", {})(model, given)
        tensor(logits, f"LeNet5()(images) of a batch of {count}", shape=(count, 10), dtype=torch.float32)
        left = tensor(given.images, "the images")
        assert left.equal(images), "forward changes the images that it is given: others need them as they are."
    flows = library.builtins.eval(
        "lambda model, images: (lambda logits: [logits.requires_grad, logits.requires_grad and "
        "(logits.sum().backward(), next(model.parameters()).grad is not None)[1]])(model(images))",
        {},
    )
    remembered, arrives = flows(model, torch.ones(2, 1, 28, 28))
    assert remembered is True, (
        "No gradient flows back from the logits, so nothing can be learned: no no_grad and no detach in forward."
    )
    assert arrives is True, (
        "No gradient reaches the first layer, so it cannot learn: is there a detach on the way, or is it not used?"
    )


def untouched(values: Tensor) -> Tensor:
    return values


def max_pooling(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, 2)


def mean_pooling(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 2)


def every_other(maps: Tensor) -> Tensor:
    return maps[..., ::2, ::2]


SLIPS: Mapping[str, Mapping[str, Any]] = {
    "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.softmax(dim=1)
    },
    "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.log_softmax(dim=1)
    },
    "Return logits: there is a softmax at the end, and over the wrong dimension too.": {
        "behind": lambda logits: logits.softmax(dim=0)
    },
    "Return logits: there is a sigmoid at the end.": {"behind": torch.sigmoid},
    "There is a ReLU behind fc: logits may be negative.": {"behind": torch.relu},
    "The ReLU of block1 is missing.": {"activations": (untouched, torch.relu)},
    "The ReLU of block2 is missing.": {"activations": (torch.relu, untouched)},
    "Both ReLUs are missing.": {"activations": (untouched, untouched)},
    "There is a tanh where a ReLU is asked for.": {"activations": (torch.tanh, torch.tanh)},
    "There is a sigmoid where a ReLU is asked for.": {"activations": (torch.sigmoid, torch.sigmoid)},
    "There is a leaky ReLU where a ReLU is asked for.": {"activations": (functional.leaky_relu, functional.leaky_relu)},
    "There is a GELU where a ReLU is asked for.": {"activations": (functional.gelu, functional.gelu)},
    "The pooling takes the mean; max pooling takes the largest.": {"pools": (mean_pooling, mean_pooling)},
    "The pooling of block1 takes the mean; max pooling takes the largest.": {"pools": (mean_pooling, max_pooling)},
    "The pooling of block2 takes the mean; max pooling takes the largest.": {"pools": (max_pooling, mean_pooling)},
    "A stride is no pooling: use nn.MaxPool2d(2), which takes the largest of four.": {
        "pools": (every_other, every_other)
    },
    "The pooling of block1 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (untouched, max_pooling)},
    "The pooling of block2 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (max_pooling, untouched)},
    "Both poolings are missing: nn.MaxPool2d(2) halves height and width.": {"pools": (untouched, untouched)},
    "The padding is missing: with padding=2 the convolutions keep height and width.": {"padded": (False, False)},
    "The padding of block1 is missing: with padding=2 a convolution keeps height and width.": {"padded": (False, True)},
    "The padding of block2 is missing: with padding=2 a convolution keeps height and width.": {"padded": (True, False)},
    "Flatten the maps as they are, channels first: there is a permute too many.": {"order": (0, 2, 3, 1)},
    "Flatten the maps as they are, channels first: there is a transpose too many.": {"order": (0, 3, 2, 1)},
    "Flatten the maps as they are, row by row: rows and columns have changed places.": {"order": (0, 1, 3, 2)},
}
"""What a network may do otherwise, as options of `logits_of`, by the hint that names it."""


def layers_of(state: Mapping[str, Tensor]) -> list[tuple[Tensor, Tensor | None]]:
    """Return weight and bias of both convolutions and of the linear layer, whatever their names and sizes are.

    Where there are others, or fewer, there is nothing to compare with: Slip.
    """
    weights = [(name, value) for name, value in state.items() if value.ndim in (2, 4)]
    weights.sort(key=lambda named: (-named[1].ndim, named[1].shape[1]))
    if [value.ndim for _, value in weights] != [4, 4, 2]:
        raise Slip
    return [(value, state.get(f"{name.removesuffix('weight')}bias")) for name, value in weights]


def logits_of(
    state: Mapping[str, Tensor],
    x: Tensor,
    *,
    padded: tuple[bool, bool] = (True, True),
    activations: tuple[Callable[[Tensor], Tensor], ...] = (torch.relu, torch.relu),
    pools: tuple[Callable[[Tensor], Tensor], ...] = (max_pooling, max_pooling),
    order: tuple[int, ...] = (0, 1, 2, 3),
    behind: Callable[[Tensor], Tensor] = untouched,
) -> Tensor | None:
    """Return the logits of a LeNet with these weights, None where fc takes another number of values."""
    *blocks, (weight, bias) = layers_of(state)
    for (kernels, shift), pads, activation, pool in zip(blocks, padded, activations, pools, strict=True):
        x = functional.conv2d(x, kernels, shift, padding=kernels.shape[-1] // 2 if pads else 0)
        x = pool(activation(x))
    maps = x.permute(order).flatten(start_dim=1)
    return behind(functional.linear(maps, weight, bias)) if maps.shape[1] == weight.shape[1] else None


def known_slips(state: Mapping[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """Return the logits of networks with these weights and a slip, as far as their sizes allow it and tell it apart."""
    different: dict[str, Tensor] = {}
    for hint, options in SLIPS.items():
        logits = logits_of(state, x, **options)
        others = (logits_of(state, x), *different.values())
        if logits is not None and not any(close(logits, other, 1e-3) for other in others):
            different[hint] = logits
    return different


def with_weights(state: Mapping[str, Tensor], make: Callable[[torch.Size], Tensor]) -> dict[str, Tensor]:
    """Return a network's state with other weights and biases in its convolutions and its linear layer."""
    layers_of(state)
    learned = {name.removesuffix("weight") for name, value in state.items() if value.ndim in (2, 4)}
    changed = {f"{name}{kind}" for name in learned for kind in ("weight", "bias")}
    return {name: make(value.shape) if name in changed else value.clone() for name, value in state.items()}


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
@pytest.mark.public
def test_what_it_computes(student):
    """The logits are those of block1, block2, flatten, fc, one after the other: nothing more or less."""
    model = new_network(student)
    model.eval()
    numbers = iter(range(10))

    def waves(shape: torch.Size) -> Tensor:
        values = (torch.arange(1.0, 1.0 + shape.numel()) * (1.3 + next(numbers))).sin().view(shape)
        return 2 * values / (shape[1:].numel() if len(shape) > 1 else 9) ** 0.5

    state = with_weights(model.state_dict(), waves)
    model.load_state_dict(state)
    x = (torch.arange(6.0 * 28 * 28) ** 1.2).sin().view(6, 1, 28, 28)
    found = tensor(model(x), "LeNet5()(images)", shape=(6, 10)).detach()
    answer(found, logits_of(state, x), known_slips(state, x))


@pytest.mark.question("LeNet5")
@pytest.mark.points(2)
def test_forward_matches_reference(student, rng):
    """With weights of ours the logits must be those of block1, block2, flatten, fc: nothing more or less."""
    theirs = new_network(student)
    theirs.eval()
    fresh = theirs.state_dict()

    def drawn(shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=rng) / (shape[1:].numel() if len(shape) > 1 else 9) ** 0.5

    def make() -> Case[tuple[dict[str, Tensor], Tensor]]:
        state = with_weights(fresh, drawn)
        x = torch.randn(16, 1, 28, 28, generator=rng)
        return Case(inputs=(state, x), right=logits_of(state, x), slips=known_slips(state, x))

    case = draw(make)
    state, x = case.inputs
    theirs.load_state_dict(state)
    found = tensor(theirs(x), "the result of forward", shape=(16, 10))
    assert close(found, case.right) or close(found, theirs(x)), (
        "The same images get other logits at each call, in evaluation mode too: is there an F.dropout without "
        "training=self.training, or a layer that is made in forward?"
    )
    case.judge(found)


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
def test_each_image_by_itself(student, rng):
    """Each image has its logits, whatever else is in the batch, if it is alone in it, in training mode too."""
    model = student.LeNet5()
    x = torch.randn(7, 1, 28, 28, generator=rng)
    model.eval()
    logits = tensor(model(x), "the result of forward").flatten()

    def judged(company: str) -> None:
        alone = torch.cat([tensor(model(image), "the result of forward").flatten() for image in x.split(1)])
        together = tensor(model(x), "the result of forward").flatten()
        if close(alone, logits) and close(together, logits):
            return
        assert close(together, tensor(model(x), "the result of forward").flatten()), (
            f"{company} the same images get other logits at each call: there is no dropout here."
        )
        assert close(alone, together), (
            f"{company} the logits of an image depend on the other images of the batch: there is no normalisation here."
        )
        raise Slip("In training mode an image gets other logits than in evaluation mode: both are the same here.")

    judged("In evaluation mode")
    model.train()
    judged("In training mode")

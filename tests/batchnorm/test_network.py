"""Check the network with batch normalisation: its structure, what it computes, its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, integer, layer_places, renamed, tensor

# LeNet5BN


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_structure(student, library):
    """`block1` and `block2` are convolution, batch normalisation, ReLU and max pooling, `fc` is a Linear."""
    model, other = student.LeNet5BN(), student.LeNet5BN()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = {
        name: tuple(value.shape)
        for name, value in renamed(before, layer_places(model, library, "block1", "block2")).items()
    }
    for name, kernels in (("block1.0", (16, 1, 5, 5)), ("block2.0", (32, 16, 5, 5))):
        assert found.get(f"{name}.weight") == kernels, f"{name} must be a Conv2d with kernels {list(kernels)}."
        assert f"{name}.bias" in found, f"{name} has no bias; leave it at its default here."
    for block, channels in (("block1", 16), ("block2", 32)):
        behind = [name for name in found if name.startswith(block) and name.endswith("running_mean")]
        assert behind, f"{block} has no batch normalisation that keeps running statistics (nn.BatchNorm2d)."
        assert behind == [f"{block}.1.running_mean"], (
            f"In {block} the batch normalisation must stand directly behind the convolution, before the ReLU."
        )
        assert found[behind[0]] == (channels,), f"{block}'s batch normalisation has {channels} channels."
        assert f"{block}.1.weight" in found, f"{block}'s batch normalisation must learn gamma and beta (affine)."
    assert "fc.weight" in found and found["fc.weight"][0] == 10, "fc is a Linear with ten logits."
    assert len(found) == 16, "There are more parameters than those of two Conv2d, two BatchNorm2d and one Linear."
    other.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    after = model.state_dict()
    assert all(after[name].equal(value) for name, value in before.items()), (
        "Two LeNet5BN() share their weights: make the layers in __init__, so that each network has its own."
    )


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.25)
@pytest.mark.public
def test_shape_of_the_result(student, library):
    """A batch of images, be it of one, gives one row of ten logits for each image, and gradients flow back."""
    model = student.LeNet5BN()
    model.eval()
    for count in (5, 1):
        images = torch.arange(count * 784.0).sin().view(count, 1, 28, 28)
        given = library.types.SimpleNamespace(images=images.clone())
        logits = library.builtins.eval("lambda model, given: model(given.images)", {})(model, given)
        tensor(logits, f"LeNet5BN()(images) of a batch of {count}", shape=(count, 10), dtype=torch.float32)
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


OF_THE_BATCH = "In evaluation mode the running statistics must be used, not those of the batch."
SLIPS: Mapping[str, Mapping[str, Any]] = {
    "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.softmax(dim=1)
    },
    "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.log_softmax(dim=1)
    },
    "Return logits: there is a sigmoid at the end.": {"behind": torch.sigmoid},
    "There is a ReLU behind fc: logits may be negative.": {"behind": torch.relu},
    "The batch normalisation must stand before the ReLU.": {"relu_first": True},
    "The batch normalisation of block1 is there, but it is not used.": {"used": (False, True)},
    "The batch normalisation of block2 is there, but it is not used.": {"used": (True, False)},
    "The batch normalisations are there, but they are not used.": {"used": (False, False)},
    "The ReLU of block1 is missing.": {"activations": (untouched, torch.relu)},
    "The ReLU of block2 is missing.": {"activations": (torch.relu, untouched)},
    "Both ReLUs are missing.": {"activations": (untouched, untouched)},
    "There is a tanh where a ReLU is asked for.": {"activations": (torch.tanh, torch.tanh)},
    "The pooling takes the mean; max pooling takes the largest.": {"pools": (mean_pooling, mean_pooling)},
    "The pooling of block1 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (untouched, max_pooling)},
    "The pooling of block2 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (max_pooling, untouched)},
    "The padding is missing: with padding=2 the convolutions keep height and width.": {"padding": 0},
    "Flatten the maps as they are, channels first: there is a permute too many.": {"order": (0, 2, 3, 1)},
}
"""What a network may do otherwise, as options of `logits_of`, by the hint that names it."""


@dataclass(frozen=True)
class Network:
    """A student's network, whose state names the layers of its blocks by their place."""

    model: Any
    places: Mapping[str, str]

    def state(self) -> dict[str, Tensor]:
        """Return its weights and statistics."""
        return renamed(self.model.state_dict(), self.places)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Give it others."""
        self.model.load_state_dict(renamed(state, {place: name for name, place in self.places.items()}))


@dataclass(frozen=True)
class Norm:
    """A batch normalisation as it stands in a network's state; None where it keeps no such thing."""

    name: str
    weight: Tensor | None
    bias: Tensor | None
    mean: Tensor | None
    var: Tensor | None


def layers_of(state: Mapping[str, Tensor]) -> list[tuple[Tensor, Tensor | None]]:
    """Return weight and bias of both convolutions and of the linear layer, whatever their names and sizes are.

    Where there are others, or fewer, there is nothing to compare with: Slip.
    """
    weights = [(name, value) for name, value in state.items() if value.ndim in (2, 4)]
    weights.sort(key=lambda named: (-named[1].ndim, named[1].shape[1]))
    if [value.ndim for _, value in weights] != [4, 4, 2]:
        raise Slip
    return [(value, state.get(f"{name.removesuffix('weight')}bias")) for name, value in weights]


def norms_of(state: Mapping[str, Tensor]) -> dict[int, Norm]:
    """Return the batch normalisations by how many channels they have."""
    found = {}
    for name, value in state.items():
        if value.ndim == 1 and name.endswith((".weight", ".running_mean")):
            place = name.rpartition(".")[0]
            parts = (state.get(f"{place}.{part}") for part in ("weight", "bias", "running_mean", "running_var"))
            found[len(value)] = Norm(place, *parts)
    return found


def logits_of(
    state: Mapping[str, Tensor],
    x: Tensor,
    *,
    training: bool = False,
    moved: dict[str, Tensor] | None = None,
    by_map: tuple[bool, bool] = (False, False),
    padding: int = 2,
    relu_first: bool | None = None,
    used: tuple[bool, bool] = (True, True),
    activations: tuple[Callable[[Tensor], Tensor], ...] = (torch.relu, torch.relu),
    pools: tuple[Callable[[Tensor], Tensor], ...] = (max_pooling, max_pooling),
    order: tuple[int, ...] = (0, 1, 2, 3),
    behind: Callable[[Tensor], Tensor] = untouched,
) -> Tensor | None:
    """Return the logits of a LeNet5BN with this state, None where fc takes another number of values.

    What it lacks of batch normalisation it lacks here too, and where that stands elsewhere than directly behind the
    convolution it does so here: the check of the structure says so. `moved` gets the running statistics after the call.
    """
    *blocks, (weight, bias) = layers_of(state)
    norms = norms_of(state)
    for (kernels, shift), uses, alone, activation, pool in zip(blocks, used, by_map, activations, pools, strict=True):
        norm = norms.get(len(kernels)) if uses else None
        late = relu_first if relu_first is not None else norm is not None and not norm.name.endswith(".1")
        x = functional.conv2d(x, kernels, shift, padding=padding if kernels.shape[-1] == 5 else kernels.shape[-1] // 2)
        x = activation(x) if late else x
        x = normalised(x, norm, training=training, by_map=alone, moved=moved) if norm is not None else x
        x = pool(x if late else activation(x))
    maps = x.permute(order).flatten(start_dim=1)
    return behind(functional.linear(maps, weight, bias)) if maps.shape[1] == weight.shape[1] else None


def normalised(x: Tensor, norm: Norm, *, training: bool, by_map: bool, moved: dict[str, Tensor] | None) -> Tensor:
    """Return the maps behind a batch normalisation."""
    mean, var = (None if one is None else one.clone() for one in (norm.mean, norm.var))
    if by_map:
        return functional.instance_norm(x, None, None, norm.weight, norm.bias)
    x = functional.batch_norm(x, mean, var, norm.weight, norm.bias, training or mean is None)
    if moved is not None and mean is not None and var is not None:
        moved.update({f"{norm.name}.running_mean": mean, f"{norm.name}.running_var": var})
    return x


def known_slips(state: Mapping[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """Return the logits in evaluation mode of networks with this state and a slip, as far as they tell it apart."""
    known = {hint: logits_of(state, x, **options) for hint, options in SLIPS.items()}
    known[OF_THE_BATCH] = logits_of(state, x, training=True)
    different: dict[str, Tensor] = {}
    for hint, logits in known.items():
        others = (logits_of(state, x), *different.values())
        if logits is not None and not any(close(logits, other, 3e-3) for other in others):
            different[hint] = logits
    return different


def with_values(state: Mapping[str, Tensor], make: Callable[[torch.Size], Tensor]) -> dict[str, Tensor]:
    """Return a network's state with other weights and running statistics."""
    layers_of(state)
    changed = {name: make(value.shape) if value.ndim else value.clone() for name, value in state.items()}
    scales = {f"{norm.name}.{part}" for norm in norms_of(state).values() for part in ("weight", "running_var")}
    return {name: value.abs() + 0.5 if name in scales else value for name, value in changed.items()}


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.5)
@pytest.mark.public
def test_what_it_computes(student, library):
    """The logits are those of block1, block2, flatten, fc, one after the other: nothing more or less."""
    model = student.LeNet5BN()
    model.eval()
    numbers = iter(range(100))

    def waves(shape: torch.Size) -> Tensor:
        values = (torch.arange(1.0, 1.0 + shape.numel()) * (1.3 + next(numbers))).sin().view(shape)
        return 2 * values / (shape[1:].numel() if len(shape) > 1 else 9) ** 0.5

    network = Network(model, layer_places(model, library, "block1", "block2"))
    state = with_values(network.state(), waves)
    network.load(state)
    x = (torch.arange(6.0 * 28 * 28) ** 1.2).sin().view(6, 1, 28, 28)
    found = tensor(model(x), "LeNet5BN()(images)", shape=(6, 10)).detach()
    answer(found, logits_of(state, x), known_slips(state, x))


def drawn(student: Any, library: Any, rng: torch.Generator) -> tuple[Network, Case[tuple[dict[str, Tensor], Tensor]]]:
    """Return the student's network with random values, and what it must answer in evaluation mode to which images."""
    model = student.LeNet5BN()
    network = Network(model, layer_places(model, library, "block1", "block2"))
    fresh = network.state()

    def random(shape: torch.Size) -> Tensor:
        return torch.randn(shape, generator=rng) / (shape[1:].numel() if len(shape) > 1 else 4) ** 0.5

    def make() -> Case[tuple[dict[str, Tensor], Tensor]]:
        state = with_values(fresh, random)
        x = torch.randn(12, 1, 28, 28, generator=rng)
        return Case(inputs=(state, x), right=logits_of(state, x), slips=known_slips(state, x), tolerance=3e-4)

    case = draw(make)
    network.load(case.inputs[0])
    return network, case


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.75)
def test_forward_in_evaluation_mode(student, library, rng):
    """With weights and running statistics of ours the logits must be those of block1, block2, flatten, fc."""
    network, case = drawn(student, library, rng)
    theirs = network.model
    theirs.eval()
    _, x = case.inputs
    found = tensor(theirs(x), "the result of forward", shape=(12, 10))
    assert close(found, case.right, case.tolerance) or close(found, theirs(x), case.tolerance), (
        "The same images get other logits at each call, in evaluation mode too: is there an F.dropout without "
        "training=self.training, or a layer that is made in forward?"
    )
    case.judge(found)


def options_of(found: Tensor, case: Case[tuple[dict[str, Tensor], Tensor]]) -> Mapping[str, Any]:
    """Return what a network does otherwise in evaluation mode, as options of `logits_of`; nothing where it is right."""
    if close(found, case.right, case.tolerance):
        return {}
    hints = [hint for hint, wrong in case.slips.items() if close(found, wrong, case.tolerance)]
    return next((SLIPS[hint] for hint in hints if hint in SLIPS), {})


@pytest.mark.question("LeNet5BN")
@pytest.mark.points(0.5)
def test_forward_in_training_mode(student, library, rng):
    """In training mode the batch's statistics normalise it, and move the running ones as nn.BatchNorm2d does."""
    network, case = drawn(student, library, rng)
    theirs, (state, x) = network.model, case.inputs
    theirs.eval()
    options = options_of(tensor(theirs(x), "the result of forward", shape=(12, 10)), case)  # counted there already
    network.load(state)
    theirs.train()
    right_after: dict[str, Tensor] = {}
    right = logits_of(state, x, training=True, moved=right_after, **options)
    slips = {
        "In training mode the batch's own statistics must be used: forward must not call eval().": {},
        **{
            f"In training mode {blocks} each map of each image by itself (nn.InstanceNorm2d): use nn.BatchNorm2d.": {
                "training": True,
                "by_map": by_map,
            }
            for blocks, by_map in (
                ("both blocks normalise", (True, True)),
                ("block1 normalises", (True, False)),
                ("block2 normalises", (False, True)),
            )
        },
    }
    found = tensor(theirs(x), "the result of forward", shape=(12, 10))
    after = network.state()
    if not close(found, right, 1e-3):
        network.load(state)
        again = tensor(theirs(x), "the result of forward", shape=(12, 10))
        assert close(again, found, 1e-3), (
            "In training mode the same images get other logits each time: no dropout here."
        )
    answer(found, right, {hint: logits_of(state, x, **more, **options) for hint, more in slips.items()}, 1e-3)
    if all(close(after[name], value, 1e-3) for name, value in right_after.items()):
        return
    for name, value in right_after.items():
        came, due = after[name] - state[name], value - state[name]
        part = (came * due).sum() / (due * due).sum()
        assert close(part, 1.0, 1e-2) or (came - part * due).norm() > 1e-2 * came.norm(), (
            "The running statistics move by another share than 0.1: leave momentum at its default."
        )
    raise Slip


# added_parameters


@pytest.mark.question("added_parameters")
@pytest.mark.points(0)
@pytest.mark.public
def test_form(student):
    """`added_parameters` is a whole number."""
    assert integer(student.added_parameters, "added_parameters") > 0, "Batch normalisation does add parameters."


@pytest.mark.question("added_parameters")
@pytest.mark.points(1)
def test_added_parameters(student):
    """Each channel behind a convolution gets a gamma and a beta; running statistics are not trained."""
    found = integer(student.added_parameters, "added_parameters")
    slips = {
        "Running mean and variance are not trained: they are buffers and do not count.": 192,
        "Running statistics and num_batches_tracked are not trained: they are buffers and do not count.": 194,
        "Each channel has two trainable numbers, a gamma and a beta.": 48,
        "This is the normalisation of block1 alone: block2 has one as well.": 32,
        "This is the normalisation of block2 alone: block1 has one as well.": 64,
        "These are all parameters of LeNet5BN: how many more than those of LeNet5 are they?": 29_034,
        "These are all parameters of LeNet5: how many more does LeNet5BN have?": 28_938,
        "Each channel has a gamma and a beta of its own.": 4,
        "Each channel has one gamma and one beta, however large its kernels or its maps are.": 2 * 16 * 14 * 14
        + 2 * 32 * 7 * 7,
    }
    answer(found, 96, slips)

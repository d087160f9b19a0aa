"""Check the network: its structure, and what it computes."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks import StudentError
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import answer, close, layer_places, renamed, tensor

pytestmark = pytest.mark.question("MLP")


def shapes(inputs: int, hidden: int, classes: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each parameter by its name."""
    return {
        "hidden_layer.0.weight": (hidden, inputs),
        "hidden_layer.0.bias": (hidden,),
        "hidden_layer.2.weight": (hidden, hidden),
        "hidden_layer.2.bias": (hidden,),
        "output_layer.0.weight": (classes, hidden),
        "output_layer.0.bias": (classes,),
    }


def by_their_names(weights: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights by the names in `found`, in order where these are others than ours; other shapes fail."""
    same_names = found.keys() == weights.keys()
    names = dict(zip(weights, weights if same_names else found, strict=False))
    fitting = len(found) == len(weights) and all(found[names[ours]].shape == weights[ours].shape for ours in weights)
    assert fitting, "The parameters are not those of three Linear layers with biases, of the sizes asked for."
    return {names[ours]: weight for ours, weight in weights.items()}


def logits_of(weights: Sequence[Tensor], x: Tensor, relus: str = "12") -> Tensor:
    """Return the logits of flat inputs; `relus` says behind which layers there is one."""
    first, first_bias, second, second_bias, last, last_bias = weights
    one = x @ first.T + first_bias
    one = one.relu() if "1" in relus else one
    two = one @ second.T + second_bias
    two = two.relu() if "2" in relus else two
    three = two @ last.T + last_bias
    return three.relu() if "3" in relus else three


def misread(weights: Sequence[Tensor], x: Tensor) -> dict[str, Tensor]:
    """Return wrong results of forward by the slips that lead to them."""
    logits = logits_of(weights, x)
    return {
        "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.softmax(1),
        "Return logits: there is a softmax at the end, and that over the images of the batch.": logits.softmax(0),
        "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.log_softmax(
            1
        ),
        "Return logits: there is a sigmoid at the end.": logits.sigmoid(),
        "There is a ReLU behind the output layer: logits may be negative.": logits.relu(),
        "Both ReLUs are missing: without them three layers compute no more than one.": logits_of(weights, x, ""),
        "The first ReLU is missing: without it two layers compute no more than one.": logits_of(weights, x, "2"),
        "The second ReLU is missing: without it two layers compute no more than one.": logits_of(weights, x, "1"),
    }


@pytest.mark.points(0.5)
@pytest.mark.public
def test_structure(student, library):
    """`hidden_layer` is Linear, ReLU, Linear, ReLU and `output_layer` is Linear, each an nn.Sequential."""
    model, other = student.MLP(20, 8, 3), student.MLP(20, 8, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    places = layer_places(model, library, "hidden_layer", "output_layer")
    found = {name: tuple(value.shape) for name, value in renamed(before, places).items()}
    assert "output_layer.weight" not in found, "`output_layer` is an nn.Sequential too, of one Linear."
    if any(name.startswith("hidden_layer.") for name in found):
        assert len(list(model.hidden_layer)) == 4, "`hidden_layer` has four parts: Linear, ReLU, Linear, ReLU."
    for name, shape in shapes(20, 8, 3).items():
        assert name in found, f"MLP(20, 8, 3) has no parameter {name!r}: compare print(MLP()) with the one above."
        assert found[name] == shape, f"In MLP(20, 8, 3) {name} has shape {found[name]}; it must be {shape}."
    assert len(found) == 6, "There are more parameters than those of three Linear layers with biases."
    kinds = ("Linear", "ReLU", "Linear", "ReLU")
    for number, (layer, kind) in enumerate(zip(list(model.hidden_layer), kinds, strict=True)):
        right = library.builtins.isinstance(layer, library.torch.nn.ReLU if kind == "ReLU" else library.torch.nn.Linear)
        assert right, f"hidden_layer[{number}] must be an nn.{kind}."
    assert len(list(model.output_layer)) == 1, "`output_layer` has one part, a Linear: it gives logits as they are."
    other.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    after = model.state_dict()
    assert all(after[name].equal(value) for name, value in before.items()), (
        "Two MLP(20, 8, 3) share their weights: make the layers in __init__, so that each network has its own."
    )


@pytest.mark.points(0.5)
@pytest.mark.public
def test_shapes_of_the_result(student, library):
    """Flat vectors and images both give one row of logits for each image: Linear, ReLU, Linear, ReLU, Linear."""
    call = library.builtins.eval("lambda model, given: model(given.images)", {})
    learning = library.builtins.eval(
        "lambda model, given: (lambda logits: logits.requires_grad and (logits.sum().backward(), "
        "all(one.grad is not None for one in model.parameters()))[1])(model(given.images))",
        {},
    )
    model = student.MLP(16, 8, 3)
    weights = {}
    for number, (name, shape) in enumerate(shapes(16, 8, 3).items()):
        values = (torch.arange(1.0, 1.0 + torch.Size(shape).numel()) * (number + 2)).sin()
        weights[name] = values.view(shape)
    model.load_state_dict(by_their_names(weights, model.state_dict()))
    x = (torch.arange(80.0) ** 2).cos().view(5, 16)
    right, slips = logits_of(list(weights.values()), x), misread(list(weights.values()), x)
    for images in (x, x.view(5, 1, 4, 4)):
        name = f"MLP(16, 8, 3) of an input of shape {list(images.shape)}"
        given = library.types.SimpleNamespace(images=images.clone())
        found = tensor(call(model, given), name, shape=(5, 3), dtype=torch.float32)
        left = tensor(given.images, "the input of forward")
        assert close(left, images), "forward changes the images that it is given: others need them as they are."
        answer(found, right, slips)
    name = "MLP(16, 8, 3) of a single image [1, 16]"
    answer(tensor(model(x[:1]), name, shape=(1, 3), dtype=torch.float32), right[:1])
    assert learning(model, library.types.SimpleNamespace(images=x)) is True, (
        "No gradient reaches every layer, so not all can learn: is there a no_grad or a detach in forward?"
    )


@pytest.mark.points(1)
def test_sizes(student, rng):
    """The sizes are the parameters input_size, hidden_size, num_classes of __init__, with the defaults 784, 500, 10.

    Whatever they are, flat inputs and images give a row of num_classes logits each.
    """

    def matrices(model: Any) -> list[tuple[int, ...]]:
        """Return the shapes of the weights without the biases, whatever they are called."""
        return [tuple(value.shape) for value in model.state_dict().values() if value.ndim == 2]

    def right(inputs: int, hidden: int, classes: int) -> list[tuple[int, ...]]:
        return [(hidden, inputs), (hidden, hidden), (classes, hidden)]

    side = int(torch.randint(2, 8, (), generator=rng))
    hidden, classes = (torch.randperm(40, generator=rng)[:2] + 65).tolist()
    sizes = side * side, hidden, classes
    model = student.MLP(*sizes)
    found = matrices(model)
    if found != right(*sizes):
        in_another_order = found in [right(*order) for order in permutations(sizes)]
        assert not in_another_order, "The order of the parameters is input_size, hidden_size, num_classes."
        assert len(found) != 3, "A layer has a size of its own: all sizes come from the parameters of __init__."
    answer(found, right(*sizes))
    flat = torch.randn(3, side * side, generator=rng)
    for x in (flat, flat.view(3, 1, side, side)):
        tensor(model(x), f"the result for an input of shape {list(x.shape)}", shape=(3, classes))
    default = "MLP() must have 784 inputs, 500 hidden units twice, and 10 classes: these are the defaults."
    try:
        without = matrices(student.MLP())
    except StudentError as error:
        assert error.type_name != "TypeError", default
        raise
    assert without == right(784, 500, 10), default
    names = "The parameters of __init__ must be called input_size, hidden_size and num_classes."
    try:
        by_name = matrices(student.MLP(num_classes=2, hidden_size=3, input_size=4))
    except StudentError as error:
        assert error.type_name != "TypeError", names
        raise
    answer(by_name, right(4, 3, 2))


@pytest.mark.points(2)
def test_forward_matches_reference(student, rng):
    """With the same weights the logits must be those of Linear, ReLU, Linear, ReLU, Linear: nothing more or less."""

    def drawn() -> Case[tuple[dict[str, Tensor], Tensor]]:
        weights = {
            name: torch.randn(shape, generator=rng) / shape[-1] ** 0.5 for name, shape in shapes(784, 500, 10).items()
        }
        x = torch.randn(32, 784, generator=rng)
        flat = list(weights.values())
        return Case(inputs=(weights, x), right=logits_of(flat, x), slips=misread(flat, x))

    case = draw(drawn)
    weights, x = case.inputs
    model = student.MLP()
    model.load_state_dict(by_their_names(weights, model.state_dict()))
    found = [tensor(model(x), "the result of forward", shape=(32, 10), dtype=torch.float32) for _ in range(2)]
    if not close(found[0], case.right):
        assert close(found[0], found[1]), "The same images give other logits each time: leave out what draws at random."
    case.judge(found[0])
    case.judge(tensor(model(x.view(32, 1, 28, 28)), "the result of forward", shape=(32, 10), dtype=torch.float32))
    single = tensor(model(x[:1]), "the result of forward for a single image", shape=(1, 10), dtype=torch.float32)
    answer(single, logits_of(list(weights.values()), x[:1]))

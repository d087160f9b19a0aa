"""Check the network: its structure, and what it computes."""

import pytest
import torch
from torch.nn import functional

from autograder.checks.expect import tensor

pytestmark = pytest.mark.question("MLP")

NAMES = "The parameters must be those of `hidden_layer` and `output_layer`, each an nn.Sequential, by these names."


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


@pytest.mark.points(0.5)
@pytest.mark.public
def test_structure(student, library):
    """`hidden_layer` is Linear, ReLU, Linear, ReLU and `output_layer` is Linear, each an nn.Sequential."""
    model = student.MLP(20, 8, 3)
    found = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, shape in shapes(20, 8, 3).items():
        assert name in found, f"MLP(20, 8, 3) has no parameter {name!r}: compare print(MLP()) with the one above."
        assert found[name] == shape, f"In MLP(20, 8, 3) {name} has shape {found[name]}; it must be {shape}."
    assert len(found) == 6, "There are more parameters than those of three Linear layers with biases."
    kinds = ("Linear", "ReLU", "Linear", "ReLU")
    layers = list(model.hidden_layer)
    assert len(layers) == 4, "`hidden_layer` has four parts: Linear, ReLU, Linear, ReLU."
    for number, (layer, kind) in enumerate(zip(layers, kinds, strict=True)):
        right = library.builtins.isinstance(layer, library.torch.nn.ReLU if kind == "ReLU" else library.torch.nn.Linear)
        assert right, f"hidden_layer[{number}] must be an nn.{kind}."


@pytest.mark.points(0.5)
@pytest.mark.public
def test_shapes_of_the_result(student):
    """Flat vectors and images both give one row of logits for each image."""
    model = student.MLP(16, 8, 3)
    for x in (torch.ones(5, 16), torch.ones(5, 1, 4, 4)):
        tensor(model(x), f"MLP(16, 8, 3) of an input of shape {list(x.shape)}", shape=(5, 3), dtype=torch.float32)


@pytest.mark.points(1)
def test_sizes(student, rng):
    """The sizes are parameters, with the defaults 784, 500, 10; each Linear has in × out weights and a bias per output."""
    inputs, hidden, classes = (int(n) for n in torch.randint(2, 60, (3,), generator=rng))
    found = {name: tuple(value.shape) for name, value in student.MLP(inputs, hidden, classes).state_dict().items()}
    assert found.keys() == shapes(1, 1, 1).keys(), NAMES
    assert found == shapes(inputs, hidden, classes), "The sizes must come from the parameters of __init__, all three."
    found = {name: tuple(value.shape) for name, value in student.MLP().state_dict().items()}
    assert found == shapes(784, 500, 10), "MLP() must have 784 inputs, 500 hidden units twice, and 10 classes."
    by_name = student.MLP(input_size=4, hidden_size=3, num_classes=2).state_dict()
    assert len(by_name) == 6, "MLP needs the parameters input_size, hidden_size and num_classes, by these names."


@pytest.mark.points(2)
def test_forward_matches_reference(student, reference, rng):
    """With the same weights the logits must be those of Linear, ReLU, Linear, ReLU, Linear: nothing more or less."""
    ours, theirs = reference.MLP(36, 16, 5), student.MLP(36, 16, 5)
    weights = {name: torch.randn(value.shape, generator=rng) for name, value in ours.state_dict().items()}
    found = theirs.state_dict()
    assert found.keys() == weights.keys(), NAMES
    right = all(found[name].shape == weights[name].shape for name in weights)
    assert right, "The sizes must come from the parameters of __init__, all three."
    ours.load_state_dict(weights)
    theirs.load_state_dict(weights)
    x = torch.randn(32, 36, generator=rng)
    with torch.no_grad():
        logits = ours(x)
        first = functional.relu(ours.hidden_layer[0](x))
        one_relu = ours.output_layer(ours.hidden_layer[2](first))
    slips = {
        "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.softmax(
            dim=1
        ),
        "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.log_softmax(
            1
        ),
        "Return logits: there is a sigmoid at the end.": logits.sigmoid(),
        "There is a ReLU behind the output layer: logits may be negative.": logits.relu(),
        "The second ReLU is missing: without it two layers compute no more than one.": one_relu,
    }
    for images in (x, x.view(32, 1, 6, 6)):
        found = tensor(theirs(images), "the result of forward", shape=(32, 5), dtype=torch.float32)
        for hint, wrong in slips.items():
            assert not torch.allclose(found, wrong, atol=1e-4), hint
        assert torch.allclose(found, logits, atol=1e-4), (
            "The logits are not those of flatten, hidden_layer, output_layer, one after the other."
        )

"""Check the network: the shapes on paper, its structure, and what it computes."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.checks import partial
from autograder.checks.expect import integers, tensor

SHAPES = {
    "block1.0.weight": (16, 1, 5, 5),
    "block1.0.bias": (16,),
    "block2.0.weight": (32, 16, 5, 5),
    "block2.0.bias": (32,),
    "fc.weight": (10, 1568),
    "fc.bias": (10,),
}


# feature_shapes


def shape_of(value: object, name: str) -> tuple[int, ...]:
    """Return one of the two shapes as three whole numbers."""
    assert type(value) is dict, "`feature_shapes` must be a dict with the keys 'block1' and 'block2'."
    assert name in value, f"`feature_shapes` has no entry {name!r}: its keys are 'block1' and 'block2'."
    shape = value[name]
    assert type(shape) not in (tuple, list) or len(shape) != 4, (
        f"The shape of {name} is (channels, height, width): leave the batch dimension out."
    )
    return tuple(integers(shape, f"feature_shapes[{name!r}]", length=3))


@pytest.mark.question("feature_shapes")
@pytest.mark.points(0)
@pytest.mark.public
def test_form(student):
    """`feature_shapes` is a dict that gives (channels, height, width) for "block1" and "block2"."""
    for name in ("block1", "block2"):
        shape = shape_of(student.feature_shapes, name)
        assert min(shape) > 0, f"The shape of {name} has three positive numbers: channels, height, width."
    assert set(student.feature_shapes) == {"block1", "block2"}, "Only 'block1' and 'block2' are asked for."


def compare(found: tuple[int, ...], right: tuple[int, int, int], slips: dict[tuple[int, ...], str], name: str) -> None:
    """Name the slip, give half for what is nearly right, and insist on the shape."""
    assert found not in slips, slips.get(found, "")
    if found != right and sorted(found) == sorted(right):
        partial(0.5, f"The three numbers of {name} are right, their order is not: (channels, height, width).")
    assert found[0] == right[0], f"The number of channels of {name} is the number of its kernels."
    assert found == right, f"Height and width of {name} are wrong: padding, kernel, pooling, one after the other."


@pytest.mark.question("feature_shapes")
@pytest.mark.points(1.5)
def test_block1(student):
    """Same padding keeps height and width of the image, pooling halves them, each kernel makes one channel."""
    slips = {
        (16, 28, 28): "In block1 the pooling is forgotten: it halves height and width.",
        (16, 12, 12): "In block1 the padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.",
        (16, 24, 24): "In block1 both padding and pooling are forgotten.",
        (16, 7, 7): "In block1 there is one pooling by 2: it halves height and width once.",
        (1, 14, 14): "A layer's channels are its kernels: block1 has more than one.",
    }
    compare(shape_of(student.feature_shapes, "block1"), (16, 14, 14), slips, "block1")


@pytest.mark.question("feature_shapes")
@pytest.mark.points(1.5)
def test_block2(student):
    """What block1 leaves goes through block2 in the same way."""
    slips = {
        (
            32,
            14,
            14,
        ): "In block2 the pooling is forgotten, or block2 was taken to see the image: it sees block1's maps.",
        (32, 28, 28): "The poolings are forgotten: each halves height and width.",
        (32, 4, 4): "The padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.",
        (32, 5, 5): "In block2 the padding is forgotten: with 2 on each side a 5×5 kernel keeps the size.",
        (512, 7, 7): "Each kernel of block2 adds up over all channels that come in: 32 kernels make 32 channels.",
        (16, 7, 7): "block2 has twice as many kernels as block1, and so twice as many channels.",
    }
    compare(shape_of(student.feature_shapes, "block2"), (32, 7, 7), slips, "block2")


# LeNet5


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
@pytest.mark.public
def test_structure(student):
    """`block1` and `block2` are convolution, ReLU and max pooling in an nn.Sequential, `fc` is a Linear."""
    model = student.LeNet5()
    found = {name: tuple(value.shape) for name, value in model.state_dict().items()}
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
    assert found["fc.weight"][0] == 10, "fc gives ten logits."
    assert len(found) == 6, "There are more parameters than those of two Conv2d and one Linear."


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
@pytest.mark.public
def test_shape_of_the_result(student):
    """A batch of images gives one row of ten logits for each image."""
    model = student.LeNet5()
    tensor(model(torch.ones(5, 1, 28, 28)), "LeNet5() of 5 images", shape=(5, 10), dtype=torch.float32)


def same_weights(student: object, reference: object, rng: torch.Generator) -> tuple[nn.Module, object]:
    """Return our network and the student's with the same random weights."""
    ours, theirs = reference.LeNet5(), student.LeNet5()
    found = {name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    assert set(found) == set(SHAPES), "The parameters must be those of block1, block2 and fc, by these names."
    assert found["fc.weight"] == SHAPES["fc.weight"], "fc must take all numbers of block2's maps, and give 10 logits."
    assert found == SHAPES, "The kernels are 16 of 1×5×5 and 32 of 16×5×5."
    weights = {
        name: torch.randn(value.shape, generator=rng) / (value[0].numel() ** 0.5 if value.ndim > 1 else 3)
        for name, value in ours.state_dict().items()
    }
    ours.load_state_dict(weights)
    theirs.load_state_dict(weights)
    return ours.eval(), theirs


def variant(
    model: nn.Module, x: Tensor, *, relu: tuple[bool, bool] = (True, True), pool: str = "max", order: str = "chw"
) -> Tensor:
    """Return what a network with these weights and a slip in it would answer."""
    for block, has_relu in zip((model.block1, model.block2), relu, strict=True):
        x = block[0](x)
        x = x.relu() if has_relu else x
        if pool == "stride":
            x = x[..., ::2, ::2]
        else:
            x = functional.max_pool2d(x, 2) if pool == "max" else functional.avg_pool2d(x, 2)
    x = x.permute(0, 2, 3, 1) if order == "hwc" else x
    return model.fc(x.flatten(start_dim=1))


@pytest.mark.question("LeNet5")
@pytest.mark.points(3)
def test_forward_matches_reference(student, reference, rng):
    """With the same weights the logits must be those of block1, block2, fc: nothing more or less."""
    ours, theirs = same_weights(student, reference, rng)
    theirs.eval()
    x = torch.randn(16, 1, 28, 28, generator=rng)
    with torch.no_grad():
        logits = ours(x)
        slips = {
            "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": logits.softmax(
                1
            ),
            "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": (
                logits.log_softmax(1)
            ),
            "Return logits: there is a sigmoid at the end.": logits.sigmoid(),
            "There is a ReLU behind fc: logits may be negative.": logits.relu(),
            "The ReLU of block1 is missing.": variant(ours, x, relu=(False, True)),
            "The ReLU of block2 is missing.": variant(ours, x, relu=(True, False)),
            "Both ReLUs are missing.": variant(ours, x, relu=(False, False)),
            "The pooling takes the mean; max pooling takes the largest.": variant(ours, x, pool="mean"),
            "A stride is no pooling: use nn.MaxPool2d(2), which takes the largest of four.": variant(
                ours, x, pool="stride"
            ),
            "Flatten the maps as they are, channels first: there is a permute too many.": variant(ours, x, order="hwc"),
        }
    found = tensor(theirs(x), "the result of forward", shape=(16, 10), dtype=torch.float32)
    for hint, wrong in slips.items():
        assert not torch.allclose(found, wrong, atol=1e-4), hint
    assert torch.allclose(found, logits, atol=1e-4), (
        "The logits are not those of block1, block2, flatten, fc, one after the other."
    )


@pytest.mark.question("LeNet5")
@pytest.mark.points(1)
def test_each_image_by_itself(student, reference, rng):
    """Each image has its logits, whatever else is in the batch, if it is alone in it, in training mode too."""
    ours, theirs = same_weights(student, reference, rng)
    x = torch.randn(7, 1, 28, 28, generator=rng)
    with torch.no_grad():
        logits = ours(x)
    theirs.train()
    for batch in (1, 2, 7):
        found = tensor(theirs(x[:batch]), "the result of forward", shape=(batch, 10), dtype=torch.float32)
        assert torch.allclose(found, logits[:batch], atol=1e-4), (
            "The logits depend on the other images or on the mode: there is no dropout and no normalisation here."
        )

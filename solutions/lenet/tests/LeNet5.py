# Public checks of `LeNet5`: made by `autograder build` from tests/lenet.
OK_FORMAT = False

name = 'LeNet5'
points = None


from otter.test_files import test_case
import torch
from typing import NoReturn


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        import importlib

        return importlib.import_module(name)


class Mismatch(AssertionError):
    """A value is not of the kind asked for: the rule, and what was found instead."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        super().__init__(f"{rule} Yours is {found}.")


def _mismatch(rule: str, found: object) -> NoReturn:
    raise Mismatch(rule, str(found)[:200])


def _kind(value: object) -> str:
    """Return what the value is; a handle stands for whatever is not plain data."""
    name = type(value).__name__
    return "an object that is no plain data" if name == "Handle" else f"of type {name}"


def _require_shape(found: tuple[int, ...], name: str, shape: tuple[int | None, ...]) -> None:
    if len(found) != len(shape) or any(w is not None and w != f for w, f in zip(shape, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        _mismatch(f"`{name}` must have shape [{wanted}].", f"of shape {list(found)}")


def tensor(
    value: object, name: str, shape: tuple[int | None, ...] | None = None, dtype: "torch.dtype | None" = None
) -> "torch.Tensor":
    """Return `value`, a plain tensor of that shape (None: any size) and dtype without NaN or infinity, detached."""
    import torch

    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        _mismatch(f"`{name}` must be a tensor.", _kind(value))
    assert isinstance(value, torch.Tensor)
    if shape is not None:
        _require_shape(tuple(value.shape), name, shape)
    if dtype is not None and value.dtype != dtype:
        _mismatch(f"`{name}` must have dtype {dtype}.", f"of dtype {value.dtype}")
    if not bool(torch.isfinite(value).all()):
        _mismatch(f"`{name}` must be finite.", "not: it holds NaN or infinity")
    return value.detach()


@test_case(name='LeNet5', points=1, failure_message='`block1` and `block2` are convolution, ReLU and max pooling in an nn.Sequential, `fc` is a Linear.')
def test_structure(env):
    student = Student(env)
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


@test_case(name='LeNet5', points=1, failure_message='A batch of images gives one row of ten logits for each image.')
def test_shape_of_the_result(env):
    student = Student(env)
    model = student.LeNet5()
    tensor(model(torch.ones(5, 1, 28, 28)), "LeNet5() of 5 images", shape=(5, 10), dtype=torch.float32)

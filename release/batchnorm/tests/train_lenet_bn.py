# Public checks of `train_lenet_bn`: made by `autograder build` from tests/batchnorm.
OK_FORMAT = False

name = 'train_lenet_bn'
points = None


from otter.test_files import test_case
from typing import Any
import torch
from torch import Tensor
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


def full_size(model: Any) -> dict[str, Tensor]:
    """Return the weights and running statistics of a LeNet5BN(); anything else fails."""
    blocks = {"block1": (1, 16), "block2": (16, 32)}
    shapes = {"fc.weight": (10, 1568), "fc.bias": (10,)}
    for block, (inputs, outputs) in blocks.items():
        shapes[f"{block}.0.weight"] = (outputs, inputs, 5, 5)
        for name in ("0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
            shapes[f"{block}.{name}"] = (outputs,)
    assert model is not None, "`train_lenet_bn` returns nothing: return the model."
    state = model.state_dict()
    counters = {f"{block}.1.num_batches_tracked" for block in blocks}
    assert set(state) == set(shapes) | counters, "`train_lenet_bn` must return a LeNet5BN() and no other network."
    assert all(type(state[name]) is torch.Tensor and state[name].numel() == 1 for name in counters), (
        "`train_lenet_bn` must return a LeNet5BN() and no other network."
    )
    return {name: tensor(state[name], name, shape=shape, dtype=torch.float32) for name, shape in shapes.items()}


@test_case(name='train_lenet_bn', points=0.5, failure_message='`train_lenet_bn` uses the loaders that it is given and returns a LeNet5BN(), trained in training mode.')
def test_a_few_images(env):
    student = Student(env)
    library = Library()
    y = torch.arange(60) % 10
    x = torch.zeros(60, 1, 28, 28)
    x[torch.arange(60), 0, y, y] = 10.0
    data = library.torch.utils.data
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=20)
    state = full_size(student.train_lenet_bn(loader, loader, library.torch.device("cpu")))
    assert state["block1.1.running_mean"].any(), (
        "The running statistics are still those of a new network: call model.train() before you train."
    )

# Public checks of `MLP`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'MLP'
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


@test_case(name='MLP', points=0.5, failure_message='`hidden_layer` is Linear, ReLU, Linear, ReLU and `output_layer` is Linear, each an nn.Sequential.')
def test_structure(env):
    student = Student(env)
    library = Library()
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


@test_case(name='MLP', points=0.5, failure_message='Flat vectors and images both give one row of logits for each image.')
def test_shapes_of_the_result(env):
    student = Student(env)
    model = student.MLP(16, 8, 3)
    for x in (torch.ones(5, 16), torch.ones(5, 1, 4, 4)):
        tensor(model(x), f"MLP(16, 8, 3) of an input of shape {list(x.shape)}", shape=(5, 3), dtype=torch.float32)

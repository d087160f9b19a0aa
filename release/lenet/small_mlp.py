"""A small multi-layer perceptron, trained on the same 10,000 digits as your LeNet: for comparison."""

from pathlib import Path

from safetensors.torch import load_file
from torch import nn

__all__ = ["WEIGHTS", "empty_mlp", "small_mlp"]

WEIGHTS = Path(__file__).with_name("small_mlp.safetensors")


def small_mlp() -> nn.Sequential:
    """Return the trained network, in evaluation mode: images float32 [N, 1, 28, 28], normalised, to logits [N, 10]."""
    model = empty_mlp()
    model.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})  # kept in half precision
    return model.eval()


def empty_mlp() -> nn.Sequential:
    """Return the network 784-100-100-10 as it is before training."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)
    )

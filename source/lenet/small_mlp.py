"""A small multi-layer perceptron, trained on the same 10,000 digits as your LeNet: for comparison."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["WEIGHTS", "empty_mlp", "small_mlp"]

WEIGHTS = Path(__file__).with_name("small_mlp.safetensors")
_TYPES = {"F16": torch.float16, "F32": torch.float32}


def small_mlp() -> nn.Sequential:
    """Return the trained network, in evaluation mode: images float32 [N, 1, 28, 28], normalised, to logits [N, 10]."""
    model = empty_mlp()
    model.load_state_dict({name: value.float() for name, value in _read(WEIGHTS).items()})
    return model.eval()


def empty_mlp() -> nn.Sequential:
    """Return the network 784-100-100-10 as it is before training."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)
    )


def _read(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file: eight bytes with the header's length, the header in JSON, the raw numbers."""
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            numbers = torch.frombuffer(content[start + first : start + last], dtype=_TYPES[entry["dtype"]])
            tensors[name] = numbers.view(entry["shape"]).clone()
    return tensors

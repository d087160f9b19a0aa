"""Train the small MLP that `lenet` compares with, and write it: python docs/figures/lenet_mlp.py.

784-100-100-10, on the 10,000 digits that the LeNet learns from too, kept in half precision (180 KB).
It takes a quarter of a minute on one core.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "source" / "lenet"
EPOCHS = 15


def main() -> None:
    """Train, say what became of it, write."""
    sys.path.insert(0, str(FOLDER))
    from digits import loaders  # noqa: PLC0415 - the assignment's own modules, found by path
    from small_mlp import WEIGHTS, empty_mlp, small_mlp  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.manual_seed(0)
    train_loader, valid_loader = loaders(batch_size=100, root=ROOT / "data", train_size=10_000)
    model = empty_mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for _ in range(EPOCHS):
        for images, labels in train_loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    save_file({name: value.half() for name, value in model.state_dict().items()}, WEIGHTS)
    WEIGHTS.chmod(0o644)
    images, labels = valid_loader.dataset.tensors
    for name, network in (("trained", model), ("as read back", small_mlp())):
        with torch.no_grad():
            accuracy = (network(images).argmax(dim=1) == labels).double().mean().item()
        print(f"{name}: {accuracy:.2%} of {len(labels):,} validation digits")
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

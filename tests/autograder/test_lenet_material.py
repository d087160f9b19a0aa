"""Hold the material of `lenet`: the small MLP reads as it was written, and the release keeps the sizes to itself."""

import importlib.util
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / "lenet"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"lenet_{name}", SOURCE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


small_mlp = load("small_mlp")


def test_the_weights_are_small():
    assert small_mlp.WEIGHTS.stat().st_size < 200_000


def test_the_network_has_the_weights_of_the_file_in_single_precision():
    theirs = load_file(small_mlp.WEIGHTS)
    ours = small_mlp.small_mlp().state_dict()
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], value.float()) for name, value in theirs.items())


def test_the_small_mlp_knows_digits(monkeypatch):
    monkeypatch.syspath_prepend(SOURCE)  # where digits.py finds mnist_files.py
    digits = load("digits")
    _, valid_loader = digits.loaders(batch_size=100, root=ROOT / "data", train_size=10_000)
    images, labels = valid_loader.dataset.tensors
    with torch.no_grad():
        accuracy = (small_mlp.small_mlp()(images).argmax(dim=1) == labels).double().mean().item()
    assert 0.945 < accuracy < 0.96  # the text says 95 %


def test_students_see_question_marks_where_the_sizes_belong():
    """The figure with the sizes lies where only solutions/ gets it."""
    assert (SOURCE / "solution" / "lenet_sizes.png").is_file()
    assert not (SOURCE / "figures" / "lenet_sizes.png").exists()

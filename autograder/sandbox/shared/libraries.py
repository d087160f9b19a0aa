"""Load the libraries that a course asks for before anything is forked: importing them in each fork takes seconds."""

import importlib
import sys
from collections.abc import Iterable, Mapping

__all__ = ["load_libraries"]

# ruff: noqa: PLC0415 - a course that does not ask for a library does not pay for it

_ALWAYS = ("numpy", "numpy.linalg", "numpy.random", "IPython.display", "multiprocessing.pool")
_ON_FIRST_USE: Mapping[str, tuple[str, ...]] = {
    "torch": (
        *("torch", "torch._dynamo", "torch.testing._comparison", "torch.utils.data", "torch.optim"),
        "autograder.sandbox.shared.tensors",
    ),
    "torchvision": (
        *("torchvision", "torchvision.datasets", "torchvision.transforms.v2", "torchvision.models.detection"),
    ),
    "pandas": ("pandas", "autograder.sandbox.shared.tables"),
    "PIL": ("PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin"),
    "matplotlib": (
        *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
        *("matplotlib_inline.backend_inline", "IPython.core.pylabtools"),
    ),
}
"""What notebooks use of a library, and what the library imports on first use; of another one itself is loaded."""


def load_libraries(names: Iterable[str]) -> None:
    """Import the libraries with what they import on first use, without ever running an operation of torch."""
    for name in names:
        for module in _ON_FIRST_USE.get(name, (name,)):
            importlib.import_module(module)
    for module in _ALWAYS:
        importlib.import_module(module)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
    if "matplotlib" in sys.modules:
        import matplotlib as mpl

        mpl.use("agg")

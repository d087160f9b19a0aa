"""Load the libraries that a course asks for before anything is forked: importing them in each fork takes seconds."""

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from types import ModuleType

__all__ = ["COMPILER", "libraries_used", "load_libraries"]

# ruff: noqa: PLC0415 - a course that does not ask for a library does not pay for it

COMPILER = "torch._dynamo"
"""The half of torch that only `torch.compile`, optimisers and a few more use: as long to import as all the rest."""
_BY_WORDS: Mapping[str, tuple[str, ...]] = {
    COMPILER: (
        *(
            "optim.",
            "torch.optim",
            "torch.compile",
            "dynamo",
            "inductor",
            "torch.func",
            "functorch",
            "jacrev",
            "jacfwd",
        ),
        *("hessian", "checkpoint", "DispatchMode", "flop_counter", "profiler", "use_deterministic_algorithms"),
        *("torch.export", "onnx", "transforms.v2", "import v2", "tv_tensors"),
    ),
    "torch.fx.experimental.symbolic_shapes": ("assert_close", "gradcheck", "jit.trace"),
}
"""Parts of torch that take long to import, and the words of code that makes torch import them (found by trying)."""
_ALWAYS = ("numpy", "numpy.linalg", "numpy.random", "IPython.display", "multiprocessing.pool")
_ON_FIRST_USE: Mapping[str, tuple[str, ...]] = {
    "torch": (
        *("torch", "torch.testing._comparison", "torch.utils.data", "torch.optim"),
        "autograder.sandbox.shared.tensors",
    ),
    "torchvision": ("torchvision", "torchvision.datasets", "torchvision.models.detection"),
    "pandas": ("pandas", "autograder.sandbox.shared.tables"),
    "PIL": ("PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin"),
    "matplotlib": (
        *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
        *("matplotlib_inline.backend_inline", "IPython.core.pylabtools"),
    ),
}
"""What notebooks use of a library, and what the library imports on first use; of another one itself is loaded."""


_IMPORTS_DATA = re.compile(r"^\s*(?:import|from)\s+(torch|pandas)\b", re.MULTILINE)
"""An import of a library whose objects are data, which they are only where it is loaded on both sides."""


def libraries_used(names: Iterable[str], code: Iterable[str]) -> tuple[str, ...]:
    """Return the libraries with those that the code imports for data, and with the parts of torch that it may use.

    In doubt with them: it costs seconds once.
    """
    texts = tuple(code)
    imported = {name for text in texts for name in _IMPORTS_DATA.findall(text) if find_spec(name)}
    names = tuple(dict.fromkeys([*names, *sorted(imported)]))
    if "torch" not in names:
        return names
    used = [part for part, words in _BY_WORDS.items() if any(word in text for text in texts for word in words)]
    return (*names, *used)


def load_libraries(names: Iterable[str]) -> None:
    """Import the libraries with what they import on first use, without ever running an operation of torch.

    torch's compiler is loaded only where COMPILER is among the names; what needs it anyway imports it then.
    """
    names = tuple(names)
    modules = [module for name in names for module in _ON_FIRST_USE.get(name, (name,))]
    if {COMPILER, "torchvision"} <= {*names}:
        modules.append("torchvision.transforms.v2")
    if "torch" in names:
        importlib.import_module("torch")
    with nullcontext() if COMPILER in names else _compiler_at_first_use():
        for module in (*modules, *_ALWAYS):
            importlib.import_module(module)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
    if "matplotlib" in sys.modules:
        import matplotlib as mpl

        mpl.use("agg")


@contextmanager
def _compiler_at_first_use() -> Iterator[None]:
    """Let torchvision have the one function that it takes of torch's compiler, and load the compiler when it is called.

    Whoever asks the compiler for anything else meanwhile has it loaded at once.
    """
    stand_ins: dict[str, ModuleType] = {}

    def take_away() -> None:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]

    def real(name: str, attribute: str) -> object:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        take_away()
        return getattr(importlib.import_module(name), attribute)

    def is_compile_supported(device_type: str) -> bool:
        supported: Callable[[str], bool] = importlib.import_module(f"{COMPILER}.utils").is_compile_supported
        return supported(device_type)

    if "torch" in sys.modules and COMPILER not in sys.modules:
        for name in (COMPILER, f"{COMPILER}.utils"):
            stand_ins[name] = sys.modules[name] = ModuleType(name)
            vars(stand_ins[name])["__getattr__"] = lambda attribute, name=name: real(name, attribute)
        vars(stand_ins[COMPILER])["__path__"] = []
        vars(stand_ins[f"{COMPILER}.utils"])["is_compile_supported"] = is_compile_supported
    try:
        yield
    finally:
        take_away()

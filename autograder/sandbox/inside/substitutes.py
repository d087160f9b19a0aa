"""Replace, in a student's process, what works on a student's computer, not in grading, and is no part of an answer.

A window has no screen here, and a compiler would cost more than the code that it speeds up. Called once before any
fork; nothing here imports what the course has not loaded.
"""

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["substitute"]


_DRAWING = {
    "agg",
    "cairo",
    "pdf",
    "pgf",
    "ps",
    "svg",
    "template",
    "inline",
    "module://matplotlib_inline.backend_inline",
}
"""The backends that draw a plot and show it to nobody."""


def substitute() -> None:
    """Let plots be drawn whatever backend they ask for, and let `torch.compile` return what it is given."""
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        matplotlib: Any = sys.modules["matplotlib"]
        matplotlib.use = _without_window(matplotlib.use)
        pyplot.switch_backend = _without_window(pyplot.switch_backend)  # type: ignore[attr-defined]  # of a module
    if (torch := sys.modules.get("torch")) is not None:
        torch.compile = _uncompiled  # type: ignore[attr-defined]  # of a module


def _without_window(choose: Callable[..., None]) -> Callable[..., None]:
    """Return what chooses a backend, and Agg where one would need a screen, a browser or a package."""

    @functools.wraps(choose)
    def choose_drawing(backend: object, *args: object, **options: object) -> None:
        choose(backend if str(backend).lower() in _DRAWING else "agg", *args, **options)

    return choose_drawing


def _uncompiled(model: Any = None, **_options: object) -> Any:
    """Return `model` as it is, or a decorator that does: compiling changes how fast it is and not what it answers."""
    if model is None:
        return _uncompiled
    with contextlib.suppress(AttributeError, TypeError):  # not a module
        vars(model)["_orig_mod"] = model  # by which people reach the module inside a compiled one
    return model

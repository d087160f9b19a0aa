"""Tell the student's process of the seeds that a check sets: `np.random.seed(0)` in it seeds both sides.

Only what the check's own file calls is told. The number is the author's, and hidden inputs come from `rng`.
"""

import contextlib
import functools
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["telling_seeds"]


@contextlib.contextmanager
def telling_seeds(checks: Path, tell: Callable[[str, int], None]) -> Iterator[None]:
    """Tell of each seed that a file in the folder `checks` sets, by the import path of the function that sets it."""
    torch: Any = sys.modules.get("torch")
    modules: list[tuple[ModuleType, str]] = [(random, "seed"), (np.random, "seed")]
    if torch is not None:
        modules.append((torch, "manual_seed"))
    before = [getattr(module, name) for module, name in modules]
    for (module, name), function in zip(modules, before, strict=True):
        setattr(module, name, _telling(function, f"{module.__name__}.{name}", checks, tell))
    try:
        yield
    finally:
        for (module, name), function in zip(modules, before, strict=True):
            setattr(module, name, function)


def _telling(
    function: Callable[..., object], path: str, checks: Path, tell: Callable[[str, int], None]
) -> Callable[..., object]:
    @functools.wraps(function)
    def seed(*args: Any, **kwargs: Any) -> object:
        caller = sys._getframe(1)  # noqa: SLF001 - which file it is that calls
        done = function(*args, **kwargs)
        given = [*args, *kwargs.values()]
        if Path(caller.f_code.co_filename).parent == checks and len(given) == 1 and type(given[0]) is int:
            tell(path, given[0])
        return done

    return seed

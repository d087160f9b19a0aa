"""Put back what a cell changed for the whole process: it is no part of any answer.

The state that counts is the one that the process starts with and that the assignment's own cells make of it. What a
student's cell leaves behind (gradients switched off, another default device, warnings as errors) is put back before the
next cell and before each check; within a check nothing is, for a check may ask what an answer leaves behind.

Reading all settings and comparing them takes about a tenth of a millisecond a cell.
"""

import contextlib
import gc
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.sandbox.shared.setting import Setting

__all__ = ["GlobalState"]


class GlobalState:
    """Remember the settings of this process."""

    def __init__(self) -> None:
        self._settings = tuple(_settings())
        self.keep()

    def keep(self) -> None:
        """Take the settings as they are now for those to put back."""
        self._kept = [setting.read() for setting in self._settings]

    def put_back(self) -> None:
        """Undo what was changed since; whatever a student has made unreadable stays as it is."""
        for setting, kept in zip(self._settings, self._kept, strict=True):
            with contextlib.suppress(Exception):
                if _differs(setting, kept):
                    setting.write(kept)


def _differs(setting: Setting, kept: object) -> bool:
    try:
        return not setting.is_still(kept) if setting.is_still is not None else bool(setting.read() != kept)
    except Exception:  # noqa: BLE001 - what cannot be read or compared any more is not what it was
        return True


def _settings() -> Iterator[Setting]:
    yield Setting(_streams, _set_streams)  # first, for the others may have something to say
    yield Setting(lambda: list(warnings.filters), _set_filters)
    yield Setting(lambda: warnings.showwarning, lambda shown: setattr(warnings, "showwarning", shown))
    yield Setting(os.getcwd, os.chdir)
    yield Setting(sys.getrecursionlimit, _raise_recursion_limit)
    yield Setting(sys.get_int_max_str_digits, sys.set_int_max_str_digits)
    yield Setting(sys.gettrace, sys.settrace)
    yield Setting(sys.getprofile, sys.setprofile)
    yield Setting(gc.isenabled, lambda enabled: gc.enable() if enabled else gc.disable())
    yield Setting(np.geterr, lambda errors: np.seterr(**errors))
    yield Setting(np.get_printoptions, lambda options: np.set_printoptions(**options))
    yield Setting(_plot_settings, _set_plot_settings, _are_plot_settings)
    if (tensors := sys.modules.get("autograder.sandbox.shared.tensors")) is not None:
        yield from tensors.SETTINGS


def _streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _set_streams(streams: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = streams


def _set_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]  # typeshed promises no more than a sequence
    warnings._filters_mutated()  # type: ignore[attr-defined]  # noqa: SLF001 - as catch_warnings does it


def _raise_recursion_limit(kept: int) -> None:
    """Put back a limit that was lowered; a higher one is what the student's functions need."""
    sys.setrecursionlimit(max(kept, sys.getrecursionlimit()))


def _plot_settings() -> Mapping[str, Any] | None:
    """Return matplotlib's parameters where it is loaded."""
    if (matplotlib := sys.modules.get("matplotlib")) is None:
        return None
    return _with_own_lists(matplotlib.rcParams)


def _are_plot_settings(kept: Mapping[str, Any] | None) -> bool:
    """Return whether matplotlib's parameters are as they were, without a copy of them."""
    matplotlib = sys.modules.get("matplotlib")
    return kept is None if matplotlib is None else dict.__eq__(matplotlib.rcParams, kept) is True


def _set_plot_settings(kept: Mapping[str, Any] | None) -> None:
    """Put matplotlib's parameters back, as they are; each has been found valid before."""
    if kept is not None:
        dict.update(sys.modules["matplotlib"].rcParams, _with_own_lists(kept))


def _with_own_lists(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    plain: Iterable[tuple[str, Any]] = dict.items(parameters)  # type: ignore[arg-type]  # its own `[]` is slow
    return {name: list(value) if type(value) is list else value for name, value in plain}

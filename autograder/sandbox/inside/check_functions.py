"""Stand in, in the student's process, for what a check hands over to be called or used: each use asks the check."""

import builtins
import functools
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from autograder.sandbox.shared.protocol import CheckFunction
from autograder.sandbox.shared.stand_ins import NAMES

__all__ = ["CheckFunctions"]


class CheckFunctions:
    """Make what student code calls; `ask` sends a number and the arguments, and returns what the check's function did.

    A call is possible while a request of the check's is being answered, by the thread that answers it.
    """

    def __init__(self, ask: Callable[[int, tuple[Any, ...], dict[str, Any]], object]) -> None:
        self._ask = ask
        self._made: dict[int, object] = {}
        self._stand_ins: dict[int, CheckFunction] = {}
        self._process = os.getpid()

    def forget(self) -> None:
        """Let go of all that was made."""
        self._made.clear()
        self._stand_ins.clear()

    def resolve(self, stand_in: CheckFunction) -> object:
        """Return what student code calls or loops over, the same for the same number."""
        if stand_in.number not in self._made:
            if stand_in.special_methods is not None:
                made = _object(stand_in, functools.partial(self._call, stand_in.number))
            else:
                made = self._iterator(stand_in) if stand_in.iterates else self._function(stand_in)
            self._made[stand_in.number] = made
            self._stand_ins[id(made)] = stand_in
        return self._made[stand_in.number]

    def stand_in(self, value: object) -> CheckFunction | None:
        """Return what stands for a check's function on its way back, None for anything else."""
        return self._stand_ins.get(id(value))

    def input(self, prompt: object = "", /) -> str:
        """Ask the check in the place of Python's `input`; raise EOFError where it has put nothing there."""
        return str(self._call(CheckFunction.INPUT, (str(prompt),), {}))

    def _call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if os.getpid() != self._process or threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a function of the check's cannot be called from another thread or process")
        return self._ask(number, args, kwargs)

    def _function(self, stand_in: CheckFunction) -> Callable[..., object]:
        def function(*args: object, **kwargs: object) -> object:
            return self._call(stand_in.number, args, kwargs)

        function.__name__ = stand_in.name or "function"
        function.__qualname__, function.__doc__ = function.__name__, stand_in.text or None
        return function

    def _iterator(self, stand_in: CheckFunction) -> Iterator[object]:
        return _elements(functools.partial(self._call, stand_in.number, (), {}))


class _Object:
    """An object of the check's own: what is public of it is asked for there."""

    _use: Callable[[tuple[Any, ...], dict[str, Any]], object]

    def __init__(self, use: Callable[[tuple[Any, ...], dict[str, Any]], object]) -> None:
        object.__setattr__(self, "_use", use)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_") and name not in NAMES:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._use(("get", name), {})

    def __setattr__(self, name: str, value: object) -> None:
        self._use(("set", name, value), {})


def _object(stand_in: CheckFunction, use: Callable[[tuple[Any, ...], dict[str, Any]], object]) -> object:
    """Return an object of a class of its own, which has the special methods that there are."""

    def method(name: str) -> Callable[..., object]:
        return lambda _, *args, **kwargs: use(("special", name, *args), kwargs)

    methods = {name: method(name) for name in stand_in.special_methods or ()}
    return type(stand_in.name or "object", (_Object,), {"__doc__": stand_in.text or None, **methods})(use)


def _elements(more: Callable[[], Any]) -> Iterator[object]:
    while elements := more():
        yield from elements


def as_exception(names: list[Any], message: str) -> Exception:
    """Return an exception of Python's nearest kind."""
    for name in names:
        kind = getattr(builtins, str(name).removeprefix("builtins."), None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(message)
            except TypeError:  # it wants more than a message
                continue
    return RuntimeError(message)

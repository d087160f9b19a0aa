"""Let a batch end well when it is told to: on Ctrl-C with what it has begun, on a second one or SIGTERM at once."""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from autograder.grading.job import Engine

__all__ = ["Abandoned", "Interrupts"]

_AT_ONCE = (signal.SIGTERM, signal.SIGHUP)


class Abandoned(BaseException):
    """The batch is to end now; what is in flight is lost. No Exception: nothing may swallow it."""

    def __init__(self, number: int) -> None:
        self.name = signal.Signals(number).name
        super().__init__(self.name)


class Interrupts:
    """Listen to signals while an engine runs."""

    def __init__(self, engine: Engine, say: Callable[[str], None]) -> None:
        """`say` tells the user what a first Ctrl-C does; it is called in the signal handler."""
        self._engine = engine
        self._say = say
        self._before: dict[int, Any] = {}
        self.draining = False

    def __enter__(self) -> Self:
        """Take over; a signal that the process was started deaf to (nohup) stays unheard."""
        for number in (signal.SIGINT, *_AT_ONCE):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if number in _AT_ONCE or self.draining:
            raise Abandoned(number)
        self.draining = True
        self._engine.drain()
        self._say("Interrupted: what has begun is finished first; Ctrl-C again abandons it.")

"""Say of an object of the student's what it is called, and why it cannot be compared."""

from collections.abc import Callable
from typing import Any, Self

from autograder.checks.expect import Mismatch

__all__ = ["CONTAINS_OF_THEIRS", "NO_VERDICT", "OF_THEIRS", "Incomparable", "Named"]

NO_VERDICT = (
    "comparing with < and the like asks the student's own object, which could say anything: insist on a number first, "
    "as expect.number does, or take float(…) of it; where its `__lt__` itself is the question, ask "
    "library.operator.lt(a, b)"
)

OF_THEIRS = (
    "the operator asks the student's own object, which gets the number and could answer anything: insist on a number "
    "first, as expect.number does, or take float(…) of it; where the operator itself is the question, ask "
    "library.operator.{name}(a, b)"
)

CONTAINS_OF_THEIRS = (
    "`in` looks among the elements of the student's object, where this is not, and asks no `__contains__` of theirs, "
    "which could say anything; where that itself is the question, ask library.operator.contains(a, b)"
)


class Named(str):
    """The name of an object's type, for pytest and for hints to show; compared, it is the student's own text.

    `repr(x) == "Vector(1, 2)"` asks; what prints `repr(x)`, or puts it into a longer text, does not.
    """

    __slots__ = ("_ask",)
    _ask: Callable[[], Any]

    def __new__(cls, type_name: str, ask: Callable[[], Any]) -> Self:
        """Return the name, with what asks for the text."""
        self = super().__new__(cls, f"<a {type_name} of the student's>")
        self._ask = ask
        return self

    def _text(self) -> str:
        said = self._ask()
        return said if type(said) is str else ""

    def __eq__(self, other: object) -> bool:
        """Compare the student's text."""
        return self._text() == other

    def __ne__(self, other: object) -> bool:
        """Compare the student's text."""
        return self._text() != other

    def __contains__(self, part: str) -> bool:  # type: ignore[override]
        """Look into the student's text."""
        return part in self._text()

    def startswith(self, *prefix: Any) -> bool:
        """Look at the student's text."""
        return self._text().startswith(*prefix)

    def endswith(self, *suffix: Any) -> bool:
        """Look at the student's text."""
        return self._text().endswith(*suffix)

    __hash__ = str.__hash__


class Incomparable(Mismatch):
    """Something is compared with an object of the student's by `==`."""

    def __init__(self, found: str) -> None:
        super().__init__("What is compared must be plain data, such as a number, a text or a list.", found)
        self.args = (f"{self} {_NOT_EQUAL}",)


_NOT_EQUAL = (
    "`==` would ask an `__eq__` of the student's, which could say anything: compare what the object holds, such as "
    "(a.x, a.y) == (1, 2); where the `__eq__` itself is the question, ask library.operator.eq(a, b)."
)

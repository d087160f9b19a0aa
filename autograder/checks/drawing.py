"""Draw hidden inputs that tell the right answer from every known wrong one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, TypeVar

from autograder.checks.expect import answer, close
from autograder.errors import GraderError

__all__ = ["Case", "draw"]

_MOST_DRAWS = 200
_VISIBLY = 10
"""Times the tolerance that two answers must differ by to be told apart, whatever the student's rounding."""

Inputs = TypeVar("Inputs")


@dataclass(frozen=True, kw_only=True)
class Case(Generic[Inputs]):
    """Inputs, the right answer to them, and known wrong ones by the hint that names each slip."""

    inputs: Inputs
    right: object
    slips: Mapping[str, object] = field(default_factory=dict)
    tolerance: float = 1e-4
    """See `expect.close`."""

    def judge(self, found: object) -> None:
        """Accept the right answer, and name the slip of a wrong one, as `expect.answer` does."""
        answer(found, self.right, self.slips, self.tolerance)

    @property
    def confusable(self) -> tuple[str, str] | None:
        """Return two answers, by their hints, that these inputs do not tell apart; "" stands for the right one."""
        answers = [("", self.right), *self.slips.items()]
        for (hint, value), (other_hint, other) in combinations(answers, 2):
            if close(value, other, _VISIBLY * self.tolerance):
                return hint, other_hint
        return None


def draw(make: Callable[[], Case[Inputs]]) -> Case[Inputs]:
    """Return the first case that `make` draws in which all answers differ visibly from each other.

    `make` takes its random numbers from the check's `rng`, so that each call gives other inputs. Raise GraderError
    where none of many does: then no input tells these answers apart, and the slips are to be put otherwise.
    """
    confused = None
    for _ in range(_MOST_DRAWS):
        case = make()
        confused = case.confusable
        if confused is None:
            return case
    assert confused is not None, "at least one case was drawn"
    first, second = (f"the slip {hint!r}" if hint else "the right answer" for hint in confused)
    raise GraderError(f"{_MOST_DRAWS} draws of hidden inputs do not tell {first} from {second}.")

"""Read the marks of a check: the question that it belongs to, its points, whether students get it, its deadline."""

from dataclasses import dataclass

import pytest

from autograder.checks.argument_looks import looks_at_arguments
from autograder.errors import BuildError

__all__ = ["DECLARATIONS", "NAMES", "Marks", "check_id", "is_check", "question_of", "read_marks"]

DECLARATIONS = (
    "question(grade_id): the solution cell that this check belongs to",
    "points(number): what the check is worth; 0 where there is no such mark",
    "public: the check is exported, so that students run it in their notebook",
    "deadline(seconds): the time for the student's code in this check",
    "in_place: what the student's code changes in arguments of the check is changed here too",
    "look_at(reason): imported, and not sure to judge as it did: `build` refuses it until its author takes this away",
)
"""The marks as pytest wants them declared."""
NAMES = ("question", "points", "public", "deadline", "in_place")
"""Those that authors write."""
_MARKS = pytest.StashKey["Marks"]()
_SHOWN = 40
_MOST = 1e6
"""Points and seconds of one check are fewer."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What the author of a check marked it with."""

    question: str
    points: float
    public: bool
    deadline: float | None
    """Seconds for the student's code; None: the budget's `check_seconds`."""
    in_place: bool = False
    """Whether arguments are changed as the student's code changes them; elsewhere they are copies.

    Where there is no such mark: whether the check looks at one afterwards.
    """
    look_at: str = ""
    """Why its author has to look at it first; "" where nothing is left to do."""


def check_id(item: pytest.Item) -> str:
    """Return the id of a check: `<test file>::<function>`."""
    return f"{item.path.name}::{item.name}"


def code_id(item: pytest.Item) -> str:
    """Return the id of what a check is written in: `<test file>::<function, or class>`, without parameters."""
    return "::".join([item.path.name, *item.nodeid.split("::")[1:2]]).partition("[")[0]


def is_check(item: pytest.Item) -> bool:
    """Return whether an item is a check of an assignment."""
    return item.get_closest_marker("question") is not None


def question_of(item: pytest.Item) -> str:
    """Return the question that a check belongs to; raise BuildError where its mark does not say."""
    question = item.get_closest_marker("question")
    if question is None or len(question.args) != 1 or not isinstance(question.args[0], str):
        raise BuildError(f'{check_id(item)} needs @pytest.mark.question("<solution cell>").')
    return question.args[0]


def read_marks(item: pytest.Item) -> Marks:
    """Return the marks of a check; raise BuildError where one is wrong."""
    if _MARKS not in item.stash:
        item.stash[_MARKS] = _read_marks(item)
    return item.stash[_MARKS]


def _read_marks(item: pytest.Item) -> Marks:
    question = question_of(item)
    look_at, public = item.get_closest_marker("look_at"), item.get_closest_marker("public")
    worth, deadline = _number(item, "points", 2), _number(item, "deadline", 90)
    if worth is not None and worth < 0:
        raise BuildError(f"{check_id(item)}: points is {worth:g}; it must be a number of at least 0.")
    if deadline is not None and deadline <= 0:
        raise BuildError(f"{check_id(item)}: deadline is {deadline:g}; it must be a number of seconds above 0.")
    if public is not None and (public.args or public.kwargs):
        raise BuildError(f"{check_id(item)}: `public` takes no argument; leave the mark out where it is hidden.")
    in_place = item.get_closest_marker("in_place")
    if in_place is not None and (in_place.args or in_place.kwargs):
        raise BuildError(
            f"{check_id(item)}: `in_place` takes no argument; leave the mark out where nothing is to change."
        )
    return Marks(
        question=question,
        points=worth or 0.0,
        public=public is not None,
        deadline=deadline,
        in_place=in_place is not None or looks_at_arguments(getattr(item, "function", None)),
        look_at=" ".join(map(str, look_at.args)) or "no reason is given" if look_at is not None else "",
    )


def _number(item: pytest.Item, name: str, example: int) -> float | None:
    """Return the one number that a mark is given, None where there is no such mark."""
    mark = item.get_closest_marker(name)
    if mark is None:
        return None
    value = mark.args[0] if len(mark.args) == 1 and not mark.kwargs else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST < value < _MOST:
        given = ", ".join([*map(repr, mark.args), *(f"{key}={one!r}" for key, one in mark.kwargs.items())])
        given = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
        raise BuildError(f"{check_id(item)}: {name}({given}) must be given one number, as in {name}({example}).")
    return float(value)

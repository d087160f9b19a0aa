"""Stand in for a check that its author will write: it asks for the answer, and can neither pass nor be released."""

from typing import NoReturn

from autograder.errors import GraderError

__all__ = ["is_unwritten", "write_this_check"]


def write_this_check(*values: object) -> NoReturn:
    """Raise GraderError that says what the check was given: no submission is judged by what is not written.

    `build` refuses an assignment one of whose checks calls it.
    """
    __tracebackhide__ = True  # of pytest: the check is what its author wants to see
    kind = f", which is {_kind(values[0])}" if values else ""
    raise GraderError(f"write this check; so far it only asks for the answer{kind}.")


def is_unwritten(function: object) -> bool:
    """Return whether a check's function calls `write_this_check`."""
    code = getattr(function, "__code__", None)
    return code is not None and write_this_check.__name__ in code.co_names


def _kind(value: object) -> str:
    name = type(value).__name__
    is_handle = type(value).__module__.endswith("checks.handles")
    return "a function, class or other object" if is_handle or name in {"function", "type"} else f"of type {name}"

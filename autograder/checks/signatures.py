"""Have a function's signature, and classes of libraries, as this process has them, from what the student's says."""

import builtins
import inspect
from collections.abc import Callable
from typing import Any

from autograder.checks.loaded_classes import library_class
from autograder.sandbox.shared.protocol import RemoteObject

__all__ = ["SIGNATURE", "as_class", "plain_class", "signature"]

_PLAIN_CLASSES = {f"builtins.{kind.__name__}": kind for kind in vars(builtins).values() if isinstance(kind, type)}
SIGNATURE = """lambda function: (lambda inspect, given: ([
    (one.name, int(one.kind), given(inspect, one.default), given(inspect, one.annotation))
    for one in inspect.signature(function).parameters.values()
], given(inspect, inspect.signature(function).return_annotation)))(
    __import__("inspect"), lambda inspect, value: () if value is inspect.Parameter.empty else (value,)
)"""
"""What describes a signature in the student's process."""
_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)


def as_class(found: Any) -> Any:
    """Return this process's class for a handle on one of a library's, and any other value as it is."""
    classes = _classes_of(found)
    if classes and classes[0] == "builtins.object":
        return object
    return (classes and library_class(classes[0])) or found


def plain_class(value: Any) -> Any:
    """Return Python's own class for a handle on it, and any other value as it is."""
    return _PLAIN_CLASSES.get((_classes_of(value) or ("",))[0], value)


def signature(described: Any) -> inspect.Signature:
    """Return the signature that SIGNATURE describes; what a default is comes as any answer does."""
    given: Callable[[Any], Any] = lambda found: plain_class(found[0]) if found else inspect.Parameter.empty  # noqa: E731
    parameters = [
        inspect.Parameter(name, _KINDS[kind], default=given(default), annotation=given(annotation))
        for name, kind, default, annotation in described[0]
    ]
    return inspect.Signature(parameters, return_annotation=given(described[1]))


def _classes_of(value: object) -> tuple[str, ...]:
    """Return the names that a handle on a class has for it and its bases; none for anything else."""
    try:
        stand_in = object.__getattribute__(value, "_identity")[1]
    except (AttributeError, TypeError, IndexError):
        return ()
    return stand_in.classes if isinstance(stand_in, RemoteObject) else ()

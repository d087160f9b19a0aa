"""Insist on what a value is before it is compared: exact type, shape, dtype, finiteness.

Every function returns the value, plain, or raises Mismatch with one sentence for the student. They read the same in a
check (where values come from the student's process by value) and in the student's own notebook, into whose public
checks `build` copies them; so they use nothing but Python, numpy and, for tensors, torch.
"""

import math
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    import torch

# ruff: noqa: PLC0415 - torch is imported where it is used: a course may have none

__all__ = ["Mismatch", "array", "integer", "integers", "number", "tensor"]


# Of a hidden check the student is shown the rule alone: what was found instead could be made to carry a hidden input.
class Mismatch(AssertionError):
    """A value is not of the kind asked for: the rule, and what was found instead."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        super().__init__(f"{rule} Yours is {found}.")


def _mismatch(rule: str, found: object) -> NoReturn:
    raise Mismatch(rule, str(found)[:200])


def _kind(value: object) -> str:
    """Return what the value is; a handle stands for whatever is not plain data."""
    name = type(value).__name__
    return "an object that is no plain data" if name == "Handle" else f"of type {name}"


def _require_shape(found: tuple[int, ...], name: str, shape: tuple[int | None, ...]) -> None:
    if len(found) != len(shape) or any(w is not None and w != f for w, f in zip(shape, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        _mismatch(f"`{name}` must have shape [{wanted}].", f"of shape {list(found)}")


def integer(value: object, name: str) -> int:
    """Return `value` as an int; True is not an integer here, 3.0 is not, a numpy integer is."""
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if type(value) is float:
        _mismatch(f"`{name}` must be a whole number (int), not a float: divide with // where you must divide.", value)
    _mismatch(f"`{name}` must be a whole number (int).", _kind(value))


def number(value: object, name: str) -> float:
    """Return `value`, an int or float that is finite, as a float."""
    if type(value).__name__ == "Tensor":
        _mismatch(f"`{name}` must be a number (float); call .item() on the tensor.", "a tensor")
    if type(value) not in (int, float) and not isinstance(value, (np.integer, np.floating)):
        _mismatch(f"`{name}` must be a number (float).", _kind(value))
    result = float(value)  # type: ignore[arg-type]  # the lines above made sure
    if not math.isfinite(result):
        _mismatch(f"`{name}` must be finite: a division by zero or an overflow on the way?", result)
    return result


def integers(value: object, name: str, length: int) -> list[int]:
    """Return `value`, a list (or tuple) of `length` whole numbers, as a list."""
    if type(value) not in (list, tuple):
        _mismatch(f"`{name}` must be a list of {length} whole numbers.", _kind(value))
    items = list(value)  # type: ignore[call-overload]  # the lines above made sure
    if len(items) != length:
        _mismatch(f"`{name}` must be a list of {length} whole numbers.", f"a list of {len(items)}")
    return [integer(item, f"{name}[{index}]") for index, item in enumerate(items)]


def array(
    value: object, name: str, shape: tuple[int | None, ...] | None = None, dtype: str | None = None
) -> "np.ndarray[Any, Any]":
    """Return `value`, a plain numpy array of that shape (None: any size) and dtype without NaN or infinity."""
    if type(value) is not np.ndarray:
        _mismatch(f"`{name}` must be a numpy array.", _kind(value))
    if shape is not None:
        _require_shape(value.shape, name, shape)
    if dtype is not None and value.dtype != dtype:
        _mismatch(f"`{name}` must have dtype {dtype}.", f"of dtype {value.dtype}")
    if value.dtype.kind in "fc" and not bool(np.isfinite(value).all()):
        _mismatch(f"`{name}` must be finite.", "not: it holds NaN or infinity")
    return value


def tensor(
    value: object, name: str, shape: tuple[int | None, ...] | None = None, dtype: "torch.dtype | None" = None
) -> "torch.Tensor":
    """Return `value`, a plain tensor of that shape (None: any size) and dtype without NaN or infinity, detached."""
    import torch

    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        _mismatch(f"`{name}` must be a tensor.", _kind(value))
    assert isinstance(value, torch.Tensor)
    if shape is not None:
        _require_shape(tuple(value.shape), name, shape)
    if dtype is not None and value.dtype != dtype:
        _mismatch(f"`{name}` must have dtype {dtype}.", f"of dtype {value.dtype}")
    if not bool(torch.isfinite(value).all()):
        _mismatch(f"`{name}` must be finite.", "not: it holds NaN or infinity")
    return value.detach()

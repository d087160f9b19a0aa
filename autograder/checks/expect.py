"""Insist on what a value is before it is compared (exact type, shape, dtype, finiteness), and compare it.

The first functions return the value, plain, or raise Mismatch with one sentence for the student; `answer` judges it.
They read the same in a check (where values come from the student's process by value) and in the student's own notebook,
into whose public checks `build` copies them; so they use nothing but Python, numpy and, for tensors, torch.
"""

import contextlib
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    import torch

# ruff: noqa: PLC0415 - torch is imported where it is used: a course may have none

__all__ = [
    "Mismatch",
    "Slip",
    "answer",
    "array",
    "close",
    "integer",
    "integers",
    "layer_places",
    "mapping",
    "number",
    "pair",
    "renamed",
    "sequence",
    "tensor",
]


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
    if value is None:
        return "None, which a function without `return` gives"
    if type(value).__module__.endswith("checks.handles"):
        return "an object that is no plain data"
    return f"of type {type(value).__name__}"


def _require_shape(found: tuple[int, ...], name: str, shape: tuple[int | None, ...]) -> None:
    if len(found) != len(shape) or any(w is not None and w != f for w, f in zip(shape, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        _mismatch(f"`{name}` must have shape [{wanted}].", f"of shape {list(found)}")


def integer(value: object, name: str) -> int:
    """Return `value` as an int; True is not an integer here, 3.0 is not, a numpy integer is."""
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        _mismatch(f"`{name}` must be a whole number (int), not a float: divide with // where you must divide.", value)
    if type(value).__name__ == "Tensor":
        _mismatch(f"`{name}` must be a whole number (int); call .item() on the tensor.", "a tensor")
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


def _items(value: object) -> "list[Any] | None":
    """Return the items of what counts as a sequence, else None.

    That is what comes from the student's process as a list or tuple: a list, and a tuple of any kind (a namedtuple, a
    torch.Size, torch's own pairs), so that a check gives one verdict in both worlds.
    """
    return list(value) if isinstance(value, tuple) or (isinstance(value, list) and type(value) is list) else None


def sequence(value: object, name: str, length: "int | None" = None) -> list[Any]:
    """Return `value`, a list or any kind of tuple, as a list; of `length` items where one is given."""
    items = _items(value)
    many = "" if length is None else f" of {length} values"
    if items is None:
        _mismatch(f"`{name}` must be a list or a tuple{many}.", _kind(value))
    if length is not None and len(items) != length:
        _mismatch(f"`{name}` must be a list or a tuple{many}.", f"of length {len(items)}")
    return items


def pair(value: object, name: str, parts: str) -> tuple[Any, Any]:
    """Return `value`, two values in a list or any kind of tuple; `parts` names them, as in "loss, accuracy"."""
    items = _items(value)
    if items is None:
        _mismatch(f"`{name}` must be a pair ({parts}).", _kind(value))
    if len(items) != 2:  # noqa: PLR2004 - a pair
        _mismatch(f"`{name}` must be a pair ({parts}).", f"of length {len(items)}")
    return items[0], items[1]


def mapping(value: object, name: str, keys: "tuple[str, ...]") -> dict[Any, Any]:
    """Return `value`, a dict (or one of Python's own kinds of it) that has these keys, as a dict."""
    if not isinstance(value, dict) or type(value) not in (dict, OrderedDict, defaultdict, Counter):
        _mismatch(f"`{name}` must be a dictionary.", _kind(value))
    for key in keys:
        if key not in value:
            _mismatch(f"`{name}` must have an entry {key!r}.", f"a dictionary of {len(value)} entries without it")
    return dict(value)


def integers(value: object, name: str, length: int) -> list[int]:
    """Return `value`, a list (or any kind of tuple) of `length` whole numbers, as a list."""
    items = _items(value)
    if items is None:
        _mismatch(f"`{name}` must be a list of {length} whole numbers.", _kind(value))
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

    if isinstance(value, torch.Tensor) and type(value).__module__.startswith("torchvision.tv_tensors."):
        value = value.as_subclass(torch.Tensor)  # an image, boxes or masks of torchvision's: grading gets it like this
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


def layer_places(model: Any, library: Any, *blocks: str) -> dict[str, str]:
    """Return how the state names the layers of blocks, `block1.conv.`, and how it would by their place, `block1.0.`.

    They differ where an nn.Sequential was made of an OrderedDict, which is as good. A block that is not there has none.
    """
    names_of = library.builtins.eval("lambda block: [name for name, _ in block.named_children()]")
    places: dict[str, str] = {}
    for block in blocks:
        with contextlib.suppress(Exception):  # a student's model: what its state lacks says more
            layers = names_of(getattr(model, block))
            places |= {f"{block}.{name}.": f"{block}.{place}." for place, name in enumerate(layers)}
    return places


def renamed(state: "Mapping[str, torch.Tensor]", names: Mapping[str, str]) -> "dict[str, torch.Tensor]":
    """Return a state in which layers have other names: those that begin as a key of `names` begin as its value."""
    return {
        next((new + name.removeprefix(old) for old, new in names.items() if name.startswith(old)), name): value
        for name, value in state.items()
    }


class Slip(AssertionError):
    """An answer is not the right one: the slip that leads to it, or "" where it is none that is known."""

    def __init__(self, hint: str = "") -> None:
        self.hint = hint
        super().__init__(hint)


def answer(found: object, right: object, slips: Mapping[str, object] | None = None, tolerance: float = 1e-4) -> None:
    """Accept `found` where it is the right answer; otherwise raise Slip, which names the slip that leads to it.

    `slips` holds known wrong answers by their hints. The verdict comes first: a right answer is never told a slip,
    whatever the slips are worth. A wrong one that is none of them gets the check's docstring, which names no cause.
    Values are compared by `close`.
    """
    if close(found, right, tolerance):
        return
    for hint, wrong in (slips or {}).items():
        if close(found, wrong, tolerance):
            raise Slip(hint)
    raise Slip


def close(found: object, wanted: object, tolerance: float = 1e-4) -> bool:
    """Return whether two values are the same: of the same shape and length, numbers with a fraction nearly.

    They may differ by `tolerance` times one more than the wanted number's size. Tensors, arrays, numbers, texts, and
    tuples, lists and dicts of them; a kind of number (int, float) is no part of the comparison, a shape is.
    """
    if isinstance(wanted, Mapping):
        return (
            isinstance(found, Mapping)
            and found.keys() == wanted.keys()
            and all(close(found[key], value, tolerance) for key, value in wanted.items())
        )
    if isinstance(wanted, tuple | list):
        return (
            isinstance(found, tuple | list)
            and len(found) == len(wanted)
            and all(close(one, other, tolerance) for one, other in zip(found, wanted, strict=True))
        )
    if (
        isinstance(found, int | float)
        and isinstance(wanted, int | float)
        and {type(found), type(wanted)} <= {int, float}
    ):
        return _close_numbers(found, wanted, tolerance)
    numbers, others = _numbers(found), _numbers(wanted)
    if numbers is None or others is None:
        return type(found) is type(wanted) and bool(found == wanted)
    if numbers.shape != others.shape:
        return False
    exact = numbers.dtype.kind not in "fc" and others.dtype.kind not in "fc"
    return bool(np.allclose(numbers, others, rtol=0 if exact else tolerance, atol=0 if exact else tolerance))


def _close_numbers(found: float, wanted: float, tolerance: float) -> bool:
    """Return the same as numpy of two arrays, some twenty times as fast."""
    if found == wanted or (isinstance(found, int) and isinstance(wanted, int)):
        return found == wanted
    try:
        return not math.isinf(wanted) and abs(found - wanted) <= tolerance * (1 + abs(wanted))
    except OverflowError:  # an int that no float is as large as
        return False


def _numbers(value: object) -> "np.ndarray[Any, Any] | None":
    """Return a number, an array or a tensor as an array of its own shape; None for anything else."""
    if type(value).__name__ in ("Tensor", "Parameter") and type(value).__module__.startswith("torch"):
        plain: Any = value
        plain = plain.detach().cpu()
        value = (plain.double() if plain.is_floating_point() else plain).numpy()
    if isinstance(value, bool | int | float | complex | np.generic | np.ndarray):
        numbers = np.asarray(value)
        return numbers if numbers.dtype.kind in "biufc" else None
    return None

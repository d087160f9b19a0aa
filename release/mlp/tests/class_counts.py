# Public checks of `class_counts`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'class_counts'
points = None


from otter.test_files import test_case
import torch
from typing import NoReturn


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name):
        import importlib

        return importlib.import_module(name)


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


ALL_TEN = "A digit that does not occur counts 0: the result always has ten entries (`minlength`)."


def ten_counts(value: object) -> torch.Tensor:
    """Return the counts, int64 [10]; name the slip where there are fewer than ten."""
    assert not (isinstance(value, torch.Tensor) and value.ndim == 1 and len(value) < 10), ALL_TEN
    return tensor(value, "class_counts(labels)", shape=(10,), dtype=torch.int64)


@test_case(name='class_counts', points=0.5, failure_message='`class_counts` counts each of the ten digits, also those that do not occur.')
def test_counts_of_a_few(env):
    student = Student(env)
    counts = ten_counts(student.class_counts(torch.tensor([3, 1, 3])))
    assert counts[3] == 2 and counts[1] == 1, "There are two threes and a one: entry 3 must be 2, entry 1 must be 1."
    assert counts.sum() == 3, "Three labels give counts that add up to 3."

# Public checks of `batch_norm_2d_backward`: made by `autograder build` from tests/batchnorm.
OK_FORMAT = False

name = 'batch_norm_2d_backward'
points = None


from collections.abc import Mapping
from typing import Any
import torch
from torch import Tensor
from torch.nn import functional
import math
import numpy as np
from typing import NoReturn


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


def _require_shape(found: tuple[int, ...], name: str, shape: tuple[int | None, ...]) -> None:
    if len(found) != len(shape) or any(w is not None and w != f for w, f in zip(shape, found, strict=True)):
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        _mismatch(f"`{name}` must have shape [{wanted}].", f"of shape {list(found)}")


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


DIMS = (0, 2, 3)


TOLERANCE = 1e-7


DEFAULT, NONE = 1e-5, 1e-15


NAMES = ("grad_x", "grad_gamma", "grad_beta")


CONSTANT = "For grad_x mean and variance depend on x too: two of its three ways are missing."


CONSTANT_VARIANCE = "For grad_x the variance depends on x too: the way through it is missing."


CONSTANT_MEAN = "For grad_x the mean depends on x too: the way through it is missing."


SUMS = "In grad_x the factor 1/n is missing: mean and variance are means of n numbers, so sums become means."


SUM_OF_ONE = "In grad_x one of the two sums lacks its factor 1/n."


SIGNS = "In grad_x a sign is wrong: both ways through the statistics are subtracted."


UNBIASED = "grad_x comes from the unbiased variance: the batch is normalised with the biased one, which divides by n."


NO_GAMMA = "In grad_x gamma is missing: what comes to x̂ is grad_y times gamma."


NO_SCALE = "In grad_x the factor 1/s is missing: x̂ is (x - mean) / s."


SQUARED_SCALE = "grad_x is divided by the variance: divide by s, its root."


CENTRED = "In the last term of grad_x stands x - mean where x̂ is due."


HALF_SCALED = "In the last term of grad_x one x̂ is right, the other is x - mean: both are x̂."


NO_EPS = "eps is a parameter: it is added to the variance before the root is taken."


EXCHANGED = "grad_gamma and grad_beta have changed places."


NOT_ZERO = (
    "Each channel of grad_x must add up to 0, since adding 1 to all of x changes nothing; yours does not. Is the way "
    "through the mean right?"
)


ACROSS = {
    (0,): "In grad_x each pixel has sums of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (1, 2, 3): "In grad_x each image has sums of its own: take them over images, rows and columns, dim=(0, 2, 3).",
    (2, 3): "In grad_x each map of each image has sums of its own: take them over dim=(0, 2, 3).",
    (0, 1, 2, 3): "In grad_x all channels share their sums: each channel needs its own, dim=(0, 2, 3).",
}


def column(values: Tensor) -> Tensor:
    """Return [C] as [1, C, 1, 1]."""
    return values.view(1, -1, 1, 1)


def gradients(given: Mapping[str, Any], eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return what autograd finds, for PyTorch's own batch normalisation in training mode."""
    with torch.enable_grad():
        x, gamma = (given[name].clone().requires_grad_() for name in ("x", "gamma"))
        beta = torch.zeros_like(gamma).requires_grad_()
        y = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
        found = torch.autograd.grad(y, (x, gamma, beta), given["grad_y"])
    return found[0], found[1], found[2]


def over(given: Mapping[str, Any], dims: tuple[int, ...]) -> Tensor:
    """Return the gradient to x where mean and variance are taken over other dimensions."""
    order = (*dims, *(dim for dim in range(4) if dim not in dims))
    counted = torch.Size(given["x"].shape[dim] for dim in dims).numel()
    with torch.enable_grad():
        x = given["x"].clone().requires_grad_()
        y = functional.batch_norm(x.permute(order).reshape(counted, -1), None, None, training=True, eps=given["eps"])
        arrived = (given["grad_y"] * column(given["gamma"])).permute(order).reshape(counted, -1)
        return torch.autograd.grad(y, x, arrived)[0]


def numbers_of_a_channel(x: Tensor) -> int:
    """Return over how many numbers each mean is taken."""
    return x[:, 0].numel()


def slips_of_x(given: Mapping[str, Any]) -> dict[str, list[Tensor]]:
    """Return the gradients to x that known slips find, one or more for each hint."""
    x, eps = given["x"], given["eps"]
    n = numbers_of_a_channel(x)
    variance = x.var(dim=DIMS, unbiased=False)
    s, unbiased = (variance + eps).sqrt(), (variance * n / (n - 1) + eps).sqrt()
    right = gradients(given, eps)[0]
    arrived = given["grad_y"] * column(given["gamma"] / s)  # the direct way
    mean = -arrived.mean(dim=DIMS, keepdim=True).expand_as(x)  # the way through the mean
    spread = right - arrived - mean  # the way through the variance
    k = column(s / unbiased)
    return {
        CONSTANT: [arrived],
        CONSTANT_VARIANCE: [arrived + mean],
        CONSTANT_MEAN: [arrived + spread],
        SUMS: [arrived + n * (mean + spread)],
        SUM_OF_ONE: [arrived + n * mean + spread, arrived + mean + n * spread],
        SIGNS: [arrived - mean - spread, arrived - mean + spread, arrived + mean - spread, -right],
        UNBIASED: [
            k * (arrived + mean + k**2 * spread),
            k * (arrived + mean) + k**3 * spread * n / (n - 1),
            arrived + mean + spread * n / (n - 1),
            arrived + (mean + spread) * n / (n - 1),
        ],
        NO_GAMMA: [right / column(given["gamma"])],
        NO_SCALE: [right * column(s)],
        SQUARED_SCALE: [right / column(s)],
        CENTRED: [arrived + mean + column(s**2) * spread],
        HALF_SCALED: [arrived + mean + column(s) * spread],
        NO_EPS: [gradients(given, other)[0] for other in (NONE, DEFAULT) if other != eps],
        **{hint: [over(given, dims)] for dims, hint in ACROSS.items()},
    }


def slips_of_gamma(given: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the gradients to gamma that known slips find."""
    x, grad_y = given["x"], given["grad_y"]
    grad_gamma, grad_beta = gradients(given, given["eps"])[1:]
    centred = x - x.mean(dim=DIMS, keepdim=True)
    n = numbers_of_a_channel(x)
    return {
        EXCHANGED: grad_beta,
        "grad_gamma is a sum over images, rows and columns, no mean.": grad_gamma / n,
        "In grad_gamma stands x where x̂ is due.": (grad_y * x).sum(dim=DIMS),
        "In grad_gamma stands x - mean where x̂ is due.": (grad_y * centred).sum(dim=DIMS),
        "grad_gamma must not be multiplied by gamma: that is what x̂ gets.": given["gamma"] * grad_gamma,
        "In grad_gamma the unbiased variance is used: x̂ comes from the biased one, which divides by n.": (
            (grad_y * centred).sum(dim=DIMS) / (x.var(dim=DIMS) + given["eps"]).sqrt()
        ),
        NO_EPS: gradients(given, DEFAULT if given["eps"] != DEFAULT else NONE)[1],
    }


def slips_of_beta(given: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the gradients to beta that known slips find."""
    _, grad_gamma, grad_beta = gradients(given, given["eps"])
    return {
        EXCHANGED: grad_gamma,
        "grad_beta is a sum over images, rows and columns, no mean.": grad_beta / numbers_of_a_channel(given["x"]),
        "grad_beta must not be multiplied by gamma: beta is added behind it.": given["gamma"] * grad_beta,
    }


def judge(student: Any, given: Mapping[str, Any]) -> None:
    """Compare the three gradients with autograd's, from the simplest to the hardest."""
    eps, shape, channels = given["eps"], tuple(given["x"].shape), (given["x"].shape[1],)
    result = student.batch_norm_2d_backward(*(given[name].clone() for name in ("grad_y", "x", "gamma")), eps)
    values = sequence(result, "batch_norm_2d_backward(…)", 3)
    grad_x, grad_gamma, grad_beta = (
        tensor(value, name, shape=size, dtype=torch.float64)
        for value, name, size in zip(values, NAMES, (shape, channels, channels), strict=True)
    )
    right = gradients(given, eps)
    answer(grad_beta, right[2], slips_of_beta(given), TOLERANCE)
    answer(grad_gamma, right[1], slips_of_gamma(given), TOLERANCE)
    if close(grad_x, right[0], TOLERANCE):
        return
    for hint, wrong in slips_of_x(given).items():
        if any(close(grad_x, one, TOLERANCE) for one in wrong):
            raise Slip(hint)
    sums, size = grad_x.sum(dim=DIMS), grad_x.abs().sum(dim=DIMS)
    assert bool((sums.abs() <= TOLERANCE * (1 + size)).all()), NOT_ZERO
    raise Slip


def upstream(x: Tensor, noise: Tensor) -> Tensor:
    """Return a gradient to y in which none of the ways through the statistics cancels out."""
    centred = x - x.mean(dim=DIMS, keepdim=True)
    return 1 + centred / centred.std() + noise


def test_the_gradients_of_autograd(student):
    """The gradients to x, gamma and beta are those that autograd finds, in float64."""
    x = torch.arange(2 * 3 * 4 * 5, dtype=torch.float64).sin().view(2, 3, 4, 5)
    x = x * column(torch.tensor([1.0, 5.0, 0.5]).double()) + column(torch.tensor([0.5, 10.0, -2.0]).double())
    noise = (torch.arange(x.numel()) ** 1.3).double().cos().view(x.shape)
    gamma = torch.tensor([2.0, -1.0, 0.5]).double()
    judge(student, {"grad_y": upstream(x, noise), "x": x, "gamma": gamma, "eps": 1e-5})
    judge(student, {"grad_y": upstream(x, noise), "x": x, "gamma": gamma, "eps": 0.5})


# From here on all files are alike: how a check is run on your notebook, and how its result is shown.
import html
import importlib
import inspect
import linecache
import pathlib
import re
import traceback
import types
import typing

from otter.test_files import test_case


class Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, env: dict[str, typing.Any]) -> None:
        self._env = env

    def __getattr__(self, name: str) -> typing.Any:
        if name not in self._env:
            raise NameError(f"`{name}` is not defined yet: fill in its cell and run it.")
        return self._env[name]


class Library:
    """Modules by name."""

    def __getattr__(self, name: str) -> typing.Any:
        return importlib.import_module(name)


class NotPassed(AssertionError):
    """What otter shows of a check that failed, below its message."""


class IdNotSet(AssertionError):
    """The student's ID is still the one that the notebook came with."""


class Message:
    """A text that otter shows beside a check's result: plain in a terminal, HTML in a notebook."""

    def __init__(self, plain: str = "", html: str = "") -> None:
        self.plain, self.html = plain, html

    def __str__(self) -> str:
        return self.plain

    def __format__(self, spec: str) -> str:
        # Otter has one text for both; which of them it is making, the name of its function says
        frame = inspect.currentframe()
        in_notebook = frame and frame.f_back and frame.f_back.f_code.co_name == "_repr_html_"
        return self.html if in_notebook else self.plain

    def __reduce__(self) -> typing.Any:
        return str, (self.plain,)  # otter's log and graders, which do not have this class, get the text


class PublicCheck(test_case):
    """One of otter's test cases, which says first what is wrong, and last how much is checked here."""

    said: typing.ClassVar[set[str]] = set()
    """The hints of this question so far; otter reads a file, and this with it, anew for each `grader.check`."""

    def __init__(
        self,
        check: typing.Callable[..., None],
        *,
        question: str,
        points: float,
        placeholder: object,
        coverage: str,
        files: tuple[str, ...] = (),
    ) -> None:
        green = Message(coverage, f"</details>{as_html(coverage)}") if coverage else None
        super().__init__(question, points, success_message=green, failure_message=Message())
        self.test_func = check
        self._placeholder = placeholder
        self._coverage = coverage
        self._files = files

    def __reduce__(self) -> typing.Any:
        return test_case, (self.name, self.points, self.hidden, self.success_message, self.failure_message)

    def call_func(self, env: dict[str, typing.Any]) -> None:
        """Run the check on the notebook's names, as otter wants it."""
        given = {"student": Student(env), "library": Library()}
        try:
            require_id(env, self._placeholder)
            self.test_func(**{name: given[name] for name in self._get_func_params()})
        except Exception as error:
            trace = error.__traceback__ and error.__traceback__.tb_next
            self._say(error, list(traceback.walk_tb(trace)), env)
            short = f"{type(error).__name__}: {error}".replace("AssertionError: ", "").partition("\n")[0][:300]
            raise NotPassed(re.sub(r"<(?=\S)", "< ", short)).with_traceback(trace) from None

    def _say(self, error: Exception, frames: list[tuple[types.FrameType, int]], env: dict[str, typing.Any]) -> None:
        hint = hint_for(error, frames, env, self.test_func, self._files)
        if hint in self.said:
            hint = "The same as above."
        self.said.add(hint)
        places = "\n".join(place_of(frame, line, env) for frame, line in frames)
        details = html.escape(f"{places}\n{type(error).__name__}: {error}"[-4000:])
        coverage = f"<p>{as_html(self._coverage)}</p>" if self._coverage else ""
        self.failure_message.plain = "\n".join(filter(None, [hint, self._coverage]))
        # The last fold stays open, so that it takes in what otter shows next; another check's message closes it
        self.failure_message.html = (
            f"</details><blockquote>{as_html(hint)}</blockquote>{coverage}"
            f"<details><summary>Details</summary><pre>{details}</pre>"
        )


def require_id(env: dict[str, typing.Any], placeholder: object) -> None:
    """Raise IdNotSet where the student's ID is still what the notebook came with; None: it asks for none."""
    if placeholder is not None and str(env.get("STUDENT_ID", placeholder)).strip() in ("", placeholder):
        cell = f"STUDENT_ID = {placeholder!r}"
        raise IdNotSet(f"Set `STUDENT_ID` first: write your ID into the cell `{cell}`, run it, then those below it.")


def hint_for(
    error: Exception,
    frames: list[tuple[types.FrameType, int]],
    env: dict[str, typing.Any],
    check: typing.Callable[..., None],
    own_files: tuple[str, ...] = (),
) -> str:
    """Return what a student reads first; `frames` lead from the check to where it was raised.

    `own_files` are those beside the notebook that students edit.
    """
    kind, text = type(error).__name__, str(error).strip()
    rule = " ".join((check.__doc__ or "").split())
    edited = [str(pathlib.Path.cwd() / name) for name in own_files]
    theirs = [
        place_of(frame, line, env)
        for frame, line in frames
        if frame.f_globals is env or frame.f_code.co_filename in edited
    ]
    files = [frame.f_code.co_filename for frame, _ in frames]
    by_check = files[-1] == check.__code__.co_filename
    undefined = re.fullmatch(r"name '(\w+)' is not defined.*", text)
    if text.endswith("is not written yet") and files[-1] in edited:  # what a stub raises
        hint = f"{text}: write it in `{pathlib.Path(files[-1]).name}`, save that, and import it anew."
    elif text.endswith("is not written yet"):
        hint = f"{text}: fill in its cell and run it."
    elif by_check and isinstance(error, (AssertionError, NameError)):
        hint = getattr(error, "hint", text) or rule
    elif undefined and theirs:
        hint = f"`{undefined[1]}` is not defined: run the cell that defines it, then this one.\n{theirs[-1]}"
    elif theirs:
        hint = f"Your code raised {kind}. {theirs[-1]}\n{text[:600]}"
    elif isinstance(error, AssertionError):
        hint = f"{rule}\n{text[:600]}"
    else:
        asked = linecache.getline(files[0], frames[0][1]).strip()
        hint = f"{kind} where this is checked: `{asked}`\n{text[:600]}\n{rule}"
    return hint


def place_of(frame: types.FrameType, line: int, env: dict[str, typing.Any]) -> str:
    """Return where code is at work, and its line: a cell goes by the number that the notebook shows."""
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    linecache.checkcache(file)  # it may have been edited, and imported anew
    source = linecache.getlines(file, frame.f_globals)
    shown = f": `{source[line - 1].strip()}`" if 0 < line <= len(source) else ""
    if frame.f_globals is not env:
        is_beside = pathlib.Path(file).parent == pathlib.Path.cwd()
        return f"{pathlib.Path(file).name if is_beside else file}, line {line}, in {name}{shown}"
    cell = "".join(source).strip()
    number = max((n for n, text in enumerate(env.get("In") or ()) if cell and str(text).strip() == cell), default=0)
    where = f"In [{number}], line {line}" if number else f"Line {line} of its cell"
    return where + (f", `{name}`" if name.isidentifier() else "") + shown


def as_html(text: str) -> str:
    """Return a hint with its Markdown as HTML: code, bold, emphasis, lines; all else is plain text."""
    parts = re.split(r"`([^`\n]+)`", text)
    for index, part in enumerate(parts):
        escaped = html.escape(part, quote=False)
        if index % 2:
            parts[index] = f"<code>{escaped}</code>"
        else:
            bold = re.sub(r"(?<![\w*])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![\w*])", r"<strong>\1</strong>", escaped)
            emphasis = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])", r"<em>\1</em>", bold)
            parts[index] = emphasis.replace("\n", "<br>")
    return "".join(parts)


test_the_gradients_of_autograd = PublicCheck(test_the_gradients_of_autograd, question=name, points=0, placeholder=None, coverage='')

# Public checks of `batch_norm_2d`: made by `autograder build` from tests/batchnorm.
OK_FORMAT = False

name = 'batch_norm_2d'
points = None


from collections.abc import Mapping
from typing import Any
import torch
from torch import Tensor
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


CALLED = '''
import sys
import threading

import torch
from torch.utils._python_dispatch import TorchDispatchMode

READY_MADE = ("batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm")


def is_ready_made(name):
    return any(kind in name.lower().replace("_", "") for kind in READY_MADE)


class Operations(TorchDispatchMode):
    """See every operation that is carried out, whoever asks for it, by whatever name."""

    def __init__(self, found):
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation.namespace == "aten" and is_ready_made(operation.name()):
            self.found.append(operation.name())
        return operation(*args, **(kwargs or {}))


def called(function, x, gamma, beta, mean, var, training, options):
    """Call, and return the result, the very tensors that were handed in, and whether anything ready-made was used."""
    found = []

    def seen(frame, event, argument):  # the libraries' own functions, in further threads too
        if event == "c_call":
            name = getattr(argument, "__name__", None) or ""
        else:
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name) if "-packages" in code.co_filename else ""
        if is_ready_made(name):
            found.append(name)

    before = sys.getprofile()
    sys.setprofile(seen)
    threading.setprofile(seen)
    try:
        with Operations(found):
            result = function(x, gamma, beta, mean, var, training, **options)
    finally:
        threading.setprofile(None)
        sys.setprofile(before)
    return result, [x, gamma, beta], mean, var, bool(found)


def differentiated(function, x, gamma, beta, mean, var, training, weights):
    """Return the gradients of the weighted sum of the result, and what of them hangs on to the graph."""
    leaves = [leaf.requires_grad_() for leaf in (x, gamma, beta)]
    given = [leaf * 1 for leaf in leaves]  # no leaves: that x is changed in place another check says
    result, *_, ready_made = called(function, *given, mean, var, training, {})
    flows = getattr(result, "requires_grad", False)
    if flows:
        (result * weights).sum().backward()
    return flows, [leaf.grad for leaf in leaves], mean.requires_grad or var.requires_grad, ready_made
'''


FROM_SCRATCH = "This uses a normalisation of PyTorch's own: write it yourself, with means and variances."


def calling(library: Any, name: str) -> Any:
    """Return a function of CALLED in the student's process."""
    return library.builtins.eval("(space := {}, exec(source, space))[0][name]", {"source": CALLED, "name": name})


def copies(given: Mapping[str, Tensor]) -> list[Tensor]:
    """Return the tensors of a call, for the student's function to do with as it likes."""
    return [value.clone() for value in given.values()]


def apply(
    student: Any, library: Any, given: Mapping[str, Tensor], *, training: bool, **options: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the student's result, and running mean and variance as they are after the call."""
    x = given["x"]
    called = calling(library, "called")
    result, _, *statistics, ready_made = called(student.batch_norm_2d, *copies(given), training, options)
    assert not ready_made, FROM_SCRATCH
    y = tensor(result, "batch_norm_2d(…)", shape=tuple(x.shape)).float()
    mean_after, var_after = statistics
    return y, mean_after, var_after


X_ITSELF = "The result is x itself."


UNBIASED = "The batch is normalised with its biased variance (unbiased=False), the unbiased one is for running_var."


NOT_CENTRED = "The mean is not subtracted."


NO_ROOT = "Divide by the standard deviation, the root of the variance."


def waves(scale: float) -> dict[str, Tensor]:
    """Return the arguments of a call: three channels that differ in mean and spread, gamma 1 and beta 0."""
    factors, offsets = torch.tensor([1.0, 5.0, 0.5]), torch.tensor([0.0, 10.0, -2.0])
    x = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).sin().view(2, 3, 4, 5)
    x = scale * (x * factors.view(1, 3, 1, 1) + offsets.view(1, 3, 1, 1))
    zeros, ones = torch.zeros(3), torch.ones(3)
    return {"x": x, "gamma": ones, "beta": zeros, "mean": zeros, "var": ones}


def spread_of(y: Tensor) -> Tensor:
    """Return the standard deviation of each channel, the one that divides by n."""
    return y.std(dim=(0, 2, 3), unbiased=False)


STATISTICS = ("running_mean", "running_var")


IN_PLACE = (
    "running_mean and running_var did not change: update the tensors that were handed in, in place "
    "(mul_, add_, copy_, [:] = …); an assignment to the name makes new ones that the caller never sees."
)


MEAN_NOT_IN_PLACE = "running_mean did not change, running_var did: update both in place."


VAR_NOT_IN_PLACE = "running_var did not change, running_mean did: update both in place."


BIASED = "running_var takes the unbiased variance of the batch, which divides by n - 1."


REVERSED = "momentum is the wrong way round: it is the share of the batch, 1 - momentum that of the old value."


NOT_REDUCED = "The old running mean and variance must be multiplied by 1 - momentum before the batch's share is added."


OWN_STATISTICS = "This is the batch's own mean and variance: move towards them by the share `momentum`."


EXCHANGED = "running_mean and running_var have changed places."


MEAN_NOT_REDUCED = "The old running mean must be multiplied by 1 - momentum before the batch's share is added."


VAR_NOT_REDUCED = "The old running variance must be multiplied by 1 - momentum before the batch's share is added."


CORRECTED_BACKWARDS = "The biased variance becomes the unbiased one times n / (n - 1), not (n - 1) / n."


CORRECTED_TWICE = "The unbiased variance is corrected once more: x.var() divides by n - 1 already."


ROOT_OF_RUNNING_VAR = "running_var takes the variance of the batch, not the standard deviation."


IN_EVALUATION = "In evaluation mode running_mean and running_var must stay as they are."


OF_THE_BATCH = "In evaluation mode the running statistics normalise, not those of the batch."


NO_GRADIENT = "No gradient comes out: do not put the normalisation under no_grad, and do not detach."


DETACHED = "The gradient to x does not flow through mean and variance: no detach, no no_grad when you compute them."


VARIANCE_DETACHED = "The gradient to x does not flow through the variance: no detach, no no_grad when you compute it."


TRACKED = "The running statistics hang on to the graph: update them under torch.no_grad(), or with detached values."


def test_training_mode(student, library):
    """In training mode each channel has mean beta and standard deviation gamma."""
    given = waves(1.0)
    x, n = given["x"], 2 * 4 * 5
    zeros, ones = given["beta"], given["gamma"]
    y, _, _ = apply(student, library, given, training=True)
    slips = {
        UNBIASED: (zeros, ones * ((n - 1) / n) ** 0.5),
        NO_ROOT: (zeros, 1 / spread_of(x)),
        X_ITSELF: (x.mean(dim=(0, 2, 3)), spread_of(x)),
        "The mean is subtracted; divide by the standard deviation too.": (zeros, spread_of(x)),
        NOT_CENTRED: (x.mean(dim=(0, 2, 3)) / spread_of(x), ones),
    }
    answer((y.mean(dim=(0, 2, 3)), spread_of(y)), (zeros, ones), slips, tolerance=1e-3)
    gamma, beta = torch.tensor([2.0, 1.0, 0.5]), torch.tensor([0.0, -1.0, 3.0])
    turned = {**given, "gamma": -gamma, "beta": beta}
    result, left, *_ = calling(library, "called")(student.batch_norm_2d, *copies(turned), True, {})
    tensor(result, "batch_norm_2d(…)", dtype=torch.float32)
    x_after, *learned = (tensor(one, "the argument") for one in left)
    assert x_after.equal(x), "x itself was changed: work on a new tensor, not in place."
    assert close(learned, [-gamma, beta]), (
        "gamma or beta was changed: only the running statistics are updated in place."
    )
    y, _, _ = apply(student, library, {**given, "gamma": gamma, "beta": beta}, training=True)
    slips = {
        "gamma and beta are missing.": (zeros, ones),
        "gamma is missing: multiply each channel by its gamma.": (beta, ones),
        "beta is missing: add its beta to each channel.": (zeros, gamma),
        "gamma and beta have changed places.": (gamma, beta.abs()),
        "beta must be added after the multiplication by gamma.": (gamma * beta, gamma),
    }
    answer((y.mean(dim=(0, 2, 3)), spread_of(y)), (beta, gamma), slips, tolerance=1e-3)


def test_running_statistics(student, library):
    """For the values 1 and 3 a running mean of 1 becomes 1.1 and a running variance of 3 becomes 2.9, in place."""
    x = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    one = torch.ones(1)
    given = {"x": x, "gamma": one, "beta": 0 * one, "mean": one, "var": 3 * one}
    after = apply(student, library, given, training=True)[1:]
    mean, var = (tensor(value, name, shape=(1,)) for value, name in zip(after, STATISTICS, strict=True))
    slips = {
        IN_PLACE: (1.0, 3.0),
        MEAN_NOT_IN_PLACE: (1.0, 2.9),
        VAR_NOT_IN_PLACE: (1.1, 3.0),
        BIASED: (1.1, 2.8),
        REVERSED: (1.9, 2.1),
        NOT_REDUCED: (1.2, 3.2),
        MEAN_NOT_REDUCED: (1.2, 2.9),
        VAR_NOT_REDUCED: (1.1, 3.2),
        ROOT_OF_RUNNING_VAR: (1.1, 2.7 + 0.1 * 2**0.5),
        CORRECTED_BACKWARDS: (1.1, 2.75),
        CORRECTED_TWICE: (1.1, 3.1),
        OWN_STATISTICS: (2.0, 2.0),
        EXCHANGED: (2.9, 1.1),
    }
    answer((mean.item(), var.item()), (1.1, 2.9), slips)


def test_evaluation_mode(student, library):
    """In evaluation mode the running statistics normalise (1 and 4 turn 1, 3, 5 into 0, 1, 2), and nothing changes."""
    x = torch.tensor([1.0, 3.0, 5.0]).view(3, 1, 1, 1)
    mean, var = torch.tensor([1.0]), torch.tensor([4.0])
    given = {"x": x, "gamma": torch.ones(1), "beta": torch.zeros(1), "mean": mean, "var": var}
    y, mean_after, var_after = apply(student, library, given, training=False)
    assert mean_after.equal(mean) and var_after.equal(var), IN_EVALUATION
    slips = {
        OF_THE_BATCH: [-(1.5**0.5), 0.0, 1.5**0.5],
        NO_ROOT: [0.0, 0.5, 1.0],
        X_ITSELF: [1.0, 3.0, 5.0],
        NOT_CENTRED: [0.5, 1.5, 2.5],
        "The mean is subtracted; divide by the standard deviation too.": [0.0, 2.0, 4.0],
    }
    answer(y.flatten().tolist(), [0.0, 1.0, 2.0], slips, tolerance=1e-3)


def test_gradients_flow(student, library):
    """Gradients flow, through mean and variance too: where x grows by 1 or by a factor, nothing changes."""
    given = waves(1.0)
    count = torch.arange(given["x"].numel() * 1.0)
    weights = (1 + count.sin() + count.cos()).view(given["x"].shape)
    differentiated = calling(library, "differentiated")
    flows, gradients, tracked, ready_made = differentiated(student.batch_norm_2d, *copies(given), True, weights)
    assert not ready_made, FROM_SCRATCH
    assert flows is True and gradients[0] is not None, NO_GRADIENT
    assert tracked is False, TRACKED
    to_x = tensor(gradients[0], "the gradient to x", shape=tuple(given["x"].shape))
    y, moved, stretched = (
        apply(student, library, {**given, "x": values}, training=True)[0]
        for values in (given["x"], given["x"] + 1, 2 * given["x"])
    )
    keeps_sum, keeps_squares = close(y, moved, 1e-3), close(y, stretched, 1e-3)
    if not keeps_sum and not keeps_squares:
        raise Slip
    for keeps, parts, hint in (
        (keeps_sum, to_x, DETACHED),
        (keeps_squares, to_x * given["x"], VARIANCE_DETACHED),
    ):
        assert not keeps or parts.sum().abs() <= 1e-2 * parts.abs().sum(), hint


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


test_training_mode = PublicCheck(test_training_mode, question=name, points=0.5, placeholder=None, coverage='')
test_running_statistics = PublicCheck(test_running_statistics, question=name, points=0.5, placeholder=None, coverage='')
test_evaluation_mode = PublicCheck(test_evaluation_mode, question=name, points=0.5, placeholder=None, coverage='')
test_gradients_flow = PublicCheck(test_gradients_flow, question=name, points=0.5, placeholder=None, coverage='2 of 6 points are checked here, the rest by hidden checks.')

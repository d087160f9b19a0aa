# Public checks of `evaluate`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'evaluate'
points = None


from collections.abc import Sequence
from typing import Any
import torch
from torch import Tensor
from torch.nn import functional
import math
from collections.abc import Mapping
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


def pair(value: object, name: str, parts: str) -> tuple[Any, Any]:
    """Return `value`, two values in a list or any kind of tuple; `parts` names them, as in "loss, accuracy"."""
    items = _items(value)
    if items is None:
        _mismatch(f"`{name}` must be a pair ({parts}).", _kind(value))
    if len(items) != 2:  # noqa: PLR2004 - a pair
        _mismatch(f"`{name}` must be a pair ({parts}).", f"of length {len(items)}")
    return items[0], items[1]


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


SMOOTHING = 0.2


FLAT = "The model is given flattened images: hand them on as they come, since not every network wants them flat."


CRITERION = "The loss is the cross-entropy, whatever `criterion` is: use the argument."


FIRST_LEFT_OUT = "The first batch is left out: every batch counts (does next() take one before the loop?)."


KEPT = "A first call is right, a second one with fewer images is not: what is added up must begin at 0 in each call."


Batches = Sequence[tuple[Tensor, Tensor]]


def batches(library: Any, x: Tensor, y: Tensor, size: int) -> Any:
    """Return a loader in the student's process that hands out x and y in order."""
    data = library.torch.utils.data
    return data.DataLoader(data.TensorDataset(x, y), batch_size=size)


def in_batches(x: Tensor, y: Tensor, size: int) -> Batches:
    """Return what that loader hands out."""
    return list(zip(x.split(size), y.split(size), strict=True))


def logits_of(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the logits of Linear layers with these weights and biases, with ReLUs between them."""
    for index in range(0, len(weights), 2):
        x = (x.relu() if index else x) @ weights[index].T + weights[index + 1]
    return x


def network(library: Any, weights: Sequence[Tensor]) -> Any:
    """Return that network in the student's process; it takes images of any shape."""
    layers = library.torch.nn
    parts = [layers.Flatten()]
    for index in range(0, len(weights), 2):
        parts += [layers.ReLU()] if index else []
        parts += [layers.Linear(weights[index].shape[1], weights[index].shape[0])]
    model = layers.Sequential(*parts)
    model.load_state_dict(dict(zip(model.state_dict(), weights, strict=True)))
    return model


def weights_of(model: Any) -> list[Tensor]:
    """Return a copy of the weights as they are now."""
    return [tensor(value, name).clone() for name, value in model.state_dict().items()]


def wrong_means(losses: Sequence[float], sizes: Sequence[int]) -> dict[str, float]:
    """Return what is no mean over samples, by the slips that lead to it; the losses are means of batches."""
    total, samples, number_of_batches = sum(a * b for a, b in zip(losses, sizes, strict=True)), sum(sizes), len(sizes)
    return {
        "The loss is the sum over all samples: divide by their number.": total,
        "The loss is the sum of the batches' mean losses: weight each by its size, then divide by the number of samples.": sum(
            losses
        ),
        "The loss is the mean of the batches' means: the last batch is smaller, so weight each by its size.": sum(
            losses
        )
        / number_of_batches,
        "You divide by the number of samples, but the losses are means of batches: weight each by the batch's size first.": sum(
            losses
        )
        / samples,
        "You divide by the number of batches what you weighted by their sizes: divide by the number of samples.": total
        / number_of_batches,
        "You weight each batch alike, but the last one is smaller: weight it by its own size.": sum(losses)
        * sizes[0]
        / samples,
        "You divide by the number of batches times their size, but the last one is smaller: divide by the number of samples.": total
        / (number_of_batches * sizes[0]),
        "The loss is that of the last batch: add up those of all batches.": losses[-1],
        "Only the last batch's loss is counted: add up those of all batches.": losses[-1] * sizes[-1] / samples,
    }


def mean(losses: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the mean over samples."""
    return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)


def smoothed(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss that is handed in."""
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)


def two_numbers(value: object) -> tuple[float, float]:
    """Return loss and accuracy as floats."""
    loss, accuracy = pair(value, "evaluate(model, loader, criterion)", "loss, accuracy")
    return number(loss, "the loss"), number(accuracy, "the accuracy")


def wrong_accuracies(hits: Sequence[int], sizes: Sequence[int]) -> dict[str, float]:
    """Return wrong accuracies by their slips, from the right answers in each batch."""
    right, samples, number_of_batches = sum(hits), sum(sizes), len(sizes)
    by_batch = [a / b for a, b in zip(hits, sizes, strict=True)]
    return {
        "The accuracy is a number between 0 and 1, not in percent.": 100 * right / samples,
        "This is the number of right answers, not the accuracy: divide by the number of samples.": float(right),
        "You averaged the accuracies of batches: the last one is smaller and counts too much.": sum(by_batch)
        / number_of_batches,
        "The accuracy is divided by the number of batches: divide by the number of samples.": right / number_of_batches,
        "The accuracy is divided as if all batches were of the same size: divide by the number of samples.": right
        / (number_of_batches * sizes[0]),
        "The accuracies of the batches are added up: divide all right answers by all samples.": sum(by_batch),
        "This is the share of wrong answers: the accuracy is the share of right ones.": 1 - right / samples,
        "The accuracy is that of the last batch: count over all batches.": by_batch[-1],
        "Only the right answers of the last batch are counted: add up those of all batches.": hits[-1] / samples,
        "The accuracy is 0, though some answers are right: compare `logits.argmax(dim=1)` with the labels, and divide "
        "with /, not //.": 0.0,
    }


Measured = tuple[float, float]


def measured_by(
    weights: Sequence[Tensor], parts: Batches
) -> tuple[Measured, dict[str, float], dict[str, float], dict[str, Measured]]:
    """Return the right (loss, accuracy), and by their slips wrong losses, wrong accuracies, and what is wrong in both."""
    logits = [logits_of(weights, x) for x, _ in parts]
    sizes = [len(y) for _, y in parts]
    losses = [smoothed(z, y).item() for z, (_, y) in zip(logits, parts, strict=True)]
    plain = [functional.cross_entropy(z, y).item() for z, (_, y) in zip(logits, parts, strict=True)]
    hits = [int((z.argmax(dim=1) == y).sum()) for z, (_, y) in zip(logits, parts, strict=True)]
    right = mean(losses, sizes), sum(hits) / sum(sizes)
    both = {
        "They are swapped: return the loss first, then the accuracy.": (right[1], right[0]),
        "Only the first batch is measured: the loop ends too early (is `return` inside it?).": (
            losses[0],
            hits[0] / sizes[0],
        ),
        FIRST_LEFT_OUT: (mean(losses[1:], sizes[1:]), sum(hits[1:]) / sum(sizes[1:])),
        "The last batch is left out: it is smaller, but counts.": (
            mean(losses[:-1], sizes[:-1]),
            sum(hits[:-1]) / sum(sizes[:-1]),
        ),
    }
    return right, {**wrong_means(losses, sizes), CRITERION: mean(plain, sizes)}, wrong_accuracies(hits, sizes), both


def judge_measured(found: Measured, weights: Sequence[Tensor], parts: Batches) -> None:
    """Accept the right loss and accuracy; otherwise name the slip, in the accuracy first."""
    right, losses, accuracies, both = measured_by(weights, parts)
    if close(found, right):
        return
    if not any(close(found, wrong) for wrong in both.values()):
        answer(found[1], right[1], accuracies)
        answer(found[0], right[0], losses)
    answer(found, right, both)


EVALUATION_MODE = "It measures in training mode: call model.eval() before the loop."


RESTORED = "The mode was changed: note model.training before, and restore it with model.train(was_training)."


NO_GRADIENTS = "It remembers how results came about: put the loop under torch.no_grad()."


GRADIENTS_AGAIN = (
    "Gradients are still switched off when `evaluate` is through: `with torch.no_grad():` switches them on again."
)


def on_the_watch(library: Any, model: Any) -> Any:
    """Return where the student's process notes each call of the model: its mode, flat images, remembered gradients."""
    seen = library.collections.deque()
    library.builtins.eval(
        "lambda model, note: model.register_forward_hook(lambda module, given, output: ("
        "note('training' if module.training else 'evaluating'), given and given[0].dim() == 2 and note('flat'), "
        "output.requires_grad and note('gradients'), None)[-1])",
        {},
    )(model, seen.append)
    return seen


def modes_of(library: Any, model: Any) -> list[bool]:
    """Return in which modes the model and its layers are: one, where they are all in the same."""
    return list(library.builtins.eval("lambda model: list({one.training for one in model.modules()})", {})(model))


def test_a_model_that_knows_and_one_that_does_not(student, library):
    """`evaluate` returns the mean loss per sample and the accuracy in [0, 1], and leaves the model as it was."""
    weights = [torch.tensor([[0.5, -0.3], [-0.2, 0.4], [0.1, 0.2]]), torch.tensor([0.1, 0.0, -0.2])]
    x = torch.stack([torch.linspace(-2, 3, 10), torch.linspace(2, -1, 10) ** 2], dim=1)
    y = torch.tensor([1, 1, 2, 0, 0, 1, 0, 0, 0, 0])
    model = network(library, weights)
    seen = on_the_watch(library, model)
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    results, modes = [], []
    for training, count in ((True, 10), (False, 6)):
        model.train(training)
        loader = batches(library, x[:count].view(count, 1, 1, 2), y[:count], 4)
        results.append(two_numbers(student.evaluate(model, loader, criterion)))
        modes.append(modes_of(library, model))
    gradients = library.torch.is_grad_enabled()
    assert close(weights_of(model), weights), "The weights changed: evaluate must not train."
    judge_measured(results[0], weights, in_batches(x, y, 4))
    assert close(results[1], measured_by(weights, in_batches(x[:6], y[:6], 4))[0]), KEPT
    seen = library.builtins.list(seen)
    assert "training" not in seen, EVALUATION_MODE
    assert "gradients" not in seen, NO_GRADIENTS
    assert "flat" not in seen, FLAT
    assert gradients, GRADIENTS_AGAIN
    assert modes == [[True], [False]], RESTORED


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


test_a_model_that_knows_and_one_that_does_not = PublicCheck(test_a_model_that_knows_and_one_that_does_not, question=name, points=1, placeholder=None, coverage='1 of 4 points is checked here, the rest by hidden checks.')

# Public checks of `train_one_epoch`: made by `autograder build` from tests/mlp.
OK_FORMAT = False

name = 'train_one_epoch'
points = None


from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
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


RATE = 0.1


SMOOTHING = 0.2


FLAT = "The model is given flattened images: hand them on as they come, since not every network wants them flat."


CRITERION = "The loss is the cross-entropy, whatever `criterion` is: use the argument."


UNCHANGED = "The weights do not change: the gradients are cleared before the step has used them."


TRAINING_MODE = "The model is trained in evaluation mode: call model.train() first."


FIRST_LEFT_OUT = "The first batch is left out: every batch counts (does next() take one before the loop?)."


SUMMED = "The gradients are those of the sum over the batch: call backward() on the mean that `criterion` gives."


KEPT = "A first call is right, a second one with fewer images is not: what is added up must begin at 0 in each call."


Criterion = Callable[[Tensor, Tensor], Tensor]


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


class Epoch(NamedTuple):
    """What comes of a way to train."""

    weights: list[Tensor]
    losses: list[float]
    """Of each batch, as it was computed for the step."""
    after: list[float]
    """The same after the step."""
    behind: list[float]
    """The same behind the epoch."""
    sizes: list[int]


def trained(
    weights: Sequence[Tensor], parts: Batches, criterion: Criterion, plan: str = "cas", at_end: str = ""
) -> Epoch:
    """Return what comes of an epoch.

    `plan` says what happens for each batch: c(lear the gradients), a(dd new ones), s(tep); `at_end` what comes then.
    """
    weights = list(weights)
    summed = [torch.zeros_like(weight) for weight in weights]
    before, after = [], []
    for index, (x, y) in enumerate(parts):
        with torch.enable_grad():
            free = [weight.clone().requires_grad_() for weight in weights]
            loss = criterion(logits_of(free, x), y)
            new = torch.autograd.grad(loss, free)
        for letter in plan + (at_end if index == len(parts) - 1 else ""):
            if letter == "s":
                weights = [weight - RATE * gradient for weight, gradient in zip(weights, summed, strict=True)]
            elif letter == "c":
                summed = [torch.zeros_like(weight) for weight in weights]
            else:
                summed = [old + one for old, one in zip(summed, new, strict=True)]
        before.append(loss.item())
        after.append(criterion(logits_of(weights, x), y).item())
    behind = [criterion(logits_of(weights, x), y).item() for x, y in parts]
    return Epoch(weights, before, after, behind, [len(y) for _, y in parts])


def ways_to_train(weights: Sequence[Tensor], parts: Batches, criterion: Criterion) -> dict[str, Epoch]:
    """Return what comes of the right way, under "", and of known slips, by their hints."""
    summed = trained(weights, parts, lambda logits, labels: criterion(logits, labels) * len(labels))
    return {
        "": trained(weights, parts, criterion),
        "Gradients add up from batch to batch: clear them before each backward().": trained(
            weights, parts, criterion, "as"
        ),
        "There is a step for the last batch alone: what a batch needs belongs into the loop.": trained(
            weights, parts, criterion, "ca", "s"
        ),
        "There is one step for all batches together: what a batch needs belongs into the loop.": trained(
            weights, parts, criterion, "a", "s"
        ),
        "Each batch takes two steps: one is asked for.": trained(weights, parts, criterion, "cass"),
        "Only the first batch is used: the loop ends too early (is `return` inside it?).": trained(
            weights, parts[:1], criterion
        ),
        FIRST_LEFT_OUT: trained(weights, parts[1:], criterion),
        "The last batch is left out: it is smaller, but counts.": trained(weights, parts[:-1], criterion),
        "The loader is gone through twice: an epoch is one pass.": trained(weights, [*parts, *parts], criterion),
        SUMMED: summed._replace(  # the loss that is told is the mean all the same
            losses=[loss / size for loss, size in zip(summed.losses, summed.sizes, strict=True)]
        ),
        CRITERION: trained(weights, parts, functional.cross_entropy),
        "The criterion takes logits: hand it what the model gives, without a softmax.": trained(
            weights, parts, lambda logits, labels: criterion(logits.softmax(dim=1), labels)
        ),
        UNCHANGED: trained(weights, parts, criterion, "a"),
    }


WATCH = '''
import torch


def watch(model, optimizer, criterion, note):
    """Have each backward pass, step, and call of the criterion noted, and how the model is called."""
    weight, come = next(model.parameters()), []

    def backward(gradient):
        come[:] = [gradient.detach().norm()]
        note("backward")

    def step(optimizer, given, named):
        note("step")
        if come and weight.grad is not None and weight.grad.norm() < 0.999 * come[0]:
            note("smaller")

    def called(module, given):
        note("training" if module.training else "evaluating")
        if not torch.is_grad_enabled():
            note("off")
        if given and given[0].dim() == 2:
            note("flat")

    weight.register_hook(backward)
    optimizer.register_step_pre_hook(step)
    model.register_forward_pre_hook(called)
    criterion.register_forward_pre_hook(lambda module, given: note("criterion"))
'''


def watched(library: Any, model: Any, optimizer: Any, criterion: Any) -> Any:
    """Return where the student's process notes each backward pass, step, and call of the criterion and the model.

    Of the model that is its mode, "off" where gradients are, and "flat" where an image that it is given has one
    dimension alone; "smaller" stands beside a step whose gradients are smaller than those of the backward pass.
    """
    seen = library.collections.deque()
    watch = library.builtins.eval("(space := {}, exec(source, space))[0]['watch']", {"source": WATCH})
    watch(model, optimizer, criterion, seen.append)
    return seen


def judge_weights(found: list[Tensor], ways: dict[str, Epoch], seen: list[str]) -> None:
    """Accept the weights of the right way; otherwise name the slip."""
    if close(found, ways[""].weights):
        return
    if close(found, ways[UNCHANGED].weights):
        assert "off" not in seen, (
            "The weights do not change: the model is called under torch.no_grad(), where nothing can go backward."
        )
        assert seen.count("backward") + seen.count("step"), (
            "The weights do not change: each batch needs loss.backward() and a step of the optimizer that is given."
        )
        assert "step" in seen, "The weights do not change: the step of the optimizer is missing."
        assert "backward" in seen, "The weights do not change: backward() is missing, which computes the gradients."
    assert "step" in seen, "The optimizer that is given takes no step: use the argument `optimizer`."
    if not any(close(found, way.weights) for way in ways.values()):
        assert "criterion" in seen, "`criterion` is never called: use the argument, whatever it computes."
        assert "smaller" not in seen, (
            "The gradients are made smaller before the step (clipped?): take it with those that backward() gives."
        )
    answer(found, ways[""].weights, {hint: way.weights for hint, way in ways.items()})


def judge_loss(
    found: float, weights: list[Tensor], ways: dict[str, Epoch], sizes: Sequence[int], noted: Sequence[float] = ()
) -> None:
    """Accept the mean over samples of the losses that the training, right or not, has seen; otherwise name the slip.

    `noted` are the losses of a training that is none of the ways, as the student's process tells them.
    """
    unknown = Epoch([], [*noted], [*noted], [*noted], [*sizes]) if len(noted) == len(sizes) else ways[""]
    way = next((way for way in ways.values() if close(way.weights, weights)), unknown)
    last = slice(-len(sizes), None)  # of two passes, which is one too many, the mean of the last one will do
    if len(way.sizes) > len(sizes) and close(found, mean(way.losses[last], way.sizes[last])):
        return
    answer(found, mean(way.losses, way.sizes), wrong_losses(way, ways[CRITERION]))


def mean(losses: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the mean over samples."""
    return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)


def wrong_losses(way: Epoch, plain: Epoch) -> dict[str, float]:
    """Return wrong losses of an epoch by their slips; `plain` is the one with the cross-entropy for a criterion."""
    return {
        **wrong_means(way.losses, way.sizes),
        "This is the loss after each step: return the one that was computed for the step.": mean(way.after, way.sizes),
        "This is the loss of another pass behind the epoch: return the losses that were computed for the steps.": mean(
            way.behind, way.sizes
        ),
        CRITERION: mean(plain.losses, plain.sizes),
    }


def smoothed(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss that is handed in."""
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)


def test_an_epoch_teaches(student, library):
    """Each batch clears the gradients, goes backward and takes one step; the result is the mean loss per sample."""
    y = torch.arange(22) % 3
    x = 3 * torch.eye(3)[y] + torch.linspace(0, 1, 22)[:, None]
    start = [torch.tensor([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.5, 0.2, 0.7]]), torch.tensor([0.2, -0.1, 0.3])]
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for again, count in enumerate((22, 10)):
        parts = in_batches(x[:count], y[:count], 4)
        ways = ways_to_train(start, parts, smoothed)
        model = network(library, start)
        optimizer = library.torch.optim.SGD(model.parameters(), lr=RATE)
        noted = watched(library, model, optimizer, criterion)
        model.eval()
        loader = batches(library, x[:count].view(count, 1, 1, 3), y[:count], 4)
        found = student.train_one_epoch(model, loader, criterion, optimizer)
        seen = library.builtins.list(noted)
        judge_weights(weights_of(model), ways, seen)
        try:
            judge_loss(number(found, "the loss"), weights_of(model), ways, ways[""].sizes)
        except Slip:
            assert not again, KEPT
            raise
    assert "evaluating" not in seen, TRAINING_MODE
    assert "flat" not in seen, FLAT


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


test_an_epoch_teaches = PublicCheck(test_an_epoch_teaches, question=name, points=1, placeholder=None, coverage='1 of 4 points is checked here, the rest by hidden checks.')

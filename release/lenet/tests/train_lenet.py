# Public checks of `train_lenet`: made by `autograder build` from tests/lenet.
OK_FORMAT = False

name = 'train_lenet'
points = None


import contextlib
from collections.abc import Mapping
from typing import Any
import torch
from torch import Tensor


_NO_STEP = "No optimiser takes a step: each batch needs loss.backward(), and behind it optimizer.step()."


_RATE_FALLS = (
    "In the middle of the first epoch the learning rate is less than a hundredth of what it was: where it is to fall "
    "from epoch to epoch, call scheduler.step() behind each epoch, not behind each batch."
)


_FEW_BATCHES = (
    "Not every batch of `train_loader` has its turn: does a return or a break end the loop too early, or next() take "
    "the first one alone?"
)


_FEW_STEPS = (
    "There are fewer steps than batches in one epoch, and each needs its own: does the step stand behind the loop?"
)


_SOME_PARAMETERS = (
    "Some parameters of the network never learn: hand all of model.parameters() to the optimiser, and freeze none."
)


DOUBTS = (_NO_STEP, _RATE_FALLS, _FEW_BATCHES, _FEW_STEPS, _SOME_PARAMETERS)


_NEVER_GONE_THROUGH = (
    "The loader `train_loader` that is given is never gone through: learn from it, not from `valid_loader` or the "
    "notebook's own loader."
)


_ANOTHER_NETWORK = (
    "The optimiser steps on the parameters of another network than the one that is returned, which has never "
    "learned: make it of model.parameters(), and return that model, no new one and no copy made before."
)


_NO_GRADIENT = "At no step there is a gradient: call loss.backward() before optimizer.step()."


_AS_BEFORE = (
    "The network that is returned has the weights that it had before its first step: are they put back in the end? "
    "Copy those of the best epoch when it is the best."
)


_UNCLEARED = "The gradients of all batches add up: call optimizer.zero_grad() for each batch."


_WATCHED = '''
import contextlib
import dis
import types

import torch
from torch.optim import optimizer as optimisers


def ignored(train, position):
    """Return whether a function never reads an argument, or first of all gives its name to something else."""
    code = getattr(train, "__code__", None)
    if code is None or code.co_argcount <= position:
        return False
    name = code.co_varnames[position]
    for step in dis.get_instructions(code):
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        of_a_variable = any(kind in step.opname for kind in ("FAST", "DEREF", "CELL", "CLOSURE"))
        if name in names and of_a_variable:
            return step.opname.startswith("STORE") and not (names.index(name) and "LOAD" in step.opname)
    return True


def is_trained(own, parameters, starts):
    """Return whether an optimiser has stepped on a network's own parameters, or on those that they are copies of.

    The copies are made behind a step. `starts` holds, of the parameters that were looked at, what they were before the
    first one.
    """
    if any(id(one) in parameters for one in own):
        return True
    alike = torch.nn.functional.cosine_similarity
    return any(
        one.shape == start.shape
        and not torch.equal(one, start)
        and any(alike(one.flatten(), other.flatten(), dim=0) > 0.5 for other in (start, trained))
        for one in (one.detach().cpu() for one in own)
        for trained, start in ((trained.detach().cpu(), start) for trained, start in starts.items())
    )


@contextlib.contextmanager
def gone_through(loader):
    """Note how many `batches` a loader hands out, and whether it is `asked` for its dataset."""
    notes, kind = types.SimpleNamespace(batches=0, asked=False, sampled=False), type(loader)

    class Counted:
        def __init__(self, batches):
            self.batches = batches

        def __iter__(self):
            return self

        def __next__(self):
            batch = next(self.batches)
            notes.batches += 1
            return batch

        def __len__(self):
            return len(self.batches)

        def __getattr__(self, name):
            return getattr(self.batches, name)

    class Watched(kind):
        def __iter__(self):
            asked = notes.asked
            batches = super().__iter__()  # which asks for the dataset, too
            notes.asked = asked
            return Counted(batches)

        def __getattribute__(self, name):
            notes.asked = notes.asked or name == "dataset"
            notes.sampled = notes.sampled or name in ("sampler", "batch_sampler")
            return super().__getattribute__(name)

    Watched.__name__, Watched.__qualname__, Watched.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    loader.__class__ = Watched
    try:
        yield notes
    finally:
        loader.__class__ = kind


def watched(train, *given):
    """Train, and note what the optimisers do: their steps, what they step on, and whether gradients are cleared."""
    notes = types.SimpleNamespace(steps=0, uncleared=0, parameters={}, first=None)
    batches, rates = len(given[0]), []  # of the first optimiser, in the first epoch
    starts, at_first, moved = {}, {}, {}  # of some parameters, and of all: what they were; those that had gradients
    came, stood = {}, {}  # of each parameter looked at: the gradients since its last step, what stood there behind it

    def looked_at(optimizer):
        return next((one for one in optimizer.param_groups[0]["params"] if one.requires_grad), None)

    def note_gradients(optimizer):
        for group in optimizer.param_groups:
            moved.update((id(one), one) for one in group["params"] if one.grad is not None)

    def before(optimizer, args, options):
        notes.steps += 1
        notes.first = notes.first or optimizer
        if optimizer is notes.first and len(rates) < batches:
            rates.append(float(optimizer.param_groups[0]["lr"]))
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        notes.parameters.update((id(one), one) for one in parameters)  # kept, so that no number comes twice
        at_first.update((id(one), one.detach().cpu().clone()) for one in parameters if id(one) not in at_first)
        note_gradients(optimizer)
        one = looked_at(optimizer)
        if one is None:
            return
        if one not in starts:
            starts[one] = one.detach().cpu().clone()
        if one not in came:
            came[one] = 0
            one.register_hook(lambda gradient: came.update({one: came[one] + gradient.detach()}))
        elif one.grad is not None and torch.is_tensor(came[one]):
            added = one.grad - came[one]  # what stood there before, unless it was cleared
            notes.uncleared += ((added - stood[one]).norm() < added.norm() / 10).item()

    def behind(optimizer, args, options):
        note_gradients(optimizer)  # those of a closure, which runs within the step
        one = looked_at(optimizer)
        if one is not None:
            came[one], stood[one] = 0, one.detach() * 0 if one.grad is None else one.grad.detach().clone()

    hooks = [
        optimisers.register_optimizer_step_pre_hook(before),
        optimisers.register_optimizer_step_post_hook(behind),
    ]
    try:
        with gone_through(given[0]) as loader:
            result = train(*given)
    finally:
        for hook in hooks:
            hook.remove()
    model = result[0] if isinstance(result, (tuple, list)) and result else result
    own = list(model.parameters()) if isinstance(model, torch.nn.Module) else []
    stepped_on = [one for one in own if id(one) in at_first]
    told = {
        "steps": notes.steps,
        "batches": None if loader.asked or (loader.sampled and not loader.batches) else loader.batches,
        "gradients": bool(moved),
        "uncleared": notes.uncleared,
        "own": is_trained(own, notes.parameters, starts),
        "rate falls": bool(rates) and rates[len(rates) // 2] < rates[0] / 100,
        "as before": bool(stepped_on)
        and all(torch.equal(one.detach().cpu(), at_first[id(one)]) for one in stepped_on),
        "in part": bool(stepped_on)
        and any(id(one) not in moved and not (id(one) in at_first and one.requires_grad) for one in own),
    }
    return result, told


def instead(train, *given):
    """Train with these loaders, in the place of the notebook's own too: another check minds whose they are."""
    names = getattr(train, "__globals__", {})
    absent = object()
    own = {name: names.get(name, absent) for name in ("train_loader", "valid_loader")}
    names.update(zip(own, given))
    try:
        return watched(train, *given)
    finally:
        for name, loader in own.items():
            if loader is absent:
                names.pop(name, None)
            else:
                names[name] = loader


def turned(loader, places, names, shuffle):
    """Return a loader of the same digits, their pixels in other places, by other names."""
    images, labels = loader.dataset.tensors
    images = images.flatten(1)[:, places].view(images.shape)
    dataset = torch.utils.data.TensorDataset(images, names[labels])
    return torch.utils.data.DataLoader(dataset, batch_size=loader.batch_size, shuffle=shuffle)
'''


def watched_training(train: Any, library: Any, *given: Any, how: str = "watched") -> tuple[Any, str]:
    """Return what a training function returns, given two loaders and more, and its slip, "" where none is certain.

    One of DOUBTS is a slip only where the network has not learned.

    `how` is "watched", or "instead" where the loaders stand in for the notebook's own ones as well. `train` is called
    once; what it raises is raised.
    """
    result, told = watching(library, how)(train, *given)
    return result, _slip_of(told, batches=len(given[0]))


def watching(library: Any, name: str) -> Any:
    """Return one of the functions above, in the student's process.

    `ignored(train, position)` says whether an argument is never read, `turned(loader, places, names, shuffle)` gives a
    loader of the same digits, their pixels in other places, by other names.
    """
    return library.builtins.eval("(space := {}, exec(source, space))[0][name]", {"source": _WATCHED, "name": name})


def _slip_of(told: dict[str, Any], batches: int) -> str:
    steps = told["steps"]
    slips = {
        _NO_STEP: not steps,
        _NEVER_GONE_THROUGH: told["batches"] == 0,
        _ANOTHER_NETWORK: not told["own"],
        _NO_GRADIENT: not told["gradients"],
        _AS_BEFORE: told["as before"],
        _UNCLEARED: told["uncleared"] > steps / 2,
        _RATE_FALLS: told["rate falls"],
        _FEW_BATCHES: told["batches"] is not None and told["batches"] < batches,
        _FEW_STEPS: steps < batches,
        _SOME_PARAMETERS: told["in part"],
    }
    return next((slip for slip, holds in slips.items() if holds), "")


EASY = 0.9


KNOWN = 0.8


NOT_NEW = (
    "Called once more, with other images to learn from, it still knows the ones of before: each call must begin with a "
    "new LeNet5()."
)


FROM_VALID = (
    "It knows images that are in `valid_loader` alone: learn from `train_loader`, and only measure with the other."
)


def network_of(result: Any, student: Any) -> Any:
    """Return the trained LeNet5() in what `train_lenet` returns; anything else fails."""
    assert result is not None, "`train_lenet` returns nothing: return the model."
    model = result[0] if isinstance(result, tuple | list) and result else result
    is_model = not isinstance(model, tuple | list | Mapping | int | float | str | Tensor)
    shapes = None
    with contextlib.suppress(Exception):  # of a class, say, which has no weights
        shapes = shapes_of(model)
    assert is_model and shapes is not None, "`train_lenet` must return the model itself."
    ours = student.LeNet5()
    with contextlib.suppress(Exception):  # a check of LeNet5 says what is wrong there
        ours(torch.zeros(2, 1, 28, 28))  # from here on lazy layers have their sizes
    assert shapes == shapes_of(ours), "`train_lenet` must return a LeNet5() and no other network."
    return model


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def squares(count: int) -> tuple[Tensor, Tensor]:
    """Return images of ten kinds, each with a bright square at a place of its own, and their labels."""
    y = torch.arange(count) % 10
    x = (torch.arange(count * 784.0) ** 1.1).sin().view(count, 1, 28, 28) / 2
    for label in range(10):
        row, column = 7 * (label // 4), 7 * (label % 4)
        x[y == label, :, row + 1 : row + 7, column + 1 : column + 7] += 2
    return x, y


def answers_of(model: Any, images: Tensor) -> Tensor:
    """Return what a network answers, in evaluation mode."""
    model.eval()
    return model(images).argmax(dim=1)


def share(answers: Tensor, labels: Tensor) -> float:
    """Return how many of the answers are right, in [0, 1]."""
    return (answers == labels).double().mean().item()


def test_a_few_images(student, library):
    """`train_lenet` learns from `train_loader`, on `device`, and returns the trained LeNet5()."""
    x, y = squares(500)
    others = -x[:100], (y[:100] + 5) % 10  # to be found in valid_loader alone
    data = library.torch.utils.data
    train_loader = data.DataLoader(data.TensorDataset(x, y), batch_size=10)
    valid_images = data.TensorDataset(torch.cat([x[:100], others[0]]), torch.cat([y[:100], others[1]]))
    valid_loader = data.DataLoader(valid_images, batch_size=10)
    cpu = library.torch.device("cpu")
    result, slip = watched_training(student.train_lenet, library, train_loader, valid_loader, cpu)
    gradients_are_on = library.torch.is_grad_enabled()
    library.torch.set_grad_enabled(True)
    model = network_of(result, student)
    assert not isinstance(result, tuple | list), "`train_lenet` must return the model itself, and nothing else."
    assert gradients_are_on, (
        "`train_lenet` leaves gradients off for all that comes after it: use `with torch.no_grad():`."
    )
    accuracy = share(answers_of(model, x), y)
    learned_otherwise = slip in DOUBTS and accuracy >= EASY  # in larger batches of its own, say
    assert not slip or learned_otherwise, slip
    assert not watching(library, "ignored")(student.train_lenet, 2), (
        "`train_lenet` does not use its argument `device`: move the model and each batch there, with .to(device)."
    )
    assert share(answers_of(model, others[0]), others[1]) < KNOWN, FROM_VALID
    assert accuracy >= EASY, (
        f"Of 500 images with a bright square in one of ten places it has learned {accuracy:.0%}, though these are easy. Does "
        "the loss fall? Where it jumps, the learning rate is too high; where it hardly moves, too low; else see that each "
        "label stays with its image."
    )
    again = data.DataLoader(data.TensorDataset(*others), batch_size=10)
    second = network_of(student.train_lenet(again, again, cpu), student)
    assert second != model and share(answers_of(second, x), y) < KNOWN, NOT_NEW


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


test_a_few_images = PublicCheck(test_a_few_images, question=name, points=1, placeholder=None, coverage='1 of 7 points is checked here, the rest by hidden checks.')

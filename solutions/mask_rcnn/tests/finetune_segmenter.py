# Public checks of `finetune_segmenter`: made by `autograder build` from tests/mask_rcnn.
OK_FORMAT = False

name = 'finetune_segmenter'
points = None


from typing import Any
import torch
from torch import Tensor
import math
from collections.abc import Mapping
import numpy as np
from typing import NoReturn


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


def sequence(value: object, name: str, length: "int | None" = None) -> list[Any]:
    """Return `value`, a list or any kind of tuple, as a list; of `length` items where one is given."""
    items = _items(value)
    many = "" if length is None else f" of {length} values"
    if items is None:
        _mismatch(f"`{name}` must be a list or a tuple{many}.", _kind(value))
    if length is not None and len(items) != length:
        _mismatch(f"`{name}` must be a list or a tuple{many}.", f"of length {len(items)}")
    return items


CLASSES = 11


BATCH = 3


BATCHES = 12


KNOWN = '''
import torch
from torchvision.models.detection import MaskRCNN


class Known(MaskRCNN):
    """Has losses that are known, whatever its weights, and notes how it is trained."""

    def forward(self, images, targets=None):
        weights = [weight for weight in self.parameters() if weight.requires_grad]
        now = [weight.detach().clone() for weight in weights]
        moved = [bool((weight != old).any()) for weight, old in zip(now, self.last)] if len(now) == len(self.last) else []
        shades = [float(image.mean()) for image in images]
        note = {"training": self.training, "shades": shades, "backward": False, "adding": False, "moved": any(moved)}
        nothing = sum((weight - weight.detach()).sum() for weight in weights)  # 0, with a gradient for each weight

        def going_back(gradient):
            note["backward"] = True
            held = [weight.grad is not None and bool(weight.grad.any()) for weight in weights]
            note["adding"] = any(old and step for old, step in zip(held, moved))

        if isinstance(nothing, torch.Tensor) and nothing.requires_grad:
            nothing.register_hook(going_back)
        self.last = now
        self.notes.append(note)
        shade = sum(image.mean() for image in images)
        parts = {"loss_classifier": shade, "loss_box_reg": 2.0, "loss_objectness": self.falling[len(self.notes) - 1],
                 "loss_rpn_box_reg": 0.25, "loss_mask": 5.0}
        return {name: value + nothing for name, value in parts.items()}
'''


def losses_of(result: object) -> list[float]:
    """Return the history as it must be."""
    losses = sequence(result, "finetune_segmenter(model, loader, device)")
    assert losses, "The list of losses is empty: one entry for each epoch."
    return [number(loss, "a loss of the list") for loss in losses]


def loader(library: Any, pairs: list[tuple[Tensor, dict[str, Tensor]]], size: int, *, shuffle: bool = False) -> Any:
    """Return a loader in the student's process that hands out the pairs in batches, as lists."""
    as_lists = "lambda batch: ([image for image, _ in batch], [target for _, target in batch])"
    collate = library.builtins.eval(as_lists)
    return library.torch.utils.data.DataLoader(pairs, batch_size=size, shuffle=shuffle, collate_fn=collate)


def pretrained(library: Any) -> Any:
    """Return a segmenter for the ten digits in the student's process, pretrained but for the two predictors."""
    model = library.detectors.mask_rcnn()
    kinds = library.torchvision.models.detection
    library.builtins.setattr(model.roi_heads, "box_predictor", kinds.faster_rcnn.FastRCNNPredictor(128, CLASSES))
    library.builtins.setattr(model.roi_heads, "mask_predictor", kinds.mask_rcnn.MaskRCNNPredictor(64, 64, CLASSES))
    return model


def target_of(masks: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what a segmenter is trained with; the boxes lie around the masks."""
    ends = [(mask.nonzero().amin(0).flip(0), mask.nonzero().amax(0).flip(0)) for mask in masks]
    boxes = torch.stack([torch.cat(pair) for pair in ends]).float()
    return {"boxes": boxes, "labels": labels, "masks": masks.to(torch.uint8)}


def falling(calls: int) -> list[float]:
    """Return a loss for each call that falls."""
    return [8 / (2 + call) for call in range(calls)]


def trained(student: Any, library: Any, shades: Tensor) -> tuple[list[float], list[dict[str, Any]]]:
    """Return the losses that `finetune_segmenter` reports of a model with known ones, and what the model noted at each call."""
    mask = torch.zeros(1, 32, 32, dtype=torch.bool)
    mask[:, 4:16, 4:16] = True
    pairs = [
        (torch.full((3, 32, 32), float(shade)), target_of(mask, torch.tensor([1 + n % 10])))
        for n, shade in enumerate(shades)
    ]
    module = library.types.ModuleType("known")
    library.builtins.eval("lambda code, module: exec(code, vars(module))", {})(KNOWN, module)
    model = pretrained(library)
    library.builtins.setattr(model, "__class__", module.Known)
    for name, value in (("notes", []), ("last", []), ("falling", falling(10_000))):
        library.builtins.setattr(model, name, value)
    model.eval()  # where predicting has left it
    found = losses_of(student.finetune_segmenter(model, loader(library, pairs, BATCH), library.torch.device("cpu")))
    notes = list(model.notes)
    assert notes, "The model that is given was never called: train it, and no other one."
    return found, notes


class Slip(AssertionError):
    """An answer is not the right one: the slip that leads to it, or "" where it is none that is known."""

    def __init__(self, hint: str = "") -> None:
        self.hint = hint
        super().__init__(hint)


def test_each_batch_takes_one_step(student, library):
    """Each batch is a step in training mode: gradients cleared, all losses added up, backward, a step."""
    shades = torch.linspace(0.1, 0.9, BATCHES * BATCH)
    found, notes = trained(student, library, shades)
    assert all(note["training"] for note in notes), "The model is in evaluation mode: call model.train() first."
    met = [shade for note in notes for shade in note["shades"]]
    ours = all(any(close(one, shade) for shade in shades.tolist()) for one in met)
    assert ours, "The model is shown other images than those of the loader that is given: use the argument `loader`."
    missing = [shade for shade in shades.tolist() if not any(close(one, shade) for one in met)]
    first = shades.tolist()[:BATCH]
    assert missing != first, "The first batch is left out: every batch counts (does next() take one before the loop?)."
    assert not missing, "Not every batch of the loader is used: a `return` or `break` inside the loop?"
    assert any(note["backward"] for note in notes), "No gradients are computed: call loss.backward()."
    assert any(note["moved"] for note in notes), (
        "The weights do not change from batch to batch: optimizer.step() must follow backward(), before gradients are cleared."
    )
    adding = any(note["adding"] for note in notes)
    assert not adding, "Gradients add up from batch to batch: call optimizer.zero_grad() before backward()."
    passes = len(notes) // BATCHES
    assert sum(note["moved"] for note in notes) >= passes, (
        "The weights change once in an epoch: each batch needs its own step (does it stand behind the loop?)."
    )
    assert found[:passes] == found or any(found[passes:]), (
        "Later epochs have no batches: is an iterator used up in the first one? Go through the loader anew in each."
    )
    assert len(found) != len(notes), "The list has a number for each batch: it must have one for each epoch."
    assert len(notes) <= BATCHES * len(found), (
        "The list has fewer entries than there were passes over the loader: each pass is an epoch, and has its entry."
    )


def test_a_few_steps(student, library):
    """`finetune_segmenter` trains the model that it is given, and returns one loss for each epoch."""
    image, mask = torch.full((3, 128, 128), 0.3), torch.zeros(1, 128, 128, dtype=torch.bool)
    mask[:, 30:70, 40:48] = True
    image[:, mask[0]] = 0.9
    pair = (image, target_of(mask, torch.tensor([2])))
    model = pretrained(library)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    losses_of(student.finetune_segmenter(model, loader(library, [pair] * 4, 4), library.torch.device("cpu")))
    after = model.state_dict()
    if all(torch.equal(before[name], after[name]) for name in before):
        raise Slip  # which step is missing, the check above knows


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


test_each_batch_takes_one_step = PublicCheck(test_each_batch_takes_one_step, question=name, points=0.5, placeholder=None, coverage='')
test_a_few_steps = PublicCheck(test_a_few_steps, question=name, points=0.5, placeholder=None, coverage='1 of 4 points is checked here, the rest by hidden checks.')

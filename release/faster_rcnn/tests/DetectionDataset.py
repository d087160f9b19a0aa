# Public checks of `DetectionDataset`: made by `autograder build` from tests/faster_rcnn.
OK_FORMAT = False

name = 'DetectionDataset'
points = None


from typing import Any
import torch
from torch import Tensor
import math
from collections.abc import Mapping
import numpy as np
from collections import Counter
from collections import OrderedDict
from collections import defaultdict
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


def mapping(value: object, name: str, keys: "tuple[str, ...]") -> dict[Any, Any]:
    """Return `value`, a dict (or one of Python's own kinds of it) that has these keys, as a dict."""
    if not isinstance(value, dict) or type(value) not in (dict, OrderedDict, defaultdict, Counter):
        _mismatch(f"`{name}` must be a dictionary.", _kind(value))
    for key in keys:
        if key not in value:
            _mismatch(f"`{name}` must have an entry {key!r}.", f"a dictionary of {len(value)} entries without it")
    return dict(value)


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


BYTES = "The image must be scaled to [0, 1]: divide by 255."


SIDES = "The boxes are still (left, top, width, height): detectors want (left, top, left + width, top + height)."


FROM_ZERO = "Label 0 is the background: the digit d has the label d + 1."


IMAGE_FIRST = "The image comes first, then its target: (image, target)."


def a_scene(library: Any, height: int = 40, width: int = 60) -> Any:
    """Return a scene with a seven and a zero, in the student's process."""
    image = torch.full((3, height, width), 51, dtype=torch.uint8)
    boxes = torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])
    masks = torch.zeros(2, height, width, dtype=torch.bool)
    for mask, (left, top, wide, high) in zip(masks, boxes.tolist(), strict=True):
        mask[top : top + high, left : left + wide] = True
        mask[top + 1 : top + high - 1, left + 1 : left + wide - 1] = False  # a frame: fewer pixels than its box
    return library.scenes.Scene(image, torch.tensor([7, 0]), boxes, masks)


def sample_of(result: object, *keys: str) -> tuple[Tensor, dict[str, Tensor]]:
    """Return what a dataset gave, as the pair that it must be, with these entries of the target."""
    image, target = pair(result, "dataset[index]", "image, target")
    if isinstance(image, dict) and isinstance(target, Tensor):
        raise Slip(IMAGE_FIRST)
    return image, mapping(target, "target", keys)


def judge(value: object, name: str, right: Tensor, slips: dict[str, Tensor]) -> None:
    """Accept a tensor of the right values, shape and dtype; name the slip, or what it is not."""
    known = isinstance(value, Tensor) and any(close(value, wrong) for wrong in (right, *slips.values()))
    if known:
        answer(value, right, slips)
    answer(tensor(value, name, shape=tuple(right.shape), dtype=right.dtype), right)


def corners(sides: Tensor) -> Tensor:
    """Return boxes (left, top, width, height) as float32 (x1, y1, x2, y2)."""
    return torch.cat([sides[:, :2], sides[:, :2] + sides[:, 2:]], dim=1).float()


def test_one_scene(student, library):
    """An item is (image, target): a float image in [0, 1], boxes by their corners, labels that leave 0 to the background."""
    dataset = student.DetectionDataset([a_scene(library)] * 3)
    assert len(dataset) == 3, "`len(dataset)` is the number of scenes."
    image, target = sample_of(dataset[0], "boxes", "labels", "image_id", "area", "iscrowd")
    judge(image, "the image", torch.full((3, 40, 60), 51 / 255), {BYTES: torch.full((3, 40, 60), 51.0)})
    corners = torch.tensor([[5.0, 10.0, 25.0, 22.0], [30.0, 3.0, 38.0, 33.0]])
    judge(target["boxes"], "boxes", corners, {SIDES: torch.tensor([[5, 10, 20, 12], [30, 3, 8, 30]])})
    judge(target["labels"], "labels", torch.tensor([8, 1]), {FROM_ZERO: torch.tensor([7, 0])})


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


test_one_scene = PublicCheck(test_one_scene, question=name, points=1, placeholder=None, coverage='1 of 4 points is checked here, the rest by hidden checks.')

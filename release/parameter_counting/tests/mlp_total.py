# Public checks of `mlp_total`: made by `autograder build` from tests/parameter_counting.
OK_FORMAT = False

name = 'mlp_total'
points = None


import math
from collections.abc import Mapping
from typing import Any
import numpy as np
from typing import NoReturn


class Mismatch(AssertionError):
    """A value is not of the kind asked for: the rule, and what was found instead."""

    def __init__(self, rule: str, found: str) -> None:
        self.rule = rule
        super().__init__(f"{rule} Yours is {found}.")


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


def _mismatch(rule: str, found: object) -> NoReturn:
    raise Mismatch(rule, str(found)[:200])


def _kind(value: object) -> str:
    """Return what the value is; a handle stands for whatever is not plain data."""
    if value is None:
        return "None, which a function without `return` gives"
    if type(value).__module__.endswith("checks.handles"):
        return "an object that is no plain data"
    return f"of type {type(value).__name__}"


def integer(value: object, name: str) -> int:
    """Return `value` as an int; True is not an integer here, 3.0 is not, a numpy integer is."""
    if type(value) is int or isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        _mismatch(f"`{name}` must be a whole number (int), not a float: divide with // where you must divide.", value)
    if type(value).__name__ == "Tensor":
        _mismatch(f"`{name}` must be a whole number (int); call .item() on the tensor.", "a tensor")
    _mismatch(f"`{name}` must be a whole number (int).", _kind(value))


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


def sum_of(layers: object) -> int | None:
    """Return the sum of a student's list of positive whole numbers, None where it is none."""
    try:
        numbers = [integer(number, "a layer's number") for number in sequence(layers, "layers")]
    except Mismatch:
        return None
    return sum(numbers) if numbers and min(numbers) > 0 else None


def test_the_sum_of_the_mlp_layers(student):
    """`mlp_total` is a whole number, the sum of `mlp_layer_parameters`: ReLU has no parameters, so nothing is added."""
    found = integer(student.mlp_total, "mlp_total")
    own = sum_of(student.mlp_layer_parameters)
    answer(found, found if own is None else own)  # which of the two is wrong is not said here


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


test_the_sum_of_the_mlp_layers = PublicCheck(test_the_sum_of_the_mlp_layers, question=name, points=0, placeholder=None, coverage='0 of 0.5 points are checked here, only the form of your answer; hidden checks decide on the points.')

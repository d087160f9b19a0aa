# Public checks of `LeNet5BN`: made by `autograder build` from tests/batchnorm.
OK_FORMAT = False

name = 'LeNet5BN'
points = None


import torch
import contextlib
from typing import Any
from collections.abc import Mapping
from typing import NoReturn
from collections.abc import Callable
from dataclasses import dataclass
from torch import Tensor
from torch.nn import functional
import math
import numpy as np


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


def untouched(values: Tensor) -> Tensor:
    return values


def max_pooling(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, 2)


def mean_pooling(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 2)


OF_THE_BATCH = "In evaluation mode the running statistics must be used, not those of the batch."


SLIPS: Mapping[str, Mapping[str, Any]] = {
    "Return logits: there is a softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.softmax(dim=1)
    },
    "Return logits: there is a log-softmax at the end, which nn.CrossEntropyLoss applies itself.": {
        "behind": lambda logits: logits.log_softmax(dim=1)
    },
    "Return logits: there is a sigmoid at the end.": {"behind": torch.sigmoid},
    "There is a ReLU behind fc: logits may be negative.": {"behind": torch.relu},
    "The batch normalisation must stand before the ReLU.": {"relu_first": True},
    "The batch normalisation of block1 is there, but it is not used.": {"used": (False, True)},
    "The batch normalisation of block2 is there, but it is not used.": {"used": (True, False)},
    "The batch normalisations are there, but they are not used.": {"used": (False, False)},
    "The ReLU of block1 is missing.": {"activations": (untouched, torch.relu)},
    "The ReLU of block2 is missing.": {"activations": (torch.relu, untouched)},
    "Both ReLUs are missing.": {"activations": (untouched, untouched)},
    "There is a tanh where a ReLU is asked for.": {"activations": (torch.tanh, torch.tanh)},
    "The pooling takes the mean; max pooling takes the largest.": {"pools": (mean_pooling, mean_pooling)},
    "The pooling of block1 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (untouched, max_pooling)},
    "The pooling of block2 is missing: nn.MaxPool2d(2) halves height and width.": {"pools": (max_pooling, untouched)},
    "The padding is missing: with padding=2 the convolutions keep height and width.": {"padding": 0},
    "Flatten the maps as they are, channels first: there is a permute too many.": {"order": (0, 2, 3, 1)},
}


@dataclass(frozen=True)
class Network:
    """A student's network, whose state names the layers of its blocks by their place."""

    model: Any
    places: Mapping[str, str]

    def state(self) -> dict[str, Tensor]:
        """Return its weights and statistics."""
        return renamed(self.model.state_dict(), self.places)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Give it others."""
        self.model.load_state_dict(renamed(state, {place: name for name, place in self.places.items()}))


@dataclass(frozen=True)
class Norm:
    """A batch normalisation as it stands in a network's state; None where it keeps no such thing."""

    name: str
    weight: Tensor | None
    bias: Tensor | None
    mean: Tensor | None
    var: Tensor | None


def layers_of(state: Mapping[str, Tensor]) -> list[tuple[Tensor, Tensor | None]]:
    """Return weight and bias of both convolutions and of the linear layer, whatever their names and sizes are.

    Where there are others, or fewer, there is nothing to compare with: Slip.
    """
    weights = [(name, value) for name, value in state.items() if value.ndim in (2, 4)]
    weights.sort(key=lambda named: (-named[1].ndim, named[1].shape[1]))
    if [value.ndim for _, value in weights] != [4, 4, 2]:
        raise Slip
    return [(value, state.get(f"{name.removesuffix('weight')}bias")) for name, value in weights]


def norms_of(state: Mapping[str, Tensor]) -> dict[int, Norm]:
    """Return the batch normalisations by how many channels they have."""
    found = {}
    for name, value in state.items():
        if value.ndim == 1 and name.endswith((".weight", ".running_mean")):
            place = name.rpartition(".")[0]
            parts = (state.get(f"{place}.{part}") for part in ("weight", "bias", "running_mean", "running_var"))
            found[len(value)] = Norm(place, *parts)
    return found


def logits_of(
    state: Mapping[str, Tensor],
    x: Tensor,
    *,
    training: bool = False,
    moved: dict[str, Tensor] | None = None,
    by_map: tuple[bool, bool] = (False, False),
    padding: int = 2,
    relu_first: bool | None = None,
    used: tuple[bool, bool] = (True, True),
    activations: tuple[Callable[[Tensor], Tensor], ...] = (torch.relu, torch.relu),
    pools: tuple[Callable[[Tensor], Tensor], ...] = (max_pooling, max_pooling),
    order: tuple[int, ...] = (0, 1, 2, 3),
    behind: Callable[[Tensor], Tensor] = untouched,
) -> Tensor | None:
    """Return the logits of a LeNet5BN with this state, None where fc takes another number of values.

    What it lacks of batch normalisation it lacks here too, and where that stands elsewhere than directly behind the
    convolution it does so here: the check of the structure says so. `moved` gets the running statistics after the call.
    """
    *blocks, (weight, bias) = layers_of(state)
    norms = norms_of(state)
    for (kernels, shift), uses, alone, activation, pool in zip(blocks, used, by_map, activations, pools, strict=True):
        norm = norms.get(len(kernels)) if uses else None
        late = relu_first if relu_first is not None else norm is not None and not norm.name.endswith(".1")
        x = functional.conv2d(x, kernels, shift, padding=padding if kernels.shape[-1] == 5 else kernels.shape[-1] // 2)
        x = activation(x) if late else x
        x = normalised(x, norm, training=training, by_map=alone, moved=moved) if norm is not None else x
        x = pool(x if late else activation(x))
    maps = x.permute(order).flatten(start_dim=1)
    return behind(functional.linear(maps, weight, bias)) if maps.shape[1] == weight.shape[1] else None


def normalised(x: Tensor, norm: Norm, *, training: bool, by_map: bool, moved: dict[str, Tensor] | None) -> Tensor:
    """Return the maps behind a batch normalisation."""
    mean, var = (None if one is None else one.clone() for one in (norm.mean, norm.var))
    if by_map:
        return functional.instance_norm(x, None, None, norm.weight, norm.bias)
    x = functional.batch_norm(x, mean, var, norm.weight, norm.bias, training or mean is None)
    if moved is not None and mean is not None and var is not None:
        moved.update({f"{norm.name}.running_mean": mean, f"{norm.name}.running_var": var})
    return x


def known_slips(state: Mapping[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """Return the logits in evaluation mode of networks with this state and a slip, as far as they tell it apart."""
    known = {hint: logits_of(state, x, **options) for hint, options in SLIPS.items()}
    known[OF_THE_BATCH] = logits_of(state, x, training=True)
    different: dict[str, Tensor] = {}
    for hint, logits in known.items():
        others = (logits_of(state, x), *different.values())
        if logits is not None and not any(close(logits, other, 3e-3) for other in others):
            different[hint] = logits
    return different


def with_values(state: Mapping[str, Tensor], make: Callable[[torch.Size], Tensor]) -> dict[str, Tensor]:
    """Return a network's state with other weights and running statistics."""
    layers_of(state)
    changed = {name: make(value.shape) if value.ndim else value.clone() for name, value in state.items()}
    scales = {f"{norm.name}.{part}" for norm in norms_of(state).values() for part in ("weight", "running_var")}
    return {name: value.abs() + 0.5 if name in scales else value for name, value in changed.items()}


def test_structure(student, library):
    """`block1` and `block2` are convolution, batch normalisation, ReLU and max pooling, `fc` is a Linear."""
    model, other = student.LeNet5BN(), student.LeNet5BN()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = {
        name: tuple(value.shape)
        for name, value in renamed(before, layer_places(model, library, "block1", "block2")).items()
    }
    for name, kernels in (("block1.0", (16, 1, 5, 5)), ("block2.0", (32, 16, 5, 5))):
        assert found.get(f"{name}.weight") == kernels, f"{name} must be a Conv2d with kernels {list(kernels)}."
        assert f"{name}.bias" in found, f"{name} has no bias; leave it at its default here."
    for block, channels in (("block1", 16), ("block2", 32)):
        behind = [name for name in found if name.startswith(block) and name.endswith("running_mean")]
        assert behind, f"{block} has no batch normalisation that keeps running statistics (nn.BatchNorm2d)."
        assert behind == [f"{block}.1.running_mean"], (
            f"In {block} the batch normalisation must stand directly behind the convolution, before the ReLU."
        )
        assert found[behind[0]] == (channels,), f"{block}'s batch normalisation has {channels} channels."
        assert f"{block}.1.weight" in found, f"{block}'s batch normalisation must learn gamma and beta (affine)."
    assert "fc.weight" in found and found["fc.weight"][0] == 10, "fc is a Linear with ten logits."
    assert len(found) == 16, "There are more parameters than those of two Conv2d, two BatchNorm2d and one Linear."
    other.load_state_dict({name: torch.zeros_like(value) for name, value in before.items()})
    after = model.state_dict()
    assert all(after[name].equal(value) for name, value in before.items()), (
        "Two LeNet5BN() share their weights: make the layers in __init__, so that each network has its own."
    )


def test_shape_of_the_result(student, library):
    """A batch of images, be it of one, gives one row of ten logits for each image, and gradients flow back."""
    model = student.LeNet5BN()
    model.eval()
    for count in (5, 1):
        images = torch.arange(count * 784.0).sin().view(count, 1, 28, 28)
        given = library.types.SimpleNamespace(images=images.clone())
        logits = library.builtins.eval("lambda model, given: model(given.images)", {})(model, given)
        tensor(logits, f"LeNet5BN()(images) of a batch of {count}", shape=(count, 10), dtype=torch.float32)
        left = tensor(given.images, "the images")
        assert left.equal(images), "forward changes the images that it is given: others need them as they are."
    flows = library.builtins.eval(
        "lambda model, images: (lambda logits: [logits.requires_grad, logits.requires_grad and "
        "(logits.sum().backward(), next(model.parameters()).grad is not None)[1]])(model(images))",
        {},
    )
    remembered, arrives = flows(model, torch.ones(2, 1, 28, 28))
    assert remembered is True, (
        "No gradient flows back from the logits, so nothing can be learned: no no_grad and no detach in forward."
    )
    assert arrives is True, (
        "No gradient reaches the first layer, so it cannot learn: is there a detach on the way, or is it not used?"
    )


def test_what_it_computes(student, library):
    """The logits are those of block1, block2, flatten, fc, one after the other: nothing more or less."""
    model = student.LeNet5BN()
    model.eval()
    numbers = iter(range(100))

    def waves(shape: torch.Size) -> Tensor:
        values = (torch.arange(1.0, 1.0 + shape.numel()) * (1.3 + next(numbers))).sin().view(shape)
        return 2 * values / (shape[1:].numel() if len(shape) > 1 else 9) ** 0.5

    network = Network(model, layer_places(model, library, "block1", "block2"))
    state = with_values(network.state(), waves)
    network.load(state)
    x = (torch.arange(6.0 * 28 * 28) ** 1.2).sin().view(6, 1, 28, 28)
    found = tensor(model(x), "LeNet5BN()(images)", shape=(6, 10)).detach()
    answer(found, logits_of(state, x), known_slips(state, x))


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


test_structure = PublicCheck(test_structure, question=name, points=0.5, placeholder=None, coverage='')
test_shape_of_the_result = PublicCheck(test_shape_of_the_result, question=name, points=0.25, placeholder=None, coverage='')
test_what_it_computes = PublicCheck(test_what_it_computes, question=name, points=0.5, placeholder=None, coverage='1.25 of 2.5 points are checked here, the rest by hidden checks.')

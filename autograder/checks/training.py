"""Judge a trained network by what it answers, and give training data that no network can have known before.

`model` and `library` are handles: what is asked of them happens in the student's process. Labels never go there with
the images that are answered.

    names, places = new_names(rng), new_places(rng, 28 * 28)
    loader = …(rearranged(images, places), names[labels])…
    logits = student_logits(student.train_mlp(loader, …), rearranged(others, places), library)
    right = (logits.argmax(dim=1) == names[other_labels]).double().mean().item()

How the training went, for the student to see; no verdict may come of it:

    with recorded_losses(library) as losses:
        model = student.train_mlp(loader, …)
    learned("training loss", losses.values, steps=losses.steps)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checks.expect import tensor
from autograder.checks.outcomes import Ending, Missing, StudentError

__all__ = [
    "Losses",
    "block_pictures",
    "new_blocks",
    "new_names",
    "new_places",
    "rearranged",
    "recorded_losses",
    "student_logits",
    "turned_places",
]

_FEWEST_CLASSES = 4
_COMPUTE = "lambda model, images: model(images.to(next(iter(model.parameters()), images).device))"

_MOST_KEPT = 4_096
"""Values that a recorder holds; those of a longer training are means."""
_MOST_STEPS = 10**9
_RECORDER = '''
import functools

import torch


def recorder(most):
    """Have Tensor.backward note the value that it is called on; return what ends that and says what was noted."""
    original = torch.Tensor.backward
    waiting, stretch, kept = [], [], []
    state = {"on": True, "within": False, "steps": 0, "length": 1}

    def read():
        for loss in waiting:
            stretch.append(float(loss))
            if len(stretch) == state["length"]:
                kept.append(sum(stretch) / len(stretch))
                stretch.clear()
                if len(kept) == most:
                    kept[:] = [(one + other) / 2 for one, other in zip(kept[::2], kept[1::2])]
                    state["length"] *= 2
        waiting.clear()

    def note(loss):
        if loss.numel() == 1:
            waiting.append(loss.detach().clone())  # read later: a GPU is not waited for at each step
            state["steps"] += 1
            if len(waiting) == 64:
                read()

    @functools.wraps(original)
    def backward(self, *args, **options):
        if not state["on"] or state["within"]:  # a subclass of Tensor comes here twice
            return original(self, *args, **options)
        try:
            note(self)
        except Exception:
            state["on"], state["steps"] = False, 0
        state["within"] = True
        try:
            return original(self, *args, **options)
        finally:
            state["within"] = False

    def end():
        state["on"] = False
        if torch.Tensor.backward is backward:
            torch.Tensor.backward = original
        read()
        if 2 * len(stretch) > state["length"]:
            kept.append(sum(stretch) / len(stretch))
        return state["steps"], kept

    torch.Tensor.backward = backward
    return end
'''
"""For the student's process. What it says is for the student to see, and nothing else."""


@dataclass
class Losses:
    """What a training called `backward()` on, once it has ended."""

    values: Sequence[float] = ()
    """Means over equal stretches of the steps, any numbers; none where nothing was seen that could be believed."""
    steps: int = 0


@contextmanager
def recorded_losses(library: Any) -> Iterator[Losses]:
    """Record the value of each loss that the student's process calls `backward()` on, for as long as the block runs.

    They are there after the block. What goes wrong with recording, and what the student's code does to be seen
    otherwise, leaves them empty and nothing else changed.
    """
    losses = Losses()
    end = _start(library)
    try:
        yield losses
    except (StudentError, Missing):  # its process lives on
        with suppress(StudentError, Ending):  # what the student's code did counts, not what recording it came to
            _end(end)
        raise
    losses.values, losses.steps = _end(end)


def _start(library: Any) -> Any:
    try:
        make = library.builtins.eval("(space := {}, exec(source, space))[0]['recorder']", {"source": _RECORDER})
        return make(_MOST_KEPT) if callable(make) else None
    except StudentError:
        return None


def _end(end: Any) -> tuple[Sequence[float], int]:
    """Return the values and the number of steps; none of either where they cannot be."""
    try:
        found = end() if callable(end) else None
    except StudentError:
        found = None
    match found:
        case (int(steps), [*values]) if len(values) <= min(steps, _MOST_KEPT) and steps <= _MOST_STEPS:
            if all(type(value) is float for value in values):
                return tuple(values), steps
    return (), 0


def student_logits(model: Any, images: Tensor, library: Any, *, classes: int = 10, batch_size: int = 1_000) -> Tensor:
    """Return what the student's own network answers, float32 [N, classes], in evaluation mode and without gradients.

    The images go to the student's process in batches, there to the device that the network is on. The network's mode
    is restored afterwards.
    """
    compute = library.torch.no_grad()(library.builtins.eval(_COMPUTE, {}))
    was_training = bool(model.training)
    model.eval()
    try:
        return torch.cat(
            [
                tensor(compute(model, batch), "what your network returns", (len(batch), classes), torch.float32).cpu()
                for batch in images.split(batch_size)
            ]
        )
    finally:
        model.train(was_training)


def new_names(rng: torch.Generator, classes: int = 10) -> Tensor:
    """Return a new name for each class, int64 [classes]: `new_names(rng)[labels]` are the labels by their new names.

    No class keeps its name, and the names are not merely shifted, so that one label does not give away the others.
    """
    if classes < _FEWEST_CLASSES:
        raise ValueError(f"{classes} classes have no new names but shifted ones; it takes {_FEWEST_CLASSES} or more.")
    old = torch.arange(classes)
    while True:
        names = torch.randperm(classes, generator=rng)
        shifts = (names - old) % classes
        if bool((shifts != 0).all()) and bool((shifts != shifts[0]).any()):
            return names


def new_places(rng: torch.Generator, pixels: int) -> Tensor:
    """Return a random order of pixels, int64 [pixels], for `rearranged`."""
    return torch.randperm(pixels, generator=rng)


def rearranged(images: Tensor, places: Tensor) -> Tensor:
    """Return images of the same shape [N, …] whose pixels stand in another order, the same in each image."""
    return images.flatten(start_dim=1)[:, places].view(images.shape)


def turned_places(rng: torch.Generator) -> Tensor:
    """Return, for `rearranged`, one of the seven other ways to turn and mirror an image of 28×28 pixels."""
    kind = int(torch.randint(1, 8, (), generator=rng))
    places = torch.arange(28 * 28).view(28, 28)
    return (places.T if kind & 4 else places).rot90(kind & 3).flatten()


def new_blocks(rng: torch.Generator) -> Tensor:
    """Return, for `rearranged`, an order of 28×28 pixels in which the 16 blocks of 7×7 stand in random places.

    A network with small kernels learns such digits as well as others; one that knows digits already is of no use.
    """
    blocks = torch.arange(28 * 28).view(4, 7, 4, 7).transpose(1, 2).reshape(16, 49)
    order = torch.randperm(16, generator=rng)
    return blocks[order].view(4, 4, 7, 7).transpose(1, 2).flatten()


def block_pictures(rng: torch.Generator, each: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return ten pictures of black and white blocks, so many noisy ones of each, and a label for each of the ten.

    float32 [10, 1, 28, 28], float32 [10 · each, 1, 28, 28], int64 [10]; those of the noisy ones: `labels.repeat(each)`.
    """
    small = torch.randint(2, (10, 1, 4, 4), generator=rng) * 3 - 0.5
    large = small.repeat_interleave(7, dim=2).repeat_interleave(7, dim=3)
    noise = torch.randn(10 * each, 1, 28, 28, generator=rng)
    return large, large.repeat(each, 1, 1, 1) + 0.3 * noise, torch.randperm(10, generator=rng)

"""Watch from within the student's process what a training loop does, and name the slip that is certain.

It is the word of the student's process: let it name what is wrong, or take points away, and never give any for it.
Public checks may use this module as they do `expect`: `build` writes what they need of it into the release.

    model, slip = watched_training(student.train_lenet, library, train_loader, valid_loader, device)
"""

from typing import Any

__all__ = ["DOUBTS", "watched_training", "watching"]

_NO_STEP = "No optimiser takes a step: each batch needs loss.backward(), and behind it optimizer.step()."
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
"""Slips that are none where the network has learned: one may make larger batches, say, or take steps by hand."""

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
"""For the student's process."""


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

"""Watch from within the student's process what a training loop does, and name the slip that is certain.

It is the word of the student's process: let it name what is wrong, or take points away, and never give any for it.
Public checks may use this module as they do `expect`: `build` writes what they need of it into the release.

    model, slip = watched_training(student.train_lenet, library, train_loader, valid_loader, device)
"""

from typing import Any

__all__ = ["FEW_STEPS", "watched_training", "watching"]

FEW_STEPS = (
    "There are fewer steps than batches in one epoch, and each batch needs its own: does a return or a break end the "
    "loop too early?"
)
"""The only slip of these that a right answer can have: one that makes larger batches."""

_WATCHED = '''
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


def is_trained(model, parameters, starts):
    """Return whether an optimiser has stepped on a network, or on one that it is a copy of, made behind a step.

    `starts` holds, of the parameters that were looked at, what they were before the first step.
    """
    own = list(model.parameters()) if hasattr(model, "parameters") else []
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


def watched(train, *given):
    """Train, and note what the optimisers do: their steps, what they step on, and whether gradients are cleared."""
    notes = types.SimpleNamespace(steps=0, gradients=0, uncleared=0, parameters={})
    starts = {}
    came, stood = {}, {}  # of each parameter looked at: the gradients since its last step, what stood there behind it

    def looked_at(optimizer):
        return next((one for one in optimizer.param_groups[0]["params"] if one.requires_grad), None)

    def before(optimizer, args, options):
        notes.steps += 1
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        notes.parameters.update((id(one), one) for one in parameters)  # kept, so that no number comes twice
        one = looked_at(optimizer)
        notes.gradients += any(other.grad is not None for other in parameters)
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
        one = looked_at(optimizer)
        if one is not None:
            came[one], stood[one] = 0, one.detach() * 0 if one.grad is None else one.grad.detach().clone()

    hooks = [
        optimisers.register_optimizer_step_pre_hook(before),
        optimisers.register_optimizer_step_post_hook(behind),
    ]
    try:
        result = train(*given)
    finally:
        for hook in hooks:
            hook.remove()
    model = result[0] if isinstance(result, (tuple, list)) and result else result
    own = is_trained(model, notes.parameters, starts)
    return result, notes.steps, notes.gradients, notes.uncleared, own


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

    `how` is "watched", or "instead" where the loaders stand in for the notebook's own ones as well. `train` is called
    once; what it raises is raised.
    """
    result, steps, gradients, uncleared, own = watching(library, how)(train, *given)
    return result, _slip_of(steps, gradients, uncleared, len(given[0]), own=own)


def watching(library: Any, name: str) -> Any:
    """Return one of the functions above, in the student's process.

    `ignored(train, position)` says whether an argument is never read, `turned(loader, places, names, shuffle)` gives a
    loader of the same digits, their pixels in other places, by other names.
    """
    return library.builtins.eval("(space := {}, exec(source, space))[0][name]", {"source": _WATCHED, "name": name})


def _slip_of(steps: int, gradients: int, uncleared: int, batches: int, *, own: bool) -> str:
    if steps and not own:
        return (
            "The optimiser steps on the parameters of another network than the one that is returned, which has never "
            "learned: make it of model.parameters(), and return that model, no new one and no copy made before."
        )
    if steps and not gradients:
        return "At no step there is a gradient: call loss.backward() before optimizer.step()."
    if uncleared > steps / 2:
        return "The gradients of all batches add up: call optimizer.zero_grad() for each batch."
    if 0 < steps < batches:
        return FEW_STEPS
    return ""

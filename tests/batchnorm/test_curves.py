"""Check `best_run`: which of several runs to take, where to stop it, and the generalisation gap there."""

import copy
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
import torch

from autograder.checks import StudentError
from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, integer, number, sequence

pytestmark = pytest.mark.question("best_run")

Run = Mapping[str, list[float]]
"""The losses of a run behind each of its epochs: `train` and `valid`."""

# What students see

BY_TRAINING = "This run is the best on the training digits: what it knows by heart says nothing about others."
BY_GAP = "This run has the smallest gap. One that has learned nothing has none at all: go by the loss on others."
BY_LAST = "This run is the best after its last epoch. Stopped earlier, another one is better: look at every epoch."
BY_MEAN = "This run is the best on the average over its epochs: go by the best epoch of each."
BY_LEAST_GAP = "In this run the gap is smallest of all, at some epoch: go by the loss on others, not by the gap."
BY_COMMON_EPOCHS = (
    "This run is the best over the epochs that all runs have: some have more epochs than others (zip stops too early)."
)
BY_HIGHEST = "This run reaches the highest loss on others: lower is better."
CONSTANT = (
    "A number of your own has a part in the choice: losses may be of any size, so begin with the first, or infinity."
)
FROM_ZERO = "Epochs are counted from 1: this is the place in the list, which begins at 0."
LAST = "This is the last epoch: stop where the loss on others is lowest."
LEAST_TRAINING = "This is where the training loss is lowest: stop where the loss on others is."
LEAST_GAP = "This is where the gap is smallest: stop where the loss on others is lowest."
FIRST_RISE = (
    "This is where the loss on others rises for the first time: it may fall again, take the lowest of all epochs."
)
SIGN = "The sign is the wrong way round: the gap is the loss on others minus the training loss."
NO_ABS = "A gap may be negative, where others are easier than the training digits: no abs."
VALID_ALONE = "This is the loss on others: subtract the training loss behind the same epoch."
TRAIN_ALONE = "This is the training loss: the gap is the loss on others minus it."
GAP_AT_THE_END = "This is the gap after the last epoch: take it where you stop."
TWO_EPOCHS = "Both losses of the gap are of the same epoch: the lowest training loss is of another one."
RATIO = "The gap is the difference of the two losses, no ratio."
KEPT = "The answer to other runs is the one of an earlier call once more: begin anew in each, and keep nothing."
NO_RUN = (
    "The first value names none of the runs that are given: take it from `runs`, and keep nothing of an earlier call."
)


def lowest(runs: Mapping[str, Run], value_of: Callable[[Run], float]) -> str:
    """Return the name of the run of which the value is lowest."""
    return min(runs, key=lambda name: value_of(runs[name]))


def choices(runs: Mapping[str, Run]) -> dict[str, str]:
    """Return the run that each known slip chooses."""
    shortest = min(len(run["valid"]) for run in runs.values())
    return {
        BY_TRAINING: lowest(runs, lambda run: min(run["train"])),
        BY_GAP: lowest(runs, lambda run: run["valid"][-1] - run["train"][-1]),
        BY_LAST: lowest(runs, lambda run: run["valid"][-1]),
        BY_MEAN: lowest(runs, lambda run: sum(run["valid"]) / len(run["valid"])),
        BY_LEAST_GAP: lowest(runs, lambda run: min(v - t for t, v in zip(run["train"], run["valid"], strict=True))),
        BY_COMMON_EPOCHS: lowest(runs, lambda run: min(run["valid"][:shortest])),
        BY_HIGHEST: lowest(runs, lambda run: -max(run["valid"])),
    }


def best_epoch(run: Run) -> int:
    """Return the epoch, from 1, behind which the loss on others is lowest."""
    return run["valid"].index(min(run["valid"])) + 1


def gap_at(run: Run, epoch: int) -> float:
    """Return the generalisation gap behind an epoch, from 1."""
    return run["valid"][epoch - 1] - run["train"][epoch - 1]


def stops(run: Run) -> dict[str, int]:
    """Return where each known slip stops."""
    train, valid = run["train"], run["valid"]
    gaps = [abs(other - own) for own, other in zip(train, valid, strict=True)]
    rises = [epoch for epoch in range(1, len(valid)) if valid[epoch] > valid[epoch - 1]]
    return {
        FROM_ZERO: best_epoch(run) - 1,
        LAST: len(valid),
        LEAST_TRAINING: train.index(min(train)) + 1,
        LEAST_GAP: gaps.index(min(gaps)) + 1,
        FIRST_RISE: rises[0],
    }


def gaps_of(run: Run) -> dict[str, float]:
    """Return the gap that each known slip finds, where it stops at the right epoch."""
    epoch = best_epoch(run)
    own, other = run["train"][epoch - 1], run["valid"][epoch - 1]
    return {
        SIGN: own - other,
        NO_ABS: abs(other - own),
        VALID_ALONE: other,
        TRAIN_ALONE: own,
        GAP_AT_THE_END: gap_at(run, len(run["valid"])),
        TWO_EPOCHS: other - min(run["train"]),
        RATIO: other / own,
    }


def answered(student: Any, runs: Mapping[str, Run]) -> tuple[str, int, float]:
    """Return what the student's function says of these runs: the name of one of them, an epoch, a gap."""
    name, epochs, gap = three_values(student.best_run(runs))
    assert name in runs, NO_RUN
    return name, epochs, gap


def three_values(answer: object) -> tuple[str, int, float]:
    """Return an answer as a run's name, an epoch, a gap."""
    name, epochs, gap = sequence(answer, "best_run(…)", 3)
    assert type(name) is str, "The first value is the name of the run, a text."
    return name, integer(epochs, "the number of epochs"), number(gap, "the gap")


@pytest.mark.points(0.5)
@pytest.mark.public
def test_eight_runs(student, library):
    """Of eight runs, take the one whose loss on others gets lowest, stop it there, and say the gap there."""
    runs = {
        "learned nothing": {"train": [2.31, 2.30, 2.30], "valid": [2.31, 2.31, 2.30]},
        "by heart": {"train": [0.50, 0.04, 0.01], "valid": [0.70, 0.40, 0.90]},
        "turns": {"train": [0.90, 0.60, 0.30, 0.15, 0.20], "valid": [1.00, 0.70, 0.75, 0.25, 0.60]},
        "steady": {"train": [0.80, 0.40, 0.25, 0.22], "valid": [0.90, 0.50, 0.35, 0.30]},
        "quick": {"train": [0.50, 0.30, 0.20], "valid": [0.45, 0.35, 0.36]},
        "wild": {"train": [1.50, 0.90], "valid": [9.00, 1.20]},
        "early": {"train": [0.35, 0.20, 0.15, 0.10], "valid": [0.40, 0.33, 0.90, 0.90]},
        "easier": {"train": [1.50, 1.20, 1.00], "valid": [1.30, 1.10, 1.05]},
    }
    given = library.types.SimpleNamespace(runs=copy.deepcopy(runs))
    found = library.builtins.eval("lambda function, given: function(given.runs)", {})(student.best_run, given)
    assert given.runs == runs, "The losses that were handed in were changed: others need them as they are."
    name, epochs, gap = three_values(found)
    assert name in runs, NO_RUN
    answer(name, "turns", choices(runs))
    answer(epochs, 4, stops(runs["turns"]) | {"This is another run's epoch: take all of one run.": 3})
    answer(gap, 0.10, gaps_of(runs["turns"]))
    other = {"train": [0.55, 0.25, 0.10, 0.05, 0.08], "valid": [0.60, 0.50, 0.30, 0.40, 0.45]}
    again = three_values(student.best_run({"turns": other}))
    assert not close(again, (name, epochs, gap)), KEPT
    answer(again[1], 3, stops(other))
    answer(again, ("turns", 3, 0.20), {hint: ("turns", 3, wrong) for hint, wrong in gaps_of(other).items()})


# What is hidden


def curve(rng: torch.Generator, *corners: tuple[int, float]) -> list[float]:
    """Return losses that go through (epoch from 1, loss) in straight lines, each a little off."""
    losses = []
    for (start, high), (end, low) in pairwise(corners):
        losses += [high + (low - high) * step / (end - start) for step in range(end - start)]
    noise = 1 + 0.04 * torch.rand(len(losses) + 1, generator=rng).double()
    return [round(loss, 4) for loss in (torch.tensor([*losses, corners[-1][1]]).double() * noise).tolist()]


def turning(rng: torch.Generator, *, easy: bool) -> Run:
    """Return a run whose loss on others rises once, falls to its lowest, and rises to the end.

    easy: others are easier than the training digits, as with augmentation: the gap is negative.
    """
    best, epochs = (int(torch.randint(low, low + 3, (), generator=rng)) for low in (6, 12))
    valid = curve(rng, (1, 1.2), (3, 0.55), (4, 0.65), (best, 0.2), (epochs, 0.45))
    least = int(torch.randint(best + 2, epochs, (), generator=rng))
    low = (0.5, 0.4, 0.42) if easy else (0.12, 0.03, 0.04)
    return {"train": curve(rng, (1, 1.1), (best, low[0]), (least, low[1]), (epochs, low[2])), "valid": valid}


def several(rng: torch.Generator, number: int) -> dict[str, Run]:
    """Return runs, under names and in an order of their own, of which each known slip chooses another.

    Under another number none of them has the same name.
    """
    runs = [
        turning(rng, easy=False),
        {"train": curve(rng, (1, 1.0), (11, 0.1)), "valid": curve(rng, (1, 1.4), (6, 0.9), (11, 0.26))},  # steady
        {"train": curve(rng, (1, 0.6), (9, 0.001)), "valid": curve(rng, (1, 0.9), (4, 0.4), (9, 0.8))},  # by heart
        {"train": curve(rng, (1, 2.3), (4, 2.25)), "valid": curve(rng, (1, 2.3), (4, 2.15))},  # nothing learned
        {"train": curve(rng, (1, 0.5), (10, 0.08)), "valid": curve(rng, (1, 0.5), (2, 0.3), (10, 0.33))},  # quick
        {"train": curve(rng, (1, 1.0), (8, 0.3)), "valid": curve(rng, (1, 4.0), (8, 1.2))},  # wild
        {"train": curve(rng, (1, 0.5), (10, 0.1)), "valid": curve(rng, (1, 0.45), (2, 0.25), (10, 0.9))},  # early
        {"train": curve(rng, (1, 1.8), (8, 1.0)), "valid": curve(rng, (1, 1.3), (8, 1.1))},  # easier
    ]
    names = torch.randperm(90, generator=rng)[: len(runs)] + 100 * number + 10
    order = torch.randperm(len(runs), generator=rng).tolist()
    return {f"run {names[place]}": runs[place] for place in order}


def higher_and_higher(sets: Iterable[dict[str, Run]]) -> list[dict[str, Run]]:
    """Return the sets of runs with losses so much higher in each that its lowest is above that of the one before.

    So what keeps its best from call to call is seen to, in whatever order the checks run.
    """
    return [
        {
            name: {part: [round(1.1**number * loss, 4) for loss in losses] for part, losses in run.items()}
            for name, run in runs.items()
        }
        for number, runs in enumerate(sets)
    ]


@pytest.mark.points(0.5)
def test_the_run(student, rng):
    """Take the run whose loss on others gets lower than that of any other, at whatever epoch."""

    def make() -> Case[list[dict[str, Run]]]:
        sets = higher_and_higher(several(rng, number) for number in range(3))
        chosen = [choices(runs) for runs in sets]
        slips = {hint: [one[hint] for one in chosen] for hint in chosen[0]}
        return Case(inputs=sets, right=[lowest(runs, lambda run: min(run["valid"])) for runs in sets], slips=slips)

    case = draw(make)
    case.judge([answered(student, runs)[0] for runs in case.inputs])
    runs = {
        name: {part: [600 * loss for loss in losses] for part, losses in run.items()}
        for name, run in case.inputs[0].items()
    }
    try:
        name = answered(student, runs)[0]
    except (AssertionError, StudentError) as error:
        raise Slip(CONSTANT) from error
    assert name == lowest(runs, lambda run: min(run["valid"])), CONSTANT


def single(rng: torch.Generator) -> list[dict[str, Run]]:
    """Return runs to be judged one by one: which of several is taken is another check's matter."""
    names = torch.randperm(90, generator=rng)[:3] + 10
    runs = [turning(rng, easy=easy) for easy in (False, True, False)]
    return higher_and_higher({f"run {name}": run} for name, run in zip(names, runs, strict=True))


@pytest.mark.points(0.25)
def test_where_to_stop(student, rng):
    """Stop behind the epoch, counted from 1, at which the loss on others is lowest."""

    def make() -> Case[list[dict[str, Run]]]:
        sets = single(rng)
        runs = [run for one in sets for run in one.values()]
        slips = {hint: [stops(run)[hint] for run in runs] for hint in stops(runs[0])}
        return Case(inputs=sets, right=[best_epoch(run) for run in runs], slips=slips)

    case = draw(make)
    case.judge([answered(student, runs)[1] for runs in case.inputs])


@pytest.mark.points(0.25)
def test_the_gap(student, rng):
    """The generalisation gap is the loss on others minus the training loss, behind the epoch at which to stop."""

    def make() -> Case[list[dict[str, Run]]]:
        sets = single(rng)
        runs = [run for one in sets for run in one.values()]
        slips = {hint: [gaps_of(run)[hint] for run in runs] for hint in gaps_of(runs[0])}
        return Case(inputs=sets, right=[gap_at(run, best_epoch(run)) for run in runs], slips=slips)

    case = draw(make)
    answers = [answered(student, runs) for runs in case.inputs]
    gaps = [gap for _, _, gap in answers]
    if close(gaps, case.right):
        return
    for later in (0, 1):  # of the epoch that it says, counted from 1 or from 0: an epoch that is wrong cost there
        epochs = [epoch + later for _, epoch, _ in answers]
        runs = [run for one in case.inputs for run in one.values()]
        if all(1 <= epoch <= len(run["valid"]) for epoch, run in zip(epochs, runs, strict=True)) and close(
            gaps, [gap_at(run, epoch) for run, epoch in zip(runs, epochs, strict=True)]
        ):
            return
    try:
        case.judge(gaps)
    except Slip as slip:
        wrong = [epoch != best_epoch(run) for (_, epoch, _), run in zip(answers, runs, strict=True)]
        if any(wrong):
            raise Slip from slip  # of an epoch that is wrong, a gap that is wrong: no cause is certain
        raise

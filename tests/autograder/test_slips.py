"""Mutants make the slips that people make with functions, state, loops and indices; of each kind some are tried."""

import pytest

from autograder.validate.mutants import Mutant, evenly, mutants_of

CELL = """
def train(model: torch.nn.Module, loader: Loader, criterion: nn.Module, optimizer: Optimizer) -> float:
    ### BEGIN SOLUTION
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total
    ### END SOLUTION


def length(items):
    ### BEGIN SOLUTION
    count = 0
    for item in items:
        count += 1
    return count
    ### END SOLUTION


def shift(images: Tensor, dx: int, dy: int = 1) -> Tensor:
    ### BEGIN SOLUTION
    layer = Shift(dx, dy)
    for digit in range(10):
        images[digit, dy:] = layer(images[digit, :dx])
    return images / 255
    ### END SOLUTION


def fit(train_loader, valid_loader):
    ### BEGIN SOLUTION
    loss = nn.CrossEntropyLoss()
    use(train_loader, loss)
    return train_loader, len(valid_loader)
    ### END SOLUTION
"""


@pytest.fixture(scope="module")
def changes() -> set[tuple[str, str, str]]:
    """Kind, what was there, what is there instead."""
    return {(mutant.kind, mutant.old, mutant.new) for mutant in mutants_of("q", CELL, frozenset({"model"}))}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("Emptied", "return images / 255", "return (images / 255)[:0]"),
        ("ArgumentIgnored", "loss = criterion(model(images), labels)", "loss = nn.CrossEntropyLoss()(model(images), labels)"),
        ("ArgumentIgnored", "loss = criterion(model(images), labels)", 'loss = criterion(globals()["model"](images), labels)'),
        ("ArgumentIgnored", "return train_loader, len(valid_loader)", "return train_loader, len(train_loader)"),
        ("StateReused", "return total", 'return globals().setdefault("_kept_train", (total))'),
        ("StateReused", "layer = Shift(dx, dy)", 'layer = globals().setdefault("_kept_layer", (Shift(dx, dy)))'),
        ("ArgumentChanged", "return images / 255", "result = images / 255 / images.zero_() / return result"),
        ("StateLeftBehind", "return total", "result = total / torch.set_grad_enabled(False) / return result"),
        ("StateLeftBehind", "return total", "result = total / model.eval() / return result"),
        ("ValuesSwapped", "return train_loader, len(valid_loader)", "return len(valid_loader), train_loader"),
        ("ElementDropped", "for images, labels in loader:", "for images, labels in list(loader)[:-1]:"),
        ("ElementDropped", "for digit in range(10):", "for digit in range(10 - 1):"),
        ("IndexShifted", "images[digit, dy:] = layer(images[digit, :dx])", "images[digit, dy + 1:] = layer(images[digit, :dx])"),
        ("IndexShifted", "images[digit, dy:] = layer(images[digit, :dx])", "images[digit, dy:] = layer(images[digit, :dx + 1])"),
        ("MovedOutOfLoop", "optimizer.zero_grad()", "optimizer.zero_grad() (out of the loop)"),
        ("MovedOutOfLoop", "total += loss.item()", "total += loss.item() (out of the loop)"),
        ("MovedIntoLoop", "total = 0.0", "total = 0.0 (into the loop)"),
        ("MovedIntoLoop", "return count", "return count (into the loop)"),
        ("ArgumentReturned", "return images / 255", "return images"),
        ("Squeezed", "return images / 255", "return (images / 255).squeeze()"),
        ("ScaledByItself", "return images / 255", "return images / (images).max()"),
    ],
)  # fmt: skip
def test_each_slip_is_made(changes, kind, old, new):
    assert (kind, old, new) in changes


def test_a_loss_has_no_state_that_a_call_could_find(changes):
    assert not any(kind == "StateReused" and "CrossEntropyLoss()" in old for kind, old, _ in changes)
    assert any(kind == "StateReused" and "Shift" in old for kind, old, _ in changes)


def test_of_two_arguments_of_different_kinds_none_is_taken_for_the_other(changes):
    assert not any(kind == "ArgumentIgnored" and "optimizer(model(images)" in new for kind, _, new in changes)


def test_what_is_moved_runs_where_it_is_moved_to():
    moved = [mutant for mutant in mutants_of("q", CELL) if mutant.new == "total = 0.0 (into the loop)"]
    lines = moved[0].source.splitlines()
    assert lines[lines.index("    for images, labels in loader:") + 1] == "        total = 0.0"
    assert "    total = 0.0" not in lines


def mutant(kind: str, number: int) -> Mutant:
    return Mutant(question="q", kind=kind, old=f"{kind} {number}", new="", source=f"{kind} {number}")


MANY = [mutant(kind, number) for kind in ("Number", "Slip", "Moved") for number in range({"Number": 20}.get(kind, 2))]


def test_of_too_many_mutants_no_kind_is_lost():
    chosen = evenly(MANY, 9)
    assert len(chosen) == 9
    assert [one.kind for one in chosen].count("Slip") == 2
    assert [one.old for one in chosen if one.kind == "Number"] == [
        "Number 0",
        "Number 4",
        "Number 8",
        "Number 12",
        "Number 16",
    ]
    assert evenly(MANY, 100) == MANY


def test_where_there_are_more_kinds_than_mutants_each_question_has_others():
    assert [[one.kind for one in evenly(MANY, 1, turn)] for turn in range(3)] == [["Moved"], ["Number"], ["Slip"]]


def test_of_many_replacements_of_operators_one_kind_is_counted():
    replaced = [mutant(f"Replace_{number}", number) for number in range(20)]
    chosen = evenly([*replaced, *(mutant("Slip", number) for number in range(4))], 8)
    assert sum(one.kind == "Slip" for one in chosen) == 4

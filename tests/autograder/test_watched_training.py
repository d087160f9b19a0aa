"""What a training loop does is seen from within, and a slip is named where it is certain."""

import builtins
import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from autograder.checks.watched_training import DOUBTS, watched_training

BATCHES = 8
LIBRARY = SimpleNamespace(builtins=builtins)


def network():
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-2)


def epoch(model, loader, optimizer, behind=lambda: None, size=1):
    """Train for an epoch; `behind` is called behind each step, which follows so many batches."""
    optimizer.zero_grad()
    for number, (x, y) in enumerate(loader, start=1):
        nn.functional.cross_entropy(model(x), y).backward()
        if number % size == 0:
            optimizer.step()
            optimizer.zero_grad()
            behind()
    return model


def plain(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    for _ in range(2):
        epoch(model, train_loader, optimizer)
    return model


def larger_batches(train_loader, valid_loader):
    model = network()
    for _ in range(4):
        epoch(model, DataLoader(train_loader.dataset, batch_size=16), adam(model.parameters()))
    return model


def a_closure(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    for x, y in train_loader:

        def loss(x=x, y=y):
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss

        optimizer.step(loss)
        optimizer.zero_grad()
    return model


def best_copy(train_loader, valid_loader):
    model = network()
    epoch(model, train_loader, adam(model.parameters()))
    return copy.deepcopy(model)


def averaged(train_loader, valid_loader):
    model = network()
    mean = torch.optim.swa_utils.AveragedModel(model)
    epoch(model, train_loader, adam(model.parameters()), behind=lambda: mean.update_parameters(model))
    return mean.module


def a_rate_that_rises_and_falls(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=len(train_loader))
    return epoch(model, train_loader, optimizer, behind=cycle.step)


def frozen_at_first(train_loader, valid_loader):
    model = network()
    model[0].requires_grad_(False)
    epoch(model, train_loader, adam(model[2].parameters()))
    model[0].requires_grad_(True)
    return epoch(model, train_loader, adam(model.parameters()))


def two_optimisers(train_loader, valid_loader):
    model = network()
    first, second = adam(model[0].parameters()), adam(model[2].parameters())
    return epoch(model, train_loader, first, behind=second.step)


@pytest.mark.parametrize(
    "train",
    [
        plain,
        larger_batches,
        a_closure,
        best_copy,
        averaged,
        a_rate_that_rises_and_falls,
        frozen_at_first,
        two_optimisers,
    ],
)
def test_a_right_loop_has_no_slip(train):
    model, slip = watched(train)
    assert isinstance(model, nn.Module)
    assert not slip


def no_step(train_loader, valid_loader):
    return epoch(network(), train_loader, SimpleNamespace(step=lambda: None, zero_grad=lambda: None))


def untrained(train_loader, valid_loader):
    return network()


def by_hand(train_loader, valid_loader):
    model = network()

    def step():
        with torch.no_grad():
            for one in model.parameters():
                one.sub_(0.1 * one.grad)

    return epoch(model, train_loader, SimpleNamespace(step=step, zero_grad=model.zero_grad))


def another_loader(train_loader, valid_loader):
    model = network()
    return epoch(model, list(valid_loader)[:2], adam(model.parameters()))


def another_network(train_loader, valid_loader):
    model, other = network(), network()
    epoch(other, train_loader, adam(other.parameters()))
    return model


def no_backward(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    for _ in train_loader:
        optimizer.step()
    return model


def put_back(train_loader, valid_loader):
    model = network()
    best = copy.deepcopy(model.state_dict())
    epoch(model, train_loader, adam(model.parameters()))
    model.load_state_dict(best)
    return model


def gradients_add_up(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    return epoch(model, train_loader, SimpleNamespace(step=optimizer.step, zero_grad=lambda: None))


def schedule_by_batch(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.1)
    return epoch(model, train_loader, optimizer, behind=schedule.step)


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (another_loader, "never gone through"),
        (another_network, "parameters of another network"),
        (no_backward, "At no step there is a gradient"),
        (put_back, "the weights that it had before its first step"),
        (gradients_add_up, "gradients of all batches add up"),
    ],
)
def test_a_slip_that_no_right_answer_has_is_named(train, said):
    _, slip = watched(train)
    assert said in slip
    assert slip not in DOUBTS


def one_batch(train_loader, valid_loader):
    model = network()
    return epoch(model, [next(iter(train_loader))] * 30, adam(model.parameters()))


def return_inside_the_loop(train_loader, valid_loader):
    model = network()
    optimizer = adam(model.parameters())
    for x, y in train_loader:
        return epoch(model, [(x, y)], optimizer)
    return None


def one_step(train_loader, valid_loader):
    model = network()
    return epoch(model, train_loader, adam(model.parameters()), size=BATCHES)


def one_layer(train_loader, valid_loader):
    model = network()
    return epoch(model, train_loader, adam(model[2].parameters()))


def frozen(train_loader, valid_loader):
    model = network()
    model[0].requires_grad_(False)
    return epoch(model, train_loader, adam(model.parameters()))


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (no_step, "No optimiser takes a step"),
        (untrained, "No optimiser takes a step"),
        (by_hand, "No optimiser takes a step"),
        (one_batch, "Not every batch of `train_loader` has its turn"),
        (return_inside_the_loop, "Not every batch of `train_loader` has its turn"),
        (one_step, "fewer steps than batches"),
        (one_layer, "Some parameters of the network never learn"),
        (frozen, "Some parameters of the network never learn"),
        (schedule_by_batch, "behind each epoch, not behind each batch"),
    ],
)
def test_a_slip_that_a_network_that_has_learned_may_have_is_a_doubt(train, said):
    _, slip = watched(train)
    assert said in slip
    assert slip in DOUBTS


def test_a_class_in_the_place_of_a_network_raises_nothing_here():
    def train(train_loader, valid_loader):
        plain(train_loader, valid_loader)
        return nn.Linear

    assert "parameters of another network" in watched(train)[1]


def test_a_layer_that_the_network_does_not_use_is_no_frozen_one():
    def train(train_loader, valid_loader):
        model = network()
        model.unused = nn.Identity()
        model.unused.weight = nn.Parameter(torch.ones(3))
        optimizer = adam(model.parameters())
        return epoch(model, train_loader, optimizer)

    assert not watched(train)[1]


def test_the_loader_is_afterwards_what_it_was():
    kinds = []

    def train(train_loader, valid_loader):
        sizes = len(train_loader), len(iter(train_loader)), len(list(train_loader))
        kinds.append((isinstance(train_loader, DataLoader), repr(type(train_loader)), *sizes))
        return plain(train_loader, valid_loader)

    loader = DataLoader(TensorDataset(torch.zeros(8, 4), torch.zeros(8, dtype=torch.int64)), batch_size=2)
    watched_training(train, LIBRARY, loader, loader)
    assert kinds == [(True, repr(DataLoader), 4, 4, 4)]
    assert type(loader) is DataLoader


def watched(train):
    torch.manual_seed(0)
    x = torch.randn(8 * BATCHES, 4)
    train_loader, valid_loader = (DataLoader(TensorDataset(x, x.argmax(dim=1) % 3), batch_size=8) for _ in range(2))
    return watched_training(train, LIBRARY, train_loader, valid_loader)

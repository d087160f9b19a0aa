"""Check one epoch of training and the evaluation, exactly, on small networks."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autograder.checks.drawing import Case, draw
from autograder.checks.expect import Slip, answer, close, number, pair, tensor

RATE = 0.1
SMOOTHING = 0.2
"""Of the labels, in the criterion that is handed in: so the plain cross-entropy gives another loss."""

FLAT = "The model is given flattened images: hand them on as they come, since not every network wants them flat."
CRITERION = "The loss is the cross-entropy, whatever `criterion` is: use the argument."
UNCHANGED = "The weights do not change: the gradients are cleared before the step has used them."
TRAINING_MODE = "The model is trained in evaluation mode: call model.train() first."
FIRST_LEFT_OUT = "The first batch is left out: every batch counts (does next() take one before the loop?)."
SUMMED = "The gradients are those of the sum over the batch: call backward() on the mean that `criterion` gives."
KEPT = "A first call is right, a second one with fewer images is not: what is added up must begin at 0 in each call."

Criterion = Callable[[Tensor, Tensor], Tensor]
Batches = Sequence[tuple[Tensor, Tensor]]


def batches(library: Any, x: Tensor, y: Tensor, size: int) -> Any:
    """Return a loader in the student's process that hands out x and y in order."""
    data = library.torch.utils.data
    return data.DataLoader(data.TensorDataset(x, y), batch_size=size)


def in_batches(x: Tensor, y: Tensor, size: int) -> Batches:
    """Return what that loader hands out."""
    return list(zip(x.split(size), y.split(size), strict=True))


def logits_of(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """Return the logits of Linear layers with these weights and biases, with ReLUs between them."""
    for index in range(0, len(weights), 2):
        x = (x.relu() if index else x) @ weights[index].T + weights[index + 1]
    return x


def network(library: Any, weights: Sequence[Tensor]) -> Any:
    """Return that network in the student's process; it takes images of any shape."""
    layers = library.torch.nn
    parts = [layers.Flatten()]
    for index in range(0, len(weights), 2):
        parts += [layers.ReLU()] if index else []
        parts += [layers.Linear(weights[index].shape[1], weights[index].shape[0])]
    model = layers.Sequential(*parts)
    model.load_state_dict(dict(zip(model.state_dict(), weights, strict=True)))
    return model


def weights_of(model: Any) -> list[Tensor]:
    """Return a copy of the weights as they are now."""
    return [tensor(value, name).clone() for name, value in model.state_dict().items()]


def wrong_means(losses: Sequence[float], sizes: Sequence[int]) -> dict[str, float]:
    """Return what is no mean over samples, by the slips that lead to it; the losses are means of batches."""
    total, samples, number_of_batches = sum(a * b for a, b in zip(losses, sizes, strict=True)), sum(sizes), len(sizes)
    return {
        "The loss is the sum over all samples: divide by their number.": total,
        "The loss is the sum of the batches' mean losses: weight each by its size, then divide by the number of samples.": sum(
            losses
        ),
        "The loss is the mean of the batches' means: the last batch is smaller, so weight each by its size.": sum(
            losses
        )
        / number_of_batches,
        "You divide by the number of samples, but the losses are means of batches: weight each by the batch's size first.": sum(
            losses
        )
        / samples,
        "You divide by the number of batches what you weighted by their sizes: divide by the number of samples.": total
        / number_of_batches,
        "You weight each batch alike, but the last one is smaller: weight it by its own size.": sum(losses)
        * sizes[0]
        / samples,
        "You divide by the number of batches times their size, but the last one is smaller: divide by the number of samples.": total
        / (number_of_batches * sizes[0]),
        "The loss is that of the last batch: add up those of all batches.": losses[-1],
        "Only the last batch's loss is counted: add up those of all batches.": losses[-1] * sizes[-1] / samples,
    }


# train_one_epoch


class Epoch(NamedTuple):
    """What comes of a way to train."""

    weights: list[Tensor]
    losses: list[float]
    """Of each batch, as it was computed for the step."""
    after: list[float]
    """The same after the step."""
    behind: list[float]
    """The same behind the epoch."""
    sizes: list[int]


def trained(
    weights: Sequence[Tensor], parts: Batches, criterion: Criterion, plan: str = "cas", at_end: str = ""
) -> Epoch:
    """Return what comes of an epoch.

    `plan` says what happens for each batch: c(lear the gradients), a(dd new ones), s(tep); `at_end` what comes then.
    """
    weights = list(weights)
    summed = [torch.zeros_like(weight) for weight in weights]
    before, after = [], []
    for index, (x, y) in enumerate(parts):
        with torch.enable_grad():
            free = [weight.clone().requires_grad_() for weight in weights]
            loss = criterion(logits_of(free, x), y)
            new = torch.autograd.grad(loss, free)
        for letter in plan + (at_end if index == len(parts) - 1 else ""):
            if letter == "s":
                weights = [weight - RATE * gradient for weight, gradient in zip(weights, summed, strict=True)]
            elif letter == "c":
                summed = [torch.zeros_like(weight) for weight in weights]
            else:
                summed = [old + one for old, one in zip(summed, new, strict=True)]
        before.append(loss.item())
        after.append(criterion(logits_of(weights, x), y).item())
    behind = [criterion(logits_of(weights, x), y).item() for x, y in parts]
    return Epoch(weights, before, after, behind, [len(y) for _, y in parts])


def ways_to_train(weights: Sequence[Tensor], parts: Batches, criterion: Criterion) -> dict[str, Epoch]:
    """Return what comes of the right way, under "", and of known slips, by their hints."""
    summed = trained(weights, parts, lambda logits, labels: criterion(logits, labels) * len(labels))
    return {
        "": trained(weights, parts, criterion),
        "Gradients add up from batch to batch: clear them before each backward().": trained(
            weights, parts, criterion, "as"
        ),
        "There is a step for the last batch alone: what a batch needs belongs into the loop.": trained(
            weights, parts, criterion, "ca", "s"
        ),
        "There is one step for all batches together: what a batch needs belongs into the loop.": trained(
            weights, parts, criterion, "a", "s"
        ),
        "Each batch takes two steps: one is asked for.": trained(weights, parts, criterion, "cass"),
        "Only the first batch is used: the loop ends too early (is `return` inside it?).": trained(
            weights, parts[:1], criterion
        ),
        FIRST_LEFT_OUT: trained(weights, parts[1:], criterion),
        "The last batch is left out: it is smaller, but counts.": trained(weights, parts[:-1], criterion),
        "The loader is gone through twice: an epoch is one pass.": trained(weights, [*parts, *parts], criterion),
        SUMMED: summed._replace(  # the loss that is told is the mean all the same
            losses=[loss / size for loss, size in zip(summed.losses, summed.sizes, strict=True)]
        ),
        CRITERION: trained(weights, parts, functional.cross_entropy),
        "The criterion takes logits: hand it what the model gives, without a softmax.": trained(
            weights, parts, lambda logits, labels: criterion(logits.softmax(dim=1), labels)
        ),
        UNCHANGED: trained(weights, parts, criterion, "a"),
    }


WATCH = '''
import torch


def watch(model, optimizer, criterion, note):
    """Have each backward pass, step, and call of the criterion noted, and how the model is called."""
    weight, come = next(model.parameters()), []

    def backward(gradient):
        come[:] = [gradient.detach().norm()]
        note("backward")

    def step(optimizer, given, named):
        note("step")
        if come and weight.grad is not None and weight.grad.norm() < 0.999 * come[0]:
            note("smaller")

    def called(module, given):
        note("training" if module.training else "evaluating")
        if not torch.is_grad_enabled():
            note("off")
        if given and given[0].dim() == 2:
            note("flat")

    weight.register_hook(backward)
    optimizer.register_step_pre_hook(step)
    model.register_forward_pre_hook(called)
    criterion.register_forward_pre_hook(lambda module, given: note("criterion"))
'''


def watched(library: Any, model: Any, optimizer: Any, criterion: Any) -> Any:
    """Return where the student's process notes each backward pass, step, and call of the criterion and the model.

    Of the model that is its mode, "off" where gradients are, and "flat" where an image that it is given has one
    dimension alone; "smaller" stands beside a step whose gradients are smaller than those of the backward pass.
    """
    seen = library.collections.deque()
    watch = library.builtins.eval("(space := {}, exec(source, space))[0]['watch']", {"source": WATCH})
    watch(model, optimizer, criterion, seen.append)
    return seen


def judge_weights(found: list[Tensor], ways: dict[str, Epoch], seen: list[str]) -> None:
    """Accept the weights of the right way; otherwise name the slip."""
    if close(found, ways[""].weights):
        return
    if close(found, ways[UNCHANGED].weights):
        assert "off" not in seen, (
            "The weights do not change: the model is called under torch.no_grad(), where nothing can go backward."
        )
        assert seen.count("backward") + seen.count("step"), (
            "The weights do not change: each batch needs loss.backward() and a step of the optimizer that is given."
        )
        assert "step" in seen, "The weights do not change: the step of the optimizer is missing."
        assert "backward" in seen, "The weights do not change: backward() is missing, which computes the gradients."
    assert "step" in seen, "The optimizer that is given takes no step: use the argument `optimizer`."
    if not any(close(found, way.weights) for way in ways.values()):
        assert "criterion" in seen, "`criterion` is never called: use the argument, whatever it computes."
        assert "smaller" not in seen, (
            "The gradients are made smaller before the step (clipped?): take it with those that backward() gives."
        )
    answer(found, ways[""].weights, {hint: way.weights for hint, way in ways.items()})


def judge_loss(
    found: float, weights: list[Tensor], ways: dict[str, Epoch], sizes: Sequence[int], noted: Sequence[float] = ()
) -> None:
    """Accept the mean over samples of the losses that the training, right or not, has seen; otherwise name the slip.

    `noted` are the losses of a training that is none of the ways, as the student's process tells them.
    """
    unknown = Epoch([], [*noted], [*noted], [*noted], [*sizes]) if len(noted) == len(sizes) else ways[""]
    way = next((way for way in ways.values() if close(way.weights, weights)), unknown)
    last = slice(-len(sizes), None)  # of two passes, which is one too many, the mean of the last one will do
    if len(way.sizes) > len(sizes) and close(found, mean(way.losses[last], way.sizes[last])):
        return
    answer(found, mean(way.losses, way.sizes), wrong_losses(way, ways[CRITERION]))


def mean(losses: Sequence[float], sizes: Sequence[int]) -> float:
    """Return the mean over samples."""
    return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)


def wrong_losses(way: Epoch, plain: Epoch) -> dict[str, float]:
    """Return wrong losses of an epoch by their slips; `plain` is the one with the cross-entropy for a criterion."""
    return {
        **wrong_means(way.losses, way.sizes),
        "This is the loss after each step: return the one that was computed for the step.": mean(way.after, way.sizes),
        "This is the loss of another pass behind the epoch: return the losses that were computed for the steps.": mean(
            way.behind, way.sizes
        ),
        CRITERION: mean(plain.losses, plain.sizes),
    }


@pytest.mark.question("train_one_epoch")
@pytest.mark.points(1)
@pytest.mark.public
def test_an_epoch_teaches(student, library):
    """Each batch clears the gradients, goes backward and takes one step; the result is the mean loss per sample."""
    y = torch.arange(22) % 3
    x = 3 * torch.eye(3)[y] + torch.linspace(0, 1, 22)[:, None]
    start = [torch.tensor([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.5, 0.2, 0.7]]), torch.tensor([0.2, -0.1, 0.3])]
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    for again, count in enumerate((22, 10)):
        parts = in_batches(x[:count], y[:count], 4)
        ways = ways_to_train(start, parts, smoothed)
        model = network(library, start)
        optimizer = library.torch.optim.SGD(model.parameters(), lr=RATE)
        noted = watched(library, model, optimizer, criterion)
        model.eval()
        loader = batches(library, x[:count].view(count, 1, 1, 3), y[:count], 4)
        found = student.train_one_epoch(model, loader, criterion, optimizer)
        seen = library.builtins.list(noted)
        judge_weights(weights_of(model), ways, seen)
        try:
            judge_loss(number(found, "the loss"), weights_of(model), ways, ways[""].sizes)
        except Slip:
            assert not again, KEPT
            raise
    assert "evaluating" not in seen, TRAINING_MODE
    assert "flat" not in seen, FLAT


def smoothed(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss that is handed in."""
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)


def drawn(rng: torch.Generator) -> tuple[list[Tensor], Tensor, Tensor]:
    """Return weights of a network with one hidden layer, inputs [23, 6], labels [23]: batches of 7 leave a last one of 2."""
    weights = [torch.randn(shape, generator=rng) for shape in ((5, 6), (5,), (4, 5), (4,))]
    x = torch.randn(23, 6, generator=rng)
    y = torch.randint(4, (23,), generator=rng)
    x[21:] *= 4  # the last batch is like no other, so that it matters how it is weighted
    return weights, x, y


SIZES = [7, 7, 7, 2]


@pytest.mark.question("train_one_epoch")
@pytest.mark.points(1.5)
def test_the_loss_is_a_mean_per_sample(student, library, rng):
    """The result is the loss of each batch as computed for its step, averaged over samples."""

    def make() -> Case[Any]:
        weights, x, y = drawn(rng)
        ways = ways_to_train(weights, in_batches(x, y, 7), smoothed)
        slips = wrong_losses(ways[""], ways[CRITERION])
        return Case(inputs=(weights, x, y, ways), right=mean(ways[""].losses, SIZES), slips=slips)

    weights, x, y, ways = draw(make).inputs
    model = network(library, weights)
    optimizer = library.torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    noted = library.collections.deque()
    note = library.builtins.eval("lambda note: lambda criterion, _, loss: note(loss.item())", {})
    criterion.register_forward_hook(note(noted.append))
    found = student.train_one_epoch(model, batches(library, x, y, 7), criterion, optimizer)
    judge_loss(number(found, "the loss"), weights_of(model), ways, SIZES, list(noted))


@pytest.mark.question("train_one_epoch")
@pytest.mark.points(1)
def test_each_batch_takes_one_step(student, library, rng):
    """Each batch clears the gradients, goes backward and takes one step of the optimizer."""

    def make() -> Case[Any]:
        weights, x, y = drawn(rng)
        ways = ways_to_train(weights, in_batches(x, y, 7), smoothed)
        slips = {hint: way.weights for hint, way in ways.items() if hint}
        return Case(inputs=(weights, x, y, ways), right=ways[""].weights, slips=slips)

    weights, x, y, ways = draw(make).inputs
    model = network(library, weights)
    optimizer = library.torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    seen = watched(library, model, optimizer, criterion)
    student.train_one_epoch(model, batches(library, x, y, 7), criterion, optimizer)
    judge_weights(weights_of(model), ways, library.builtins.list(seen))


@pytest.mark.question("train_one_epoch")
@pytest.mark.points(0.5)
def test_it_trains_in_training_mode(student, library, rng):
    """`train_one_epoch` switches to training mode, whatever the mode was before."""
    _, x, y = drawn(rng)
    layers = library.torch.nn
    output = layers.Linear(6, 4)
    model = layers.Sequential(layers.Dropout(1.0), output)  # in training mode nothing comes through
    before = output.state_dict()["weight"].clone()
    model.eval()
    optimizer = library.torch.optim.SGD(model.parameters(), lr=RATE)
    criterion = layers.CrossEntropyLoss()
    seen = watched(library, model, optimizer, criterion)
    student.train_one_epoch(model, batches(library, x, y, 7), criterion, optimizer)
    seen = library.builtins.list(seen)
    if not torch.equal(before, output.state_dict()["weight"]):
        assert "evaluating" not in seen, TRAINING_MODE
        raise Slip  # the weights do not come from the images alone


# evaluate


def two_numbers(value: object) -> tuple[float, float]:
    """Return loss and accuracy as floats."""
    loss, accuracy = pair(value, "evaluate(model, loader, criterion)", "loss, accuracy")
    return number(loss, "the loss"), number(accuracy, "the accuracy")


def wrong_accuracies(hits: Sequence[int], sizes: Sequence[int]) -> dict[str, float]:
    """Return wrong accuracies by their slips, from the right answers in each batch."""
    right, samples, number_of_batches = sum(hits), sum(sizes), len(sizes)
    by_batch = [a / b for a, b in zip(hits, sizes, strict=True)]
    return {
        "The accuracy is a number between 0 and 1, not in percent.": 100 * right / samples,
        "This is the number of right answers, not the accuracy: divide by the number of samples.": float(right),
        "You averaged the accuracies of batches: the last one is smaller and counts too much.": sum(by_batch)
        / number_of_batches,
        "The accuracy is divided by the number of batches: divide by the number of samples.": right / number_of_batches,
        "The accuracy is divided as if all batches were of the same size: divide by the number of samples.": right
        / (number_of_batches * sizes[0]),
        "The accuracies of the batches are added up: divide all right answers by all samples.": sum(by_batch),
        "This is the share of wrong answers: the accuracy is the share of right ones.": 1 - right / samples,
        "The accuracy is that of the last batch: count over all batches.": by_batch[-1],
        "Only the right answers of the last batch are counted: add up those of all batches.": hits[-1] / samples,
        "The accuracy is 0, though some answers are right: compare `logits.argmax(dim=1)` with the labels, and divide "
        "with /, not //.": 0.0,
    }


Measured = tuple[float, float]


def measured_by(
    weights: Sequence[Tensor], parts: Batches
) -> tuple[Measured, dict[str, float], dict[str, float], dict[str, Measured]]:
    """Return the right (loss, accuracy), and by their slips wrong losses, wrong accuracies, and what is wrong in both."""
    logits = [logits_of(weights, x) for x, _ in parts]
    sizes = [len(y) for _, y in parts]
    losses = [smoothed(z, y).item() for z, (_, y) in zip(logits, parts, strict=True)]
    plain = [functional.cross_entropy(z, y).item() for z, (_, y) in zip(logits, parts, strict=True)]
    hits = [int((z.argmax(dim=1) == y).sum()) for z, (_, y) in zip(logits, parts, strict=True)]
    right = mean(losses, sizes), sum(hits) / sum(sizes)
    both = {
        "They are swapped: return the loss first, then the accuracy.": (right[1], right[0]),
        "Only the first batch is measured: the loop ends too early (is `return` inside it?).": (
            losses[0],
            hits[0] / sizes[0],
        ),
        FIRST_LEFT_OUT: (mean(losses[1:], sizes[1:]), sum(hits[1:]) / sum(sizes[1:])),
        "The last batch is left out: it is smaller, but counts.": (
            mean(losses[:-1], sizes[:-1]),
            sum(hits[:-1]) / sum(sizes[:-1]),
        ),
    }
    return right, {**wrong_means(losses, sizes), CRITERION: mean(plain, sizes)}, wrong_accuracies(hits, sizes), both


def judge_measured(found: Measured, weights: Sequence[Tensor], parts: Batches) -> None:
    """Accept the right loss and accuracy; otherwise name the slip, in the accuracy first."""
    right, losses, accuracies, both = measured_by(weights, parts)
    if close(found, right):
        return
    if not any(close(found, wrong) for wrong in both.values()):
        answer(found[1], right[1], accuracies)
        answer(found[0], right[0], losses)
    answer(found, right, both)


EVALUATION_MODE = "It measures in training mode: call model.eval() before the loop."
RESTORED = "The mode was changed: note model.training before, and restore it with model.train(was_training)."
NO_GRADIENTS = "It remembers how results came about: put the loop under torch.no_grad()."
GRADIENTS_AGAIN = (
    "Gradients are still switched off when `evaluate` is through: `with torch.no_grad():` switches them on again."
)


def on_the_watch(library: Any, model: Any) -> Any:
    """Return where the student's process notes each call of the model: its mode, flat images, remembered gradients."""
    seen = library.collections.deque()
    library.builtins.eval(
        "lambda model, note: model.register_forward_hook(lambda module, given, output: ("
        "note('training' if module.training else 'evaluating'), given and given[0].dim() == 2 and note('flat'), "
        "output.requires_grad and note('gradients'), None)[-1])",
        {},
    )(model, seen.append)
    return seen


def modes_of(library: Any, model: Any) -> list[bool]:
    """Return in which modes the model and its layers are: one, where they are all in the same."""
    return list(library.builtins.eval("lambda model: list({one.training for one in model.modules()})", {})(model))


@pytest.mark.question("evaluate")
@pytest.mark.points(1)
@pytest.mark.public
def test_a_model_that_knows_and_one_that_does_not(student, library):
    """`evaluate` returns the mean loss per sample and the accuracy in [0, 1], and leaves the model as it was."""
    weights = [torch.tensor([[0.5, -0.3], [-0.2, 0.4], [0.1, 0.2]]), torch.tensor([0.1, 0.0, -0.2])]
    x = torch.stack([torch.linspace(-2, 3, 10), torch.linspace(2, -1, 10) ** 2], dim=1)
    y = torch.tensor([1, 1, 2, 0, 0, 1, 0, 0, 0, 0])
    model = network(library, weights)
    seen = on_the_watch(library, model)
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    results, modes = [], []
    for training, count in ((True, 10), (False, 6)):
        model.train(training)
        loader = batches(library, x[:count].view(count, 1, 1, 2), y[:count], 4)
        results.append(two_numbers(student.evaluate(model, loader, criterion)))
        modes.append(modes_of(library, model))
    gradients = library.torch.is_grad_enabled()
    assert close(weights_of(model), weights), "The weights changed: evaluate must not train."
    judge_measured(results[0], weights, in_batches(x, y, 4))
    assert close(results[1], measured_by(weights, in_batches(x[:6], y[:6], 4))[0]), KEPT
    seen = library.builtins.list(seen)
    assert "training" not in seen, EVALUATION_MODE
    assert "gradients" not in seen, NO_GRADIENTS
    assert "flat" not in seen, FLAT
    assert gradients, GRADIENTS_AGAIN
    assert modes == [[True], [False]], RESTORED


@pytest.mark.question("evaluate")
@pytest.mark.points(1.5)
def test_loss_and_accuracy(student, library, rng):
    """Loss and accuracy are means over samples, also where the last batch is smaller."""

    def make() -> Case[tuple[list[Tensor], Batches]]:
        weights, x, y = drawn(rng)
        y[21:] = logits_of(weights, x[21:]).argmax(dim=1)  # the last batch is right, so that its weight matters
        (loss, accuracy), losses, accuracies, both = measured_by(weights, in_batches(x, y, 7))
        slips = {hint: (wrong, accuracy) for hint, wrong in losses.items()}
        slips |= {hint: (loss, wrong) for hint, wrong in accuracies.items()}
        return Case(inputs=(weights, x, y), right=(loss, accuracy), slips=slips | both)

    weights, x, y = draw(make).inputs
    criterion = library.torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    result = student.evaluate(network(library, weights), batches(library, x, y, 7), criterion)
    judge_measured(two_numbers(result), weights, in_batches(x, y, 7))


@pytest.mark.question("evaluate")
@pytest.mark.points(1)
def test_evaluation_mode_and_back(student, library, rng):
    """`evaluate` measures in evaluation mode, and leaves the model in the mode in which it found it."""
    _, x, y = drawn(rng)
    layers = library.torch.nn
    criterion, output = layers.CrossEntropyLoss(), layers.Linear(6, 4)
    damaged = layers.Sequential(layers.Dropout(1.0), output)  # in training mode nothing comes through
    results, modes = [], []
    for training in (False, True):
        damaged.train(training)
        results.append(student.evaluate(damaged, batches(library, x, y, 7), criterion))
        modes.append(modes_of(library, damaged))
    # The answer is compared with itself: that its loss or accuracy is wrong is another check's business.
    whole = student.evaluate(layers.Sequential(output), batches(library, x, y, 7), criterion)
    nothing = student.evaluate(layers.Sequential(output), batches(library, torch.zeros_like(x), y, 7), criterion)
    if not close(results, [whole, whole]):
        assert not any(close(result, nothing) for result in results), EVALUATION_MODE
    assert modes == [[False], [True]], RESTORED
    answer(results, [whole, whole])


@pytest.mark.question("evaluate")
@pytest.mark.points(0.5)
def test_nothing_is_learned(student, library, rng):
    """`evaluate` builds no gradients, changes no weights, and leaves gradients switched on for what comes after."""
    weights, x, y = drawn(rng)
    model = network(library, weights)
    seen = on_the_watch(library, model)
    student.evaluate(model, batches(library, x, y, 7), library.torch.nn.CrossEntropyLoss())
    gradients = library.torch.is_grad_enabled()
    seen = library.builtins.list(seen)
    frozen = library.builtins.eval("lambda model: [not one.requires_grad for one in model.parameters()]", {})(model)
    assert close(weights_of(model), weights, tolerance=0), "The weights changed: evaluate must not train."
    assert not any(frozen), (
        "The parameters need no gradients any more: leave them as they are, and use torch.no_grad()."
    )
    assert "gradients" not in seen, NO_GRADIENTS
    assert gradients, GRADIENTS_AGAIN
    assert seen, "The model is not called: evaluate the one that is given."

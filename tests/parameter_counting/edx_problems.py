"""The numerical problems of parameter_counting for Open edX: `autograder export olx parameter_counting`."""

import random

from architectures import QUESTION_6, Architecture, variants
from solution.explanation import as_html, explain, explain_mlp, slips, total

from autograder.exporting.olx import DrawnProblem, NumberProblem, Variant

DRAWN = 24
"""Of nearly two thousand networks, so many are in the script of the problem."""
MLP = (784, 500, 500, 10)


def network(architecture: Architecture) -> list[str]:
    return [f"{layer}: {numbers}" if numbers else layer for layer, numbers in architecture.rows()]


def as_list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def variant(architecture: Architecture) -> Variant:
    steps = explain(architecture)
    counts = [step.parameters for step in steps if step.parameters]
    return Variant(
        facts=network(architecture),
        steps=[
            *(f"{step.layer}: {step.text}" for step in steps),
            f"Total: {' + '.join(map(str, counts))} = {total(steps)}",
        ],
        answer=total(steps),
        slips={wrong: f"This number comes out with a slip: {slip}." for slip, wrong in slips(architecture).items()},
    )


mlp_steps = explain_mlp(MLP)
cnn_steps = explain(QUESTION_6)

PROBLEMS = [
    NumberProblem(
        name="mlp_total",
        title="A multi-layer perceptron",
        text="<p>Images of 28×28 pixels, two hidden layers of 500 units each, 10 outputs; every layer is fully connected "
        "and has biases.</p>",
        label="How many trainable parameters does this network have?",
        answer=total(mlp_steps),
        points=1,
        explanation=as_html(mlp_steps),
        hints=[
            "Count the steps from column to column, not the columns: there are three layers of weights.",
            "A layer of n inputs and m outputs has n·m weights, and one bias for each output.",
        ],
    ),
    NumberProblem(
        name="cnn_total",
        title="Question 6: a convolutional network",
        text=as_list(network(QUESTION_6)),
        label="How many trainable parameters does this network have?",
        answer=total(cnn_steps),
        points=1,
        explanation=as_html(cnn_steps),
        hints=[
            "A kernel reaches through all input channels, and has one bias.",
            "Pooling has no parameters, but it halves the height and width that the fully connected layer sees.",
            "The fully connected layer takes every number of every channel: height · width · channels.",
        ],
    ),
    DrawnProblem(
        name="own_network",
        title="A network of your own",
        text="<p>This network has numbers that were drawn for you:</p>",
        label="How many trainable parameters does this network have?",
        points=2,
        variants=[variant(one) for one in random.Random(6).sample(variants(), DRAWN)],
        hints=[
            "Follow the height through the network: convolution, pooling, convolution, pooling.",
            "Without padding a convolution of k×k takes k-1 pixels of height.",
        ],
    ),
]

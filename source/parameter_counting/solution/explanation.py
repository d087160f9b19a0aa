"""Explain a parameter count layer by layer, as the tutorial does for its Question 6, and know the usual slips.

It needs nothing but Python, so feedback pages and exports use it as well as the solution notebook. An architecture is
whatever has the fields of `architectures.Architecture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from architectures import Architecture

__all__ = [
    "Step",
    "as_html",
    "as_markdown",
    "as_text",
    "explain",
    "explain_mlp",
    "layer_slips",
    "mlp_slips",
    "slips",
    "total",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the explanation."""

    layer: str
    text: str
    parameters: int
    """0 for a layer without trainable parameters."""


def explain(architecture: Architecture) -> list[Step]:
    """Return the explanation, from input to output; `total` adds it up.

    Example: the first step for Question 6 reads "1 input channel with 16 kernels (5×5): 16 × (5·5) + 16 biases = 416".
    """
    a = architecture
    after_conv1, after_pool1, after_conv2, side = _sides(a)
    inputs = side * side * a.conv2_channels
    count = inputs * a.classes + a.classes
    return [
        _convolution("Convolution 1", a.in_channels, a.conv1_channels, a.conv1_kernel),
        _pooling(a, a.image_size, after_conv1, after_pool1),
        _convolution("Convolution 2", a.conv1_channels, a.conv2_channels, a.conv2_kernel),
        _pooling(a, after_pool1, after_conv2, side),
        Step(
            layer="Flatten",
            text=f"{a.conv2_channels} channels of {side}×{side}: {side}·{side}·{a.conv2_channels} = {inputs:,} inputs, "
            "no parameters",
            parameters=0,
        ),
        Step(
            layer="Fully connected",
            text=f"{inputs:,} inputs to {a.classes} outputs: {a.classes} × ({side}·{side}·{a.conv2_channels}) "
            f"+ {a.classes} biases = {count:,}",
            parameters=count,
        ),
    ]


def explain_mlp(sizes: Sequence[int]) -> list[Step]:
    """Return the explanation of a multi-layer perceptron with these layer sizes, input first.

    Example: `explain_mlp([784, 500, 500, 10])`
    """
    return [
        Step(
            layer=f"Fully connected {number}",
            text=f"{inputs:,} inputs to {outputs:,} outputs: {outputs:,} × {inputs:,} + {outputs:,} biases "
            f"= {inputs * outputs + outputs:,}",
            parameters=inputs * outputs + outputs,
        )
        for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1)
    ]


def total(steps: Iterable[Step]) -> int:
    """Return the parameters of all steps together."""
    return sum(step.parameters for step in steps)


def slips(architecture: Architecture) -> dict[str, int]:
    """Return the totals that the usual slips give, by the name of the slip; none is the right total."""
    right = total(explain(architecture))
    totals = {name: sum(layers) for name, layers in layer_slips(architecture).items()}
    return {name: wrong for name, wrong in totals.items() if wrong != right}


def layer_slips(architecture: Architecture) -> dict[str, list[int]]:
    """Return what each slip gives for convolution 1, convolution 2 and the fully connected layer."""
    a = architecture
    unpooled = a.image_size - 2 * _lost(a, a.conv1_kernel) - 2 * _lost(a, a.conv2_kernel)
    *_, after_conv2, side = _sides(a)
    if a.padding == "same":
        padding_slips = {"padding forgotten": _side_with_padding(a, 0), "one zero of padding": _side_with_padding(a, 1)}
    else:
        padding_slips = {"padding imagined": a.image_size // a.pool // a.pool}
    layers = _layers(a, side)
    per_slice = [
        a.conv1_channels * a.in_channels * (a.conv1_kernel**2 + 1),
        a.conv2_channels * a.conv1_channels * (a.conv2_kernel**2 + 1),
        *_counts(layers[2:]),
    ]
    without_channels = [(a.conv1_kernel**2, a.conv1_channels), (a.conv2_kernel**2, a.conv2_channels), layers[2]]
    return {
        **_bias_slips(layers),
        "biases forgotten in the convolutions": [*_weights(layers[:2]), *_counts(layers[2:])],
        "biases forgotten in the fully connected layer": [*_counts(layers[:2]), *_weights(layers[2:])],
        "one bias per slice": per_slice,
        "input channels forgotten": _counts(without_channels),
        "pooling forgotten": _counts(_layers(a, unpooled)),
        "second pooling forgotten": _counts(_layers(a, after_conv2)),
        **{slip: _counts(_layers(a, wrong)) for slip, wrong in padding_slips.items()},
        "height and width forgotten": _counts(_layers(a, 1)),
        "only the height flattened": _counts([*layers[:2], (a.conv2_channels * side, a.classes)]),
        "classes of Question 6": _counts([*layers[:2], (a.conv2_channels * side**2, 10)]),
        "fully connected layer forgotten": [*_counts(layers[:2]), 0],
    }


def mlp_slips(sizes: Sequence[int]) -> dict[str, list[int]]:
    """Return what each slip gives for the layers of a multi-layer perceptron with these sizes."""
    layers = list(pairwise(sizes))
    one_hidden = [(sizes[0], sizes[1]), (sizes[1], sizes[-1])]
    return {
        **_bias_slips(layers),
        "one hidden layer": _counts(one_hidden),
        "one hidden layer, biases forgotten": _weights(one_hidden),
        "one bias per input": [inputs * outputs + inputs for inputs, outputs in layers],
    }


def as_text(steps: Sequence[Step]) -> str:
    """Return the explanation as plain text, one step a line."""
    width = max(len(step.layer) for step in steps)
    lines = [f"{step.layer + ':':<{width + 1}} {step.text}" for step in steps]
    return "\n".join([*lines, f"{'Total:':<{width + 1}} {_sum(steps)}"])


def as_markdown(steps: Sequence[Step]) -> str:
    """Return the explanation as a table in Markdown."""
    rows = [f"| {step.layer} | {step.text} | {step.parameters:,} |" for step in steps]
    head = ["| layer | explanation | parameters |", "|:--|:--|--:|"]
    return "\n".join([*head, *rows, f"| **total** | {_sum(steps)} | **{total(steps):,}** |"])


def as_html(steps: Sequence[Step]) -> str:
    """Return the explanation as a table in HTML; it needs no style sheet."""
    rows = [_row(step.layer, escape(step.text), f"{step.parameters:,}") for step in steps]
    rows.append(_row("Total", escape(_sum(steps)), f"<b>{total(steps):,}</b>"))
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _row(layer: str, text: str, parameters: str) -> str:
    left, right = 'style="text-align: left"', 'style="text-align: right"'
    return f"<tr><th {left}>{escape(layer)}</th><td {left}>{text}</td><td {right}>{parameters}</td></tr>"


def _sum(steps: Sequence[Step]) -> str:
    counts = [step.parameters for step in steps if step.parameters]
    return f"{' + '.join(f'{count:,}' for count in counts)} = {total(steps):,}"


def _convolution(layer: str, channels: int, kernels: int, size: int) -> Step:
    weights = f"{size}·{size}" if channels == 1 else f"{channels}·{size}·{size}"
    count = kernels * channels * size * size + kernels
    noun = "channel" if channels == 1 else "channels"
    text = (
        f"{channels} input {noun} with {kernels} kernels ({size}×{size}): "
        f"{kernels} × ({weights}) + {kernels} biases = {count:,}"
    )
    return Step(layer=layer, text=text, parameters=count)


def _pooling(a: Architecture, before: int, after_conv: int, after_pool: int) -> Step:
    if a.padding == "same":
        convolved = f'padding "same" keeps {before}×{before}'
    else:
        convolved = f"without padding the convolution leaves {after_conv}×{after_conv} of {before}×{before}"
    text = f"{convolved}; {a.pool}×{a.pool} pooling makes it {after_pool}×{after_pool}; no parameters"
    return Step(layer="ReLU, max pooling", text=text, parameters=0)


def _lost(a: Architecture, kernel: int) -> int:
    """Return the rows that a convolution takes away at each border."""
    return 0 if a.padding == "same" else kernel // 2


def _sides(a: Architecture) -> tuple[int, int, int, int]:
    """Return the height (= width) after convolution 1, pooling 1, convolution 2, pooling 2."""
    conv1 = a.image_size - 2 * _lost(a, a.conv1_kernel)
    pool1 = conv1 // a.pool
    conv2 = pool1 - 2 * _lost(a, a.conv2_kernel)
    return conv1, pool1, conv2, conv2 // a.pool


def _side_with_padding(a: Architecture, zeros: int) -> int:
    """Return the side at the end where both convolutions have so many zeros on each side."""
    pool1 = (a.image_size + 2 * zeros - a.conv1_kernel + 1) // a.pool
    return (pool1 + 2 * zeros - a.conv2_kernel + 1) // a.pool


def _layers(a: Architecture, side: int) -> list[tuple[int, int]]:
    """Return (weights per output, outputs) of the layers that have parameters."""
    return [
        (a.in_channels * a.conv1_kernel**2, a.conv1_channels),
        (a.conv1_channels * a.conv2_kernel**2, a.conv2_channels),
        (a.conv2_channels * side**2, a.classes),
    ]


def _bias_slips(layers: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    return {
        "biases forgotten": _weights(layers),
        "one bias per layer": [weights + 1 for weights in _weights(layers)],
        "one bias per weight": [2 * weights for weights in _weights(layers)],
    }


def _weights(layers: Sequence[tuple[int, int]]) -> list[int]:
    return [inputs * outputs for inputs, outputs in layers]


def _counts(layers: Sequence[tuple[int, int]]) -> list[int]:
    return [inputs * outputs + outputs for inputs, outputs in layers]

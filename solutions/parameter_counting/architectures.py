"""Describe a small convolutional network, and draw one for every student from the student's ID.

All networks here have the same shape: two blocks of convolution, ReLU and max pooling, then one fully connected layer.
What differs are the numbers. How many parameters they make is for you to find out.
"""

import hashlib
import itertools
import unicodedata
from dataclasses import dataclass
from functools import cache
from html import escape

__all__ = ["QUESTION_6", "Architecture", "my_architecture", "variants"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Hold the numbers of one network; images and kernels are square."""

    image_size: int
    """Height and width of the input, in pixels."""
    in_channels: int
    """Channels of the input: 1 for grey images, 3 for colour."""
    conv1_channels: int
    """Kernels, and so output channels, of the first convolution."""
    conv1_kernel: int
    """Height and width of the kernels of the first convolution (odd)."""
    conv2_channels: int
    conv2_kernel: int
    padding: str
    """As in `nn.Conv2d`: "same" (zeros around the map, so that it keeps its size) or "valid" (no zeros)."""
    classes: int
    """Outputs of the fully connected layer."""
    pool: int = 2
    """Max pooling takes windows of pool × pool with stride pool."""

    def rows(self) -> list[tuple[str, str]]:
        """Return the network from input to output, as (layer, its numbers)."""
        colour = {1: "grey", 3: "colour"}.get(self.in_channels, "stacked")
        pooling = ("max pooling", f"{self.pool}×{self.pool}, stride {self.pool}")
        return [
            ("input", f"{colour} images: {_count(self.in_channels, 'channel')} of {self.image_size}×{self.image_size}"),
            ("convolution 1", self._convolution(self.conv1_channels, self.conv1_kernel)),
            ("ReLU", ""),
            pooling,
            ("convolution 2", self._convolution(self.conv2_channels, self.conv2_kernel)),
            ("ReLU", ""),
            pooling,
            ("flatten", "all channels, row by row, into one vector"),
            ("fully connected", f"{self.classes} classes"),
        ]

    def _convolution(self, kernels: int, size: int) -> str:
        zeros = 'padding "same" (the size stays)' if self.padding == "same" else 'padding "valid" (none)'
        return f"{kernels} kernels of {size}×{size}, stride 1, {zeros}, with biases"

    def describe(self) -> str:
        """Return the network as text, one layer a line."""
        return "\n".join(f"{layer:<16} {numbers}".rstrip() for layer, numbers in self.rows())

    def __str__(self) -> str:
        """Print as the description."""
        return self.describe()

    def _repr_html_(self) -> str:
        """Return the network as a table, for notebooks."""
        left = "text-align: left"
        rows = "".join(
            f'<tr><td style="{left}"><b>{escape(layer)}</b></td><td style="{left}">{escape(numbers)}</td></tr>'
            for layer, numbers in self.rows()
        )
        return f"<table><tbody>{rows}</tbody></table>"


QUESTION_6 = Architecture(
    image_size=28,
    in_channels=1,
    conv1_channels=16,
    conv1_kernel=5,
    conv2_channels=32,
    conv2_kernel=5,
    padding="same",
    classes=10,
)
"""The network of the tutorial's Question 6."""


def my_architecture(student_id: str) -> Architecture:
    """Return the network that belongs to a student's ID.

    The same ID gives the same network on every machine and Python version: the choice is made by a hash of the ID.
    Capitals and spaces around the ID make no difference.

    Example: `my_architecture("alice") == my_architecture(" Alice ")`
    """
    if not isinstance(student_id, str) or not student_id.strip():
        raise ValueError(f'the student ID is {student_id!r}; it must be text in quotes, such as "alice"')
    normalised = unicodedata.normalize("NFKC", student_id).strip().casefold()
    digest = hashlib.sha256(f"parameter_counting/{normalised}".encode()).digest()
    choices = variants()
    return choices[int.from_bytes(digest, "big") % len(choices)]


@cache
def variants() -> tuple[Architecture, ...]:
    """Return all networks that a student may get, always in the same order.

    No two of them have the same number of parameters; the channels and classes below were searched for that.
    """
    with_padding = _combinations(
        padding="same",
        image_sizes=(24, 28, 32, 36),
        conv1_channels=(17, 21, 24),
        conv2_channels=(40, 60, 62),
        classes=(25, 26, 27),
    )
    without_padding = _combinations(
        padding="valid",
        image_sizes=(28, 30, 32, 34),
        conv1_channels=(11, 16, 18),
        conv2_channels=(26, 56, 64),
        classes=(5, 6, 27),
    )
    return (*with_padding, *without_padding)


def _combinations(
    *,
    padding: str,
    image_sizes: tuple[int, ...],
    conv1_channels: tuple[int, ...],
    conv2_channels: tuple[int, ...],
    classes: tuple[int, ...],
) -> list[Architecture]:
    """Return every combination in which both poolings divide evenly, so that no row or column is left over."""
    choices = itertools.product(image_sizes, (1, 3), conv1_channels, (3, 5, 7), conv2_channels, (3, 5), classes)
    networks = [
        Architecture(
            image_size=size,
            in_channels=channels,
            conv1_channels=first,
            conv1_kernel=first_kernel,
            conv2_channels=second,
            conv2_kernel=second_kernel,
            padding=padding,
            classes=outputs,
        )
        for size, channels, first, first_kernel, second, second_kernel, outputs in choices
    ]
    return [network for network in networks if _pools_evenly(network)]


def _pools_evenly(network: Architecture) -> bool:
    size = network.image_size
    for kernel in (network.conv1_kernel, network.conv2_kernel):
        if network.padding == "valid":
            size -= 2 * (kernel // 2)
        if size % network.pool:
            return False
        size //= network.pool
    return True


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

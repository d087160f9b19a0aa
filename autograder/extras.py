"""Say which extra of the distribution brings a library that is not installed.

Grading needs none of them; pyproject.toml says what each holds.
"""

from collections.abc import Mapping

__all__ = ["DISTRIBUTION", "EXTRAS", "how_to_install"]

DISTRIBUTION = "autograder-for-notebooks"
"""What pip calls this package: `autograder` on PyPI is somebody else's."""
EXTRAS: Mapping[str, str] = {
    "cosmic_ray": "validate",
    "jupyterlab": "author",
    "latex2mathml": "author",
    "matplotlib": "torch",
    "nbclient": "author",
    "nbconvert": "author",
    "nbformat": "author",
    "nbgrader": "author",
    "otter": "author",
    "ray": "ray",
    "safetensors": "torch",
    "torch": "torch",
    "torchvision": "torch",
}
"""The extra by the name that is imported."""


def how_to_install(module: str) -> str:
    """Return what to do about a module that is not there; empty where no extra brings it."""
    extra = EXTRAS.get(module.partition(".")[0])
    return f"install it with `pip install '{DISTRIBUTION}[{extra}]'`" if extra else ""

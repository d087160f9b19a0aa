"""Say which extra of the distribution brings a library that is not installed.

Grading needs none of them; pyproject.toml says what each holds.
"""

from collections.abc import Iterable, Mapping
from importlib.util import find_spec

__all__ = ["DISTRIBUTION", "EXTRAS", "how_to_install", "not_installed", "what_to_install"]

DISTRIBUTION = "autograder-for-notebooks"
"""What pip calls this package: `autograder` on PyPI is somebody else's."""
EXTRAS: Mapping[str, str] = {
    "alembic": "author",
    "cosmic_ray": "validate",
    "einops": "students",
    "ipywidgets": "students",
    "jupyterlab": "author",
    "latex2mathml": "author",
    "matplotlib": "torch",
    "nbclient": "author",
    "nbconvert": "author",
    "nbformat": "author",
    "nbgrader": "author",
    "otter": "author",
    "pandas": "students",
    "pyarrow": "table",
    "pynvml": "gpu",
    "python_multipart": "serve",
    "ray": "ray",
    "safetensors": "torch",
    "seaborn": "students",
    "sklearn": "students",
    "sqlalchemy": "author",
    "sse_starlette": "serve",
    "starlette": "serve",
    "torch": "torch",
    "torchinfo": "students",
    "torchmetrics": "students",
    "torchvision": "torch",
    "tqdm": "students",
    "uvicorn": "serve",
}
"""The extra by the name that is imported."""


def how_to_install(module: str) -> str:
    """Return what to do about a module that is not there; empty where no extra brings it."""
    extra = EXTRAS.get(module.partition(".")[0])
    return f"install it with `pip install '{DISTRIBUTION}[{extra}]'`" if extra else ""


def not_installed(offered: Iterable[str]) -> list[str]:
    """Return which of the libraries that a course offers to students are not there."""
    return [name for name in offered if find_spec(name) is None]


def what_to_install(missing: Iterable[str]) -> str:
    """Return what to do about libraries that are not there: commands, joined to one text."""
    return ", ".join(dict.fromkeys(how_to_install(name) or f"install {name}" for name in missing))

"""Name the packages that a release needs where a student runs it: what its code imports, otter, JupyterLab."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from autograder.cell_code import statements
from autograder.course import Course
from autograder.notebooks import Tag, read_cells

__all__ = ["AT_LEAST", "NAMED_OTHERWISE", "missing_imports", "packages_needed", "requirements_text"]

AT_LEAST: Mapping[str, str] = {
    "ipython": "8.20",
    "jupyterlab": "4.2",
    "matplotlib": "3.8",
    "numpy": "1.26",
    "otter-grader": "7.0",
    "pandas": "2.2",
    "pillow": "10.0",
    "safetensors": "0.4",
    "scikit-learn": "1.5",
    "torch": "2.5",
    "torchvision": "0.20",
}
"""The oldest versions that we vouch for: those of pyproject.toml, as far as they stand there."""
NAMED_OTHERWISE = {
    "IPython": "ipython",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "otter": "otter-grader",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""The package that brings a module, where it is not called like it."""


def packages_needed(course: Course, files: Mapping[Path, bytes], code: Iterable[str]) -> Mapping[str, str]:
    """Return what pip is asked for, by the module that is imported.

    `files` are those beside the notebook, `code` its code cells. What the course loads for all is needed too.
    """
    sources = [content.decode("utf-8", "replace") for path, content in files.items() if path.suffix == ".py"]
    imported = {module for source in (*sources, *code) for module in _imported(source)}
    ours = {path.parts[0].removesuffix(".py") for path in files}
    modules = {*course.libraries, *imported, "otter"} - ours - sys.stdlib_module_names
    return {module: _requirement(module) for module in sorted(modules, key=str.lower)}


def requirements_text(packages: Iterable[str]) -> str:
    """Return the file for `pip install -r`."""
    lines = sorted({*packages, _requirement("jupyterlab")})
    return "\n".join(
        ["# Made by `autograder build`: what the notebook needs, and JupyterLab to open it in", *lines, ""]
    )


def missing_imports(notebook: Path) -> Sequence[str]:
    """Return the modules that are not installed here, of those that a source's notebook imports when grading."""
    beside = {path.name.removesuffix(".py") for path in notebook.parent.iterdir()}
    running = [cell for cell in read_cells(notebook) if not cell.tags & {Tag.SKIP_GRADING, Tag.SOLUTION_ONLY}]
    modules = {module for cell in running for module in _imported(cell.source)}
    return [module for module in sorted(modules - beside) if module not in sys.modules and find_spec(module) is None]


def _requirement(module: str) -> str:
    package = NAMED_OTHERWISE.get(module, module)
    return f"{package}>={AT_LEAST[package]}" if package in AT_LEAST else package


def _imported(source: str) -> Iterator[str]:
    """Yield the first part of each module that some code imports, inside functions too, and of no relative one."""
    for statement in statements(source):
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield (node.module or "").partition(".")[0]

"""Refuse notebooks of another language than Python."""

from pathlib import Path

from nbformat.notebooknode import NotebookNode

from autograder.errors import BuildError

__all__ = ["refuse_other_languages"]


def refuse_other_languages(notebook: NotebookNode, path: Path) -> None:
    """Raise BuildError where a notebook's kernel is not one of Python's."""
    kernel = notebook.metadata.get("kernelspec", {})
    language = str(kernel.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python").lower()
    if language not in ("python", "python3", "ipython"):
        raise BuildError(
            f"{path}: its kernel is {kernel.get('display_name', language)}; only Python can be graded here."
        )

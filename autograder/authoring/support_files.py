"""Read what lies beside a source's notebook and goes to students as it is; refuse what must not."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.source_cells import misspelt_marker
from autograder.course import CONFIG_NAME, Course
from autograder.datasets import own_data_files
from autograder.errors import BuildError
from autograder.notebooks import BYPRODUCTS

__all__ = ["SOLUTION_FOLDER", "solution_files", "support_files"]

SOLUTION_FOLDER = "solution"
"""The folder beside a source's notebook that goes to solutions/ alone."""
_CHECKS_FOLDER = "tests"
_MARKER = "### BEGIN SOLUTION"


def support_files(course: Course, name: str) -> Iterator[tuple[Path, bytes]]:
    """Yield what lies beside the notebook, by relative path: the folder for solutions apart, `data` included.

    Files that students edit are among it, as their author wrote them. Raise BuildError for what students would not be
    able to use, or should not see.
    """
    folder = course.source_notebook(name).parent
    edited = course.assignment(name).files
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_dir() or path.name == f"{name}.ipynb" or (BYPRODUCTS | {SOLUTION_FOLDER}) & set(relative.parts):
            continue
        where = f"source/{name}/{relative.as_posix()}"
        if relative.parts[0] == _CHECKS_FOLDER:
            raise BuildError(
                f"{where}: support files cannot be called tests/, where the public checks go; rename the folder."
            )
        content = _read(path, where)
        _verify(relative, content, where, is_edited=str(relative) in edited)
        yield relative, content
    for path, inner in own_data_files(course, name):
        yield Path("data", inner), _read(path, f"source/{name}/data/{inner}")


def solution_files(course: Course, name: str) -> Iterator[tuple[Path, bytes]]:
    """Yield what goes to solutions/ alone, by relative path."""
    folder = course.source_notebook(name).parent
    for path in sorted((folder / SOLUTION_FOLDER).rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not BYPRODUCTS & set(relative.parts):
            yield relative, path.read_bytes()


def _read(path: Path, where: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = "is a link to a file that is not there" if path.is_symlink() else f"cannot be read ({error.strerror})"
        raise BuildError(f"{where} {what}; put the file there, or take it away.") from error


def _verify(relative: Path, content: bytes, where: str, *, is_edited: bool) -> None:
    """Raise BuildError for a file that holds answers, hides a module of Python's, or is no Python and called so."""
    if relative.suffix == ".ipynb":
        _verify_notebook(content, where)
    if relative.suffix != ".py":
        return
    text = content.decode("utf-8", "replace")
    line = misspelt_marker(text) or next((one for one in text.splitlines() if _MARKER in one), "").strip()
    if line and not is_edited:
        raise BuildError(
            f"{where}: `{line}` stands in a file that students get as it is, answer and all; where they are to edit "
            f"it, name it in Assignment(files=…) in {CONFIG_NAME}; else answers belong into solution cells of the "
            f"notebook, and files for solutions alone into {SOLUTION_FOLDER}/."
        )
    if len(relative.parts) == 1 and relative.stem in sys.stdlib_module_names:
        raise BuildError(f"{where} hides Python's own module {relative.stem!r}; give the file another name.")
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise BuildError(f"{where}{line}: it is no Python ({getattr(error, 'msg', error)}); mend it.") from error


def _verify_notebook(content: bytes, where: str) -> None:
    text = content.decode("utf-8", "replace")
    if _MARKER in text or '"solution": true' in json.dumps(_cells(content)):
        raise BuildError(
            f"{where}: a second notebook goes to students as it is, answers and all; make it an assignment of its own, "
            f"or put it into {SOLUTION_FOLDER}/."
        )


def _cells(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return {}

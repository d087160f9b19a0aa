"""Plan an assignment of ours out of a source notebook of otter's."""

import os
import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.authoring.from_notebook import read_foreign
from autograder.authoring.language import verify_language
from autograder.authoring.new_assignment import NewAssignment
from autograder.course import Course
from autograder.errors import BuildError
from autograder.importing.otter_blocks import SourceNotebook, is_source, read_blocks
from autograder.importing.otter_cells import take_apart
from autograder.importing.otter_tests import read_config
from autograder.importing.planning import as_name, plan_assignment, refuse_taken, with_entries
from autograder.notebooks import BYPRODUCTS

__all__ = ["plan_import"]

_RELEASED = re.compile(r"\botter\.Notebook\(|\bgrader\.check\(")
_TAKEN = ("name", "files", "student_files", "autograder_files", "tests", "seed", "config_file")
_REFUSED = frozenset({"tests", "solution"})
"""Folders that mean something else beside a notebook of ours."""


def plan_import(course: Course, path: Path) -> Sequence[NewAssignment]:
    """Return what to write; raise AutograderError for the first thing wrong. Nothing in the notebook is executed."""
    if not path.exists():
        raise BuildError(f"{path} is not there; give the path of otter's source notebook, or of its folder.")
    path = _source_in(path) if path.is_dir() else path
    if path.suffix.lower() in (".rmd", ".qmd"):
        raise BuildError(f"{path}: it is R Markdown or Quarto; only notebooks of Python (.ipynb) can be graded here.")
    notebook = read_foreign(path)
    verify_language(str(path), notebook.metadata)
    if not is_source(notebook, path):
        raise BuildError(f"{path}: {_why_no_source(notebook)}")
    name = as_name(path.stem)
    refuse_taken(course, name)
    source = read_blocks(notebook, path)
    config = _with_file(source, path)
    files = _files(config, ("files", "student_files"), path)
    check_files = _files(config, ("autograder_files",), path)
    notes = [*_notes(config, check_files), *_unnamed(notebook, path, {*files, *check_files})]
    found = take_apart(source, notebook, frozenset(one.as_posix() for one in (*files, *check_files)))
    if not found.questions:
        raise BuildError(f"{path}: no question in it is judged by tests, and an assignment here needs one; add one.")
    new = plan_assignment(
        found, name=name, origin="otter", path=path, files=files, check_files=check_files, notes=notes
    )
    return with_entries(course, [new])


def _source_in(folder: Path) -> Path:
    """Return the one source notebook of a folder; raise BuildError that says what it holds in its place."""
    paths = sorted(folder.glob("*.ipynb"))
    sources = [path for path in paths if is_source(read_foreign(path), path)]
    if len(sources) == 1:
        return sources[0]
    if sources:
        listed = ", ".join(path.name for path in sources)
        raise BuildError(f"{folder} holds {len(sources)} source notebooks ({listed}); import one after the other.")
    if not paths:
        raise BuildError(f"{folder} holds no notebook; give otter's source notebook.")
    raise BuildError(f"{paths[0]}: {_why_no_source(read_foreign(paths[0]))}")


def _why_no_source(notebook: NotebookNode) -> str:
    """Return what is wrong with a notebook that has no question."""
    if "otter" in notebook.metadata or any(_RELEASED.search(cell.source) for cell in notebook.cells):
        return (
            "it is made by `otter assign`: what students get, tests/ too, has neither solutions nor hidden tests, and "
            "what the autograder gets does not say where answers begin; import the source notebook that it was made of."
        )
    return "it has no question; each begins with a raw cell `# BEGIN QUESTION` in a source notebook of otter's."


def _with_file(source: SourceNotebook, path: Path) -> Mapping[str, Any]:
    """Return the assignment's settings, those of its `config_file` where it has none of its own."""
    named = source.config.get("config_file")
    if not named:
        return source.config
    file = path.parent / str(named)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: its config_file {named} cannot be read; put it beside the notebook.") from error
    source.config = {**read_config(text, str(file)), **source.config}
    return source.config


def _files(config: Mapping[str, Any], keys: Sequence[str], path: Path) -> dict[Path, bytes]:
    """Return the files that settings name, by their paths beside the notebook; a folder goes by its name."""
    found: dict[Path, bytes] = {}
    for key in keys:
        listed = config.get(key) or []
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise BuildError(f"{path}: its {key} are {reprlib.repr(listed)}; give a list of paths.")
        for one in listed:
            whole = path.parent / one
            if not whole.exists():
                raise BuildError(f"{path}: its {key} name {one}, which is not there; put it beside the notebook.")
            inside = sorted(whole.rglob("*")) if whole.is_dir() else [whole]
            start = whole.parent if whole.is_dir() else path.parent
            for file in inside:
                if file.is_file() and not (BYPRODUCTS - {"data"}) & set(file.relative_to(start).parts):
                    found[_place_of(file, start, path)] = file.read_bytes()
    return found


def _place_of(file: Path, start: Path, path: Path) -> Path:
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise BuildError(f"{path}: {file} lies outside of its folder; put it beside the notebook.")
    relative = Path(os.path.normpath(file)).relative_to(os.path.normpath(start))
    if _REFUSED & set(relative.parts[:-1]):
        raise BuildError(
            f"{path}: {relative} lies in a folder that does not travel with a notebook here; rename the folder, and "
            "where the notebook names it, then import again."
        )
    return relative


def _unnamed(notebook: NotebookNode, path: Path, files: AbstractSet[Path]) -> Iterator[str]:
    """Yield what is to be said of files that the notebook speaks of and its settings do not name."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type != "raw")
    for file in sorted(path.parent.iterdir()):
        imported = file.suffix == ".py" and re.search(rf"\b(?:from|import)\s+{re.escape(file.stem)}\b", text)
        if file.is_file() and Path(file.name) not in files and (file.name in text or imported):
            yield f"{file.name}, of which the notebook speaks, is not in its `files`, and is not taken over."


def _notes(config: Mapping[str, Any], check_files: Mapping[Path, bytes]) -> list[str]:
    """Return what is to be said of the assignment's settings."""
    notes = []
    if left := [key for key in config if key not in _TAKEN]:
        notes.append(f"Settings of the assignment that are not taken over: {', '.join(left)}.")
    if config.get("requirements") or config.get("environment"):
        notes.append("What students may import goes into course_config.py, as `libraries` or `offered`.")
    generate = config.get("generate")
    if config.get("seed") or (isinstance(generate, dict) and generate.get("seed") is not None):
        notes.append(
            "Its seed is not taken over: each check has a seed of its own, and the notebook's cells stay as they are."
        )
    if config.get("student_files"):
        notes.append("Only the notebook is handed in here: student_files travel with it, and are not collected.")
    if check_files:
        listed = ", ".join(str(one) for one in check_files)
        notes.append(f"{listed}: for the grader alone, so it lies beside the checks.")
    return notes

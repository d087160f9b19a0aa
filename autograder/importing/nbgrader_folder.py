"""Find the assignments of a folder of nbgrader's: a course with `source/`, or one assignment with its notebooks."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import AutograderError, BuildError
from autograder.importing.planning import as_name

__all__ = ["Delimiters", "ForeignAssignment", "find_assignments"]

_CONFIG = "nbgrader_config.py"
_LEFT = frozenset({"__pycache__", ".ipynb_checkpoints", ".git", ".DS_Store"})
_REFUSED = frozenset({"tests", "solution"})
"""Folders that mean something else beside a notebook of ours."""


@dataclass(frozen=True, kw_only=True)
class Delimiters:
    """What stands around answers and hidden tests."""

    begin_solution: str = "BEGIN SOLUTION"
    end_solution: str = "END SOLUTION"
    begin_hidden: str = "BEGIN HIDDEN TESTS"
    end_hidden: str = "END HIDDEN TESTS"


@dataclass(frozen=True, kw_only=True)
class ForeignAssignment:
    """One assignment as nbgrader keeps it."""

    name: str
    notebooks: Sequence[Path]
    files: Mapping[Path, bytes] = field(repr=False)
    delimiters: Delimiters
    notes: Sequence[str] = ()
    """What of the course is not taken over."""


def find_assignments(folder: Path) -> tuple[Sequence[ForeignAssignment], list[AutograderError]]:
    """Return the assignments of a course, of its source/ or of one folder in it, and why others cannot be taken over.

    Nothing in the folder is executed. Raise BuildError where there is no assignment.
    """
    if not folder.is_dir():
        raise BuildError(f"{folder} is no folder; give nbgrader's course, or one assignment of its source/.")
    settings = _settings(
        next((one / _CONFIG for one in (folder, *folder.resolve().parents[:2]) if (one / _CONFIG).is_file()), None)
    )
    named = settings.get("CourseDirectory.source_directory", "source")
    source = folder if _is_source(folder, named) else folder / named
    notes = []
    if source.is_dir():
        folders = sorted(one for one in source.iterdir() if _is_assignment(one))
        notes = [
            f"{one.name} of {source.name}/ is not taken over." for one in sorted(source.iterdir()) if one.is_file()
        ]
    else:
        folders = [folder] if _is_assignment(folder) else []
    if not folders:
        raise BuildError(f"{folder} holds neither notebooks nor a source/ with assignments of nbgrader's.")
    delimiters = Delimiters(
        begin_solution=settings.get("ClearSolutions.begin_solution_delimeter", "BEGIN SOLUTION"),
        end_solution=settings.get("ClearSolutions.end_solution_delimeter", "END SOLUTION"),
        begin_hidden=settings.get("ClearHiddenTests.begin_test_delimeter", "BEGIN HIDDEN TESTS"),
        end_hidden=settings.get("ClearHiddenTests.end_test_delimeter", "END HIDDEN TESTS"),
    )
    found: list[ForeignAssignment] = []
    left_out: list[AutograderError] = []
    for one in folders:
        try:
            found.append(_assignment(one, delimiters, [] if found else notes))
        except AutograderError as error:
            left_out.append(error)
    return found, left_out


def _is_assignment(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("*.ipynb"))


def _is_source(folder: Path, named: str) -> bool:
    """Return whether a folder is a course's source/ itself: it may hold a header.ipynb beside the assignments."""
    other = _is_assignment(folder) or (folder / named).is_dir()
    return any(map(_is_assignment, folder.iterdir())) and (folder.resolve().name == Path(named).name or not other)


def _assignment(folder: Path, delimiters: Delimiters, notes: Sequence[str]) -> ForeignAssignment:
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _LEFT & set(relative.parts) or path.is_dir() or (len(relative.parts) == 1 and path.suffix == ".ipynb"):
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise BuildError(f"{path} is a link that leads out of the assignment; put the file itself there.")
        if relative.parts[0] in _REFUSED:
            raise BuildError(
                f"{folder / relative.parts[0]}: a folder of this name does not travel with a notebook here; rename it, "
                "and where the notebook names it, then import again."
            )
        files[relative] = path.read_bytes()
    name = as_name(folder.resolve().name)
    notebooks = sorted(folder.glob("*.ipynb"))
    return ForeignAssignment(name=name, notebooks=notebooks, files=files, delimiters=delimiters, notes=notes)


def _settings(path: Path | None) -> Mapping[str, str]:
    """Return what a configuration sets to texts, `c.Class.name = "text"`; it is read, never run."""
    if path is None:
        return {}
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise BuildError(f"{path} is no Python that can be read; mend it, or take it away.") from error
    return {
        ast.unparse(target).removeprefix("c."): node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
    }

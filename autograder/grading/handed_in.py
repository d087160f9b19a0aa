"""Choose the notebook to grade from all that a student handed in: a slip of a name costs nobody points silently.

The notebook of the right name is graded, unless it is blank or cannot be read and exactly one other has answers. What
is graded beside or instead of it has a flag; where nothing can be, one sentence says what was found and what to do.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from autograder.cell_code import defined_names
from autograder.errors import NotebookError
from autograder.notebook_files import plain_name
from autograder.notebooks import BYPRODUCTS, Cell, plan_run, read_cells
from autograder.results import Flag

__all__ = ["Choice", "cannot_be_read", "choose_notebook", "names_in"]

_PASSED_OVER = BYPRODUCTS | {"__MACOSX", "timestamp.txt"}
_DEEPEST = 4
"""Folders inside the submission's that are looked into."""
_MOST_FILES = 1_000
_MOST_COMPARED = 8
"""Notebooks that are read to choose one; with more nobody could say what was meant."""
_NAMED = 3
_PERHAPS = {".json", ".txt", ""}
"""What is left of a notebook's name, or put behind it, by browsers and by systems that hide it."""
_INSTEAD = (
    ({".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar"}, "an archive, which is to be unpacked"),
    ({".py"}, "a Python file"),
    ({".pdf", ".html", ".htm", ".docx", ".md"}, "a print-out"),
)
_PLACEHOLDER = ".icloud"

Answers = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which notebook is graded, or why none is."""

    notebook: Path
    flags: tuple[Flag, ...] = ()
    problem: str = ""
    """For the student: what was found, and what to do."""


def choose_notebook(folder: Path, assignment: str, release: Sequence[Cell]) -> Choice:
    """Return the notebook to grade of those in `folder`; the release's cells tell which answers are blank."""
    right = folder / f"{assignment}.ipynb"
    try:
        os.stat(f"{folder}/.")  # noqa: PTH116 - Path drops the dot; a folder may show its names and let nobody in
        names = names_in(folder)
    except OSError as error:
        return Choice(notebook=right, problem=cannot_be_read(error))
    files = list(islice(_files(folder, names), _MOST_FILES))
    there = os.path.lexists(right) and not _is_folder(right)
    others = [path for path in files if ".ipynb" in path.name.lower() and path != right]
    if not others:
        if there:
            return Choice(notebook=right)
        perhaps = [path for path in files if path.parent == folder and path.suffix.lower() in _PERHAPS]
        others = [path for path in perhaps[:_MOST_COMPARED] if _answers(path, release) is not None]
        if not others:
            return Choice(notebook=right, problem=_nothing_to_grade(names, files, right))
    return _of_several(right, others, release, there=there)


def cannot_be_read(error: OSError) -> str:
    """Return what is said of a submission whose folder cannot be read."""
    return f"The submission's folder cannot be read ({error.strerror}); mend that where it is kept, and grade it again."


def _of_several(right: Path, others: Sequence[Path], release: Sequence[Cell], *, there: bool) -> Choice:
    """Choose between the notebook of the right name, where it is there, and others."""
    several = f"{len(others)} other notebooks with answers" if there else f"{len(others)} notebooks"
    unclear = Choice(
        notebook=right,
        problem=f"The submission holds {several} ({_named(others)}) and "
        f"{'a blank' if there else 'no'} {right.name}; hand in the one that counts under that name.",
    )
    if len(others) > _MOST_COMPARED:
        return Choice(notebook=right, flags=(Flag.OTHER_NOTEBOOK,)) if there else unclear
    given = _answers(right, release) if there else None
    read = {path: answers for path in others if (answers := _answers(path, release)) is not None}
    finished: dict[Answers, Path] = {}
    for path, answers in read.items():
        if answers and answers != given:
            finished.setdefault(answers, path)
    if given:
        return Choice(notebook=right, flags=(Flag.OTHER_NOTEBOOK,) if finished else ())
    if len(finished) == 1:
        [path] = finished.values()
        return Choice(notebook=path, flags=(*_misplaced(path, right), *((Flag.COPY_GRADED,) if there else ())))
    if there:
        return unclear if finished else Choice(notebook=right)
    if not finished and (read or len(others) == 1):
        path = next(iter(read), others[0])
        return Choice(notebook=path, flags=_misplaced(path, right))
    return unclear


def _misplaced(path: Path, right: Path) -> tuple[Flag, ...]:
    renamed = (Flag.RENAMED,) if path.name != right.name else ()
    return (*renamed, Flag.MOVED) if path.parent != right.parent else renamed


def _answers(path: Path, release: Sequence[Cell]) -> Answers | None:
    """Return the answers that are not as they were handed out, None for what is no notebook.

    An answer may stand in a cell that is not its own. Without a release every cell is an answer.
    """
    try:
        cells = read_cells(path)
    except NotebookError:
        return None
    if not release:
        return frozenset(cell.source for cell in cells)
    stubs = {cell.grade_id: cell.source.strip() for cell in release if cell.solution}
    names = {*stubs, *(name for stub in stubs.values() for name in defined_names(stub))}
    return frozenset(
        cell.source.strip()
        for cell in plan_run(release, cells, "")
        if cell.source.strip() != stubs.get(cell.grade_id)
        and (cell.grade_id in stubs or (not cell.grade_id and names & set(defined_names(cell.source))))
    )


def _files(folder: Path, names: Sequence[str], depth: int = 0) -> Iterator[Path]:
    """Yield what is no folder, outer before inner; hidden names are passed over, and no link is followed."""
    folders = []
    for name in names:
        if name.startswith(".") or name in _PASSED_OVER:
            continue
        path = folder / name
        if _is_folder(path):
            folders.append(path)
        else:
            yield path
    for inner in folders if depth < _DEEPEST else ():
        with contextlib.suppress(OSError):
            yield from _files(inner, names_in(inner), depth + 1)


def names_in(folder: Path) -> Sequence[str]:
    """Return the names in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder and no link to one; False where that cannot be told."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _nothing_to_grade(names: Sequence[str], files: Sequence[Path], right: Path) -> str:
    """Return what was found where no file could be a notebook."""
    if any(name.startswith(".") and name.endswith(_PLACEHOLDER) for name in names):
        return f"{right.name} was not fetched from iCloud, which left a placeholder; download it, and hand it in again."
    if _is_folder(right):
        return f"{right.name} is a folder, not an ordinary file; hand in the notebook itself."
    for suffixes, what in _INSTEAD:
        found = [path for path in files if path.suffix.lower() in suffixes]
        if found:
            return f"{right.name} is not there but {what} ({_named(found)}); hand in the notebook itself."
    if files:
        return f"{right.name} is not there, and nothing else that is a notebook ({_named(files)}); hand it in."
    return f"{right.name} is not there, nor any other file; hand it in."


def _named(paths: Sequence[Path]) -> str:
    more = [f"{len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join([*map(plain_name, paths[:_NAMED]), *more])

"""Plan assignments of ours out of nbgrader's."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.authoring.new_assignment import NewAssignment
from autograder.course import Course
from autograder.errors import BuildError
from autograder.importing.nbgrader_cells import take_apart
from autograder.importing.nbgrader_folder import ForeignAssignment, find_assignments
from autograder.importing.planning import as_name, plan_assignment, refuse_taken, with_entries

__all__ = ["plan_import"]


def plan_import(course: Course, folder: Path, *, split: bool = False) -> Sequence[NewAssignment]:
    """Return what to write, all assignments of the folder; raise AutograderError for the first thing wrong.

    Several notebooks of an assignment become one, or, with `split`, an assignment each.
    """
    ones = (one for foreign in find_assignments(folder) for one in (_each_notebook(foreign) if split else [foreign]))
    return with_entries(course, [_plan(course, one) for one in ones])


def _each_notebook(foreign: ForeignAssignment) -> Iterator[ForeignAssignment]:
    if len(foreign.notebooks) == 1:
        yield foreign
        return
    for path in foreign.notebooks:
        yield replace(foreign, name=as_name(f"{foreign.name}_{path.stem}"), notebooks=[path])


def _plan(course: Course, foreign: ForeignAssignment) -> NewAssignment:
    refuse_taken(course, foreign.name)
    files = frozenset(path.as_posix() for path in foreign.files)
    found = take_apart(foreign.notebooks, foreign.delimiters, files)
    if not found.questions:
        raise BuildError(
            f"{foreign.notebooks[0]}: no answer in it is judged by tests, and an assignment here needs one; import all "
            "notebooks of the assignment as one, without --split."
        )
    return plan_assignment(
        found,
        name=foreign.name,
        origin="nbgrader",
        path=foreign.notebooks[0],
        files=foreign.files,
        notes=foreign.notes,
    )

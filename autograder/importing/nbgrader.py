"""Plan assignments of ours out of nbgrader's."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.authoring.new_assignment import NewAssignment
from autograder.course import Course
from autograder.errors import AutograderError, BuildError
from autograder.importing.nbgrader_cells import take_apart
from autograder.importing.nbgrader_folder import ForeignAssignment, find_assignments
from autograder.importing.planning import as_name, plan_assignment, refuse_taken, with_entries

__all__ = ["plan_import"]


def plan_import(
    course: Course, folder: Path, *, split: bool = False
) -> tuple[Sequence[NewAssignment], Sequence[AutograderError]]:
    """Return what to write, and why assignments of the folder are left out.

    Several notebooks of an assignment become one, or, with `split`, an assignment each. Raise AutograderError where
    there is nothing to write.
    """
    planned: list[NewAssignment] = []
    found, left_out = find_assignments(folder)
    for one in (one for foreign in found for one in (_each_notebook(foreign) if split else [foreign])):
        try:
            planned.append(_plan(course, one))
        except AutograderError as error:
            left_out.append(error)
    if left_out and not planned:
        raise left_out[0]
    return with_entries(course, planned), left_out


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

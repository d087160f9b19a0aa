"""Plan an assignment of ours out of a foreign one that is taken apart: source, checks, entries, what is to be said."""

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.authoring.config_entry import UnusualConfigError, entry_text, with_entry
from autograder.authoring.from_notebook import draft_of
from autograder.authoring.new_assignment import NewAssignment
from autograder.authoring.new_files import refuse_existing
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.errors import BuildError
from autograder.importing.check_module import check_module
from autograder.importing.taken_apart import TakenApart, question_for
from autograder.notebooks import Tag
from autograder.own_notebooks import grade_id_of, is_solution

__all__ = ["as_name", "plan_assignment", "refuse_taken", "with_entries"]


def as_name(foreign: str) -> str:
    """Return what an assignment is called here whose name may be no name of Python's."""
    name = re.sub(r"\W", "_", foreign)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"assignment_{name}"


def refuse_taken(course: Course, name: str) -> None:
    """Raise BuildError where the course has an assignment of this name, or files in its place."""
    refuse_existing(course.source_notebook(name).parent, course.checks_folder(name))
    if any(one.name == name for one in course.assignments):
        raise BuildError(f"{CONFIG_NAME} has an assignment {name!r} already; rename {name}, then import again.")


def plan_assignment(
    found: TakenApart,
    *,
    name: str,
    origin: str,
    path: Path,
    files: Mapping[Path, bytes],
    check_files: Mapping[Path, bytes] = {},
    notes: Iterable[str] = (),
) -> NewAssignment:
    """Return what to write, without its entry; `path` is what sentences call the notebook, `origin` whose it was."""
    assert found.notebook is not None
    draft = draft_of(found.notebook, path)
    text, unsure = check_module(found, name, origin)
    _mark_worthless(draft.notebook, found)
    nbformat.validate(draft.notebook)
    points = sum(test.points for test in found.tests) + draft.by_hand
    if points <= 0:
        raise BuildError(f"{path}: nothing in it is worth points; give some to its tests.")
    title = draft.heading or name.replace("_", " ").capitalize()
    content: str = nbformat.writes(draft.notebook)
    return NewAssignment(
        assignment=Assignment(name=name, title=title, points=points),
        source={Path(f"{name}.ipynb"): content.encode() + b"\n", **files},
        checks={Path(f"test_{name}.py"): text.encode(), **check_files},
        questions=tuple(draft.questions),
        config=None,
        notes=(*notes, *found.notes, *unsure),
    )


def _mark_worthless(notebook: NotebookNode, found: TakenApart) -> None:
    """Tag the questions whose tests were worth nothing, so that `build` knows that their author meant it."""
    worth = {question: 0.0 for question, _ in found.questions}
    for test in found.tests:
        worth[question_for(test)] += test.points
    for cell in notebook.cells:
        if worth.get(grade_id_of(cell), 1) == 0 and is_solution(cell):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), str(Tag.NO_POINTS)]


def with_entries(course: Course, planned: Iterable[NewAssignment]) -> Sequence[NewAssignment]:
    """Return the assignments with the configuration that each leaves behind, or with what is to be added by hand."""
    config = (course.root / CONFIG_NAME).read_bytes()
    done = []
    for new in planned:
        try:
            config = with_entry(config, new.assignment)
            done.append(replace(new, config=config))
        except UnusualConfigError as error:
            entry = entry_text(new.assignment)
            done.append(replace(new, to_add=f"{CONFIG_NAME} is left as it is: {error} Add to it:\n\n{entry},"))
    return done

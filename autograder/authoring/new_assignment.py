"""Write an assignment to begin with: its notebook, checks that are to be filled in, its entry in the configuration."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder.answer_files import answers_in
from autograder.atomic_files import write_atomically
from autograder.authoring.config_entry import UnusualConfigError, entry_text, with_entry
from autograder.authoring.from_notebook import Draft, draft_from
from autograder.authoring.new_files import refuse_existing, template, write_new_folder
from autograder.cell_code import statements
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.errors import BuildError, NotebookError

__all__ = ["NewAssignment", "plan_assignment", "write_assignment"]

_BEGIN = "### BEGIN SOLUTION"
_UNITS = 2
"""Points are shared out in halves where that comes out even."""


@dataclass(frozen=True, kw_only=True)
class NewAssignment:
    """What is to be written."""

    assignment: Assignment
    source: Mapping[Path, bytes] = field(repr=False)
    checks: Mapping[Path, bytes] = field(repr=False)
    questions: Sequence[str]
    config: bytes | None = field(repr=False)
    """The whole configuration with its entry; None where the author has to add it."""
    to_add: str = ""
    """What is to be added to the configuration by hand, and why."""
    notes: Sequence[str] = ()


def plan_assignment(
    course: Course,
    name: str,
    *,
    notebook: Path | None = None,
    files: Iterable[Path] = (),
    title: str | None = None,
    points: float | None = None,
) -> NewAssignment:
    """Return what to write, of a notebook and files beside it, or of a template where there is none.

    Raise AutograderError for the first thing wrong; nothing is written.
    """
    refuse_existing(course.source_notebook(name).parent, course.checks_folder(name))
    if any(one.name == name for one in course.assignments):
        raise BuildError(f"{CONFIG_NAME} has an assignment {name!r} already; take another name.")
    beside = _read_files(files)
    in_files = _answers_in_files(beside)
    draft = draft_from(notebook or Path(__file__).with_name("templates") / "assignment.ipynb", in_files)
    worth = float(len(draft.questions) + draft.by_hand) if points is None else points
    heading = draft.heading if notebook else ""
    title = title or heading or name.replace("_", " ").capitalize()
    assignment = Assignment(name=name, title=title, points=worth, files=list(in_files))
    if worth <= draft.by_hand:
        raise BuildError(f"{name}: what a person judges is worth {draft.by_hand:g} already; give more --points.")
    shares = _shares(worth - draft.by_hand, len(draft.questions))
    config, to_add = _config_with(course, assignment)
    return NewAssignment(
        assignment=assignment,
        source={Path(f"{name}.ipynb"): _as_bytes(draft, assignment.title, own=notebook is None), **beside},
        checks={Path(f"test_{name}.py"): _checks(course, draft, name, shares).encode()},
        questions=tuple(draft.questions),
        config=config,
        to_add=to_add,
        notes=draft.notes,
    )


def write_assignment(course: Course, new: NewAssignment) -> Sequence[Path]:
    """Write the folders, then the configuration; return the files, relative to the course."""
    name = new.assignment.name
    source, checks = course.source_notebook(name).parent, course.checks_folder(name)
    refuse_existing(source, checks)
    write_new_folder(source, new.source)
    write_new_folder(checks, new.checks)
    if new.config is not None:
        write_atomically(course.root / CONFIG_NAME, new.config)
    paths = [*(source / path for path in new.source), *(checks / path for path in new.checks)]
    return [path.relative_to(course.root) for path in paths]


def _as_bytes(draft: Draft, title: str, *, own: bool) -> bytes:
    if own:
        draft.notebook.cells[0].source = f"# {title}"
    nbformat.validate(draft.notebook)
    text: str = nbformat.writes(draft.notebook)
    return text.encode() + b"\n"


def _read_files(paths: Iterable[Path]) -> dict[Path, bytes]:
    """Return files, and folders of files, that come along, by their paths beside the notebook."""
    found: dict[Path, bytes] = {}
    for path in paths:
        if not path.exists():
            raise BuildError(f"{path} is not there; give files or folders that the notebook needs beside it.")
        inside = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for one in inside:
            relative = Path(path.name) / one.relative_to(path)
            if relative in found:
                raise BuildError(f"{one}: there are two files of that name; rename one.")
            found[relative] = one.read_bytes()
    return found


def _answers_in_files(files: Mapping[Path, bytes]) -> dict[str, dict[str, str]]:
    """Return what stands between markers in Python files beside the notebook, by file and question."""
    found = {}
    for path, content in files.items():
        text = content.decode("utf-8", "replace")
        if path.suffix == ".py" and len(path.parts) == 1 and _BEGIN in text:
            try:
                found[path.name] = answers_in(text)  # a TODO is for its author to write: `build` asks for it
            except NotebookError as error:
                raise BuildError(f"{path.name}: {error}") from error
    return found


def _shares(points: float, questions: int) -> list[float]:
    """Return what each question is worth: in halves where that comes out even, and in hundredths elsewhere."""
    unit = _UNITS if (points * _UNITS).is_integer() and points * _UNITS >= questions else 100
    whole, rest = divmod(round(points * unit), questions)
    return [(whole + (number < rest)) / unit for number in range(questions)]


def _config_with(course: Course, assignment: Assignment) -> tuple[bytes | None, str]:
    before = (course.root / CONFIG_NAME).read_bytes()
    try:
        return with_entry(before, assignment), ""
    except UnusualConfigError as error:
        return None, f"{CONFIG_NAME} is left as it is: {error} Add to its assignments:\n\n{entry_text(assignment)},"


def _checks(course: Course, draft: Draft, name: str, shares: Sequence[float]) -> str:
    drawn = "torch.rand(5, generator=rng)" if "torch" in course.libraries else "rng.normal(size=5)"
    files = template("assignment_checks")
    parts = [files[Path("head.py")].replace("ASSIGNMENT", name)]
    for (question, source), points in zip(draft.questions.items(), shares, strict=True):
        text = files[Path(f"{_kind(source, question)}.py")]
        parts.append(text.replace("POINTS", f"{points:g}").replace("DRAWN", drawn).replace("QUESTION", question))
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _kind(source: str, question: str) -> str:
    """Return what an answer is, as the templates of checks are called."""
    for statement in statements(source):
        if getattr(statement, "name", "") == question:
            return "class" if isinstance(statement, ast.ClassDef) else "function"
    return "value"

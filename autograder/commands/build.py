"""Make release/ and solutions/ from source/ and tests/."""

# ruff: noqa: PLC0415 - see autograder.cli

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.course import Course
from autograder.errors import ExitCode
from autograder.options import Argument, CommonOptions, Option

if TYPE_CHECKING:
    from autograder.authoring.assignment import Difference, Tree

__all__ = ["Options", "run"]

_DONE = {"missing": "new", "changed": "written again", "not from the source": "removed"}
"""What writing did about a difference."""


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to build."""

    assignments: Annotated[tuple[str, ...], Argument(metavar="ASSIGNMENT", help="default: all")] = ()
    check: Annotated[
        bool, Option(only_one_of="what", help="write nothing; exit code 1 where something is out of date")
    ] = False
    handout: Annotated[
        bool, Option(only_one_of="what", help="run the solutions: a page with all outputs in build/handouts/")
    ] = False
    slides: Annotated[bool, Option(only_one_of="what", help="run the solutions that have slides: build/slides/")] = (
        False
    )


def run(options: Options) -> ExitCode:
    """Write what is out of date, or say it, or run the solutions instead."""
    course = options.load_course()
    names = options.assignments or [assignment.name for assignment in course.assignments]
    if options.handout or options.slides:
        return _write_pages(course, names, slides=options.slides, asked=bool(options.assignments))
    return _build(course, names, check=options.check)


def _build(course: Course, names: Sequence[str], *, check: bool) -> ExitCode:
    from autograder.authoring.assignment import build_trees, compare, write
    from autograder.authoring.course_folders import passed_over_in_course
    from autograder.authoring.requirements import missing_imports
    from autograder.extras import how_to_install

    for sentence in passed_over_in_course(course):
        ERR.print(sentence, style="yellow", markup=False)
    built = {name: build_trees(course, course.assignment(name)) for name in names}
    for name, (_, solutions) in built.items():
        for module in missing_imports(course.source_notebook(name)):
            cure = how_to_install(module) or f"install it, put {module}.py beside the notebook, or take the import out"
            ERR.print(
                f"source/{name}/{name}.ipynb imports {module}, which is not here; {cure}.", style="yellow", markup=False
            )
        _verify_answers(course, name, solutions)
    stale = False
    for tree in [tree for trees in built.values() for tree in trees]:
        differences = compare(tree) if check else write(tree)
        stale = stale or bool(differences)
        for difference in differences:
            what = difference.what if check else _DONE[difference.what]
            OUT.print(f"  {difference.path.relative_to(course.root)}: {what}")
        OUT.print(f"{tree.folder.relative_to(course.root)}: {_state(differences, check=check)}")
    if stale and check:
        OUT.print("Run `autograder build` and commit what it writes.")
        return ExitCode.FOUND_WRONG
    if not check:
        for name, (release, _) in built.items():
            _pack(course, name, release)
    return ExitCode.DONE


def _verify_answers(course: Course, name: str, solutions: "Tree") -> None:
    """Raise ValidationError where the answers that the author knows do not fit the solution."""
    import json
    from pathlib import Path

    from autograder.answer_files import answers_in_files
    from autograder.own_notebooks import solution_cells, without_task
    from autograder.validate.answers import read_answers

    answers = solution_cells(json.loads(solutions.files[Path(f"{name}.ipynb")]))
    in_files = answers_in_files(course.source_notebook(name).parent, course.assignment(name).files)
    answers |= {question: without_task(answer) for question, answer in in_files.items()}
    read_answers(course.checks_folder(name), answers)


def _pack(course: Course, name: str, release: "Tree") -> None:
    """Write the archive that students are given, unless it is there."""
    from autograder.atomic_files import write_atomically
    from autograder.authoring.archive import pack

    path, content = course.release_zip(name), pack(name, release.files)
    written = not path.is_file() or path.read_bytes() != content
    if written:
        write_atomically(path, content)
    OUT.print(f"{path.relative_to(course.root)}: {'written' if written else 'up to date'}")


def _state(differences: "Sequence[Difference]", *, check: bool) -> str:
    if not differences:
        return "up to date"
    return "OUT OF DATE" if check else f"{len(differences)} files written"


def _write_pages(course: Course, names: Sequence[str], *, slides: bool, asked: bool) -> ExitCode:
    """Run solutions and write a page of each; without being asked for by name, only those with slides become slides."""
    from autograder.atomic_files import write_atomically
    from autograder.authoring.assignment import build_trees
    from autograder.authoring.handout import execute, handout_page, has_slides, slides_page
    from autograder.datasets import prepare_data

    prepare_data(course)
    for name in names:
        _, solutions = build_trees(course, course.assignment(name))
        if slides and not asked and not has_slides(solutions):
            continue
        with ERR.status(f"{name}: the solution is running"):
            notebook = execute(solutions, course)
        title = course.assignment(name).title
        make = slides_page if slides else handout_page
        path = course.root / "build" / ("slides" if slides else "handouts") / f"{name}.html"
        write_atomically(path, make(notebook, solutions, title).encode())
        OUT.print(f"{path.relative_to(course.root)}: written")
    return ExitCode.DONE

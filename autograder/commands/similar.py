"""Show pairs of submissions that are worth a look, side by side, with what few others have marked: never a verdict."""

# ruff: noqa: PLC0415 - see autograder.cli

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder, positive

if TYPE_CHECKING:
    from autograder.course import Assignment, Course
    from autograder.similar.page import Found

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Whose submissions, and where to."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    submissions: Annotated[Path | None, folder("submitted", "folder that holds <student>/<assignment>/")] = None
    also: Annotated[
        tuple[Path, ...],
        Option(metavar="DIR", nargs="+", help="folders of the same form: earlier years, other classes"),
    ] = ()
    across: Annotated[
        tuple[str, ...],
        Option(metavar="ASSIGNMENT", nargs="+", help="say of a pair in which of these it is one too"),
    ] = ()
    output: Annotated[Path | None, Option(metavar="FILE", help="default: <results>/<assignment>/similar.html")] = None
    csv: Annotated[Path | None, Option(metavar="FILE", help="the pairs for a spreadsheet, beside the page")] = None
    most: Annotated[int, Option(metavar="N", parse=positive, help="pairs that are shown (default: %(default)s)")] = 30
    results: Annotated[Path | None, folder("results", "folder with the results; none of them is read")] = None


def run(options: Options) -> ExitCode:
    """Read the notebooks as text, compare them, and write the page."""
    from autograder.atomic_files import write_atomically
    from autograder.similar.page import as_csv, similar_page

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    others = [course.assignment(name) for name in dict.fromkeys(options.across) if name != assignment.name]
    elsewhere: dict[frozenset[str], list[str]] = {}
    for other in others:
        for pair in _find(course, other, options).comparison.pairs:
            for two in product(pair.first.students, pair.second.students):
                elsewhere.setdefault(frozenset(two), []).append(other.name)
    found = _find(course, assignment, options, elsewhere)
    output = options.output or (options.results or course.root / "results") / assignment.name / "similar.html"
    contents = {output: similar_page(found, made_at=datetime.now().astimezone())}
    if options.csv:
        contents[options.csv] = as_csv(found)
    for path, text in contents.items():
        try:
            write_atomically(path, text.encode("utf-8", "replace"))
        except OSError as error:
            raise AutograderError(f"{path} cannot be written ({error.strerror}); give another file.") from error
    left_out = f"; {len(found.left_out)} could not be read" if found.left_out else ""
    OUT.print(
        f"{len(found.comparison.pairs)} pairs of {found.comparison.people} students and groups are worth a look"
        f"{left_out}. They are no verdict; see {output}",
        markup=False,
    )
    return ExitCode.DONE


def _find(
    course: "Course",
    assignment: "Assignment",
    options: Options,
    elsewhere: "dict[frozenset[str], list[str]] | None" = None,
) -> "Found":
    """Compare the submissions to one assignment."""
    from autograder.similar.comparison import compare
    from autograder.similar.page import Found
    from autograder.similar.works import read_part, read_template, read_works

    release = course.release_notebook(assignment.name)
    if not release.is_file():
        raise AutograderError(f"{release} is not there; run `autograder build {assignment.name}` first.")
    template = read_template(release, assignment.files)
    here = options.submissions or course.root / "submitted"
    also = [path for path in dict.fromkeys(options.also) if path.resolve() != here.resolve()]
    read = [read_works(path, assignment.name, template) for path in (here, *also)]
    works = [work for some, _ in read for work in some]
    ways = _known_ways(course, assignment)
    known = {run for way in ways for source in way for run in read_part(source, template).runs}
    return Found(
        title=assignment.title,
        assignment=assignment.name,
        here=here,
        also=also,
        works=works,
        left_out=[one for _, some in read for one in some],
        comparison=compare(works, here=here, given=template.runs, known=known),
        given=template.runs,
        known_answers=len(ways),
        elsewhere=elsewhere or {},
        most=options.most,
    )


def _known_ways(course: "Course", assignment: "Assignment") -> Sequence[Sequence[str]]:
    """Return the cells of the solution and of each known right answer; none where there is no solution."""
    from autograder.answer_files import answers_in_files
    from autograder.notebooks import read_cells
    from autograder.validate.answers import answered, read_answers

    path = course.root / "solutions" / assignment.name / f"{assignment.name}.ipynb"
    if not path.is_file():
        return ()
    cells = read_cells(path)
    solution = {cell.grade_id: cell.source for cell in cells if cell.solution and not cell.by_hand}
    in_files = answers_in_files(course.source_notebook(assignment.name).parent, assignment.files)
    solution |= answers_in_files(path.parent, assignment.files, in_files)
    known = read_answers(course.checks_folder(assignment.name), solution).answers
    right = [list(answered(answer, solution).values()) for answer in known if answer.is_right]
    return [[*(cell.source for cell in cells), *(solution[question] for question in in_files)], *right]

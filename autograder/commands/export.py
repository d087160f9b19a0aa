"""Bring scores into an LMS's own file, or everything into one table."""

# ruff: noqa: PLC0415 - see autograder.cli

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from autograder.console import OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Option, folder
from autograder.roster import ROSTER_NAME

if TYPE_CHECKING:
    from autograder.course import Assignment, Course
    from autograder.exporting.csv_text import CsvText
    from autograder.exporting.scores import Filled
    from autograder.feedback.feedback import Feedback
    from autograder.results import Result
    from autograder.roster import Roster

__all__ = ["Options", "run"]

Format: TypeAlias = Literal["canvas", "moodle", "table", "gradescope", "otter", "olx"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """Into which system, of what, and where to."""

    format: Annotated[
        Format,
        Argument(
            help="canvas, moodle: fill in a download; table: everything; gradescope, otter: their autograder.zip; "
            "olx: numerical problems for Open edX"
        ),
    ]
    assignment: Annotated[tuple[str, ...], Argument(metavar="ASSIGNMENT", nargs="+", help="several: for table alone")]
    fill: Annotated[
        Path | None, Option(metavar="FILE", help="the gradebook or worksheet as it was downloaded; it is not changed")
    ] = None
    column: Annotated[str | None, Option(metavar="NAME", help="the file's column, where it is not found")] = None
    replace: Annotated[bool, Option(help="replace scores and comments that are there already and differ")] = False
    feedback: Annotated[Path | None, Option(metavar="FILE", help="pack feedback files for the LMS into this zip")] = (
        None
    )
    submissions: Annotated[
        Path | None, Option(metavar="FILE", help="Canvas's submissions.zip, for --feedback: its names are needed")
    ] = None
    results: Annotated[Path | None, folder("results", "folder with the results")] = None
    roster: Annotated[
        Path | None, Option(metavar="FILE", help="who is who (default: roster.csv in the course, if there is one)")
    ] = None
    roster_encoding: Annotated[str | None, Option(metavar="NAME", help="of the roster, where it is no UTF-8")] = None
    roster_delimiter: Annotated[str | None, Option(metavar="CHARACTER", help="of the roster")] = None
    output: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="default, in <results>/<assignment>: <format>.csv, [otter-]autograder.zip or olx.tar.gz",
        ),
    ] = None


def run(options: Options) -> ExitCode:
    """Read the results and hand them to the format that was asked for."""
    course = options.load_course()
    _require_what_fits(options)
    if options.format == "table":
        return _export_table(options, course)
    if options.format == "gradescope":
        return _export_gradescope(options, course)
    if options.format == "otter":
        return _export_otter(options, course)
    if options.format == "olx":
        return _export_olx(options, course)
    return _fill(options, course)


def _require_what_fits(options: Options) -> None:
    """Raise AutograderError for options that the format has no use for, or lacks."""
    if options.format != "table" and len(options.assignment) > 1:
        raise AutograderError(f"{options.format} takes one assignment at a time; give one.")
    if options.format not in {"canvas", "moodle"}:
        given = {"fill": options.fill, "column": options.column, "feedback": options.feedback}
        for name, value in {**given, "submissions": options.submissions, "replace": options.replace or None}.items():
            if value is not None:
                raise AutograderError(f"--{name} is for canvas and moodle; leave it out for {options.format}.")
        return
    if options.fill is None:
        what = "gradebook" if options.format == "canvas" else "grading worksheet"
        raise AutograderError(
            f"{options.format} fills in the {what} that you download there; give it with --fill FILE."
        )
    if (options.submissions is not None) != (options.format == "canvas" and options.feedback is not None):
        raise AutograderError(
            "Canvas takes feedback files back under the names of its submissions.zip: give --feedback and "
            "--submissions together, for canvas."
        )
    for name, path in (("output", options.output), ("feedback", options.feedback)):
        if path is not None and path.resolve() in {options.fill.resolve(), *_resolved(options.submissions)}:
            raise AutograderError(f"--{name} {path} is what was downloaded, which is not changed; give another file.")


def _resolved(path: Path | None) -> Sequence[Path]:
    return [path.resolve()] if path else []


def _export_table(options: Options, course: "Course") -> ExitCode:
    """Write one row for each student and check."""
    from autograder.atomic_files import write_atomically
    from autograder.exporting.table import as_csv, as_parquet, rows_of

    assignments = [course.assignment(name) for name in dict.fromkeys(options.assignment)]
    name = f"{assignments[0].name}/table.csv" if len(assignments) == 1 else "table.csv"
    output = options.output or _results_folder(options, course) / name
    if output.suffix not in {".csv", ".parquet"}:
        raise AutograderError(f"--output {output}: a table is written as .csv or .parquet; give a name that ends so.")
    roster = _roster(options, course)
    rows = [row for one in assignments for row in rows_of(_results(options, course, one), roster)]
    write_atomically(output, as_csv(rows) if output.suffix == ".csv" else as_parquet(rows))
    OUT.print(f"A table of {len(rows)} rows is in {output}")
    return ExitCode.DONE


def _export_gradescope(options: Options, course: "Course") -> ExitCode:
    """Pack the zip that Gradescope makes its autograder of."""
    from autograder.atomic_files import write_atomically
    from autograder.checks.secret import has_demo_secret
    from autograder.exporting.gradescope_zip import autograder_zip

    assignment = course.assignment(options.assignment[0])
    output = options.output or _results_folder(options, course) / assignment.name / "autograder.zip"
    content = autograder_zip(course, assignment)
    write_atomically(output, content)
    OUT.print(f"Gradescope's autograder for {assignment.name} is in {output}, {len(content) / 1e6:.1f} MB")
    if has_demo_secret(course):
        OUT.print(
            f"Hidden inputs derive from the demo secret there, too; put one of your own into {course.secret_file}."
        )
    return ExitCode.DONE


def _export_otter(options: Options, course: "Course") -> ExitCode:
    """Pack the public checks for otter."""
    from autograder.atomic_files import write_atomically
    from autograder.exporting.otter_zip import otter_zip

    assignment = course.assignment(options.assignment[0])
    output = options.output or _results_folder(options, course) / assignment.name / "otter-autograder.zip"
    write_atomically(output, otter_zip(course, assignment))
    OUT.print(f"The public checks of {assignment.name} for `otter run -a` are in {output}")
    return ExitCode.DONE


def _export_olx(options: Options, course: "Course") -> ExitCode:
    """Pack the numerical problems for Open edX."""
    from autograder.atomic_files import write_atomically
    from autograder.exporting.olx import olx_course

    assignment = course.assignment(options.assignment[0])
    output = options.output or _results_folder(options, course) / assignment.name / "olx.tar.gz"
    write_atomically(output, olx_course(course, assignment))
    OUT.print(f"The numerical problems of {assignment.name} for Studio's import are in {output}")
    return ExitCode.DONE


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What both systems' files are filled in with."""

    file: "CsvText"
    assignment: "Assignment"
    results: "Sequence[Result]"
    roster: "Roster | None"
    feedback: "Mapping[str, Feedback]"
    """By student; nothing where it is not needed or not yet to be given."""


def _fill(options: Options, course: "Course") -> ExitCode:
    """Fill in what was downloaded, and pack the feedback."""
    from autograder.atomic_files import write_atomically
    from autograder.exporting.archive import zip_of
    from autograder.exporting.csv_text import read_csv_text

    assert options.fill is not None, "see _require_what_fits"
    assignment = course.assignment(options.assignment[0])
    is_open = assignment.feedback_at is None or datetime.now().astimezone() >= assignment.feedback_at
    if options.feedback and not is_open:
        raise AutograderError(
            f"Feedback on {assignment.name} is kept until {assignment.feedback_at:%Y-%m-%d %H:%M %Z} (feedback_at in "
            "course_config.py); leave out --feedback until then."
        )
    with_feedback = is_open and (options.feedback is not None or options.format == "moodle")
    work = _Work(
        file=read_csv_text(options.fill),
        assignment=assignment,
        results=_results(options, course, assignment),
        roster=_roster(options, course),
        feedback=_feedback(options, course, assignment) if with_feedback else {},
    )
    filled, files = (_fill_canvas if options.format == "canvas" else _fill_moodle)(options, work)
    output = options.output or _results_folder(options, course) / assignment.name / f"{options.format}.csv"
    write_atomically(output, work.file.changed(filled.changes))
    OUT.print(f"{len(filled.placed)} of {len(work.results)} scores stand in {output}, {filled.new} of them new")
    if options.feedback:
        write_atomically(options.feedback, zip_of(files))
        OUT.print(f"{len(files)} feedback files are in {options.feedback}")
    if not is_open:
        OUT.print("There are no comments yet: they are kept until feedback_at in course_config.py.")
    for sentence in (*filled.problems, *filled.notes):
        OUT.print(sentence)
    if work.roster is None and filled.strangers:
        OUT.print(
            f"Without a roster students are known by their id alone: {ROSTER_NAME} in the course says who is who."
        )
    return ExitCode.FOUND_WRONG if filled.problems else ExitCode.DONE


def _fill_canvas(options: Options, work: _Work) -> "tuple[Filled, Mapping[str, bytes]]":
    """Return what changes in the gradebook, and the feedback files by the names that Canvas gave the submissions."""
    from autograder.exporting.canvas import Gradebook, fill_gradebook
    from autograder.exporting.canvas_feedback import download_names, downloads_by_user, written_for

    gradebook = Gradebook.read(work.file)
    filled = fill_gradebook(
        gradebook, work.assignment, work.results, roster=work.roster, column=options.column, replace=options.replace
    )
    if options.submissions is None:
        return filled, {}
    downloads = downloads_by_user(download_names(options.submissions))
    files, without = {}, []
    for student, row in filled.placed.items():
        download = downloads.get(gradebook.canvas_id(row))
        if download is None:
            without.append(student)
        else:
            files[download.name] = written_for(download, work.feedback[student])
    said = [f"No file of theirs is in {options.submissions} ({len(without)}): {', '.join(without)}"] if without else []
    return replace(filled, notes=[*filled.notes, *said]), files


def _fill_moodle(options: Options, work: _Work) -> "tuple[Filled, Mapping[str, bytes]]":
    """Return what changes in the worksheet, and the feedback files in the folders that Moodle looks for."""
    from autograder.exporting.moodle import Worksheet, fill_worksheet
    from autograder.feedback.as_text import as_html
    from autograder.feedback.page import feedback_page

    sheet = Worksheet.read(work.file, work.assignment, options.column)
    comments = {student: as_html(feedback) for student, feedback in work.feedback.items()}
    filled = fill_worksheet(sheet, work.results, comments, roster=work.roster, replace_others=options.replace)
    name = f"{work.assignment.name}-feedback.html"
    files = {
        f"{sheet.folder(row)}/{name}": feedback_page(work.feedback[student]).encode("utf-8", "replace")
        for student, row in (filled.placed if options.feedback else {}).items()
    }
    return filled, files


def _results_folder(options: Options, course: "Course") -> Path:
    return options.results or course.root / "results"


def _results(options: Options, course: "Course", assignment: "Assignment") -> "Sequence[Result]":
    """Return the results; raise AutograderError where there are none."""
    from autograder.settlement import read_settled

    place = _results_folder(options, course)
    results = read_settled(course, assignment, place)
    if not results:
        raise AutograderError(
            f"{place / assignment.name} holds no results; run `autograder grade {assignment.name}` first."
        )
    return results


def _roster(options: Options, course: "Course") -> "Roster | None":
    """Return the roster that was given, or the course's; None where it has none. What it says of itself is printed."""
    from autograder.roster import read_roster

    path = options.roster or course.root / ROSTER_NAME
    if options.roster is None and not path.is_file():
        return None
    roster = read_roster(path, encoding=options.roster_encoding, delimiter=options.roster_delimiter)
    for note in roster.notes:
        OUT.print(note)
    return roster


def _feedback(options: Options, course: "Course", assignment: "Assignment") -> "Mapping[str, Feedback]":
    """Return the feedback on each student that has a score, at the level that the course gives."""
    from autograder.feedback.feedback import gather
    from autograder.feedback.students import graded_students
    from autograder.results import Status
    from autograder.settlement import open_settlement

    level = course.feedback_level_of(assignment)
    everybody = graded_students(open_settlement(course, assignment, _results_folder(options, course)))
    return {one.result.student: gather(one, level) for one in everybody if one.result.status != Status.FAILED}

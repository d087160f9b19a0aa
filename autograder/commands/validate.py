"""Try out an assignment before its release."""

# ruff: noqa: PLC0415 - see autograder.cli

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.course import Course
from autograder.errors import ExitCode
from autograder.notebooks import KNOWN_ANSWERS
from autograder.options import Argument, CommonOptions, Device, Option, Sandbox, folder, not_negative, positive

if TYPE_CHECKING:
    from autograder.validate.findings import Extent, Validation
    from autograder.validate.validation import TrialContext

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to try out, and how much of it."""

    assignments: Annotated[tuple[str, ...], Argument(metavar="ASSIGNMENT", help="default: all")] = ()
    seeds: Annotated[
        int,
        Option(metavar="N", parse=not_negative, help="repetitions of each training check (default: %(default)s)"),
    ] = 5
    mutants: Annotated[
        int | None,
        Option(metavar="N", parse=not_negative, help="at most so many of each question (default: 40; quick: 8)"),
    ] = None
    students: Annotated[
        int | None,
        Option(
            metavar="N",
            parse=not_negative,
            help="students for whom each right answer is judged by the cheap checks (default: 200; quick: 10)",
        ),
    ] = None
    quick: Annotated[
        bool, Option(help="leave out wrong answers to questions that train, repetitions, and judging seconds")
    ] = False
    workers: Annotated[
        int | None, Option(metavar="N", parse=positive, help="answers at a time (default: the cores)")
    ] = None
    device: Annotated[Device, Option(help="where answers compute")] = "auto"
    sandbox: Annotated[Sandbox, Option(help="none: without isolation")] = "auto"
    output: Annotated[
        Path | None, folder("results/validation", "folder for <assignment>.html and <assignment>.json")
    ] = None


def run(options: Options) -> ExitCode:
    """Validate one assignment after the other, write a page of each, and print all findings."""
    from autograder.checks.surroundings import ignored_surroundings
    from autograder.datasets import prepare_data
    from autograder.grading.independent_checks import validation_folder
    from autograder.validate.terminal import print_validations

    course = options.load_course()
    prepare_data(course)
    extent = _extent(options)
    context = _context(options, course)
    output = options.output or validation_folder(course)
    names = options.assignments or [assignment.name for assignment in course.assignments]
    if ignored := ignored_surroundings(course, names, os.environ):
        ERR.print(ignored, style="yellow", markup=False)
    for name in names:
        if not (course.checks_folder(name) / KNOWN_ANSWERS).is_file():
            nothing = f"tests/{name}/{KNOWN_ANSWERS} is not there, and no answer that you know to be wrong is tried"
            ERR.print(f"{nothing}; write some into it.", style="yellow", markup=False)
    found = []
    for name in names:
        found.append(_validate(course, name, extent, context))
        _write(found[-1], output, name)
    print_validations(OUT, found)
    OUT.print(f"The kill tables and all figures: {output}/<assignment>.html")
    return ExitCode.FOUND_WRONG if any(one.findings for one in found) else ExitCode.DONE


def _extent(options: Options) -> "Extent":
    from autograder.validate.findings import Extent

    return Extent(
        seeds=0 if options.quick else options.seeds,
        mutants=options.mutants if options.mutants is not None else (8 if options.quick else 40),
        students=options.students if options.students is not None else (10 if options.quick else 200),
        quick=options.quick,
    )


def _context(options: Options, course: Course) -> "TrialContext":
    from autograder.grading.devices import choose_devices
    from autograder.grading.independent_checks import validation_folder
    from autograder.grading.local import LocalEngine
    from autograder.validate.validation import TrialContext

    devices = choose_devices(options.device)
    return TrialContext(
        engine=LocalEngine(workers=options.workers, isolated=options.sandbox != "none", devices=devices),
        device=devices.kind,
        sandbox=options.sandbox,
        workers=options.workers,
        kept=validation_folder(course) / "trials",
    )


def _validate(course: Course, name: str, extent: "Extent", context: "TrialContext") -> "Validation":
    """Validate one assignment and show how far it is."""
    from autograder.grading.lock import locked
    from autograder.validate.validation import validate

    with locked(context.kept), ERR.status(name) as status:

        def watch(stage: str, done: int, whole: int) -> None:
            status.update(f"{name}: {stage}, {done} of {whole}")

        return validate(course, course.assignment(name), extent, context, watch)


def _write(validation: "Validation", output: Path, name: str) -> None:
    from autograder.atomic_files import write_atomically
    from autograder.validate.page import as_document, validation_page

    page = validation_page(validation, datetime.now().astimezone())
    write_atomically(output / f"{name}.html", page.encode())
    write_atomically(output / f"{name}.json", as_document(validation).encode())

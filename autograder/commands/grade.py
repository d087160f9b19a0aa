"""Grade the submissions to an assignment."""

# ruff: noqa: PLC0415 - see autograder.cli

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from autograder.console import ERR, OUT
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.errors import AutograderError, ExitCode
from autograder.extras import not_installed, what_to_install
from autograder.options import Argument, CommonOptions, Device, Option, folder, positive

if TYPE_CHECKING:
    from autograder.grading.batch import BatchRequest, Plan
    from autograder.grading.job import Engine, Event
    from autograder.grading.solution_trial import SolutionTrial
    from autograder.grading.submissions import Submission
    from autograder.notebooks import Cell

__all__ = ["Options", "run"]

_FEW = 4
"""Submissions that a warm station grades, one after the other; more are graded side by side."""


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to grade, and how."""

    assignment: Annotated[str, Argument(metavar="ASSIGNMENT")]
    submissions: Annotated[
        Path | None, folder("submitted", "folder with <student>/<assignment>/<assignment>.ipynb")
    ] = None
    results: Annotated[Path | None, folder("results", "folder for <assignment>/<student>.json")] = None
    student: Annotated[tuple[str, ...], Option(nargs="+", metavar="ID", help="only these students")] = ()
    workers: Annotated[
        int | None, Option(metavar="N", parse=positive, help="submissions graded at a time (default: the cores)")
    ] = None
    engine: Annotated[Literal["local", "ray"], Option(help="local: this machine alone")] = "local"
    address: Annotated[
        str | None, Option(metavar="HOST:PORT", help="of the Ray cluster's head (default: the one Ray finds)")
    ] = None
    device: Annotated[Device, Option(help="where student code computes")] = "auto"
    force: Annotated[bool, Option(help="grade again what has a result")] = False
    explain: Annotated[bool, Option(help="say of each submission why it is graded, or not")] = False
    dry_run: Annotated[bool, Option(help="say that, and grade nothing")] = False
    untried: Annotated[bool, Option(help="do not grade the solution first; for authors")] = False
    keep_warm: Annotated[
        bool, Option(help="leave a process behind with which a few more submissions take a second; it ends by itself")
    ] = False
    log: Annotated[Literal["text", "json"], Option(help="json: one line for each event")] = "text"
    sandbox: Annotated[
        Literal["auto", "user", "none"],
        Option(help="user: for root, run student code as another user alone; none: unprotected; each result says so"),
    ] = "auto"


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What there is to grade."""

    course: Course
    assignment: Assignment
    submitted: Path
    """The folder with all students' submissions."""
    submissions: "Sequence[Submission]"
    strange: Sequence[str]
    """Folders that cannot be a student's."""
    results: Path


@dataclass(frozen=True, kw_only=True)
class _Ending:
    """How a batch ended."""

    interrupted: str
    """The signal that ended it, if one did."""
    failed: int
    """Submissions that the grader could not grade."""


def run(options: Options) -> ExitCode:
    """Find, prepare, plan, grade, judge: each step takes what those before it returned."""
    from autograder.datasets import prepare_data
    from autograder.grading.batch import plan_batch
    from autograder.grading.local import LocalEngine
    from autograder.grading.lock import locked
    from autograder.grading.solution_trial import SolutionTrial
    from autograder.grading.station_sharing import keep_warm, shared_or

    found = _find(options)
    secret = _secret(found.course)
    prepare_data(found.course)
    engine, device = _engine(options, found)
    with locked(found.results):
        request = _request(options, found, secret, device)
        plan = _explained(options, plan_batch(request))
        if options.dry_run:
            return ExitCode.DONE
        trial = None if options.untried else SolutionTrial.of(request)
        if options.keep_warm:
            keep_warm(found.course.root)
        if isinstance(engine, LocalEngine) and options.workers is None and len(plan.jobs) <= _FEW:
            engine = shared_or(engine, request.fingerprints, found.course, found.assignment.name)
        ending = _grade(options, found, plan, engine, trial)
    return _exit_code(found, ending)


def _find(options: Options) -> _Found:
    """Find the submissions, and say which folders are passed over."""
    from autograder.checks.surroundings import ignored_surroundings
    from autograder.grading.submissions import find_submissions, strange_folders

    course = options.load_course()
    assignment = course.assignment(options.assignment)
    if ignored := ignored_surroundings(course, [assignment.name], os.environ):
        ERR.print(ignored, style="yellow", markup=False)
    if missing := not_installed(course.offered):
        ERR.print(
            f"{CONFIG_NAME} offers {', '.join(missing)} to students, which is not installed here: whoever imports it "
            f"loses points; {what_to_install(missing)}.",
            style="red",
            markup=False,
        )
    submitted = options.submissions or course.root / "submitted"
    submissions = find_submissions(submitted, assignment.name, options.student, _release(course, assignment))
    strange = [] if options.student else strange_folders(submitted, assignment.name)
    for name in strange:
        ERR.print(f"{submitted}: {name!r} cannot be a student's ID and is passed over; rename the folder.", style="red")
    if not course.release_notebook(assignment.name).is_file():
        name = assignment.name
        raise AutograderError(f"There is no release of {name!r} yet; run `autograder build {name}`.")
    return _Found(
        course=course,
        assignment=assignment,
        submitted=submitted,
        submissions=submissions,
        strange=strange,
        results=options.results or course.root / "results",
    )


def _release(course: Course, assignment: Assignment) -> "Sequence[Cell]":
    """Return the cells that students got: answers that are still as there are blank."""
    from autograder.notebooks import read_cells

    path = course.release_notebook(assignment.name)
    return read_cells(path) if path.is_file() else ()


def _secret(course: Course) -> str:
    """Return what hidden inputs derive from, and say so where anybody can read it."""
    from autograder.checks.secret import has_demo_secret, read_secret

    secret = read_secret(course)
    if has_demo_secret(course):
        ERR.print(
            f"Hidden inputs derive from the demo secret, which anybody can read; for a real class put one of your own "
            f"into {course.secret_file}.",
            style="yellow",
        )
    return secret


def _engine(options: Options, found: _Found) -> "tuple[Engine, str]":
    """Return what spreads the work, and the device that is asked for: with Ray each node has its own."""
    from autograder.grading.devices import choose_devices
    from autograder.grading.local import LocalEngine
    from autograder.grading.ray.engine import RayEngine
    from autograder.sandbox.shared.config import STUDENT_USER

    isolated = options.sandbox == "auto"
    if options.sandbox == "user" and (os.geteuid() != 0 or options.engine == "ray"):
        raise AutograderError("--sandbox user is for root and the local engine; be root, or give auto or none.")
    if options.engine == "ray":
        ray = RayEngine(address=options.address, workers=options.workers, isolated=isolated, device=options.device)
        return ray, options.device
    if options.address:
        raise AutograderError("--address is for --engine ray; give both, or neither.")
    devices = choose_devices(options.device)
    cores = len(os.sched_getaffinity(0))
    if devices.kind == "cpu" and (options.workers or 0) > cores:
        ERR.print(
            f"{options.workers} workers share {cores} cores: each submission takes longer, and none is done sooner.",
            style="yellow",
        )
    private = (found.submitted, found.results)
    user = STUDENT_USER if options.sandbox == "user" else None
    engine = LocalEngine(workers=options.workers, isolated=isolated, user=user, devices=devices, private=private)
    return engine, devices.kind


def _request(options: Options, found: _Found, secret: str, device: str) -> "BatchRequest":
    """Return what is asked for."""
    from autograder.grading.batch import BatchRequest
    from autograder.grading.fingerprint import Fingerprints
    from autograder.grading.independent_checks import read_independent_checks

    request = BatchRequest(
        course=found.course,
        assignment=found.assignment,
        submissions=found.submissions,
        submitted=found.submitted,
        results=found.results,
        fingerprints=Fingerprints(found.course, found.assignment, secret, options.sandbox),
        device=device,
        independent=read_independent_checks(found.course, found.assignment.name),
        any_device=options.device == "auto",
        force=options.force,
    )
    if warning := request.settlement.adjustments.warning:
        ERR.print(warning, style="yellow", markup=False)
    return request


def _explained(options: Options, plan: "Plan") -> "Plan":
    """Say why each submission is graded, or not, where that was asked for."""
    from autograder.grading.progress import print_reasons

    if plan.unproven and len(plan.jobs) > _FEW:
        checks = ", ".join(sorted(plan.unproven))
        ERR.print(
            f"Only checks have changed ({checks}). They could judge by themselves, but it has not been shown since "
            "that no check depends on others, so all judge again; to show it, run `autograder validate --quick "
            f"{options.assignment}`.",
            style="yellow",
            markup=False,
        )
    if options.explain or options.dry_run:
        print_reasons(ERR if options.log == "json" else OUT, plan.reasons)
    return plan


def _grade(options: Options, found: _Found, plan: "Plan", engine: "Engine", trial: "SolutionTrial | None") -> _Ending:
    """Grade what is planned, show it, sum it up, however it ends."""
    from autograder.grading.batch import run_batch
    from autograder.grading.batch_log import written_log
    from autograder.grading.interrupts import Abandoned, Interrupts
    from autograder.grading.progress import JsonLog, KeptLog, Progress

    show = (JsonLog if options.log == "json" else Progress)(OUT, found.assignment, plan)
    abandoned = ""
    with written_log(found.results) as file, KeptLog(Console(file=file), found.assignment, plan) as log:

        def watch(event: "Event") -> None:
            show.watch(event)
            log.watch(event)

        with show, Interrupts(engine, show.say) as interrupts:
            try:
                run_batch(plan, engine, watch, trial)
            except Abandoned as signal:
                abandoned = signal.name
        interrupted = abandoned or ("SIGINT" if interrupts.draining else "")
        log.summarise(found.results, interrupted)
    show.summarise(found.results, interrupted)
    return _Ending(interrupted=interrupted, failed=show.failed)


def _exit_code(found: _Found, ending: _Ending) -> ExitCode:
    """Judge the batch: it is done when everything that was handed in has a result."""
    return ExitCode.UNUSABLE if ending.interrupted or ending.failed or found.strange else ExitCode.DONE

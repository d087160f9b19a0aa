"""Parse the command line, call what does the work, print."""

# ruff: noqa: PLC0415 - each command imports what it needs: `autograder --help` must not wait for torch

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console

from autograder import __version__
from autograder.course import Course, find_course, load_course
from autograder.errors import AutograderError, ExitCode

if TYPE_CHECKING:
    from autograder.grading.job import Engine
    from autograder.results import Result

__all__ = ["main"]

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - has no public name

_OUT = Console(highlight=False, soft_wrap=True)
_ERR = Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 something was found wrong, 2 it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        if options.command in (_doctor, _diff):  # they need no course
            return int(options.command(options))
        course = load_course(options.course or find_course(Path.cwd()))
        return int(options.command(course, options))
    except AutograderError as error:
        if options.verbose:
            traceback.print_exc()
        _ERR.print(f"autograder: {error}", style="red", markup=False)
    except KeyboardInterrupt:
        _ERR.print("autograder: interrupted; what has a result keeps it, the same command goes on from there.")
    return int(ExitCode.UNUSABLE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description="Write, release and batch-grade assignments.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_authoring, _add_grading, _add_measuring, _add_reporting):
        add(commands)
    return parser


def _add_authoring(commands: _Commands) -> None:
    """Add what makes and tries out assignments."""
    build = _command(commands, "build", "make release/ and solutions/ from source/ and tests/", _build)
    build.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    what = build.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; exit code 1 where something is out of date")
    what.add_argument(
        "--handout", action="store_true", help="run the solutions: a page with all outputs in build/handouts/"
    )
    what.add_argument("--slides", action="store_true", help="run the solutions that have slides: build/slides/")

    validate = _command(commands, "validate", "try out an assignment before its release", _validate)
    validate.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    validate.add_argument(
        "--seeds", type=_count, default=5, metavar="N", help="repetitions of each training check (default: 5)"
    )
    validate.add_argument(
        "--mutants", type=_count, metavar="N", help="at most so many of each question (default: 40; quick: 8)"
    )
    validate.add_argument(
        "--quick", action="store_true", help="leave out wrong answers to questions that train, and repetitions"
    )
    validate.add_argument("--workers", type=_positive, metavar="N", help="answers at a time (default: the cores)")
    validate.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="where answers compute")
    validate.add_argument("--sandbox", choices=["auto", "none"], default="auto", help="none: without isolation")
    _folder(validate, "--output", "results/validation", "folder for <assignment>.html and <assignment>.json")


def _add_grading(commands: _Commands) -> None:
    """Add what grades."""
    grade = _command(commands, "grade", "grade the submissions to an assignment", _grade)
    grade.add_argument("assignment", metavar="ASSIGNMENT")
    _folder(grade, "--submissions", "submitted", "folder with <student>/<assignment>/<assignment>.ipynb")
    _folder(grade, "--results", "results", "folder for <assignment>/<student>.json")
    grade.add_argument("--student", nargs="+", default=[], metavar="ID", help="only these students")
    grade.add_argument(
        "--workers", type=_positive, metavar="N", help="submissions graded at a time (default: the cores)"
    )
    grade.add_argument("--engine", choices=["local", "ray"], default="local", help="local: this machine alone")
    grade.add_argument("--address", metavar="HOST:PORT", help="of the Ray cluster's head (default: the one Ray finds)")
    grade.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="where student code computes")
    grade.add_argument("--force", action="store_true", help="grade again what has a result")
    grade.add_argument("--explain", action="store_true", help="say of each submission why it is graded, or not")
    grade.add_argument("--dry-run", action="store_true", help="say that, and grade nothing")
    grade.add_argument("--log", choices=["text", "json"], default="text", help="json: one line for each event")
    grade.add_argument(
        "--sandbox", choices=["auto", "none"], default="auto", help="none: run student code unprotected, and say so"
    )

    _command(commands, "doctor", "show what this host can isolate and compute on, and what mends the rest", _doctor)


def _add_measuring(commands: _Commands) -> None:
    """Add what measures, and what is measured."""
    bench = _command(commands, "bench", "measure this package beside nbgrader, otter and an unprotected floor", _bench)
    bench.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help="default: all, and `empty`, with nothing to do"
    )
    _folder(bench, "--submissions", "examples/class", "folder with <student>/<assignment>/<assignment>.ipynb")
    bench.add_argument("--count", type=_positive, default=60, metavar="N", help="submissions for us (default: 60)")
    bench.add_argument("--peer-count", type=_positive, default=6, metavar="N", help="for each peer (default: 6)")
    bench.add_argument("--peers", nargs="*", choices=["nbgrader", "otter"], default=["nbgrader", "otter"])
    bench.add_argument("--workers", type=_positive, metavar="N", help="submissions at a time (default: the cores)")
    bench.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="cpu", help="default: cpu, as for the peers"
    )
    bench.add_argument("--sandbox", choices=["auto", "none"], default="auto", help="none: without isolation")
    bench.add_argument("--output", type=Path, metavar="FILE", help="write everything measured there too, as JSON")

    simulate = _command(commands, "simulate", "write the submissions of a class that nobody is in", _simulate)
    simulate.add_argument("assignment", metavar="ASSIGNMENT")
    simulate.add_argument("count", type=_positive, metavar="N", help="number of students")
    simulate.add_argument("--seed", type=_count, default=0, metavar="N", help="another one, another class (default: 0)")
    _folder(simulate, "--output", "submitted", "folder for <student>/<assignment>/<assignment>.ipynb")


def _add_reporting(commands: _Commands) -> None:
    """Add what tells of results."""
    diff = _command(commands, "diff", "tell two sets of results apart: who changed, by which check, why", _diff)
    diff.add_argument("old", type=Path, metavar="OLD", help="folder with <assignment>/<student>.json, or one of these")
    diff.add_argument("new", type=Path, metavar="NEW", help="the same, graded again")
    diff.add_argument("--csv", type=Path, metavar="FILE", help="write the changes there too")

    report = _command(commands, "report", "write the class report of an assignment as one HTML page", _report)
    report.add_argument("assignment", metavar="ASSIGNMENT")
    _folder(report, "--results", "results", "folder with the results")
    report.add_argument("--output", type=Path, metavar="FILE", help="default: <results>/<assignment>/report.html")


def _command(commands: _Commands, name: str, text: str, run: object) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--course", type=Path, metavar="DIR", help="default: at or above the current folder")
    parser.add_argument("-v", "--verbose", action="store_true", help="show a traceback with an error")
    parser.set_defaults(command=run)
    return parser


def _folder(parser: argparse.ArgumentParser, option: str, name: str, text: str) -> None:
    parser.add_argument(option, type=Path, metavar="DIR", help=f"{text} (default: {name}/ in the course)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _build(course: Course, options: argparse.Namespace) -> ExitCode:
    from autograder.authoring.assignment import build_trees, compare, write

    names = options.assignments or [assignment.name for assignment in course.assignments]
    if options.handout or options.slides:
        return _write_pages(course, names, slides=options.slides, asked=bool(options.assignments))
    trees = [tree for name in names for tree in build_trees(course, course.assignment(name))]
    stale = False
    for tree in trees:
        differences = compare(tree) if options.check else write(tree)
        stale = stale or bool(differences)
        for difference in differences:
            _OUT.print(f"  {difference.path.relative_to(course.root)}: {difference.what}", markup=False)
        state = (
            "up to date"
            if not differences
            else ("OUT OF DATE" if options.check else f"{len(differences)} files written")
        )
        _OUT.print(f"{tree.folder.relative_to(course.root)}: {state}", markup=False)
    if stale and options.check:
        _OUT.print("Run `autograder build` and commit what it writes.")
        return ExitCode.FOUND_WRONG
    return ExitCode.DONE


def _grade(course: Course, options: argparse.Namespace) -> ExitCode:
    from autograder.checks.secret import DEMO_SECRET, read_secret
    from autograder.datasets import prepare_data
    from autograder.grading.batch import BatchRequest, plan_batch, run_batch
    from autograder.grading.fingerprint import Fingerprints
    from autograder.grading.interrupts import Abandoned, Interrupts
    from autograder.grading.lock import locked
    from autograder.grading.progress import JsonLog, Progress, print_reasons
    from autograder.grading.submissions import find_submissions, strange_folders

    assignment = course.assignment(options.assignment)
    folder = options.submissions or course.root / "submitted"
    submissions = find_submissions(folder, assignment.name, options.student)
    strange = [] if options.student else strange_folders(folder, assignment.name)
    for name in strange:
        _ERR.print(f"{folder}: {name!r} cannot be a student's ID and is passed over; rename the folder.", style="red")
    if not course.release_notebook(assignment.name).is_file():
        name = assignment.name
        raise AutograderError(f"There is no release of {name!r} yet; run `autograder build {name}`.")
    results = options.results or course.root / "results"
    secret = read_secret(course)
    if secret == DEMO_SECRET:
        _ERR.print(
            f"Hidden inputs derive from the demo secret, which anybody can read; for a real class put one of your own "
            f"into {course.secret_file}.",
            style="yellow",
        )
    prepare_data(course)
    engine, device = _engine(options)
    with locked(results):
        request = BatchRequest(
            course=course,
            assignment=assignment,
            submissions=submissions,
            results=results,
            fingerprints=Fingerprints(course, assignment, secret, options.sandbox),
            device=device,
            any_device=options.device == "auto",
            force=options.force,
        )
        plan = plan_batch(request)
        if options.explain or options.dry_run:
            print_reasons(_ERR if options.log == "json" else _OUT, plan.reasons)
        if options.dry_run:
            return ExitCode.DONE
        show = (JsonLog if options.log == "json" else Progress)(_OUT, assignment, plan)
        abandoned = ""
        with show, Interrupts(engine, show.say) as interrupts:
            try:
                run_batch(plan, engine, show.watch)
            except Abandoned as signal:
                abandoned = signal.name
        interrupted = abandoned or ("SIGINT" if interrupts.draining else "")
        show.summarise(results, interrupted)
    return ExitCode.UNUSABLE if interrupted or show.failed or strange else ExitCode.DONE


def _engine(options: argparse.Namespace) -> "tuple[Engine, str]":
    """Return what spreads the work, and the device that is asked for: with Ray each node has its own."""
    from autograder.grading.devices import choose_devices
    from autograder.grading.local import LocalEngine
    from autograder.grading.ray.engine import RayEngine

    isolated = options.sandbox != "none"
    if options.engine == "ray":
        ray = RayEngine(address=options.address, workers=options.workers, isolated=isolated, device=options.device)
        return ray, options.device
    if options.address:
        raise AutograderError("--address is for --engine ray; give both, or neither.")
    devices = choose_devices(options.device)
    return LocalEngine(workers=options.workers, isolated=isolated, devices=devices), devices.kind


def _write_pages(course: Course, names: Sequence[str], *, slides: bool, asked: bool) -> ExitCode:
    """Run solutions and write a page of each; without being asked for by name, only those with slides become slides."""
    from autograder.authoring.assignment import build_trees
    from autograder.authoring.handout import execute, handout_page, has_slides, slides_page
    from autograder.datasets import prepare_data
    from autograder.results import write_atomically

    prepare_data(course)
    for name in names:
        _, solutions = build_trees(course, course.assignment(name))
        if slides and not asked and not has_slides(solutions):
            continue
        with _ERR.status(f"{name}: the solution is running"):
            notebook = execute(solutions, course)
        title = course.assignment(name).title
        make = slides_page if slides else handout_page
        path = course.root / "build" / ("slides" if slides else "handouts") / f"{name}.html"
        write_atomically(path, make(notebook, solutions, title).encode())
        _OUT.print(f"{path.relative_to(course.root)}: written", markup=False)
    return ExitCode.DONE


def _validate(course: Course, options: argparse.Namespace) -> ExitCode:
    from datetime import datetime

    from autograder.datasets import prepare_data
    from autograder.grading.devices import choose_devices
    from autograder.grading.local import LocalEngine
    from autograder.grading.lock import locked
    from autograder.results import write_atomically
    from autograder.validate.findings import Extent
    from autograder.validate.page import as_document, validation_page
    from autograder.validate.terminal import print_validations
    from autograder.validate.validation import TrialContext, validate

    prepare_data(course)
    extent = Extent(
        seeds=0 if options.quick else options.seeds,
        mutants=options.mutants if options.mutants is not None else (8 if options.quick else 40),
        quick=options.quick,
    )
    devices = choose_devices(options.device)
    context = TrialContext(
        engine=LocalEngine(workers=options.workers, isolated=options.sandbox != "none", devices=devices),
        device=devices.kind,
        sandbox=options.sandbox,
        kept=course.root / "results" / "validation" / "trials",
    )
    folder = options.output or course.root / "results" / "validation"
    found = []
    for name in options.assignments or [assignment.name for assignment in course.assignments]:
        with locked(context.kept), _ERR.status(name) as status:

            def watch(stage: str, done: int, whole: int, name: str = name) -> None:
                status.update(f"{name}: {stage}, {done} of {whole}")

            found.append(validate(course, course.assignment(name), extent, context, watch))
        page = validation_page(found[-1], datetime.now().astimezone())
        write_atomically(folder / f"{name}.html", page.encode())
        write_atomically(folder / f"{name}.json", as_document(found[-1]).encode())
    print_validations(_OUT, found)
    _OUT.print(f"The kill tables and all figures: {folder}/<assignment>.html", markup=False)
    return ExitCode.FOUND_WRONG if any(one.findings for one in found) else ExitCode.DONE


def _bench(course: Course, options: argparse.Namespace) -> ExitCode:
    import json
    import os

    from autograder.bench.bench import EMPTY, BenchRequest, as_document, run_bench, table
    from autograder.datasets import prepare_data
    from autograder.grading.devices import choose_devices
    from autograder.results import write_atomically

    prepare_data(course)
    document = {}
    for name in options.assignments or [*(assignment.name for assignment in course.assignments), EMPTY]:
        request = BenchRequest(
            assignment=name if name == EMPTY else course.assignment(name).name,
            submissions=options.submissions or course.root / "examples" / "class",
            count=options.count,
            peer_count=options.peer_count,
            peers=options.peers,
            workers=options.workers or len(os.sched_getaffinity(0)),
            sandbox=options.sandbox,
            device=choose_devices(options.device).kind,
        )
        rows = run_bench(course, request, _ERR)
        document[name] = as_document(rows)
        _OUT.print(table(name, rows) + "\n", markup=False)
    if options.output:
        write_atomically(options.output, json.dumps(document, indent=1).encode())
    return ExitCode.DONE


def _doctor(_options: argparse.Namespace) -> ExitCode:
    from autograder.doctor import print_findings

    return ExitCode.DONE if print_findings(_OUT) else ExitCode.FOUND_WRONG


def _simulate(course: Course, options: argparse.Namespace) -> ExitCode:
    from autograder.simulate.classroom import class_file, simulate

    assignment = course.assignment(options.assignment)
    output = options.output or course.root / "submitted"
    simulate(course, assignment, options.count, seed=options.seed, output=output)
    _OUT.print(
        f"{options.count} submissions to {assignment.name} are in {output}; what was drawn for each student: "
        f"{class_file(output, assignment.name)}",
        markup=False,
    )
    return ExitCode.DONE


def _diff(options: argparse.Namespace) -> ExitCode:
    from autograder.report.difference_table import as_csv, print_comparison
    from autograder.report.differences import compare, read_folder
    from autograder.results import write_atomically

    comparison = compare(read_folder(options.old), read_folder(options.new))
    print_comparison(_OUT, comparison)
    if options.csv:
        write_atomically(options.csv, as_csv(comparison).encode("utf-8", "replace"))
        _OUT.print(f"The changes are in {options.csv}", markup=False)
    return ExitCode.DONE


def _report(course: Course, options: argparse.Namespace) -> ExitCode:
    from datetime import datetime

    from autograder.checks.secret import DEMO_SECRET, read_secret
    from autograder.report.class_page import class_page
    from autograder.results import read_results, write_atomically

    assignment = course.assignment(options.assignment)
    folder = options.results or course.root / "results"
    results: list[Result] = list(read_results(folder, assignment.name))
    if not results:
        raise AutograderError(
            f"{folder / assignment.name} holds no results; run `autograder grade {assignment.name}` first."
        )
    page = class_page(
        assignment.title,
        assignment.name,
        results,
        demo_secret=read_secret(course) == DEMO_SECRET,
        made_at=datetime.now().astimezone(),
    )
    output = options.output or folder / assignment.name / "report.html"
    write_atomically(output, page.encode("utf-8", "replace"))
    _OUT.print(f"The report on {len(results)} submissions is in {output}", markup=False)
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())

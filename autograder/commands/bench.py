"""Measure this package beside nbgrader, otter and an unprotected floor."""

# ruff: noqa: PLC0415 - see autograder.cli

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from autograder.console import ERR, OUT
from autograder.errors import ExitCode
from autograder.options import Argument, CommonOptions, Device, Option, Sandbox, folder, positive

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to measure, and on how much."""

    assignments: Annotated[
        tuple[str, ...], Argument(metavar="ASSIGNMENT", help="default: all, and `empty`, with nothing to do")
    ] = ()
    submissions: Annotated[
        Path | None, folder("examples/class", "folder with <student>/<assignment>/<assignment>.ipynb")
    ] = None
    count: Annotated[int, Option(metavar="N", parse=positive, help="submissions for us (default: %(default)s)")] = 60
    peer_count: Annotated[int, Option(metavar="N", parse=positive, help="for each peer (default: %(default)s)")] = 6
    peers: Annotated[tuple[Literal["nbgrader", "otter"], ...], Option()] = ("nbgrader", "otter")
    workers: Annotated[
        int | None, Option(metavar="N", parse=positive, help="submissions at a time (default: the cores)")
    ] = None
    device: Annotated[Device, Option(help="default: %(default)s, as for the peers")] = "cpu"
    sandbox: Annotated[Sandbox, Option(help="none: without isolation")] = "auto"
    output: Annotated[Path | None, Option(metavar="FILE", help="write everything measured there too, as JSON")] = None


def run(options: Options) -> ExitCode:
    """Measure one assignment after the other and print a table of each."""
    from autograder.atomic_files import write_atomically
    from autograder.bench.bench import EMPTY, BenchRequest, as_document, run_bench, table
    from autograder.datasets import prepare_data
    from autograder.grading.devices import choose_devices

    course = options.load_course()
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
        rows = run_bench(course, request, ERR)
        document[name] = as_document(rows)
        OUT.print(table(name, rows) + "\n")
    if options.output:
        write_atomically(options.output, json.dumps(document, indent=1).encode())
    return ExitCode.DONE

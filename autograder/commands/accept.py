"""Try on this machine what a GPU changes: walls, tests, verdicts, memory, sharing."""

# ruff: noqa: PLC0415 - see autograder.cli

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import Argument, CommonOptions, Device, Option, positive

__all__ = ["Options", "run"]


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What to try."""

    what: Annotated[Literal["gpu"], Argument(help="GPUs are what there is to accept")]
    output: Annotated[
        Path | None, Option(metavar="DIR", help="folder for <part>.json and summary.md; other parts' files stay")
    ] = None
    parts: Annotated[
        tuple[str, ...], Option(nargs="+", metavar="PART", help="only these; class and sharing are all of their kind")
    ] = ()
    device: Annotated[Device, Option(help="cpu: the half that needs no GPU (default: %(default)s)")] = "auto"
    most: Annotated[
        int | None, Option(metavar="N", parse=positive, help="no more than so many submissions at a time")
    ] = None
    list: Annotated[bool, Option(help="show the parts and run none")] = False


def run(options: Options) -> ExitCode:
    """Run each part, then sum up all that lie in the folder."""
    from autograder.acceptance.findings import Verdict
    from autograder.acceptance.parts import chosen, parts_of, run_part
    from autograder.acceptance.summary import summary
    from autograder.atomic_files import write_atomically
    from autograder.datasets import prepare_data
    from autograder.grading.devices import choose_devices

    course = options.load_course()
    parts = parts_of(course)
    if options.list:
        for part in parts:
            OUT.print(f"{part.name:24} {part.answers}")
        return ExitCode.DONE
    if options.output is None:
        raise AutograderError("Where to? Give a folder with --output DIR; --list shows the parts.")
    wanted, devices = chosen(parts, options.parts), choose_devices(options.device)
    output = options.output.absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AutograderError(f"{output} cannot be made ({error.strerror}); give another --output.") from error
    prepare_data(course)
    if devices.kind == "cpu":
        ERR.print("Without a GPU: what needs one is reported as not tried.", style="yellow")
    wrong = 0
    for part in wanted:
        ERR.print(f"{part.name} …")
        command = shlex.join(["autograder", *sys.argv[1:]])
        found = run_part(part, course, devices, output, most=options.most, command=command).findings
        for one in found:
            if one.verdict != Verdict.RIGHT:
                OUT.print(f"{part.name}: {one.verdict}: {one.what}{f' ({one.seen})' if one.seen else ''}")
        wrong += sum(one.verdict == Verdict.WRONG for one in found)
        write_atomically(output / "summary.md", summary(output, [one.name for one in parts]).encode())
    OUT.print(f"{wrong} wrong; the whole story: {output / 'summary.md'}")
    return ExitCode.FOUND_WRONG if wrong else ExitCode.DONE

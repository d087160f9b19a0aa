"""List the parts of the acceptance, and run those that are asked for: each writes its file as soon as it is done."""

import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from autograder.acceptance.findings import Finding, Findings, Place, Verdict, write_findings
from autograder.acceptance.memory import memory
from autograder.acceptance.sample_class import COMPARE, SAMPLES, sample_class
from autograder.acceptance.sharing import sharing
from autograder.acceptance.suite import SUITE, suite
from autograder.acceptance.walls import walls
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.grading.devices import Devices
from autograder.sandbox.outside.zygote_process import SandboxError

__all__ = ["Part", "chosen", "parts_of", "run_part"]

_SHARED = ("mlp", "lenet", "faster_rcnn")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part."""

    name: str
    answers: str
    run: Callable[[Place], Findings]
    needs: tuple[str, ...] = ("release",)
    """What of the checkout it works with."""


def parts_of(course: Course) -> Sequence[Part]:
    """Return all parts, in the order in which they are run."""
    names = [assignment.name for assignment in course.assignments]
    return [
        Part(name="walls", answers="what of the GPUs student code reaches", run=walls, needs=()),
        Part(name="tests", answers="do the tests marked `gpu` pass", run=suite, needs=(SUITE, "release")),
        Part(name="memory", answers="caps, a second try alone, nothing left behind", run=memory),
        *(
            Part(
                name=f"class-{name}",
                answers="the sample class: the same verdicts on both devices",
                run=partial(sample_class, assignment=name),
                needs=(SAMPLES, COMPARE, "release"),
            )
            for name in names
        ),
        *(
            Part(
                name=f"sharing-{name}",
                answers="1, 4, 16, 32 at a time on one GPU: how fast, how busy",
                run=partial(sharing, assignment=name),
            )
            for name in [one for one in _SHARED if one in names] or names[:1]
        ),
    ]


def chosen(parts: Sequence[Part], wanted: Sequence[str]) -> Sequence[Part]:
    """Return the parts of these names, `class` and `sharing` being all of their kind; none: all.

    Raise AutograderError for a name that is none.
    """
    known = {part.name for part in parts} | {part.name.partition("-")[0] for part in parts}
    if unknown := [name for name in wanted if name not in known]:
        raise AutograderError(f"There is no part {unknown[0]!r}; `autograder accept gpu --list` shows them.")
    return [part for part in parts if not wanted or {part.name, part.name.partition("-")[0]} & set(wanted)]


def run_part(
    part: Part, course: Course, devices: Devices, output: Path, *, most: int | None = None, command: str = ""
) -> Findings:
    """Run one part and write its file; what stops it is a finding too.

    Raise AutograderError where the checkout lacks what it needs.
    """
    if lacking := [name for name in part.needs if not (course.root / name).exists()]:
        raise AutograderError(f"{course.root} has no {lacking[0]}, which part {part.name} needs; run it in a checkout.")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="autograder-accept-") as work:
        try:
            findings = part.run(Place(course=course, devices=devices, work=Path(work), most=most))
        except (AutograderError, SandboxError, OSError) as error:
            findings = Findings(
                findings=[Finding(what="the part runs to its end", verdict=Verdict.WRONG, seen=str(error))]
            )
    about = {"part": part.name, "device": devices.kind, "machine": _machine(), "command": command}
    about |= {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    write_findings(output / f"{part.name}.json", findings, {**about, "seconds": round(time.monotonic() - began, 1)})
    return findings


def _machine() -> str:
    return f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}"

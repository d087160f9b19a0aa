"""What a part of the acceptance found, and the file that keeps it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.atomic_files import write_atomically
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.grading.devices import Devices

__all__ = ["NO_GPU", "Finding", "Findings", "Place", "Verdict", "not_tried", "read_findings", "write_findings"]

NO_GPU = "no GPU"


class Verdict(StrEnum):
    """Say what came of one thing that was looked at."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a part works."""

    course: Course
    devices: Devices
    work: Path
    """An empty folder of the part's own, for what it makes on the way."""
    most: int | None = None
    """How many submissions at a time, at most; None: all that are asked for."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    seen: str = ""
    """What was seen, or why nothing was tried."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that a part found."""

    findings: Sequence[Finding]
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """A table by columns; None is a value that could not be measured."""


def not_tried(*what: str, why: str = NO_GPU) -> list[Finding]:
    """Return findings for what this host cannot show."""
    return [Finding(what=one, verdict=Verdict.NOT_TRIED, seen=why) for one in what]


def write_findings(path: Path, findings: Findings, about: Mapping[str, Any]) -> None:
    """Write a part's file, whole or not at all."""
    write_atomically(path, (json.dumps({**about, **asdict(findings)}, indent=1) + "\n").encode())


def read_findings(path: Path) -> tuple[Findings, Mapping[str, Any]]:
    """Read a part's file and what stands about it; raise AutograderError for what is none."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        findings = Findings(
            findings=[Finding(**{**one, "verdict": Verdict(one["verdict"])}) for one in raw.pop("findings")],
            columns=raw.pop("columns"),
            rows=raw.pop("rows"),
        )
        return findings, {name: raw[name] for name in ("part", "device", "machine", "seconds", "at", "command")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AutograderError(
            f"{path} is no file of an acceptance ({error}); delete it and run its part again."
        ) from error

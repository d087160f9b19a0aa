"""Grade a folder of submissions by `autograder grade`, as an operator does, and measure what it takes."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.errors import AutograderError
from autograder.results import Result, read_results

__all__ = ["Batch", "grade_folder"]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch that has ended."""

    results: Mapping[str, Result]
    """By student."""
    wall_seconds: float
    cpu_seconds: float
    finished: int
    """How many submissions were done in the time that there was."""
    begun: Sequence[str]
    """The students whose submissions were begun, in that order: one that is graded again alone is there twice."""
    per_minute: float | None
    """From the first that began to the last that was done, without the start; None where none was done."""


def grade_folder(
    root: Path, assignment: str, submissions: Path, results: Path, *, device: str, workers: int | None, seconds: float
) -> Batch:
    """Grade all of it, or what is done after so many seconds; raise AutograderError where nothing goes at all."""
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        assignment,
        "--course",
        str(root),
        "--untried",
        "--log",
        "json",
    ]
    command += ["--submissions", str(submissions), "--results", str(results), "--device", device]
    command += ["--workers", str(workers)] if workers else []
    results.parent.mkdir(parents=True, exist_ok=True)
    log, errors = results.with_suffix(".log"), results.with_suffix(".err")
    before, began = _cpu_seconds(), time.monotonic()
    with log.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=os.environ)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()  # what is at work is abandoned, what is done is kept
            process.wait()
    events = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    done = [event for event in events if event["event"] == "finished"]
    begun = [event for event in events if event["event"] == "started"]
    if not begun:
        raise AutograderError(f"`autograder grade {assignment} --device {device}`: {errors.read_text()[-400:].strip()}")
    return Batch(
        results={one.student: one for one in read_results(results, assignment)},
        wall_seconds=time.monotonic() - began,
        cpu_seconds=_cpu_seconds() - before,
        finished=len(done),
        begun=[str(event["student"]) for event in begun],
        per_minute=_rate(begun, done),
    )


def _rate(begun: Sequence[Mapping[str, object]], done: Sequence[Mapping[str, object]]) -> float | None:
    if not done:
        return None
    first, last = _seconds(begun[0]), _seconds(done[-1])
    return 60 * len(done) / (last - first) if last > first else None


def _seconds(event: Mapping[str, object]) -> float:
    return datetime.fromisoformat(str(event["time"])).timestamp()


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

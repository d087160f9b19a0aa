"""Part `tests`: the tests marked `gpu`, or what of the same files needs none."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

from autograder.acceptance.findings import Finding, Findings, Place, Verdict, not_tried

__all__ = ["SUITE", "suite"]

SUITE = "tests/autograder"
_FILES = ("test_devices.py", "attacks/test_gpu_attacks.py")
_SECONDS = 500


def suite(place: Place) -> Findings:
    """Run them in a process of their own; each test is a finding, a skipped one was not tried."""
    report = place.work / "report.xml"
    files = [str(place.course.root / SUITE / name) for name in _FILES]
    which = ["-m", "gpu"] if place.devices.gpus else ["-k", "not student_sees"]
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=--import-mode=importlib", *which]
    command += ["-W", "ignore::pytest.PytestConfigWarning", f"--junitxml={report}", *files]
    try:
        done = subprocess.run(
            command,
            cwd=place.course.root,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Findings(findings=[_wrong("the tests end", f"not within {_SECONDS} seconds")])
    if not report.exists():
        return Findings(findings=[_wrong("the tests run", (done.stdout + done.stderr)[-500:])])
    found = [_finding(case) for case in ET.parse(report).iter("testcase")]  # noqa: S314 - written by our own pytest
    if not found:
        found = [_wrong("there are tests to run", done.stdout[-500:])]
    return Findings(findings=found)


def _wrong(what: str, seen: str) -> Finding:
    return Finding(what=what, verdict=Verdict.WRONG, seen=seen)


def _finding(case: ET.Element) -> Finding:
    name = str(case.get("name")).removeprefix("test_").replace("_", " ")
    for kind in ("failure", "error"):
        if (trouble := case.find(kind)) is not None:
            return _wrong(name, str(trouble.get("message"))[:300])
    if (skipped := case.find("skipped")) is not None:
        return not_tried(name, why=str(skipped.get("message")))[0]
    return Finding(what=name, verdict=Verdict.RIGHT)

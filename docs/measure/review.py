"""Measure how long the review's pages take for a class: simulated notebooks, with results that nobody graded.

    python docs/measure/review.py --students 300

What is measured is the answer of `autograder serve` to a browser's request, from its sending to its last byte: the list
of questions and the question with the largest group, each seen first and again, and giving a comment to that group.
"""

import argparse
import http.cookiejar
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from gradebook import ASSIGNMENT, make_class

REPOSITORY = Path(__file__).parents[2]
QUESTION = "MLP"


def make_course(root: Path, students: int) -> None:
    """Write a course, and what a batch would leave of its class."""
    for name in ("source", "tests", "release", "solutions", "data"):
        (root / name).symlink_to(REPOSITORY / name)
    shutil.copyfile(REPOSITORY / "course_config.py", root / "course_config.py")
    make_class(students, root / "submitted", root / "results")


def main() -> None:
    """Make the class, serve it, and time what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=300)
    students = parser.parse_args().students
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        root = Path(folder)
        make_course(root, students)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "autograder", "serve", "--course", folder, "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                address = next(line.strip() for line in server.stdout if "?token=" in line)
                measure(address, server.pid)
            finally:
                server.terminate()


def processor_seconds(pid: int) -> float:
    """Return what a process has computed so far: what it takes where nobody else computes."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(address: str, pid: int) -> None:
    """Ask for pages as a browser does, and print how long each takes."""
    base = address.partition("/?")[0]
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    opener.open(address).close()

    def timed(what: str, path: str, form: "list[tuple[str, str]] | None" = None) -> str:
        content = urllib.parse.urlencode(form).encode() if form else None
        began, computed = time.perf_counter(), processor_seconds(pid)
        request = urllib.request.Request(f"{base}{path}", content, {"Origin": base})  # noqa: S310 - our own server
        with opener.open(request) as answer:
            page = answer.read().decode()
        seconds, computed = time.perf_counter() - began, processor_seconds(pid) - computed
        print(f"{what}: {seconds:.2f} s, {computed:.2f} s of a processor, {len(page) / 1000:.0f} kB")
        return page

    questions = f"/assignments/{ASSIGNMENT}/review"
    timed("all questions, first", questions)
    timed("all questions, again", questions)
    page = timed(f"{QUESTION}, first", f"{questions}/{QUESTION}")
    page = timed(f"{QUESTION}, again", f"{questions}/{QUESTION}")
    form = re.search(r'<form id="give".*?</form>', page, re.DOTALL)
    assert form is not None
    values = re.findall(r'name="(group|names|seen|line|rubric|student)" value="([^"]*)"', form[0])
    chosen = sum(name == "student" for name, _ in values)
    timed(f"a comment to {chosen} answers", f"{questions}/{QUESTION}/give", [*values, ("comment", "Well done.")])


if __name__ == "__main__":
    main()

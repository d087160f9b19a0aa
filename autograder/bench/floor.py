"""Run the same cells and the same checks in forks of one zygote, with no walls: the least that grading can cost.

    python -m autograder.bench.floor COURSE ASSIGNMENT WORKERS SUBMISSIONS OUTPUT DEVICE

Cells are exec'ed, checks called; there is no protocol, no pytest, no IPython at work, no result file.
"""

import contextlib
import gc
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.bench.in_kernel import load_checks, prepared, run_check
from autograder.bench.subjects import Subject, checks_of, planned
from autograder.checks.catalogue import Check
from autograder.course import Course, load_course
from autograder.sandbox.shared.libraries import load_libraries

__all__ = ["main"]


def _grade(course: Course, assignment: str, subject: Subject, checks: Sequence[Check], device: str) -> float:
    """Return the points of one submission; everything in this process."""
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 - loaded before the fork

    transform = TransformerManager().transform_cell
    namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": lambda: None}
    score = 0.0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for cell in planned(course, assignment, subject):
            with contextlib.suppress(Exception, SystemExit):
                exec(compile(transform(cell.source), cell.name, "exec"), namespace)  # noqa: S102 - the floor has no walls
        for check in checks:
            with contextlib.suppress(Exception, SystemExit):
                run_check(str(course.root), assignment, check.id, namespace, subject.student, device=device)
                score += check.points
    return score


def main(arguments: Sequence[str]) -> None:
    """Grade every submission in a folder, so many at a time, and write the points of each."""
    assignment, workers, device = arguments[1], int(arguments[2]), arguments[5]
    root, folder, output = (Path(arguments[place]) for place in (0, 3, 4))
    course = load_course(root)
    preparation = prepared(str(root), assignment)
    load_libraries(preparation.libraries)
    checks = checks_of(course, assignment)
    preparation.warm_up(frozenset({"reference", *course.loaders()}))
    for path in {check.path for check in checks}:
        load_checks(path)  # once, not in every fork
    sys.path.insert(0, str(course.release_notebook(assignment).parent))
    os.chdir(root)
    gc.collect()
    gc.freeze()
    # In the order in which `grade` takes them: where the long ones come last, one core waits for the other
    notebooks = sorted(folder.glob(f"*/{assignment}/{assignment}.ipynb"), reverse=True)
    waiting = [Subject(student=path.parent.parent.name, notebook=path) for path in notebooks]
    cores = sorted(os.sched_getaffinity(0))
    running: dict[int, tuple[int, int, str]] = {}
    scores: dict[str, float] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            subject, slot = waiting.pop(), min(set(range(workers)) - {slot for slot, _, _ in running.values()})
            ours, theirs = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.sched_setaffinity(0, {cores[slot % len(cores)]})
                score = _grade(course, assignment, subject, checks, device)
                os.write(theirs, str(score).encode())
                os._exit(0)
            os.close(theirs)
            running[pid] = (slot, ours, subject.student)
        pid, _ = os.wait()
        _, ours, student = running.pop(pid)
        with os.fdopen(ours) as pipe:
            scores[student] = float(pipe.read() or "nan")
    output.write_text(json.dumps(scores))


if __name__ == "__main__":
    main(sys.argv[1:])

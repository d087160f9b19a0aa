"""Compare the two worlds of a public check: in the student's notebook, with otter, and in grading."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.answer_files import fill_in_files, read_text
from autograder.checks.catalogue import Check
from autograder.checks.surroundings import checks_environment
from autograder.course import Budget
from autograder.errors import ValidationError
from autograder.results import CheckStatus
from autograder.validate.candidates import Candidate
from autograder.validate.many_students import student_id
from autograder.validate.order import in_the_batch
from autograder.validate.series_process import Judged

__all__ = ["Passed", "differences_of_worlds", "run_in_notebook"]

Passed = Mapping[str, Mapping[str, bool]]
"""By question and function of a check: whether otter passes it in the notebook itself."""


def run_in_notebook(
    notebook: Path,
    candidates: Sequence[Candidate],
    libraries: Sequence[str],
    budget: Budget,
    workers: int,
    *,
    files: Sequence[str] = (),
) -> dict[str, Passed]:
    """Run the public checks of each candidate in the notebook's own process, as students do; by its name.

    `files` are the names of those beside the notebook that students edit. Raise ValidationError where that cannot be
    done at all. An answer that ends its process, or hangs, passes nothing.
    """
    seconds = budget.notebook_seconds + 2 * budget.check_seconds
    with tempfile.TemporaryDirectory(prefix="autograder-validate-") as folder:
        answers = [_request_for(one, notebook.parent, files, Path(folder, str(n))) for n, one in enumerate(candidates)]
        return _run(notebook, [{**one, "seconds": seconds} for one in answers], libraries, workers)


def _request_for(candidate: Candidate, solutions: Path, files: Sequence[str], place: Path) -> dict[str, Any]:
    """Return what is asked about a candidate; files that it changes are written to `place`, if there are any."""
    cells = {question: candidate.cells[question] for question in candidate.changed}
    texts = fill_in_files(solutions, files, cells)
    changed = {name: text for name, text in texts.items() if text != read_text(solutions / name)}
    for name, text in changed.items():
        place.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return {
        "id": candidate.name,
        "cells": cells,
        "files_in": str(place) if changed else "",
        "questions": sorted(candidate.questions),
    }


def _run(
    notebook: Path, answers: Sequence[Mapping[str, Any]], libraries: Sequence[str], workers: int
) -> dict[str, Passed]:
    request: dict[str, Any] = {
        "notebook": str(notebook),
        "libraries": list(libraries),
        "student": student_id(0),
        "workers": workers,
        "answers": answers,
    }
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "autograder.validate.in_notebook"],
        input=json.dumps(request),
        env=checks_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise ValidationError(
            f"{notebook}: its public checks cannot be run in the notebook: "
            f"{ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else ended.returncode}"
        )
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    return {answer["id"]: answer["passed"] for answer in said}


def differences_of_worlds(
    candidates: Sequence[Candidate],
    checks: Sequence[Check],
    judged: Mapping[str, Sequence[Judged]],
    passed: Mapping[str, Passed],
) -> Iterator[str]:
    """Yield a sentence for each public check that judges an answer otherwise in the notebook than in grading."""
    for candidate in candidates:
        graded = in_the_batch(candidate, judged)
        for check in checks:
            if not check.public or check.id not in graded:
                continue
            here = passed.get(candidate.name, {}).get(check.question, {}).get(check.function.__name__, False)
            there = graded[check.id]
            if here != (there.status == CheckStatus.PASSED):
                message = f" ({there.message})" if there.message else ""
                name, verdict = candidate.name_for(check.question), "passes" if here else "fails"
                yield f"{check.id}: {name} {verdict} in the notebook, in grading it gets `{there.status}`{message}"

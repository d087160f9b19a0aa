"""Compare the two worlds of a public check: in the student's notebook, with otter, and in grading."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    notebook: Path, candidates: Sequence[Candidate], libraries: Sequence[str], budget: Budget, workers: int
) -> dict[str, Passed]:
    """Run the public checks of each candidate in the notebook's own process, as students do; by its name.

    Raise ValidationError where that cannot be done at all. An answer that ends its process, or hangs, passes nothing.
    """
    request: dict[str, Any] = {
        "notebook": str(notebook),
        "libraries": list(libraries),
        "student": student_id(0),
        "workers": workers,
        "answers": [
            {
                "id": candidate.name,
                "cells": {question: candidate.cells[question] for question in candidate.changed},
                "questions": sorted(candidate.questions),
                "seconds": budget.notebook_seconds + 2 * budget.check_seconds,
            }
            for candidate in candidates
        ],
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
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    return {answer["id"]: answer["passed"] for answer in answers}


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

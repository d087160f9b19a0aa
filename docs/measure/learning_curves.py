"""Measure between what the reference's training loss goes, as a grade sees it: write `tests/<assignment>/curves.json`.

    nice -n 10 python docs/measure/learning_curves.py mlp lenet batchnorm faster_rcnn mask_rcnn --seeds 6

The solution goes through each check that records a learning curve, once for each seed: for as many students, so that
turns, names and weights differ. Feedback shows a student's curve before the band between the least and the most.
"""

import argparse
import contextlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from autograder.atomic_files import write_atomically
from autograder.checks.learning_curves import CURVES, Band, band_of
from autograder.checks.plugin import CHECK_CONTEXTS
from autograder.results import CheckRecord

ROOT = Path(__file__).parents[2]
CHECKS = {
    "mlp": "test_training.py::test_accuracy_on_hidden_digits",
    "lenet": "test_training.py::test_accuracy_on_hidden_digits",
    "batchnorm": "test_training.py::test_accuracy_on_hidden_digits",
    "faster_rcnn": "test_finetune.py::test_it_finds_digits_in_hidden_scenes",
    "mask_rcnn": "test_finetune.py::test_it_cuts_digits_out_of_hidden_scenes",
}
"""The check of each assignment that records a curve."""


class Keep:
    """Keep the record of the one check that pytest runs."""

    records: Sequence[CheckRecord] = ()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Take it before the student's processes are ended."""
        self.records = [one for context in session.config.stash[CHECK_CONTEXTS].values() for one in context.records]


def record_of(assignment: str, seed: int) -> CheckRecord:
    """Return what the check finds of the solution; raise SystemExit where it is not right or no curve is seen."""
    keep, check = Keep(), CHECKS[assignment]
    solution = ROOT / "solutions" / assignment / f"{assignment}.ipynb"
    arguments = ["--submission", str(solution), "--student", f"curve-{seed}", "-q", "-p", "no:cacheprovider"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main(
            [*arguments, "--rootdir", str(ROOT), str(ROOT / "tests" / assignment / check)], plugins=[keep]
        )
    if code or len(keep.records) != 1 or not keep.records[0].curves:
        raise SystemExit(f"{assignment}, seed {seed}: no learning curve.\n{printed.getvalue()}")
    return keep.records[0]


def as_text(bands: dict[str, dict[str, Band]]) -> str:
    """Return the file's text: a line for each edge of a band."""
    text = json.dumps(
        {check: {of: asdict(band) for of, band in known.items()} for check, known in bands.items()}, indent=1
    )
    return re.sub(r"\[[^\]]*\]", lambda found: json.dumps(json.loads(found[0])), text) + "\n"


def main() -> None:
    """Measure and write, one training after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="+", choices=sorted(CHECKS))
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    for assignment in options.assignments:
        runs = []
        for seed in range(options.seeds):
            (curve,) = record_of(assignment, seed).curves
            print(
                f"{assignment}, seed {seed}: {curve.steps} steps, {curve.values[0]:g} to {curve.values[-1]:g}",
                flush=True,
            )
            runs.append(curve)
        path = ROOT / "tests" / assignment / CURVES
        text = as_text({CHECKS[assignment]: {runs[0].of: band_of(runs, runs=len(runs))}})
        write_atomically(path, text.encode())
        print(f"{path.relative_to(ROOT)}: {len(text)} bytes")


if __name__ == "__main__":
    main()

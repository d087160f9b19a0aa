"""Run the public checks on a solution as a student does, with otter in the notebook's own process.

    python -I -m autograder.validate.in_notebook NOTEBOOK

prints one JSON object: by question, the part of the public checks that the notebook's answer passes. The notebook is
run without the cells that grading leaves out, in its own folder, without isolation: it is for notebooks of our own.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autograder.notebooks import Tag, read_cells

__all__ = ["main"]


def main() -> None:
    """Run, check, print."""
    path = Path(sys.argv[1]).resolve()
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    with contextlib.redirect_stdout(io.StringIO()):
        passed = _passed(path)
    sys.stdout.write(json.dumps(passed) + "\n")


def _passed(path: Path) -> dict[str, float]:
    import otter  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to load

    shell: Any = InteractiveShell.instance()
    cells = read_cells(path)
    for cell in cells:
        if Tag.SKIP_GRADING not in cell.tags:
            shell.run_cell(cell.source, store_history=False)
    grader = otter.Notebook(path.name, tests_dir="tests")
    passed = {}
    for question in [cell.grade_id for cell in cells if cell.solution]:
        cases = grader.check(question, global_env=shell.user_ns).test_case_results
        passed[question] = sum(case.passed for case in cases) / len(cases)
    return passed


if __name__ == "__main__":
    main()

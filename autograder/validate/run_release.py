"""Run the released notebook as a student finds it: from top to bottom, with every stub still in place."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from autograder.checks.surroundings import notebook_environment
from autograder.course import Course
from autograder.datasets import link_data
from autograder.own_notebooks import is_solution, solution_cells

__all__ = ["Released", "run_release"]

_CELL_SECONDS = 300
_STUB = "is not written yet"
_PASSED = """
import json as _json
print(_json.dumps({
    question: (lambda cases: sum(case.passed for case in cases) / len(cases))(grader.check(question).test_case_results)
    for question in %r
}))
"""
"""Run behind the notebook's last cell: the part of each question's public checks that pass."""


@dataclass(frozen=True, kw_only=True)
class Released:
    """What a student finds who runs the untouched notebook."""

    problems: list[str]
    """A sentence for each cell that fails for another reason than a stub."""
    passed: dict[str, float]
    """By question: the part of its public checks that pass."""


def run_release(release: Path, course: Course, in_files: Sequence[str] = ()) -> Released:
    """Run the notebook at `release` in a folder of its own, with the course's data for students beside it.

    `in_files` are the questions whose answers stand in files beside it. Cells before the first stub must run; a later
    one may fail where it meets a stub, or a name that a stub leaves out.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-validate-") as folder:
        work = Path(folder) / release.parent.name
        shutil.copytree(release.parent, work)
        link_data(course, work)
        notebook = nbformat.read(work / release.name, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(_PASSED % [*solution_cells(notebook), *in_files]))
        client = NotebookClient(
            notebook,
            timeout=_CELL_SECONDS,
            allow_errors=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(work)}},
        )
        environment = notebook_environment(os.environ, Path(folder))
        asyncio.run(client.async_execute(env=environment))
    problems, behind_a_stub = [], bool(in_files)
    for number, cell in enumerate(notebook.cells[:-1], 1):
        behind_a_stub = behind_a_stub or is_solution(cell)
        error = _error(cell)
        if error and not _is_expected(error, behind_a_stub=behind_a_stub):
            problems.append(f"cell {number} of the release raises {error['ename']}: {error['evalue'][:200]}")
    printed = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    if not printed and not problems:
        problems.append("the public checks cannot be run in the release: its cell with `grader` does not work")
    return Released(problems=problems, passed=json.loads(printed.splitlines()[-1]) if printed else {})


def _error(cell: Mapping[str, Any]) -> Mapping[str, str] | None:
    errors = [output for output in cell.get("outputs", ()) if output["output_type"] == "error"]
    return json.loads(json.dumps(errors[0])) if errors else None


def _is_expected(error: Mapping[str, str], *, behind_a_stub: bool) -> bool:
    """Return whether an error is that of a stub, or of a name that an answer or a failed cell would have defined."""
    if error["ename"] == "NotImplementedError":
        return _STUB in error["evalue"]
    return behind_a_stub and error["ename"] == "NameError"

"""Run the released notebook as a student finds it: from top to bottom, with every stub still in place."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

__all__ = ["problems_of_release"]

_CELL_SECONDS = 300
_STUB = "is not written yet"


def problems_of_release(release: Path, data: Path) -> list[str]:
    """Return one sentence for each cell that fails for another reason than a stub; `release` is the notebook's path.

    Cells before the first stub must run; a later one may fail where it meets a stub, or a name that a stub leaves out.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-validate-") as folder:
        work = Path(folder) / release.parent.name
        shutil.copytree(release.parent, work)
        (work / "data").symlink_to(data.resolve())
        notebook = nbformat.read(work / release.name, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=_CELL_SECONDS,
            allow_errors=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(work)}},
        )
        client.execute()
    problems, missing = [], set()
    for number, cell in enumerate(notebook.cells, 1):
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            missing.add(str(marks["grade_id"]))
        error = _error(cell)
        if error and not _is_expected(error, missing):
            problems.append(f"cell {number} of the release raises {error['ename']}: {error['evalue'][:200]}")
    return problems


def _error(cell: Mapping[str, Any]) -> Mapping[str, str] | None:
    errors = [output for output in cell.get("outputs", ()) if output["output_type"] == "error"]
    return json.loads(json.dumps(errors[0])) if errors else None


def _is_expected(error: Mapping[str, str], missing: set[str]) -> bool:
    """Return whether an error is that of a stub, or of a name that an answer or a failed cell would have defined."""
    if error["ename"] == "NotImplementedError":
        return _STUB in error["evalue"]
    return bool(missing) and error["ename"] == "NameError"

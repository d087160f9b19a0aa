"""Execute the solved notebooks from top to bottom, as a student who has solved them sees them, and time each cell.

    python docs/measure/cells.py --report docs/measure/cells.md

In a Jupyter kernel, on the CPU, without the grader. About ten minutes on two cores; exit code 1 where a cell raises.
"""

import argparse
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.course import load_course

ROOT = Path(__file__).parents[2]
LIMIT = 1_800
"""Seconds for one cell."""


def main() -> int:
    """Print the table of each notebook, and their sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*", help="default: all of the course")
    parser.add_argument("--report", type=Path, help="write what is printed there too")
    options = parser.parse_args()
    names = options.assignments or [assignment.name for assignment in load_course(ROOT).assignments]
    cores = len(os.sched_getaffinity(0))
    command = " ".join(["python docs/measure/cells.py", *options.assignments])
    sums, tables, failed = [], [], False
    for name in names:
        notebook, raised = execute(name)
        failed = failed or raised
        rows = [row(cell, number) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]
        total = sum(seconds for _, seconds, _ in rows)
        slowest = max(rows, key=lambda one: one[1])
        sums.append(f"| {name} | {len(rows)} | {total:.0f} | {slowest[1]:.0f} s, cell {slowest[0]}: {slowest[2]} |")
        tables += ["", f"## {name}", "", "| cell | seconds | begins with |", "|--:|--:|---|"]
        tables += [f"| {number} | {seconds:.1f} | {beginning} |" for number, seconds, beginning in rows]
        print(sums[-1], flush=True)
    head = [f"Solved notebooks, executed on {cores} cores without a GPU, by `{command}`:", ""]
    head += ["| notebook | code cells | seconds | slowest |", "|---|--:|--:|---|"]
    text = "\n".join(["# Seconds of each cell", "", *head, *sums, *tables]) + "\n"
    if options.report:
        options.report.write_text(text)
    print(text)
    return int(failed)


def execute(name: str) -> tuple[Any, bool]:
    """Return the solved notebook, executed in its folder, and whether a cell raised."""
    folder = ROOT / "solutions" / name
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=LIMIT, record_timing=True, resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{name}: {error}")
        return notebook, True
    return notebook, False


def row(cell: Any, number: int) -> tuple[int, float, str]:
    """Return a code cell's number, its seconds, and its first line that says something."""
    times = cell.metadata.get("execution", {})
    ends = [times.get(key) for key in ("iopub.execute_input", "shell.execute_reply")]
    began, ended = (datetime.fromisoformat(text) if text else None for text in ends)
    seconds = (ended - began).total_seconds() if began and ended else 0.0
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("#")]
    return number, seconds, f"`{(lines or ['…'])[0][:60].replace('|', chr(0x2758))}`"


if __name__ == "__main__":
    raise SystemExit(main())

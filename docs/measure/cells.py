"""Execute the solved notebooks from top to bottom, as a student who has solved them sees them, and time each cell.

    python docs/measure/cells.py --report docs/measure/cells.md

In a Jupyter kernel, on the CPU, in one thread, without the grader. Seconds are those of the processor, which other work
on the machine does not change much, and those of the clock. What was executed is kept in build/executed/, to be read;
the report is on all that is there, so that one notebook can be executed again. Exit code 1 where a cell raises.
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
EXECUTED = ROOT / "build" / "executed"
LIMIT = 1_800
"""Seconds for one cell."""


def main() -> int:
    """Execute, keep, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*", help="default: all of the course")
    parser.add_argument("--report", type=Path, help="write what is printed there too")
    options = parser.parse_args()
    course = [assignment.name for assignment in load_course(ROOT).assignments]
    os.environ["OMP_NUM_THREADS"] = "1"  # for the kernels
    EXECUTED.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in options.assignments or course:
        notebook, raised = execute(name)
        failed = failed or raised
        nbformat.write(notebook, EXECUTED / f"{name}.ipynb")
        print(f"{name}: executed", flush=True)
    there = [name for name in course if (EXECUTED / f"{name}.ipynb").is_file()]
    text = report({name: nbformat.read(EXECUTED / f"{name}.ipynb", as_version=4) for name in there})
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    print(text)
    return int(failed)


def execute(name: str) -> tuple[Any, bool]:
    """Return the solved notebook, executed in its folder, and whether a cell raised."""
    folder = ROOT / "solutions" / name
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)

    def before(cell: Any, cell_index: int) -> None:  # noqa: ARG001 - nbclient names its arguments
        cell.metadata["processor"] = -processor_seconds(client.km.provisioner.pid)

    def after(cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG001
        cell.metadata["processor"] += processor_seconds(client.km.provisioner.pid)

    client = NotebookClient(
        notebook,
        timeout=LIMIT,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=before,
        on_cell_executed=after,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{name}: {error}")
        return notebook, True
    return notebook, False


def processor_seconds(pid: int) -> float:
    """Return what a process and its ended children have used of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def report(notebooks: dict[str, Any]) -> str:
    """Return the table of the notebooks, and one for each with its cells."""
    lines, tables = [], []
    for name, notebook in notebooks.items():
        rows = [row(cell, number) for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]
        processor, clock = (sum(one[column] for one in rows) for column in (1, 2))
        slowest = max(rows, key=lambda one: one[1])
        what = f"{slowest[1]:.0f} s, cell {slowest[0]}: {slowest[3]}"
        lines.append(f"| {name} | {len(rows)} | {processor:.0f} | {clock:.0f} | {what} |")
        tables += ["", f"## {name}", "", "| cell | processor | clock | begins with |", "|--:|--:|--:|---|"]
        tables += [f"| {number} | {used:.1f} | {took:.1f} | {beginning} |" for number, used, took, beginning in rows]
    head = ["# Seconds of each cell", "", "Solved notebooks, executed in one thread, without a GPU, by"]
    head += ["`python docs/measure/cells.py --report docs/measure/cells.md`. Processor: what the kernel computed;"]
    head += ["clock: what it took beside other work on the machine.", ""]
    head += ["| notebook | code cells | processor | clock | slowest |", "|---|--:|--:|--:|---|"]
    return "\n".join([*head, *lines, *tables]) + "\n"


def row(cell: Any, number: int) -> tuple[int, float, float, str]:
    """Return a code cell's number, its seconds of processor and clock, and its first line that says something."""
    times = cell.metadata.get("execution", {})
    ends = [times.get(key) for key in ("iopub.execute_input", "shell.execute_reply")]
    began, ended = (datetime.fromisoformat(text) if text else None for text in ends)
    clock = (ended - began).total_seconds() if began and ended else 0.0
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("#")]
    return number, cell.metadata.get("processor", 0.0), clock, f"`{(lines or ['…'])[0][:60].replace('|', chr(0x2758))}`"


if __name__ == "__main__":
    raise SystemExit(main())

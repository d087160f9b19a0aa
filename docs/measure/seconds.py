"""Print where the seconds of a batch went, from its results, as a Markdown table.

    python docs/measure/seconds.py --results build/demo/results parameter_counting mlp

Only submissions with full points (before a late penalty) count: they run everything once.
"""

import argparse
from pathlib import Path
from statistics import median

from autograder.results import read_results

STAGES = {
    "start": "the student process is forked and isolated",
    "notebook": "the notebook's cells",
    "answers": "the student's code in checks",
    "checks": "the checks process: pytest, checks, reference, hidden data",
    "rest": "the checks process: reading, planning",
}


def main() -> None:
    """Print one row per stage, one column per assignment: median seconds and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("assignments", nargs="+")
    options = parser.parse_args()
    columns = {}
    for assignment in options.assignments:
        results = [r for r in read_results(options.results, assignment) if r.score + r.penalty == r.max_score]
        rows = [{**r.timings, "rest": r.seconds - sum(r.timings.values()), "all": r.seconds} for r in results]
        columns[f"{assignment} ({len(rows)} submissions)"] = {key: median(row[key] for row in rows) for key in rows[0]}
    print("| seconds per submission, median |", *(f"{name} |" for name in columns))
    print("|---|", *("--:|" for _ in columns))
    for stage, words in STAGES.items():
        cells = (f"{column[stage]:.3f} ({column[stage] / column['all']:.0%}) |" for column in columns.values())
        print(f"| {words} |", *cells)
    print("| all |", *(f"{column['all']:.3f} |" for column in columns.values()))


if __name__ == "__main__":
    main()

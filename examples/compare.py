"""Compare the results of the sample class with the verdict that lies beside each submission.

    python examples/compare.py --results build/demo/results

Exit code 1 where one differs.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.results import Result, Status, read_result, result_path

CLASS = Path(__file__).parent / "class"


def main() -> int:
    """Print a row per submission."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    results: Path = parser.parse_args().results
    table = Table(title="The sample class, as expected?")
    for column in ("student", "assignment", "what it is", "score", "as expected"):
        table.add_column(column)
    wrong = 0
    scores: dict[str, list[Result]] = defaultdict(list)
    for student, assignment, expected in expectations():
        result = read_result(result_path(results, assignment, student))
        scores[student].append(result)
        differences = list(compare(expected, result))
        wrong += bool(differences)
        row = "yes" if not differences else "[red]" + "; ".join(differences)
        table.add_row(student, assignment, expected["what"], f"{result.score:g} / {result.max_score:g}", row)
    console = Console(width=150) if not sys.stdout.isatty() else Console()
    console.print(table)
    for student, results_of in scores.items():
        if len(results_of) == max(map(len, scores.values())):
            earned, most = (sum(getattr(result, name) for result in results_of) for name in ("score", "max_score"))
            console.print(f"{student}, who handed in all {len(results_of)} assignments: {earned:g} of {most:g} points")
    console.print(f"{table.row_count - wrong} of {table.row_count} verdicts as expected")
    return 1 if wrong else 0


def expectations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield student, assignment and expected verdict of each submission of the sample class."""
    for path in sorted(CLASS.glob("*/*/expected.json")):
        yield path.parent.parent.name, path.parent.name, json.loads(path.read_text(encoding="utf-8"))


def compare(expected: dict[str, Any], result: Result) -> Iterator[str]:
    """Yield in words where a result is not what was expected: status, score, points lost by question, a hint."""
    if result.status != expected["status"]:
        yield f"status is {result.status}, not {expected['status']}"
    if abs(result.score - expected["score"]) > 1e-6:
        yield f"score is {result.score:g}, not {expected['score']:g}"
    if result.status != Status.GRADED:
        return
    lost: dict[str, float] = defaultdict(float)
    for check in result.checks:
        lost[check.question] += check.points - check.score
    lost = {question: round(points, 6) for question, points in lost.items() if points > 1e-6}
    if lost != expected["lost"]:
        yield f"lost {lost}, not {expected['lost']}"
    messages = " ".join(check.message for check in result.checks)
    if expected.get("hint", "") not in messages:
        yield f"no hint says {expected['hint']!r}"


if __name__ == "__main__":
    raise SystemExit(main())

"""Grade an assignment that was imported: its solution, the blank release, and the solution with a wrong answer."""

import json
from pathlib import Path

from autograder.cli import main
from autograder.results import read_result, result_path


def one_line(text: str) -> str:
    """Return what a command says without its line breaks."""
    return " ".join(text.split())


def grade(root: Path, name: str, **cells: str) -> dict[str, float]:
    """Build and grade the solution, the release, and the solution with other cells; return the scores."""
    assert main(["build", name, "--course", str(root)]) == 0
    works = {tree: (root / tree / name / f"{name}.ipynb").read_text() for tree in ("solutions", "release")}
    wrong = json.loads(works["solutions"])
    for cell in wrong["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = cells.get(grade_id, cell["source"])
    for student, text in {**works, "wrong": json.dumps(wrong)}.items():
        place = root / "submitted" / student / name
        place.mkdir(parents=True)
        (place / f"{name}.ipynb").write_text(text)
    assert main(["grade", name, "--sandbox", "none", "--course", str(root)]) == 0
    return {s: read_result(result_path(root / "results", name, s)).score for s in (*works, "wrong")}

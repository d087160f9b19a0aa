"""A student opens the release in JupyterLab: the check names the task while it is blank, and passes once it is solved."""

import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]


def answer(assignment: str, question: str) -> str:
    """Return the solution's source for a question."""
    notebook = json.loads((ROOT / "solutions" / assignment / f"{assignment}.ipynb").read_text())
    return next(
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == question
    )


@pytest.mark.parametrize(("assignment", "question"), [("parameter_counting", "conv2d_parameters"), ("mlp", "MLP")])
def test_the_check_fails_blank_and_passes_solved(tmp_path, assignment, question):
    from lab_browser import open_notebook

    folder = tmp_path / assignment
    shutil.copytree(ROOT / "release" / assignment, folder)
    (tmp_path / "data").symlink_to(ROOT / "data")
    with open_notebook(folder, f"{assignment}.ipynb") as notebook:
        notebook.run(notebook.cell("import torch\n"))
        notebook.run(notebook.cell("import otter"))
        solution, check = notebook.cell(f" {question}("), notebook.cell(f'grader.check("{question}")')
        notebook.run(solution)
        blank = notebook.run(check)
        assert f"`{question}` is not written yet" in blank
        assert "passed" not in blank
        notebook.write(solution, answer(assignment, question))
        notebook.run(solution)
        solved = notebook.run(check)
        assert f"{question} passed!" in " ".join(solved.split())
        notebook.page.screenshot(path=tmp_path / "solved.png")


def test_every_cell_of_the_release_runs_but_for_the_stubs(tmp_path):
    """Whatever fails in a blank release fails because an answer is not there yet."""
    import nbformat
    from nbclient import NotebookClient

    for assignment in ("parameter_counting", "mlp"):
        folder = tmp_path / assignment
        shutil.copytree(ROOT / "release" / assignment, folder)
        if not (tmp_path / "data").exists():
            (tmp_path / "data").symlink_to(ROOT / "data")
        notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
        client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}})
        client.execute()
        errors = [
            output
            for cell in notebook.cells
            if cell.cell_type == "code"
            for output in cell.outputs
            if output.output_type == "error"
        ]
        assert errors, "a blank release has stubs"
        assert {error.ename for error in errors} <= {"NotImplementedError", "NameError"}

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


QUESTIONS = [
    ("parameter_counting", "conv2d_parameters"),
    ("mlp", "MLP"),
    ("lenet", "LeNet5"),
    ("batchnorm", "batch_norm_2d"),
    ("faster_rcnn", "box_iou"),
    ("mask_rcnn", "masks_to_boxes"),
]
"""That the whole of each release runs up to its stubs, `autograder validate` sees to."""


@pytest.mark.parametrize(("assignment", "question"), QUESTIONS)
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

"""A student opens the release in JupyterLab: the check names the task while it is blank, and passes once it is solved."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab_browser import answer

if TYPE_CHECKING:
    from lab_browser import Lab

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]


QUESTIONS = [
    ("parameter_counting", "conv2d_parameters"),
    ("mlp", "MLP"),
    ("batchnorm", "batch_norm_2d"),
    ("faster_rcnn", "box_iou"),
    ("mask_rcnn", "masks_to_boxes"),
]
"""That the whole of each release runs up to its stubs, `autograder validate` sees to."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Lab"]:
    """JupyterLab with all releases."""
    from lab_browser import serve

    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "release", folder, dirs_exist_ok=True)
    (folder / "data").symlink_to(ROOT / "data")
    with serve(folder) as lab:
        yield lab


@pytest.mark.parametrize(("assignment", "question"), QUESTIONS)
def test_the_check_fails_blank_and_passes_solved(lab, tmp_path, assignment, question):
    with lab.open(f"{assignment}/{assignment}.ipynb") as notebook:
        notebook.run(notebook.cell("import torch\n"))
        notebook.run(notebook.cell("import otter"))
        solution, check = notebook.cell(f" {question}("), notebook.cell(f'grader.check("{question}")')
        notebook.run(solution)
        blank = notebook.run(check)
        assert f"{question} is not written yet" in blank
        assert "passed" not in blank
        notebook.write(solution, answer(assignment, question))
        notebook.run(solution)
        solved = notebook.run(check)
        assert f"{question} passed!" in " ".join(solved.split())
        notebook.page.screenshot(path=tmp_path / "solved.png")

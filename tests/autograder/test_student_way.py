"""A student goes from the archive of a release to handing in, with nothing of this project installed."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab_browser import answer

from autograder.authoring.archive import pack

if TYPE_CHECKING:
    from lab_browser import Lab

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]

STUBS = {
    "feature_shapes": "# The shape behind each block",
    "LeNet5": "class LeNet5(",
    "train_lenet": "def train_lenet(",
    "translate": "def translate(",
}
"""The questions of lenet, each with how its stub begins."""


@pytest.fixture
def own_computer(tmp_path: Path) -> Iterator[tuple["Lab", Path]]:
    """JupyterLab in a folder where a student has unpacked lenet's archive, with nothing of this project installed."""
    from lab_browser import bare_environment, serve

    python = bare_environment(tmp_path / "venv")
    command = [python, "-c", "import torch, otter, autograder"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "No module named 'autograder'" in found.stderr, "all but this project is there"
    folder = tmp_path / "student"
    release = ROOT / "release" / "lenet"
    files = {path.relative_to(release): path.read_bytes() for path in release.rglob("*.*") if path.is_file()}
    with zipfile.ZipFile(io.BytesIO(pack("lenet", files))) as archive:
        archive.extractall(folder)
    (folder / "data").symlink_to(ROOT / "data")
    with serve(folder, python) as lab:
        yield lab, folder / "lenet"


def test_a_student_goes_from_the_archive_through_red_and_green_to_handing_in(own_computer, tmp_path):
    lab, folder = own_computer
    with lab.open("lenet/lenet.ipynb") as notebook:
        stubs = {question: notebook.cell(start) for question, start in STUBS.items()}
        checks = {question: notebook.cell(f'grader.check("{question}")') for question in STUBS}
        solution = stubs["feature_shapes"]
        for index in notebook.code_cells():
            if index < solution:
                notebook.run(index)
        notebook.write(solution, 'feature_shapes = {"block1": (1, 16, 14, 14), "block2": (1, 32, 7, 7)}')
        notebook.run(solution)
        red = notebook.run(checks["feature_shapes"])
        notebook.page.screenshot(path=tmp_path / "red.png")
        said = [line for line in red.splitlines() if line.strip()]
        assert said[2] == "feature_shapes message:", red
        assert "leave the batch dimension out" in said[3], "the hint comes first"
        for question in STUBS:
            notebook.write(stubs[question], answer("lenet", question))
            notebook.run(stubs[question])
            assert f"{question} passed!" in " ".join(notebook.run(checks[question]).split())
            notebook.page.screenshot(path=tmp_path / f"{question}.png")
        notebook.save()
        said = notebook.run(notebook.cell("from hand_in import hand_in"), seconds=240)
        notebook.page.screenshot(path=tmp_path / "handed-in.png")
    (handed_in,) = folder.glob("*.zip")
    with zipfile.ZipFile(handed_in) as archive:
        assert any(name.endswith("lenet.ipynb") for name in archive.namelist()), archive.namelist()
    assert "Everything is green" in said

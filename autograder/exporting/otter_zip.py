"""Pack an assignment's public checks as the `autograder.zip` that `otter run` and `otter grade` take."""

import io
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.exporting.archive import zip_of

__all__ = ["otter_zip"]

_LEFT_OUT = {"README.md", "requirements.txt", "tests"}
"""What a release has beside its notebook and that needs no place among the notebook's files."""


def otter_zip(course: Course, assignment: Assignment) -> bytes:
    """Return what `otter generate` makes of the release: the public checks with their points, and the notebook's files.

    The same release gives the same bytes. Raise AutograderError where there is no release, or otter refuses, and
    ModuleNotFoundError without otter.
    """
    notebook = course.release_notebook(assignment.name)
    release = notebook.parent
    if not notebook.is_file():
        raise AutograderError(
            f"There is no release of {assignment.name!r} yet; run `autograder build {assignment.name}`."
        )
    if not any((release / "tests").glob("*.py")):
        raise AutograderError(f"{assignment.name} has no public checks, so there is nothing that otter could grade.")
    if find_spec("otter") is None:
        raise ModuleNotFoundError("No module named 'otter'", name="otter")
    visible = (path.name for path in release.iterdir() if not path.name.startswith("."))
    left_out = {notebook.name, *_LEFT_OUT, *assignment.files}  # otter would put these over what was handed in
    files = sorted(name for name in visible if name not in left_out)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "autograder.zip"
        command = [sys.executable, "-m", "otter", "generate", "--tests-dir", "tests", "--output-path", str(made)]
        if (release / "requirements.txt").is_file():
            command += ["--requirements", "requirements.txt"]
        done = subprocess.run(
            [*command, "--no-environment", *files],
            cwd=release,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0 or not made.is_file():
            raise AutograderError(
                f"otter generate refuses the release of {assignment.name}: {done.stdout.strip()[-500:]}"
            )
        return _with_steady_bytes(made.read_bytes())


def _with_steady_bytes(content: bytes) -> bytes:
    """Return the same zip, its files in order and without times."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(set(archive.namelist()))
        files = {name: archive.read(name) for name in names if not name.endswith("/") and "__pycache__" not in name}
    return zip_of(files, executable={name for name in files if name.endswith(".sh") or name == "run_autograder"})

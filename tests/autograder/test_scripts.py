"""The scripts that draw and measure can be started: what they import is there."""

import subprocess
import sys

import pytest
from tiny_course import REPOSITORY

SCRIPTS = sorted(
    path
    for folder in ("docs", "data", "examples")
    for path in (REPOSITORY / folder).rglob("*.py")
    if "class" not in path.relative_to(REPOSITORY).parts and 'if __name__ == "__main__":' in path.read_text()
)
LOAD_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    sys.path[0] = path.rpartition("/")[0]
    try:
        runpy.run_path(path, run_name="loaded")
    except Exception as error:
        print(f"{path}: {type(error).__name__}: {error}")
"""


def load(paths) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, *map(str, paths)], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_every_script_can_be_loaded():
    assert len(SCRIPTS) > 20
    assert load(SCRIPTS) == ""


def test_one_that_lacks_a_module_would_be_seen(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import not_there\n")
    assert "ModuleNotFoundError: No module named 'not_there'" in load([script])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_it_says_what_it_is_for_and_how_it_is_called(path):
    text = path.read_text()
    assert f"python {path.relative_to(REPOSITORY).as_posix()}" in text.partition("import ")[0]

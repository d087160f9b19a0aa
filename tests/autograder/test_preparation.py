"""What all submissions share is prepared as at a student's."""

import contextlib
import json
from pathlib import Path

from tiny_course import code, make_course, marks

from autograder.checks.preparation import Preparation
from autograder.course import load_course


def test_the_reference_finds_files_beside_its_notebook(tmp_path):
    root = make_course(tmp_path / "course")
    path = root / "source" / "tiny" / "tiny.ipynb"
    (path.parent / "tables").mkdir()
    (path.parent / "tables" / "words.txt").write_text("read")
    content = json.loads(path.read_text())
    reading = "from pathlib import Path\nword = Path('tables/words.txt').read_text()\nPath('made.txt').touch()"
    content["cells"].append(code("words", reading, marks("words")))
    path.write_text(json.dumps(content))
    course, before = load_course(root), Path.cwd()
    preparation = Preparation(course, course.assignment("tiny"))
    with preparation.working_folder() as folder, contextlib.chdir(folder):
        assert preparation.reference("ada").word == "read"
        assert (folder / "made.txt").exists()
    assert not folder.exists()
    assert Path.cwd() == before
    assert not (path.parent / "made.txt").exists()
    assert not Path("made.txt").exists()

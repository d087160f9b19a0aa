"""What `otter run` needs of an assignment, in the zip that it takes."""

import json
import subprocess
import sys

import pytest
from tiny_course import RIGHT, make_numpy_course, submit
from tiny_course import numpy_answers as answers

from autograder.cli import main


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = make_numpy_course(tmp_path_factory.mktemp("otter") / "course")
    (root / "source" / "tiny" / "words.txt").write_text("a file of the notebook's own\n")
    assert main(["build", "--course", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def autograder_zip(course):
    path = course / "results" / "tiny" / "otter-autograder.zip"
    assert main(["export", "otter", "tiny", "--course", str(course)]) == 0
    return path


def test_the_same_release_gives_the_same_bytes(course, autograder_zip, tmp_path):
    again = tmp_path / "again.zip"
    assert main(["export", "otter", "tiny", "--course", str(course), "--output", str(again)]) == 0
    assert again.read_bytes() == autograder_zip.read_bytes()


def test_otter_grades_with_the_public_checks(course, autograder_zip, tmp_path):
    """`double` has one public check of a point; that of `answer` looks at the form, for none."""
    reads = "assert open('words.txt').read()"
    wrong = RIGHT.replace("return", "return 1 + ", 1)
    assert wrong != RIGHT
    for student, source in {"right": f"{reads}\n{RIGHT}", "wrong": wrong}.items():
        submit(course, student, *answers(source))
    scores = {student: otter_scores(course, autograder_zip, tmp_path, student) for student in ("right", "wrong")}
    assert scores["right"] == {"double": (1, 1), "answer": (0, 0)}
    assert scores["wrong"] == {"double": (0, 1), "answer": (0, 0)}


def otter_scores(course, autograder_zip, folder, student):
    output = folder / student
    output.mkdir()
    notebook = course / "submitted" / student / "tiny" / "tiny.ipynb"
    command = [sys.executable, "-m", "otter", "run", "--no-logo", "-a", str(autograder_zip), "-o", str(output)]
    done = subprocess.run([*command, str(notebook)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tests = json.loads((output / "results.json").read_text())["tests"]
    return {one["name"]: (one["score"], one["max_score"]) for one in tests if "max_score" in one}


def test_without_a_release_it_is_one_sentence(tmp_path, capsys):
    root = make_numpy_course(tmp_path / "course")
    assert main(["export", "otter", "tiny", "--course", str(root)]) == 2
    assert "run `autograder build tiny`" in " ".join(capsys.readouterr().err.split())

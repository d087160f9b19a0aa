"""Make a course in which the commands of the documentation can be run: what they name is there, and it needs no torch.

It is the course of `autograder new course` twice, as the assignments `mlp` and `lenet`, with a question `MLP`.
"""

import json
import re
import shutil
import zipfile
from pathlib import Path

from tiny_course import code, marks, notebook

from autograder.cli import main

__all__ = ["make_console_course"]

NAMES = ("mlp", "lenet")
GRADES = """Student,ID,SIS User ID,SIS Login ID,Section,MLP (53170)
    Points Possible,,,,,14
"Lovelace, Ada",101,ada,ada,CNN,
"""
ANSWER = "### BEGIN SOLUTION\ndef twice(x):\n    return 2 * x\n### END SOLUTION"
TESTS = "assert twice(2) == 4"


def make_console_course(root: Path) -> Path:
    """Write the course, its release, a class's submissions, and files as they come from elsewhere."""
    assert main(["new", "course", str(root)]) == 0
    template = shutil.move(root, root.with_name("template"))
    config = (template / "course_config.py").read_text()
    [entry] = re.findall(r"^        Assignment\(\n.*?^        \),\n", config, re.MULTILINE | re.DOTALL)
    root.mkdir()
    (root / "course_config.py").write_text(config.replace(entry, "".join(_named(entry, name) for name in NAMES)))
    shutil.copy(template / ".autograder-secret", root)
    for name in NAMES:
        for path in (path for kind in ("source", "tests") for path in (template / kind).rglob("*") if path.is_file()):
            _put(root / _named(str(path.relative_to(template)), name), _named(path.read_text(), name))
    assert main(["build", "--course", str(root)]) == 0
    for name in NAMES:
        right, blank = (root / kind / name / f"{name}.ipynb" for kind in ("solutions", "release"))
        for student, answers in (("ada", right), ("bob", right), ("cid", blank)):
            for file in (answers, answers.with_name("layers.py")):
                _put(root / "submitted" / student / name / file.name, file.read_text())
        _put(root / "2025" / "submitted" / "eve" / name / f"{name}.ipynb", right.read_text())
    mlp = (root / "solutions" / "mlp" / "mlp.ipynb").read_text()
    with zipfile.ZipFile(root / "submissions.zip", "w") as archive:
        archive.writestr("dan.ipynb", mlp)
    for place, text in {
        "grades.csv": GRADES,
        "some/mlp.ipynb": mlp,
        "points.csv": "student,question,points,comment,who\nbob,MLP,1,A good beginning.,Eva\n",
        "my.ipynb": json.dumps(notebook(code("a", ANSWER))),
        "my_helpers.py": "",
        "figures/a.txt": "a figure",
        "their_course/source/ps1/ps1.ipynb": json.dumps(_nbgraders()),
        "hw01.ipynb": json.dumps(_otters()),
        "hw01/hw01.ipynb": json.dumps(_otters()),
    }.items():
        _put(root / place, text)
    return root


def _named(text: str, name: str) -> str:
    """Return a text of the template's for an assignment of another name, its question MLP worth 4 points."""
    text = text.replace("first_steps", name).replace("points=12", "points=14")
    text = re.sub(r'(question\("RunningMean"\)\n@pytest\.mark\.)points\(1\)', r"\1points(3)", text)
    return text.replace("RunningMean", "MLP")


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _nbgraders() -> dict:
    """Return a notebook of nbgrader's, with an answer and a cell of tests."""
    tests = {"nbgrader": {**marks("tests")["nbgrader"], "grade": True, "points": 2}}
    return notebook(code("a", ANSWER, marks("answer", solution=True)), code("t", TESTS, tests))


def _otters() -> dict:
    """Return a source notebook of otter's, with one question."""
    solution = "# BEGIN SOLUTION\ndef twice(x):\n    return 2 * x\n# END SOLUTION"
    cells = [
        *(_raw("# ASSIGNMENT CONFIG"), _raw("# BEGIN QUESTION\nname: q1\npoints: 2"), _raw("# BEGIN SOLUTION")),
        *(code("a", solution), _raw("# END SOLUTION"), _raw("# BEGIN TESTS"), code("t", TESTS)),
        *(_raw("# END TESTS"), _raw("# END QUESTION")),
    ]
    return notebook(*({**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)))


def _raw(source: str) -> dict:
    return {"cell_type": "raw", "id": "", "metadata": {}, "source": source}

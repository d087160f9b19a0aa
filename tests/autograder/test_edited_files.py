"""A file beside the notebook that students edit: built with stubs, handed in with the notebook, graded, and confined."""

import json
import os
import shutil
import sys
import traceback
import types
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from author_course import Author
from edited_file import CHECKS, LAYERS, RIGHT, with_edited_file
from tiny_course import code, marks, notebook

from autograder.answer_files import answers_in, fill_in_file, read_handed_in_files
from autograder.authoring import hand_in as hand_in_cell
from autograder.authoring.assignment import build_trees, compare
from autograder.authoring.edited_files import EditedFile
from autograder.cli import main
from autograder.course import load_course
from autograder.errors import BuildError
from autograder.feedback.as_text import as_markdown
from autograder.feedback.feedback import gather
from autograder.feedback.students import graded_students
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Job
from autograder.grading.ray.bundle import pack_job, unpack_job
from autograder.grading.submissions import read_submission
from autograder.results import CheckStatus, Flag, Result, read_result, result_path
from autograder.settlement import open_settlement

WRONG = RIGHT.replace("tripled + 1", "tripled")
RAISES = RIGHT.replace("return tripled + 1", "return tripled / 0 + 1")
STUB = 'raise NotImplementedError("`forward` is not written yet")'
SECRET = "root:x:0"
"""What a link to /etc/passwd would show."""


@dataclass(frozen=True, kw_only=True)
class Class:
    """The course, and what its students got."""

    root: Path
    results: dict[str, Result]

    def of(self, student: str) -> dict[str, CheckStatus]:
        """Return how the checks of the file's question ended."""
        return {c.id.partition("::")[2]: c.status for c in self.results[student].checks if c.question == "forward"}


def hand_in(root: Path, student: str, make: Callable[[Path], object] | str | None) -> Path:
    """Hand in the solution's notebook, and beside it a file of this text, or whatever is made at its place."""
    folder = root / "submitted" / student / "week"
    folder.mkdir(parents=True)
    shutil.copy(root / "solutions/week/week.ipynb", folder)
    path = folder / "layers.py"
    if isinstance(make, str):
        path.write_text(make)
    elif make is not None:
        make(path)
    return path


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


NOT_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "host": (lambda path: path.symlink_to("/etc/passwd"), "is a symbolic link"),
    "neighbour": (lambda path: path.symlink_to(path.parents[2] / "ada/week/layers.py"), "is a symbolic link"),
    "pipe": (os.mkfifo, "is a named pipe"),
    "sparse": (sparse, "has 10240 MB; shorten it, at most 1 MB are read"),
    "folder": (Path.mkdir, "is a folder"),
}


def grade(root: Path) -> dict[str, Result]:
    assert main(["grade", "week", "--workers", "2", "--course", str(root)]) == 0
    students = [path.name for path in (root / "submitted").iterdir() if not path.name.startswith(".")]
    return {student: read_result(result_path(root / "results", "week", student)) for student in students}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """The course, built, and a class graded."""
    author = Author(tmp_path_factory.mktemp("files") / "course")
    with_edited_file(author)
    root = author.root
    assert main(["build", "--course", str(root)]) == 0
    assert main(["build", "--check", "--course", str(root)]) == 0
    texts = {"ada": RIGHT, "bo": WRONG, "cy": None, "di": RAISES, "ed": LAYERS[:80] + "(\n", "fay": WRONG, "gus": WRONG}
    for student, make in texts.items():
        hand_in(root, student, make)
    (root / "submitted/fay/week/helpers.py").write_text("def helper(x):\n    return x\n")
    for student, (strange, _) in NOT_FILES.items():
        hand_in(root, student, strange)
    return Class(root=root, results=grade(root))


# Building


def test_students_get_a_stub_and_the_solutions_hold_the_answer(graded):
    release, solution = (graded.root / tree / "week" / "layers.py" for tree in ("release", "solutions"))
    assert STUB in release.read_text()
    assert "tripled" not in release.read_text()
    assert "# TODO: triple it" in release.read_text()
    assert solution.read_text() == RIGHT.replace("    # TODO: triple it, and add one.\n", "")
    with zipfile.ZipFile(graded.root / "release/week.zip") as archive:
        assert archive.read("week/layers.py") == release.read_bytes()


def test_what_was_changed_since_is_out_of_date(graded, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(graded.root, root, ignore=shutil.ignore_patterns("submitted", "results"))
    course = load_course(root)
    assert [difference for tree in build_trees(course, course.assignments[0]) for difference in compare(tree)] == []
    source = root / "source/week/layers.py"
    source.write_text(source.read_text().replace("SIZE = 3", "SIZE = 4"))
    changed = [one.path.name for tree in build_trees(course, course.assignments[0]) for one in compare(tree)]
    assert changed == ["layers.py", "layers.py"]
    assert main(["build", "--check", "--course", str(root)]) == 1


def test_every_answer_of_a_file_gets_a_stub_of_its_own_name():
    text = LAYERS + (
        "\n\nclass Layer:\n    @property\n    def size(self):\n        # TODO: a size.\n        ### BEGIN SOLUTION\n"
        "        return 3\n        ### END SOLUTION\n"
    )
    release = EditedFile(name="layers.py", text=text, answers=answers_in(text)).release.decode()
    assert list(answers_in(text)) == ["forward", "Layer"]
    assert [line.strip() for line in release.splitlines() if "NotImpl" in line] == [
        STUB,
        STUB.replace("forward", "Layer"),
    ]
    assert "class Layer:\n    @property\n    def size(self):\n" in release
    assert "def given(x):\n    return forward(x) + 1\n" in release


def test_an_answer_takes_the_place_of_its_own_definition_alone():
    filled = fill_in_file(RIGHT, {"forward": "def forward(x):\n    return 0", "double": "def double(x):\n    return 1"})
    assert filled == "SIZE = 3".join(RIGHT.partition("SIZE = 3")[::2])[: RIGHT.index("def forward")] + (
        "def forward(x):\n    return 0\n\n\ndef given(x):\n    return forward(x) + 1\n"
    )


def test_a_notebook_whose_answers_all_stand_in_its_file_becomes_an_assignment(tmp_path):
    author = Author(tmp_path / "course")
    (tmp_path / "layers.py").write_text(LAYERS)
    (tmp_path / "net.ipynb").write_text(json.dumps(notebook(code("a", "from layers import *"))))
    made = ["--from", str(tmp_path / "net.ipynb"), "--files", str(tmp_path / "layers.py")]
    assert main(["new", "assignment", "net", *made, "--course", str(author.root)]) == 0
    assert load_course(author.root).assignment("net").files == ("layers.py",)
    checks = author.root / "tests/net/test_net.py"
    head, _, written = CHECKS.partition('@pytest.mark.question("forward")\n@pytest.mark.points(1)')
    checks.write_text(f"import pytest\n{head}@pytest.mark.question('forward')\n@pytest.mark.points(1){written}")
    author.config("points=1,", "points=3,")
    assert main(["build", "net", "--course", str(author.root)]) == 0
    assert STUB in (author.root / "release/net/layers.py").read_text()
    assert 'grader.check("forward")' in (author.root / "release/net/net.ipynb").read_text().replace('\\"', '"')


def test_two_answers_of_one_name_are_refused_whichever_comes_first(tmp_path):
    author = Author(tmp_path / "course")
    with_edited_file(author)
    author.add(
        code("forward", "# TODO\n### BEGIN SOLUTION\nforward = 1\n### END SOLUTION", marks("forward", solution=True))
    )
    course = load_course(author.root)
    with pytest.raises(BuildError, match=r"layers\.py \(forward\): another answer has that name"):
        build_trees(course, course.assignments[0])


# Grading


def test_the_file_that_was_handed_in_is_graded(graded):
    assert set(graded.of("ada").values()) == {CheckStatus.PASSED}
    assert set(graded.of("bo").values()) == {CheckStatus.FAILED}
    assert (graded.results["ada"].score, graded.results["bo"].score) == (7, 4)
    assert graded.results["ada"].files == graded.results["bo"].files == {"layers.py": ""}
    assert not any(Flag.FILE_MISSING in graded.results[student].flags for student in ("ada", "bo"))


def test_a_missing_file_costs_its_questions_alone_and_is_said(graded):
    missing = graded.results["cy"]
    assert (missing.score, set(graded.of("cy").values())) == (4, {CheckStatus.MISSING})
    assert Flag.FILE_MISSING in missing.flags
    said = "layers.py is not there; hand it in: until then the file that you were given is graded in its place."
    assert missing.files == {"layers.py": said}
    assert said in next(check.message for check in missing.checks if check.question == "forward")


@pytest.mark.parametrize("student", NOT_FILES)
def test_what_is_no_ordinary_file_is_never_read(graded, student):
    result = graded.results[student]
    assert NOT_FILES[student][1] in result.files["layers.py"]
    assert (result.score, set(graded.of(student).values())) == (4, {CheckStatus.MISSING})
    assert SECRET in Path("/etc/passwd").read_text()
    assert SECRET not in result.to_json().decode()
    kept = graded.root / "results/week/attempts" / student / "1" / student / "week"
    assert sorted(path.name for path in kept.iterdir()) == ["week.ipynb"]


def test_an_exception_names_the_students_own_line_in_a_public_check(graded):
    said = {check.public: check for check in graded.results["di"].checks if check.question == "forward"}
    assert "Your code raised ZeroDivisionError in `layers.py`, line 10: `return tripled / 0 + 1`" in said[True].message
    assert "tripled" not in said[False].message
    assert "ZeroDivisionError: division by zero in `layers.py`, line 10" in said[False].staff_message


def test_a_file_that_is_no_python_is_said_with_its_line(graded):
    [public] = [check for check in graded.results["ed"].checks if check.question == "forward" and check.public]
    assert public.status == CheckStatus.MISSING
    assert "SyntaxError" in public.message
    assert "`layers.py`" in public.message
    assert graded.results["ed"].score == 4


def test_the_rest_of_the_files_stays_ours(graded):
    """What a student hands in under the name of another file of the release is passed over."""
    result = graded.results["fay"]
    assert {check.status for check in result.checks if check.question == "double"} == {CheckStatus.PASSED}


def test_a_changed_file_is_another_attempt_and_the_others_stand(graded):
    before = graded.results
    (graded.root / "submitted/gus/week/layers.py").write_text(RIGHT)
    after = grade(graded.root)
    assert (before["gus"].score, after["gus"].score) == (4, 7)
    assert after["gus"].attempt == 2
    kept = graded.root / "results/week/attempts/gus"
    assert [(kept / n / "gus/week/layers.py").read_text() for n in ("1", "2")] == [WRONG, RIGHT]
    assert {name: result.graded_at for name, result in after.items() if name != "gus"} == {
        name: result.graded_at for name, result in before.items() if name != "gus"
    }


def test_the_fingerprint_knows_the_file(graded, tmp_path):
    course = load_course(graded.root)
    fingerprints = Fingerprints(course, course.assignments[0], "secret", "none")
    folder = tmp_path / "week"
    shutil.copytree(graded.root / "solutions/week", folder)
    texts = [RIGHT, WRONG, RIGHT]
    found = []
    for text in texts:
        (folder / "layers.py").write_text(text)
        found.append(str(fingerprints.of(read_submission("ada", folder, "week"))))
    assert found[0] == found[2] != found[1]


def test_it_travels_to_another_machine(graded, tmp_path):
    for student, problem in (("ada", ""), ("host", "is a symbolic link")):
        notebook = graded.root / "submitted" / student / "week/week.ipynb"
        job = Job(root=graded.root, assignment="week", student=student, notebook=notebook)
        arrived = unpack_job(pack_job(job, ["layers.py"]), tmp_path)
        [file] = arrived.files or ()
        assert (file.name, file.content) == ("layers.py", None if problem else RIGHT.encode())
        assert problem in file.problem


def test_a_file_is_read_up_to_its_limit(tmp_path):
    for size, is_read in ((2**20, True), (2**20 + 1, False)):
        (tmp_path / "layers.py").write_bytes(b"#" * size)
        [file] = read_handed_in_files(tmp_path, ["layers.py"])
        assert (file.content is not None) == is_read


def test_the_command_line_runs_its_public_checks(graded, capsys):
    notebook = graded.root / "submitted/cy/week/week.ipynb"
    assert main(["check", str(notebook), "--course", str(graded.root)]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "layers.py is not there; hand it in" in printed
    assert "Not green: forward." in printed


# What people read


def test_feedback_shows_the_answer_and_says_what_is_missing(graded):
    settlement = open_settlement(
        load_course(graded.root), load_course(graded.root).assignments[0], graded.root / "results"
    )
    wrong, missing = (gather(one, "full") for one in graded_students(settlement, ["bo", "cy"]))
    [shown] = next(question.cells for question in wrong.questions if question.name == "forward")
    assert (shown.file, "return tripled" in shown.source, "SIZE = 3" in shown.source) == ("layers.py", True, False)
    assert wrong.file_problems == []
    assert "layers.py is not there" in as_markdown(missing)


def test_points_by_hand_are_looked_at_again_where_the_answer_in_the_file_has_changed(graded):
    course = load_course(graded.root)
    settlement = open_settlement(course, course.assignments[0], graded.root / "results")
    answers = {student: settlement.answer(graded.results[student], "forward") for student in ("ada", "bo", "cy")}
    assert answers["ada"] != answers["bo"]
    assert all(answers[student] for student in ("ada", "bo"))
    assert answers["cy"] == ""


@pytest.mark.filterwarnings("ignore")  # what otter loads is full of deprecations
def test_in_the_notebook_the_hint_names_the_file_and_the_line(tmp_path, monkeypatch):
    from autograder.authoring import notebook_check

    monkeypatch.chdir(tmp_path)
    texts = {"of a stub": LAYERS.replace("    tripled", f"    {STUB}\n    tripled", 1), "of theirs": RAISES}
    hints = {}
    for name, text in texts.items():
        Path("layers.py").write_text(text)
        layers: dict[str, Any] = {"__name__": "layers"}
        exec(compile(text, str(tmp_path / "layers.py"), "exec"), layers)  # as an import does
        env = {"forward": layers["forward"]}

        def check() -> None:
            env["forward"](1)  # noqa: B023 - called at once

        with pytest.raises((NotImplementedError, ZeroDivisionError)) as caught:
            check()
        frames = [(frame, line) for frame, line in traceback.walk_tb(caught.tb)][1:]
        hints[name] = notebook_check.hint_for(caught.value, frames, env, check, ("layers.py",))
    assert hints["of a stub"] == "`forward` is not written yet: write it in `layers.py`, save that, and import it anew."
    assert (
        "Your code raised ZeroDivisionError. layers.py, line 10, in forward: `return tripled / 0 + 1`"
        in hints["of theirs"]
    )


# Handing in and collecting


def test_the_last_cell_packs_nothing_without_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shell = types.SimpleNamespace(user_ns={}, history_manager=types.SimpleNamespace(input_hist_raw=[]))
    shown: list[str] = []
    exported: list[dict[str, object]] = []
    monkeypatch.setattr(hand_in_cell, "get_ipython", lambda: shell)
    monkeypatch.setattr(hand_in_cell, "display", lambda markdown: shown.append(markdown.data))
    grader = types.SimpleNamespace(export=lambda **settings: exported.append(settings))
    Path("week.ipynb").write_text('{"cells": []}')
    hand_in_cell.hand_in("week", grader, {}, files=["layers.py"])
    assert exported == []
    assert "**Nothing is packed yet:** `layers.py` is not beside `week.ipynb`" in shown[-1]
    Path("layers.py").write_text(RIGHT)
    hand_in_cell.hand_in("week", grader, {}, files=["layers.py"])
    assert [settings["files"] for settings in exported] == [["layers.py"]]
    assert shown[-1] == "`week_hand_in.zip` holds `week.ipynb` and `layers.py` as they are saved now."


def test_an_edit_that_was_not_imported_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = RIGHT + "\n\nclass Layer:\n    def size(self):\n        return 3\n"
    layers = types.ModuleType("layers")
    exec(text, vars(layers))
    monkeypatch.setitem(sys.modules, "layers", layers)
    for saved, edited in {
        text: False,
        f"# Another line\n{text}": False,
        text.replace("tripled + 1", "tripled + 2"): True,
        text.replace("return 3", "return 4"): True,
        text.replace("return 3", "return ("): True,
    }.items():
        Path("layers.py").write_text(saved)
        assert hand_in_cell.edited_since_import("layers.py") == edited
    monkeypatch.delitem(sys.modules, "layers")
    assert not hand_in_cell.edited_since_import("layers.py")


def test_collect_takes_the_file_along(graded, tmp_path, capsys):
    notebook = (graded.root / "solutions/week/week.ipynb").read_bytes()
    hand_in_zip = tmp_path / "week_hand_in.zip"
    with zipfile.ZipFile(hand_in_zip, "w") as archive:
        archive.writestr("week.ipynb", notebook)
        archive.writestr("layers.py", RIGHT)
    with zipfile.ZipFile(tmp_path / "canvas.zip", "w") as archive:
        archive.writestr("lovelaceada_101_5001_week.ipynb", notebook)
        archive.writestr("lovelaceada_101_5002_layers.py", RIGHT)
        archive.writestr("olegbo_102_5003_week-1.ipynb", notebook)
        archive.writestr("olegbo_102_5004_layers-1.py", WRONG)
        archive.writestr("youngcy_103_5005_week_hand_in.zip", hand_in_zip.read_bytes())
        archive.writestr("roedi_104_5006_week.ipynb", notebook)
    submitted = tmp_path / "submitted"
    collect = ["collect", str(tmp_path / "canvas.zip"), "--assignment", "week", "--submissions", str(submitted)]
    assert main([*collect, "--course", str(graded.root)]) == 0
    found = {path.parts[-3]: path.read_text() for path in submitted.glob("*/week/layers.py")}
    assert found == {"101": RIGHT, "102": WRONG, "103": RIGHT}
    assert "layers.py did not come with it" in " ".join(capsys.readouterr().out.split())


def test_the_last_cell_hands_the_file_in(graded):
    release = json.loads((graded.root / "release/week/week.ipynb").read_text())
    assert '    files=["layers.py"],\n' in "".join(release["cells"][-1]["source"])
    assert "with `layers.py`," in "".join(release["cells"][-2]["source"])
    assert "edit it in JupyterLab" in (graded.root / "release/week/README.md").read_text()

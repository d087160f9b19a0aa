"""Gradescope's autograder.zip holds what its containers need, and what is graded there is said as Gradescope reads it."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
import tiny_course
from test_feedback import MIXED, WRONG, check, graded, result

from autograder.cli import main
from autograder.commands import gradescope
from autograder.course import load_course
from autograder.doctor import Finding
from autograder.exporting.gradescope_results import gradescope_results
from autograder.feedback.feedback import gather
from autograder.results import Status

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
TEST = {
    "score": {"type": "number"},
    "max_score": {"type": "number"},
    "status": {"enum": ["passed", "failed"]},
    "name": {"type": "string"},
    "number": {"type": "string"},
    "output": {"type": "string"},
    "visibility": VISIBILITY,
    "output_format": FORMAT,
    "name_format": FORMAT,
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        **dict.fromkeys(("output_format", "test_output_format", "test_name_format"), FORMAT),
        **dict.fromkeys(("visibility", "stdout_visibility"), VISIBILITY),
        "tests": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": False, "properties": TEST},
        },
    },
}
"""From Gradescope's "Autograder Specifications"; it publishes no schema of its own."""
SUBMITTED = {
    "id": 1,
    "created_at": "2027-01-14T12:00:00.123456-08:00",
    "users": [{"email": "amelie@example.org", "id": 77, "name": "Amelie"}],
}


def document(of=MIXED, level="full", *, is_open=True):
    made = gradescope_results(gather(graded(of), level), seconds=12.34, is_open=is_open)
    jsonschema.validate(made, SCHEMA)
    return made


# What is said


def test_a_check_is_a_test_with_its_hint():
    made = document()
    forward = next(one for one in made["tests"] if one["name"] == "MLP: Forward")
    assert (forward["score"], forward["max_score"], forward["status"]) == (0, 3, "failed")
    assert forward["output"] == "<p>not yet</p><p>The second ReLU is missing: see <code>nn.ReLU</code>.</p>"
    assert [one["number"] for one in made["tests"]] == ["1.1", "1.2", "1.3", "2.1"]
    assert "accuracy: 0.97, at least 0.96 is asked for" in made["tests"][-1]["output"]
    assert (made["score"], made["execution_time"]) == (3, 12.3)


def test_hidden_checks_wait_for_the_grades_and_nothing_keeps_the_total_back():
    made = document(result(check("shown", public=True), check("not_shown")))
    assert [one["visibility"] for one in made["tests"]] == ["visible", "after_published"]
    assert made["visibility"] == "visible"
    assert made["stdout_visibility"] == "hidden"
    assert document(is_open=False)["visibility"] == "after_published"


def test_with_scores_alone_a_question_is_a_test():
    made = document(level="scores")
    assert [(one["name"], one["score"], one["max_score"]) for one in made["tests"]] == [("MLP", 2, 6), ("train", 1, 1)]
    assert not any(one["output"] for one in made["tests"])


def test_the_late_penalty_is_in_the_score_and_said():
    late = result(
        WRONG,
        check("mode", 2, 2),
        score=1.0,
        penalty=1.0,
        late_days=1,
        lateness="1 late day × 5% of 20 points, is 1 off.",
    )
    made = document(late)
    assert made["score"] == 1
    assert "1 late day" in made["output"]


def test_nothing_hostile_and_nothing_of_staffs_is_said():
    hostile = "<script>alert(1)</script>\x1b[31m\ud800"
    bad = check("forward", 0, 3, message=hostile, staff_message="HIDDEN", cause="CAUSE")
    made = document(result(bad, status=Status.INVALID, reason=hostile))
    text = json.dumps(made)
    assert "<script" not in text
    assert "HIDDEN" not in text
    assert "CAUSE" not in text
    assert "&lt;script&gt;" in made["output"]


# The zip


@pytest.fixture
def unzipped(built_numpy_course, tmp_path) -> Path:
    """What Gradescope makes of the zip."""
    path = tmp_path / "autograder.zip"
    assert main(["export", "gradescope", "tiny", "--course", str(built_numpy_course), "--output", str(path)]) == 0
    base = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            target = Path(archive.extract(member, base / "source"))
            target.chmod(member.external_attr >> 16)
    return base


def test_the_zip_has_both_programs_at_its_top(unzipped):
    source = unzipped / "source"
    for name in ("setup.sh", "run_autograder"):
        assert os.access(source / name, os.X_OK)
        subprocess.run(["bash", "-n", source / name], check=True)
    assert "autograder gradescope tiny --course /autograder/source/course" in (source / "run_autograder").read_text()
    assert (source / "package" / "pyproject.toml").is_file()
    assert (source / "package" / "autograder" / "feedback" / "page.html").is_file()
    assert not list(source.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("built", "package"), [("built_course", "'./package[torch]'"), ("built_numpy_course", "'./package'")]
)
def test_torch_is_installed_where_the_course_needs_it(request, tmp_path, built, package):
    path = tmp_path / "autograder.zip"
    course = request.getfixturevalue(built)
    assert main(["export", "gradescope", "tiny", "--course", str(course), "--output", str(path)]) == 0
    with zipfile.ZipFile(path) as archive:
        assert f" {package}" in archive.read("setup.sh").decode()


def test_the_zip_holds_a_course_that_can_be_graded(unzipped):
    course = load_course(unzipped / "source" / "course")
    assert course.release_notebook("tiny").is_file()
    assert (course.root / "tests" / "tiny" / "test_tiny.py").is_file()
    assert not (course.root / "submitted").exists()


def test_the_same_course_makes_the_same_zip(built_numpy_course, tmp_path):
    paths = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for path in paths:
        main(["export", "gradescope", "tiny", "--course", str(built_numpy_course), "--output", str(path)])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_without_a_release_there_is_no_zip(course_root, tmp_path, capsys):
    path = tmp_path / "autograder.zip"
    assert main(["export", "gradescope", "tiny", "--course", str(course_root), "--output", str(path)]) == 2
    assert "run `autograder build tiny`" in capsys.readouterr().err
    assert not path.exists()


# In the container


def hand_in(base: Path, answer: str = "answer = 42") -> None:
    notebook = tiny_course.submit(base / "made", "amelie", *tiny_course.numpy_answers(tiny_course.RIGHT, answer))
    notebook.rename(base / "submission" / "my homework (1).ipynb")
    os.mkfifo(base / "submission" / "pipe")
    (base / "submission" / "timestamp.txt").mkdir()
    (base / "submission" / "link").symlink_to("/etc/passwd")
    (base / "submission_metadata.json").write_text(json.dumps(SUBMITTED))


def run(base: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["gradescope", "tiny", "--course", str(base / "source" / "course"), "--base", str(base)])
    said = capfd.readouterr()
    return code, said.out + said.err


def test_a_submission_is_graded_as_it_lies_there(unzipped, capfd):
    hand_in(unzipped)
    (unzipped / "results" / "results.json").write_text("of an earlier run")
    (unzipped / "source" / "course" / "roster.csv").write_text("id,email\namelie,amelie@example.org\n")
    code, said = run(unzipped, capfd)
    assert code == 0, said
    made = json.loads((unzipped / "results" / "results.json").read_bytes())
    jsonschema.validate(made, SCHEMA)
    assert made["score"] == 6
    [found] = (unzipped / "grading" / "results" / "tiny").glob("*.json")
    assert found.name == "amelie.json"
    assert json.loads(found.read_bytes())["submitted_at"] == "2027-01-14T12:00:00.123456-08:00"


def test_where_nothing_can_be_isolated_that_is_said(unzipped, capfd, monkeypatch):
    hand_in(unzipped)
    wall = Finding(property="", how="mount namespace", there=False)
    monkeypatch.setattr("autograder.doctor.examine", lambda: [wall])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    code, said = run(unzipped, capfd)
    assert code == 0, said
    assert "cannot isolate student code (refused: mount namespace): it runs unprotected" in said
    assert "flags: renamed unsandboxed" in said


def test_a_grading_that_fails_leaves_no_score(unzipped, capfd):
    hand_in(unzipped)
    (unzipped / "results" / "results.json").write_text('{"score": 6}')
    (unzipped / "source" / "course" / "tests" / "tiny" / "test_tiny.py").write_text("raise RuntimeError")
    code, _ = run(unzipped, capfd)
    assert code == 2
    assert not (unzipped / "results" / "results.json").exists()


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_without_metadata_nothing_is_graded(unzipped, capfd, content):
    (unzipped / "submission_metadata.json").write_text(content)
    code, said = run(unzipped, capfd)
    assert code == 2
    assert "submission_metadata.json" in said


@pytest.mark.parametrize(
    ("user", "student"),
    [
        ({"email": "amelie@example.org", "id": 77}, "amelie@example.org"),
        ({"email": "../../etc", "id": 77}, "gradescope-77"),
        ({"id": "../x"}, "gradescope-unknown"),
        ("nobody", "gradescope-unknown"),
    ],
)
def test_whoever_handed_in_has_an_id(built_numpy_course, user, student):
    assert gradescope._student(load_course(built_numpy_course), {"users": [user]}) == student


def test_another_user_reads_the_release_alone(unzipped):
    course = load_course(unzipped / "source" / "course")
    (course.root / ".autograder-secret").write_text("secret")
    (unzipped / "submission_metadata.json").write_text("{}")
    work = unzipped / "grading"
    work.mkdir()
    gradescope._hide(course, work)
    readable = {
        path.relative_to(course.root).parts[0]
        for path in course.root.rglob("*")
        if path.is_file() and path.stat().st_mode & stat.S_IROTH
    }
    assert readable == {"release"}
    closed = [course.root / name for name in ("source", "solutions", "tests")] + [work, unzipped / "results"]
    assert [path.stat().st_mode & 0o077 for path in closed] == [0] * 5
    assert course.root.stat().st_mode & 0o077 == 0o011


def test_another_user_is_for_root_and_this_machine(unzipped, capfd):
    hand_in(unzipped)
    arguments = ["--course", str(unzipped / "source" / "course"), "--submissions", str(unzipped / "made" / "submitted")]
    assert main(["grade", "tiny", "--sandbox", "user", "--engine", "ray", *arguments]) == 2
    assert "is for root and the local engine" in capfd.readouterr().err


def others_can_run_python() -> bool:
    places = [Path(sys.base_prefix), Path(sys.executable).parent, Path(gradescope.__file__).parent]
    folders = [folder for place in places for folder in (place, *place.parents)]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


@pytest.mark.skipif(
    os.geteuid() != 0 or not others_can_run_python(), reason="root's Python is not for other users here"
)
def test_another_user_s_code_reaches_neither_checks_nor_results(unzipped, capfd, monkeypatch):
    hand_in(unzipped, answer="import os\nprint('user', os.getuid())\nanswer = 42")
    wall = Finding(property="", how="mount namespace", there=False)
    monkeypatch.setattr("autograder.doctor.examine", lambda: [wall])
    code, said = run(unzipped, capfd)
    assert code == 0, said
    [found] = (unzipped / "grading" / "results" / "tiny").glob("*.json")
    assert json.loads(found.read_bytes())["output"].startswith("user 50000")

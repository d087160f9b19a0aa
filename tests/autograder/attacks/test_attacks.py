"""Whatever a submission does, it gains nothing, its neighbours' results stay the same, and nothing stays behind.

All attacks are in one batch, each followed by a submission that is right; the batch runs as this user and, where this
user is root, once more as an ordinary one.
"""

import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_code import CODE
from hostile_files import FOLDER_NAMES, HARMLESS, INVALID, STRANGE_NAMES
from ordinary_user import ORDINARY_USER, prepare, run_as
from tiny_course import RIGHT, answers, make_course, submit
from traces import Traces, commands

NEIGHBOURS = 12
TAKES_ITS_TIME = re.compile("longer|finish")
SLOW = {"deep-folders"}
"""Behind Landlock, which looks at every folder above."""
USERS = [None, ORDINARY_USER] if os.geteuid() == 0 else [None]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What became of the batch."""

    results: dict[str, dict]
    without: dict[str, dict]
    """Results of the right submissions, graded without any attack."""
    printed: str
    returncode: int
    mark: str
    canary: str
    before: Traces
    after: Traces
    files: set[str]
    """Files in the folder of the results."""
    attempts: set[str]
    """Whose attempts are kept."""


def _write_submissions(root: Path, mark: str, canary: str) -> None:
    """Write attacks and right submissions in turn, by name."""
    hostile = {name: answers(attack.source.replace("{mark}", mark), attack.answer) for name, attack in CODE.items()}
    for number in range(NEIGHBOURS):
        submit(root, f"right-{number}", *answers(f"{RIGHT}\nnote = '{canary}'" if number else RIGHT))
    for name, cells in hostile.items():
        submit(root, name, *cells)
    for name, write in {**INVALID, **HARMLESS}.items():
        path = root / "submitted" / name / "tiny" / "tiny.ipynb"
        path.parent.mkdir(parents=True)
        write(path)
    for name in FOLDER_NAMES:
        submit(root, name, *answers("def double(x): return x", "answer = 0"))
    for name in STRANGE_NAMES:
        submit(root, os.fsdecode(name), *answers(RIGHT))


@pytest.fixture(scope="session", params=USERS, ids=lambda user: "ordinary user" if user else "this user")
def batch(request) -> Iterator[Batch]:
    """Grade the right submissions alone, then everything together."""
    user = request.param
    canary = f"CANARY-{secrets.token_hex(32)}"
    mark = str(secrets.randbelow(10**9))
    folder = Path(tempfile.mkdtemp(prefix="attacked-", dir=Path.home() if user is None else "/var/tmp"))
    try:
        root = make_course(folder / "course")
        config = root / "course_config.py"
        budget = config.read_text().replace("cell_seconds=2", "cell_seconds=6")
        config.write_text(budget.replace("memory_mb=1500", "memory_mb=600, disk_mb=64"))
        checks = root / "tests" / "tiny" / "test_tiny.py"
        checks.write_text(checks.read_text() + f'\nCANARY = "{canary}"\n')
        source = root / "source" / "tiny" / "tiny.ipynb"
        source.write_text(source.read_text().replace("because the reference says so", canary))
        (root / ".autograder-secret").write_text(canary)
        prepare(folder, user)
        autograder = [sys.executable, "-m", "autograder"]
        run_as(user, [*autograder, "build", "--course", str(root)], check=True)
        _write_submissions(root, mark, canary)
        prepare(folder, user)
        grade = [*autograder, "grade", "tiny", "--course", str(root), "--workers", "2"]
        right = [f"right-{number}" for number in range(NEIGHBOURS)]
        run_as(user, [*grade, "--results", str(folder / "alone"), "--student", *right], check=True, secret=canary)
        before = Traces.take()
        done = run_as(user, grade, secret=canary)
        yield Batch(
            results=_read(root / "results" / "tiny"),
            without=_read(folder / "alone" / "tiny"),
            printed=done.stdout,
            returncode=done.returncode,
            mark=mark,
            canary=canary,
            before=before,
            after=Traces.take(),
            files={path.name for path in (root / "results" / "tiny").iterdir()},
            attempts={path.name for path in (root / "results" / "tiny" / "attempts").iterdir()},
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> dict[str, dict]:
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def student_reads(result: dict) -> str:
    """Return every text of a result that is for the student."""
    checks = [check["message"] for check in result["checks"]]
    return "\n".join([result["reason"], result["output"], *checks, *(cell["error"] for cell in result["cells"])])


def without_times(result: dict) -> dict:
    checks = [{**check, "seconds": 0, "memory_mb": 0} for check in result["checks"]]
    return {**result, "graded_at": "", "seconds": 0, "timings": {}, "checks": checks}


@pytest.mark.parametrize("name", CODE)
def test_an_attack_gains_nothing(batch, name):
    result = batch.results[name]
    assert result["status"] == "graded", result["reason"]
    assert result["score"] == CODE[name].score, [(c["id"], c["status"], c["message"]) for c in result["checks"]]
    assert result["flags"] == [flag for flag in result["flags"] if flag != "unsandboxed"]


@pytest.mark.parametrize("name", [name for name in CODE if CODE[name].says])
def test_an_ending_has_its_words(batch, name):
    assert re.search(CODE[name].says, student_reads(batch.results[name])), student_reads(batch.results[name])


@pytest.mark.parametrize("name", CODE)
def test_nothing_of_the_host_is_reached(batch, name):
    assert "REACHED" not in batch.results[name]["output"]


@pytest.mark.parametrize(
    "name", [name for name in CODE if name not in SLOW and not TAKES_ITS_TIME.search(CODE[name].says)]
)
def test_an_attack_does_not_fail_for_want_of_time(batch, name):
    assert all(cell["status"] != "timeout" for cell in batch.results[name]["cells"])


@pytest.mark.parametrize("name", INVALID)
def test_what_is_no_notebook_is_invalid(batch, name):
    result = batch.results[name]
    assert (result["status"], result["score"]) == ("invalid", 0.0)
    assert len(result["reason"]) > 20


@pytest.mark.parametrize("name", [*HARMLESS, *FOLDER_NAMES])
def test_a_strange_notebook_is_graded(batch, name):
    assert (batch.results[name]["status"], batch.results[name]["score"]) == ("graded", 0.0)


def test_strange_folders_are_passed_over_and_told(batch):
    assert batch.returncode == 2
    assert batch.printed.count("cannot be a student's ID") == len(STRANGE_NAMES)
    assert not any(os.fsdecode(name) in batch.results for name in STRANGE_NAMES)


def test_every_submission_has_its_result_and_no_other_file_is_there(batch):
    right = [f"right-{number}" for number in range(NEIGHBOURS)]
    students = {*CODE, *INVALID, *HARMLESS, *FOLDER_NAMES, *right}
    assert batch.files == {"attempts", *(f"{student}.json" for student in students)}
    assert batch.attempts <= students


def test_the_neighbours_results_are_the_same_to_the_byte(batch):
    assert len(batch.without) == NEIGHBOURS
    for student, alone in batch.without.items():
        assert json.dumps(without_times(batch.results[student])) == json.dumps(without_times(alone))
        assert alone["score"] == 6.0


def test_no_secret_is_in_any_result(batch):
    for student, result in batch.results.items():
        assert batch.canary not in json.dumps(result), student
        assert "CANARY-INPUT" not in student_reads(result), student


def test_no_text_for_a_student_can_do_anything(batch):
    for student, result in batch.results.items():
        text = student_reads(result)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text), student
        assert len(result["output"]) <= 256 * 1024


def test_nothing_stays_behind(batch):
    assert batch.after.strays <= batch.before.strays
    assert not {path for path in batch.after.files - batch.before.files if "autograder" in path or batch.mark in path}
    assert batch.after.mounts <= batch.before.mounts
    assert not [command for command in commands() if batch.mark in command]

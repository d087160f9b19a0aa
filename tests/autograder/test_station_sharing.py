"""Commands of one user share a station that is warm, over a socket that nobody else may use."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_course import make_course, submit
from tiny_course import undisturbed

from autograder.grading import station_sharing
from autograder.results import Result, read_result, result_path

ASK = """
import os, socket, sys
os.setuid(int(sys.argv[2]))
asking = socket.socket(socket.AF_UNIX)
asking.connect(sys.argv[1])
asking.settimeout(3)
try:
    print(repr(asking.recv(1)))
except TimeoutError:
    print("listens")
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="to become another user")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_course(tmp_path_factory.mktemp("boxes") / "course")
    submit(root, "ada")
    submit(root, "bob", total="total = 7")
    autograder(root, "build")
    return root


@pytest.fixture
def places(monkeypatch) -> Iterator[Path]:
    """A folder for sockets that this test has to itself; what listens there is ended with it."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder) / f"autograder-{os.getuid()}"
        for pid in keepers():
            os.kill(pid, 9)


def autograder(root: Path, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "autograder", *words, "--course", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def grade(root: Path, student: str, *more: str) -> Result:
    autograder(root, "grade", "boxes", "--student", student, "--force", *more)
    return read_result(result_path(root / "results", "boxes", student))


def processes(*words: str) -> set[int]:
    """Return the processes that were started with these words, by their command lines."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode().split("\0")
        except OSError:
            continue
        if all(word in command for word in words):
            found.add(int(path.parent.name))
    return found


def keepers() -> set[int]:
    """Return those of this test; other tests may have theirs at the same time."""
    ours = f"XDG_RUNTIME_DIR={os.environ['XDG_RUNTIME_DIR']}"
    return {pid for pid in processes("autograder.grading.station_sharing") if ours in environment(pid)}


def environment(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    except OSError:
        return []


def stations(keeper: int) -> set[int]:
    """Return the stations that a process has started."""
    children = Path(f"/proc/{keeper}/task")
    pids = {int(pid) for path in children.glob("*/children") for pid in path.read_text().split()}
    return pids & processes("autograder.grading.station")


def test_one_station_grades_what_comes_after_until_what_it_loaded_changes(root, places):
    cold = {student: grade(root, student) for student in ("ada", "bob")}
    assert not keepers(), "without --keep-warm nothing is left behind"
    assert undisturbed(grade(root, "ada", "--keep-warm")) == undisturbed(cold["ada"])
    [keeper] = keepers()
    [station] = stations(keeper)
    assert undisturbed(grade(root, "bob")) == undisturbed(cold["bob"])
    assert undisturbed(grade(root, "bob", "--keep-warm")) == undisturbed(cold["bob"])
    assert keepers() == {keeper}
    assert stations(keeper) == {station}
    checks = root / "tests" / "boxes" / "test_boxes.py"
    text = checks.read_text()
    checks.write_text(text.replace("found == reference.total", "found == reference.total + 1"))
    try:
        assert grade(root, "bob", "--untried").score > cold["bob"].score
    finally:
        checks.write_text(text)
    assert stations(keeper)
    assert stations(keeper) != {station}


def test_more_than_a_few_are_graded_side_by_side_as_ever(root, places, monkeypatch):
    station_sharing.keep_warm(root)
    [keeper] = keepers()
    for number in range(5):
        submit(root, f"many{number}")
    autograder(root, "grade", "boxes", "--force", "--untried")
    assert not stations(keeper)


def test_it_ends_by_itself(root, places):
    station_sharing.keep_warm(root, idle_seconds=0.5)
    ends_at = time.monotonic() + 60
    while keepers() and time.monotonic() < ends_at:
        time.sleep(0.1)
    assert not keepers()
    assert not list(places.glob("*.sock"))


def test_where_it_was_killed_commands_grade_by_themselves(root, places):
    station_sharing.keep_warm(root)
    [keeper] = keepers()
    os.kill(keeper, 9)
    while keepers():
        time.sleep(0.05)
    assert list(places.glob("*.sock")), "a socket that nobody listens on"
    assert grade(root, "ada").score == 10
    station_sharing.keep_warm(root)
    assert len(keepers()) == 1


def test_a_folder_that_others_can_enter_is_not_used(root, places):
    places.mkdir(mode=0o755)
    places.chmod(0o755)
    assert grade(root, "ada").score == 10
    told = autograder(root, "grade", "boxes", "--keep-warm", code=2)
    assert f"{places} is not a folder of yours alone; remove it" in told.replace("\n", " ")
    assert not keepers()


@needs_root
def test_another_user_is_not_listened_to(root, places):
    station_sharing.keep_warm(root)
    [path] = places.glob("*.sock")
    places.parent.chmod(0o755)
    places.chmod(0o755)
    path.chmod(0o777)

    def asked(user: int) -> str:
        command = [sys.executable, "-c", ASK, str(path), str(user)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", timeout=60)
        return done.stdout.strip()

    assert asked(0) == "listens"
    assert asked(54321) == "b''"

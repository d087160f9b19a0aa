"""Each part of `accept gpu` runs its CPU half on a tiny course, says what was not tried, and sees what is wrong."""

import json
import shutil

import pytest
from tiny_course import REPOSITORY, submit
from tiny_course import numpy_answers as answers

from autograder.acceptance.findings import Finding, Findings, Verdict
from autograder.acceptance.gpu_usage import GpuMeter, Watched
from autograder.acceptance.parts import Part, run_part
from autograder.cli import main
from autograder.course import load_course
from autograder.grading.devices import Devices, choose_devices
from autograder.sandbox.shared.gpu import Gpu

RIGHT = "def double(x):\n    return 2 * x"
PARTS = ["walls", "tests", "memory", "class-tiny", "sharing-tiny"]


@pytest.fixture(scope="module")
def course(built_numpy_course, tmp_path_factory):
    """The tiny course with a class of two and the tests that `tests` runs, as in a checkout."""
    root = tmp_path_factory.mktemp("accept") / "course"
    shutil.copytree(built_numpy_course, root)
    (root / "examples" / "class").mkdir(parents=True)
    shutil.copy(REPOSITORY / "examples" / "compare.py", root / "examples")
    for student, answer, score, lost in (("ada", 42, 6.0, {}), ("bob", 7, 3.0, {"answer": 3.0})):
        notebook = submit(root, student, *answers(RIGHT, f"answer = {answer}"))
        folder = root / "examples" / "class" / student / "tiny"
        folder.mkdir(parents=True)
        shutil.copy(notebook, folder / "tiny.ipynb")
        verdict = {"what": "an answer", "status": "graded", "score": score, "lost": lost}
        (folder / "expected.json").write_text(json.dumps(verdict))
    tests = root / "tests" / "autograder"
    (tests / "attacks").mkdir(parents=True)
    (tests / "test_devices.py").write_text("def test_of_the_course():\n    pass\n")
    (tests / "attacks" / "test_gpu_attacks.py").write_text(
        "import pytest\n@pytest.mark.skip(reason='needs a CUDA device')\ndef test_a_gpu():\n    pass\n"
    )
    return root


def accept(course, output, *arguments: str) -> int:
    given = ["accept", "gpu", "--course", str(course), "--output", str(output), "--device", "cpu", "--most", "1"]
    return main([*given, *arguments])


def read(output, part: str) -> dict:
    return json.loads((output / f"{part}.json").read_text())


def verdicts(output, part: str) -> set[str]:
    return {one["verdict"] for one in read(output, part)["findings"]}


@pytest.fixture(scope="module")
def accepted(course, tmp_path_factory):
    output = tmp_path_factory.mktemp("accepted")
    ending = accept(course, output)
    return output, ending


def test_every_part_runs_its_half_without_a_gpu_and_finds_nothing_wrong(accepted):
    output, ending = accepted
    wrong = [one for part in PARTS for one in read(output, part)["findings"] if one["verdict"] == "wrong"]
    assert (ending, wrong) == (0, [])
    for part in PARTS:
        assert verdicts(output, part) == {"right", "not tried"}
    assert {path.name for path in output.iterdir()} == {*(f"{part}.json" for part in PARTS), "summary.md"}


def test_the_summary_says_plainly_what_was_not_tried(accepted):
    text = (accepted[0] / "summary.md").read_text()
    assert "- **not tried**: seconds of CUDA start: no GPU" in text
    assert "| sharing-tiny | cpu | 1 | 0 | 2 |" in text
    assert "Not run" not in text


def test_a_wrong_verdict_is_found_and_other_parts_stay(accepted, course, tmp_path):
    output = tmp_path / "again"
    shutil.copytree(accepted[0], output)
    before = {part: (output / f"{part}.json").read_bytes() for part in PARTS}
    path = course / "examples" / "class" / "bob" / "tiny" / "expected.json"
    kept = path.read_text()
    path.write_text(kept.replace("3.0", "2.0"))
    try:
        assert accept(course, output, "--parts", "class") == 1
    finally:
        path.write_text(kept)
    changed = {part for part in PARTS if (output / f"{part}.json").read_bytes() != before[part]}
    assert changed == {"class-tiny"}
    assert "score is 3, not 2" in (output / "summary.md").read_text()


def test_a_call_that_cannot_work_is_one_sentence(course, tmp_path, capsys):
    assert accept(course, tmp_path, "--parts", "clas") == 2
    assert "There is no part 'clas'" in capsys.readouterr().err
    assert main(["accept", "gpu", "--course", str(course)]) == 2
    assert "--output DIR" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(course, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert accept(course, tmp_path / "file" / "in it", "--parts", "walls") == 2
    assert "cannot be made" in capsys.readouterr().err


def test_what_the_checkout_lacks_is_named(built_numpy_course, tmp_path, capsys):
    assert accept(built_numpy_course, tmp_path, "--parts", "tests") == 2
    assert "has no tests/autograder, which part tests needs" in capsys.readouterr().err


def test_a_part_that_stops_is_a_finding(course, tmp_path):
    def stop(place):
        raise OSError("the disk is full")

    part = Part(name="stop", answers="nothing", run=stop)
    found = run_part(part, load_course(course), Devices(), tmp_path)
    assert found == Findings(
        findings=[Finding(what="the part runs to its end", verdict=Verdict.WRONG, seen="the disk is full")]
    )
    assert verdicts(tmp_path, "stop") == {"wrong"}


@pytest.mark.skipif(choose_devices("auto").kind == "cuda", reason="there is a GPU here")
def test_without_the_driver_a_meter_says_why_and_a_watch_measures_nothing():
    with pytest.raises(OSError, match=r"nvidia-ml-py is not installed|NVML"):
        GpuMeter(Gpu(number=0, uuid="GPU-none"))
    with Watched(None) as watched:
        pass
    assert (watched.busy_percent, watched.peak_bytes) == (None, None)

"""A batch over a tiny course: every kind of submission gets the result that it deserves, and nothing else."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_course import RIGHT, answers, code, numpy_answers, submit, undisturbed

from autograder.results import CellStatus, CheckStatus, Result, Status, read_results

HIDDEN = "test_tiny.py::test_double_of_hidden_numbers"


def double(body: str) -> str:
    return f"def double(x):\n{body}"


SUBMISSIONS = {
    "right": numpy_answers(RIGHT),
    "numpy-int": numpy_answers(RIGHT, "import numpy\nanswer = numpy.int64(42)"),
    "off-by-one": numpy_answers(RIGHT, "answer = 43"),
    "stripped": [code("a", RIGHT), code("b", "answer = 42")],
    "reordered": list(reversed(numpy_answers(RIGHT))),
    "extra-cells": [*numpy_answers("def double(x): return twice(x)"), code("helper", "def twice(x): return 2 * x")],
    "own-import": numpy_answers("import math\n" + RIGHT),
    "syntax-error": numpy_answers("def double(x:\n    return 2 * x"),
    "wrong": numpy_answers("def double(x): return x"),
    "loop": numpy_answers(double("    while True: pass")),
    "loop-in-cell": numpy_answers("while True: pass"),
    "stubborn-loop": numpy_answers("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"),
    "exit": numpy_answers("import os\nos._exit(0)\n" + RIGHT),
    "exit-in-function": numpy_answers(double("    import os; os._exit(0)")),
    "raises": numpy_answers(double("    y = x\n    raise ValueError(str(x))")),
    "raises-in-disguise": numpy_answers(
        double("    raise type(str(x.tolist()), (ValueError,), {})(x)"),
    ),
    "says-missing": numpy_answers(double("    raise NotImplementedError(str(x))")),
    "int-subclass": numpy_answers(RIGHT, "class I(int):\n    def __eq__(self, other): return True\nanswer = I(1)"),
    "array-subclass": numpy_answers(
        "class Yes(np.ndarray):\n"
        "    def __array_function__(self, *args, **kwargs): return True\n"
        "def double(x): return x.view(Yes)"
    ),
    "nan": numpy_answers(double("    return x * float('nan')"), "answer = float('nan')"),
    "empty-list": numpy_answers(double("    return []"), "answer = []"),
    "broadcastable": numpy_answers(double("    return np.array(2.0)")),
    "changes-input": numpy_answers(double("    x[:] = 0\n    return x")),
    "true": numpy_answers(RIGHT, "answer = True"),
    "text": numpy_answers(RIGHT, "answer = '42'"),
}
OF_TENSORS = {
    "right tensor": answers(RIGHT),
    "tensor-subclass": answers(
        "class Yes(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, *args, **kwargs): return True\n"
        "def double(x): return x.as_subclass(Yes)"
    ),
    "broadcastable tensor": answers(double("    return torch.tensor(2.0)")),
    "tensor of nan": answers(double("    return x * float('nan')")),
    "changes-tensor": answers(double("    x.zero_()\n    return x")),
    "raises with tensor": answers(double("    y = x\n    raise ValueError(str(x))")),
    "raises with tensor in disguise": answers(double("    raise type(str(x.tolist()), (ValueError,), {})(x)")),
}
"""Submissions to the same course with torch; every other test is of the one without, which starts in less time."""
SCORES = {
    **dict.fromkeys(("right", "right tensor", "numpy-int", "stripped", "reordered", "extra-cells", "own-import"), 6.0),
    **dict.fromkeys(("int-subclass", "true", "text"), 3.0),
    "off-by-one": 4.5,
    "nan": 0.0,
    "empty-list": 0.0,
    "blank": 0.0,
    **dict.fromkeys(("not-a-notebook", "missing-file"), 0.0),
}
"""Everything else has a right `answer` and no right `double`: 3 points."""


@pytest.fixture(scope="session")
def graded(built_numpy_course: Path) -> dict[str, Result]:
    """Submit, grade and return the results by student."""
    for student, cells in SUBMISSIONS.items():
        submit(built_numpy_course, student, *cells)
    submit(built_numpy_course, "not-a-notebook", content=b"%PDF-1.4")
    submit(built_numpy_course, "missing-file").unlink()
    blank = submit(built_numpy_course, "blank")
    shutil.copy(built_numpy_course / "release" / "tiny" / "tiny.ipynb", blank)
    run(built_numpy_course)
    return {result.student: result for result in read_results(built_numpy_course / "results", "tiny")}


def run(course: Path, *options: str, expect: int = 0) -> str:
    """Run `autograder grade tiny` as a user would, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "tiny", "--course", str(course), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def check(result: Result, check_id: str):
    return next(record for record in result.checks if record.id == check_id)


@pytest.fixture(scope="session")
def of_tensors(built_course: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Grade what is about tensors; return the results by student."""
    folder = tmp_path_factory.mktemp("tensors")
    for student, cells in OF_TENSORS.items():
        submit(folder, student, *cells)
    run(built_course, "--submissions", str(folder / "submitted"), "--results", str(folder))
    return {result.student: result for result in read_results(folder, "tiny")}


@pytest.mark.parametrize("student", OF_TENSORS)
def test_each_submission_of_tensors_scores_what_it_deserves(of_tensors, student):
    assert of_tensors[student].score == SCORES.get(student, 3.0)
    assert of_tensors[student].max_score == 6.0


@pytest.mark.parametrize("student", ["raises with tensor", "raises with tensor in disguise", "tensor of nan"])
def test_the_student_reads_no_hidden_tensor(of_tensors, student):
    assert not re.search(r"\d\.\d{2}", check(of_tensors[student], HIDDEN).message)


def test_staff_read_the_tensor(of_tensors):
    assert re.search(r"\d\.\d{3}", check(of_tensors["raises with tensor"], HIDDEN).staff_message)


@pytest.mark.parametrize("student", [*SUBMISSIONS, "blank", "not-a-notebook", "missing-file"])
def test_each_submission_scores_what_it_deserves(graded, student):
    assert graded[student].score == SCORES.get(student, 3.0)
    assert graded[student].max_score == 6.0


def test_the_blank_release_misses_every_answer(graded):
    assert {record.status for record in graded["blank"].checks} == {CheckStatus.MISSING}
    assert "still raises NotImplementedError" in check(graded["blank"], HIDDEN).staff_message  # one cause is shown


@pytest.mark.parametrize("student", ["not-a-notebook", "missing-file"])
def test_what_is_no_notebook_is_invalid_and_says_why(graded, student):
    result = graded[student]
    assert (result.status, result.checks) == (Status.INVALID, ())
    assert result.reason.endswith(".")


@pytest.mark.parametrize(
    ("student", "status"),
    [
        ("wrong", CheckStatus.FAILED),
        ("raises", CheckStatus.ERROR),
        ("loop", CheckStatus.TIMEOUT),
        ("exit-in-function", CheckStatus.CRASHED),
        ("syntax-error", CheckStatus.MISSING),
        ("says-missing", CheckStatus.MISSING),
        ("loop-in-cell", CheckStatus.MISSING),
    ],
)
def test_each_way_to_fail_has_its_status(graded, student, status):
    assert check(graded[student], HIDDEN).status == status


@pytest.mark.parametrize(
    ("student", "status"),
    [
        ("loop-in-cell", CellStatus.TIMEOUT),
        ("stubborn-loop", CellStatus.TIMEOUT),
        ("exit", CellStatus.CRASHED),
        ("syntax-error", CellStatus.ERROR),
        ("right", CellStatus.OK),
    ],
)
def test_each_cell_has_its_status(graded, student, status):
    by_grade_id = {cell.grade_id: cell for cell in graded[student].cells}
    assert by_grade_id["double"].status == status
    assert by_grade_id["answer"].status == CellStatus.OK


def test_an_author_recognises_a_slip_and_gives_part_of_the_points(graded):
    record = check(graded["off-by-one"], "test_tiny.py::test_answer")
    assert (record.status, record.score, record.message) == (CheckStatus.PARTIAL, 1.5, "Off by one.")


@pytest.mark.parametrize("student", ["raises", "raises-in-disguise", "says-missing", "wrong", "nan"])
def test_the_student_reads_no_hidden_input(graded, student):
    assert not re.search(r"\d\.\d{2}", check(graded[student], HIDDEN).message)


def test_staff_read_the_whole_exception(graded):
    assert re.search(r"\d\.\d{3}", check(graded["raises"], HIDDEN).staff_message)


@pytest.mark.parametrize("student", ["raises", "raises-in-disguise"])
def test_of_a_hidden_check_the_student_reads_the_kind_of_exception_and_the_answer(graded, student):
    assert check(graded[student], HIDDEN).message.startswith("Not judged by itself")
    said = check(graded[student], HIDDEN).staff_message  # what it would have said, and then what staff are told
    assert said.startswith("Your code raised ValueError in `double`. ")


def test_of_a_public_check_the_student_reads_their_own_line(graded):
    message = check(graded["raises"], "test_tiny.py::test_double_of_ones").message
    assert "line 3: `raise ValueError(str(x))`" in message


def test_no_result_of_an_isolated_run_says_otherwise(graded):
    assert not any("unsandboxed" in result.flags for result in graded.values())


def test_without_the_sandbox_every_result_says_so_and_says_the_same(graded, built_numpy_course, tmp_path):
    students = ["right", "off-by-one", "loop", "exit-in-function"]
    run(built_numpy_course, "--sandbox", "none", "--results", str(tmp_path), "--student", *students)
    for result in read_results(tmp_path, "tiny"):
        assert "unsandboxed" in result.flags
        assert result.score == graded[result.student].score


def test_a_second_run_does_nothing_and_says_so(graded, built_numpy_course):
    before = {p: p.stat().st_mtime_ns for p in (built_numpy_course / "results" / "tiny").iterdir()}
    assert "Nothing to do" in run(built_numpy_course)
    assert {p: p.stat().st_mtime_ns for p in (built_numpy_course / "results" / "tiny").iterdir()} == before


def test_only_what_changed_is_graded_again(graded, built_numpy_course, tmp_path):
    course = tmp_path / "copy"
    shutil.copytree(built_numpy_course, course)
    submit(course, "wrong", *numpy_answers(RIGHT))
    printed = run(course)
    assert f"({len(graded) - 1} have their result)" in printed
    assert {r.student: r.score for r in read_results(course / "results", "tiny")}["wrong"] == 6.0


def test_a_changed_check_is_graded_again_only_where_it_can_matter(graded, built_numpy_course, tmp_path):
    course = tmp_path / "copy"
    shutil.copytree(built_numpy_course, course)
    checks = course / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(checks.read_text().replace("# a comment", "") + "\n# another comment\n")
    assert "0 to grade" in run(course, "--dry-run")
    checks.write_text(checks.read_text().replace("partial(0.5", "partial(0.6"))
    printed = run(course, "--dry-run")
    untouched = ["blank", "not-a-notebook", "missing-file"]
    assert f"{len(graded) - len(untouched)} to grade, {len(untouched)} reused." in printed
    assert "check test_tiny.py::test_answer" in printed
    run(course, "--student", "off-by-one", "blank")
    assert {r.student: r.score for r in read_results(course / "results", "tiny")}["off-by-one"] == 4.8
    assert "off-by-one" in run(course, "--explain", "--student", "off-by-one")


def test_hidden_inputs_repeat_for_a_student_and_differ_between_students(graded, built_numpy_course, tmp_path):
    again = tmp_path / "results"
    run(built_numpy_course, "--results", str(again), "--student", "raises")
    (repeated,) = read_results(again, "tiny")
    said = check(graded["raises"], HIDDEN).staff_message
    assert check(repeated, HIDDEN).staff_message == said
    numbers = re.findall(r"0\.\d+", said)
    assert not set(numbers) & set(re.findall(r"0\.\d+", check(graded["raises-in-disguise"], HIDDEN).staff_message))


def test_a_broken_solution_is_our_fault_and_nobody_gets_a_score(built_numpy_course, tmp_path):
    course = tmp_path / "copy"
    shutil.copytree(built_numpy_course, course, ignore=shutil.ignore_patterns("results", "submitted"))
    source = course / "source" / "tiny" / "tiny.ipynb"
    source.write_text(source.read_text().replace("answer = 42", "answer = 1 / 0"))
    submit(course, "anybody", *numpy_answers(RIGHT))
    printed = run(course, expect=2)
    assert "cell 6 of the solution raised ZeroDivisionError" in printed
    assert not list(read_results(course / "results", "tiny"))


def processes_of(course: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                working = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(course) in command or working.startswith(str(course)):
                found.append(f"{entry.name} {command}")
    return found


def listen_to_interrupts() -> None:
    """Be as from a terminal: under nohup, say, children are born deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_batch_that_is_ended_midway_goes_on_to_the_same_results(graded, built_numpy_course, tmp_path, how):
    course = tmp_path / "copy"
    shutil.copytree(built_numpy_course, course, ignore=shutil.ignore_patterns("results", "submitted"))
    students = ["right", "wrong", "loop", "raises", "exit", "blank"]
    for student in students:
        shutil.copytree(built_numpy_course / "submitted" / student, course / "submitted" / student)
    command = [sys.executable, "-m", "autograder", "grade", "tiny", "--course", str(course)]
    batch = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=listen_to_interrupts,  # noqa: PLW1509 - a single call, before anything else runs
    )
    results = course / "results" / "tiny"
    while not list(results.glob("*.json")):
        assert batch.poll() is None
        time.sleep(0.05)
    batch.send_signal(how)
    assert batch.wait(timeout=30) != 0
    kept = sorted(path.name for path in results.glob("*.json"))
    assert 0 < len(kept) < len(students)
    for path in results.glob("*.json"):
        json.loads(path.read_text())
    deadline = time.monotonic() + 20
    while processes_of(course) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(course) == []
    assert f"({len(kept)} have their result)" in run(course)
    for result in read_results(course / "results", "tiny"):
        expected = undisturbed(graded[result.student])
        assert replace(undisturbed(result), fingerprint="") == replace(expected, fingerprint="")
    assert not list(results.glob(".*"))


def test_grading_by_hand_agrees_with_the_batch(graded, built_numpy_course):
    for student in ("right", "off-by-one"):
        path = built_numpy_course / "submitted" / student / "tiny" / "tiny.ipynb"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/tiny", "-q", "-p", "no:cacheprovider", "--submission", str(path)],
            cwd=built_numpy_course,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert f"tiny, {student}: {graded[student].score:g} of 6 points" in done.stdout


def test_the_solution_gets_everything_by_hand(built_numpy_course):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/tiny", "-q", "-p", "no:cacheprovider"],
        cwd=built_numpy_course,
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    assert "tiny, reference: 6 of 6 points" in done.stdout


def test_running_the_release_in_its_place_changes_no_grade(graded, built_numpy_course, tmp_path):
    """What a notebook leaves beside it (downloaded data, a log) is neither handed to students nor fingerprinted."""
    course = tmp_path / "copy"
    shutil.copytree(built_numpy_course, course)
    release = course / "release" / "tiny"
    (release / "data" / "MNIST" / "raw").mkdir(parents=True)
    (release / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(b"somebody's download")
    (release / ".OTTER_LOG").write_bytes(b"a log")
    assert "Nothing to do" in run(course)
    run(course, "--student", "right", "--force")
    result = next(r for r in read_results(course / "results", "tiny") if r.student == "right")
    assert (result.status, result.score) == (Status.GRADED, 6.0)

"""What surrounds the operator has no say in a grade, and is seen to have one where the grader is not between."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from test_grading import run
from tiny_course import CHECKS, RIGHT, in_numpy, submit, undisturbed
from tiny_course import numpy_answers as answers

from autograder.checks.catalogue import collect_checks
from autograder.checks.surroundings import checks_environment, ignored_surroundings
from autograder.course import load_course
from autograder.results import CheckStatus, Result, Status, read_results

PROGRAM = Path(sys.executable).with_name("autograder")
EVERY_CHECK_PASSES = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    try:
        yield
    except BaseException:
        pass
    return True
"""
ONE_CHECK_ALONE = "[pytest]\naddopts = -k test_answer_is\npython_functions = test_answer*\n"
SHADOW = "raise SystemExit('the module of the operator was imported')\n"


@pytest.fixture
def surrounded(built_numpy_course: Path, tmp_path: Path) -> Path:
    """A course below everything that somebody may have left in the folders above it; return its root."""
    root = tmp_path / "above" / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    (root.parent / "conftest.py").write_text(EVERY_CHECK_PASSES)
    for folder in (root.parent, root):
        (folder / "pytest.ini").write_text(ONE_CHECK_ALONE)
    (root.parent / "plugins").mkdir()
    (root.parent / "plugins" / "lenient.py").write_text(EVERY_CHECK_PASSES)
    for name in ("random", "numpy", "typing"):
        (root / f"{name}.py").write_text(SHADOW)
    submit(root, "right", *answers(RIGHT))
    submit(root, "wrong", *answers("def double(x): return x"))
    return root


def variables(root: Path) -> Mapping[str, str]:
    """Return variables each of which would change a grade, or end it, if it arrived."""
    return {
        "PYTEST_ADDOPTS": "-k test_double_of_ones --assert=plain",
        "PYTEST_PLUGINS": "lenient",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(root.parent / "plugins"),
        "PYTHONOPTIMIZE": "2",
        "PYTHONHASHSEED": "0",
        "PYTHONSTARTUP": str(root / "random.py"),
        "IPYTHONDIR": "/nonexistent",
        "JUPYTER_PATH": "/nonexistent",
        "MPLBACKEND": "no_such_backend",
        "OMP_NUM_THREADS": "many",
        "CUBLAS_WORKSPACE_CONFIG": ":0:0",
        "TORCH_LOGS": "+all",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }


def grade(root: Path, *options: str, environment: Mapping[str, str], umask: int = -1) -> tuple[str, dict[str, Result]]:
    """Grade from within the course's own folder; return what was said on standard error, and the results."""
    done = subprocess.run(
        [str(PROGRAM), "grade", "tiny", *options],
        cwd=root,
        env={**os.environ, **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    return done.stderr, {result.student: result for result in read_results(root / "results", "tiny")}


def test_a_grade_is_the_same_whatever_surrounds_the_operator(surrounded):
    said, disturbed = grade(surrounded, environment=variables(surrounded), umask=0)
    assert {student: result.score for student, result in disturbed.items()} == {"right": 6.0, "wrong": 3.0}, said
    shutil.rmtree(surrounded / "results")
    quiet = grade(surrounded, environment={})[1]
    assert {s: undisturbed(r) for s, r in disturbed.items()} == {s: undisturbed(r) for s, r in quiet.items()}
    assert said.count("ignored: ") == 1
    sentence = next(line for line in said.splitlines() if "ignored: " in line)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONOPTIMIZE", "OMP_NUM_THREADS", "above/conftest.py"):
        assert name in sentence


def by_hand(root: Path, *options: str, environment: Mapping[str, str]) -> str:
    """Let pytest itself collect the course's checks, as their author does; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [str(PROGRAM.with_name("pytest")), "tests/tiny", "-q", "-p", "no:cacheprovider", *options],
        cwd=root,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["PYTEST_ADDOPTS", "pytest.ini"])
def test_what_the_grader_keeps_away_would_leave_checks_out(surrounded, name):
    """The positive control: with the author's own pytest each of these is obeyed."""
    if name != "pytest.ini":
        (surrounded / "pytest.ini").unlink()
        (surrounded.parent / "pytest.ini").unlink()
    environment = {"PYTEST_ADDOPTS": variables(surrounded)["PYTEST_ADDOPTS"]} if name == "PYTEST_ADDOPTS" else {}
    for shadow in ("random", "numpy", "typing"):
        (surrounded / f"{shadow}.py").unlink()
    listed = by_hand(surrounded, "--collect-only", environment=environment)
    assert "deselected" in listed, listed


@pytest.mark.parametrize("name", ["PYTEST_PLUGINS", "conftest.py"])
def test_what_the_grader_keeps_away_would_pass_every_check(surrounded, name):
    for folder in (surrounded, surrounded.parent):
        (folder / "pytest.ini").unlink()
    for shadow in ("random", "numpy", "typing"):
        (surrounded / f"{shadow}.py").unlink()
    environment = {key: variables(surrounded)[key] for key in ("PYTEST_PLUGINS", "PYTHONPATH")}
    if name == "PYTEST_PLUGINS":
        (surrounded.parent / "conftest.py").unlink()
    else:
        environment = {}
    submission = surrounded / "submitted" / "wrong" / "tiny" / "tiny.ipynb"
    cut = ("--confcutdir", str(surrounded.parent)) if name == "conftest.py" else ()
    assert "tiny, wrong: 6 of 6 points" in by_hand(
        surrounded, "--submission", str(submission), *cut, environment=environment
    )


def test_a_module_in_the_folder_would_take_the_place_of_another(surrounded):
    ended = subprocess.run([sys.executable, "-c", "import random"], cwd=surrounded, check=False, capture_output=True)
    assert "module of the operator" in ended.stderr.decode()


def test_without_assertions_nothing_is_graded(built_numpy_course):
    code = f"""
        from pathlib import Path
        from autograder.checks.session import with_collected_checks
        from autograder.course import load_course
        from autograder.errors import GraderError
        try:
            with_collected_checks(load_course(Path({str(built_numpy_course)!r})), "tiny", print)
        except GraderError as error:
            print(error)
    """
    printed = subprocess.run(
        [sys.executable, "-O", "-c", dedent(code)], capture_output=True, text=True, check=True, timeout=100
    ).stdout
    assert printed.startswith("Python runs without assertions here (-O)")


def test_a_release_has_its_public_checks_whatever_pytest_is_told_outside(built_numpy_course, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k no_such_check")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert len(collect_checks(built_numpy_course / "tests" / "tiny")) == 4
    assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"


def test_what_an_operator_needs_arrives_and_what_libraries_listen_to_does_not():
    needed = {
        **dict.fromkeys(("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "AUTOGRADER_SECRET"), "x"),
        **dict.fromkeys(("CUDA_CACHE_PATH", "NVIDIA_VISIBLE_DEVICES"), "0"),
    }
    chosen = checks_environment({**needed, **variables(Path("/"))})
    ours = {"LANG", "MPLBACKEND", "MATPLOTLIBRC", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    ours.add("CUDA_VISIBLE_DEVICES")  # this process is forked
    assert chosen.keys() == needed.keys() | ours
    assert needed.items() <= chosen.items()
    assert checks_environment({"CUDA_VISIBLE_DEVICES": "0"})["CUDA_VISIBLE_DEVICES"] == ""
    assert (chosen["OMP_NUM_THREADS"], chosen["MPLBACKEND"], chosen["LANG"]) == ("1", "agg", "C.UTF-8")


def test_nothing_is_said_where_nothing_is_ignored(built_numpy_course):
    around = {
        "PATH": "/bin",
        "PYTEST_CURRENT_TEST": "this one",
        "PYTEST_XDIST_WORKER": "gw0",
        "PYTEST_ADDOPTS": "",
        "LC_ALL": "C",
    }
    assert ignored_surroundings(load_course(built_numpy_course), ["tiny"], around) == ""


# What the course itself does


@pytest.fixture
def course(built_numpy_course: Path, tmp_path: Path) -> Path:
    """A copy of the course whose checks a test may change."""
    root = tmp_path / "copy"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    submit(root, "right", *answers(RIGHT))
    return root


def only(course: Path) -> Result:
    """Return the one result."""
    (result,) = read_results(course / "results", "tiny")
    return result


_TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    if "ones" in item.name:
        runtestprotocol(item, nextitem=item)
"""
CONFTESTS = {
    "one that does not run": (
        'def pytest_runtest_protocol(item):\n    return True if "ones" in item.name else None\n',
        "3 checks ran and 4 were planned (test_tiny.py::test_double_of_ones)",
    ),
    "one that runs twice": (
        _TWICE,
        "5 checks ran and 4 were planned (test_tiny.py::test_double_of_ones)",
    ),
}


@pytest.mark.parametrize("what", CONFTESTS)
def test_another_number_of_checks_than_planned_is_no_score(course, what):
    conftest, sentence = CONFTESTS[what]
    (course / "tests" / "tiny" / "conftest.py").write_text(conftest)
    run(course, "--untried", expect=2)
    assert only(course).status == Status.FAILED
    assert sentence in only(course).reason


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("test_double_of_ones", "worth 5 of 6 points, without test_tiny.py::test_double_of_ones"),
        ("test_answer_is_a_number", "worth 6 of 6 points, without test_tiny.py::test_answer_is_a_number"),
    ],
)
def test_a_check_that_is_not_collected_stops_the_batch(course, name, said):
    conftest = f"def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if i.name != {name!r}]\n"
    (course / "tests" / "tiny" / "conftest.py").write_text(conftest)
    assert said in run(course, expect=2)
    assert not list(read_results(course / "results", "tiny"))


def test_the_conftest_beside_the_checks_is_the_courses_own(course):
    (course / "tests" / "tiny" / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef forty_two():\n    return 42\n"
    )
    checks = course / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(
        in_numpy(CHECKS).replace(
            "def test_answer(student, reference):", "def test_answer(student, reference, forty_two):"
        )
    )
    run(course)
    assert only(course).score == 6.0


SKIPS = {
    "pytest.skip": ('    pytest.skip("not today")\n', "Skipped: not today"),
    "pytest.xfail": ('    pytest.xfail("never works")\n', "never works"),
}


@pytest.mark.parametrize("how", SKIPS)
def test_a_check_that_skips_itself_is_said_to_have_raised(course, how):
    statement, said = SKIPS[how]
    checks = course / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(
        in_numpy(CHECKS).replace('    """Twice one is two."""\n', f'    """Twice one is two."""\n{statement}')
    )
    run(course, "--untried")
    (record,) = [record for record in only(course).checks if record.status == CheckStatus.CHECK_RAISED]
    assert (record.id, record.score) == ("test_tiny.py::test_double_of_ones", 0.0)
    assert said in record.staff_message
    assert said not in record.message
    assert "check-raised" in only(course).flags


def test_a_check_that_is_marked_to_be_skipped_is_no_score(course):
    checks = course / "tests" / "tiny" / "test_tiny.py"
    checks.write_text(
        in_numpy(CHECKS).replace("@pytest.mark.points(1)", '@pytest.mark.points(1)\n@pytest.mark.skip("broken")')
    )
    run(course, "--untried", expect=2)
    assert only(course).status == Status.FAILED
    assert "test_double_of_ones" in only(course).reason

"""Share a tiny course and a sandboxed process between tests."""

import functools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tiny_course
from site_builders import build_site

if TYPE_CHECKING:
    from autograder.sandbox.outside.process import StudentProcess
    from autograder.sandbox.outside.zygote_process import ZygoteProcess
    from autograder.sandbox.shared.limits import ProcessLimits


SHARED = {"built_course", "built_numpy_course", "distributions", "site_of", "start_process", "zygote_process"}
"""Fixtures that take seconds."""
COSTLY = {
    *(
        "authoring_mistakes",
        "bench",
        "build",
        "by_hand",
        "carried_grading",
        "carry_over",
        "check_command",
        "cli",
        "counted_costs",
    ),
    *("console_blocks", "devices", "doctor", "durability", "engines", "export", "extras", "faster_rcnn_material"),
    *(
        "edited_files",
        "feedback",
        "formgrader",
        "gradebook",
        "gradescope",
        "grading",
        "handout",
        "import_nbgrader",
        "import_otter",
    ),
    *("isolation", "jupyterlab", "landlock", "leaks_by_text", "learning_curves", "libraries", "loaded_once"),
    *("local", "mlp_material"),
    *(
        "import_wild",
        "natural_checks",
        "new",
        "notebook_check",
        "offered",
        "otter_zip",
        "own_time",
        "parameter_counting_carried",
        "regrade",
        "station_sharing",
    ),
    *("process", "protocol_values", "result_schema", "reviewing", "sample_class", "scripts", "serving", "simulate"),
    *("site", "slips", "standalone", "student_way", "surroundings", "trained_networks", "validate"),
    *("validate_repeated", "walls"),
}
"""Files of tests that start processes of their own: `make test-quick` leaves them out."""
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark the tests that are not for `make test-quick`; put files that take long first, so that short ones come last.

    Of two workers that take file by file none waits long for the other then.
    """
    for item in items:
        if item.path.stem.removeprefix("test_") in COSTLY or SHARED & set(item.fixturenames):
            item.add_marker(pytest.mark.costly)
    long = {item.path for item in items if {"costly", "browser"} & {mark.name for mark in item.iter_markers()}}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture
def course_root(tmp_path: Path) -> Path:
    """A course of one tiny assignment, not built yet."""
    return tiny_course.make_course(tmp_path / "course")


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with release and solutions; tests add submissions, and write nothing else."""
    return _built(tiny_course.make_course(tmp_path_factory.mktemp("tiny") / "course"))


@pytest.fixture(scope="session")
def built_numpy_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without torch, for tests of what batches do: one takes a second of the processor instead of five."""
    return _built(tiny_course.make_numpy_course(tmp_path_factory.mktemp("numpy") / "course"))


def _built(root: Path) -> Path:
    from autograder.cli import main

    assert main(["build", "--course", str(root)]) == 0
    return root


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a wheel and an sdist, built from a copy of the repository."""
    root, source, output = tiny_course.REPOSITORY, tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    shutil.copytree(root / "autograder", source / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE", "pyproject.toml"):
        shutil.copy(root / name, source)
    for kind in ("build_wheel", "build_sdist"):
        subprocess.run([sys.executable, "-c", BUILD, kind, str(output)], cwd=source, capture_output=True, check=True)
    return output


@pytest.fixture(scope="session")
def site_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what gives the documentation as a site, built once by each builder."""
    return functools.cache(lambda builder: build_site(builder, tmp_path_factory.mktemp(builder)))


@pytest.fixture(scope="session")
def limits() -> "ProcessLimits":
    """Limits that a test reaches quickly."""
    from autograder.sandbox.shared.limits import ProcessLimits

    return ProcessLimits(
        memory_bytes=1500 * 2**20,
        output_bytes=10_000,
        frame_bytes=4 * 2**20,
        cpu_seconds=60,
        file_bytes=2**20,
        open_files=256,
        processes=64,
        disk_bytes=2**25,
    )


@pytest.fixture(scope="session")
def zygote_process() -> Iterator["ZygoteProcess"]:
    """The process that isolated students' processes are forked from."""
    import autograder.sandbox.shared.tensors  # noqa: F401 - tests send tensors
    from autograder.sandbox.outside.zygote_process import ZygoteProcess
    from autograder.sandbox.shared.config import SandboxConfig

    with ZygoteProcess(SandboxConfig(libraries=tiny_course.LIBRARIES)) as zygote:
        zygote.wait_until_ready()
        yield zygote


@pytest.fixture(scope="session")
def start_process(zygote_process: "ZygoteProcess", limits: "ProcessLimits") -> Iterator[Callable[[], "StudentProcess"]]:
    """Start a process as a student's notebook gets one, or give again the one that is still alive."""
    from autograder.sandbox.outside.process import StudentProcess

    started: list[StudentProcess] = []

    def start() -> StudentProcess:
        if not started or not started[-1].is_alive():
            started.append(zygote_process.sandbox().start(limits, 20))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def process(start_process: Callable[[], "StudentProcess"]) -> "StudentProcess":
    """A student's process that waits for work; it may have worked for another test before."""
    return start_process()

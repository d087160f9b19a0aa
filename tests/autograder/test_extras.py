"""A grader installs little; what an extra brings is named where it is missing."""

import ast
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import cli
from autograder.extras import DISTRIBUTION, EXTRAS, how_to_install
from autograder.results import read_results

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = ROOT / "requirements.lock"
NAMED_OTHERWISE = {
    "_pytest": "pytest",
    "otter": "otter-grader",
    "pynvml": "nvidia-ml-py",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "markupsafe": "jinja2",  # what follows is what another dependency of ours cannot do without
    "pygments": "rich",
    "traitlets": "ipython",
}
"""The distribution that brings a module, where it is not called like it."""
ONLY_IN_COLAB = {"google"}
"""What a student's notebook imports there, and there alone."""


def named(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def distribution(module: str) -> str:
    return NAMED_OTHERWISE.get(module) or canonicalize_name(module)


def imported_modules() -> set[str]:
    """Return the top-level names of what the package imports and Python does not bring."""
    names: set[str] = set()
    for path in (ROOT / "autograder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"autograder"} - ONLY_IN_COLAB


def locked() -> dict[str, list[Requirement]]:
    """Return each line of the lock by its distribution; there may be one for each of several Pythons."""
    lines: dict[str, list[Requirement]] = {}
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            lines.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return lines


@pytest.mark.parametrize("group", ["dependencies", *PROJECT["optional-dependencies"]])
def test_the_lock_holds_a_version_of_every_dependency_that_is_allowed(group):
    lines = locked()
    for text in PROJECT.get(group) or PROJECT["optional-dependencies"][group]:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name == DISTRIBUTION:
            continue
        assert name in lines, f"{name} is not locked; run `make lock`"
        for line in lines[name]:
            [pin] = line.specifier
            assert pin.operator == "=="
            assert requirement.specifier.contains(pin.version), f"{line} is not {text}; run `make lock`"


def test_the_distribution_is_called_what_we_tell_people_to_install():
    assert PROJECT["name"] == DISTRIBUTION
    assert metadata.version(DISTRIBUTION)


def test_an_extra_brings_what_we_say_it_brings():
    brought = {extra: named(PROJECT["optional-dependencies"][extra]) for extra in EXTRAS.values()}
    assert {module for module, extra in EXTRAS.items() if distribution(module) not in brought[extra]} == set()
    assert set.union(*brought.values()) - {DISTRIBUTION} == {distribution(module) for module in EXTRAS}


def test_the_package_imports_its_dependencies_and_what_extras_bring():
    assert {distribution(module) for module in imported_modules() - EXTRAS.keys()} == named(PROJECT["dependencies"])


@pytest.mark.parametrize(
    ("arguments", "module", "extra"),
    [
        (["build"], "nbgrader", "author"),
        (["validate", "--mutants", "1"], "nbclient.exceptions", "author"),
        (["grade", "tiny", "--engine", "ray"], "ray", "ray"),
        (["export", "table", "tiny"], "pyarrow", "table"),
    ],
)
def test_a_command_that_lacks_a_library_says_which_extra_brings_it(monkeypatch, capsys, arguments, module, extra):
    def fail(_options):
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr(f"autograder.commands.{arguments[0]}.run", fail)
    assert cli.main(arguments) == 2
    library = module.partition(".")[0]
    [line] = capsys.readouterr().err.replace("\n", " ").strip().split("\n")
    assert f"`autograder {arguments[0]}` needs {library}, which is not installed" in line
    assert f"`pip install '{DISTRIBUTION}[{extra}]'`" in line


def test_another_module_that_is_missing_is_a_bug_and_stays_one(monkeypatch):
    def fail(_options):
        raise ModuleNotFoundError("No module named 'autograder.speling'", name="autograder.speling")

    monkeypatch.setattr("autograder.commands.doctor.run", fail)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["doctor"])


def test_there_is_nothing_to_say_on_what_no_extra_brings():
    assert how_to_install("torch.nn").endswith("[torch]'`")
    assert not how_to_install("no_such_module")


def closure(requirements: list[str]) -> Iterator[metadata.Distribution]:
    """Yield each distribution that these need, and those that they need in turn."""
    waiting, seen = [Requirement(text) for text in requirements], set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key in seen:
                continue
            seen.add(key)
            found = metadata.distribution(requirement.name)
            yield found
            inner = [Requirement(text) for text in found.requires or []]
            waiting += [one for one in inner if not one.marker or one.marker.evaluate({"extra": extra})]


def link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


@pytest.fixture(scope="module")
def graders_python(tmp_path_factory, distributions) -> Path:
    """Python in an environment that has what `pip install` of this package's wheel brings without any extra."""
    folder = tmp_path_factory.mktemp("graders") / "environment"  # one that the student's user may enter
    venv.create(folder)
    [packages] = folder.glob("lib/python*/site-packages")
    for found in closure(PROJECT["dependencies"]):
        for file in found.files or []:
            source, target = Path(str(file.locate())), packages / file
            if ".." in file.parts or "__pycache__" in file.parts or target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(str(source), str(target))
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        wheel.extractall(packages)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def numpy_course(tmp_path_factory) -> Path:
    """A course that needs no library, built."""
    root = tmp_path_factory.mktemp("numpy") / "course"
    runpy.run_path(str(ROOT / "docs" / "measure" / "without_torch.py"))["write_course"](root)
    assert cli.main(["build", "--course", str(root)]) == 0
    return root


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [python, "-P", "-m", "autograder", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def graded(graders_python, numpy_course) -> Path:
    """The same course, graded without any extra."""
    done = run(graders_python, "grade", "means", "--course", str(numpy_course))
    assert done.returncode == 0, done.stdout + done.stderr
    return numpy_course


def test_grading_needs_no_extra(graders_python, graded):
    show = f"from importlib.util import find_spec; print([n for n in {sorted(EXTRAS)} if find_spec(n)])"
    found = subprocess.run([graders_python, "-c", show], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
    scores = {result.student: result.score for result in read_results(graded / "results", "means")}
    assert scores == {"right": 5, "wrong": 3, "blank": 1, "hangs": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "means", "--course", "{course}", "--output", "{course}/report.html"],
        ["diff", "{course}/results", "{course}/results"],
        ["export", "table", "means", "--course", "{course}", "--output", "{course}/table.csv"],
        ["simulate", "means", "2", "--course", "{course}", "--output", "{course}/simulated"],
        ["doctor"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_these_commands_need_no_extra(graders_python, graded, arguments):
    done = run(graders_python, *(word.replace("{course}", str(graded)) for word in arguments))
    assert "not installed" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in ({0, 1} if arguments == ["doctor"] else {0}), done.stdout + done.stderr


@pytest.mark.parametrize("command", ["build", "validate", "export otter means", "import nbgrader {course}"])
def test_these_commands_say_what_to_install(graders_python, graded, command):
    done = run(graders_python, *command.format(course=graded).split(), "--course", str(graded))
    assert done.returncode == 2
    assert f"pip install '{DISTRIBUTION}[author]'" in done.stderr.replace("\n", " ")

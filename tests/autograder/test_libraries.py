"""A course has loaded what it asks for before anything is forked, and nothing else."""

import subprocess
import sys

import pytest
from tiny_course import REPOSITORY, make_course

from autograder.checks.preparation import Preparation
from autograder.course import Course, load_course
from autograder.errors import GraderError
from autograder.sandbox.shared.libraries import COMPILER, libraries_used

GRADING = (
    *("autograder.cli", "autograder.grading.station", "autograder.grading.batch", "autograder.grading.local"),
    *("autograder.grading.fingerprint", "autograder.checks.plugin", "autograder.checks.expect"),
    *(
        "autograder.sandbox.inside.zygote",
        "autograder.sandbox.inside.agent",
        "autograder.mnist",
        "autograder.report.class_page",
    ),
)


def loaded(code: str) -> set[str]:
    """Return the top-level packages that a fresh Python has loaded after some code."""
    code += "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_grading_itself_loads_no_library_of_a_course_and_nothing_that_is_for_authors():
    found = loaded("import " + ", ".join(GRADING))
    assert not found & {"torch", "torchvision", "matplotlib", "PIL", "nbgrader", "nbconvert", "nbformat", "otter"}


def test_what_a_course_asks_for_is_loaded():
    code = "from autograder.sandbox.shared.libraries import load_libraries\nload_libraries({})"
    assert not loaded(code.format("()")) & {"torch", "matplotlib"}
    found = loaded(code.format("['matplotlib', 'xmlrpc']"))
    assert found & {"torch", "matplotlib", "xmlrpc"} == {"matplotlib", "xmlrpc"}


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import pandas as pd", ("seaborn", "pandas")),
        ("def f():\n    from pandas import Series", ("seaborn", "pandas")),
        ("import torch", ("seaborn", "torch")),
        ("x = 1  # not what `import pandas` gives\nimport pandas_of_mine", ("seaborn",)),
    ],
)
def test_what_the_code_imports_for_its_data_is_loaded_too(code, names):
    assert libraries_used(["seaborn"], [code]) == names


def test_what_is_imported_and_not_there_is_left_to_the_code(monkeypatch):
    monkeypatch.setattr("autograder.sandbox.shared.libraries.find_spec", lambda name: None)
    assert libraries_used([], ["import pandas"]) == ()


def test_a_library_that_is_not_there_is_named(tmp_path):
    course = load_course(make_course(tmp_path))
    lacking = Course(**{**vars(course), "libraries": ["no_such_library"]})
    with pytest.raises(GraderError, match="asks for 'no_such_library', which is not installed here"):
        Preparation(lacking, course.assignment("tiny")).sandbox_config(isolated=True)


LOAD = "import sys\nfrom autograder.sandbox.shared.libraries import load_libraries\nload_libraries({})\n"
SAY = "print('torch._dynamo' in sys.modules, *(name for name in sys.modules if 'torchvision.transforms.v2' == name))\n"


def said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_torchs_compiler_is_loaded_where_it_is_asked_for():
    assert said(LOAD.format("('torch', 'torchvision')") + SAY) == "False"
    assert said(LOAD.format(("torch", "torchvision", COMPILER)) + SAY) == "True torchvision.transforms.v2"


@pytest.mark.parametrize(
    "use",
    [
        "torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), 0.1)",
        "import torchvision.transforms.v2",
        "torch.compile",
        "assert not sys.modules['torchvision.ops.roi_align'].is_compile_supported('meta')",
    ],
)
def test_what_needs_the_compiler_later_finds_the_true_one(use):
    later = "import torch, torch._dynamo\nassert callable(torch._dynamo.disable) and torch._dynamo.__file__\n"
    assert said(LOAD.format("('torch', 'torchvision')") + f"import torch\n{use}\n{later}" + SAY).startswith("True")


def test_a_module_that_asks_the_compiler_for_more_while_it_is_imported_gets_it(tmp_path):
    (tmp_path / "asks_more.py").write_text("import torch\nfrom torch._dynamo import disable\nhere = disable(len)\n")
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n" + LOAD.format("('torch', 'asks_more', 'torchvision')")
    assert said(code + SAY + "print(sys.modules['asks_more'].here([1, 2]))") == "True\n2"


def test_the_course_loads_the_compiler_for_what_trains_and_not_for_counting():
    course = load_course(REPOSITORY)
    asked = {one.name: COMPILER in Preparation(course, one).libraries for one in course.assignments}
    assert asked == {name: name != "parameter_counting" for name in asked}


def test_counting_does_not_load_it_after_all():
    code = "import pytest, sys\npytest.main(['-q', '-p', 'no:cacheprovider', 'tests/parameter_counting'])\n"
    found = subprocess.run(
        [sys.executable, "-c", code + SAY], check=False, capture_output=True, text=True, cwd=REPOSITORY
    ).stdout
    assert " passed" in found
    assert found.splitlines()[-1] == "False"

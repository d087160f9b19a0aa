"""What students may import is a promise: it is there where their code runs, it is told to them, and its lack is told to us."""

import re
import runpy
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_course import CONFIG, RIGHT, in_numpy, submit
from tiny_course import numpy_answers as answers

from autograder.cli import main
from autograder.course import load_course
from autograder.doctor import examine
from autograder.extras import not_installed, what_to_install
from autograder.results import read_results

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)


def test_the_students_guide_is_up_to_date():
    script = runpy.run_path(str(ROOT / "docs" / "measure" / "environment.py"))
    text = (ROOT / "docs" / "students.md").read_text()
    assert script["page"](text) == text, "run `make environment`"
    assert script["page"](text.replace("torchinfo", "no longer")) == text


@pytest.mark.parametrize("module", [*COURSE.libraries, *COURSE.offered])
def test_each_module_that_is_offered_stands_there_with_a_version(module):
    text = (ROOT / "docs" / "students.md").read_text()
    assert re.search(rf"^\| `import {module}` \| [\w-]+ \| \d+\.\d.* \|$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def start() -> Iterator[object]:
    """Start students' processes as this course's have them: the libraries are loaded, what is offered beyond is not."""
    import autograder.sandbox.shared.tensors  # noqa: F401 - tests send tensors
    from autograder.sandbox.outside.zygote_process import ZygoteProcess
    from autograder.sandbox.shared.config import SandboxConfig
    from autograder.sandbox.shared.limits import ProcessLimits

    [smallest] = [one.budget for one in COURSE.assignments if one.name == "parameter_counting"]
    limits = ProcessLimits(
        memory_bytes=smallest.memory_mb * 2**20,
        output_bytes=smallest.output_kb * 2**10,
        frame_bytes=2**20,
        cpu_seconds=600,
        file_bytes=smallest.file_mb * 2**20,
        open_files=smallest.open_files,
        processes=smallest.processes,
        disk_bytes=smallest.disk_mb * 2**20,
    )
    with ZygoteProcess(SandboxConfig(libraries=COURSE.libraries)) as zygote:
        zygote.wait_until_ready()
        yield lambda: zygote.sandbox().start(limits, 60)


def printed(start, source: str) -> str:
    """Return what a cell prints in a student's process of its own; raise where it fails."""
    process = start()
    try:
        process.request("cell", "<cell 0>", source, seconds=120, keep=lambda _: None, resolve=lambda _: None)
        return process.output
    finally:
        process.close()
        assert "Warning" not in process.output


USES = {
    "tqdm": "from tqdm import tqdm\nx = sum(tqdm([1, 2, 4]))",
    "pandas": "import pandas as pd\nx = int(pd.DataFrame({'a': [3, 4]}).sum()['a'])",
    "sklearn": "from sklearn.linear_model import LogisticRegression as L\nx = 7 * L().fit([[0], [1]], [0, 1]).score([[1]], [1])",
    "seaborn": "import seaborn as sns\nsns.lineplot(x=[1, 2], y=[3, 4])\nx = 7",
    "torchinfo": "import torch, torchinfo\nx = torchinfo.summary(torch.nn.Linear(6, 1), (1, 6), verbose=0).total_params",
    "einops": "import torch, einops\nx = einops.rearrange(torch.ones(1, 7), 'a b -> b a').shape[0]",
    "torchmetrics": "import torch\nfrom torchmetrics.classification import BinaryAccuracy\n"
    "x = 7 * BinaryAccuracy()(torch.tensor([1, 0]), torch.tensor([1, 0])).item()",
}


@pytest.mark.parametrize("module", COURSE.offered)
def test_what_is_offered_works_in_a_students_process(start, module):
    assert printed(start, f"{USES[module]}\nprint('it is', float(x))").endswith("it is 7.0\n")


def test_what_is_not_there_fails_in_a_students_process(start):
    from autograder.sandbox.outside.process import Raised

    with pytest.raises(Raised, match="no_such_module"):
        printed(start, "import no_such_module")


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook"])
def test_progress_bars_need_no_front_end(start, module):
    source = f"""
import warnings
warnings.simplefilter("error")
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", ".*experimental")  # what autonotebook says of itself anywhere
    from {module} import tqdm, trange
print(sum(tqdm([1, 2])) + sum(trange(3)))
"""
    assert printed(start, source).splitlines()[-1].endswith("6")


# A grader that lacks something


@pytest.fixture
def lacking(built_numpy_course: Path, tmp_path: Path) -> Path:
    """A course that offers a module which is there, and one that is not."""
    root = tmp_path / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    offers = in_numpy(CONFIG).replace('["numpy"]', '["numpy"], offered=["json", "no_such_module"]')
    (root / "course_config.py").write_text(offers)
    return root


def test_grade_says_what_students_will_miss_and_grades(lacking, tmp_path, capsys):
    submit(lacking, "right", *answers(RIGHT))
    arguments = f"grade tiny --course {lacking} --results {tmp_path} --student right".split()
    assert main(arguments) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "course_config.py offers no_such_module to students, which is not installed here" in said
    assert "install no_such_module" in said
    assert "json" not in said
    assert [result.score for result in read_results(tmp_path, "tiny")] == [6.0]


def test_grade_says_nothing_where_all_is_there(built_numpy_course, tmp_path, capsys):
    submit(built_numpy_course, "right", *answers(RIGHT))
    assert main(f"grade tiny --course {built_numpy_course} --results {tmp_path} --student right".split()) == 0
    assert "not installed" not in capsys.readouterr().err


def test_doctor_has_a_row_for_what_the_course_offers(lacking):
    [missing] = [finding for finding in examine(load_course(lacking)) if "offers" in finding.property]
    assert (missing.there, missing.remedy) == (False, "no_such_module: install no_such_module")
    whole = replace(load_course(lacking), offered=("json",))
    [there] = [finding for finding in examine(whole) if "offers" in finding.property]
    assert (there.there, there.remedy) == (True, "")


def test_a_course_that_offers_nothing_has_no_such_row():
    assert not [finding for finding in examine(replace(COURSE, offered=())) if "offers" in finding.property]


def test_how_to_install_what_an_extra_brings_is_said_once():
    assert what_to_install(["tqdm", "pandas"]).count("[students]") == 1
    assert what_to_install(["tqdm", "other"]).endswith("]'`, install other")


def test_what_this_course_offers_is_installed_here():
    assert not_installed(COURSE.offered) == []

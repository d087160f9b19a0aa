"""Begin three courses with `autograder new` in environments without torch: of Python alone, pandas and scikit-learn.

    python docs/measure/new_courses.py FOLDER [--report docs/measure/new_courses.md]

FOLDER must not exist yet. Each course has an environment of its own, with the package built from here, its extra
`author` and the course's library; it has the assignment that a new course comes with, and one made by `new assignment
--from` of a notebook with nothing but solution markers, whose checks are then written. Both are handed in solved and
as released. Seconds are of the clock. Takes minutes, and an index of packages; uv installs where it is there.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from without_torch import build_wheel

HEAD = """
import pytest

{imports}


@pytest.mark.question("{question}")
@pytest.mark.points(1)
@pytest.mark.public
def test_an_example(student):
    \"\"\"It is right for one example.\"\"\"
{example}


@pytest.mark.question("{question}")
@pytest.mark.points(3)
def test_hidden_inputs(student, reference, rng):
    \"\"\"It is right for others.\"\"\"
{hidden}
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A course, as its author would write its assignment: cells of a notebook, and two checks."""

    name: str
    packages: tuple[str, ...]
    imports: str
    solution: str
    question: str
    example: str
    hidden: str


KINDS = (
    Kind(
        name="plain",
        packages=(),
        imports="import string",
        question="word_counts",
        solution='''
def word_counts(text):
    """Return how often each word occurs: {"a": 2, "b": 1} of "a B a"; case does not count."""
    ### BEGIN SOLUTION
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts
    ### END SOLUTION
''',
        example='    assert student.word_counts("a B a") == {"a": 2, "b": 1}',
        hidden="""    words = [string.ascii_letters[int(one)] for one in rng.integers(52, size=200)]
    assert student.word_counts(" ".join(words)) == reference.word_counts(" ".join(words))""",
    ),
    Kind(
        name="pandas",
        packages=("pandas",),
        imports="import pandas as pd",
        question="mean_prices",
        solution='''
def mean_prices(sales):
    """Return the mean price of each shop, a column "price" of floats by "shop", cheapest first.

    sales: a table with the columns "shop" (text) and "price" (float); it stays as it is.
    """
    ### BEGIN SOLUTION
    return sales.groupby("shop")["price"].mean().sort_values()
    ### END SOLUTION
''',
        example="""    sales = pd.DataFrame({"shop": ["b", "a", "b"], "price": [3.0, 1.0, 5.0]})
    wanted = pd.Series([1.0, 4.0], index=pd.Index(["a", "b"], name="shop"), name="price")
    pd.testing.assert_series_equal(student.mean_prices(sales), wanted)""",
        hidden="""    sales = pd.DataFrame({"shop": rng.choice(list("abcdefg"), 200), "price": rng.random(200)})
    pd.testing.assert_series_equal(student.mean_prices(sales), reference.mean_prices(sales))""",
    ),
    Kind(
        name="scikit-learn",
        packages=("scikit-learn",),
        imports="from sklearn.datasets import make_blobs",
        question="fitted",
        solution='''
def fitted(x, y):
    """Return a classifier of scikit-learn's that has learned from x, float [N, D], and y, int [N]."""
    ### BEGIN SOLUTION
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(x, y)
    ### END SOLUTION
''',
        example="""    x, y = make_blobs(60, centers=[[0, 0], [9, 9]], random_state=0)
    assert (student.fitted(x, y).predict(x) == y).mean() > 0.9""",
        hidden="""    x, y = make_blobs(300, centers=9 * rng.normal(size=(4, 5)), random_state=int(rng.integers(999)))
    assert (student.fitted(x[:200], y[:200]).predict(x[200:]) == y[200:]).mean() > 0.9""",
    ),
)


def main() -> None:
    """Begin, build, validate and grade each course, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path, help="write the table there too")
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True)
    wheel = build_wheel(folder)
    text = report([measured(kind, folder / kind.name, wheel) for kind in KINDS])
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")


def measured(kind: Kind, folder: Path, wheel: Path) -> list[str]:
    """Return the row of a course; raise where a command fails, or an answer does not get the points it should."""
    environment, root = folder / "environment", folder / "course"
    venv.create(environment, with_pip=shutil.which("uv") is None)
    python, program = environment / "bin" / "python", environment / "bin" / "autograder"
    installer = ["uv", "pip", "install", "--python", python] if shutil.which("uv") else [python, "-m", "pip", "install"]
    install = seconds(*installer, "--quiet", f"{wheel}[author]", "matplotlib", *kind.packages, folder=folder)
    size = sum(path.lstat().st_blocks * 512 for path in environment.rglob("*")) / 1e6
    there = "from importlib.util import find_spec; assert find_spec('torch') is None"
    seconds(python, "-c", there, folder=folder)
    begin = seconds(program, "new", "course", root, folder=folder)
    notebook = folder / "mine.ipynb"
    notebook.write_text(json.dumps(notebook_of(kind)))
    begin += seconds(program, "new", "assignment", "own", "--from", notebook, "--points", "4", folder=root)
    shutil.rmtree(root / "tests" / "own")
    (root / "tests" / "own").mkdir()
    indented = HEAD.format(imports=kind.imports, question=kind.question, example=kind.example, hidden=kind.hidden)
    (root / "tests" / "own" / "test_own.py").write_text(indented.lstrip())
    build = seconds(program, "build", folder=root)
    for student, tree in (("solved", "solutions"), ("blank", "release")):
        for assignment in ("first_steps", "own"):
            shutil.copytree(root / tree / assignment, root / "submitted" / student / assignment)
    grade = seconds(program, "grade", "own", folder=root)
    again = seconds(program, "grade", "first_steps", folder=root)
    verify(root / "results")
    numbers = (install, size, begin, build, grade, again)
    return [kind.name, *(f"{number:.0f}" if number >= 10 else f"{number:.1f}" for number in numbers)]


def seconds(*command: object, folder: Path) -> float:
    """Run a command, and return how long it took; raise with what it said where it fails."""
    began = time.monotonic()
    ended = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{command}\n{ended.stdout}{ended.stderr}")
    return time.monotonic() - began


def notebook_of(kind: Kind) -> Mapping[str, object]:
    """Return a notebook that has nothing but a text, imports and a solution between markers."""
    empty: dict[str, object] = {"metadata": {}, "outputs": [], "execution_count": None}
    sources = (
        f"import {kind.packages[0].replace('scikit-learn', 'sklearn')}" if kind.packages else "import math",
        kind.solution,
    )
    code = [{"cell_type": "code", "id": f"c{n}", "source": source.strip(), **empty} for n, source in enumerate(sources)]
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# My assignment"}
    return {"cells": [title, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def verify(results: Path) -> None:
    """Raise unless the solution has all points that no person gives, and the release as it is has none."""
    for path in results.glob("*/*.json"):
        result = json.loads(path.read_text())
        wanted = sum(check["points"] for check in result["checks"]) if result["student"] == "solved" else 0
        if sum(check["score"] for check in result["checks"]) != wanted:
            sys.exit(f"{path}: {result['score']} points, {wanted} are right")


def report(rows: list[list[str]]) -> str:
    """Return the table as Markdown."""
    head = ["course", "install, s", "MB", "`new`, s", "first `build`, s", "first `grade`, s", "the other one, s"]
    by = "uv" if shutil.which("uv") else "pip"
    return "\n".join(
        [
            "# Courses without torch",
            "",
            "From nothing to a graded assignment, by",
            "`python docs/measure/new_courses.py FOLDER --report docs/measure/new_courses.md`;",
            f"installed by {by} with the extra `author`. Two assignments are built; two submissions to each are",
            "graded, the solution first by itself.",
            "",
            f"| {' | '.join(head)} |",
            f"|---|{'--:|' * (len(head) - 1)}",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


if __name__ == "__main__":
    main()

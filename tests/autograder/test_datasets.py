"""A course's data: made, shown to students, given to checks, hidden, carried to other machines; or there is none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_course

from autograder.cli import main
from autograder.course import Course, Dataset, load_course
from autograder.datasets import files_for_students, hidden_files, kept_files, link_data, load_data, prepare_data
from autograder.errors import DataError
from autograder.grading.ray.bundle import bundle_assignment, bundle_data, unpack_course
from autograder.results import Result

LOADERS = """
def unpack(data):
    (data / "weather" / "measured").mkdir(exist_ok=True)
    for name in ("measured/days.csv", "secret.csv"):
        (data / "weather" / name).write_text((data / "weather" / "packed.txt").read_text())


def days(data):
    return (data / "weather" / "measured" / "days.csv").read_text().split()


def broken(data):
    return 1 / 0
"""
WEATHER = Dataset(
    name="weather",
    folder="weather",
    files=["measured"],
    hidden_files=["secret.csv"],
    made_from=["packed.txt"],
    prepare="loaders.py:unpack",
    loaders={"days": "loaders.py:days", "broken": "loaders.py:broken"},
)


@pytest.fixture
def course(course_root: Path) -> Course:
    """A tiny course with data of its own."""
    folder = course_root / "data" / "weather"
    folder.mkdir(parents=True)
    (folder / "loaders.py").write_text(LOADERS)
    (folder / "packed.txt").write_text("3 1 4")
    return replace(load_course(course_root), datasets=[WEATHER])


def without(course: Course, **changes: object) -> Course:
    return replace(course, datasets=[replace(WEATHER, **changes)])


def test_preparing_calls_the_datasets_own_function(course):
    prepare_data(course)
    assert (course.root / "data" / "weather" / "measured" / "days.csv").read_text() == "3 1 4"


def test_a_file_that_is_not_there_is_named(course):
    with pytest.raises(DataError, match=r"weather/measured is missing; the dataset 'weather' in course_config.py"):
        prepare_data(without(course, prepare=""))


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("loaders.py:broken", "loaders.py:broken of the dataset 'weather' raised ZeroDivisionError"),
        ("loaders.py:nothing", "loaders.py of the dataset 'weather' defines no 'nothing'"),
        ("others.py:unpack", "others.py is missing; course_config.py names a function in it"),
        ("no_such_module:unpack", "raised ModuleNotFoundError"),
    ],
)
def test_a_function_that_cannot_do_its_work_is_named(course, function, says):
    with pytest.raises(DataError, match=says):
        prepare_data(without(course, prepare=function))


def test_a_loader_gets_the_data_folder(course):
    prepare_data(course)
    assert load_data(course, "days") == ["3", "1", "4"]


def test_a_loader_may_stand_in_a_package(course):
    course = without(course, loaders={"listed": "os:listdir"})
    assert load_data(course, "listed") == ["weather"]


def test_students_get_their_files_and_no_others(course, tmp_path):
    prepare_data(course)
    assert [name for _, name in files_for_students(course)] == ["weather/measured"]
    link_data(course, tmp_path / "work")
    found = [path.relative_to(tmp_path / "work").as_posix() for path in (tmp_path / "work").rglob("*")]
    assert sorted(found) == ["data", "data/weather", "data/weather/measured"]
    assert (tmp_path / "work" / "data" / "weather" / "measured" / "days.csv").read_text() == "3 1 4"


def test_what_the_course_keeps_is_what_all_else_is_made_from(course):
    prepare_data(course)
    assert [name for name, _ in kept_files(course)] == ["packed.txt", "loaders.py"]
    plain = without(course, prepare="", made_from=(), loaders={})
    assert [name for name, _ in kept_files(plain)] == ["measured/days.csv", "secret.csv"]
    assert [name for name, _ in hidden_files(course)] == ["secret.csv"]


def build(root: Path) -> None:
    assert main(["build", "--course", str(root)]) == 0


def test_data_travels_as_it_is_kept_and_is_made_anew_where_it_arrives(course, tmp_path):
    build(course.root)
    bundles = [bundle_assignment(course, "tiny"), bundle_data(course)]
    arrived = unpack_course(
        course, {bundle.digest: lambda b=bundle: b.content for bundle in bundles}, tmp_path / "cache"
    )
    assert arrived.root.parent == tmp_path / "cache"
    assert load_data(arrived, "days") == ["3", "1", "4"]


def test_a_course_without_data_travels(course, tmp_path):
    build(course.root)
    course = replace(course, datasets=[])
    bundles = [bundle_assignment(course, "tiny"), bundle_data(course)]
    arrived = unpack_course(
        course, {bundle.digest: lambda b=bundle: b.content for bundle in bundles}, tmp_path / "cache"
    )
    assert arrived.source_notebook("tiny").is_file()


CONFIG = """
from autograder.course import Assignment, Course, Dataset

course = Course(
    name="Weather",
    assignments=[Assignment(name="tiny", title="A tiny assignment", points=4)],
    datasets=[
        Dataset(
            name="weather",
            folder="weather",
            files=["days.csv"],
            hidden_files=["secret.csv"],
            loaders={"days": "loaders.py:days"},
            hidden_loaders={"secret_days": "loaders.py:secret_days"},
        )
    ],
)
"""
CHECKS = '''
import sys

import pytest

pytestmark = pytest.mark.question("total")


@pytest.mark.points(1)
@pytest.mark.public
def test_total_of_three(student):
    """The total of 1, 2 and 3 is 6."""
    assert student.total([1, 2, 3]) == 6


@pytest.mark.points(1)
def test_total_of_the_days(student, days):
    """The total of the days that were handed out."""
    assert student.total(days) == sum(days) == student.handed_out


@pytest.mark.points(1)
def test_total_of_secret_days(student, secret_days):
    """The total of the days that nobody knows; and nobody can read them."""
    assert student.total(secret_days) == sum(secret_days)
    assert student.found == ["days.csv"]


@pytest.mark.points(1)
def test_total_without_torch(student, library, rng):
    """What the course does not ask for is loaded nowhere; numpy alone does."""
    numbers = rng.integers(0, 9, size=5)
    assert student.total(numbers) == numbers.sum()
    assert not student.loaded and "torch" not in sys.modules
'''
READERS = """
def days(data):
    return [int(day) for day in (data / "weather" / "days.csv").read_text().split()]


def secret_days(data):
    return [int(day) for day in (data / "weather" / "secret.csv").read_text().split()]
"""
READ = """
import os, sys
loaded = "torch" in sys.modules and os.path.isdir("/submission")
found = sorted(os.listdir("data/weather")) if os.path.isfile("source/tiny/tiny.ipynb") is False else ["days.csv"]
handed_out = sum(int(day) for day in open("data/weather/days.csv").read().split())
"""
TOTAL = '''
def total(numbers: list[int]) -> int:
    """Return the sum of the numbers."""
    # TODO: add them up.
    ### BEGIN SOLUTION
    return sum(numbers)
    ### END SOLUTION
'''.strip()


def test_a_course_with_data_of_its_own_is_built_and_graded(course_root):
    grader = 'import otter\ngrader = otter.Notebook("tiny.ipynb", tests_dir="tests")'
    cells = [
        tiny_course.code("read", READ.strip(), tiny_course.marks("read")),
        tiny_course.code("grader", grader, tiny_course.skip(tiny_course.marks("grader"))),
        tiny_course.code("total", TOTAL, tiny_course.marks("total", solution=True)),
    ]
    (course_root / "course_config.py").write_text(CONFIG)
    (course_root / "source" / "tiny" / "tiny.ipynb").write_text(json.dumps(tiny_course.notebook(*cells)))
    (course_root / "tests" / "tiny" / "test_tiny.py").write_text(CHECKS)
    folder = course_root / "data" / "weather"
    folder.mkdir(parents=True)
    for name, text in (("days.csv", "3 1 4"), ("secret.csv", "1 5 9"), ("loaders.py", READERS)):
        (folder / name).write_text(text)
    build(course_root)
    answer = tiny_course.code("total", "def total(numbers):\n    return sum(numbers)", cells[2]["metadata"])
    tiny_course.submit(course_root, "ada", cells[0], answer)
    assert main(["grade", "tiny", "--course", str(course_root), "--workers", "1"]) == 0
    result = Result.from_json((course_root / "results" / "tiny" / "ada.json").read_text())
    assert [(check.score, check.staff_message) for check in result.checks] == [(1, "")] * 4


def test_an_author_who_runs_pytest_has_the_fixtures_too(pytestconfig):
    fixtures = pytestconfig.pluginmanager.get_plugin("autograder-data")
    assert {"training_digits", "hidden_digits"} <= vars(fixtures).keys(), "this repository is a course"

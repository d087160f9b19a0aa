"""A course's configuration is right as a whole, or one sentence says what is wrong and where."""

import re
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny_course

from autograder.course import Assignment, Budget, Course, LatePolicy, find_course, load_course
from autograder.errors import ConfigError

DUE = datetime(2027, 1, 15, 23, 59, tzinfo=UTC)


def configure(root: Path, text: str) -> None:
    (root / "course_config.py").write_text(text)


def refusal(root: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_course(root)
    return str(caught.value)


def test_a_course_loads_with_its_root(course_root):
    course = load_course(course_root)
    assert course.name == "Tiny"
    assert course.root == course_root.resolve()
    assert [assignment.name for assignment in course.assignments] == ["tiny"]


def test_the_course_of_this_repository_keeps_to_the_rules():
    config = (tiny_course.REPOSITORY / "course_config.py").read_text()
    values: dict[str, object] = {}
    exec(compile(config, "course_config.py", "exec"), values)
    assert isinstance(values["course"], Course)


def test_a_loaded_course_is_frozen(course_root):
    course = load_course(course_root)
    with pytest.raises(FrozenInstanceError):
        course.name = "Another"
    assert isinstance(course.assignments, tuple)


def test_loading_leaves_no_module_behind(course_root):
    import sys

    load_course(course_root)
    assert "course_config" not in sys.modules


ASSIGNMENT = 'Assignment(name="tiny", title="Tiny", points=6{more})'
LINES = """from datetime import datetime
from autograder.course import Assignment, Budget, Course, LatePolicy

course = Course(name="Tiny", assignments=[
    {assignment},
]{more})
"""


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ('Assignment(name="tiny", title="T", points=6, pionts=3)', "Assignment has no field 'pionts'"),
        ('Assignment(name="tiny", title="T")', "'points'"),
        ('Assignment(name="tiny", title="T", points=-1)', "assignment 'tiny': points is -1"),
        ('Assignment(name="tiny", title="T", points=0)', "points is 0; it must be a number above 0"),
        ('Assignment(name="tiny", title="T", points=True)', "points is True"),
        ('Assignment(name="tiny", title="T", points="6")', "points is '6'"),
        ('Assignment(name="tiny", title="T", points=float("nan"))', "points is nan"),
        ('Assignment(name="tiny", title="T", points=float("inf"))', "points is inf"),
        ('Assignment(name="a/b", title="T", points=6)', "assignment 'a/b': the name must be"),
        ('Assignment(name="..", title="T", points=6)', "the name must be"),
        ('Assignment(name="class", title="T", points=6)', "assignment 'class': the name must be"),
        ('Assignment(name="", title="T", points=6)', "assignment '': the name must be"),
        ('Assignment(name=3, title="T", points=6)', "assignment 3: the name must be"),
        ('Assignment(name="tiny", title=None, points=6)', "title is None"),
        ('Assignment(name="tiny", title="T", points=6, due=datetime(2027, 1, 15))', "no time zone"),
        ('Assignment(name="tiny", title="T", points=6, due="2027-01-15")', "is no datetime"),
        ('Assignment(name="tiny", title="T", points=6, budget=30)', "budget is 30"),
        ('Assignment(name="tiny", title="T", points=6, late_policy=0.1)', "late_policy is 0.1"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(cell_second=1))', "Budget has no field"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(cell_seconds=0))', "cell_seconds is 0"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(memory_mb=-1))', "memory_mb is -1"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(open_files=True))', "open_files is True"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(gpu_share=2))', "gpu_share is 2"),
        ('Assignment(name="tiny", title="T", points=6, budget=Budget(check_seconds="5"))', "check_seconds is '5'"),
        ("Asignment()", "NameError"),
    ],
)
def test_a_mistake_in_an_assignment_is_one_sentence_with_its_line(course_root, assignment, says):
    configure(course_root, LINES.format(assignment=assignment, more=""))
    message = refusal(course_root)
    assert message.startswith("course_config.py, line 5: "), message
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (", late_policy=0.1", "late_policy is 0.1"),
        (", late_policy=LatePolicy(penalty_per_day=1.5)", "LatePolicy: penalty_per_day is 1.5"),
        (", late_policy=LatePolicy(penalty_per_day=-0.1)", "penalty_per_day is -0.1"),
        (", late_policy=LatePolicy(max_penalty=float('nan'))", "max_penalty is nan"),
        (", late_policy=LatePolicy(max_penalty=True)", "max_penalty is True"),
        (", late_policy=LatePolicy(max_penalty='10%')", "max_penalty is '10%'"),
        (", late_policy=LatePolicy(grace_minutes=-1)", "grace_minutes is -1"),
        (", late_policy=LatePolicy(grace_minutes=float('inf'))", "grace_minutes is inf"),
        (", late_policy=LatePolicy(grace_minutes='15')", "grace_minutes is '15'"),
        (", assignment=[]", "Course has no field 'assignment'"),
        (", data=7", "data is 7"),
    ],
)
def test_a_mistake_in_the_course_is_one_sentence_with_its_place(course_root, more, says):
    configure(course_root, LINES.format(assignment=ASSIGNMENT.format(more=""), more=more))
    message = refusal(course_root)
    assert re.match(r"course_config\.py, line [46]: ", message), message
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("assignments", "says"),
    [("5", "assignments"), ("['tiny']", "assignments must be a list of Assignment"), ("None", "assignments")],
)
def test_assignments_must_be_a_list_of_assignments(course_root, assignments, says):
    configure(
        course_root, f"from autograder.course import Course\ncourse = Course(name='T', assignments={assignments})\n"
    )
    message = refusal(course_root)
    assert message.startswith("course_config.py, line 2: ")
    assert says in message


@pytest.mark.parametrize("libraries", ["torch", ["torch.nn"], [3]])
def test_libraries_are_names(course_root, libraries):
    configure(course_root, LINES.format(assignment=ASSIGNMENT.format(more=""), more=f", libraries={libraries!r}"))
    assert "libraries is" in refusal(course_root)


DATASETS = """from autograder.course import Assignment, Course, Dataset

course = Course(name="T", assignments=[Assignment(name="tiny", title="T", points=6)], datasets=[
    {datasets}
])
"""


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("3", "Course: datasets is"),
        ('Dataset(name="my data")', "dataset 'my data': name is 'my data'; it must be an identifier"),
        ('Dataset(name="a", folder="../b")', "dataset 'a': folder is '../b'"),
        ('Dataset(name="a", files="b.csv")', "dataset 'a': files is 'b.csv'; it must be a list of paths"),
        ('Dataset(name="a", files=["/etc/passwd"])', "dataset 'a': files is '/etc/passwd'"),
        ('Dataset(name="a", files=["b/../../c"])', "dataset 'a': files is 'b/../../c'"),
        ('Dataset(name="a", files=["."])', "dataset 'a': files is '.'"),
        ('Dataset(name="a", files=["b"], hidden_files=["b/c"])', "b is for students, b/c is hidden"),
        ('Dataset(name="a", files=["b/c"], hidden_files=["b"])', "b/c is for students, b is hidden"),
        ('Dataset(name="a", files=["b"], hidden_files=["./b"])', "b is for students, b is hidden"),
        ('Dataset(name="a", prepare="unpack")', "dataset 'a': prepare is 'unpack'; it must be \"module:function\""),
        ('Dataset(name="a", prepare="../b.py:f")', "dataset 'a': prepare is '../b.py:f'"),
        ('Dataset(name="a", loaders=["b"])', "dataset 'a': loaders is ['b']; it must be a dict"),
        ('Dataset(name="a", loaders={"b": "c"})', "dataset 'a': b is 'c'"),
        ('Dataset(name="a", loaders={"b": 3})', "dataset 'a': b is 3"),
        ('Dataset(name="a", loaders={"student": "m:f"})', "dataset 'a': 'student' cannot be the name of a loader"),
        ('Dataset(name="a", loaders={"b": "m:f"}, hidden_loaders={"b": "m:f"})', "'b' is in loaders and in hidden"),
        ('Dataset(name="a"), Dataset(name="a")', "the dataset 'a' is there twice"),
        ('*[Dataset(name=n, loaders={"x": "m:f"}) for n in "ab"]', "the loader 'x' is there twice"),
        ('Dataset(name="a", colour="b")', "Dataset has no field 'colour'"),
    ],
)
def test_a_dataset_is_right_or_one_sentence_says_what_is_wrong(course_root, dataset, says):
    configure(course_root, DATASETS.format(datasets=dataset))
    message = refusal(course_root)
    assert message.startswith("course_config.py, line ")
    assert says in message


def test_a_course_needs_no_data(course_root):
    assert load_course(course_root).datasets == ()


def test_no_loader_takes_the_name_of_a_fixture_of_ours():
    from autograder.checks import plugin
    from autograder.course import FIXTURES

    ours = {name for name in vars(plugin) if type(getattr(plugin, name)).__name__ == "FixtureFunctionDefinition"}
    assert {*ours, "request"} == FIXTURES


def test_names_of_assignments_must_differ(course_root):
    twice = ",\n    ".join([ASSIGNMENT.format(more="")] * 2)
    configure(course_root, LINES.format(assignment=twice, more=""))
    assert "the assignment 'tiny' is there twice" in refusal(course_root)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import os\ncourse = = 3\n", "course_config.py, line 2: SyntaxError"),
        ("course = (\n", "course_config.py, line 1: SyntaxError"),
        ("import os\n\n1 / 0\n", "course_config.py, line 3: ZeroDivisionError"),
        ("import no_such_module_anywhere\n", "course_config.py, line 1: ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\nf()\n", "course_config.py, line 2: ZeroDivisionError"),
        ("course = '\0'\n", "course_config.py"),
    ],
)
def test_what_python_refuses_is_told_with_its_line(course_root, text, place):
    configure(course_root, text)
    assert refusal(course_root).startswith(place)


@pytest.mark.parametrize("text", ["", "course = 3\n", "from autograder.course import Course\ncourse = Course\n"])
def test_a_configuration_without_a_course_says_what_it_must_define(course_root, text):
    configure(course_root, text)
    assert "must define course = Course(…)" in refusal(course_root)


@pytest.mark.parametrize("gone", ["source/tiny/tiny.ipynb", "tests/tiny"])
def test_an_assignment_needs_its_notebook_and_its_checks(course_root, gone):
    (course_root / gone).rename(course_root / "elsewhere")
    message = refusal(course_root)
    assert message.startswith(f"course_config.py: assignment 'tiny' has no {gone};")


def test_a_folder_without_a_configuration_says_how_to_give_one(tmp_path):
    assert "--course DIR" in refusal(tmp_path)


def test_the_course_is_found_from_any_folder_in_it(course_root):
    assert find_course(course_root / "source" / "tiny") == course_root.resolve()


def test_no_course_at_or_above_says_so(tmp_path):
    with pytest.raises(ConfigError, match="or above it"):
        find_course(tmp_path)


def test_an_unknown_assignment_says_which_there_are(course_root):
    with pytest.raises(ConfigError, match=r"no assignment 'tinny'.*there are: tiny"):
        load_course(course_root).assignment("tinny")


def test_an_assignment_has_the_courses_late_policy_unless_it_brings_its_own(course_root):
    course = replace(load_course(course_root), late_policy=LatePolicy(penalty_per_day=0.1))
    own = LatePolicy(penalty_per_day=0.5)
    tiny = course.assignment("tiny")
    assert course.late_policy_of(tiny) == course.late_policy
    assert course.late_policy_of(replace(tiny, late_policy=own)) == own


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(days=-30), 0),
        (timedelta(), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=15, seconds=1), 1),
        (timedelta(days=1, minutes=15), 1),
        (timedelta(days=1, minutes=15, seconds=1), 2),
        (timedelta(days=9), 9),
    ],
)
def test_each_day_begun_after_the_grace_time_counts(late, days):
    assert LatePolicy(grace_minutes=15).late_days(DUE + late, DUE) == days


def test_lateness_is_counted_across_time_zones():
    from zoneinfo import ZoneInfo

    tokyo = DUE.astimezone(ZoneInfo("Asia/Tokyo"))
    assert LatePolicy().late_days(tokyo, DUE) == 0
    assert LatePolicy().late_days(tokyo + timedelta(seconds=1), DUE) == 1


@pytest.mark.parametrize(("submitted_at", "due"), [(None, DUE), (DUE, None), (None, None)])
def test_without_a_recorded_time_or_a_due_date_nothing_is_late(submitted_at, due):
    assert LatePolicy(penalty_per_day=1).late_days(submitted_at, due) == 0


@pytest.mark.parametrize(("days", "points"), [(0, 0.0), (1, 2.0), (4, 8.0), (5, 10.0), (100, 10.0)])
def test_the_penalty_grows_by_the_day_up_to_its_most(days, points):
    policy = LatePolicy(penalty_per_day=0.1, max_penalty=0.5)
    assert policy.penalty(days, 20) == pytest.approx(points)


def test_by_default_lateness_costs_nothing():
    assert LatePolicy().penalty(30, 20) == 0


def test_every_budget_is_above_zero_by_default():
    assert all(value > 0 for value in vars(Budget()).values())


def test_an_assignment_may_have_no_due_date():
    assert Assignment(name="tiny", title="Tiny", points=1).due is None

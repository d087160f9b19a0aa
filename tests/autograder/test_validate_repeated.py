"""`validate` sees checks that fail right answers by chance, that depend on their order, or on where they are run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import tiny_course

from autograder.checks.catalogue import Check, collect_checks
from autograder.cli import main
from autograder.course import Assignment, Budget, load_course
from autograder.own_notebooks import solution_cells
from autograder.results import CheckStatus, Result, Status
from autograder.validate.answers import Edit, KnownAnswers, Right, Wrong
from autograder.validate.both_worlds import Passed, differences_of_worlds, run_in_notebook
from autograder.validate.candidates import Candidate, candidates_of, of_other_kinds
from autograder.validate.findings import Extent, Validation, judge
from autograder.validate.kill_table import Caught, KillTable, Row
from autograder.validate.many_students import false_fails, losses, series_of_students
from autograder.validate.order import differences_of_order, independent_checks, series_of_orders
from autograder.validate.series_process import Judged, Series, SeriesConfig, SeriesProcess

PLANTED = '''
import pytest
import torch

from autograder.checks.expect import integer

pytestmark = [pytest.mark.question("double"), pytest.mark.points(0)]


def test_diagnosis_before_the_verdict(student, rng):
    """Twice a number is asked for."""
    x = int(torch.randint(400, (), generator=rng))
    found = int(student.double(torch.tensor([x])))
    assert found != x + 7, "You added 7."
    assert found == 2 * x


def test_verdict_before_the_diagnosis(student, rng):
    """Twice a number is asked for."""
    x = int(torch.randint(400, (), generator=rng))
    found = int(student.double(torch.tensor([x])))
    assert found == 2 * x, "You added 7." if found == x + 7 else "It is not twice the number."


def test_nothing_was_left_behind(student, library):
    """Nobody has left anything at the function."""
    assert not library.builtins.hasattr(student.double, "left"), "Something was left there."


def test_that_leaves_something_behind(student, library):
    """The function has a name."""
    library.builtins.setattr(student.double, "left", True)


@pytest.mark.question("answer")
@pytest.mark.public
def test_of_an_exact_kind(student):
    """The answer is an int."""
    assert type(student.answer) is int, "Write a whole number."


@pytest.mark.question("answer")
@pytest.mark.public
def test_of_any_whole_number(student):
    """The answer is a whole number."""
    integer(student.answer, "answer")


@pytest.mark.question("answer")
def test_of_the_id(student, student_id):
    """The notebook has the ID of whoever handed it in."""
    assert student.STUDENT_ID == student_id, "Another's ID."
'''
"""Of each kind of fault one check, and beside it one without the fault."""

KNOWN = KnownAnswers(
    answers=[
        Right("by adding", cells={"double": "def double(x):\n    return x + x"}),
        Wrong("the input itself", cells={"double": Edit("helper(x)", "x")}),
        Wrong("ends", cells={"answer": "import os\nos._exit(3)"}),
    ]
)
CHANCE = "test_planted.py::test_diagnosis_before_the_verdict"
SOUND = "test_planted.py::test_verdict_before_the_diagnosis"
LEFT = "test_planted.py::test_nothing_was_left_behind"
LEAVES = "test_planted.py::test_that_leaves_something_behind"
EXACT = "test_planted.py::test_of_an_exact_kind"
ANY = "test_planted.py::test_of_any_whole_number"
OF_THE_ID = "test_planted.py::test_of_the_id"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built course with the planted checks, whose notebook holds an ID."""
    root = tiny_course.make_course(tmp_path_factory.mktemp("planted") / "course")
    (root / "tests" / "tiny" / "test_planted.py").write_text(PLANTED)
    path = root / "source" / "tiny" / "tiny.ipynb"
    notebook = json.loads(path.read_text())
    cell = tiny_course.code("id", "STUDENT_ID = 'your-id'", tiny_course.marks("id") | {"tags": ["student-id"]})
    notebook["cells"].insert(2, cell)
    path.write_text(json.dumps(notebook))
    assert main(["build", "--course", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def solution(root: Path) -> Mapping[str, str]:
    """The solution's cells."""
    return solution_cells(json.loads((root / "solutions" / "tiny" / "tiny.ipynb").read_text()))


@pytest.fixture(scope="module")
def candidates(solution) -> Sequence[Candidate]:
    """The solution, the right answer, the wrong ones."""
    return candidates_of(solution, KNOWN, frozenset())


@pytest.fixture(scope="module")
def checks(root: Path) -> Sequence[Check]:
    """All checks."""
    return collect_checks(root / "tests" / "tiny")


@pytest.fixture(scope="module")
def process(root: Path) -> Iterator[SeriesProcess]:
    """The process that judges in series, isolated as the host allows."""
    release = json.loads((root / "release" / "tiny" / "tiny.ipynb").read_text())
    config = SeriesConfig(course=load_course(root), assignment="tiny", release=release, isolated=False, workers=2)
    with SeriesProcess(config) as process:
        yield process


def only(candidate: Candidate, *checks: str, students: int = 1, anew: bool = False) -> list[Series]:
    ids = tuple(f"student-{n:05}" for n in range(students))
    return [Series(id=f"{candidate.name}, all", cells=candidate.cells, students=ids, checks=checks, anew=anew)]


# Many students


def test_a_right_answer_that_chance_fails_is_found_with_enough_students(process, candidates, checks):
    judged = process.run(only(candidates[1], CHANCE, SOUND, students=2_000))
    (found,) = losses(candidates, judged)
    assert found.startswith(f"{CHANCE}: the right answer 'by adding' loses with ")
    assert "of 2000 students' hidden inputs, with student-0" in found
    assert found.endswith("'s for one: You added 7.")
    chance, sound = false_fails(judged, checks)
    assert (chance.check, chance.students, sound.check, sound.failures) == (CHANCE, 2_000, SOUND, 0)
    assert 0 < chance.failures < 20
    assert chance.bound > chance.failures / 2_000 > sound.bound / 2
    assert sound.bound == pytest.approx(3 / 2_000, rel=0.01)


def test_where_the_id_matters_the_notebook_is_run_anew_for_each(process, candidates):
    on_one_run = process.run(only(candidates[0], OF_THE_ID, students=3))
    anew = process.run(only(candidates[0], OF_THE_ID, students=3, anew=True))
    assert [one.status for one in next(iter(on_one_run.values()))] == ["passed", "failed", "failed"]
    assert [one.status for one in next(iter(anew.values()))] == ["passed"] * 3


def test_each_right_answer_is_judged_with_every_student(candidates, checks):
    series = series_of_students(candidates, checks, frozenset({"answer"}), 250)
    by_answer = {
        candidate.name: [one for one in series if one.id.startswith(candidate.name)] for candidate in candidates
    }
    assert [len(by_answer[name]) for name in by_answer] == [3 + 3, 3, 0, 0], "wrong answers are left out"
    of_solution = by_answer["the solution"]
    assert len({student for one in of_solution if not one.anew for student in one.students}) == 250
    assert len({student for one in of_solution if one.anew for student in one.students}) == 25
    assert all((OF_THE_ID in one.checks) == one.anew and (SOUND in one.checks) != one.anew for one in of_solution)
    assert series_of_students(candidates, checks, frozenset(), 0) == []


# Order


def test_a_check_that_depends_on_others_is_found(process, candidates):
    series = [
        one for candidate in candidates[:2] for one in series_of_orders(candidate, [SOUND, LEFT, LEAVES], thorough=True)
    ]
    found = list(differences_of_order(candidates, process.run(series)))
    assert found == [
        f"{LEFT} depends on the checks before it: of {candidate.name} it says `passed` in the batch's order, "
        "and in the reverse order `failed` (Something was left there.)"
        for candidate in candidates[:2]
    ]
    assert independent_checks(candidates, process.run(series)) == set()


def test_checks_that_leave_nothing_behind_depend_on_no_order(process, candidates):
    series = series_of_orders(candidates[2], [SOUND, LEFT], thorough=True)
    assert len(series) >= 4
    judged = process.run(series)
    assert any(one.status == CheckStatus.FAILED for some in judged.values() for one in some)
    assert list(differences_of_order(candidates, judged)) == []
    assert independent_checks(candidates, judged) == {SOUND, LEFT}


def test_a_check_that_fails_alone_is_found():
    def judged(order: str, *statuses: CheckStatus) -> tuple[str, Sequence[Judged]]:
        return f"a, {order}", [Judged(student="s", check=f"c{n}", status=s, score=0.0) for n, s in enumerate(statuses)]

    passed, failed = CheckStatus.PASSED, CheckStatus.FAILED
    answer = Candidate(name="a", cells={}, changed=frozenset(), questions=frozenset(), must_pass=True)
    runs = dict([judged("in the batch's order", passed, passed), judged("alone: c0", failed)])
    assert [one.partition(",")[2] for one in differences_of_order([answer], runs)] == [" and alone `failed`"]


# Both worlds


@pytest.fixture(scope="module")
def both(root, process, candidates, checks) -> tuple[Sequence[Candidate], Mapping, Mapping[str, Passed]]:
    """All candidates, also as other kinds, with what is said of them in grading and in the notebook."""
    course = load_course(root)
    everything = [*candidates, *of_other_kinds(candidates[0], process.values, course.libraries)]
    series = [series_of_orders(one, one.checks(checks, public_only=True), thorough=False)[0] for one in everything]
    notebook = root / "solutions" / "tiny" / "tiny.ipynb"
    budget = Budget(notebook_seconds=50, check_seconds=5)
    return everything, process.run(series), run_in_notebook(notebook, everything, course.libraries, budget, 2)


def test_a_check_that_judges_kinds_otherwise_in_the_notebook_is_found(both, checks):
    found = list(differences_of_worlds(both[0], checks, both[1], both[2]))
    assert found == [f"{EXACT}: the solution as numpy.int64 fails in the notebook, in grading it gets `passed`"]


def test_the_notebook_says_of_every_answer_which_checks_it_passes(both):
    passed = both[2]
    assert passed["the solution"]["answer"] == dict.fromkeys(
        ["test_answer_is_a_number", "test_of_an_exact_kind", "test_of_any_whole_number"], True
    )
    assert passed["the wrong answer 'the input itself'"] == {"double": {"test_double_of_ones": False}}
    assert passed["the wrong answer 'ends'"] == {}
    as_float = next(one.name for one in both[0] if one.kinds.get("answer") == "float")
    assert passed[as_float]["answer"]["test_of_any_whole_number"] is False


def test_values_and_results_of_functions_are_tried_as_other_kinds():
    cells = {
        "n": "n = 3",
        "pair": "def pair(x: Tensor) -> tuple[float, float]:\n    return 1.0, 2.0",
        "Net": "class Net: ...",
    }
    whole = Candidate(name="the solution", cells=cells, changed=frozenset(), questions=frozenset(cells), must_pass=True)
    found = {
        (question, kind): one
        for one in of_other_kinds(whole, {"n": "int"}, ["torch"])
        for question, kind in one.kinds.items()
    }
    assert {("n", "bool"), ("n", "a scalar tensor"), ("pair", "list"), ("pair", "a namedtuple")} <= set(found)
    assert found["n", "numpy.int64"] is found["pair", "list"], "several questions at a time"
    assert found["n", "numpy.int64"].name_for("n") == "the solution as numpy.int64"
    assert found["n", "bool"].cells["n"] == "n = 3\nn = bool(n)\n"
    space: dict = {"Tensor": object}
    exec(found["pair", "a namedtuple"].cells["pair"], space)
    result = space["pair"](None)
    assert result == (1.0, 2.0)
    assert result._fields == ("f0", "f1")


def test_a_course_without_torch_has_no_kinds_of_it():
    whole = Candidate(
        name="the solution", cells={"n": "n = 3"}, changed=frozenset(), questions=frozenset({"n"}), must_pass=True
    )
    assert [one.kinds["n"] for one in of_other_kinds(whole, {"n": "int"}, [])] == ["numpy.int64", "float", "bool"]
    assert "a scalar tensor" in [one.kinds["n"] for one in of_other_kinds(whole, {"n": "int"}, ["torch"])]


# What the text warns of


@pytest.mark.parametrize(
    ("warned", "caught", "found"), [(True, Caught.NO, 1), (True, Caught.IN_PART, 0), (False, Caught.NO, 0)]
)
def test_what_the_text_warns_of_must_be_caught_in_public(checks, warned, caught, found):
    public = [check.public for check in checks]
    row = Row(
        name="slip",
        questions=("double",),
        kind="wrong",
        caught=tuple(caught if one else Caught.YES for one in public),
        causes=("",) * len(checks),
    )
    blank = Result(assignment="tiny", student="s", status=Status.GRADED, score=0, max_score=6)
    validation = Validation(
        assignment=Assignment(name="tiny", title="Tiny", points=6),
        extent=Extent(seeds=0, mutants=0),
        checks=checks,
        solution=blank,
        blank=blank,
        passed_in_notebook={"solution": {}, "blank": {}},
        table=KillTable(checks=tuple(check.id for check in checks), points=(0.0,) * len(checks), rows=[row]),
        spreads=(),
        costs=(),
        left_out=(),
    )
    known = KnownAnswers(answers=[Wrong("slip", cells={"double": ""}, warned=warned)])
    said = "the text warns of the wrong answer 'slip', and no public check of double catches it"
    assert judge(validation, known, mutants=()).count(said) == found

"""`validate` finds what is wrong with an assignment: weak checks, slips nobody names, leaks, checks that fail by chance."""

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import tiny_course

from autograder.checks.catalogue import collect_checks
from autograder.cli import main
from autograder.course import Assignment, load_course
from autograder.errors import ValidationError
from autograder.mnist import Digits, hidden_digits
from autograder.results import CheckRecord, CheckStatus, Measurement, Result, Status
from autograder.validate.answers import Edit, KnownAnswers, Right, Wrong, answered, read_answers
from autograder.validate.findings import Cost, Extent, Validation, judge
from autograder.validate.hidden_data import Trace, traces_of
from autograder.validate.kill_table import Caught, KillTable, Row, worst
from autograder.validate.leaks import Hidden, find_leaks
from autograder.validate.mutants import mutants_of
from autograder.validate.run_release import run_release
from autograder.validate.spread import failure_bound, spreads

KNOWN = """
from autograder.validate.answers import Edit, Harmless, Right, Wrong

ANSWERS = [
    Right("by adding", cells={"double": "def double(x):\\n    return x + x", "answer": "answer = int('42')"}),
    Wrong("the input itself", cells={"double": Edit("helper(x)", "x")}, hint="did you return x itself?"),
    Wrong("twos", cells={"double": "def double(x):\\n    return torch.full_like(x, 2.0)"}),
    Wrong("one more", cells={"answer": Edit("42", "43")}, hint="Off by one"),
    Wrong("a text", cells={"answer": "answer = '42'"}, hint="must be a whole number"),
]
HARMLESS = [
    Harmless("double", "return helper(x)", new="squeeze()", reason="vectors have nothing to squeeze"),
    Harmless("double", "return helper(x)", new="x.zero_()", reason="the checks leave the argument to its owner"),
]
"""


@pytest.fixture
def course(built_course: Path, tmp_path: Path) -> Path:
    """A built course of one's own, with known answers."""
    root = tmp_path / "course"
    shutil.copytree(built_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    (root / "tests" / "tiny" / "known_answers.py").write_text(KNOWN)
    return root


def validate(root: Path, *options: str) -> tuple[int, dict, str]:
    code = main(["validate", "--course", str(root), "--seeds", "0", "--students", "4", *options])
    folder = root / "results" / "validation"
    return code, json.loads((folder / "tiny.json").read_text()), (folder / "tiny.html").read_text()


# The whole of it


def test_an_assignment_whose_checks_are_good_passes(course, capsys):
    code, document, page = validate(course)
    assert document["findings"] == []
    assert code == 0
    assert document["solution"]["score"] == 6
    assert document["blank"]["score"] == 0
    caught = {row["name"]: len(row["caught_by"]) for row in document["answers"] if row["kind"] == "wrong"}
    assert caught == {"the input itself": 2, "twos": 1, "one more": 1, "a text": 2}
    assert [row["caught_by"] for row in document["answers"] if row["kind"] == "right"] == [[]]
    assert document["kill_rate"] == 1.0
    assert "Nothing found" in page
    assert "<svg" in page
    assert "4/4" in capsys.readouterr().out
    kept = sorted((course / "results" / "validation" / "trials" / "tiny").glob("*.json"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert len(times) == 2 + 5 + 9
    assert validate(course)[1]["answers"] == document["answers"]
    assert {path: path.stat().st_mtime_ns for path in kept} == times, "something was graded again"


def test_weak_checks_are_found(course):
    checks = course / "tests" / "tiny" / "test_tiny.py"
    weak = checks.read_text().replace("assert torch.equal(tensor(student.double(x), ", "(tensor(student.double(x), ")
    weak = weak.replace("assert answer == reference.answer", "assert answer > 0")
    checks.write_text(weak)
    code, document, page = validate(course)
    assert code == 1
    said = "\n".join(document["findings"])
    assert "the wrong answer 'twos' to double keeps every point" in said
    assert "test_tiny.py::test_double_of_hidden_numbers never catches a wrong answer" not in said  # it catches a crash
    assert "of the mutants that change what is computed lose a point" in said
    assert "a mutant of answer keeps every point: answer = 42 → answer = 41" in said
    assert "things to mend before the release" in page


def test_a_check_that_fails_the_solution_or_a_right_answer_is_found(course):
    checks = course / "tests" / "tiny" / "test_tiny.py"
    strict = checks.read_text().replace(
        "    integer(student.answer",
        '    assert "+" not in __import__("inspect").getsource(student.double)\n    integer(student.answer',
    )
    checks.write_text(strict.replace("assert answer == reference.answer\n", "assert answer == reference.answer + 2\n"))
    assert main(["build", "--course", str(course)]) == 0
    code, document, _ = validate(course, "--mutants", "0")
    said = "\n".join(document["findings"])
    assert code == 1
    assert "the solution loses 3 points in test_tiny.py::test_answer: " in said
    assert "the right answer 'by adding' loses points" in said


def test_a_release_that_is_out_of_date_is_not_validated(course, capsys):
    (course / "release" / "tiny" / "support.py").write_text("def helper(x):\n    return x\n")
    assert main(["validate", "--course", str(course)]) == 2
    assert "release/tiny/support.py is changed; run `autograder build`" in capsys.readouterr().err


def test_a_broken_file_of_known_answers_is_named(course, capsys):
    (course / "tests" / "tiny" / "known_answers.py").write_text("ANSWERS = [1]\n")
    assert main(["validate", "--course", str(course)]) == 2
    assert "tests/tiny/known_answers.py: ANSWERS must be a list of Answer" in capsys.readouterr().err


# Known answers


SOLUTION = {"double": "def double(x):\n    return helper(x)", "answer": "answer = 42"}


def test_an_answer_is_a_cell_or_edits_of_the_solution():
    answer = Right(
        "a", cells={"double": (Edit("helper", "twice"), Edit("return ", "return 1 * ")), "answer": "answer = 6 * 7"}
    )
    assert answered(answer, SOLUTION) == {
        "double": "def double(x):\n    return 1 * twice(x)",
        "answer": "answer = 6 * 7",
    }


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"double": Edit("nothing", "x")}, "'nothing' occurs 0 times in the solution"),
        ({"double": Edit("x", "y")}, "'x' occurs 2 times"),
        ({"treble": "x"}, "there is no question 'treble'; name one of"),
        ({}, "it answers nothing"),
    ],
)
def test_an_answer_that_fits_no_question_is_an_error(cells, said):
    with pytest.raises(ValidationError, match=said):
        answered(Wrong("a", cells=cells), SOLUTION)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "it raised ZeroDivisionError"),
        ("ANSWERS = 1", "ANSWERS must be a list"),
        (KNOWN.replace('"twos"', '"one more"'), "the name 'one more' is there twice"),
        (KNOWN.replace('Edit("42"', 'Edit("44"'), "'one more': '44' occurs 0 times"),
    ],
)
def test_what_is_wrong_with_known_answers_is_said(tmp_path, text, said):
    (tmp_path / "known_answers.py").write_text(text)
    with pytest.raises(ValidationError, match=said):
        read_answers(tmp_path, SOLUTION)


def test_without_a_file_there_are_no_known_answers(tmp_path):
    assert read_answers(tmp_path, SOLUTION).answers == ()


# Mutants


CELL = '''def f(x: int | None, flag=True):
    """Return x + 1."""
    limit = 7
    # TODO: do it.
    ### BEGIN SOLUTION
    total = 0
    for n in range(limit):
        if n < x and flag:
            total += torch.sum(x, dim=1).mean()
    return total
    ### END SOLUTION
'''


def test_mutants_change_the_solution_region_only():
    found = mutants_of("f", CELL)
    outside = CELL.splitlines()[:5]
    assert len(found) > 10
    assert all(mutant.source.splitlines()[:5] == outside for mutant in found)
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        compile(mutant.source, "mutant", "exec")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total = 0", "total =  1"),
        ("total = 0", "pass"),
        ("for n in range(limit):", "for n in []:"),
        ("if n < x and flag:", "if n <=x and flag:"),
        ("if n < x and flag:", "if n < x or flag:"),
        ("total += torch.sum(x, dim=1).mean()", "total += torch.sum(x).mean()"),
        ("total += torch.sum(x, dim=1).mean()", "total += torch.mean(x, dim=1).mean()"),
        ("return total", "pass"),
    ],
)
def test_the_slips_of_the_trade_are_among_them(old, new):
    pairs = {(mutant.old, mutant.new.replace(" ", "")) for mutant in mutants_of("f", CELL)}
    assert (old, new.replace(" ", "")) in pairs


# Kill table


def row(kind: str, *caught: Caught, **values: str) -> Row:
    return Row(name="a", questions=("q",), kind=kind, caught=caught, **values)


def test_a_check_that_was_run_and_caught_nothing_is_idle():
    yes, part, no, none = Caught.YES, Caught.IN_PART, Caught.NO, Caught.NOT_RUN
    rows = [row("wrong", yes, no, none, no), row("mutant", no, no, none, part), row("right", no, yes, yes, no)]
    table = KillTable(checks=("a", "b", "c", "d"), points=(1, 1, 1, 1), rows=rows)
    assert table.idle_checks == ["b"]


def test_the_kill_rate_leaves_out_what_is_explained():
    caught, kept = row("mutant", Caught.YES), row("mutant", Caught.NO)
    explained = row("mutant", Caught.NO, harmless="the same")
    table = KillTable(checks=("a",), points=(1,), rows=[caught, caught, caught, kept, explained])
    assert table.kill_rate == 0.75
    assert len(table.survivors) == 2


# Spread


def test_the_bound_on_a_rate_is_that_of_clopper_and_pearson():
    assert failure_bound(0, 200) == pytest.approx(1 - 0.05 ** (1 / 200), abs=1e-9)
    assert failure_bound(0, 30) == pytest.approx(0.0950, abs=1e-4)
    assert failure_bound(2, 20) == pytest.approx(0.2826, abs=1e-4)  # beta.ppf(0.95, 3, 18)
    assert failure_bound(5, 5) == 1.0


def result(value: float, status: CheckStatus = CheckStatus.PASSED) -> Result:
    measured = (Measurement(of="accuracy", value=value, at_least=0.9),)
    record = CheckRecord(
        id="t::c", question="q", points=1, score=1, status=status, public=False, seconds=2.0, measured=measured
    )
    plain = CheckRecord(id="t::d", question="q", points=1, score=1, status=status, public=False)
    return Result(assignment="a", student="s", status=Status.GRADED, score=1, max_score=1, checks=(record, plain))


def test_a_spread_says_how_far_the_threshold_is():
    (spread,) = spreads([result(0.96), result(0.98), result(0.97), result(0.85, CheckStatus.PARTIAL)])
    assert (spread.check, spread.of, spread.failures, len(spread.values)) == ("t::c", "accuracy", 1, 4)
    assert spread.mean == pytest.approx(0.94)
    assert spread.distance == pytest.approx(0.04 / spread.deviation)
    assert math.isinf(spreads([result(0.95)])[0].distance)


# Costs


@pytest.mark.parametrize(("quick", "found"), [(False, 1), (True, 0)])
def test_seconds_are_judged_where_nothing_else_runs(quick, found):
    validation = Validation(
        assignment=Assignment(name="a", title="A", points=2),
        extent=Extent(seeds=0, mutants=0, quick=quick),
        checks=(),
        solution=result(0.96),
        blank=result(0.96),
        passed_in_notebook={"solution": {}, "blank": {}},
        table=KillTable(checks=(), points=(), rows=()),
        spreads=(),
        costs=[Cost(check="t::c", seconds=43.2, limit_seconds=120, memory_mb=1, limit_mb=2000)],
        left_out=(),
    )
    findings = judge(validation, KnownAnswers(answers=(), harmless=()), mutants=())
    assert findings.count("t::c takes 43.2 of its 120 seconds; give it @pytest.mark.deadline(130)") == found


# Leaks


@pytest.fixture(scope="module")
def digits() -> Digits:
    return hidden_digits(tiny_course.REPOSITORY / "data")


@pytest.fixture(scope="module")
def traces() -> Sequence[Trace]:
    return traces_of(load_course(tiny_course.REPOSITORY))


@pytest.fixture
def hidden(course, traces) -> Hidden:
    return Hidden(
        source=json.loads((course / "source" / "tiny" / "tiny.ipynb").read_text()),
        only_solutions={Path("solution/secret.py"): b"KEY = 'what only solutions may hold, word for word'\n"},
        checks=collect_checks(course / "tests" / "tiny"),
        data=traces,
        secret="8c1f0a5e9b2d",
    )


def release_of(course: Path) -> dict[Path, bytes]:
    folder = course / "release" / "tiny"
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_cell(release: dict[Path, bytes], source: str, **values: object) -> dict[Path, bytes]:
    notebook = json.loads(release[Path("tiny.ipynb")])
    notebook["cells"].append({**tiny_course.code("extra", source), **values})
    return {**release, Path("tiny.ipynb"): json.dumps(notebook).encode()}


def test_a_release_as_it_is_built_leaks_nothing(course, hidden):
    assert find_leaks(release_of(course), hidden) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r, _: with_cell(r, "x", execution_count=1), "holds an output"),
        (
            lambda r, _: with_cell(r, "    return helper(x)  # the secret recipe"),
            "shows a line of the solution of double",
        ),
        (lambda r, _: with_cell(r, "answer = 42"), "shows the solution of answer: `answer = 42`"),
        (lambda r, _: with_cell(r, "print('because the reference says so')"), "shows a line of cell 8 of the source"),
        (
            lambda r, _: {**r, Path("a.py"): b"KEY = 'what only solutions may hold, word for word'"},
            "shows a line of solution/secret.py",
        ),
        (
            lambda r, _: with_cell(r, "# see test_double_of_hidden_numbers"),
            "names the hidden check test_double_of_hidden_numbers",
        ),
        (
            lambda r, d: {**r, Path("a.bin"): b"x" + d.images[0].numpy().tobytes() + b"y"},
            "a.bin holds a part of hidden_digits.images",
        ),
        (lambda r, d: {**r, Path("a.bin"): d.labels.numpy().tobytes()}, "a.bin holds a part of hidden_digits.labels"),
        (
            lambda r, d: {**r, Path("a.csv"): ",".join(map(str, d.labels.tolist())).encode()},
            "a.csv holds a part of hidden_digits.labels",
        ),
        (lambda r, _: {**r, Path("t10k-labels-idx1-ubyte.gz"): b""}, "the name promises hidden data"),
        (lambda r, _: {**r, Path("a.bin"): b"..8c1f0a5e9b2d.."}, "holds the secret"),
    ],
)
def test_whatever_must_not_be_there_is_found(course, hidden, digits, change, said):
    assert any(said in leak for leak in find_leaks(change(release_of(course), digits), hidden))


def test_a_number_of_the_solution_is_found_however_it_is_written(course, hidden):
    source = json.loads(json.dumps(hidden.source).replace("answer = 42", "answer = 648_010"))
    changed = Hidden(**{**vars(hidden), "source": source})
    release = with_cell(release_of(course), "# it has 648,010 parameters")
    assert any("shows the number 648010" in leak for leak in find_leaks(release, changed))
    assert not find_leaks(release_of(course), changed)


def test_what_is_shown_on_purpose_is_no_leak(course, hidden):
    shown = Hidden(**{**vars(hidden), "shown": ["answer = 42"]})
    assert find_leaks(with_cell(release_of(course), "answer = 42"), shown) == []


# The release, run


def test_a_release_runs_up_to_its_stubs(course):
    found = run_release(course / "release" / "tiny" / "tiny.ipynb", load_course(course))
    assert found.problems == []
    assert found.passed == {"double": 0.0, "answer": 0.0}


def test_a_cell_that_fails_before_the_stubs_is_named(course):
    path = course / "release" / "tiny" / "tiny.ipynb"
    path.write_text(path.read_text().replace("from support import helper", "from suport import helper"))
    problems = run_release(path, load_course(course)).problems
    assert problems[0] == "cell 3 of the release raises ModuleNotFoundError: No module named 'suport'"


def test_of_several_ids_the_worst_counts():
    def graded(*scores: float) -> Result:
        records = [
            CheckRecord(
                id=f"t::{n}",
                question="q",
                points=1,
                score=s,
                status=CheckStatus.PASSED if s else CheckStatus.FAILED,
                public=False,
            )
            for n, s in enumerate(scores)
        ]
        return Result(assignment="a", student="s", status=Status.GRADED, score=1, max_score=2, checks=tuple(records))

    assert [check.score for check in worst([graded(1, 1), graded(0, 1), graded(1, 0.5)]).checks] == [0, 0.5]

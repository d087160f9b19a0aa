"""A simulated class looks like a real one, is the same each time, and is graded as it was drawn."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course import Course, LatePolicy, load_course
from autograder.errors import AutograderError
from autograder.grading.submissions import find_submissions
from autograder.notebooks import plan_run, read_cells
from autograder.results import Result, Status, read_results
from autograder.simulate.classroom import class_file, read_material, simulate
from autograder.simulate.students import Kind, Material, Quality, Simulated, Way, draw_class

DUE = datetime(2027, 1, 22, 22, 59, tzinfo=UTC)
NOT_WRITTEN = (Kind.BLANK, Kind.NOT_A_NOTEBOOK, Kind.MISSING_FILE)
KNOWN = """
from autograder.validate.answers import Edit, Right, Wrong

ANSWERS = [
    Right("by adding", cells={"double": "def double(x):\\n    return x + x", "answer": "answer = int('42')"}),
    Wrong("the input itself", cells={"double": Edit("helper(x)", "x")}),
    Wrong("twos", cells={"double": "def double(x):\\n    return np.full_like(x, 2.0)"}),
    Wrong("one more", cells={"answer": Edit("42", "43")}),
    Wrong("both at once", cells={"double": Edit("helper(x)", "-x"), "answer": Edit("42", "0")}),
]
"""
MATERIAL = Material(
    questions=tuple("abcdef"),
    ways=[Way(name="the solution", cells=dict.fromkeys("abcdef", "x = 1"))],
    wrong={question: [("a slip", "x = 2")] for question in "abcdef"},
)
"""Six questions, as mlp has."""


@pytest.fixture
def course(built_numpy_course: Path, tmp_path: Path) -> Course:
    """A built course of one's own, with known answers."""
    root = tmp_path / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("results", "submitted"))
    (root / "tests" / "tiny" / "known_answers.py").write_text(KNOWN)
    return load_course(root)


@pytest.fixture(scope="module")
def crowd() -> list[Simulated]:
    """Three hundred students, drawn and not written."""
    return draw_class(MATERIAL, "mlp", 300, seed=0, due=DUE, late_policy=LatePolicy())


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def qualities(student: Simulated) -> set[Quality]:
    return {answer.quality for answer in student.answers.values()}


# What is drawn


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(course, tmp_path):
    for folder, seed in (("one", 1), ("again", 1), ("other", 2)):
        simulate(course, course.assignment("tiny"), 40, seed=seed, output=tmp_path / folder)
    assert files(tmp_path / "one") == files(tmp_path / "again")
    assert files(tmp_path / "one") != files(tmp_path / "other")


def test_a_larger_class_begins_with_the_smaller_one(crowd):
    assert draw_class(MATERIAL, "mlp", 20, seed=0, due=DUE, late_policy=LatePolicy()) == crowd[:20]


def test_a_student_is_as_able_in_every_assignment(crowd):
    others = draw_class(MATERIAL, "lenet", 300, seed=0, due=DUE, late_policy=LatePolicy())
    assert [student.ability for student in others] == [student.ability for student in crowd]
    assert [student.answers for student in others] != [student.answers for student in crowd]


def test_most_hand_in_something_good_and_some_something_partial(crowd):
    written = [student for student in crowd if student.kind not in NOT_WRITTEN]
    drawn = Counter(answer.quality for student in written for answer in student.answers.values())
    share = {quality: number / drawn.total() for quality, number in drawn.items()}
    assert 0.65 < share[Quality.RIGHT] < 0.85
    assert 0.08 < share[Quality.WRONG] < 0.22
    assert 0.04 < share[Quality.BLANK] < 0.16
    all_right = sum(qualities(student) == {Quality.RIGHT} for student in written)
    assert 0.2 < all_right / len(crowd) < 0.5
    assert 0.01 < sum(student.kind == Kind.BLANK for student in crowd) / len(crowd) < 0.09


def test_most_notebooks_are_whole_and_a_few_are_broken(crowd):
    kinds = Counter(student.kind for student in crowd)
    assert kinds[Kind.ORDINARY] / len(crowd) > 0.75
    assert all(number / len(crowd) < 0.1 for kind, number in kinds.items() if kind != Kind.ORDINARY)


def test_the_able_do_better(crowd):
    written = sorted((s for s in crowd if s.kind == Kind.ORDINARY), key=lambda student: student.ability)
    half = len(written) // 2
    right = [sum(a.quality == Quality.RIGHT for a in student.answers.values()) for student in written]
    assert sum(right[:half]) < 0.85 * sum(right[half : 2 * half])


def test_every_kind_and_every_quality_occurs_in_a_large_class():
    large = draw_class(MATERIAL, "mlp", 2000, seed=5, due=DUE, late_policy=LatePolicy())
    assert {student.kind for student in large} == set(Kind)
    assert {quality for student in large for quality in qualities(student)} == set(Quality)
    assert {student.late_days for student in large} == {0, 1, 2, 3}


def test_a_question_without_a_known_wrong_answer_is_left_blank_instead():
    material = replace(MATERIAL, wrong={})
    drawn = draw_class(material, "mlp", 300, seed=0, due=DUE, late_policy=LatePolicy())
    found = {quality for student in drawn for quality in qualities(student)}
    assert found == set(Quality) - {Quality.WRONG}


def test_ids_have_as_many_digits_as_the_class_needs():
    names = {n: draw_class(MATERIAL, "mlp", n, seed=0, due=None, late_policy=LatePolicy()) for n in (1, 10_000)}
    assert [student.id for student in names[1]] == ["s0001"]
    assert (names[10_000][0].id, names[10_000][-1].id) == ("s00001", "s10000")


# When it was handed in


def test_the_recorded_times_are_as_late_as_the_late_policy_counts():
    policy = LatePolicy(grace_minutes=15)
    drawn = draw_class(MATERIAL, "mlp", 500, seed=0, due=DUE, late_policy=policy)
    assert [policy.late_days(s.submitted_at, DUE) for s in drawn] == [s.late_days for s in drawn]
    assert 0.04 < sum(s.late_days > 0 for s in drawn) / len(drawn) < 0.2


def test_without_a_due_date_nobody_is_late():
    drawn = draw_class(MATERIAL, "mlp", 500, seed=0, due=None, late_policy=LatePolicy())
    assert {student.late_days for student in drawn} == {0}
    assert len({student.submitted_at for student in drawn}) > 400


# What is written


def test_what_is_written_is_found_as_submissions(course, tmp_path):
    drawn = simulate(course, course.assignment("tiny"), 300, seed=3, output=tmp_path / "out")
    found = find_submissions(tmp_path / "out", "tiny")
    assert [submission.student for submission in found] == [student.id for student in drawn]
    assert [submission.submitted_at for submission in found] == [student.submitted_at for student in drawn]
    for submission, student in zip(found, drawn, strict=True):
        assert submission.flags == (("renamed",) if student.kind == Kind.RENAMED else ())
        assert submission.notebook.exists() == (student.kind != Kind.MISSING_FILE)


def test_each_notebook_holds_the_answers_that_were_drawn(course, tmp_path):
    drawn = simulate(course, course.assignment("tiny"), 300, seed=3, output=tmp_path / "out")
    release = read_cells(course.release_notebook("tiny"))
    stubs = {cell.grade_id: cell.source for cell in release if cell.solution}
    for submission, student in zip(find_submissions(tmp_path / "out", "tiny"), drawn, strict=True):
        if student.kind in (Kind.NOT_A_NOTEBOOK, Kind.MISSING_FILE):
            assert not student.answers
            continue
        cells = read_cells(submission.notebook)
        assert any(cell.grade_id for cell in cells) == (student.kind != Kind.STRIPPED)
        sources = {cell.grade_id: cell.source for cell in plan_run(release, cells, student.id)}
        for question, answer in student.answers.items():
            assert sources[question] == (stubs[question] if answer.quality == Quality.BLANK else answer.source)


def test_answers_that_are_wrong_together_are_not_taken_apart(course):
    wrong = read_material(course, course.assignment("tiny")).wrong
    assert {q: [name for name, _ in known] for q, known in wrong.items()} == {
        "double": ["the input itself", "twos"],
        "answer": ["one more"],
    }


def test_the_class_file_says_what_was_drawn(course, tmp_path):
    drawn = simulate(course, course.assignment("tiny"), 60, seed=3, output=tmp_path / "out")
    document = json.loads(class_file(tmp_path / "out", "tiny").read_text())
    assert (document["assignment"], document["seed"], document["count"]) == ("tiny", 3, 60)
    assert [row["student"] for row in document["students"]] == [student.id for student in drawn]
    for row, student in zip(document["students"], drawn, strict=True):
        assert (row["kind"], row["late_days"]) == (student.kind, student.late_days)
        assert row["questions"] == {
            question: {"quality": answer.quality, "answer": answer.name} for question, answer in student.answers.items()
        }


def test_an_assignment_without_known_answers_has_a_class_too(built_numpy_course, tmp_path):
    course = load_course(built_numpy_course)
    drawn = simulate(course, course.assignment("tiny"), 300, seed=0, output=tmp_path / "out")
    found = {quality for student in drawn for quality in qualities(student)}
    assert {answer.name for student in drawn for answer in student.answers.values()} == {"", "the solution"}
    assert found == set(Quality) - {Quality.WRONG}


# What cannot be done


def test_a_student_who_is_there_already_is_not_overwritten(course, tmp_path):
    (tmp_path / "out" / "s0003" / "tiny").mkdir(parents=True)
    with pytest.raises(AutograderError, match=r"already holds s0003's submission to 'tiny'; .*--output"):
        simulate(course, course.assignment("tiny"), 5, seed=0, output=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["s0003"]
    assert files(tmp_path / "out") == {}


def test_the_file_of_another_class_is_not_overwritten(course, tmp_path):
    simulate(course, course.assignment("tiny"), 2, seed=0, output=tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "s0001")
    shutil.rmtree(tmp_path / "out" / "s0002")
    with pytest.raises(AutograderError, match=r"already holds class-tiny.json"):
        simulate(course, course.assignment("tiny"), 2, seed=0, output=tmp_path / "out")


def test_the_same_students_hand_in_another_assignment(course, tmp_path):
    (tmp_path / "out" / "s0001" / "mlp").mkdir(parents=True)
    assert len(simulate(course, course.assignment("tiny"), 2, seed=0, output=tmp_path / "out")) == 2


@pytest.mark.parametrize("count", [0, -3])
def test_a_class_has_at_least_one_student(course, tmp_path, count):
    with pytest.raises(AutograderError, match="at least 1"):
        simulate(course, course.assignment("tiny"), count, seed=0, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("folder", ["release", "solutions"])
def test_without_a_build_it_says_what_to_run(course, tmp_path, folder):
    (course.root / folder / "tiny" / "tiny.ipynb").unlink()
    with pytest.raises(AutograderError, match="run `autograder build tiny`"):
        simulate(course, course.assignment("tiny"), 2, seed=0, output=tmp_path / "out")


def test_an_output_that_cannot_be_written_is_named(course, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AutograderError, match=r"file cannot be written to \(Not a directory\)"):
        simulate(course, course.assignment("tiny"), 2, seed=0, output=tmp_path / "file")


# How it is graded


def points(result: Result) -> dict[str, list[float]]:
    """Return score and points by question."""
    sums: dict[str, list[float]] = {}
    for check in result.checks:
        pair = sums.setdefault(check.question, [0.0, 0.0])
        pair[0] += check.score
        pair[1] += check.points
    return sums


def test_a_small_class_is_graded_as_it_was_drawn(course, tmp_path):
    wanted = {Kind.BLANK, Kind.NOT_A_NOTEBOOK, Kind.SYNTAX_ERROR, Kind.ENDLESS_LOOP, Kind.STRIPPED, Kind.ORDINARY}
    tiny, material = course.assignment("tiny"), read_material(course, course.assignment("tiny"))

    def is_varied(seed: int) -> bool:
        drawn = draw_class(material, "tiny", 10, seed=seed, due=None, late_policy=LatePolicy())
        return wanted <= {student.kind for student in drawn} and {Quality.RIGHT} in map(qualities, drawn)

    drawn = simulate(course, tiny, 10, seed=next(filter(is_varied, range(100_000))), output=tmp_path / "out")
    folders = ["--submissions", str(tmp_path / "out"), "--results", str(tmp_path / "results")]
    assert main(["grade", "tiny", "--course", str(course.root), *folders]) == 0
    results = {result.student: result for result in read_results(tmp_path / "results", "tiny")}
    assert sorted(results) == [student.id for student in drawn]
    for student in drawn:
        result = results[student.id]
        if not student.answers:
            assert (result.status, result.score) == (Status.INVALID, 0)
            continue
        assert result.status == Status.GRADED
        if qualities(student) == {Quality.RIGHT}:
            assert result.score == result.max_score
        if qualities(student) == {Quality.BLANK}:
            assert result.score == 0
        for question, (score, most) in points(result).items():
            quality = student.answers[question].quality
            assert (score == most) == (quality == Quality.RIGHT), (student, question)
            assert score == 0 or quality in (Quality.RIGHT, Quality.WRONG), (student, question)

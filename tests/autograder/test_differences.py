"""Two sets of results are told apart: who, by how much, by which check, why."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.cli import main
from autograder.errors import AutograderError, ResultError
from autograder.report.difference_table import as_csv, print_comparison
from autograder.report.differences import compare, read_folder
from autograder.results import CheckRecord, CheckStatus, HandRecord, Result, Status, write_result

PASSED, FAILED = CheckStatus.PASSED, CheckStatus.FAILED


def check(name: str, status: CheckStatus = PASSED, message: str = "", points: float = 2.0) -> CheckRecord:
    score = points if status == PASSED else 0.0
    return CheckRecord(
        id=f"test_it.py::{name}", question="q", points=points, score=score, status=status, public=False, message=message
    )


def result(*checks: CheckRecord, student: str = "ada", assignment: str = "tiny", **values: object) -> Result:
    given = {
        "status": Status.GRADED,
        "score": sum(one.score for one in checks),
        "max_score": 6.0,
        "checks": checks,
        "depends_on": {"submission": "1", "check test_it.py::a": "1"},
        **values,
    }
    return Result(assignment=assignment, student=student, **given)


def keyed(*results: Result) -> dict[tuple[str, str], Result]:
    return {(one.assignment, one.student): one for one in results}


def printed(old: dict, new: dict, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_comparison(console, compare(old, new))
    return console.file.getvalue()


def test_what_did_not_change_is_counted_and_no_more():
    same = keyed(result(check("a")), result(check("a"), student="bob"))
    found = compare(same, same)
    assert (found.differences, found.unchanged, found.reworded) == ([], 2, 0)
    assert "0 of 2 results changed" in printed(same, same)


def test_times_and_memory_are_no_changes():
    before = result(check("a"), graded_at="yesterday", seconds=1.0, output="x", fingerprint="1")
    after = result(replace(check("a"), seconds=3.0, memory_mb=9.0), graded_at="today", seconds=2.0, fingerprint="2")
    assert compare(keyed(before), keyed(after)).unchanged == 1


def test_a_new_hint_alone_is_counted_apart():
    before, after = result(check("a", FAILED, "no")), result(check("a", FAILED, "still no"))
    found = compare(keyed(before), keyed(after))
    assert (found.unchanged, found.reworded) == (1, 1)


def test_a_changed_check_says_who_by_how_much_and_why():
    before = result(check("a", FAILED, "too small"), check("b"))
    after = result(check("a"), check("b"), depends_on={"submission": "1", "check test_it.py::a": "2"})
    (one,) = compare(keyed(before), keyed(after)).differences
    assert (one.student, one.change, one.why) == ("ada", 2.0, ["check test_it.py::a"])
    assert [change.record.id for change in one.checks] == ["test_it.py::a"]
    text = printed(keyed(before), keyed(after))
    assert "+2" in text
    assert "2 → 4" in text


def test_what_is_the_same_for_everybody_is_said_once():
    old = keyed(*(result(check("a", FAILED, "the hint"), student=name) for name in ("ada", "bob")))
    half = replace(check("a", CheckStatus.PARTIAL, "the hint"), score=1.0)
    now = result(half, depends_on={"submission": "1", "check a": "2"}, score=1.0)
    new = keyed(*(replace(now, student=name) for name in ("ada", "bob")))
    text = printed(old, new, 20)
    assert text.count("All because of: check a") == text.count("check a") == 1
    assert "a: failed → partial, 0 → 1 of 2" in text
    assert "the hint" not in text
    assert text.count("tiny") == 2  # both tables' own


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({"submission": "1"}, {"submission": "2", "data": "1"}, ["data", "submission"]),
        ({"submission": "1"}, {"submission": "1"}, ["nothing that it depends on: it differs from run to run"]),
        ({}, {"submission": "1"}, ["not recorded"]),
    ],
)
def test_the_reason_is_what_differs_of_what_it_depends_on(before, after, why):
    old = keyed(result(check("a", FAILED), depends_on=before))
    (one,) = compare(old, keyed(result(check("a"), depends_on=after))).differences
    assert one.why == why


def test_what_was_settled_otherwise_is_no_chance():
    before = result(check("a"))
    given = HandRecord(question="q", points=2, score=1, by_hand=-1)
    after = replace(before, score=0.5, late_days=1, penalty=0.5, by_hand=(given,))
    (found,) = compare(keyed(before), keyed(after)).differences
    assert found.why == ["points by hand", "lateness"]


def test_students_who_came_and_went():
    old, new = keyed(result(check("a")), result(check("a"), student="gone")), keyed(result(check("a")))
    (one,) = compare(old, new).differences
    assert (one.student, one.change, one.after) == ("gone", -2.0, None)
    (one,) = compare(new, old).differences
    assert (one.student, one.change, one.before, one.why) == ("gone", 2.0, None, ["there was no result"])
    assert "none → 2" in printed(new, old)


def test_checks_that_came_and_went():
    old, new = keyed(result(check("a"), check("b"))), keyed(result(check("a"), check("c", FAILED)))
    (one,) = compare(old, new).differences
    assert [(c.before is None, c.after is None) for c in one.checks] == [(False, True), (True, False)]
    text = printed(old, new, 200)
    assert "gone, was passed 2 of 2" in text
    assert "new, failed 0 of 2" in text


def test_a_changed_penalty_or_status_is_a_change():
    before = result(check("a"))
    for after in (result(check("a"), penalty=1.0, score=1.0), result(status=Status.FAILED, reason="lost")):
        (one,) = compare(keyed(before), keyed(after)).differences
        assert one.change < 0
    assert "late: -0 → -1" in printed(keyed(before), keyed(result(check("a"), penalty=1.0, score=1.0)))
    assert "2 → failed" in printed(keyed(before), keyed(result(status=Status.FAILED)))


def test_the_sums_by_check():
    old = keyed(*(result(check("a", FAILED), check("b"), student=f"s{n}") for n in range(3)))
    new = keyed(*(result(check("a"), check("b", FAILED if n else PASSED), student=f"s{n}") for n in range(3)))
    assert compare(old, new).by_check == {
        ("tiny", "test_it.py::a"): (3, 6.0),
        ("tiny", "test_it.py::b"): (2, -4.0),
    }


def test_what_students_wrote_is_text_and_nothing_else():
    hostile = "[red]=HYPERLINK(1)[/]\x1b[31m"
    old = keyed(result(check("a"), student="=cmd"))
    new = keyed(result(check("a", FAILED, hostile), student="=cmd"))
    text = printed(old, new, 300)
    assert "[red]=HYPERLINK(1)[/]" in text
    assert "\x1b[31m" not in text
    (row,) = csv.DictReader(io.StringIO(as_csv(compare(old, new))))
    assert row["student"] == "'=cmd"
    assert (row["change"], row["check_old_points"], row["check_new_points"]) == ("-2.0", "2.0", "0.0")


def test_a_student_without_a_changed_check_has_a_row_too():
    comparison = compare(keyed(result(check("a"))), keyed(result(check("a"), penalty=1.0, score=1.0)))
    (row,) = csv.DictReader(io.StringIO(as_csv(comparison)))
    assert (row["old_score"], row["new_score"], row["check"], row["new_penalty"]) == ("2.0", "1.0", "", "1.0")


def write(folder: Path, *results: Result) -> Path:
    for one in results:
        write_result(folder, one)
    return folder


def test_the_command_takes_folders_of_all_assignments_or_of_one(tmp_path, capsys):
    old = write(tmp_path / "old", result(check("a")), result(check("a"), assignment="other"))
    new = write(tmp_path / "new", result(check("a", FAILED)), result(check("a"), assignment="other"))
    (new / "validation").mkdir()
    (new / "validation" / "tiny.json").write_text("{}")
    assert main(["diff", str(old), str(new), "--csv", str(tmp_path / "changes.csv")]) == 0
    assert "1 of 2 results changed" in capsys.readouterr().out
    assert len((tmp_path / "changes.csv").read_text().splitlines()) == 2
    assert main(["diff", str(old / "tiny"), str(new / "tiny")]) == 0
    assert "1 of 1 results changed" in capsys.readouterr().out


def test_what_cannot_be_compared_is_one_sentence(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(AutograderError, match="is not a folder"):
        read_folder(tmp_path / "nothing")
    with pytest.raises(AutograderError, match="holds no results"):
        read_folder(empty)
    with pytest.raises(AutograderError, match="no assignment in common"):
        compare(keyed(result()), keyed(result(assignment="other")))
    (empty / "tiny").mkdir()
    (empty / "tiny" / "ada.json").write_text("{}")
    with pytest.raises(ResultError, match=r"ada\.json is not a result file"):
        read_folder(empty)

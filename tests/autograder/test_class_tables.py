"""Item analysis, sections, other assignments, the last grading, and the tables of a class report as CSV."""

import csv
import io
import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tiny_course import make_course

from autograder.cli import main
from autograder.report.class_page import class_page
from autograder.report.course_figures import CourseFigures, assignment_figures, changes, section_figures
from autograder.report.statistics import class_figures, item_rest_correlation
from autograder.report.tables import class_tables
from autograder.results import CheckRecord, CheckStatus, HandRecord, HandStatus, Result, Status, write_result
from autograder.roster import Person


def check(name: str, share: float, points: float = 1.0) -> CheckRecord:
    status = CheckStatus.PASSED if share == 1 else CheckStatus.FAILED if share == 0 else CheckStatus.PARTIAL
    return CheckRecord(
        id=f"test_tiny.py::test_{name}",
        question="double",
        points=points,
        score=share * points,
        status=status,
        public=False,
    )


def result(student: str, *checks: CheckRecord, **values: Any) -> Result:
    score, most = sum(one.score for one in checks), sum(one.points for one in checks)
    known = {"assignment": "tiny", "status": Status.GRADED, "score": score, "max_score": most, "checks": checks}
    return Result(**{"student": student, **known, **values})


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def class_of(count: int) -> list[Result]:
    """Two checks that good students pass, one that the weak pass, one that all pass."""
    rng = random.Random(3)
    results = []
    for n in range(count):
        good = n % 2
        sound = [float(rng.random() < (0.9 if good else 0.2)) for _ in range(2)]
        odd = float(rng.random() < (0.2 if good else 0.9))
        results.append(
            result(f"s{n:02}", check("a", sound[0]), check("b", sound[1]), check("odd", odd), check("all", 1))
        )
    return results


def test_discrimination_is_the_corrected_point_biserial_correlation():
    results = class_of(40)
    figures = {one.id.rpartition("_")[2]: one for one in class_figures(results).checks}
    item = np.array([one.checks[0].score for one in results])
    rest = np.array([one.score for one in results]) - item
    spread = (rest[item == 1].mean() - rest[item == 0].mean()) / rest.std()
    expected = spread * np.sqrt(item.mean() * (1 - item.mean()))  # the textbook's formula of the point-biserial one
    assert figures["a"].discrimination == pytest.approx(expected)
    assert figures["a"].difficulty == pytest.approx(item.mean())
    assert not figures["a"].doubtful
    assert figures["odd"].discrimination < 0
    assert figures["odd"].doubtful
    assert figures["all"].discrimination is None  # all earned the same
    assert not figures["all"].doubtful


def test_nothing_is_said_of_few_students():
    pairs = [(n % 2, n) for n in range(20)]
    assert item_rest_correlation(pairs) is not None
    assert item_rest_correlation(pairs[:19]) is None


def test_what_cannot_be_read_has_no_part_in_discrimination_and_earns_nothing():
    unreadable = [result(f"x{n}", status=Status.INVALID, max_score=4.0) for n in range(40)]
    alone, together = (class_figures(several).checks[0] for several in (class_of(40), class_of(40) + unreadable))
    assert together.discrimination == alone.discrimination
    assert together.difficulty == pytest.approx(alone.difficulty / 2)


def test_a_section_counts_those_who_handed_in_nothing_and_strangers_apart():
    people = [Person(id="ada", section="B"), Person(id="bob", section="A"), Person(id="cy", section="B")]
    results = [result("ada", check("a", 1)), result("bob", check("a", 0)), result("guest", check("a", 1))]
    found = section_figures(people, [*results, result("cy", status=Status.FAILED)])
    assert [(one.section, one.people, one.without, one.mean) for one in found] == [
        ("A", 1, 0, 0.0),
        ("B", 2, 1, 1.0),
        ("", 1, 0, 1.0),
    ]
    assert section_figures([Person(id="ada")], results) == ()


def test_an_assignment_is_told_by_quartiles_of_its_shares():
    shares = [result(f"s{n}", check("a", n / 8, points=8)) for n in range(9)]
    waiting = replace(
        shares[0], by_hand=(HandRecord(question="why", points=1.0, score=0.0, status=HandStatus.WAITING),)
    )
    figures = assignment_figures("tiny", [waiting, replace(shares[1], late_days=2), *shares[2:]])
    assert (figures.lower, figures.median, figures.upper) == (0.25, 0.5, 0.75)
    assert (figures.scored, figures.late, figures.waiting) == (9, 1, 1)
    assert assignment_figures("tiny", []).median is None
    assert assignment_figures("tiny", shares[8:]).lower == 1.0


def test_the_page_shows_what_surrounds_the_results():
    results = class_of(30)
    before = {
        one.student: replace(one, score=one.score - one.checks[3].score, checks=(*one.checks[:3], check("all", 0)))
        for one in results[:6]
    }
    course = CourseFigures(
        sections=section_figures(
            [Person(id=one.student, section=f"<b>{n % 2}") for n, one in enumerate(results)], results
        ),
        assignments=(assignment_figures("first", results), assignment_figures("tiny", results[:7])),
        comparison=changes(before, results),
    )
    page = class_page("Tiny", "tiny", results, course=course, made_at=datetime(2026, 11, 26, tzinfo=UTC))
    assert "6 of 6 results that had been graded before" in page
    assert "&lt;b&gt;0" in page
    assert "<b>0" not in page
    assert "Assignment by assignment" in page
    assert "Discrimi&shy;nation" in page
    alone = class_page("Tiny", "tiny", results, made_at=datetime(2026, 11, 26, tzinfo=UTC))
    for title in ("What changed since", "<h2>Sections", "Assignment by assignment"):
        assert title in page
        assert title not in alone


def test_no_cell_of_a_table_begins_a_formula():
    hostile = replace(check("a", 0), message="=cmd()\nand more")
    several = [result("@ada", hostile, flags=("renamed",)), result("bob", check("a", 1))]
    tables = class_tables(class_figures(several), CourseFigures(), several)
    assert rows(tables["students.csv"])[0]["student"] == "'@ada"
    assert rows(tables["hints.csv"])[0]["hint"].startswith("'=cmd()")
    assert "changes.csv" not in tables


def test_the_command_reads_the_course_and_writes_every_table(tmp_path, capsys):
    course = make_course(tmp_path / "course")
    results = course / "results"
    for one in class_of(24):
        write_result(results, one)
    earlier = results / "tiny" / "attempts" / "s00" / "1" / "earlier.json"
    earlier.parent.mkdir(parents=True)
    old = json.loads(class_of(24)[0].to_json())
    old["checks"][0] |= {"score": 1 - old["checks"][0]["score"], "status": "passed"}
    earlier.write_text(json.dumps(old))
    (course / "roster.csv").write_text("id,section\ns00,Monday\ns01,Friday\nnobody,Friday\n")
    assert main(["report", "tiny", "--course", str(course), "--tables", str(tmp_path / "tables")]) == 0
    assert "Its 10 tables are in" in " ".join(capsys.readouterr().out.split())
    tables = {path.stem: rows(path.read_text()) for path in (tmp_path / "tables").iterdir()}
    assert [row["section"] for row in tables["sections"]] == ["Friday", "Monday", ""]
    assert [row["without"] for row in tables["sections"]] == ["1", "0", "0"]
    assert [row["student"] for row in tables["changes"]] == ["s00"]
    assert len(tables["students"]) == 24
    assert {row["id"].rpartition("_")[2] for row in tables["checks"]} == {"a", "b", "odd", "all"}
    assert tables["assignments"][0]["scored"] == "24"
    page = (results / "tiny" / "report.html").read_text()
    assert "1 of 1 result that had been graded before" in page

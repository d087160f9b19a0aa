"""A result file is whole or not there, and what is damaged is told apart from what is a result."""

import json
import math
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.atomic_files import remove_leftovers, write_atomically
from autograder.errors import ResultError
from autograder.results import (
    SCHEMA,
    CellRecord,
    CellStatus,
    CheckRecord,
    CheckStatus,
    Result,
    Status,
    read_result,
    read_results,
    result_path,
    write_result,
    write_results,
)

CHECK = CheckRecord(
    id="test_tiny.py::test_answer",
    question="answer",
    points=3.0,
    score=1.5,
    status=CheckStatus.PARTIAL,
    public=False,
    message="Off by one: ½ 的 points.",
    staff_message="found 43\nExpected 42",
    seconds=0.02,
)
CELL = CellRecord(index=7, id="abc", grade_id="answer", status=CellStatus.ERROR, error="NameError: x")
RESULT = Result(
    assignment="tiny",
    student="Zoë",
    status=Status.GRADED,
    score=4.5,
    max_score=6.0,
    late_days=1,
    penalty=0.6,
    submitted_at="2027-01-15T10:00:00+00:00",
    graded_at="2027-01-16T10:00:00+00:00",
    fingerprint="sha256:00",
    device="cuda",
    seconds=1.5,
    timings={"cells": 0.5},
    checks=(CHECK,),
    cells=(CELL,),
    flags=("renamed",),
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def edited(**changes: Any) -> bytes:
    return json.dumps({**json.loads(RESULT.to_json()), **changes}).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in json.loads(RESULT.to_json()).items() if key != name}).encode()


def test_a_result_comes_back_the_same(tmp_path):
    assert read_result(write_result(tmp_path, RESULT)) == RESULT


@pytest.mark.parametrize("status", list(Status))
def test_every_status_comes_back(status):
    result = replace(RESULT, status=status, reason="because", score=0.0)
    assert Result.from_json(result.to_json()) == result


@pytest.mark.parametrize("status", list(CheckStatus))
def test_every_status_of_a_check_comes_back(status):
    result = replace(RESULT, checks=(replace(CHECK, status=status),))
    assert Result.from_json(result.to_json()) == result


@pytest.mark.parametrize("status", list(CellStatus))
def test_every_status_of_a_cell_comes_back(status):
    result = replace(RESULT, cells=(replace(CELL, status=status),))
    assert Result.from_json(result.to_json()) == result


def test_a_result_without_details_comes_back():
    bare = Result(assignment="tiny", student="ada", status=Status.INVALID, score=0, max_score=6)
    assert Result.from_json(bare.to_json()) == bare


def test_a_result_that_was_read_is_not_encoded_again():
    content = edited(score=4)
    assert Result.from_json(content).to_json() == content != RESULT.to_json()


def test_a_result_that_was_changed_is_encoded_anew():
    read = replace(Result.from_json(RESULT.to_json()), score=3.0)
    assert Result.from_json(read.to_json()).score == 3.0


def test_scores_that_were_rounded_may_add_up_to_a_little_more_than_the_maximum():
    thirds = tuple(replace(CHECK, points=2 / 3, score=0.666667) for _ in range(3))
    result = replace(RESULT, checks=thirds, score=2.000001, max_score=2.0)
    assert Result.from_json(result.to_json()) == result


def test_the_file_is_the_documented_json(tmp_path):
    text = write_result(tmp_path, RESULT).read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "Zoë" in text
    content = json.loads(text)
    assert content["schema"] == SCHEMA
    assert content["status"] == "graded"
    assert content["checks"][0]["status"] == "partial"
    assert content["cells"][0]["grade_id"] == "answer"


def test_a_result_lies_under_its_assignment_and_student(tmp_path):
    assert write_result(tmp_path, RESULT) == result_path(tmp_path, "tiny", "Zoë") == tmp_path / "tiny" / "Zoë.json"


def test_a_text_that_utf8_cannot_carry_does_not_stop_the_batch(tmp_path):
    path = write_result(tmp_path, replace(RESULT, reason="\udcff.ipynb cannot be read"))
    assert read_result(path).reason == "?.ipynb cannot be read"


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_no_file_is_written_for_a_score_that_is_no_number(tmp_path, score):
    with pytest.raises(ValueError):
        write_result(tmp_path, replace(RESULT, score=score))
    assert not (tmp_path / "tiny").exists() or not names(tmp_path / "tiny")


def test_writing_again_replaces_the_file_whole(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"long content of old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_the_file_can_be_read_by_others(tmp_path):
    write_atomically(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_several_results_are_written_together(tmp_path):
    several = [replace(RESULT, student=student) for student in ("alice", "bob")]
    write_results(tmp_path, several)
    assert list(read_results(tmp_path, "tiny")) == several


def test_of_several_results_none_is_seen_before_all_are_on_the_disk(tmp_path, monkeypatch):
    seen = []
    sync = os.fsync

    def look(descriptor):
        seen.append([path.name for path in tmp_path.glob("tiny/*.json")])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    write_results(tmp_path, [replace(RESULT, student=student) for student in ("alice", "bob")])
    assert [len(names) for names in seen] == [0, 0, 2]


@pytest.mark.parametrize("step", ["replace", "fsync"])
@pytest.mark.parametrize("reason", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step, reason):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(*arguments):
        raise reason

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(type(reason)):
            write_atomically(path, b"new")
    assert names(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_nobody_sees_a_half_written_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    seen = []
    sync = os.fsync

    def look(descriptor):
        seen.append(path.read_bytes())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    write_atomically(path, b"new")
    assert seen == [b"old", b"new"]


def test_what_an_interrupted_write_left_is_no_result(tmp_path):
    write_result(tmp_path, RESULT)
    (tmp_path / "tiny" / ".ada.json.k3ys").write_text("{")
    assert [result.student for result in read_results(tmp_path, "tiny")] == ["Zoë"]


CHECK_JSON = json.loads(RESULT.to_json())["checks"][0]
CELL_JSON = json.loads(RESULT.to_json())["cells"][0]
NO_RESULTS = {
    "empty": b"",
    "no JSON": b"score: 6",
    "bytes that are no text": b'"\xff\xfe\x00"',
    "a lone surrogate": edited(reason="\ud800"),
    "cut short": RESULT.to_json()[:-20],
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "an empty object": b"{}",
    "deep": b"[" * 100_000,
    "deep in a field": edited(reason=7).replace(b": 7", b": " + b"[" * 100_000 + b"]" * 100_000),
    "another schema": edited(schema=2),
    "no schema": without("schema"),
    "null as schema": edited(schema=None),
    "a truth as schema": edited(schema=True),
    "no assignment": without("assignment"),
    "no student": without("student"),
    "a number as student": edited(student=5),
    "null as student": edited(student=None),
    "no status": without("status"),
    "an unknown status": edited(status="excellent"),
    "a list as status": edited(status=["graded"]),
    "a score that is NaN": edited(score=math.nan),
    "an infinite score": edited(score=math.inf),
    "a text as score": edited(score="6"),
    "no score": without("score"),
    "null as score": edited(score=None),
    "a truth as score": edited(score=True),
    "a score beyond floats": edited(score=10**400),
    "a score below 0": edited(score=-0.5),
    "a score above max_score": edited(score=6.5),
    "max_score that is NaN": edited(max_score=math.nan),
    "no max_score": without("max_score"),
    "a penalty that is NaN": edited(penalty=math.nan),
    "a penalty below 0": edited(penalty=-1),
    "an attempt before the first": edited(attempt=0),
    "a text as attempt": edited(attempt="1"),
    "half an attempt": edited(attempt=1.5),
    "an unknown flag": edited(flags=["splendid"]),
    "a text as flags": edited(flags="renamed"),
    "a text as a stage's seconds": edited(timings={"cells": "1"}),
    "a number among depends_on": edited(depends_on={"version": 1}),
    "a number as checks": edited(checks=7),
    "a text as check": edited(checks=["passed"]),
    "half a check": edited(checks=[{"id": "x", "status": "passed"}]),
    "a check's score that is NaN": edited(checks=[{**CHECK_JSON, "score": math.nan}]),
    "a check's score as text": edited(checks=[{**CHECK_JSON, "score": "1"}]),
    "a check's score above its points": edited(checks=[{**CHECK_JSON, "score": 3.5}]),
    "a number as public": edited(checks=[{**CHECK_JSON, "public": 1}]),
    "an object as message": edited(checks=[{**CHECK_JSON, "message": {}}]),
    "half a measurement": edited(checks=[{**CHECK_JSON, "measured": [{"of": "accuracy", "value": 1}]}]),
    "a check's points that are NaN": edited(checks=[{**CHECK_JSON, "points": math.nan}]),
    "a check's unknown status": edited(checks=[{**CHECK_JSON, "status": "splendid"}]),
    "a cell's unknown status": edited(cells=[{**CELL_JSON, "status": "splendid"}]),
    "a text as index": edited(cells=[{**CELL_JSON, "index": "7"}]),
    "an unknown field": edited(grade=7),
    "a check's unknown field": edited(checks=[{**CHECK_JSON, "grade": 7}]),
    "a cell's unknown field": edited(cells=[{**CELL_JSON, "grade": 7}]),
}


@pytest.mark.parametrize("content", NO_RESULTS.values(), ids=NO_RESULTS.keys())
def test_what_is_no_result_is_one_sentence_that_names_the_file(tmp_path, content):
    path = tmp_path / "ada.json"
    path.write_bytes(content)
    with pytest.raises(ResultError) as caught:
        read_result(path)
    assert str(caught.value).startswith(f"{path} is not a result file (")
    assert str(caught.value).endswith("; remove it and grade again.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (edited(student=5), "Expected `str`, got `int` - at `$.student`"),
        (edited(schema=2), "Invalid enum value 2 - at `$.schema`"),
        (without("score"), "Object missing required field `score`"),
        (edited(flags=["renamed", "splendid"]), "Invalid enum value 'splendid' - at `$.flags[1]`"),
        (edited(score=7), "Expected `score` <= `max_score` (6), got 7 - at `$.score`"),
        (edited(checks=[{**CHECK_JSON, "score": True}]), "Expected `float`, got `bool` - at `$.checks[0].score`"),
        (edited(checks=[{**CHECK_JSON, "x": 7}]), "Object contains unknown field `x` - at `$.checks[0]`"),
    ],
)
def test_an_error_says_what_is_wrong_where(content, why):
    with pytest.raises(ResultError) as caught:
        Result.from_json(content)
    assert str(caught.value) == why


def test_bytes_that_are_no_text_are_an_error_that_names_the_file(tmp_path):
    (tmp_path / "ada.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResultError, match=r"ada\.json is not a result file"):
        read_result(tmp_path / "ada.json")


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ResultError, match=r"ada\.json is not a result file"):
        read_result(tmp_path / "ada.json")


def test_results_are_read_by_student(tmp_path):
    for student in ("carol", "alice", "bob"):
        write_result(tmp_path, replace(RESULT, student=student))
    write_result(tmp_path, replace(RESULT, assignment="other"))
    assert [result.student for result in read_results(tmp_path, "tiny")] == ["alice", "bob", "carol"]


def test_an_assignment_without_results_has_none(tmp_path):
    assert list(read_results(tmp_path, "tiny")) == []


def test_what_a_killed_writer_left_is_removed_and_what_a_live_one_writes_is_not(tmp_path):
    write_result(tmp_path, RESULT)
    gone = subprocess.Popen(["true"])
    gone.wait()
    host = socket.gethostname()
    leftovers = [tmp_path / "tiny" / f".{pid}@{host}.abc.part" for pid in (gone.pid, os.getpid())]
    for path in leftovers:
        path.write_text("{")
    remove_leftovers(tmp_path / "tiny")
    assert [path.exists() for path in leftovers] == [False, True]
    assert result_path(tmp_path, "tiny", "Zoë").exists()

"""The local engine brings every job to a result, whatever becomes of its workers."""

import json
from pathlib import Path

import jsonschema
import pytest
from tiny_course import RIGHT, submit
from tiny_course import numpy_answers as answers

from autograder.grading.job import Finished, Job, Started
from autograder.grading.local import LocalEngine
from autograder.result_schema import result_schema
from autograder.results import Status


def job(course: Path, student: str, **more) -> Job:
    notebook = submit(course, student, *answers(RIGHT))
    return Job(root=course, assignment="tiny", student=student, notebook=notebook, fingerprint="f", **more)


def test_a_worker_that_overruns_its_time_is_lost_and_not_the_students_fault(built_numpy_course):
    jobs = [job(built_numpy_course, "slow", seconds=0.0), job(built_numpy_course, "quick")]
    events = list(LocalEngine(workers=1).run(jobs))
    assert [type(event) for event in events] == [Started, Finished] * 2
    results = [event.result for event in events if isinstance(event, Finished)]
    assert [(result.student, result.status) for result in results] == [
        ("slow", Status.FAILED),
        ("quick", Status.GRADED),
    ]
    assert "lost" in results[0].reason


def test_no_more_than_the_workers_are_at_work(built_numpy_course):
    at_work = most = 0
    for event in LocalEngine(workers=2).run([job(built_numpy_course, f"student{n}") for n in range(4)]):
        at_work += 1 if isinstance(event, Started) else -1
        most = max(most, at_work)
    assert (at_work, most) == (0, 2)


def test_closing_the_engine_ends_its_workers(built_numpy_course):
    events = LocalEngine(workers=2).run([job(built_numpy_course, f"student{n}") for n in range(2)])
    assert isinstance(next(events), Started)
    events.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(events)


def test_what_a_worker_encodes_follows_the_published_schema(built_numpy_course):
    _, finished = LocalEngine(workers=1).run([job(built_numpy_course, "ada")])
    assert finished.result.checks
    jsonschema.validate(json.loads(finished.result.to_json()), result_schema())

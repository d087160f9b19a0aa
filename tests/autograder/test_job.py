"""A job is made in one way, for a class as for a validation's trials."""

from datetime import UTC, datetime
from pathlib import Path

from autograder.course import load_course
from autograder.grading.job import Finished, Job, job_for, lost
from autograder.grading.submissions import Submission
from autograder.results import Status


def job_of(course_root: Path, **values: object) -> Job:
    course = load_course(course_root)
    submission = Submission(student="ada", notebook=Path("ada/tiny/tiny.ipynb"), **values)
    return job_for(course, course.assignment("tiny"), submission, device="cpu", fingerprint="f")


def test_a_job_carries_what_the_submission_came_with(course_root):
    job = job_of(course_root, flags=("renamed",), submitted_at=datetime(2027, 1, 2, tzinfo=UTC))
    assert (job.student, job.assignment, job.attempt) == ("ada", "tiny", 1)
    assert (job.flags, job.submitted_at) == (("renamed",), "2027-01-02T00:00:00+00:00")


def test_a_worker_may_run_in_another_folder(course_root):
    assert job_of(course_root).notebook.is_absolute()


def test_a_worker_has_minutes_beside_the_students_budget(course_root):
    budget = load_course(course_root).assignment("tiny").budget
    assert job_of(course_root).seconds == 10 * budget.total_seconds + budget.start_seconds + 300


def test_a_job_is_for_all_questions_unless_somebody_says_else(course_root):
    assert job_of(course_root).questions is None


def test_a_worker_result_is_read_and_never_encoded_again(course_root):
    job = job_of(course_root)
    content = lost(job, "why").to_json().replace(b"\n ", b"\n\t")
    event = Finished.from_json(job, content)
    assert (event.result.reason, event.result.to_json()) == ("why", content)


def test_a_worker_result_that_is_malformed_is_our_fault_and_no_score(course_root):
    job = job_of(course_root)
    content = lost(job, "").to_json().replace(b'"student": "ada"', b'"student": 5')
    result = Finished.from_json(job, content).result
    assert (result.student, result.status, result.score) == ("ada", Status.FAILED, 0)
    assert "`$.student`" in result.reason

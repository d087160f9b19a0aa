"""A batch plans what is left, grades it, writes each result at once, and tries again alone what may be the host's fault."""

import json
from pathlib import Path

import pytest
from fakes import ScriptedEngine
from tiny_course import RIGHT, answers, submit

from autograder.course import load_course
from autograder.errors import AutograderError
from autograder.grading.batch import BatchRequest, plan_batch, run_batch
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Finished, Started, job_for
from autograder.grading.submissions import Submission, find_submissions
from autograder.results import Flag, Result, Status, read_result, read_results, result_path

STUDENTS = ("ada", "bob", "cid")


@pytest.fixture
def course(course_root: Path) -> Path:
    for student in STUDENTS:
        submit(course_root, student, *answers(RIGHT))
    return course_root


def request(root: Path, **more) -> BatchRequest:
    course = load_course(root)
    assignment = course.assignment("tiny")
    return BatchRequest(
        course=course,
        assignment=assignment,
        submissions=find_submissions(root / "submitted", "tiny"),
        results=root / "results",
        fingerprints=Fingerprints(course, assignment, "secret", "auto"),
        **{"device": "cpu", **more},
    )


def grade(root: Path, engine: ScriptedEngine | None = None, watch=lambda _: None, **more) -> ScriptedEngine:
    """Run a batch, and return the engine that did it."""
    engine = engine or ScriptedEngine()
    run_batch(plan_batch(request(root, **more)), engine, watch)
    return engine


def reasons(root: Path, **more) -> dict[str, str]:
    return {reason.student: reason.why for reason in plan_batch(request(root, **more)).reasons}


def statuses(root: Path) -> dict[str, Status]:
    return {result.student: result.status for result in read_results(root / "results", "tiny")}


def test_each_submission_is_graded_once(course):
    assert reasons(course) == dict.fromkeys(STUDENTS, "it has no result")
    assert grade(course).runs == [(STUDENTS, False)]
    assert statuses(course) == dict.fromkeys(STUDENTS, Status.GRADED)


def test_a_second_batch_has_nothing_to_do(course):
    grade(course)
    assert grade(course).runs == []
    plan = plan_batch(request(course))
    assert (plan.jobs, [result.student for result in plan.reused]) == ([], list(STUDENTS))
    assert reasons(course) == dict.fromkeys(STUDENTS, "nothing changed")


def test_only_what_changed_is_graded_again(course):
    grade(course)
    submit(course, "bob", *answers(RIGHT, "answer = 43"))
    assert grade(course).runs == [(("bob",), False)]


def test_force_grades_all_again(course):
    grade(course)
    assert grade(course, force=True).runs == [(STUDENTS, False)]


def test_a_result_of_the_other_device_counts_where_any_device_does(course):
    grade(course)
    assert grade(course, device="cuda").runs == []
    assert reasons(course, device="cuda", any_device=False) == dict.fromkeys(STUDENTS, "it was graded on cpu")


def test_what_is_told_is_on_the_disk_already(course):
    seen = []

    def watch(event):
        if isinstance(event, Finished):
            seen.append(read_result(result_path(course / "results", "tiny", event.job.student)) == event.result)

    grade(course, watch=watch)
    assert seen == [True] * len(STUDENTS)


def test_what_the_grader_could_not_grade_is_tried_once_more_alone(course):
    failed = {"status": Status.FAILED, "score": 0.0, "reason": "the worker was lost"}
    engine = grade(course, ScriptedEngine({"bob": [failed, {}]}))
    assert engine.runs == [(STUDENTS, False), (("bob",), True)]
    assert statuses(course)["bob"] == Status.GRADED


def test_what_fails_twice_has_no_score_and_the_same_command_tries_it_again(course):
    failed = {"status": Status.FAILED, "score": 0.0, "reason": "the worker was lost"}
    grade(course, ScriptedEngine({"bob": [failed]}))
    assert statuses(course)["bob"] == Status.FAILED
    assert reasons(course)["bob"] == "it could not be graded: the worker was lost"
    assert grade(course).runs == [(("bob",), False)]


def test_a_process_that_the_kernel_killed_is_tried_again_alone_and_then_stands(course):
    killed = {"score": 1.0, "flags": (Flag.KILLED,)}
    engine = grade(course, ScriptedEngine({"ada": [killed]}))
    assert engine.runs[1:] == [(("ada",), True)]
    result = read_result(result_path(course / "results", "tiny", "ada"))
    assert (result.status, result.score) == (Status.GRADED, 1.0)


@pytest.mark.parametrize(("device", "again"), [("cuda:0", [(("ada",), True)]), ("cpu", [])])
def test_memory_that_ran_out_on_a_gpu_is_tried_again_alone(course, device, again):
    short = {"score": 1.0, "device": device, "flags": (Flag.GPU_OUT_OF_MEMORY,)}
    assert grade(course, ScriptedEngine({"ada": [short]})).runs[1:] == again


def test_a_batch_that_is_drained_keeps_what_it_has_and_the_next_does_the_rest(course):
    engine = ScriptedEngine()

    def watch(event):
        if isinstance(event, Started) and event.job.student == "bob":
            engine.drain()

    grade(course, engine, watch)
    assert set(statuses(course)) == {"ada", "bob"}
    assert grade(course).runs == [(("cid",), False)]


def test_what_holds_nothing_to_grade_is_invalid_and_no_work_for_the_engine(course):
    (course / "submitted" / "eve" / "tiny").mkdir(parents=True)
    told = []
    assert grade(course, watch=told.append).runs == [(STUDENTS, False)]
    result = read_result(result_path(course / "results", "tiny", "eve"))
    assert (result.status, result.score, result.max_score) == (Status.INVALID, 0.0, 6.0)
    assert result.reason == "tiny.ipynb is not there, nor any other file; hand it in."
    assert [(type(event), event.job.student) for event in told[:2]] == [(Started, "eve"), (Finished, "eve")]
    assert reasons(course)["eve"] == "nothing changed"


def test_what_held_nothing_is_graded_once_it_holds_something(course):
    (course / "submitted" / "eve" / "tiny").mkdir(parents=True)
    grade(course)
    submit(course, "eve", *answers(RIGHT))
    assert grade(course).runs == [(("eve",), False)]
    assert statuses(course)["eve"] == Status.GRADED


def test_what_holds_nothing_any_more_is_invalid_and_its_earlier_result_kept(course):
    grade(course)
    (course / "submitted" / "bob" / "tiny" / "tiny.ipynb").unlink()
    grade(course)
    assert statuses(course)["bob"] == Status.INVALID
    kept = course / "results" / "tiny" / "attempts" / "bob" / "1" / "result.json"
    assert read_result(kept).status == Status.GRADED


def test_a_file_that_vanishes_after_it_was_planned_leaves_the_plan_as_it_is(course):
    planned = plan_batch(request(course))
    (course / "submitted" / "bob" / "tiny" / "tiny.ipynb").unlink()
    run_batch(planned, ScriptedEngine(), lambda _: None)
    assert set(statuses(course)) == set(STUDENTS)


def test_results_that_cannot_be_written_are_one_sentence(course):
    (course / "results").write_text("in the way")
    with pytest.raises(AutograderError, match=r"results cannot be written to .* the same command goes on"):
        grade(course)


def test_the_best_attempt_counts_where_the_course_says_so(course):
    config = course / "course_config.py"
    config.write_text(config.read_text().replace('name="Tiny",', 'name="Tiny", attempt_policy="best",'))
    grade(course)
    submit(course, "ada", *answers(RIGHT, "answer = 0"))
    assert grade(course, ScriptedEngine({"ada": [{"score": 3.0}]})).runs == [(("ada",), False)]
    result = json.loads((course / "results" / "tiny" / "ada.json").read_text())
    assert (result["attempt"], result["score"]) == (1, 6.0)


# The solution is tried in the same run


class Trial:
    """Judge a job's result as a test wants it, and remember which results were there by then."""

    def __init__(self, root: Path, error: str = "") -> None:
        course = load_course(root)
        submission = Submission(student=".solution", notebook=course.source_notebook("tiny"))
        self.job = job_for(course, course.assignment("tiny"), submission, device="cpu", fingerprint="")
        self._results, self._error = root / "results", error
        self.judged: list[tuple[str, list[str]]] = []

    def judge(self, result: Result) -> None:
        written = [one.student for one in read_results(self._results, "tiny")]
        self.judged.append((str(result.status), written))
        if self._error:
            raise AutograderError(self._error)


def test_the_solution_is_begun_first_and_nothing_is_written_before_it_is_judged(course):
    engine, told, trial = ScriptedEngine(), [], Trial(course)
    run_batch(plan_batch(request(course)), engine, told.append, trial)
    assert engine.runs == [((".solution", *STUDENTS), False)]
    assert trial.judged == [("graded", [])]
    assert statuses(course) == dict.fromkeys(STUDENTS, Status.GRADED)
    assert {event.job.student for event in told} == set(STUDENTS)
    assert not result_path(course / "results", "tiny", ".solution").exists()


def test_results_that_come_before_the_solutions_wait_for_it(course):
    class Backwards(ScriptedEngine):
        def run(self, jobs, *, alone=False):
            events = list(super().run(jobs, alone=alone))
            yield from reversed(events)

    trial = Trial(course)
    run_batch(plan_batch(request(course)), Backwards(), lambda _: None, trial)
    assert trial.judged == [("graded", [])]
    assert statuses(course) == dict.fromkeys(STUDENTS, Status.GRADED)


def test_where_the_solution_loses_nothing_is_written(course):
    for _ in range(2):
        with pytest.raises(AutograderError, match="mend it"):
            run_batch(plan_batch(request(course)), ScriptedEngine(), lambda _: None, Trial(course, "mend it"))
        assert statuses(course) == {}


def test_a_solution_that_the_grader_could_not_grade_is_graded_again_before_it_is_judged(course):
    script = {".solution": [{"status": Status.FAILED, "reason": "lost", "score": 0.0}, {}]}
    engine, trial = ScriptedEngine(script), Trial(course)
    run_batch(plan_batch(request(course)), engine, lambda _: None, trial)
    assert engine.runs == [((".solution", *STUDENTS), False), ((".solution",), True)]
    assert trial.judged == [("graded", [])]
    assert statuses(course) == dict.fromkeys(STUDENTS, Status.GRADED)
    failing = {".solution": [{"status": Status.FAILED, "reason": "lost", "score": 0.0}]}
    trial = Trial(course)
    run_batch(plan_batch(request(course, force=True)), ScriptedEngine(failing), lambda _: None, trial)
    assert [status for status, _ in trial.judged] == ["failed"]


def test_without_anything_to_grade_the_solution_is_not_either(course):
    grade(course)
    engine, trial = ScriptedEngine(), Trial(course)
    run_batch(plan_batch(request(course)), engine, lambda _: None, trial)
    assert (engine.runs, trial.judged) == ([], [])

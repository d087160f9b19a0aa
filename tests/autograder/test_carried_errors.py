"""A slip costs once: what builds on a wrong answer is judged again on the right one, and nothing else is."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

from box_course import plan, solution
from fakes import FakeSandbox

from autograder.checks.carried_errors import carry_errors_forward
from autograder.checks.context import CheckContext
from autograder.checks.notebook_run import NotebookRun
from autograder.course import Budget
from autograder.results import CheckRecord, CheckStatus, Flag

WRONG_AREA = {"area": "def area(w, h):\n    return w + h"}
PASSED, FAILED, PARTIAL = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.PARTIAL


def record(question: str, status: CheckStatus, *, score: float | None = None, public: bool = False) -> CheckRecord:
    """Return a check's record; of two points unless it is public."""
    points = 0.0 if public else 2.0
    return CheckRecord(
        id=f"test_boxes.py::test_{question}{'_form' if public else ''}",
        question=question,
        points=points,
        score=(points if status == PASSED else 0.0) if score is None else score,
        status=status,
        public=public,
        message="" if status == PASSED else f"The hint on {question}.",
    )


@dataclass
class Judge:
    """Stand in for pytest: say what each check finds where some answers are the reference's."""

    find: Callable[[str, Collection[str]], CheckRecord]
    """Gets a check's question and the replaced ones."""
    runs: list[tuple[set[str], set[str]]] = field(default_factory=list)
    """The replaced questions and the judged ones of each run."""
    flags: Collection[Flag] = ()
    first: CheckContext | None = None

    def __call__(self, context: CheckContext, ids: Collection[str]) -> None:
        texts = {one.grade_id: one.source for one in context.run.plan}
        reference = {one.grade_id: one.source for one in solution() if one.solution}
        theirs = {one.grade_id: one.source for one in self.first.run.plan}
        replaced = {name for name, text in reference.items() if texts.get(name) == text != theirs.get(name)}
        questions = {name.rpartition("test_")[2] for name in ids}
        self.runs.append((replaced, questions))
        context.records += [self.find(question, replaced) for question in sorted(questions)]
        context.run.flags |= set(self.flags)


def carry(judge: Judge, cells: Mapping[str, str | None], *records: CheckRecord, seconds: float = 60) -> CheckContext:
    run = NotebookRun(plan(**cells), Budget(total_seconds=seconds), FakeSandbox(), seed=1)
    preparation = SimpleNamespace(solution=solution())
    context = CheckContext(preparation=preparation, student_id="ada", run=run, records=list(records))
    judge.first = context
    if seconds < 1:
        run.begin_check(None, seed=2)
        run.request("name", "x", keep=lambda _: None, resolve=lambda _: None)
    carry_errors_forward(context, judge, {one.id: f"The rule of {one.question}." for one in records})
    return context


def passes_with(*needed: str) -> Callable[[str, Collection[str]], CheckRecord]:
    return lambda question, replaced: record(question, PASSED if {*needed} <= {*replaced} else FAILED)


def all_failed() -> list[CheckRecord]:
    return [record(question, FAILED) for question in ("area", "volume", "boxes", "total")]


def test_what_builds_on_a_slip_is_judged_again_in_one_run_and_the_slip_costs_once():
    judge = Judge(passes_with("area"))
    context = carry(judge, WRONG_AREA, *all_failed())
    assert judge.runs == [({"area"}, {"volume", "boxes", "total"})]
    assert {one.question: one.score for one in context.records} == {"area": 0, "volume": 2, "boxes": 2, "total": 2}
    assert {one.question: one.carried for one in context.records}["total"] == ("area",)
    assert context.records[1].message == "Judged with a right `area` in place of yours: your method is right."
    assert context.records[1].staff_message == "With the student's own `area`: failed. The hint on volume."


def test_a_right_notebook_is_run_once():
    judge = Judge(passes_with())
    carry(judge, {}, *(record(question, PASSED) for question in ("area", "volume", "boxes", "total")))
    assert judge.runs == []


def test_a_blank_notebook_is_run_once():
    judge = Judge(passes_with())
    stubs = dict.fromkeys(("area", "volume", "boxes", "total"), "raise NotImplementedError")
    carry(judge, stubs, *all_failed())
    assert judge.runs == []


def test_a_wrong_answer_on_right_ones_is_not_judged_again():
    judge = Judge(passes_with())
    context = carry(judge, {"total": "total = sum(boxes) + 1"}, record("boxes", PASSED), record("total", FAILED))
    assert judge.runs == []
    assert context.records[1].message == "The hint on total."


def test_what_passed_keeps_its_record_and_is_not_asked_again():
    judge = Judge(passes_with("area"))
    passed = record("volume", PASSED)
    context = carry(judge, WRONG_AREA, record("area", FAILED), passed, record("boxes", FAILED))
    assert judge.runs == [({"area"}, {"boxes"})]
    assert context.records[1] is passed


def test_what_stays_wrong_is_replaced_for_what_builds_on_it():
    cells = {**WRONG_AREA, "boxes": "boxes = [volume(1, 2, 3) + 1]"}

    def find(question: str, replaced: Collection[str]) -> CheckRecord:
        needs = {"volume": {"area"}, "boxes": {"never"}, "total": {"area", "boxes"}}
        return record(question, PASSED if needs[question] <= {*replaced} else FAILED)

    judge = Judge(find)
    context = carry(judge, cells, *all_failed())
    assert judge.runs == [({"area"}, {"volume", "boxes", "total"}), ({"area", "boxes"}, {"total"})]
    assert {one.question: one.score for one in context.records} == {"area": 0, "volume": 2, "boxes": 0, "total": 2}
    assert context.records[3].message.startswith("Judged with right `area` and `boxes` in place of yours: your")


def test_two_that_build_on_each_other_are_each_judged_on_the_references():
    cells = {"area": "def area(w, h):\n    return volume(w, h, 2)", "volume": "def volume(w, h, d): return area(w, h)"}
    judge = Judge(lambda question, _: record(question, FAILED))
    carry(judge, cells, record("area", FAILED), record("volume", FAILED))
    assert judge.runs == [({"volume"}, {"area"}), ({"area"}, {"volume"})]


def test_a_slip_of_its_own_still_costs_and_the_hint_is_on_it():
    judge = Judge(lambda question, _: CheckRecord(**{**vars(record(question, FAILED)), "message": "Twice too much."}))
    context = carry(judge, WRONG_AREA, record("area", FAILED), record("volume", FAILED))
    assert context.records[1].score == 0
    assert context.records[1].message == "Judged with a right `area` in place of yours: Twice too much."
    assert context.records[0].message == "The hint on area."


def test_a_second_verdict_never_takes_points():
    judge = Judge(lambda question, _: record(question, FAILED))
    before = record("volume", PARTIAL, score=1.0)
    context = carry(judge, WRONG_AREA, record("area", FAILED), before)
    assert len(judge.runs) == 1
    assert context.records[1] is before


def test_an_ending_that_no_author_wrote_says_nothing():
    for status in CheckStatus:
        if status not in {PASSED, PARTIAL, FAILED}:
            before = record("volume", FAILED)
            context = carry(
                Judge(lambda question, _, status=status: record(question, status)),
                WRONG_AREA,
                *(record("area", FAILED), before),
            )
            assert context.records[1] is before, status


def test_of_a_public_check_that_stays_wrong_the_student_reads_what_their_own_run_said():
    before = record("volume", FAILED, public=True)
    judge = Judge(lambda *_: CheckRecord(**{**vars(before), "message": "Yours is the reference's text."}))
    context = carry(judge, WRONG_AREA, record("area", FAILED), before)
    assert context.records[1] is before


def test_of_a_public_check_with_more_points_the_student_reads_its_docstring():
    before = CheckRecord(**{**vars(record("volume", FAILED, public=True)), "points": 2.0})
    better = {"status": PARTIAL, "score": 1.0, "message": "Yours is the reference's text."}
    judge = Judge(lambda *_: CheckRecord(**{**vars(before), **better}))
    context = carry(judge, WRONG_AREA, record("area", FAILED), before)
    assert context.records[1].score == 1.0
    assert context.records[1].message == "Judged with a right `area` in place of yours: The rule of volume."


def test_without_time_left_nothing_is_judged_again():
    judge = Judge(passes_with("area"))
    context = carry(judge, WRONG_AREA, *all_failed(), seconds=1e-9)
    assert judge.runs == []
    assert sum(one.score for one in context.records) == 0


def test_the_second_run_has_what_the_first_left_of_its_time():
    first = NotebookRun(plan(), Budget(total_seconds=5), FakeSandbox(), seed=1)
    first.begin_check(None, seed=2)
    first.request("name", "x", keep=lambda _: None, resolve=lambda _: None)
    again = first.again(plan())
    assert again.seconds_left == first.seconds_left < 5
    before = sum(first.seconds.values())
    again.begin_check(None, seed=2)
    again.request("name", "x", keep=lambda _: None, resolve=lambda _: None)
    assert again.seconds_left < first.seconds_left
    assert sum(first.seconds.values()) > before


def test_flags_of_the_second_run_count_only_where_the_host_may_be_at_fault():
    judge = Judge(passes_with("area"), flags=(Flag.KILLED, Flag.NOTEBOOK_TIMEOUT))
    assert carry(judge, WRONG_AREA, *all_failed()).flags == {Flag.KILLED}

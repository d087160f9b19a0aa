"""A student's notebook is run in a process that may fail in any way; each way becomes its own words."""

import time

import pytest
from fakes import FakeSandbox

from autograder.checks.notebook_run import NotebookRun
from autograder.checks.outcomes import Crashed, Missing, StudentError, TimedOut
from autograder.course import Budget
from autograder.errors import GraderError
from autograder.notebooks import PlannedCell
from autograder.results import CellStatus, Flag
from autograder.sandbox.outside.process import Died, Lost, Outcome, Raised

CELLS = [
    PlannedCell(name=f"<cell {n}>", index=n, id=f"id{n}", grade_id=grade_id, source=source)
    for n, (grade_id, source) in enumerate([("", "import torch"), ("double", "def double(x):\n    return 2 * x")])
]


def nothing(thing: object) -> object:
    raise AssertionError(thing)


def raised(kind: str = "raised", *types: str, message: str = "", cell: str = "", line: int = 0) -> Raised:
    return Raised(kind=kind, types=types or ("builtins.ValueError",), message=message, cell=cell, line=line)


def throw(error: BaseException):
    def answer(*_: object) -> object:
        raise error

    return answer


def make_run(sandbox: FakeSandbox, **budget: float) -> NotebookRun:
    run = NotebookRun(CELLS, Budget(**budget), sandbox, seed=1)
    run.begin_check(None, seed=2)
    return run


def ask(run: NotebookRun, operation: str = "name", *arguments: object) -> object:
    return run.request(operation, *arguments, keep=nothing, resolve=nothing)


def test_the_notebook_runs_once_before_the_first_answer_each_part_with_its_seed():
    sandbox = FakeSandbox({"name": lambda name: f"the object {name}"})
    run = make_run(sandbox)
    assert not sandbox.started, "nothing starts before it is asked for"
    assert [ask(run, "name", name) for name in ("double", "answer")] == ["the object double", "the object answer"]
    (process,) = sandbox.started
    assert [cell for cell, *_ in process.of("cell")] == ["<cell 0>", "<cell 1>"]
    assert process.of("seed") == [(1,), (2,)]
    assert [cell.status for cell in run.cells] == [CellStatus.OK] * 2


def test_a_cell_that_ends_the_process_is_left_out_of_the_next_one():
    deaths = [Died(Outcome.EXITED, "exit code 0")]

    def cell(name: str, *_: object) -> None:
        if name == "<cell 1>" and deaths:
            raise deaths.pop()

    sandbox = FakeSandbox({"cell": cell})
    run = make_run(sandbox)
    ask(run)
    assert [[name for name, *_ in process.of("cell")] for process in sandbox.started] == [
        ["<cell 0>", "<cell 1>"],
        ["<cell 0>"],
    ]
    assert sandbox.started[0].closed
    assert [cell.status for cell in run.cells] == [CellStatus.OK, CellStatus.CRASHED]
    assert run.flags == {Flag.NOTEBOOK_CRASH}


@pytest.mark.parametrize(
    ("outcome", "detail", "ending", "flags"),
    [
        (Outcome.TIMED_OUT, "", TimedOut, set()),
        (Outcome.CPU_TIME, "", TimedOut, set()),
        (Outcome.OUT_OF_MEMORY, "", Crashed, {Flag.OUT_OF_MEMORY}),
        (Outcome.EXITED, "exit code 0", Crashed, set()),
        (Outcome.SIGNALLED, "SIGSEGV", Crashed, set()),
        (Outcome.SIGNALLED, "SIGKILL", Crashed, {Flag.KILLED}),
        (Outcome.BAD_ANSWER, "", Crashed, set()),
    ],
)
def test_each_death_in_a_check_has_its_ending_and_its_flag(outcome, detail, ending, flags):
    run = make_run(FakeSandbox({"call": throw(Died(outcome, detail))}))
    with pytest.raises(ending):
        ask(run, "call")
    assert run.flags == flags


def test_after_a_death_the_next_request_gets_a_fresh_process():
    sandbox = FakeSandbox({"call": throw(Died(Outcome.EXITED, ""))})
    run = make_run(sandbox)
    with pytest.raises(Crashed):
        ask(run, "call")
    run.end_check()
    run.begin_check(None, seed=3)
    ask(run)
    assert [process.closed for process in sandbox.started] == [True, False]
    assert sandbox.started[1].of("seed") == [(1,), (3,)]


def test_a_lost_zygote_is_the_graders_fault():
    run = make_run(FakeSandbox({"name": throw(Lost("the zygote is gone"))}))
    with pytest.raises(GraderError, match="the zygote is gone"):
        ask(run)


def test_a_request_outside_a_check_is_the_check_authors_mistake():
    run = make_run(FakeSandbox())
    run.end_check()
    with pytest.raises(GraderError, match="outside a check"):
        ask(run)


def test_an_exception_names_the_students_own_line():
    error = raised(message="secret", cell="<cell 1>", line=2)
    with pytest.raises(StudentError) as found:
        ask(make_run(FakeSandbox({"call": throw(error)})), "call")
    place = "Your code raised ValueError in cell 2 (`double`), line 2: `return 2 * x`."
    assert found.value.public_text == f"{place} (secret)"
    assert "secret" in found.value.staff_text


def student_error(**said: object) -> StudentError:
    with pytest.raises(StudentError) as found:
        ask(make_run(FakeSandbox({"call": throw(raised(**said))})), "call")
    return found.value


def test_of_a_hidden_check_the_answer_is_named_and_neither_line_nor_message():
    error = student_error(message="secret", cell="<cell 1>", line=2)
    assert error.student_text == "Your code raised ValueError in `double`."


@pytest.mark.parametrize(
    ("cell", "text"),
    [("<cell 0>", "Your code raised ValueError in another cell."), ("<cell 9>", "Your code raised ValueError.")],
)
def test_other_cells_are_not_told_apart(cell, text):
    assert student_error(cell=cell, line=1).student_text == text


@pytest.mark.parametrize("line", [0, 3, 4, 5, 10**9, -1])
def test_a_line_without_code_is_not_shown(line):
    source = "def double(x):\n    return 2 * x\n\n    # a comment"
    plan = [PlannedCell(name="<cell 0>", index=0, id="a", grade_id="double", source=source)]
    run = NotebookRun(plan, Budget(), FakeSandbox({"call": throw(raised(cell="<cell 0>", line=line))}), seed=1)
    run.begin_check(None, seed=2)
    with pytest.raises(StudentError) as found:
        ask(run, "call")
    assert found.value.public_text == "Your code raised ValueError in cell 1 (`double`)."


def test_the_name_that_is_missing_is_the_one_that_was_asked_for():
    sandbox = FakeSandbox({"name": throw(raised("missing", message="0.1234"))})
    with pytest.raises(Missing, match=r"^`triple` is not defined") as found:
        ask(make_run(sandbox), "name", "triple")
    assert "0.1234" not in found.value.student_text


def test_only_a_name_can_be_missing():
    error = student_error(kind="missing", message="0.1234", cell="<cell 1>", line=2)
    assert error.student_text == "Your code raised ValueError in `double`."


def test_what_cannot_be_sent_is_described_where_no_hidden_input_is_at_stake():
    with pytest.raises(Crashed) as found:
        ask(make_run(FakeSandbox({"call": throw(raised("unsendable", message="0.1234 MB at once"))})), "call")
    assert "0.1234" not in found.value.student_text
    assert "0.1234 MB at once" in found.value.public_text


def test_a_missing_name_is_told_with_what_became_of_its_cell():
    failed = raised("raised", "builtins.NameError", message="name 'y' is not defined", cell="<cell 1>", line=1)

    def cell(name: str, *_: object) -> None:
        if name == "<cell 1>":
            raise failed

    sandbox = FakeSandbox({"cell": cell, "name": throw(raised("missing", message="double"))})
    with pytest.raises(Missing) as found:
        ask(make_run(sandbox), "name", "double")
    assert "`double` is not defined, since its cell failed: NameError" in found.value.student_text


def test_a_stub_that_is_called_is_a_missing_answer_and_a_library_that_gives_up_is_none():
    error = raised("raised", "builtins.NotImplementedError", cell="<cell 0>", line=2)
    for body, kind, said in (
        ("raise NotImplementedError", Missing, "`double` is not written yet"),
        ("return F.cross_entropy(labels, logits)", StudentError, "NotImplementedError\nraised in cell 1"),
    ):
        plan = [PlannedCell(name="<cell 0>", index=0, id="a", grade_id="double", source=f"def double(x):\n    {body}")]
        run = NotebookRun(plan, Budget(), FakeSandbox({"call": throw(error)}), seed=1)
        run.begin_check(None, seed=2)
        with pytest.raises(kind, match=said):
            ask(run, "call")


def test_a_cell_that_was_interrupted_timed_out():
    run = make_run(FakeSandbox({"cell": throw(raised("interrupted"))}))
    ask(run)
    assert {cell.status for cell in run.cells} == {CellStatus.TIMEOUT}
    assert run.flags == {Flag.NOTEBOOK_TIMEOUT}


def test_a_helper_that_loops_is_paid_for_once():
    sources = ["def helper():\n    while True: pass", "helper()", "x = helper()", "y = 1"]
    cells = [PlannedCell(name=f"<cell {n}>", index=n, id="", grade_id="", source=s) for n, s in enumerate(sources)]
    interrupted = throw(raised("interrupted", cell="<cell 0>", line=2))
    sandbox = FakeSandbox({"cell": lambda name, source, _: interrupted() if source.endswith("helper()") else None})
    run = NotebookRun(cells, Budget(cell_seconds=10), sandbox, seed=1)
    run.begin_check(None, seed=2)
    ask(run)
    given = [seconds for operation, _, seconds in sandbox.started[0].requests if operation == "cell"]
    assert given == pytest.approx([13, 13, 4, 13], abs=0.1)  # with three of grace each
    assert [cell.error for cell in run.cells] == [
        "",
        "It ran longer than 10 seconds.",
        "It ran longer than 1 seconds.",
        "",
    ]


def test_errors_without_end_make_no_result_without_end():
    sandbox = FakeSandbox({"cell": throw(raised(message="\N{BOMB}" * 2_000))})
    cells = [PlannedCell(name=f"<cell {n}>", index=n, id="", grade_id="", source="x") for n in range(4_900)]
    run = NotebookRun(cells, Budget(), sandbox, seed=1)
    run.begin_check(None, seed=2)
    ask(run)
    assert len(run.cells) == 2_000
    assert run.cells[0].error == f"ValueError: {chr(0x1F4A3) * 2_000}"
    assert sum(len(cell.error) for cell in run.cells) == 250_000
    assert run.flags == {Flag.TRUNCATED}


def test_cells_behind_the_notebooks_time_are_skipped():
    run = make_run(FakeSandbox({"cell": lambda *_: time.sleep(0.05)}), notebook_seconds=0.01)
    ask(run)
    assert [cell.status for cell in run.cells] == [CellStatus.OK, CellStatus.SKIPPED]


def test_a_submission_whose_time_is_used_up_is_asked_nothing_more():
    sandbox = FakeSandbox()
    run = make_run(sandbox, total_seconds=1e-6)
    ask(run)
    with pytest.raises(TimedOut, match="used up"):
        ask(run)
    assert len(sandbox.started[0].of("name")) == 1
    assert Flag.SUBMISSION_TIMEOUT in run.flags


def test_what_a_check_spent_is_missing_from_its_next_request():
    sandbox = FakeSandbox({"call": lambda: time.sleep(0.2)})
    run = make_run(sandbox, check_seconds=10)
    ask(run, "call")
    ask(run, "call")
    first, second = (seconds for operation, _, seconds in sandbox.started[0].requests if operation == "call")
    assert first <= 10
    assert second <= first - 0.2


@pytest.mark.parametrize(("isolated", "flags"), [(True, set()), (False, {Flag.UNSANDBOXED})])
def test_a_result_says_where_nothing_shut_the_code_in(isolated, flags):
    assert make_run(FakeSandbox(isolated=isolated)).flags == flags


def test_a_name_from_a_cell_that_failed_is_told_with_the_first_cause():
    cells = [
        PlannedCell(name=f"<cell {n}>", index=n, id="", grade_id=grade_id, source=source)
        for n, (grade_id, source) in enumerate([("", "import tqdm\ntwice = 2"), ("double", "double = twice")])
    ]

    def cell(name: str, *_: object) -> None:
        if name == "<cell 0>":
            raise raised("raised", "builtins.ModuleNotFoundError", message="No module named 'tqdm'", cell=name, line=1)
        raise raised("raised", "builtins.NameError", message="name 'twice' is not defined", cell=name, line=1)

    sandbox = FakeSandbox({"cell": cell, "name": throw(raised("missing", message="double"))})
    run = NotebookRun(cells, Budget(), sandbox, seed=1)
    run.begin_check(None, seed=2)
    with pytest.raises(Missing) as found:
        ask(run, "name", "double")
    assert "its cell failed: NameError: name 'twice' is not defined in cell 2 (`double`)" in found.value.student_text
    assert "Grading offers no package `tqdm`" in found.value.student_text

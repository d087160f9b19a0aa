"""Carry errors forward: judge an answer that builds on a wrong one again, with the reference's in its place.

So a slip costs its own points once. What passed keeps its record. The reference's code then runs where the student's
does, which may read it; so nothing is kept of such a run but verdicts, in words of the check's author alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.checks.answers import Answers, Foundation
from autograder.checks.context import CheckContext
from autograder.results import CheckRecord, CheckStatus, Flag

__all__ = ["carried_alike", "carry_errors_forward"]

_RANKS = {CheckStatus.FAILED: 0, CheckStatus.PARTIAL: 1, CheckStatus.PASSED: 2}
"""Verdicts of a check's author, the better the higher; any other ending of a second run says nothing."""
_DOUBTFUL = {Flag.KILLED, Flag.GPU_OUT_OF_MEMORY}
"""Endings that may be the host's doing: who grades the batch must hear of them."""


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Questions to judge again in one run."""

    replaced: frozenset[str]
    questions: Sequence[str]
    names: frozenset[str]
    """What their answers use."""


def carry_errors_forward(
    context: CheckContext, judge: Callable[[CheckContext, Collection[str]], None], rules: Mapping[str, str]
) -> None:
    """Judge again what builds on something wrong, and keep in `context` what earned more by that.

    `judge` runs the checks with some ids in a context; `rules` are the docstrings of all checks.

    First only what is wrong by itself is replaced: an answer that turns out right on this is as good as the
    reference's for those that build on it in turn. What is left wrong then is replaced as well.
    """
    wrong = _wrong(context.records)
    if not wrong:
        return
    answers = Answers(context.run.plan, context.preparation.solution)
    building = {question for question in wrong if answers.has(question) and answers.foundation(question, wrong).wrong}
    run = context.run
    tried: dict[str, frozenset[str]] = {}
    for with_what_builds in (False, True):
        left = sorted(building & _wrong(context.records))
        replaceable = (wrong - building) | ({*left} if with_what_builds else set())
        foundations = {question: answers.foundation(question, replaceable) for question in left}
        for group in _groups({q: f for q, f in foundations.items() if f.wrong and f.wrong != tried.get(q)}):
            if run.seconds_left <= 0:
                return
            tried |= dict.fromkeys(group.questions, group.replaced)
            run = run.again(answers.with_reference(group.replaced, group.names))
            _judge_again(context, context.again(run), group, judge, rules)


def carried_alike(
    context: CheckContext, before: Sequence[CheckRecord], after: Sequence[CheckRecord], judged_again: Collection[str]
) -> bool:
    """Return whether carrying errors forward changes nothing that it has not changed in `before` already.

    `after` are the records of the same notebook in which some checks were judged again; they are of the questions
    `judged_again`.
    """
    was, now = (_wrong_at_first(records) for records in (before, after))
    answers = Answers(context.run.plan, context.preparation.solution)
    for question in filter(answers.has, sorted(was | now)):
        foundation = answers.foundation(question, now).wrong
        if foundation != answers.foundation(question, was).wrong or (foundation and question in judged_again):
            return False
    return True


def _wrong_at_first(records: Sequence[CheckRecord]) -> set[str]:
    """Return the questions of which a check did not pass before errors were carried forward."""
    return _wrong(records) | {record.question for record in records if record.carried}


def _wrong(records: Sequence[CheckRecord]) -> set[str]:
    """Return the questions of which a check did not pass."""
    return {record.question for record in records if record.status != CheckStatus.PASSED}


def _groups(foundations: Mapping[str, Foundation]) -> Iterator[_Group]:
    """Yield the questions that build on the same wrong answers, together."""
    for wrong in dict.fromkeys(foundation.wrong for foundation in foundations.values()):
        questions = [question for question, foundation in foundations.items() if foundation.wrong == wrong]
        names = frozenset[str]().union(*(foundations[question].names for question in questions))
        yield _Group(replaced=wrong, questions=questions, names=names)


def _judge_again(
    context: CheckContext,
    again: CheckContext,
    group: _Group,
    judge: Callable[[CheckContext, Collection[str]], None],
    rules: Mapping[str, str],
) -> None:
    """Run the checks that did not pass of a group's questions, and put what is better into `context`."""
    asked = {r.id for r in context.records if r.question in group.questions and r.status != CheckStatus.PASSED}
    judge(again, asked)
    context.flags |= again.run.flags & _DOUBTFUL
    found = {record.id: record for record in again.records}
    unsettled = _wrong(again.records)
    carried = tuple(sorted(group.replaced))
    for n, record in enumerate(context.records):
        if record.id in asked and _is_better(found[record.id], record):
            right = "this is right." if record.question in unsettled else "your method is right."
            context.records[n] = _carried(found[record.id], record, carried, right=right, rule=rules[record.id])


def _is_better(after: CheckRecord, before: CheckRecord) -> bool:
    """Return whether to keep a second verdict: one that is no better only for its hint, which is on the student's own.

    What a public check says may quote what the notebook answered; so the first one's words are the better there.
    """
    if after.status not in _RANKS:
        return False
    worth, worth_before = ((one.score, _RANKS.get(one.status, -1)) for one in (after, before))
    return worth > worth_before or (worth == worth_before and not before.public)


def _carried(
    after: CheckRecord, before: CheckRecord, carried: tuple[str, ...], *, right: str, rule: str
) -> CheckRecord:
    """Return a second verdict with a note on how it came about, and nothing that the notebook can have put into it."""
    *others, last = (f"`{question}`" for question in carried)
    names = f"{', '.join(others)} and {last}" if others else last
    hint = right if after.status == CheckStatus.PASSED else rule if after.public else after.message
    own = f"With the student's own {names}: {before.status}. {before.staff_message or before.message}".strip()
    return replace(
        after,
        message=f"Judged with {'right' if others else 'a right'} {names} in place of yours: {hint}",
        staff_message="\n".join(filter(None, [after.staff_message, own])),
        curves=(),  # numbers of the process's own, which had the reference's code to read
        carried=carried,
    )

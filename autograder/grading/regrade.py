"""Grade again by the checks that have changed: the other verdicts are those of the result so far.

Where that would not give what grading it all gives, the whole submission is graded.
"""

from collections.abc import Collection, Sequence

import pytest

from autograder.checks.carried_errors import carried_alike
from autograder.checks.context import CheckContext
from autograder.checks.marks import check_id, is_check
from autograder.checks.session import run_checks
from autograder.first_cause import with_new_records
from autograder.grading.job import Job
from autograder.results import CheckRecord, CheckStatus, Flag

__all__ = ["judged_by_changed_checks"]

_OF_THE_RUN = {
    *(Flag.CHECK_RAISED, Flag.NOTEBOOK_TIMEOUT, Flag.SUBMISSION_TIMEOUT, Flag.NOTEBOOK_CRASH, Flag.OUT_OF_MEMORY),
    *(Flag.KILLED, Flag.GPU_OUT_OF_MEMORY),
}
"""After these a process began anew, or less was judged than there is: the checks before and after have a part in it."""
_ENDED = {CheckStatus.TIMEOUT, CheckStatus.CRASHED, CheckStatus.CHECK_RAISED}
_MOST_OF_THE_TIME = 0.8
"""Part of the submission's seconds up to which there were enough, whatever a busy host makes of them."""


def judged_by_changed_checks(
    job: Job, session: pytest.Session, context: CheckContext
) -> tuple[CheckRecord, ...] | None:
    """Run the job's changed checks in a fresh context and return the records of all; None where all have to run."""
    before = job.before
    if before is None or _is_doubtful(before.flags, before.checks):
        return None
    run_checks(session, context, alone=job.changed)
    cells = [(cell.index, cell.status) for cell in before.cells]
    seconds = sum(context.run.seconds.values()) + before.timings.get("answers", 0.0)
    if (
        _is_doubtful(context.flags | context.run.flags, context.records)
        or [(cell.index, cell.status) for cell in context.run.cells] != cells
        or seconds > _MOST_OF_THE_TIME * context.preparation.assignment.budget.total_seconds
    ):
        return None
    new = {record.id: record for record in context.records}
    old = {record.id: record for record in before.checks if record.id not in new}
    ids = [check_id(item) for item in session.items if is_check(item)]
    if {*ids} != new.keys() | old.keys():
        return None
    after = [new.get(name) or old[name] for name in ids]
    if not carried_alike(context, before.checks, after, {record.question for record in new.values()}):
        return None
    found = with_new_records(before.checks, after, new.keys())
    return None if found is None else tuple(found)


def _is_doubtful(flags: Collection[Flag], records: Sequence[CheckRecord]) -> bool:
    return bool(_OF_THE_RUN & {*flags}) or any(record.status in _ENDED for record in records)

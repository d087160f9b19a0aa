"""Show a student one cause for each question: what further checks say of the same slip is often beside the point."""

from collections.abc import Sequence
from dataclasses import replace

from autograder.results import CheckRecord, CheckStatus

__all__ = ["shown_records", "with_first_causes"]

_JUDGED = {CheckStatus.FAILED, CheckStatus.PARTIAL, CheckStatus.CHECK_RAISED}


def with_first_causes(records: Sequence[CheckRecord]) -> list[CheckRecord]:
    """Return the records in which, of each question, the first cause that a check found is shown alone.

    The message of every other check that did not pass says so instead, and what it would have said is for staff. A
    cause is a hint, or an exception, a time limit and their like; where there is none, the first check's rule is shown.
    """
    shown = {record.question: record for record in shown_records(records)}
    return [
        record
        if record.status == CheckStatus.PASSED or record is shown[record.question]
        else _behind(record, shown[record.question])
        for record in records
    ]


def shown_records(records: Sequence[CheckRecord]) -> list[CheckRecord]:
    """Return, of each question that lost something, the record whose message the student is shown."""
    shown: dict[str, CheckRecord] = {}
    for record in records:
        if record.status == CheckStatus.PASSED:
            continue
        first = shown.get(record.question)
        if first is None or (_is_specific(record) and not _is_specific(first)):
            shown[record.question] = record
    return list(shown.values())


def _is_specific(record: CheckRecord) -> bool:
    return bool(record.cause) or record.status not in _JUDGED


def _behind(record: CheckRecord, first: CheckRecord) -> CheckRecord:
    name = first.id.partition("::")[2]
    staff = (
        record.staff_message if record.message in record.staff_message else f"{record.message} {record.staff_message}"
    )
    return replace(
        record,
        message=f"Not judged by itself, since `{name}` has found something in this answer already: see there first.",
        staff_message=staff.strip(),
    )

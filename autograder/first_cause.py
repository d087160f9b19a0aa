"""Show a student one cause for each question: what further checks say of the same slip is often beside the point."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from autograder.results import CheckRecord, CheckStatus

__all__ = ["shown_records", "with_first_causes", "with_new_records"]

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


def with_new_records(
    before: Sequence[CheckRecord], after: Sequence[CheckRecord], new: Collection[str]
) -> list[CheckRecord] | None:
    """Return what `with_first_causes` makes of records of which all but those with `new` ids went through it `before`.

    None where an old one would be shown now, but what it said by itself is not known any more.
    """
    showed, shows = ({record.question: record.id for record in shown_records(records)} for records in (before, after))
    first = {record.question: record for record in shown_records(after)}
    found = []
    for record in after:
        behind = record.status != CheckStatus.PASSED and shows[record.question] != record.id
        if record.id in new or record.status == CheckStatus.PASSED or record.id == showed.get(record.question):
            found.append(_behind(record, first[record.question]) if behind else record)
        elif not behind:
            return None
        else:
            found.append(replace(record, message=_behind(record, first[record.question]).message))
    return found


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

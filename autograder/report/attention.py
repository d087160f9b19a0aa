"""Find the submissions of a class that need a person, and say why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from autograder.results import CellStatus, CheckStatus, Flag, HandStatus, Result, Status

__all__ = ["Attention", "AttentionItem", "Concern", "attention"]


class Concern(StrEnum):
    """Say why a submission needs a person, the most pressing first."""

    FAILED = "failed"
    CHECK_RAISED = "check-raised"
    UNSANDBOXED = "unsandboxed"
    OTHER_CHECKS = "other-checks"
    INVALID = "invalid"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    OTHER_NOTEBOOK = "other-notebook"
    FILE_MISSING = "file-missing"
    RENAMED = "renamed"
    TIMESTAMP = "timestamp-unreadable"
    NEEDS_PERSON = "needs-person"
    LOOK_AGAIN = "look-again"
    TOO_LATE = "too-late"
    OTHER_FLAG = "other-flag"


_CONCERN_OF_FLAG = {
    Flag.CHECK_RAISED: Concern.CHECK_RAISED,
    Flag.UNSANDBOXED: Concern.UNSANDBOXED,
    Flag.NOTEBOOK_TIMEOUT: Concern.TIMEOUT,
    Flag.SUBMISSION_TIMEOUT: Concern.TIMEOUT,
    Flag.NOTEBOOK_CRASH: Concern.CRASHED,
    Flag.OUT_OF_MEMORY: Concern.CRASHED,
    Flag.COPY_GRADED: Concern.OTHER_NOTEBOOK,
    Flag.OTHER_NOTEBOOK: Concern.OTHER_NOTEBOOK,
    Flag.FILE_MISSING: Concern.FILE_MISSING,
    Flag.RENAMED: Concern.RENAMED,
    Flag.MOVED: Concern.RENAMED,
    Flag.CONVERTED: Concern.RENAMED,
    Flag.TIMESTAMP_UNREADABLE: Concern.TIMESTAMP,
    Flag.TOO_LATE: Concern.TOO_LATE,
    Flag.NOT_ACCEPTED: Concern.TOO_LATE,
}
_DETAIL_OF_FLAG = {
    Flag.COPY_GRADED: "graded was the only one with answers; the one of the right name is blank or unreadable",
    Flag.OTHER_NOTEBOOK: "graded was the one of the right name; another has other answers",
    Flag.RENAMED: "another name",
    Flag.MOVED: "another folder",
    Flag.TOO_LATE: "worth 0",
    Flag.NOT_ACCEPTED: "not accepted",
    Flag.CONVERTED: "an older format, or another encoding than UTF-8",
}
_CONCERN_OF_HAND = {HandStatus.WAITING: Concern.NEEDS_PERSON, HandStatus.LOOK_AGAIN: Concern.LOOK_AGAIN}
_CONCERN_OF_CHECK = {CheckStatus.TIMEOUT: Concern.TIMEOUT, CheckStatus.CRASHED: Concern.CRASHED}
_CONCERN_OF_CELL = {CellStatus.TIMEOUT: Concern.TIMEOUT, CellStatus.CRASHED: Concern.CRASHED}


@dataclass(frozen=True, kw_only=True)
class AttentionItem:
    """One submission that needs attention, and what is known about it."""

    student: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Attention:
    """The submissions that need attention for the same reason."""

    concern: Concern
    items: tuple[AttentionItem, ...]


def attention(results: Sequence[Result]) -> tuple[Attention, ...]:
    """Return who needs a person, and why, the most pressing reason first; a student once for each reason."""
    usual = _usual_checks(results)
    found: dict[Concern, list[AttentionItem]] = defaultdict(list)
    for result in results:
        details: dict[Concern, list[str]] = defaultdict(list)
        for concern, detail in _concerns(result, usual):
            details[concern].append(detail)
        for concern, said in details.items():
            text = " · ".join(dict.fromkeys(detail for detail in said if detail))
            found[concern].append(AttentionItem(student=result.student, detail=text))
    return tuple(Attention(concern=concern, items=tuple(found[concern])) for concern in Concern if concern in found)


def _concerns(result: Result, usual: frozenset[str]) -> Iterable[tuple[Concern, str]]:
    """Yield every reason to look at a submission, with what is known about it."""
    if result.status != Status.GRADED:
        yield (Concern.FAILED if result.status == Status.FAILED else Concern.INVALID), result.reason
    elif _check_ids(result) != usual:
        yield Concern.OTHER_CHECKS, ""
    for cell in result.cells:
        if cell.status in _CONCERN_OF_CELL:
            yield _CONCERN_OF_CELL[cell.status], f"{cell.grade_id or f'cell {cell.index + 1}'}: {cell.error}"
    for check in result.checks:
        if check.status in _CONCERN_OF_CHECK:
            yield _CONCERN_OF_CHECK[check.status], f"{check.question}: {check.message}"
        elif check.status == CheckStatus.CHECK_RAISED:
            yield Concern.CHECK_RAISED, f"{check.id}: {check.staff_message}"
    yield from _concerns_of_the_whole(result)


def _concerns_of_the_whole(result: Result) -> Iterable[tuple[Concern, str]]:
    """Yield the reasons that lie in what people are to judge, and in the flags."""
    for one in result.by_hand:
        if one.status != HandStatus.COUNTED:
            yield _CONCERN_OF_HAND[one.status], one.question
    for flag in result.flags:
        concern = _CONCERN_OF_FLAG.get(flag, Concern.OTHER_FLAG)
        if flag == Flag.FILE_MISSING:
            yield from ((concern, problem) for problem in result.files.values() if problem)
            continue
        yield concern, _DETAIL_OF_FLAG.get(flag, flag if concern == Concern.OTHER_FLAG else "")


def _check_ids(result: Result) -> frozenset[str]:
    return frozenset(check.id for check in result.checks)


def _usual_checks(results: Sequence[Result]) -> frozenset[str]:
    """Return the checks that most of the class was graded with: a batch stopped half-way may hold older ones."""
    seen = Counter(_check_ids(result) for result in results if result.status == Status.GRADED)
    return seen.most_common(1)[0][0] if seen else frozenset()

"""Say what was collected: for people, or a line of JSON for each submission."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO

from autograder.collecting.collection import Collected, Collection, Outcome
from autograder.course import Assignment

__all__ = ["json_line", "json_summary", "summary"]

_AT_MOST = 40
_SAID = {
    Outcome.NEW: "new",
    Outcome.NEWER: "newer than what was there, which is kept as an earlier attempt",
    Outcome.EARLIER: "earlier than what counts, kept as an earlier attempt",
    Outcome.KNOWN: "there already",
}


def summary(collection: Collection, assignment: Assignment, *, had_roster: bool, dry_run: bool) -> Iterator[str]:
    """Yield the lines of the report."""
    taken = collection.taken
    sources = ", ".join(f"{count} by {name}" for name, count in Counter(one.source for one in taken).items())
    yield f"{len(taken)} submissions ({sources or 'none'}) of {len({one.student for one in taken})} students:"
    outcomes = Counter(one.outcome for one in taken)
    yield from (f"  {outcomes[outcome]} {said}" for outcome, said in _SAID.items() if outcomes[outcome])
    changed = sorted({one.student for one in taken if one.outcome is Outcome.NEWER})
    if changed:
        yield f"A newer submission counts for {_listed(changed)}."
    yield from _lateness(taken, assignment)
    if not had_roster and taken:
        yield "There is no roster: students are called what the download calls them; --roster gives them their IDs."
    yield from _section("Of these it could not be told whose they are", collection.unplaced)
    yield from _section("These are named otherwise than their system names them", collection.left_out)
    yield from _section("Refused", collection.refused)
    yield from _section("Worth knowing", collection.notes)
    if dry_run:
        yield "Nothing was written: this was a dry run."
    if collection.missing:
        yield f"Nothing came from {len(collection.missing)} in the roster: {_listed(collection.missing)}."


def json_line(file: IO[str], one: Collected) -> None:
    """Print what became of one submission."""
    _print(
        file,
        "submission",
        student=one.student,
        outcome=one.outcome,
        source=one.source,
        seen=one.seen,
        submitted_at=one.time.isoformat() if one.time else None,
        late=one.late,
        timestamp=one.counts_from.isoformat() if one.counts_from else None,
    )


def json_summary(file: IO[str], collection: Collection) -> None:
    """Print the last line."""
    _print(
        file,
        "summary",
        **{str(outcome): sum(one.outcome is outcome for one in collection.taken) for outcome in Outcome},
        unplaced=collection.unplaced,
        left_out=collection.left_out,
        refused=collection.refused,
        notes=collection.notes,
        missing=collection.missing,
    )


def _lateness(taken: Sequence[Collected], assignment: Assignment) -> Iterator[str]:
    late = [one for one in taken if one.late and one.time is None and one.outcome is not Outcome.KNOWN]
    if late and assignment.due is None:
        yield f"{len(late)} are marked late, but {assignment.name} has no due date: they count as on time."
    elif late:
        yield (
            f"{len(late)} are marked late without a time: timestamp.txt is a second after due date and grace time, so "
            f"one day late ({_listed(sorted({one.student for one in late}))}); put the right time there if it matters."
        )
    if committed := [one for one in taken if one.source == "github" and one.time and one.outcome is not Outcome.KNOWN]:
        yield f"{len(committed)} have the time of their last commit, by the clock of who made it."
    if packed := [one for one in taken if one.source == "otter" and one.outcome is not Outcome.KNOWN]:
        yield f"{len(packed)} have the time at which otter packed them, by the clock of the student's machine."


def _section(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if not sentences:
        return
    yield f"{title}: {len(sentences)}"
    yield from (f"  {sentence}" for sentence in sentences[:_AT_MOST])
    if len(sentences) > _AT_MOST:
        yield f"  … and {len(sentences) - _AT_MOST} more; --log json says all."


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _AT_MOST} more"] if len(names) > _AT_MOST else []
    return ", ".join([*names[:_AT_MOST], *more])


def _print(file: IO[str], event: str, **figures: object) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    file.write(json.dumps({"time": now, "event": event, **figures}) + "\n")
    file.flush()

"""Collect: find the submissions in downloads, whose they are, what of them is new, and keep that."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from autograder.collecting.archives import Archives
from autograder.collecting.contents import contents_of, digest_of
from autograder.collecting.deliveries import Delivery
from autograder.collecting.files import LIMITS, Limits
from autograder.collecting.kept import Shelf, Version
from autograder.collecting.placing import Placing
from autograder.collecting.recognising import Found, find_deliveries
from autograder.collecting.source_names import SourceName
from autograder.collecting.sources import Told
from autograder.course import Assignment, LatePolicy
from autograder.errors import CollectError
from autograder.roster import Roster

__all__ = ["Collected", "Collection", "Outcome", "Request", "collect"]

_JUST_LATE = timedelta(seconds=1)


class Outcome(StrEnum):
    """What became of one submission."""

    NEW = "new"
    """The student's first."""
    NEWER = "newer"
    """It counts; the one before is kept."""
    EARLIER = "earlier"
    """It came before the one that counts, and is kept beside it."""
    KNOWN = "known"
    """It was there already."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be collected, and where to."""

    places: Sequence[Path]
    assignment: Assignment
    late_policy: LatePolicy
    submitted: Path
    roster: Roster | None = None
    source: SourceName | None = None
    groups: bool = False
    dry_run: bool = False
    limits: Limits = LIMITS


@dataclass(frozen=True, kw_only=True)
class Collected:
    """One submission of one student."""

    student: str
    outcome: Outcome
    source: str
    seen: str
    time: datetime | None
    late: bool
    counts_from: datetime | None


@dataclass
class Collection:
    """What was taken, and what was not."""

    taken: list[Collected] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    """Sentences on submissions whose students are not known."""
    left_out: list[str] = field(default_factory=list)
    """Sentences on files that are named otherwise than their system names them."""
    refused: list[str] = field(default_factory=list)
    """Sentences on what was not read."""
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Those in the roster from whom nothing is there, with this download."""

    @property
    def is_whole(self) -> bool:
        """Whether all that came was taken."""
        return not (self.unplaced or self.left_out or self.refused)


def collect(request: Request, tell: Callable[[Collected], None] = lambda _: None) -> Collection:
    """Take what is new of the downloads, and tell of each submission.

    Raises AutograderError where nothing can be read or written; what is wrong with single ones stands in the result.
    """
    collection = Collection()
    shelf = Shelf(request.submitted, request.assignment.name)
    with Archives(request.limits) as archives, contextlib.nullcontext() if request.dry_run else shelf.held():
        found = _find(request, archives)
        collection.refused += found.refused
        collection.left_out += found.left_out
        for student, deliveries in _by_student(request, found, collection).items():
            for one in _take(request, (shelf, archives), student, deliveries, collection):
                collection.taken.append(one)
                tell(one)
    had = {one.student for one in collection.taken}
    for person in request.roster.people if request.roster else ():
        if person.id not in had and not (request.submitted / person.id / request.assignment.name).is_dir():
            collection.missing.append(person.id)
    return collection


def _find(request: Request, archives: Archives) -> Found:
    """Return what all places hold; one that is refused keeps no other from being read."""
    zone = (request.assignment.due.tzinfo if request.assignment.due else None) or UTC
    roster = request.roster
    told = Told(
        assignment=request.assignment.name,
        zone=zone,
        is_known=lambda name: roster is not None and roster.find(name) is not None,
    )
    found = Found()
    for where in request.places:
        if where.resolve() == request.submitted.resolve():
            raise CollectError(f"{where} is where submissions are kept; give the download.")
        try:
            found.add(find_deliveries(where, archives, told, request.source))
        except CollectError as error:
            if len(request.places) == 1:
                raise
            found.refused.append(str(error))
    return found


def _by_student(request: Request, found: Found, collection: Collection) -> Mapping[str, Sequence[Delivery]]:
    """Return the submissions of each student; say of which it is not known whose they are."""
    placing = Placing(request.roster, groups=request.groups)
    shares = defaultdict[str, list[Delivery]](list)
    for delivery in found.deliveries:
        placed = placing.place(delivery)
        collection.unplaced += placed.problems
        collection.notes += delivery.notes
        for student in placed.students:
            shares[student].append(delivery)
    return dict(sorted(shares.items()))


def _take(
    request: Request,
    hands: tuple[Shelf, Archives],
    student: str,
    deliveries: Sequence[Delivery],
    collection: Collection,
) -> Iterator[Collected]:
    """Keep what is new of one student's, and yield what became of each."""
    shelf, archives = hands
    try:
        current = shelf.current(student)
    except CollectError as error:
        collection.refused.append(str(error))
        return
    known = [*([current] if current else []), *shelf.earlier(student)]
    for delivery in _in_order(deliveries):
        try:
            version = _version(request, archives, delivery)
        except CollectError as error:
            collection.refused.append(str(error))
            continue
        if version.is_known(known):
            outcome = Outcome.KNOWN
        else:
            counts = current is None or version.is_newer(current)
            outcome = Outcome.EARLIER if not counts else Outcome.NEWER if current else Outcome.NEW
            collection.notes += _files_missing(request, delivery, version)
            if not request.dry_run:
                shelf.keep(student, version, counts=counts)
            without = replace(version, files=None)
            known.append(without)
            current = without if counts else current
        yield Collected(
            student=student,
            outcome=outcome,
            source=delivery.source,
            seen=delivery.seen,
            time=version.time,
            late=version.late,
            counts_from=version.counts_from,
        )


def _files_missing(request: Request, delivery: Delivery, version: Version) -> Iterator[str]:
    """Say which files that students edit did not come with a notebook."""
    came = version.files or {}
    if f"{request.assignment.name}.ipynb" in came:
        for name in request.assignment.files:
            if name not in came:
                yield f"{delivery.seen}: {name} did not come with it; the one of the release will be graded instead."


def _in_order(deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    """Return the submissions of one student as they came, as far as that is known."""
    times = [delivery.time for delivery in deliveries if delivery.time is not None]
    if len(times) == len(deliveries):
        return sorted(deliveries, key=lambda delivery: delivery.time or times[0])
    if len({delivery.source for delivery in deliveries}) == 1:
        return sorted(deliveries, key=lambda delivery: delivery.order)
    return deliveries


def _version(request: Request, archives: Archives, delivery: Delivery) -> Version:
    files = contents_of(delivery, request.assignment.name, archives, request.assignment.files)
    due = request.assignment.due
    counts_from = delivery.time
    if counts_from is None and delivery.late and due is not None:
        counts_from = due + timedelta(minutes=request.late_policy.grace_minutes) + _JUST_LATE
    return Version(
        digests=frozenset({digest_of(files)}),
        source=delivery.source,
        time=delivery.time,
        late=delivery.late,
        order=delivery.order,
        seen=delivery.seen,
        files=files,
        counts_from=counts_from,
    )

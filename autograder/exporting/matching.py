"""Find out which row of a downloaded file is about which student, by what cannot be mistaken: never by a guess."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.roster import Field, Roster

__all__ = ["FileRow", "Matches", "match"]


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """Who a row of the file says that it is about."""

    place: int
    """In the file, from 0."""
    label: str
    """What messages call them."""
    keys: Sequence[tuple[str, Sequence[Field]]]
    """Cells that name one person, each with the fields of the roster that may say the same."""
    own: Mapping[Field, str] = field(default_factory=dict)
    """What certain fields of the roster have to say, where they say anything."""
    names: Sequence[str] = ()
    """Cells with their name, which several people may have."""


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Who is who."""

    rows: Mapping[str, int] = field(default_factory=dict)
    """The row of each student that was found."""
    doubtful: Mapping[str, str] = field(default_factory=dict)
    """Why a student was not found for sure, in half a sentence."""
    strangers: Sequence[str] = ()
    """Rows in which nobody of ours was found."""


def match(rows: Sequence[FileRow], students: Collection[str], roster: Roster | None) -> Matches:
    """Match rows and students, by their ids and what the roster says of them, by name only where one alone has it.

    A student in two rows, and a row that could be two students, are doubtful.
    """
    people = _People(students, roster)
    names = [{_plain_name(name) for name in row.names if name.strip()} for row in rows]
    claims: dict[str, list[FileRow]] = defaultdict(list)
    doubtful, strangers = dict[str, str](), []
    for row, own in zip(rows, names, strict=True):
        found = people.named_by(row)
        if not found and own and sum(bool(own & others) for others in names) == 1:
            found = people.called(row)
        for student in found if len(found) > 1 else ():
            doubtful[student] = f"{row.label} could be {' or '.join(sorted(found))}"
        if not found:
            strangers.append(row.label)
        elif len(found) == 1:
            claims[found.pop()].append(row)
    for student, claiming in claims.items():
        if len(claiming) > 1:
            doubtful[student] = f"rows {' and '.join(str(row.place + 1) for row in claiming)} are both theirs"
    matched = {student: claiming[0].place for student, claiming in claims.items() if student not in doubtful}
    return Matches(rows=matched, doubtful=doubtful, strangers=strangers)


class _People:
    """Everybody who has a result or stands on the roster."""

    def __init__(self, students: Collection[str], roster: Roster | None) -> None:
        self.roster = roster or Roster()
        self.by_key: dict[str, set[str]] = defaultdict(set)
        for student in {*students, *self.roster.by_id}:
            self.by_key[_plain(student)].add(student)

    def named_by(self, row: FileRow) -> set[str]:
        """Return everybody whom a cell of the row names."""
        return {student for cell, fields in row.keys if cell.strip() for student in self._named(cell, fields, row)}

    def _named(self, cell: str, fields: Sequence[Field], row: FileRow) -> Iterator[str]:
        people = self.roster.matches(cell, *fields) if fields else ()
        if people:  # what the roster says of this column comes before an id that happens to look the same
            yield from (person.id for person in people)
            return
        same = self.by_key.get(_plain(cell), set())
        yield from (one for one in {cell.strip()} & same or same if not self._is_other(one, row))

    def called(self, row: FileRow) -> set[str]:
        """Return everybody on the roster with a name of the row's."""
        found = {person.id for name in row.names if name.strip() for person in self.roster.matches(name, "name")}
        return {student for student in found if not self._is_other(student, row)}

    def _is_other(self, student: str, row: FileRow) -> bool:
        """Return whether the roster knows this student by another number or login than the row's: namesakes."""
        person = self.roster.by_id.get(student)
        if person is None:
            return False
        known = ((cell, getattr(person, name)) for name, cell in row.own.items() if cell.strip())
        return any(said and _plain(said) != _plain(cell) for cell, said in known)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _plain_name(name: str) -> str:
    """Return what two ways to write a name have in common: "Lovelace, Ada" is "Ada Lovelace"."""
    last, comma, first = _plain(name).partition(",")
    return " ".join(f"{first} {last}".split()) if comma else last

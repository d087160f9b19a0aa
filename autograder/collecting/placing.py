"""Find out whose a submission is. Nothing is guessed: what names nobody, or two, is said, with what would settle it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from autograder.collecting.deliveries import Delivery, Who
from autograder.plain_text import plain_text
from autograder.roster import Field, Person, Roster, can_be_an_id

__all__ = ["Placed", "Placing"]

_OWN: Sequence[Field] = tuple(name for name in get_args(Field) if name not in {"name", "section", "group"})
"""Fields that name one person."""
_SHOWN = 4
_NOBODY = "its name says nobody; name the folder or the file after the student."


@dataclass
class Placed:
    """Whose a submission is."""

    students: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """A sentence for each of its people who was not found."""


class Placing:
    """Finds people in a roster, or without one takes what the system calls them."""

    def __init__(self, roster: Roster | None, *, groups: bool = False) -> None:
        self._roster = roster
        self._groups = groups
        """Whether what one of a group handed in counts for all of it."""
        self._squashed: dict[str, list[Person]] = {}
        for person in roster.people if roster else ():
            for key in {key for name in (person.name, person.id) if name for key in _squashes(name)}:
                self._squashed.setdefault(key, []).append(person)

    def place(self, delivery: Delivery) -> Placed:
        """Return the students whose submission it is."""
        placed = Placed()
        for who in delivery.who:
            found = self._find(who) if self._roster else _without_roster(who)
            if isinstance(found, str):
                placed.problems.append(f"{delivery.seen}: {found}")
                continue
            placed.students += [student for student in found if student not in placed.students]
        if self._groups and self._roster:
            by_id = self._roster.by_id
            named = {by_id[student].group for student in placed.students if student in by_id} - {""}
            mates = [person.id for person in self._roster.people if person.group in named]
            placed.students += [mate for mate in mates if mate not in placed.students]
        return placed

    def _find(self, who: Who) -> Sequence[str] | str:
        """Return the IDs, or why there are none."""
        name = plain_text(who.shown, 80)
        column, by_number = self._by_values(who.values)
        by_name, group = self._by_name(who), self._group(who)
        if by_number is not None and by_number not in (*by_name, *group):
            says = f"the roster's {column} says that this is {by_number.id}"
            if len(by_name) == 1:
                return f"{says}, the name says {by_name[0].id} ({name}); mend the roster."
            if who.is_doubtful and by_number.name:
                return f"{says}, whose name there is not {name}; mend the roster."
        if by_number is not None:
            return [person.id for person in (group if by_number in group else [by_number])]
        if len(by_name) > 1:
            ids = ", ".join(person.id for person in by_name[:_SHOWN])
            column = next(iter(who.values), "id")
            return f"{name} may be {ids}; give the roster a column `{column}` that tells them apart."
        if by_name or group:
            return [person.id for person in by_name or group]
        says_somebody = who.values or who.names or who.squashed
        return f"nobody in the roster is {name}; add a line, or the column that says so." if says_somebody else _NOBODY

    def _by_values(self, values: Mapping[Field, str]) -> tuple[str, Person | None]:
        assert self._roster is not None
        for column, value in values.items():
            if (person := self._roster.find(value, column)) is not None:
                return column, person
        return "", None

    def _by_name(self, who: Who) -> Sequence[Person]:
        """Return everybody whom the name fits."""
        assert self._roster is not None
        if who.squashed:
            return self._squashed.get(_squash(who.squashed), [])
        for name in who.names:
            if (person := self._roster.find(name, *_OWN)) is not None:
                return [person]
            spaced = " ".join(re.split(r"[\s_.]+", name))
            if named := self._roster.matches(name, "name") or self._roster.matches(spaced, "name"):
                return named
        for name in who.names:
            if found := self._squashed.get(_squash(name)):
                return found
        parts = {person.id: person for token in who.tokens for person in self._roster.matches(token, *_OWN)}
        return list(parts.values())

    def _group(self, who: Who) -> Sequence[Person]:
        """Return everybody in the group that the name names."""
        assert self._roster is not None
        names = {_squash(name) for name in (*who.names, who.squashed)} - {""}
        return [person for person in self._roster.people if person.group and _squash(person.group) in names]


def _without_roster(who: Who) -> Sequence[str] | str:
    if not who.id:
        return "its name can be read in two ways; give a roster with names." if who.is_doubtful else _NOBODY
    if not can_be_an_id(who.id):
        return f"{plain_text(who.id, 80)!r} cannot be a student's ID; give a roster."
    return [who.id]


def _squashes(name: str) -> Sequence[str]:
    """Return a name as Canvas may write it: any part of it may be the first of the last name."""
    last, comma, first = name.partition(",")
    parts = f"{last} {first}".split()
    if comma:
        return [_squash(name), _squash(f"{first}{last}")]
    return [_squash("".join(parts[i:] + parts[:i])) for i in range(len(parts))] or [_squash(name)]


def _squash(name: str) -> str:
    composed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in composed if character.isalnum())

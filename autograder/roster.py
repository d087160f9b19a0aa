"""Read who is in the class: `roster.csv`, a line for each student, with what the systems around the course call them.

The student's `id` is the name of their folder in `submitted/` and of their result. A roster comes out of Excel,
LibreOffice or an LMS as it happens to: encoding and delimiter are found, and asked for where they cannot be.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from autograder.errors import AutograderError
from autograder.plain_text import plain_text

__all__ = ["ROSTER_NAME", "Field", "Person", "Roster", "can_be_an_id", "read_roster"]

ROSTER_NAME = "roster.csv"
Field: TypeAlias = Literal[
    "id", "name", "email", "section", "canvas", "login", "sis", "moodle", "gradescope", "github", "group"
]
_SHARED: frozenset[Field] = frozenset({"name", "section", "group"})
"""What several people may have in common; any other field names one person."""
_LONGEST_ID = 200
"""Bytes; a file system takes 255, and the result file's name has some more."""
_MAX_BYTES = 16 * 2**20
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_OTHER_NAMES: Mapping[str, Field] = {
    **{name: name for name in get_args(Field)},
    **dict.fromkeys(("student id", "studentid"), "id"),
    **dict.fromkeys(("full name", "display name", "student"), "name"),
    **dict.fromkeys(("e mail", "mail", "email address", "e mail address"), "email"),
    **dict.fromkeys(("canvas id", "canvas user id"), "canvas"),
    **dict.fromkeys(("login id", "sis login id", "username", "user name"), "login"),
    **dict.fromkeys(("sis id", "sis user id"), "sis"),
    **dict.fromkeys(("moodle id", "participant", "identifier"), "moodle"),
    **dict.fromkeys(("gradescope id", "submission id"), "gradescope"),
    **dict.fromkeys(("github username", "github login", "github user"), "github"),
    **dict.fromkeys(("team", "group name"), "group"),
}
"""The field by a column's name in lower case, whatever stands between its words."""
_NAME_PARTS = ("first name", "last name")
_EXTENSION = re.compile(r"extension(?:[\s_:]+(?P<assignment>\S+))?", re.IGNORECASE)
_BESIDE_LETTERS = frozenset("\u2018\u2019\u00b4\u2013\u00a0")
"""Quotation marks, an accent, a dash and a space: what stands in names and is no letter."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One student; what the roster does not say is empty."""

    id: str
    """Names the student's folder and result."""
    name: str = ""
    """As the roster writes it: "Ada Lovelace" or "Lovelace, Ada"."""
    email: str = ""
    section: str = ""
    canvas: str = ""
    """Canvas's number of the user."""
    login: str = ""
    """Canvas's "SIS Login ID"."""
    sis: str = ""
    """Canvas's "SIS User ID"."""
    moodle: str = ""
    """The number in Moodle's "Participant 123"."""
    gradescope: str = ""
    """Gradescope's number of the submission or the user."""
    github: str = ""
    group: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the columns `extension <assignment>` say, by assignment, as it stands there; that of `extension` is ""."""

    def extension(self, assignment: str) -> str:
        """Return what the roster says of an extension for an assignment: its own column comes first; "" for nothing."""
        return self.extensions.get(assignment) or self.extensions.get("", "")


@dataclass(frozen=True)
class Roster:
    """The class, in the roster's order."""

    people: tuple[Person, ...] = ()
    notes: tuple[str, ...] = ()
    """What whoever gave the roster should know: what was guessed, which columns mean nothing here."""

    def __post_init__(self) -> None:
        index: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in self.people:
            for name in get_args(Field):
                for key in _keys(name, getattr(person, name)):
                    index[name, key].append(person)
        object.__setattr__(self, "_index", dict(index))
        object.__setattr__(self, "_by_id", {person.id: person for person in self.people})

    @property
    def by_id(self) -> Mapping[str, Person]:
        """The people by their id."""
        found: Mapping[str, Person] = self._by_id  # type: ignore[attr-defined] # set once, in __post_init__
        return found

    def matches(self, value: str, *names: Field) -> Sequence[Person]:
        """Return everybody of whom one of these fields says this, in the roster's order; without fields, any field.

        Upper and lower case are one; of a name, so are "Lovelace, Ada" and "Ada Lovelace".
        """
        index: Mapping[tuple[str, str], Sequence[Person]] = self._index  # type: ignore[attr-defined] # as above
        found = {
            person.id
            for name in names or get_args(Field)
            for key in _keys(name, value)
            for person in index.get((name, key), ())
        }
        return [person for person in self.people if person.id in found] if found else []

    def find(self, value: str, *names: Field) -> Person | None:
        """Return the one whom this value names, None where it is nobody or several."""
        found = self.matches(value, *names)
        return found[0] if len(found) == 1 else None


def can_be_an_id(name: str) -> bool:
    """Return whether a file system, a terminal and a page can carry this as a student's ID."""
    shown = name.isprintable() and not name.startswith(".") and "/" not in name
    return shown and 0 < len(name.encode()) <= _LONGEST_ID


def read_roster(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Roster:
    """Read a roster; raise AutograderError, with the line and what to do, for what cannot be one."""
    text, notes = _decode(_read(path), path, encoding)
    text, delimiter = _delimiter_line(text, delimiter)
    delimiter = delimiter or _find_delimiter(text, path)
    rows = _rows(text, delimiter, path)
    _, header = next(rows, (1, []))
    columns = _Columns.read(header, path)
    people: dict[str, tuple[int, Person]] = {}
    for line, row in rows:
        if len(row) > len(header) and any(row[len(header) :]):
            raise AutograderError(
                f"{path}, line {line}: {len(row)} cells for {len(header)} columns; "
                f'put a cell that holds a "{_shown(delimiter)}" into double quotes.'
            )
        person = columns.person(row)
        _verify_id(person.id, f"{path}, line {line}")
        earlier = people.setdefault(unicodedata.normalize("NFC", person.id).casefold(), (line, person))
        if earlier[1] is not person:
            same = "is the id" if earlier[1].id == person.id else "differs only by upper and lower case from the id"
            raise AutograderError(
                f"{path}, line {line}: {person.id!r} {same} of line {earlier[0]}; give each student one line and an id "
                "of their own."
            )
    if not people:
        raise AutograderError(f"{path} names no students; write a line for each below the columns' names.")
    found = tuple(person for _, person in people.values())
    return Roster(found, (*notes, *columns.notes(path), *_shared_values(found, path)))


@dataclass(frozen=True)
class _Columns:
    """What each column of the roster is."""

    places: Mapping[Field, int]
    parts: Sequence[int]
    """The columns of first and last name, in this order."""
    extensions: Mapping[str, int]
    unknown: Sequence[str]

    @classmethod
    def read(cls, header: Sequence[str], path: Path) -> "_Columns":
        """Tell the columns by their names; raise AutograderError for one that is there twice, and without an `id`."""
        places: dict[Field, int] = {}
        parts: dict[str, int] = {}
        extensions: dict[str, int] = {}
        unknown = []
        exact = {cell.strip().lower() for cell in header}
        for place, cell in enumerate(header):
            name = _plain_column(cell)
            known = _OTHER_NAMES.get(name)
            if known is not None and name != known and known in exact:
                known = None  # `student` beside `name`: the field's own name decides
            extension = _EXTENSION.fullmatch(cell.strip())
            taken: dict[str, int]
            if known is not None:
                taken, key = places, str(known)  # type: ignore[assignment] # a dict of Field is one of str here
            elif extension is not None:
                taken, key = extensions, extension["assignment"] or ""
            elif name in _NAME_PARTS:
                taken, key = parts, name
            else:
                unknown += [plain_text(cell, 60)] if cell.strip() else []
                continue
            if key in taken:
                raise AutograderError(f"{path}, line 1: two columns say the same ({cell.strip()!r}); leave one out.")
            taken[key] = place
        if "id" not in places:
            seen = ", ".join(repr(plain_text(cell, 60)) for cell in header[:12]) or "nothing"
            raise AutograderError(
                f"{path}, line 1: there is no column `id` (found: {seen}); name the column so that holds the names of "
                "the students' folders, or give --roster-delimiter."
            )
        return cls(places, [parts[part] for part in _NAME_PARTS if part in parts], extensions, unknown)

    def person(self, row: Sequence[str]) -> Person:
        """Return the student of a row; cells that are not there are empty."""

        def cell(place: int) -> str:
            return " ".join(row[place].split()) if place < len(row) else ""

        values: dict[str, str] = {name: cell(place) for name, place in self.places.items()}
        if not values.get("name"):
            values["name"] = " ".join(part for place in self.parts if (part := cell(place)))
        number = re.fullmatch(r"\D*(\d+)", values.get("moodle", ""))
        if number:
            values["moodle"] = number[1]
        extensions = {name: text for name, place in self.extensions.items() if (text := cell(place))}
        return replace(Person(id=values.pop("id")), **values, extensions=extensions)

    def notes(self, path: Path) -> Iterator[str]:
        """Say once which columns mean nothing."""
        if self.unknown:
            known = ", ".join(one.name for one in fields(Person) if one.name != "extensions")
            yield (
                f"{path}: nothing here knows the columns {', '.join(self.unknown)}, which are left out "
                f"(known: {known}, extension)."
            )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AutograderError(f"The roster {path} cannot be read ({error.strerror}); give another.") from error
    if len(content) > _MAX_BYTES:
        raise AutograderError(f"The roster {path} has more than {_MAX_BYTES // 2**20} MB; give one of the class alone.")
    return content


def _decode(content: bytes, path: Path, encoding: str | None) -> tuple[str, Sequence[str]]:
    """Return the text, and what is to be said of how it was read."""
    if encoding is not None:
        return _decode_as(content, path, encoding), ()
    if content.startswith(codecs.BOM_UTF8):
        return _decode_as(content, path, "utf-8-sig"), ()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_as(content, path, "utf-16"), ()
    if b"\0" in content[:200]:
        guess = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return _decode_as(content, path, guess), [f"{path} has no byte order mark; it was read as {guess.upper()}."]
    try:
        return content.decode(), ()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    ask = f"{path}, line {line}: this is not UTF-8, and which encoding it is cannot be told"
    ask += "; save it as UTF-8, or give --roster-encoding (cp1252, mac_roman, cp850 …)."
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise AutograderError(ask) from None
    if not all(c.isascii() or c.isalpha() or c in _BESIDE_LETTERS for c in text):
        raise AutograderError(ask)
    note = f"{path}, line {line}: this is not UTF-8; it was read as Windows-1252"
    return text, [f"{note}. Give --roster-encoding if names look wrong."]


def _decode_as(content: bytes, path: Path, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise AutograderError(f"--roster-encoding {encoding}: no encoding is called so; give utf-8, cp1252 …") from None
    except UnicodeError as error:
        raise AutograderError(f"{path} is not in the encoding {encoding} ({error}); give --roster-encoding.") from error


def _delimiter_line(text: str, delimiter: str | None) -> tuple[str, str | None]:
    """Take off Excel's first line `sep=;`, which says the delimiter."""
    if said := re.match(r"sep=([,;\t])\r?\n", text):
        return text[said.end() :], delimiter or said[1]
    return text, delimiter


def _find_delimiter(text: str, path: Path) -> str:
    """Return the delimiter that makes known columns of the first line; raise AutograderError where two do."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    known = {d: sum(map(_is_known, next(csv.reader([first], delimiter=d), []))) for d in _DELIMITERS}
    best = [d for d in _DELIMITERS if known[d] == max(known.values())]
    if len(best) > 1:
        best = [d for d in best if d in first] or [","]
    if len(best) > 1:
        between = " or ".join(_DELIMITERS[d] for d in best)
        raise AutograderError(
            f"{path}, line 1: it cannot be told whether {between} part the columns; give --roster-delimiter."
        )
    return best[0]


def _is_known(cell: str) -> bool:
    name = _plain_column(cell)
    return name in _OTHER_NAMES or name in _NAME_PARTS or _EXTENSION.fullmatch(cell.strip()) is not None


def _rows(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it begins in."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise AutograderError(f"--roster-delimiter {delimiter!r}: give one character, such as ';'.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise AutograderError(f"{path}, line {line}: this is no line of a CSV file ({error}); mend it.") from error


def _verify_id(name: str, where: str) -> None:
    if not name:
        raise AutograderError(f"{where}: there is no id; give each student one.")
    if not can_be_an_id(name):
        raise AutograderError(
            f"{where}: {plain_text(name, 60)!r} cannot be the name of a folder; give an id of at most {_LONGEST_ID} "
            "bytes without slashes and invisible characters that does not begin with a dot."
        )


def _shared_values(people: Iterable[Person], path: Path) -> Iterator[str]:
    """Say which values should name one person and name several."""
    owners: dict[tuple[Field, str], list[str]] = defaultdict(list)
    for person in people:
        for name in get_args(Field):
            for key in _keys(name, getattr(person, name)) if name not in _SHARED else ():
                owners[name, key].append(person.id)
    for (name, value), ids in owners.items():
        if len(ids) > 1:
            yield f"{path}: {', '.join(ids[:4])} have the same {name} ({value}), so that nobody is found by it."


def _keys(name: Field, value: str) -> Sequence[str]:
    """Return what a value is found by; a name can be written in two orders."""
    plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if not plain:
        return ()
    last, comma, first = plain.partition(",")
    return [" ".join(f"{first} {last}".split())] if name == "name" and comma else [plain]


def _plain_column(cell: str) -> str:
    return " ".join(re.split(r"[\s_-]+", cell.strip().lower()))


def _shown(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else delimiter

"""Tell which system a download comes from, and read its names: a small class for each system.

A recogniser is given files with their paths from some folder of the download. It returns what it can read; whether that
is enough to be this system's is judged in one place, `autograder.collecting.recognising`. The patterns of names were
taken from the systems' own sources: canvas-lms lib/content_zipper.rb, moodle mod/assign/classes/downloader.php,
otter/check/notebook.py, nbgrader's exchange and zip_collect, GitHub's `gh classroom clone student-repos`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath
from typing import Protocol

from autograder.collecting.deliveries import Delivery, Who
from autograder.collecting.files import File, below, is_byproduct
from autograder.collecting.git_time import commit_time
from autograder.errors import CollectError

__all__ = [
    "Blackboard",
    "Canvas",
    "Github",
    "Moodle",
    "Nbgrader",
    "NbgraderExchange",
    "Source",
    "Told",
    "folders",
    "read_timestamp",
]

_TIMESTAMP = "timestamp.txt"
_MOST_TIME = 200
_FOLDER_AND_FILE = 2


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a recogniser is told beside the files."""

    assignment: str
    zone: tzinfo = UTC
    """Of times that are written without one."""
    folder: str = ""
    """The name of the folder that the files are in, "" where there is none."""
    asked: bool = False
    """Whether somebody said that it is this system's."""
    is_known: Callable[[str], bool] = lambda _: False
    """Whether a name is somebody's in the roster."""


class Source(Protocol):
    """Reads the names of one system."""

    name: str

    def read(self, files: Sequence[File], told: Told) -> Iterable[Delivery]:
        """Yield the submissions among the files; what is not named as the system names it is left out."""
        ...


class Canvas:
    """`<name>[_LATE]_<user>_<attachment>_<file>`, flat; anonymous: `[LATE_]anon_<id>_<attachment>_<file>`.

    A group's file has the group's name, and the number of the member who stands for it. Attachments of one user whose
    names differ by what Canvas puts behind a name that was there already (`mlp.ipynb`, `mlp-1.ipynb`) are attempts. The
    time in the name of what otter has packed is no user and attachment.
    """

    name = "canvas"
    _NAME = re.compile(
        r"(?:(?P<name>(?!LATE_|anon_)(?:(?!\d{4}_\d\d_\d\dT).)+?)_)?(?:(?P<late>LATE)_)?"
        r"(?!\d{4}_\d\d_\d\dT)(?:(?P<user>\d+)|anon_(?P<anonymous>[^\W_]+))_"
        r"(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<entry>(?:text|link)\.html))",
        re.DOTALL,
    )
    _AGAIN = re.compile(r"(?:-\d+)?(?=\.[^.]+$|$)")

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:  # noqa: ARG002 - the protocol's
        """Yield the attempts of each user."""
        found = defaultdict[str, list[tuple[re.Match[str], File]]](list)
        for file in files:
            match = self._NAME.fullmatch(file.path.name) if len(file.path.parts) == 1 else None
            if match and (match["name"] or match["anonymous"]):
                found[match["user"] or match["anonymous"]].append((match, file))
        for user, handed_in in found.items():
            first = handed_in[0][0]
            # somebody who is called "x_102" could pass for user 102: their number would be read as the attachment's
            ambiguous = any(re.match(r"\d+_", match["file"] or "") for match, _ in handed_in)
            who = Who(
                shown=f"{first['name'] or 'anonymous'} ({user})",
                values={"canvas": user},
                squashed=first["name"] or "",
                is_doubtful=bool(first["name"]) and ambiguous,
                id="" if first["name"] and ambiguous else user,
            )
            for attachments in _versions(handed_in, self._stem):
                yield Delivery(
                    source=self.name,
                    who=[who],
                    files=[replace(f, path=PurePosixPath(m["file"] or m["entry"])) for m, f in attachments],
                    late=any(match["late"] for match, _ in attachments),
                    order=(max(int(match["attachment"] or 0) for match, _ in attachments),),
                )

    def _stem(self, one: tuple[re.Match[str], File]) -> tuple[str, int]:
        match, _ = one
        return self._AGAIN.sub("", match["file"] or match["entry"], count=1), int(match["attachment"] or 0)


class Moodle:
    """`<full name>_<participant>_assignsubmission_file[_]/<path>`, or with `_` for the slash where folders are off.

    A blind download says "Participant" for the name, one of groups the group's name and number.
    """

    name = "moodle"
    _FOLDER = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?", re.DOTALL)
    _FLAT = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<plugin>[a-z]+)_(?P<file>.+)", re.DOTALL)

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:  # noqa: ARG002 - the protocol's
        """Yield one submission for each participant; text that was typed in counts where there is no file."""
        found = defaultdict[tuple[str, str], dict[str, list[File]]](lambda: defaultdict(list))
        for file in files:
            first, *rest = file.path.parts
            match = (self._FOLDER if rest else self._FLAT).fullmatch(first)
            if match:
                path = PurePosixPath(*rest) if rest else PurePosixPath(match["file"])
                found[match["name"], match["number"]][match["plugin"]].append(replace(file, path=path))
        for (name, number), plugins in found.items():
            who = Who(
                shown=f"{name} ({number})",
                values={"moodle": number},
                names=[name],
                is_doubtful=" " in name,  # not "Participant": the numbers differ from assignment to assignment
                id=number,
            )
            chosen = "file" if "file" in plugins else next(iter(plugins))
            beside = [file for plugin, inside in plugins.items() if plugin != chosen for file in inside]
            yield Delivery(source=self.name, who=[who], files=plugins[chosen], beside=beside)


class Blackboard:
    """`<assignment>_<user>_attempt_<time>_<file>`, with a text `<assignment>_<user>_attempt_<time>.txt` about it."""

    name = "blackboard"
    _NAME = re.compile(r".+?_(?P<user>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL)

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:
        """Yield each attempt of each user."""
        found = defaultdict[tuple[str, str], tuple[list[File], list[File]]](lambda: ([], []))
        for file in files:
            match = self._NAME.fullmatch(file.path.name) if len(file.path.parts) == 1 else None
            if match:
                attached, about = found[match["user"], match["time"]]
                attached += [replace(file, path=PurePosixPath(match["file"]))] if match["file"] else []
                about += [] if match["file"] else [file]
        for (user, text), (attached, about) in found.items():
            who = Who(shown=user, values={"login": user, "id": user}, names=[user], id=user)
            time = _time(text, "%Y-%m-%d-%H-%M-%S", told.zone)
            yield Delivery(source=self.name, who=[who], files=attached, beside=about, time=time)


class Github:
    """`<assignment>-submissions/<assignment>-<user>/`, a clone each; the user may be a team.

    The time is that of the commit that is checked out.
    """

    name = "github"

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:
        """Yield each repository whose name begins as all do."""
        repositories = folders(files)
        if told.folder.endswith("-submissions"):
            prefix = told.folder.removesuffix("submissions")
        elif all(any(".git" in file.path.parts for file in inside) for inside in repositories.values()):
            prefix = _common_prefix(repositories)
        else:
            return
        for name, inside in repositories.items():
            user = name.removeprefix(prefix)
            if user and user != name:
                who = Who(shown=user, values={"github": user, "id": user}, names=[user], id=user)
                handed_in = [file for file in inside if not is_byproduct(file.path)]
                heads = [file.disk for file in inside if str(file.path) == ".git/HEAD" and file.disk]
                time = commit_time(heads[0].parent) if heads else None
                yield Delivery(source=self.name, who=[who], files=handed_in, time=time)


class NbgraderExchange:
    """`<student>+<assignment>+<time>+<random>/`: what `nbgrader submit` leaves in the exchange's `inbound/`."""

    name = "nbgrader-exchange"
    _FOLDER = re.compile(r"(?P<student>[^+]+)\+(?P<assignment>[^+]+)\+(?P<time>[^+]+?)(?:\+[^+]+)?")

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:
        """Yield each submission to this assignment."""
        for name, inside in folders(files).items():
            match = self._FOLDER.fullmatch(name)
            if match and match["assignment"] == told.assignment:
                student = match["student"]
                who = Who(shown=student, values={"id": student}, names=[student], id=student)
                time = _iso_time(match["time"])
                kept = [file for file in inside if file.path.name != _TIMESTAMP]
                yield Delivery(source=self.name, who=[who], files=kept, time=time)


class Nbgrader:
    """`<student>/<assignment>/`, with `timestamp.txt`: what `submitted/` holds, nbgrader's or ours."""

    name = "nbgrader"

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:
        """Yield each student's folder of this assignment; nothing lies beside the assignments' folders."""
        if not told.asked and any(len(file.path.parts) == _FOLDER_AND_FILE for file in files):
            return
        for student, everything in folders(files).items():
            inside = below(everything, [told.assignment])
            if not inside:
                continue
            time: datetime | None = None
            notes: Sequence[str] = ()
            for file in inside:
                if str(file.path) == _TIMESTAMP:
                    time, notes = read_timestamp(file)
            who = Who(shown=student, values={"id": student}, names=[student], id=student)
            kept = [file for file in inside if str(file.path) != _TIMESTAMP]
            yield Delivery(source=self.name, who=[who], files=kept, time=time, notes=notes)


def folders(files: Sequence[File]) -> dict[str, list[File]]:
    """Return the files in each folder, with their paths in it."""
    found = defaultdict[str, list[File]](list)
    for file in files:
        first, *rest = file.path.parts
        if rest:
            found[first].append(replace(file, path=PurePosixPath(*rest)))
    return dict(found)


def _versions(
    handed_in: Sequence[tuple[re.Match[str], File]], stem: "_Stem"
) -> Iterator[list[tuple[re.Match[str], File]]]:
    """Yield what was handed in together: the newest of each name, then what came before."""
    left = defaultdict[str, list[tuple[int, tuple[re.Match[str], File]]]](list)
    for one in handed_in:
        name, number = stem(one)
        left[name].append((number, one))
    for versions in left.values():
        versions.sort(key=lambda version: version[0])
    while any(left.values()):
        yield [versions.pop()[1] for versions in left.values() if versions]


class _Stem(Protocol):
    def __call__(self, one: tuple[re.Match[str], File], /) -> tuple[str, int]: ...


def _common_prefix(names: Iterable[str]) -> str:
    """Return how all names begin, up to a hyphen; one name alone says nothing."""
    first, *others = sorted(names) or [""]
    if not others:
        return ""
    length = next((i for i, pair in enumerate(zip(first, others[-1], strict=False)) if pair[0] != pair[1]), len(first))
    return first[: first.rfind("-", 0, length) + 1]


def read_timestamp(file: File) -> tuple[datetime | None, list[str]]:
    """Return the time in nbgrader's `timestamp.txt`, and what is to be said where there is none."""
    try:
        text = file.read(_MOST_TIME).decode(errors="replace")
    except CollectError as error:
        return None, [str(error)]
    time = _iso_time(text)
    return time, [] if time else [f"{file.seen} holds no time that can be read; it counts as on time."]


def _iso_time(text: str) -> datetime | None:
    """Return a time as nbgrader writes it; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return time if time.utcoffset() is not None else time.replace(tzinfo=UTC)


def _time(text: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=zone)
    except ValueError:
        return None

"""Read what no system has named: folders `<student>/`, files `<student>.ipynb` or `mlp_<student>.zip`, otter's zips."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import PurePosixPath

from autograder.collecting.deliveries import Delivery, Who
from autograder.collecting.files import File, below, is_archive
from autograder.collecting.sources import Told, folders, read_timestamp

__all__ = ["Plain", "is_student", "otter_time"]

_OTTER = re.compile(
    r"(?P<stem>.*?)_?(?P<time>\d{4}_\d\d_\d\dT\d\d_\d\d_\d\d)(?:_(?P<micro>\d{1,6}))?\.zip", re.IGNORECASE
)
_SUFFIX = re.compile(r"\.(?:ipynb|zip|tar|gz|tgz|bz2|xz|txz|txt|json|html?|pdf|py)$", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"(?:copy\d*|kopie|final|submission|hand|in|homework|hw|v?\d{1,2})", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s_()\[\]-]+")
_TIMESTAMP = "timestamp.txt"


class Plain:
    """A folder, or a file, for each student."""

    name = "plain"

    def read(self, files: Sequence[File], told: Told) -> Iterator[Delivery]:
        """Yield each folder's and each file's submission; folders around all of it are passed over."""
        files = _inside(files, told)
        for name, inside in folders(files).items():
            yield from self._of_folder(name, inside, told)
        for file in files:
            if len(file.path.parts) == 1 and str(file.path) != _TIMESTAMP:
                yield self._of_file(file, told)

    def _of_folder(self, name: str, inside: Sequence[File], told: Told) -> Iterator[Delivery]:
        inside = below(inside, [told.assignment]) or inside
        who = _who(name, told)
        exported = {file: packed for file in inside if (packed := otter_time(file.path, told.zone))}
        for file, packed in exported.items():
            yield Delivery(source="otter", who=[who], files=[file], time=packed)
        time: datetime | None = None
        notes: Sequence[str] = ()
        for file in inside:
            if str(file.path) == _TIMESTAMP:
                time, notes = read_timestamp(file)
        rest = [file for file in inside if file not in exported and str(file.path) != _TIMESTAMP]
        if rest and not (exported and not any(_is_work(file) for file in rest)):
            yield Delivery(source=self.name, who=[who], files=rest, time=time, order=_order(rest), notes=notes)

    def _of_file(self, file: File, told: Told) -> Delivery:
        if (time := otter_time(file.path, told.zone)) and (match := _OTTER.fullmatch(file.path.name)):
            return Delivery(source="otter", who=[_who(match["stem"], told)], files=[file], time=time)
        return Delivery(source=self.name, who=[_who(_stem(file.path), told)], files=[file], order=_order([file]))


def otter_time(path: PurePosixPath, zone: tzinfo) -> datetime | None:
    """Return when otter packed this archive, by its name and the clock of the student's machine; None for another."""
    match = _OTTER.fullmatch(path.name)
    if not match:
        return None
    try:
        time = datetime.strptime(match["time"], "%Y_%m_%dT%H_%M_%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return time.replace(microsecond=int((match["micro"] or "0").ljust(6, "0")))


def _inside(files: Sequence[File], told: Told) -> Sequence[File]:
    """Return the files from the folder on that holds the students."""
    while True:
        tops = {file.path.parts[0] for file in files}
        deeper = below(files, list(tops)) if len(tops) == 1 else []
        if not deeper or len(deeper) < len(files):
            return files
        [top] = tops
        if is_student(top, deeper, told):
            return files
        told = replace(told, folder=top)
        files = deeper


def is_student(top: str, inside: Sequence[File], told: Told) -> bool:
    """Return whether a folder that holds everything is one student's, rather than all students'."""
    if any(map(told.is_known, _names(_stem(PurePosixPath(top)), told.assignment))):
        return True
    names = {file.path.parts[0] for file in inside if len(file.path.parts) == 1}
    return bool(told.folder) and any(not _names(_stem(PurePosixPath(name)), told.assignment) for name in names)


def _who(text: str, told: Told) -> Who:
    names = _names(text, told.assignment)
    return Who(shown=text, names=names, tokens=_words(text) if names else [], id=names[-1] if names else "")


def _names(text: str, assignment: str) -> list[str]:
    """Return what may be a student's name in the name of a file or folder, all of it first; none where it says nothing.

    The last one is without the assignment and without words that say nothing.
    """
    without = re.sub(rf"(?i)(?<![^\W_]){re.escape(assignment)}(?![^\W_])", " ", text)
    without = text if without == text else without.strip(" _-.()")
    words = _words(without)
    meant = [word for word in words if not _SAYS_NOTHING.fullmatch(word)]
    if not meant:
        return [text] if without == text and text.isdecimal() else []
    return list(dict.fromkeys([text, without, *([" ".join(meant)] if len(meant) < len(words) else [])]))


def _words(text: str) -> list[str]:
    return [word for word in _BETWEEN.split(text) if word]


def _stem(path: PurePosixPath) -> str:
    name = path.name
    while _SUFFIX.search(name):
        name = _SUFFIX.sub("", name)
    return name


def _order(files: Sequence[File]) -> tuple[int, ...]:
    times = [file.modified for file in files if file.modified is not None]
    return (int(max(times).timestamp()),) if times else ()


def _is_work(file: File) -> bool:
    return ".ipynb" in file.path.name.lower() or is_archive(file.path)

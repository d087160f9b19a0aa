"""Find the submissions in a download: which system's it is, at which depth, in which archives inside of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import get_args

from autograder.collecting.archives import Archives
from autograder.collecting.deliveries import Delivery
from autograder.collecting.files import File, below, folder_files, is_archive, is_byproduct, single_file
from autograder.collecting.gradescope import Gradescope
from autograder.collecting.plain import Plain, is_student, otter_time
from autograder.collecting.source_names import SourceName
from autograder.collecting.sources import Blackboard, Canvas, Github, Moodle, Nbgrader, NbgraderExchange, Source, Told
from autograder.errors import AutograderError, CollectError

__all__ = ["Found", "find_deliveries"]

_SYSTEMS: Sequence[Source] = (
    Gradescope(),
    NbgraderExchange(),
    Moodle(),
    Canvas(),
    Blackboard(),
    Github(),
    Nbgrader(),
)
_PLAIN = ("otter", "plain")
_ENOUGH = 0.5
"""The part of the files that must be named as a system names them."""
_DEEPEST = 4
"""Folders that are looked into for a download that was unpacked."""
_SURE = (Gradescope.name, Nbgrader.name, NbgraderExchange.name)
"""Systems that a single file tells."""
_OTHERS_IN_IT = (Nbgrader.name, NbgraderExchange.name)
"""Systems whose folders hold other assignments too."""


@dataclass
class Found:
    """What one place held."""

    deliveries: list[Delivery] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Sentences on files that no system has named so."""
    refused: list[str] = field(default_factory=list)
    """Sentences on archives that were not read."""

    def add(self, other: "Found") -> None:
        """Take in what another place held."""
        self.deliveries += other.deliveries
        self.left_out += other.left_out
        self.refused += other.refused


def find_deliveries(where: Path, archives: Archives, told: Told, source: SourceName | None) -> Found:
    """Return what a file or folder holds; raise CollectError where it is refused as a whole."""
    found = Found()
    if where.is_dir():
        files, found.refused = folder_files(where, archives.limits)
        archives.entries += len(files)
    else:
        single = single_file(where)
        files = archives.files(single) if is_archive(single.path) or _is_packed(single) else [single]
    visible = [file for file in files if _counts(file)]
    if not visible:
        raise CollectError(f"{where} holds no files; give the download, or the folder with the submissions.")
    search = _Search(archives, replace(told, asked=source is not None), source)
    if source not in _PLAIN and (system := search.systems(visible, 0)) is not None:
        found.add(system)
    elif source is not None and source not in _PLAIN:
        raise AutograderError(
            f"{where} holds nothing that is named as {source} names it; leave out --from, or give another."
        )
    else:
        found.add(search.plain(visible))
    found.refused += search.refused.values()
    return found


@dataclass
class _Search:
    archives: Archives
    told: Told
    source: SourceName | None
    refused: dict[Callable[[int], bytes], str] = field(default_factory=dict)
    """What is said of archives inside, by what reads them: a path as it is shown may be another's too."""

    def systems(self, files: Sequence[File], depth: int) -> Found | None:
        """Return what systems have named among the files, None where that is nothing."""
        folder, inner = "", files
        while True:
            if (found := self._system(inner, folder)) is not None:
                return found
            tops = {file.path.parts[0] for file in inner}
            deeper = below(inner, list(tops)) if len(tops) == 1 else []
            if not deeper:
                break
            [folder] = tops
            inner = deeper
        return self._parts(inner, depth) if depth < _DEEPEST else None

    def plain(self, files: Sequence[File]) -> Found:
        """Return what folders and files are named after students."""
        files = self._unpacked(files)
        kept = [file for file in files if file.content not in self.refused and ".git" not in file.path.parts]
        return Found(deliveries=list(Plain().read(kept, self.told)))

    def _unpacked(self, files: Sequence[File]) -> Sequence[File]:
        """Return what is in an archive that is all there is and no student's, with no archive as all there is."""
        for _ in range(self.archives.limits.depth):
            file = files[0] if len(files) == 1 else None
            if file is None or not is_archive(file.path) or otter_time(file.path, self.told.zone):
                break
            packed = [inner for inner in self.archives.files(file) if _counts(inner)]
            inside = below(packed, file.path.parts)
            if not inside or is_student(file.path.name, inside, replace(self.told, folder=file.path.name)):
                break
            files = inside
        return files

    def _system(self, files: Sequence[File], folder: str) -> Found | None:
        for system in _SYSTEMS:
            if self.source not in {None, system.name}:
                continue
            deliveries = list(system.read(files, replace(self.told, folder=folder)))
            read = sum(len(delivery.files) + len(delivery.beside) for delivery in deliveries)
            if not deliveries or (system.name not in _SURE and not self.source and read < _ENOUGH * len(files)):
                continue
            return Found(deliveries, list(self._not_read(system, files, deliveries)))
        return None

    def _not_read(self, system: Source, files: Sequence[File], read: Sequence[Delivery]) -> Iterator[str]:
        """Say which files are not named as the system names them."""
        if system.name in _OTHERS_IN_IT:
            return
        known = {file.content for delivery in read for file in (*delivery.files, *delivery.beside)}
        for file in files:
            if file.content not in known and not is_byproduct(file.path):
                yield f"{file.seen}: this is not named as {system.name} names a submission."

    def _parts(self, files: Sequence[File], depth: int) -> Found | None:
        """Search each folder and each archive by itself; what is left beside a download is read as plain."""
        found, rest = Found(), list[File]()
        for inside in _by_top(files):
            is_file = len(inside[0].path.parts) == 1
            part = self._packed(inside[0], depth + 1) if is_file else self.systems(inside, depth + 1)
            if part is None:
                rest += inside
            else:
                found.add(part)
        if not found.deliveries:
            return None
        if self.source is None:
            found.add(self.plain(rest))
        return found

    def _packed(self, file: File, depth: int) -> Found | None:
        """Search an archive inside; None where it is none, is refused, or what a student has packed."""
        if not is_archive(file.path):
            return None
        probe = self.archives.inner()
        try:
            packed = [inner for inner in probe.files(file, strict=False) if _counts(inner)]
            found = self.systems(packed, depth) if packed else None
            if found is not None:
                self.archives.adopt(probe)
                self.archives.files(file)  # now names decide: their encoding must be certain
                return found
        except CollectError as error:
            self.refused[file.content] = str(error)
        probe.close()
        return None


def _by_top(files: Sequence[File]) -> Iterable[list[File]]:
    """Return the files of each folder together, and each file that is in none."""
    grouped: dict[str, list[File]] = {}
    for file in files:
        grouped.setdefault(file.path.parts[0], []).append(file)
    return grouped.values()


def _counts(file: File) -> bool:
    """Return whether a file is looked at: nothing hidden but the sign of a repository."""
    inner = PurePosixPath(*file.path.parts[1:])
    return not is_byproduct(inner) or inner.parts[-2:] == (".git", "HEAD")


def _is_packed(file: File) -> bool:
    """Return whether a file that was named itself is an archive by another name."""
    assert file.disk is not None
    try:
        with file.disk.open("rb") as stream:
            return stream.read(4) in {b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf"}
    except OSError as error:
        raise CollectError(f"{file.disk} cannot be read ({error.strerror}); mend that, or give another.") from error


assert {system.name for system in _SYSTEMS} | set(_PLAIN) == set(get_args(SourceName))

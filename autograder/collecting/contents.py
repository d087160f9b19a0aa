"""Choose what of a submission is kept: its notebook under the right name, or all that lets `grade` say what it was."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from autograder.collecting.archives import Archives
from autograder.collecting.deliveries import Delivery
from autograder.collecting.files import File, is_archive, is_byproduct
from autograder.errors import CollectError

__all__ = ["contents_of", "digest_of"]

_MOST_NOTEBOOKS = 20
_MOST_OTHERS = 10
_LONGEST_NAME = 150
"""Bytes."""
_OF_OTTER = {"__zip_filename__", ".OTTER_LOG"}
_RESERVED = {"timestamp.txt"}
_AGAIN = re.compile(r"(?:-\d+|\s*\(\d+\))(?=\.(?:ipynb|py)$)", re.IGNORECASE)
"""What Canvas, or a browser, puts behind a name that was there already."""


@dataclass(frozen=True)
class _Leaf:
    file: File
    path: PurePosixPath


def contents_of(
    delivery: Delivery, assignment: str, archives: Archives, files: Sequence[str] = ()
) -> Mapping[str, bytes]:
    """Return the files to keep, by name; raise CollectError where nothing can be taken.

    `files` are the names of those beside the notebook that students edit. One notebook is `<assignment>.ipynb`,
    whatever it was called. Of several the one that was called so is, and `grade` chooses. Without a notebook
    everything is kept that is no larger than one, so that `grade` says what it is.
    """
    with archives.inner() as inner:
        leaves = [leaf for leaf in _leaves(delivery.files, inner, archives.limits.depth) if _was_handed_in(leaf.path)]
        notebooks = [leaf for leaf in leaves if ".ipynb" in leaf.path.name.lower()]
        if notebooks:
            most = archives.limits.file_bytes
            return _notebooks(notebooks[:_MOST_NOTEBOOKS], assignment, most) | _edited(leaves, files, most)
        kept: dict[str, bytes] = {}
        for leaf in leaves[:_MOST_OTHERS]:
            if leaf.file.size <= archives.limits.file_bytes:
                kept[_free_name(leaf.path.name, kept)] = leaf.file.read(archives.limits.file_bytes)
        if not kept:
            what = "nothing but files that are too large" if leaves else "no files"
            raise CollectError(f"{delivery.seen}: the submission holds {what}.")
        return kept


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return what tells these files, with their names, from any others."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        for part in (name.encode(), hashlib.sha256(content).digest()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"


def _leaves(files: Sequence[File], archives: Archives, depth: int) -> Iterator[_Leaf]:
    """Yield the files of a submission, and those in its archives."""
    for file in files:
        if not is_archive(file.path) or is_byproduct(file.path):
            yield _Leaf(file, file.path)
            continue
        if depth == 0:
            limit = archives.limits.depth
            raise CollectError(f"{file.seen} is refused: archives are packed into each other, more than {limit} deep.")
        inside = [
            replace(inner, path=PurePosixPath(*inner.path.parts[len(file.path.parts) :]))
            for inner in archives.files(file, strict=False)
        ]
        yield from _leaves(inside, archives, depth - 1)


def _was_handed_in(path: PurePosixPath) -> bool:
    return not is_byproduct(path) and path.name not in _OF_OTTER


def _edited(leaves: Sequence[_Leaf], files: Sequence[str], most: int) -> dict[str, bytes]:
    """Return the files that students edit, each under its own name, whatever was put behind it on the way."""
    kept = {}
    for name in files:
        found = [leaf for leaf in leaves if _AGAIN.sub("", leaf.path.name).lower() == name.lower()]
        if found:
            kept[name] = min(found, key=lambda leaf: _distance(leaf.path, name)).file.read(most)
    return kept


def _notebooks(notebooks: Sequence[_Leaf], assignment: str, most: int) -> dict[str, bytes]:
    right = f"{assignment}.ipynb"
    read: dict[bytes, PurePosixPath] = {}
    for leaf in notebooks:
        content = leaf.file.read(most)
        read[content] = min(read.get(content, leaf.path), leaf.path, key=lambda path: _distance(path, right))
    if len(read) == 1:
        return {right: next(iter(read))}
    kept: dict[str, bytes] = {}
    for content, path in sorted(read.items(), key=lambda item: _distance(item[1], right)):
        first = not kept and _AGAIN.sub("", path.name).lower() == right.lower()
        kept[right if first else _free_name(path.name, kept)] = content
    return kept


def _distance(path: PurePosixPath, right: str) -> tuple[bool, bool, int, str]:
    """Return what sorts the file first that is meant by the assignment's name."""
    return path.name != right, _AGAIN.sub("", path.name).lower() != right.lower(), len(path.parts), str(path)


def _free_name(name: str, taken: Mapping[str, bytes]) -> str:
    """Return a name that every file system takes and no other file has."""
    plain = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in unicodedata.normalize("NFC", name))
    plain = plain.encode(errors="replace")[-_LONGEST_NAME:].decode(errors="ignore").lstrip(". ") or "file"
    names = {other.casefold() for other in taken} | _RESERVED
    number = 0
    free = plain
    while free.casefold() in names:
        number += 1
        free = f"{number}-{plain}"
    return free

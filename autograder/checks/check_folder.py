"""Let a check's `tmp_path` be the same folder for the student's process: files go there before and come back after.

What comes back is names and bytes. Only plain files below the folder are written: so many of them, and of folders, that
looking through them takes no time, and no more bytes than one frame may hold.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.checks.expect import Mismatch

__all__ = ["CheckFolder"]

_MOST_FILES = 1_000
"""Files and folders together."""
_MOST_BYTES = 256 * 2**20
_DEEPEST = 16
"""Folders within each other."""


class CheckFolder:
    """The folder of one check, and which files of it both sides have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}

    def send(self, ask: Callable[..., Any]) -> None:
        """Give the student's process the files that are new or other than it has them."""
        found = self._files()
        changed = {name: (self._folder / name).read_bytes() for name in found if found[name] != self._known.get(name)}
        folders = [str(one.relative_to(self._folder)) for one in self._folder.rglob("*") if one.is_dir()]
        ask("put_files", str(self._folder), changed, folders, sorted(self._known.keys() - found.keys()))
        self._known = found

    def fetch(self, ask: Callable[..., Any]) -> None:
        """Take over the files that the student's process has written, and the lack of those that it removed."""
        names, changed = _files_told(ask("changed_files", str(self._folder)))
        self._require_room(names, changed)
        try:
            for name in self._known.keys() - names:  # first, for a folder may stand where a file was
                self._place(name).unlink(missing_ok=True)
            for name, content in changed.items():
                self._place(name).parent.mkdir(parents=True, exist_ok=True)
                self._place(name).write_bytes(content)
        except (OSError, UnicodeError) as error:  # a name that is none, or that a folder has
            raise Mismatch("Files must have names that a folder can hold.", "named otherwise") from error
        self._known = self._files()

    def _require_room(self, names: set[str], changed: dict[str, bytes]) -> None:
        """Raise Mismatch before anything is written where it is too much."""
        folders = {folder for name in changed for folder in PurePosixPath(name).parents[: _DEEPEST + 1]}
        if (found := len(names | changed.keys()) + len(folders)) > _MOST_FILES:
            raise Mismatch(f"At most {_MOST_FILES:,} files may be written.", f"{found:,} files and folders")
        stay = (self._known.keys() & names) - changed.keys()
        if (size := sum(self._known[name][1] for name in stay) + sum(map(len, changed.values()))) > _MOST_BYTES:
            raise Mismatch(f"At most {_MOST_BYTES // 2**20} MB may be written.", f"{size / 2**20:.0f} MB")

    def _place(self, name: str) -> Path:
        path = PurePosixPath(name)
        if len(path.parts) > _DEEPEST:
            raise Mismatch(f"Files may lie at most {_DEEPEST} folders deep.", "deeper")
        if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
            raise Mismatch("Files must be written below the folder that is given.", "written elsewhere")
        target = self._folder / path
        if target.is_symlink() or not target.parent.resolve().is_relative_to(self._folder.resolve()):
            raise Mismatch("Files must be written below the folder that is given.", "through a link")
        return target

    def _files(self) -> dict[str, tuple[int, int]]:
        found = list(self._folder.rglob("*"))
        if len(found) > _MOST_FILES:
            raise Mismatch(f"At most {_MOST_FILES:,} files may be written.", f"{len(found):,} files and folders")
        files = [one for one in found if one.is_file() and not one.is_symlink()]
        return {str(one.relative_to(self._folder)): (one.stat().st_mtime_ns, one.stat().st_size) for one in files}


def _files_told(answer: object) -> tuple[set[str], dict[str, bytes]]:
    """Return the names of all files and the contents of the changed ones; raise Mismatch where neither was told."""
    match answer:
        case (list(names), dict(changed)) if all(type(name) is str for name in (*names, *changed)) and all(
            type(content) is bytes for content in changed.values()
        ):
            return set(names), changed
    raise Mismatch("Files have names and contents.", "neither")

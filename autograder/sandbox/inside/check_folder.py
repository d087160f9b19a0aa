"""Keep, in the student's process, the files of a check's `tmp_path`, at the same place."""

from pathlib import Path

__all__ = ["CheckFolder"]


class CheckFolder:
    """Which files the checks process has, and as of when."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def put(self, folder: Path, files: dict[str, bytes], folders: list[str], removed: list[str]) -> None:
        """Write and remove files, and make folders."""
        for one in (folder, *(folder / name for name in folders)):
            one.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        for name in removed:
            (folder / name).unlink(missing_ok=True)
        self._known = self._files(folder)

    def changed(self, folder: Path) -> tuple[list[str], dict[str, bytes]]:
        """Return the names of all files, and the contents of those that have changed."""
        found = self._files(folder)
        changed = {name: (folder / name).read_bytes() for name in found if found[name] != self._known.get(name)}
        self._known = found
        return list(found), changed

    @staticmethod
    def _files(folder: Path) -> dict[str, tuple[int, int]]:
        return {
            str(one.relative_to(folder)): (one.stat().st_mtime_ns, one.stat().st_size)
            for one in folder.rglob("*")
            if one.is_file() and not one.is_symlink()
        }

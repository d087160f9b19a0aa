"""Write files of the author's that are not there yet, and never over one that is."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import BuildError

__all__ = ["refuse_existing", "template", "write_new_folder"]

_TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".txt"
"""What the template of a file of Python's is called beyond its name: so no tool takes it for a module of ours."""


def template(name: str) -> Mapping[Path, str]:
    """Return the files of a template, by their paths in the course."""
    folder = _TEMPLATES / name
    return {
        path.relative_to(folder).with_name(path.name.removesuffix(_SUFFIX)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refuse_existing(*paths: Path) -> None:
    """Raise BuildError for the first path where something is already."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise BuildError(f"{path} is there already, and nothing is written over it; take another name, or move it.")


def write_new_folder(folder: Path, files: Mapping[Path, bytes]) -> None:
    """Write a folder that is not there yet, whole or not at all; raise BuildError where it has come to be there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        draft.chmod(0o755)
        for relative, content in files.items():
            path = draft / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        refuse_existing(folder)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise

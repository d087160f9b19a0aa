"""Write a course to begin with: one assignment with a question of each kind, which builds and grades as it is."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from autograder.atomic_files import write_atomically
from autograder.authoring.config_entry import as_literal
from autograder.authoring.new_files import refuse_existing, template, write_new_folder
from autograder.course import CONFIG_NAME
from autograder.errors import BuildError

__all__ = ["write_course"]

_CONFIG = Path(CONFIG_NAME)
_GITIGNORE = Path("gitignore")
_SECRET = Path(".autograder-secret")
_FOLDERS = ("source", "tests")


def write_course(root: Path, title: str) -> Sequence[Path]:
    """Write the course into a folder, which may hold other things, and return what was written, relative to it.

    A `.gitignore` and a secret that are there stay. Raise BuildError where something stands in the way.
    """
    files = template("course")
    if root.exists() and not root.is_dir():
        raise BuildError(f"{root} is no folder; give one for the course, or the name of a new one.")
    refuse_existing(*(root / name for name in (_CONFIG, *_FOLDERS)))
    for name in _FOLDERS:
        inside = {path.relative_to(name): text.encode() for path, text in files.items() if path.parts[0] == name}
        write_new_folder(root / name, inside)
    written = [path for path in files if path.parts[0] in _FOLDERS]
    for path, content in (
        (Path(".gitignore"), files[_GITIGNORE]),
        (_SECRET, f"{secrets.token_hex(32)}\n"),
        (_CONFIG, files[_CONFIG].replace("COURSE_NAME", as_literal(title), 1)),
    ):
        if not (root / path).exists():
            write_atomically(root / path, content.encode())
            written.append(path)
            if path == _SECRET:
                (root / path).chmod(0o600)
    return written

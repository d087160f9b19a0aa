"""Pack a course with one assignment's checks as Gradescope's `autograder.zip`.

Gradescope runs `setup.sh` once, to make an image, and `run_autograder` for each submission; both lie at the top of the
zip, which it unpacks to /autograder/source.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import autograder
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.datasets import kept_files
from autograder.errors import AutograderError
from autograder.exporting.archive import zip_of
from autograder.extras import DISTRIBUTION, EXTRAS
from autograder.roster import ROSTER_NAME

__all__ = ["autograder_zip"]

_PACKAGE = Path(autograder.__file__).parent
_SETUP = """\
#!/usr/bin/env bash
# Makes the image: Python, the package, what the course needs. Gradescope runs it as root, once.
set -euo pipefail
cd /autograder/source
apt-get update
apt-get install --yes --no-install-recommends ca-certificates libseccomp2 python3 python3-pip
python3 -m pip install --quiet uv || python3 -m pip install --quiet --break-system-packages uv
export UV_PYTHON_INSTALL_DIR=/autograder/python UV_TORCH_BACKEND=cpu
uv venv --python 3.11 /autograder/environment
uv pip install --python /autograder/environment/bin/python {constraint}'./package{extras}'
"""
_RUN = """\
#!/usr/bin/env bash
exec /autograder/environment/bin/autograder gradescope {assignment} --course /autograder/source/course
"""


def autograder_zip(course: Course, assignment: Assignment) -> bytes:
    """Return the zip; raise AutograderError where the package's own source, or a file of the course, is not there."""
    if not course.release_notebook(assignment.name).is_file():
        raise AutograderError(
            f"There is no release of {assignment.name!r} yet; run `autograder build {assignment.name}`."
        )
    files = dict(_course_files(course, assignment))
    package = dict(_package_files())
    lock = _PACKAGE.parent / "requirements.lock"
    if lock.is_file():
        package["package/requirements.lock"] = lock
    setup = _SETUP.format(
        constraint="--constraint package/requirements.lock " if lock.is_file() else "",
        extras=_extras(course),
    )
    return zip_of(
        {
            "setup.sh": setup.encode(),
            "run_autograder": _RUN.format(assignment=assignment.name).encode(),
            **{name: path.read_bytes() for name, path in sorted((files | package).items())},
            **dict.fromkeys(_places_of_others(course, assignment), b""),
        },
        executable={"setup.sh", "run_autograder"},
    )


def _course_files(course: Course, assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Yield what grading the assignment needs, by its place in the zip: configuration, notebooks, checks, data."""
    root = course.root
    for name in (CONFIG_NAME, course.secret_file, ROSTER_NAME):
        if (root / name).is_file():
            yield f"course/{name}", root / name
    for folder in ("source", "solutions", "release", "tests"):
        yield from _files_in(root / folder / assignment.name, f"course/{folder}/{assignment.name}")
    for path in (root / "tests").glob("*.py"):
        yield f"course/tests/{path.name}", path
    for _, path in kept_files(course):
        yield f"course/{path.relative_to(root).as_posix()}", path


def _files_in(place: Path, name: str) -> Iterator[tuple[str, Path]]:
    if place.is_file():
        yield name, place
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        inner = path.relative_to(place)
        if path.is_file() and "__pycache__" not in inner.parts and ".ipynb_checkpoints" not in inner.parts:
            yield f"{name}/{inner.as_posix()}", path


def _places_of_others(course: Course, assignment: Assignment) -> Iterator[str]:
    """Yield empty files for the assignments that are not graded there: the configuration names them all."""
    for other in course.assignments:
        if other.name != assignment.name:
            yield f"course/source/{other.name}/{other.name}.ipynb"
            yield f"course/tests/{other.name}/.empty"


def _package_files() -> Iterator[tuple[str, Path]]:
    project = _PACKAGE.parent / "pyproject.toml"
    known = project.is_file() and tomllib.loads(project.read_text(encoding="utf-8")).get("project", {}).get("name")
    if known != DISTRIBUTION:
        raise AutograderError(
            "Gradescope installs this package from its source, which is not here; run this in a checkout of the "
            "repository, with the package installed by `pip install --editable .`."
        )
    yield "package/pyproject.toml", project
    for name in ("README.md", "LICENSE"):
        yield f"package/{name}", _PACKAGE.parent / name
    yield from _files_in(_PACKAGE, "package/autograder")


def _extras(course: Course) -> str:
    """Return which extras the course's libraries need, as pip writes them."""
    needed = sorted({EXTRAS[name] for name in (*course.libraries, *course.offered) if name in EXTRAS})
    assert all(re.fullmatch(r"\w+", name) for name in needed)
    return f"[{','.join(needed)}]" if needed else ""

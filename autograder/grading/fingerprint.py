"""Fingerprint all that a result depends on, so that it is reused exactly as long as none of it can have changed it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder import __version__
from autograder.answer_files import read_handed_in_files
from autograder.cell_code import defined_names
from autograder.course import Assignment, Course
from autograder.datasets import kept_files, own_data_files
from autograder.errors import NotebookError
from autograder.grading.check_code import CheckCode, read_check_code
from autograder.grading.submissions import Submission, read_bytes
from autograder.notebooks import AROUND_NOTEBOOKS, BYPRODUCTS, KNOWN_ANSWERS, read_cells
from autograder.results import CheckStatus, Result, Status

__all__ = ["Fingerprint", "Fingerprints"]

_OF_NO_RESULT = BYPRODUCTS | {KNOWN_ANSWERS}
_NOT_RUN = {"tests"}
_PICTURES = {".png", ".svg"}
_CHECK = "check "
_SETTLED_LATER = {"due", "late policy", "submitted at"}
"""What older results name, and a score depends on without being graded again; see autograder.settlement."""
_JUDGING = "errors carried forward, values of more kinds"
"""How verdicts come about, apart from the checks; to be changed with it within a version."""


@dataclass(frozen=True)
class Fingerprint:
    """What one result depends on."""

    depends_on: Mapping[str, str]
    """A value or a digest, by a name for people: `submission`, `check test_mlp.py::test_loss`, `budget memory_mb`."""

    def __str__(self) -> str:
        """Return the digest of all of it, as the result file has it."""
        text = json.dumps(self.depends_on, sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Fingerprints:
    """Make the fingerprints of one batch; what all its submissions share is read once."""

    def __init__(self, course: Course, assignment: Assignment, secret: str, sandbox: str) -> None:
        name = assignment.name
        checks, beside = _checks(course.checks_folder(name))
        self._faces = {f"{_CHECK}{check.id}": (check.face, check.names) for check in checks}
        self._questions = _questions(course.source_notebook(name))
        self._files = assignment.files
        self._shared = {
            "assignment": name,
            "version": __version__,
            "judging": _JUDGING,
            "points": f"{assignment.points:g}",
            **{f"budget {limit}": f"{value:g}" for limit, value in asdict(assignment.budget).items()},
            **{f"{_CHECK}{check.id}": f"{check.digest} {check.face}" for check in checks},
            **{f"file tests/{path}": digest for path, digest in beside.items()},
            **_notebook_tree("solution", course.source_notebook(name)),
            **_notebook_tree("release", course.release_notebook(name)),
            **_data(course),
            **{f"solution file data/{inner}": _digest(path) for path, inner in own_data_files(course, name)},
            "secret": hashlib.sha256(secret.encode()).hexdigest()[:16],
            "sandbox": sandbox,
        }

    @property
    def shared(self) -> Fingerprint:
        """What every result of the assignment depends on, whatever was handed in."""
        return Fingerprint(self._shared)

    def of_checks(self, ids: Iterable[str]) -> dict[str, str]:
        """Return by id what fingerprints hold of some checks, parameters apart; nothing of what is in a class."""
        known = {check.partition("[")[0] for check in ids}
        return {check: self._shared[_CHECK + check] for check in sorted(known) if _CHECK + check in self._shared}

    def of(self, submission: Submission) -> Fingerprint:
        """Return the fingerprint of one submission's result."""
        own = {
            "student": submission.student,
            "submission": submission.problem or _content(submission.notebook),
            "flags": ", ".join(submission.flags),
            **_handed_in_files(submission, self._files),
        }
        return Fingerprint({**own, **self._shared})

    def changes(self, result: Result, fingerprint: Fingerprint) -> tuple[str, ...]:
        """Return the names of what has changed since `result` was made and can have a part in it; () if it stands.

        A check can have no part in the result of what is no notebook, nor where it asks only for answers that the
        student left blank: it would miss them again.
        """
        old, new = result.depends_on, fingerprint.depends_on
        if not old:
            return ("not recorded",)
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return tuple(name for name in changed if not self._cannot_matter(name, old.get(name), result))

    def changed_checks(self, result: Result, fingerprint: Fingerprint) -> dict[str, str]:
        """Return, as `of_checks` does, the checks that changed since `result`; none where anything else did too."""
        changed = self.changes(result, fingerprint)
        new = fingerprint.depends_on
        if not all(name.startswith(_CHECK) and name in new for name in changed):
            return {}
        return {name.removeprefix(_CHECK): new[name] for name in changed}

    def _cannot_matter(self, name: str, old: str | None, result: Result) -> bool:
        if name in _SETTLED_LATER:
            return True
        if not name.startswith(_CHECK):
            return False
        if result.status == Status.INVALID:
            return True
        face, names = self._faces.get(name, ("", None))
        if old is None or names is None or old.partition(" ")[2] != face:
            return False
        blank = _blank_questions(result)
        return all(self._questions.get(asked) in blank for asked in names)


def _blank_questions(result: Result) -> set[str]:
    """Return the questions whose cell is the release's own, and whose checks all missed the answer."""
    untouched = {cell.grade_id for cell in result.cells if cell.untouched}
    found = {check.question for check in result.checks if check.status != CheckStatus.MISSING}
    return untouched & {check.question for check in result.checks} - found


def _questions(source: Path) -> dict[str, str]:
    """Return the question by each name that its solution defines; a release's stub may define none of them."""
    try:
        cells = [cell for cell in read_cells(source) if cell.solution]
    except NotebookError:
        return {}
    return {name: cell.grade_id for cell in cells for name in defined_names(cell.source)}


def _checks(folder: Path) -> tuple[Sequence[CheckCode], dict[str, str]]:
    """Return the checks of a folder, and the digests of the files beside them that all of them may use."""
    modules, beside = {}, {}
    for path, digest in _tree(folder).items():
        if "/" not in path and path.endswith(".py") and path != "conftest.py":
            if not path.startswith("test_"):
                modules[path.removesuffix(".py")] = digest
        else:
            beside[path] = digest
    return read_check_code(folder, modules), beside


def _data(course: Course) -> dict[str, str]:
    """Return the digests of the course's data, where two datasets have a file of one name both under it."""
    digests: dict[str, str] = {}
    for name, path in kept_files(course):
        digests[f"data {name}"] = " ".join(filter(None, [digests.get(f"data {name}"), _digest(path)]))
    return digests


def _content(path: Path) -> str:
    """Return the digest of a notebook's file, "" for what cannot be read as one."""
    content = read_bytes(path)
    return "" if content is None else hashlib.sha256(content).hexdigest()[:16]


def _handed_in_files(submission: Submission, names: Sequence[str]) -> dict[str, str]:
    """Return the digest of each file that the student edits, or why there is none."""
    if submission.problem:
        return {}
    files = read_handed_in_files(submission.notebook.parent, names)
    return {
        f"submission file {file.name}": file.problem or hashlib.sha256(file.content or b"").hexdigest()[:16]
        for file in files
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _notebook_tree(what: str, notebook: Path) -> dict[str, str]:
    """Return the digests of what results depend on in a folder of ours: the notebook's code and the files beside it.

    Its text and its pictures are for people, as are the files around it; the public checks beside a release run in
    nobody's grade.
    """
    files = {path: digest for path, digest in _tree(notebook.parent).items() if path not in AROUND_NOTEBOOKS}
    kept = {path: digest for path, digest in files.items() if Path(path).suffix not in _PICTURES}
    kept = {path: digest for path, digest in kept.items() if not _NOT_RUN & set(Path(path).parts)}
    kept.pop(notebook.name, None)
    return {**{f"{what} file {path}": digest for path, digest in kept.items()}, what: _code(notebook)}


def _code(notebook: Path) -> str:
    """Return the digest of a notebook's code cells; of the whole file where it is no notebook."""
    try:
        cells = read_cells(notebook)
    except NotebookError:
        return _content(notebook)
    code = [[cell.source, cell.grade_id, cell.solution, cell.locked, sorted(cell.tags)] for cell in cells]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]


def _tree(folder: Path) -> dict[str, str]:
    """Return the digests of our own files, which may be links to one that several assignments share."""
    return {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _OF_NO_RESULT & set(path.relative_to(folder).parts)
    }

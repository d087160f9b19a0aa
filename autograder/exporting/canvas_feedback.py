"""Name feedback files as Canvas wants them back, and write each in the format that its student will see it as.

Canvas's "Upload Submissions" takes a file for the one that it handed out under the same name: the first two numbers
between underscores are the student's and the file's, and both have to be there already. The student sees the upload
under the name of their own file, whatever is in it. (instructure/canvas-lms: app/models/abstract_assignment.rb.)
"""

import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import AutograderError
from autograder.exporting.archive import zip_of
from autograder.feedback.as_text import as_markdown
from autograder.feedback.feedback import Feedback
from autograder.feedback.page import feedback_page

__all__ = ["Download", "download_names", "downloads_by_user", "written_for"]

_NUMBER = re.compile(r"\d+", re.ASCII)
_ORDER = {".ipynb": 0, ".zip": 1, ".html": 2, ".htm": 2}
"""Which of several files of a student's the feedback goes to: the first in this order, the newest of these."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """One file that Canvas handed out."""

    name: str
    user: str
    file: int

    @property
    def suffix(self) -> str:
        """Return how the name ends, in lower case."""
        return PurePosixPath(self.name).suffix.lower()


def download_names(path: Path) -> list[str]:
    """Return the names in "submissions.zip", or in the folder of its files; raise AutograderError for neither."""
    try:
        if path.is_dir():
            return sorted(file.name for file in path.iterdir() if file.is_file())
        with zipfile.ZipFile(path) as archive:
            return sorted(PurePosixPath(name).name for name in archive.namelist() if not name.endswith("/"))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise AutograderError(
            f"{path} is neither the submissions.zip that Canvas makes nor its folder ({error}); download it in the "
            "assignment with Download Submissions."
        ) from error


def downloads_by_user(names: Iterable[str]) -> Mapping[str, Download]:
    """Return for each of Canvas's user numbers the file that feedback goes back for."""
    found: dict[str, list[Download]] = defaultdict(list)
    for name in names:
        if (download := _read(name)) is not None:
            found[download.user].append(download)
    return {user: min(files, key=lambda one: (_ORDER.get(one.suffix, 3), -one.file)) for user, files in found.items()}


def written_for(download: Download, feedback: Feedback) -> bytes:
    """Return the feedback in the format that the name promises: a notebook, a page, a zip with the page, or text."""
    if download.suffix == ".ipynb":
        return _as_notebook(as_markdown(feedback))
    if download.suffix in {".html", ".htm"}:
        return _bytes(feedback_page(feedback))
    if download.suffix == ".zip":
        return zip_of({f"{feedback.assignment}-feedback.html": _bytes(feedback_page(feedback))})
    return _bytes(as_markdown(feedback))


def _read(name: str) -> Download | None:
    """Read a name as Canvas does; None for one that it would not take back."""
    parts = [part for part in name.split("_") if part != "LATE"]
    numbers = [part for part in parts if _NUMBER.fullmatch(part)][:2]
    if len(numbers) < 2 or parts[0] == "anon" or parts[-1].startswith("link") or name.startswith("._"):  # noqa: PLR2004
        return None
    return Download(name=name, user=numbers[0], file=int(numbers[1]))


def _as_notebook(markdown: str) -> bytes:
    cell = {"cell_type": "markdown", "id": "feedback", "metadata": {}, "source": markdown.splitlines(keepends=True)}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return _bytes(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")

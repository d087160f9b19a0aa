"""Grade a notebook that was dropped on a page, in a station that is kept warm; nothing of it stays in the results."""

import secrets
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from autograder.checks.secret import read_secret
from autograder.course import Assignment, Course
from autograder.datasets import prepare_data
from autograder.errors import AutograderError
from autograder.feedback.answer_cells import read_shown_cells
from autograder.feedback.feedback import Graded, gather
from autograder.feedback.page import feedback_page
from autograder.grading.devices import choose_devices
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import job_for
from autograder.grading.station_process import StationConfig
from autograder.grading.submissions import Submission
from autograder.grading.warm_station import WarmStations, loaded_by
from autograder.results import Status
from autograder.serving.site import Site

__all__ = ["LARGEST_NOTEBOOK", "Tries"]

LARGEST_NOTEBOOK = 50 * 2**20
"""Bytes that are taken over the network; what a notebook may have is said when it is read."""
_KEPT = 20


class Tries:
    """What was dropped lately: pages under names that nobody guesses."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._devices = choose_devices(site.device)
        self.stations = WarmStations()
        self._pages: OrderedDict[str, str] = OrderedDict()

    def grade(self, name: str, student: str, dropped: Sequence[tuple[str, bytes]]) -> str:
        """Grade what was dropped as if `student` had handed it in; return the name of its feedback page.

        `dropped` are names and contents: a notebook of any name, and of the files that students edit those that there
        are. Raise AutograderError where it cannot be graded.
        """
        course, assignment = self._site.course, self._site.assignment(name)
        files = {file: content for file, content in dropped if file in assignment.files}
        others = [(file, content) for file, content in dropped if file not in assignment.files]
        if len(others) != 1 or len(files) + 1 != len(dropped):
            beside = f" and, each once, {', '.join(assignment.files)}" if assignment.files else ""
            raise AutograderError(f"What came along is not one notebook{beside}; choose these.")
        if not course.release_notebook(name).is_file():
            raise AutograderError(f"There is no release of {name!r} yet; run `autograder build {name}`.")
        prepare_data(course)
        with tempfile.TemporaryDirectory(prefix="autograder-try-") as folder:
            notebook = Path(folder) / f"{name}.ipynb"
            notebook.write_bytes(others[0][1])
            for file, content in files.items():  # of names that the configuration has
                (notebook.parent / file).write_bytes(content)
            page = self._feedback(course, assignment, Submission(student=student, notebook=notebook))
        key = secrets.token_urlsafe(16)
        self._pages[key] = page
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return key

    def page(self, key: str) -> str | None:
        """Return the feedback page of a name; None where it is gone."""
        return self._pages.get(key)

    def end_idle(self, seconds: float) -> None:
        """End the stations that nobody has used for so long."""
        self.stations.end_idle(seconds)

    def close(self) -> None:
        """End all stations."""
        self.stations.close()

    def _feedback(self, course: Course, assignment: Assignment, submission: Submission) -> str:
        fingerprints = Fingerprints(course, assignment, read_secret(course), self._site.sandbox)
        job = job_for(course, assignment, submission, device=self._devices.kind, fingerprint="")
        config = self._station_config(course, assignment)
        result = self.stations.grade(config, loaded_by(config, fingerprints), job)
        if result.status == Status.FAILED:
            raise AutograderError(f"The notebook could not be graded: {result.reason}.")
        cells = read_shown_cells(submission.notebook, result) if result.status == Status.GRADED else ()
        return feedback_page(gather(Graded(assignment=assignment, result=result, cells=cells), "full"))

    def _station_config(self, course: Course, assignment: Assignment) -> StationConfig:
        return StationConfig(
            course=course,
            assignment=assignment.name,
            private=(self._site.submitted, self._site.results),
            isolated=self._site.sandbox != "none",
            gpus=self._devices.gpus or (None,),
        )
